"""What an error says of an act that was being sent."""

import pytest

from flinktop.engine.outcome import Fate, fate, refused_because
from flinktop.flink.errors import (
    BadReply,
    Conflict,
    FlinkError,
    NotFound,
    NotReady,
    Refused,
    Rejected,
    TimedOut,
    Unauthorized,
    Unreachable,
)

WHERE = ("POST", "http://flink/jobs/x/savepoints")


def by_flink(error: FlinkError) -> FlinkError:
    """An error whose answer had the form of Flink's own."""
    error.by_flink = True
    return error


@pytest.mark.parametrize(
    "error",
    [
        Unreachable(*WHERE, "the server dropped the connection", sent=True),
        TimedOut(*WHERE, "no answer within 30 s", sent=True),
        BadReply(*WHERE, "the answer is not JSON", status=202),
        BadReply(*WHERE, "the answer is a web page", status=200),
        Rejected(*WHERE, "500 Internal Server Error", status=500),
        Rejected(*WHERE, "502 Bad Gateway", status=502),
        Rejected(*WHERE, "504 Gateway Time-out", status=504),
        NotReady(*WHERE, "503 Service Unavailable", status=503),
        by_flink(Rejected(*WHERE, "Job cancellation timed out.", status=408)),
        by_flink(Rejected(*WHERE, "Ask timed out on [Actor[akka://flink/user/dispatcher]]", status=500)),
        by_flink(Rejected(*WHERE, "java.util.concurrent.TimeoutException", status=500)),
    ],
)
def test_an_act_that_may_have_been_done_is_followed(error: FlinkError) -> None:
    assert fate(error) is Fate.UNANSWERED


@pytest.mark.parametrize(
    "error",
    [
        by_flink(Rejected(*WHERE, "Config key [state.savepoints.dir] is not set.", status=400)),
        by_flink(Rejected(*WHERE, "Request entity too large", status=413)),
        by_flink(NotFound(*WHERE, "Job could not be found.", status=404)),
        by_flink(Conflict(*WHERE, "already FINISHED", status=409)),
        by_flink(
            NotReady(*WHERE, "unavailable due to an ongoing leader election. Please refresh.", status=503)
        ),
    ],
)
def test_a_refusal_by_flink_is_final(error: FlinkError) -> None:
    assert fate(error) is Fate.REFUSED


@pytest.mark.parametrize(
    "error",
    [
        Unauthorized(*WHERE, "401 Unauthorized", status=401),
        Unauthorized(*WHERE, "403 Forbidden", status=403),
        Unauthorized(*WHERE, "the server redirects to /login", status=302),
        NotFound(*WHERE, "404 Not Found", status=404),
        Rejected(*WHERE, "413 Request Entity Too Large", status=413),
        Rejected(*WHERE, "429 Too Many Requests", status=429),
        by_flink(Rejected(*WHERE, "Could not execute application.", status=500)),
    ],
)
def test_a_refusal_that_flink_may_not_know_of_is_doubtful(error: FlinkError) -> None:
    assert fate(error) is Fate.DOUBTFUL


@pytest.mark.parametrize(
    "error",
    [
        Unreachable(*WHERE, "connection refused"),
        TimedOut(*WHERE, "no connection within 3 s", sent=False),
        Refused(*WHERE, "this connection is read-only; nothing was sent"),
        # What is asked before an act is sent.
        Unreachable("GET", WHERE[1], "the server dropped the connection", sent=True),
        by_flink(Rejected("GET", WHERE[1], "UnsupportedOperationException", status=500)),
    ],
)
def test_an_unsent_request_is_never_sent(error: FlinkError) -> None:
    assert fate(error) is Fate.NEVER_SENT


def test_a_413_names_the_possible_limits() -> None:
    said = refused_because(Rejected(*WHERE, "413 Request Entity Too Large", status=413))
    assert "rest.server.max-content-length" in said
    assert refused_because(Rejected(*WHERE, "no such jar", status=400)) == "no such jar"
