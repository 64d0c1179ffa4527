"""A fault of ten minutes, of every kind: within ten seconds after its end there is an answer again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from flinktop.engine.engine import CONFIG_SECONDS
from flinktop.flink.cluster import CONFIG, OVERVIEW
from flinktop.flink.endpoint import Query
from flinktop.flink.errors import (
    BadReply,
    FlinkError,
    NotFound,
    NotReady,
    Rejected,
    TimedOut,
    Unauthorized,
    Unreachable,
)
from flinktop.flink.http import Reply
from flinktop.flink.jobs import JOB, JOBS_OVERVIEW
from tests.engine.scripted import Cluster, polling
from tests.manual_clock import ManualClock

WHERE = ("GET", "http://cluster.test/x")
LIMIT = 10.0
"""Seconds until an answer counts as not given, and until the next good one has to be there."""
SLOW = 15.0
BEFORE = 20.0
LASTS = 600.0
FAULTS: dict[str, FlinkError | None] = {
    "refused": Unreachable(*WHERE, "connection refused"),
    "timeout": TimedOut(*WHERE, "no answer within 10 s"),
    "503": NotReady(*WHERE, status=503),
    "401": Unauthorized(*WHERE, status=401),
    "404": NotFound(*WHERE, "404 Not Found", status=404),
    "502": Rejected(*WHERE, "502 Bad Gateway", status=502),
    "page": BadReply(*WHERE, "the answer is a web page", status=200),
    "cut": Unreachable(*WHERE, "the server dropped the connection", sent=True),
    "slow": None,
}


@dataclass
class Faulty(Cluster):
    """A cluster with a fault for some time."""

    fault: str = ""
    begins: float = 0.0
    ends: float = 0.0

    async def get(self, query: Query[Any]) -> Reply:
        asked = self.clock.now()
        if not self.begins <= asked < self.ends:
            return await super().get(query)
        if self.fault == "slow":
            await self.clock.sleep(min(SLOW, self.ends - asked))
            answer = await super().get(query)
            return Reply(answer.body, 200, self.clock.now() - asked)
        if self.fault == "timeout":
            await self.clock.sleep(LIMIT)
        error = FAULTS[self.fault]
        assert error is not None
        raise error


@pytest.mark.parametrize(
    "phase", [0.0, 3.3, *(pytest.param(at, marks=pytest.mark.deep) for at in range(1, 20))]
)
@pytest.mark.parametrize("fault", FAULTS)
async def test_the_next_answer_comes_within_ten_seconds(fault: str, phase: float) -> None:
    clock = ManualClock()
    begins = clock.now() + BEFORE
    cluster = Faulty(clock, default={}, fault=fault, begins=begins, ends=begins + LASTS + phase)
    async with polling(cluster) as bench:
        bench.poller.jitter = lambda: 1.2
        bench.poller.probe = CONFIG()
        bench.poller.add_background(CONFIG(), CONFIG_SECONDS)
        shown: tuple[Query[Any], ...] = (OVERVIEW(), JOBS_OVERVIEW(), JOB(job="a" * 32))
        for query in shown:
            bench.poller.watch(query)
        await clock.advance(cluster.ends - clock.now())
        await clock.advance(LIMIT)
        assert bench.poller.link.error is None
        for query in shown:
            reading = bench.store.get(query)
            assert reading is not None
            assert reading.at is not None
            assert (reading.at >= cluster.ends, reading.error) == (True, None), query


@pytest.mark.parametrize("fault", [name for name in FAULTS if name != "slow"])
async def test_a_fault_of_one_query_alone_ends_within_ten_seconds(fault: str) -> None:
    clock = ManualClock()
    cluster, error = Cluster(clock, default={}), FAULTS[fault]
    assert error is not None
    async with polling(cluster) as bench:
        bench.poller.jitter = lambda: 1.2
        broken = JOB(job="a" * 32)
        cluster.answers = {broken.target: NotFound(*WHERE, status=404)}
        for query in (OVERVIEW(), JOBS_OVERVIEW(), broken):
            bench.poller.watch(query)
        await clock.advance(LASTS)
        cluster.answers = {}
        await clock.advance(LIMIT)
        reading = bench.store.get(broken)
        assert reading is not None
        assert reading.error is None


@pytest.mark.deep
async def test_a_hanging_cluster_gets_two_requests_at_the_most() -> None:
    clock = ManualClock()
    cluster = Faulty(clock, fault="timeout", begins=0.0, ends=clock.now() + LASTS)
    counted = 0
    async with polling(cluster) as bench:
        for number in range(20):
            bench.poller.watch(JOB(job=f"{number:032x}"))
        while clock.now() < cluster.ends:
            await clock.advance(1.0)
            counted = max(counted, bench.poller.in_flight)
    assert counted == 2
