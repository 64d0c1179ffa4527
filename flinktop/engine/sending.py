"""What an error says of an act that was being sent: refused, never there, or nobody knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.flink.errors import BadReply, Unreachable

if TYPE_CHECKING:
    from flinktop.flink.errors import FlinkError

_GATEWAY = (408, 499, 502, 503, 504)
"""Statuses with which a proxy gives up, whatever the server behind it does; Flink's own 408 is a cancel
that was sent to the job and not acknowledged in time."""
_SERVER_ERROR = 500
_TOO_LARGE = 413
_NOT_YET = ("leader election", "not been started", "EndpointNotStarted")
"""Flink's own 503: no JobManager took the request."""


def answer_lost(error: FlinkError) -> bool:
    """Whether the server may have done what it was sent, though its answer does not say so."""
    if isinstance(error, Unreachable):
        return error.sent
    if isinstance(error, BadReply):
        return True
    if any(words in error.detail for words in _NOT_YET):
        return False
    if error.status in _GATEWAY:
        return True
    # Inside the JobManager the request goes on by RPC, whose limit is ten seconds: the act may come to pass.
    late = "timed out" in error.detail.lower() or "TimeoutException" in error.detail
    return error.status is not None and error.status >= _SERVER_ERROR and late


def refused_because(error: FlinkError) -> str:
    """Why the server refused an act, in its own words where it has any."""
    if error.status == _TOO_LARGE:
        limit = "a limit of the cluster's rest.server.max-content-length, or of a proxy before it"
        return f"{error.reason}: {limit}"
    return error.reason


def never_sent(error: FlinkError) -> bool:
    """Whether it is certain that nothing reached the server."""
    return not error.sent
