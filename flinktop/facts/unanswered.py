"""What stands in the place of a figure or of rows that no answer has brought: `…`, or `!` and the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flinktop.facts.freshness import Freshness, error_of, failure, freshness
from flinktop.flink.errors import Unreachable
from flinktop.model import format as fmt

if TYPE_CHECKING:
    from flinktop.engine.store import Reading
    from flinktop.facts.known import Known
    from flinktop.flink.endpoint import Endpoint, Query


def blank(known: Known, *queries: Query[Any] | None) -> tuple[str, str]:
    """The mark of an unknown figure, with its tone: these queries have failed, or are on their way."""
    return blank_mark(failed=failure(known, *queries) is not None)


def blank_mark(*, failed: bool) -> tuple[str, str]:
    """The same where it is known already whether they failed."""
    return (fmt.FAILED, "bad") if failed else (fmt.UNKNOWN, "muted")


def why_empty(known: Known, reading: Reading[Any] | None, loading: str, nothing: str = "") -> str:
    """The sentence in the place of rows.

    Args:
        known: The cluster.
        reading: What is known of the query that they come from.
        loading: What is said before the first answer.
        nothing: What an answer without anything in it means.
    """
    match freshness(reading, known.lost):
        case Freshness.LOADING:
            return loading
        case Freshness.FAILED:
            error = error_of(reading, known.lost)
            return error.reason if error is not None else ""
        case _:
            return nothing


def why_stale(known: Known, reading: Reading[Any] | None, what: str) -> str:
    """The sentence above what is no longer up to date; "" while it is.

    Args:
        known: The cluster.
        reading: What is known of the query that it comes from.
        what: The thing that can't be read, as the sentence begins.
    """
    if known.lost is not None:
        silent = isinstance(known.lost, Unreachable)
        return "The cluster does not answer." if silent else "The cluster can't be read now."
    if reading is not None and reading.error is not None:
        return f"{what} can't be read now: {reading.error.reason.rstrip('.')}."
    return ""


def missing_words(known: Known, endpoint: Endpoint[Any], what: str) -> str:
    """Why there is no `what` on this cluster, as one sentence; "" where there should be.

    Args:
        known: The cluster.
        endpoint: Where it would be asked for.
        what: In the plural, as it stands in the middle of a sentence.
    """
    features = known.features
    if features.history_server:
        return f"This is a HistoryServer: it keeps ended jobs and has no {what}."
    if not features.has(*endpoint.since):
        major, minor = endpoint.since
        return f"Flink {major}.{minor} or later is needed for {what} (this is {features.version})."
    return ""
