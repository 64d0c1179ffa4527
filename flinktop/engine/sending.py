"""What an error says of an act that was being sent: refused, never there, or nobody knows."""

from __future__ import annotations

from enum import Enum

from flinktop.flink.errors import BadReply, FlinkError, Unreachable

_GATEWAY = (408, 499, 502, 503, 504)
"""Statuses with which a proxy gives up, whatever the server behind it does; Flink's own 408 is a cancel
that was sent to the job and not acknowledged in time."""
_SERVER_ERROR = 500
_TOO_LARGE = 413
_NOT_YET = ("leader election", "not been started", "EndpointNotStarted")
"""Flink's own 503: no JobManager took the request."""


class Fate(Enum):
    """What became of a request that acts and was not answered with success."""

    NEVER_SENT = "never sent"
    """Nothing reached Flink."""
    REFUSED = "refused"
    """Flink says that it has not done it."""
    DOUBTFUL = "doubtful"
    """It was most likely refused, but by an answer that may also follow an act that was done."""
    UNANSWERED = "unanswered"
    """Flink may have done it, or may still do it."""


def fate(error: FlinkError) -> Fate:
    """What an error says of the act that it answers.

    Only Flink can say that it has refused something, and then with a 4xx. What stands before it may answer
    with any status before or after it has passed the request on.
    """
    # The only questions among requests that act are asked before them.
    if not error.sent or error.method == "GET":
        return Fate.NEVER_SENT
    if isinstance(error, Unreachable | BadReply) or error.status is None:
        return Fate.UNANSWERED
    if any(words in error.detail for words in _NOT_YET):
        return Fate.REFUSED
    if error.status in _GATEWAY:
        return Fate.UNANSWERED
    if error.status < _SERVER_ERROR:
        return Fate.REFUSED if error.by_flink else Fate.DOUBTFUL
    return Fate.DOUBTFUL if error.by_flink and not came_late(error) else Fate.UNANSWERED


def came_late(error: FlinkError) -> bool:
    """Whether Flink gave up waiting for itself.

    Inside the JobManager the request goes on by RPC, whose limit is ten seconds: the act may come to pass.
    """
    late = "timed out" in error.detail.lower() or "TimeoutException" in error.detail
    return late and error.status is not None and error.status >= _SERVER_ERROR


def refused_because(error: FlinkError) -> str:
    """Why the server refused an act, in its own words where it has any."""
    if error.status == _TOO_LARGE:
        limit = "a limit of the cluster's rest.server.max-content-length, or of a proxy before it"
        return f"{error.reason}: {limit}"
    return error.reason
