"""When a cluster counts as lost, and when only one thing could not be had."""

from __future__ import annotations

from typing import Any

import pytest

from flinktop.engine.link import Link, after_answer, after_error, foreign, silent_for
from flinktop.flink.cluster import CONFIG, OVERVIEW
from flinktop.flink.endpoint import Query
from flinktop.flink.errors import (
    BadReply,
    FlinkError,
    NotFlink,
    NotFound,
    NotReady,
    Rejected,
    TimedOut,
    Unauthorized,
    Unreachable,
)
from flinktop.flink.jobs import JOBS_OVERVIEW
from tests.engine.scripted import polling

REFUSED = Unreachable("GET", "u", "refused")
SLOW = TimedOut("GET", "u", "no answer in time")
FORBIDDEN = Unauthorized("GET", "u", status=403)
STARTING = NotReady("GET", "u", status=503)
GONE = NotFound("GET", "u", status=404)
EXPIRED = Unauthorized("GET", "u", status=401)
OTHER = NotFlink("GET", "u", status=404)
GATEWAY = Rejected("GET", "u", status=502)
PAGE = BadReply("GET", "u", "a web page")


def error_after(silent: float | None, error: FlinkError, *, before: int = 0) -> FlinkError | None:
    """What the link says after an error, so many seconds after the last good answer."""
    link = Link(answered=None if silent is None else 100.0 - silent, unhelpful=before)
    return after_error(link, error, 100.0, 0.1, refresh=3.0).error


@pytest.mark.parametrize("error", [REFUSED, SLOW, FORBIDDEN, STARTING])
def test_an_unauthorized_server_is_lost_from_the_start(error: FlinkError) -> None:
    assert error_after(None, error) is error


@pytest.mark.parametrize("error", [GONE, GATEWAY, PAGE])
def test_a_server_is_lost_after_three_errors_only(error: FlinkError) -> None:
    assert error_after(None, error) is None
    assert error_after(None, error, before=2) is error


@pytest.mark.parametrize("error", [SLOW, FORBIDDEN, STARTING, GONE, GATEWAY, PAGE])
def test_one_failing_query_is_no_outage_while_others_succeed(error: FlinkError) -> None:
    assert error_after(1.0, error) is None


def test_a_refused_connection_is_an_outage_at_once() -> None:
    assert error_after(1.0, REFUSED) is REFUSED


@pytest.mark.parametrize(
    ("error", "seconds"), [(SLOW, 7), (STARTING, 7), (GATEWAY, 16), (PAGE, 16), (GONE, 16)]
)
def test_errors_alone_are_an_outage_after_a_while(error: FlinkError, seconds: float) -> None:
    assert error_after(seconds, error) is error


@pytest.mark.parametrize("error", [EXPIRED, FORBIDDEN, OTHER])
def test_a_login_that_expired_is_an_outage_at_once(error: FlinkError) -> None:
    link = Link(answered=99.0)
    assert after_error(link, error, 100.0, 0.1, refresh=3.0, turned=True).error is error
    assert after_error(link, error, 100.0, 0.1, refresh=3.0).error is None


@pytest.mark.parametrize("query", [CONFIG(), JOBS_OVERVIEW()])
def test_a_404_for_what_every_flink_has_means_no_flink(query: Query[Any]) -> None:
    told = foreign(query, GONE)
    assert isinstance(told, NotFlink)
    assert told.reason == f"not a Flink REST API (404 for /{query.target}): check the address and its path"
    overview: Query[Any] = OVERVIEW()
    assert foreign(overview, GONE) is GONE
    assert foreign(query, GATEWAY) is GATEWAY


def test_the_reason_of_an_outage_is_not_replaced_by_a_404() -> None:
    link = after_error(Link(unhelpful=3), OTHER, 100.0, 0.1, refresh=3.0)
    assert after_error(link, GONE, 101.0, 0.1, refresh=3.0).error is OTHER


def test_a_good_answer_ends_an_outage() -> None:
    link = after_error(Link(answered=0.0), REFUSED, 50.0, 0.1, 3.0)
    again = after_answer(link, 60.0, 0.2)
    assert again == Link(answered=60.0, since=60.0, latency=0.2)


@pytest.mark.parametrize("error", [FORBIDDEN, STARTING, SLOW, GATEWAY])
async def test_one_bad_query_does_not_make_the_others_come_faster(error: FlinkError) -> None:
    async with polling() as bench:
        bench.cluster.answers = {
            "overview": {"taskmanagers": 1},
            "jobs/overview": {"jobs": []},
            "config": error,
        }
        for query in (OVERVIEW(), JOBS_OVERVIEW(), CONFIG()):
            bench.poller.watch(query)
        await bench.clock.advance(300)
        assert len(bench.cluster.times("overview")) <= 102
        assert len(bench.cluster.times("jobs/overview")) <= 102
        assert len(bench.cluster.times("config")) < 45
        assert bench.poller.link.error is None


async def test_a_proxy_before_a_dead_cluster_is_lost_with_its_reason() -> None:
    async with polling() as bench:
        bench.cluster.answers = {"overview": {"taskmanagers": 1}, "jobs/overview": {"jobs": []}}
        bench.poller.watch(OVERVIEW())
        bench.poller.watch(JOBS_OVERVIEW())
        await bench.clock.advance(10)
        bench.cluster.answers = {}
        bench.cluster.default = GATEWAY
        await bench.clock.advance(60)
        assert bench.poller.link.error is GATEWAY


def test_only_a_cluster_that_answered_before_and_does_not_now_is_silent() -> None:
    answering = after_answer(Link(), 100.0, 0.1)
    lost = after_error(answering, REFUSED, 130.0, 0.1, refresh=3.0)
    never = after_error(Link(), REFUSED, 130.0, 0.1, refresh=3.0)
    back = after_answer(lost, 160.0, 0.1)
    assert [silent_for(one, 170.0) for one in (answering, lost, never, back)] == [None, 70.0, None, None]
