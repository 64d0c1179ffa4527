"""Whether a reading is loading, failed, stale or fresh, and the placeholders of missing values."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from flinktop.flink.errors import Unreachable
from flinktop.model import format as fmt
from flinktop.model import lag as lags

if TYPE_CHECKING:
    from flinktop.engine.series import SeriesName
    from flinktop.engine.store import Reading
    from flinktop.facts.known import Known
    from flinktop.flink.endpoint import Endpoint, Query
    from flinktop.flink.errors import FlinkError


OLD_SECONDS = 30.0  # older answers count as out of date


class Freshness(Enum):
    """The state of a reading."""

    LOADING = "loading"  # no answer yet, and no failure
    FAILED = "failed"  # no answer yet, and the newest request failed or the cluster is lost
    STALE = "stale"  # there was an answer; the newest request failed, or the cluster is lost
    FRESH = "fresh"


def freshness(reading: Reading[Any] | None, lost: FlinkError | None = None) -> Freshness:
    """The state of a reading; `lost` is why the cluster can't be read, if it can't."""
    failed = error_of(reading, lost) is not None
    if reading is None or reading.value is None:
        return Freshness.FAILED if failed else Freshness.LOADING
    return Freshness.STALE if failed else Freshness.FRESH


def error_of(reading: Reading[Any] | None, lost: FlinkError | None = None) -> FlinkError | None:
    """Why a reading is not fresh: its own error, else `lost`."""
    own = reading.error if reading is not None else None
    return own if own is not None else lost


def is_past(known: Known, at: float | None, seconds: float = OLD_SECONDS) -> bool:
    """Whether an answer of `at` (engine's clock, s) is old: the cluster is lost, or it was long ago."""
    return known.lost is not None or (at is not None and known.now() - at > seconds)


def is_old(known: Known, reading: Reading[Any] | None, seconds: float = OLD_SECONDS) -> bool:
    """Whether an answer is old: requests have failed since, or it was long ago."""
    if reading is None or reading.at is None:
        return False
    return reading.error is not None or is_past(known, reading.at, seconds)


def blind_seconds(known: Known, reading: Reading[Any]) -> float:
    """Seconds since the last answer of a query that fails now; 0 if it does not fail."""
    if known.lost is not None or reading.error is None or reading.at is None:
        # For a lost cluster `known_time` has stopped already.
        return 0.0
    return known.now() - reading.at


def answered_at(known: Known, reading: Reading[Any] | None) -> float:
    """The cluster's time (s since 1970) of an answer, for the lag of watermarks in it."""
    at = reading.at if reading is not None else None
    return known.cluster_time() - (known.now() - at if at is not None else 0.0)


def failure(known: Known, *queries: Query[Any] | None) -> FlinkError | None:
    """The error of the first of these queries that has no answer and failed; None if none has.

    A None among the queries is one that is not known yet.
    """
    for query in queries:
        reading = known.reading(query) if query is not None else None
        if freshness(reading, known.lost) is Freshness.FAILED:
            return error_of(reading, known.lost)
    return None


def blank(known: Known, *queries: Query[Any] | None) -> tuple[str, str]:
    """Placeholder and tone of an unknown figure, whose queries have failed or are loading."""
    return blank_mark(failed=failure(known, *queries) is not None)


def blank_mark(*, failed: bool) -> tuple[str, str]:
    """The same if it is already known whether they failed."""
    return (fmt.FAILED, "bad") if failed else (fmt.UNKNOWN, "muted")


def why_empty(known: Known, reading: Reading[Any] | None, loading: str, nothing: str = "") -> str:
    """The sentence shown instead of rows; `nothing` is for an empty answer."""
    if reading is not None and reading.value is not None:
        return nothing
    error = error_of(reading, known.lost)
    return error.reason if error is not None else loading


def why_stale(known: Known, reading: Reading[Any] | None, what: str) -> str:
    """The sentence above outdated content, beginning with `what`; "" if it is up to date."""
    if known.lost is not None:
        silent = isinstance(known.lost, Unreachable)
        return "The cluster does not answer." if silent else "The cluster can't be read now."
    if reading is not None and reading.error is not None:
        return f"{what} can't be read now: {reading.error.reason.rstrip('.')}."
    return ""


def missing_words(known: Known, endpoint: Endpoint[Any], what: str) -> str:
    """Why this cluster has no `what` (a plural), as a sentence; "" if it should have them."""
    features = known.features
    if features.history_server:
        return f"This is a HistoryServer: it keeps ended jobs and has no {what}."
    if not features.has(*endpoint.since):
        major, minor = endpoint.since
        return f"Flink {major}.{minor} or later is needed for {what} (this is {features.version})."
    return ""


class Figure(Struct, frozen=True):
    """A number that may be absent in this release or for this vertex, or unknown yet."""

    value: float | None = None
    absent: bool = False
    failed: bool = False  # it was requested and the request failed
    tone: str = ""  # its style, if that depends on its history: see `lag_figure`

    @property
    def blank(self) -> tuple[str, str]:
        """Placeholder and tone while it has no value."""
        return (fmt.ABSENT, "muted") if self.absent else blank_mark(failed=self.failed)


ABSENT = Figure(absent=True)


def lag_figure(known: Known, series: SeriesName, seconds: float | None) -> Figure:
    """A watermark lag, coloured by its series; None means no watermark."""
    if seconds is None:
        return ABSENT
    late = seconds >= lags.LATE
    return Figure(seconds, tone=lags.tone(known.points(series, known.now() - 2 * lags.REACH)) if late else "")
