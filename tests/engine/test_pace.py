"""How often a cluster off the screen is asked: seldom while all is well, often while something is ill."""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from msgspec.structs import replace

from flinktop.demo.scenarios import Cluster, many_jobs
from flinktop.demo.specs import Fate
from flinktop.engine.engine import Engine
from flinktop.engine.pace import CLOSE_EVERY, CLOSE_SECONDS, LOST, STATE_SECONDS
from flinktop.engine.series import job_series
from flinktop.engine.sweep import FEW
from flinktop.flink.connection import Connection
from flinktop.judgement.finding import Kind, Severity
from flinktop.judgement.lost import AFTER_MS
from tests.demo_cluster import DemoCluster
from tests.manual_clock import ManualClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

RELEASE = "1.20.5"
ON_SCREEN = 5.0
"""Seconds after which a change of the list of jobs is judged on the screen: its interval and a round."""
LATE = 15.0
"""Seconds that it may come later off the screen."""
_ID = re.compile(r"[0-9a-f]{32}")


class Timed(DemoCluster):
    """Healthy jobs, and when each request came."""

    def __init__(self, clock: ManualClock, jobs: int = 1) -> None:
        healthy = Fate(started=-86_400.0)
        specs = tuple(replace(one, fate=healthy) for one in many_jobs(jobs))
        super().__init__("wide-job", RELEASE, clock, own=Cluster(specs, slots_each=32))
        self._clock = clock
        self._opened = clock.now()
        self.sent: list[tuple[float, str]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode().partition("?")[0].strip("/")
        self.sent.append((self._clock.now() - self._opened, _ID.sub("…", path)))
        return await super().handle_async_request(request)

    def a_minute(self, since: float, until: float) -> float:
        """Requests a minute between two times (s after the beginning)."""
        return 60.0 * sum(since <= at < until for at, _ in self.sent) / (until - since)

    def times(self, *paths: str) -> list[float]:
        return [at for at, path in self.sent if path in paths]

    def turn(self, state: str) -> None:
        """The jobs are in that state now."""

        def listed(document: dict[str, Any]) -> dict[str, Any]:
            return {"jobs": [{**one, "state": state} for one in document["jobs"]]}

        job = json.loads(self.answer("jobs/overview")[1])["jobs"][0]["jid"]
        self.changed["jobs/overview"] = listed
        self.changed[f"jobs/{job}"] = lambda document: {**document, "state": state}


class Off:
    """An engine off the screen."""

    def __init__(self, clock: ManualClock, cluster: Timed) -> None:
        self.clock = clock
        self.cluster = cluster
        self.engine = Engine(Connection("http://jm:8081"), clock, transport=cluster, jitter=lambda: 1.0)
        self.engine.set_pace(on_screen=False)

    @property
    def now(self) -> float:
        """Seconds after the beginning."""
        return self.clock.now() - 1000.0

    async def wait(self, seconds: float, *, step: float = 1.0) -> None:
        end = self.clock.now() + seconds
        while self.clock.now() < end:
            await self.clock.advance(step)
            for _ in range(8):
                await asyncio.sleep(0)

    async def seconds_until_kind(self, kind: Kind) -> float:
        """How long it takes until something is said to be of that kind."""
        began = self.clock.now()
        while True:
            judged = self.engine.judged
            found = [*judged.findings] if judged is not None else []
            for verdict in judged.verdicts.values() if judged is not None else ():
                found += verdict.findings
            if any(one.kind is kind for one in found):
                return self.clock.now() - began
            assert self.clock.now() - began < 120.0, found
            await self.wait(0.5, step=0.5)


@asynccontextmanager
async def off_screen(jobs: int = 1) -> AsyncIterator[Off]:
    clock = ManualClock()
    one = Off(clock, Timed(clock, jobs))
    one.engine.start()
    try:
        yield one
    finally:
        await one.engine.stop(0.0)


async def test_the_first_picture_is_there_at_once() -> None:
    async with off_screen() as one:
        await one.wait(2.0, step=0.25)
        assert {"jobs/overview", "config", "overview", "jobs/…", "jobs/…/checkpoints"} <= {
            path for _, path in one.cluster.sent
        }


@pytest.mark.deep
async def test_a_cluster_of_one_job_is_asked_four_times_a_minute_while_well() -> None:
    async with off_screen() as one:
        await one.wait(CLOSE_EVERY + 120.0, step=3.0)
        well = one.cluster.a_minute(60.0, CLOSE_EVERY)
        assert 3.3 <= well <= 4.5
        assert 3.3 <= one.cluster.a_minute(120.0, 120.0 + CLOSE_EVERY) <= 4.7
        states = one.cluster.times("jobs/overview", "jobs/…")
        assert max(b - a for a, b in pairwise(states)) <= STATE_SECONDS + 3.0
        assert one.engine.judged is not None
        assert one.engine.judged.unhealthy == 0
        # The regular close look asks for what is not asked otherwise.
        assert [at for at in one.cluster.times("taskmanagers") if at >= CLOSE_EVERY]


async def test_a_failed_job_is_named_in_time_and_then_asked_for_twenty_times_a_minute() -> None:
    async with off_screen() as one:
        await one.wait(91.0)
        one.cluster.turn("FAILED")
        assert await one.seconds_until_kind(Kind.FAILED) <= ON_SCREEN + LATE
        assert one.engine.judged is not None
        assert [verdict.severity for verdict in one.engine.judged.verdicts.values()] == [Severity.CRITICAL]
        ill = one.now
        await one.wait(120.0)
        assert 10.0 <= one.cluster.a_minute(ill, one.now) <= 20.5


async def test_whatever_tells_it_a_job_that_restarts_is_named_in_time() -> None:
    for moment in (91.0, 101.0):
        async with off_screen() as one:
            await one.wait(moment)
            one.cluster.turn("RESTARTING")
            assert await one.seconds_until_kind(Kind.RESTARTING) <= ON_SCREEN + LATE


async def test_it_is_asked_seldom_again_when_it_is_well() -> None:
    async with off_screen() as one:
        await one.wait(91.0)
        one.cluster.turn("RESTARTING")
        await one.wait(60.0)
        one.cluster.changed.clear()
        await one.wait(30.0 + CLOSE_SECONDS)
        calm = one.now
        await one.wait(180.0)
        assert one.cluster.a_minute(calm, one.now) <= 5.0


@pytest.mark.deep
@pytest.mark.parametrize(("jobs", "verdicts", "rates"), [(1, 3.0, 30.0), (3, 3.0, 40.0), (7, 15.0, 90.0)])
async def test_each_job_has_a_verdict_and_its_rate_soon_after_the_start(
    jobs: int, verdicts: float, rates: float
) -> None:
    async with off_screen(jobs) as one:
        await one.wait(verdicts)
        judged = one.engine.judged
        assert judged is not None
        assert len(judged.verdicts) == jobs
        assert all(found.severity is not Severity.UNKNOWN for found in judged.verdicts.values())
        await one.wait(rates - verdicts)
        known = [one.engine.series.latest(job_series(job, "in")) for job in one.engine.sweep.live]
        assert len(known) == jobs
        assert all(known)
        # Within what any cluster may be asked, and then as seldom as before.
        assert one.cluster.a_minute(0.0, 60.0) <= 28.0
        await one.wait(360.0 - rates)
        assert one.cluster.a_minute(60.0, 120.0) <= 20.5
        assert one.cluster.a_minute(180.0, 360.0) <= 4.0 + jobs


async def test_a_job_that_is_new_is_looked_at_and_the_others_are_not_looked_at_again() -> None:
    async with off_screen(3) as one:
        await one.wait(180.0)
        document = json.loads(one.cluster.answer("jobs/overview")[1])
        new = {**document["jobs"][0], "jid": "f" * 32, "name": "new"}
        one.cluster.changed["jobs/overview"] = lambda found: {"jobs": [*found["jobs"], new]}
        answered = json.loads(one.cluster.answer(f"jobs/{document['jobs'][0]['jid']}")[1])
        one.cluster.changed[f"jobs/{new['jid']}"] = lambda _found: {**answered, "jid": new["jid"]}
        before = len(one.cluster.asked)
        await one.wait(60.0)
        asked = Counter(one.cluster.asked[before:])
        assert asked[f"GET /jobs/{new['jid']}"] == 3
        for job in document["jobs"]:
            assert asked[f"GET /jobs/{job['jid']}"] <= 1 + 2


async def test_what_was_known_on_the_screen_is_not_looked_at_again_off_it() -> None:
    async with off_screen(7) as one:
        one.engine.set_pace(on_screen=True)
        await one.wait(60.0)
        one.engine.set_pace(on_screen=False)
        before = len(one.cluster.times("jobs/…"))
        await one.wait(60.0)
        assert len(one.cluster.times("jobs/…")) == before


async def test_a_cluster_of_many_jobs_is_asked_no_more_than_twenty_times_a_minute() -> None:
    async with off_screen(FEW + 10) as one:
        await one.wait(180.0)
        assert one.cluster.a_minute(60.0, 180.0) <= 20.5
        states = [at for at in one.cluster.times("jobs/overview") if at > 30.0]
        assert max(b - a for a, b in pairwise(states)) <= STATE_SECONDS + 3.0


async def test_a_cluster_that_does_not_answer_is_asked_once_a_minute_in_the_end() -> None:
    async with off_screen() as one:
        await one.wait(91.0)
        one.cluster.failure = httpx.ConnectError("refused")
        assert await one.seconds_until_kind(Kind.CLUSTER_LOST) <= AFTER_MS / 1000.0 + ON_SCREEN + LATE
        await one.wait(180.0)
        began = len(one.cluster.sent)
        await one.wait(600.0)
        assert 9 <= len(one.cluster.sent) - began <= 11
        link = one.engine.poller.link
        assert link.retry_at is not None
        assert link.retry_at - one.clock.now() <= LOST.longest
        one.cluster.failure = None
        await one.wait(LOST.longest + 3.0)
        assert one.engine.poller.link.error is None


async def test_on_the_screen_it_is_asked_at_once_and_as_often_as_a_single_one() -> None:
    async with off_screen() as one:
        await one.wait(91.0)
        one.cluster.failure = httpx.ConnectError("refused")
        await one.wait(300.0)
        one.cluster.failure = None
        before = len(one.cluster.sent)
        one.engine.set_pace(on_screen=True)
        await one.wait(1.0)
        assert len(one.cluster.sent) > before
        assert one.engine.poller.link.error is None
        shown = one.now
        await one.wait(60.0)
        assert one.cluster.a_minute(shown, one.now) > 20.5
        one.engine.set_pace(on_screen=False)
        hidden = one.now
        await one.wait(120.0)
        assert one.cluster.a_minute(hidden, one.now) <= 6.0


async def test_rounds_follow_answers_and_times_pass_without_one() -> None:
    async with off_screen() as one:
        await one.wait(91.0)
        rounds: list[float] = []
        own = one.engine.judge.round

        def counted(*given: Any, **named: Any) -> None:
            rounds.append(one.now)
            own(*given, **named)

        one.engine.judge.round = counted  # type: ignore[method-assign]
        sent = len(one.cluster.sent)
        await one.wait(180.0)
        answers = len(one.cluster.sent) - sent
        # One for each answer, and one where none came for 15 s.
        assert len(rounds) <= 2 * answers + 1
        assert max(b - a for a, b in pairwise(rounds)) <= 15.5
