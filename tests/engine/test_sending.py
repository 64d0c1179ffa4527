"""What an error says of an act that was being sent."""

import pytest

from flinktop.engine.sending import answer_lost, never_sent, refused_because
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


@pytest.mark.parametrize(
    "error",
    [
        Unreachable(*WHERE, "the server dropped the connection", sent=True),
        TimedOut(*WHERE, "no answer within 30 s", sent=True),
        BadReply(*WHERE, "the answer is not JSON", status=202),
        Rejected(*WHERE, "502 Bad Gateway", status=502),
        Rejected(*WHERE, "504 Gateway Time-out", status=504),
        NotReady(*WHERE, "503 Service Unavailable", status=503),
        Rejected(*WHERE, "Job cancellation timed out.", status=408),
        Rejected(*WHERE, "Ask timed out on [Actor[akka://flink/user/dispatcher]]", status=500),
        Rejected(*WHERE, "java.util.concurrent.TimeoutException", status=500),
    ],
)
def test_whoever_may_have_done_it_is_asked(error: FlinkError) -> None:
    assert answer_lost(error)
    assert not never_sent(error)


@pytest.mark.parametrize(
    "error",
    [
        Rejected(*WHERE, "Config key [state.savepoints.dir] is not set.", status=400),
        Rejected(*WHERE, "Could not execute application.", status=500),
        Rejected(*WHERE, "413 Request Entity Too Large", status=413),
        NotFound(*WHERE, "Job could not be found.", status=404),
        Conflict(*WHERE, "already FINISHED", status=409),
        Unauthorized(*WHERE, "403 Forbidden", status=403),
        NotReady(*WHERE, "unavailable due to an ongoing leader election. Please refresh.", status=503),
    ],
)
def test_a_refusal_is_one(error: FlinkError) -> None:
    assert not answer_lost(error)
    assert not never_sent(error)


@pytest.mark.parametrize(
    "error",
    [
        Unreachable(*WHERE, "connection refused"),
        TimedOut(*WHERE, "no connection within 3 s", sent=False),
        Refused(*WHERE, "this connection is read-only; nothing was sent"),
    ],
)
def test_what_was_not_sent_was_not(error: FlinkError) -> None:
    assert never_sent(error)
    assert not answer_lost(error)


def test_a_413_names_what_may_be_behind_it() -> None:
    said = refused_because(Rejected(*WHERE, "413 Request Entity Too Large", status=413))
    assert "rest.server.max-content-length" in said
    assert refused_because(Rejected(*WHERE, "no such jar", status=400)) == "no such jar"
