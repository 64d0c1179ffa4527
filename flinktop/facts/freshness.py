"""Whether a reading is not answered yet, failed, stale or fresh: decided here, for whoever shows it."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flinktop.engine.store import Reading
    from flinktop.facts.known import Known
    from flinktop.flink.endpoint import Query
    from flinktop.flink.errors import FlinkError


OLD_SECONDS = 30.0
"""What came longer ago is not taken at its word."""


class Freshness(Enum):
    """What a reading is."""

    LOADING = "loading"
    """Nothing has been answered yet, and nothing has failed."""
    FAILED = "failed"
    """Nothing has been answered, and the newest request failed or the cluster is lost."""
    STALE = "stale"
    """There was an answer; the newest request failed, or the cluster is lost."""
    FRESH = "fresh"


def freshness(reading: Reading[Any] | None, lost: FlinkError | None = None) -> Freshness:
    """What a reading is while the cluster can be read, or can't be because of `lost`."""
    failed = error_of(reading, lost) is not None
    if reading is None or reading.value is None:
        return Freshness.FAILED if failed else Freshness.LOADING
    return Freshness.STALE if failed else Freshness.FRESH


def error_of(reading: Reading[Any] | None, lost: FlinkError | None = None) -> FlinkError | None:
    """Why a reading is not fresh: its own error, or else that the cluster can't be read."""
    own = reading.error if reading is not None else None
    return own if own is not None else lost


def is_past(known: Known, at: float | None, seconds: float = OLD_SECONDS) -> bool:
    """Whether what came at a time (engine's clock, s) is old: the cluster is lost, or it was long ago."""
    return known.lost is not None or (at is not None and known.now() - at > seconds)


def is_old(known: Known, reading: Reading[Any] | None, seconds: float = OLD_SECONDS) -> bool:
    """Whether an answer that came is old: asking has failed since, or it was long ago."""
    if reading is None or reading.at is None:
        return False
    return reading.error is not None or is_past(known, reading.at, seconds)


def blind_seconds(known: Known, reading: Reading[Any]) -> float:
    """Seconds for which asking has failed since an answer: what has grown since is not known."""
    if known.lost is not None or reading.error is None or reading.at is None:
        # Of a lost cluster all time stands still already.
        return 0.0
    return known.now() - reading.at


def answered_at(known: Known, reading: Reading[Any] | None) -> float:
    """The cluster's time (s since 1970) when an answer came: watermarks in it are behind that."""
    at = reading.at if reading is not None else None
    return known.cluster_time() - (known.now() - at if at is not None else 0.0)


def failure(known: Known, *queries: Query[Any] | None) -> FlinkError | None:
    """Why nothing is known of the first of these queries that failed; None where none of them did.

    What is made of several answers fails with any of them; None stands for one that is not known yet.
    """
    for query in queries:
        reading = known.reading(query) if query is not None else None
        if freshness(reading, known.lost) is Freshness.FAILED:
            return error_of(reading, known.lost)
    return None
