"""One cluster's engine on recorded answers: interval, features, the cluster's clock, and tasks that die."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from flinktop.engine import recorders
from flinktop.engine.engine import GOOD_RUN_SECONDS, HOUSEKEEPING_SECONDS, Engine
from flinktop.engine.series import LENGTH, MOST, vertex_series
from flinktop.engine.store import KEEP_SECONDS
from flinktop.flink.cluster import CONFIG, OVERVIEW
from flinktop.flink.connection import Connection
from flinktop.flink.endpoint import Query
from flinktop.flink.jobs import JOB, JOBS_OVERVIEW
from tests.fixture_cluster import FixtureCluster
from tests.manual_clock import ManualClock

CALM_TURNS = 12


@dataclass
class Running:
    """An engine that runs on the test's loop."""

    engine: Engine
    clock: ManualClock
    cluster: FixtureCluster

    async def settled(self) -> None:
        """Nothing is under way and nothing is due at this time."""
        calm = 0
        while calm < CALM_TURNS:
            await asyncio.sleep(0)
            calm = calm + 1 if self.engine.poller.idle() else 0

    async def wait(self, seconds: int) -> None:
        for _ in range(seconds):
            await self.clock.advance(1.0)
            await self.settled()

    def asked(self, path: str) -> int:
        return self.cluster.asked.count(f"GET /{path}")


@asynccontextmanager
async def running(
    release: str = "1.20.5", *, refresh: float | None = None, changed: dict[str, Any] | None = None
) -> AsyncIterator[Running]:
    clock, cluster = ManualClock(), FixtureCluster(release)
    cluster.changed.update(changed or {})
    engine = Engine(
        Connection("http://flink.test:8081"), clock, refresh=refresh, transport=cluster, jitter=lambda: 1.0
    )
    engine.start()
    try:
        yield Running(engine, clock, cluster)
    finally:
        await engine.stop()


def config(**fields: Any) -> dict[str, Any]:
    return {"config": lambda document: {**document, **fields}}


async def test_the_interval_is_what_config_says() -> None:
    async with running(changed=config(**{"refresh-interval": 7000})) as run:
        assert run.engine.poller.refresh == 3.0
        await run.wait(5)
        assert run.engine.poller.refresh == 7.0


@pytest.mark.parametrize(
    ("told", "seconds"),
    [(1, 0.5), (499, 0.5), (500, 0.5), (300_000, 300.0), (300_001, 300.0), (2**62, 300.0)],
)
async def test_the_interval_of_config_has_bounds(told: int, seconds: float) -> None:
    async with running(changed=config(**{"refresh-interval": told})) as run:
        await run.wait(5)
        assert run.engine.poller.refresh == seconds


async def test_a_chosen_interval_holds_if_longer_than_the_clusters_own() -> None:
    async with running(refresh=1.0) as run:
        await run.wait(3)
        assert run.engine.poller.refresh == 3.0
        run.engine.stretch_interval(4.0)
        run.engine.stretch_interval(2.0)
        assert run.engine.poller.refresh == 24.0
        run.engine.stretch_interval(0.01)
        assert run.engine.poller.refresh == 3.0
        run.engine.stretch_interval(1e9)
        assert run.engine.poller.refresh == 300.0


async def test_a_config_without_a_refresh_interval_changes_nothing() -> None:
    async with running(changed=config(**{"refresh-interval": 0})) as run:
        await run.wait(5)
        assert run.engine.poller.refresh == 3.0


@pytest.mark.parametrize("release", ["1.9.3", "1.14.6", "1.20.5", "2.3.0"])
async def test_features_are_those_of_the_release(release: str) -> None:
    async with running(release) as run:
        assert run.engine.features.version == ""
        await run.wait(10)
        features = run.engine.features
        assert features.version == release
        assert not features.history_server
        assert features.has(1, 9)
        assert features.has(2, 0) is release.startswith("2")


async def test_a_history_server_is_recognized_by_its_missing_overview() -> None:
    gone = {"overview": (404, {"errors": ["Unable to load requested file /overview.json."]})}
    async with running(changed=gone) as run:
        await run.wait(10)
        assert run.engine.features.history_server


async def test_the_time_is_this_machines_until_the_clusters_is_known() -> None:
    async with running() as run:
        assert run.engine.cluster_time() == run.clock.wall()


async def test_the_archive_time_of_a_history_server_is_not_now() -> None:
    async with running(changed={"overview": (404, {"errors": ["gone"]})}) as run:
        await run.wait(10)
        run.engine.poller.watch(JOB(job=run.cluster.job("steady")))
        await run.wait(10)
        assert run.engine.cluster_time() == run.clock.wall()


@pytest.mark.parametrize("odd", [-1, 2**63, 10**400, None, "Infinity"])
async def test_an_invalid_time_is_not_the_clusters(odd: Any) -> None:
    async with running() as run:
        for one in run.cluster.document("jobs/overview")["jobs"]:
            run.cluster.changed[f"jobs/{one['jid']}"] = lambda document: {**document, "now": odd}
        run.engine.poller.watch(JOB(job=run.cluster.job("steady")))
        await run.wait(10)
        assert run.engine.cluster_time() == run.clock.wall()


@pytest.mark.parametrize("skew", [-7200.0, 0.0, 7200.0])
async def test_the_clusters_clock_is_used_whatever_this_machines_is(skew: float) -> None:
    cluster = FixtureCluster("1.20.5")
    job = cluster.job("steady")
    epoch = ManualClock().wall() + skew
    now: dict[str, float] = {}

    def at_skew(document: dict[str, Any]) -> dict[str, Any]:
        now["told"] = epoch + run.clock.now() - 1000.0
        return {**document, "now": int(now["told"] * 1000)}

    async with running() as run:
        # No other job tells a time.
        for one in cluster.document("jobs/overview")["jobs"]:
            run.cluster.changed[f"jobs/{one['jid']}"] = lambda document: {**document, "now": 0}
        run.cluster.changed[f"jobs/{job}"] = at_skew
        run.engine.poller.watch(JOB(job=job))
        await run.wait(10)
        assert now
        assert abs(run.engine.cluster_time() - (run.clock.wall() + skew)) < 0.01
        run.engine.poller.unwatch(JOB(job=job))
        await run.clock.advance(0.5)
        assert abs(run.engine.cluster_time() - (run.clock.wall() + skew)) < 0.01


@pytest.mark.deep
async def test_unwatched_readings_are_dropped_after_a_while() -> None:
    async with running() as run:
        query = JOB(job=run.cluster.job("finishing"))
        run.engine.poller.watch(query)
        await run.wait(3)
        run.engine.poller.unwatch(query)
        await run.clock.advance(KEEP_SECONDS - 10)
        assert run.engine.store.get(query) is not None
        await run.clock.advance(HOUSEKEEPING_SECONDS + 20)
        assert run.engine.store.get(query) is None
        assert run.engine.store.get(JOBS_OVERVIEW()) is not None


@pytest.mark.deep
async def test_points_of_unopened_jobs_are_dropped_when_there_are_too_many() -> None:
    async with running() as run:
        job = run.cluster.job("steady")
        run.engine.poller.watch(JOB(job=job))
        run.engine.poller.watch(JOB(job=run.cluster.job("finishing")), passing=True)
        names = [vertex_series(job, "v", "mean-busy")]
        names += [
            vertex_series(run.cluster.job("finishing"), f"{number}", "mean-busy") for number in range(200)
        ]
        for name in names:
            for at in range(LENGTH):
                run.engine.series.add(name, float(at), 1.0)
        assert run.engine.series.weight > MOST
        await run.wait(int(HOUSEKEEPING_SECONDS))
        assert run.engine.series.weight <= MOST
        assert len(run.engine.series.points(names[0])) == LENGTH
        assert run.engine.series.points(names[1]) == ()


async def test_a_failed_task_is_restarted_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running() as run:
        await run.wait(5)
        poller = type(run.engine.poller)
        rest, broken = poller._rest, RuntimeError("broken")

        async def die(_self: Any, _now: float) -> None:
            raise broken

        monkeypatch.setattr(poller, "_rest", die)
        run.engine.poller.wake()
        await run.clock.advance(0.1)
        assert run.engine.crashes == 1
        await run.clock.advance(1.0)
        assert run.engine.crashes == 2
        monkeypatch.setattr(poller, "_rest", rest)
        run.cluster.asked.clear()
        run.engine.poller.watch(OVERVIEW())
        await run.clock.advance(2.0)
        await run.settled()
        await run.wait(9)
        assert run.engine.crashes == 2
        assert run.asked("overview") >= 2


async def test_a_task_that_fails_after_a_good_run_is_restarted_after_the_shortest_pause(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with running() as run:
        poller = type(run.engine.poller)
        rest, broken = poller._rest, RuntimeError("broken")

        async def die(_self: Any, _now: float) -> None:
            raise broken

        # Three deaths in a row: the next pause would be eight seconds.
        monkeypatch.setattr(poller, "_rest", die)
        run.engine.poller.wake()
        await run.clock.advance(1.0 + 2.0 + 0.5)
        assert run.engine.crashes == 3
        monkeypatch.setattr(poller, "_rest", rest)
        await run.clock.advance(4.0)
        await run.settled()
        await run.wait(int(GOOD_RUN_SECONDS))
        assert run.engine.crashes == 3
        # A good run later it dies once more.
        monkeypatch.setattr(poller, "_rest", die)
        run.engine.poller.wake()
        await run.clock.advance(0.1)
        assert run.engine.crashes == 4
        monkeypatch.setattr(poller, "_rest", rest)
        before = len(run.cluster.asked)
        run.engine.poller.watch(OVERVIEW())
        await run.clock.advance(4.0)
        assert len(run.cluster.asked) > before


RECORDERS = ("sweep", "loads", "processes", "checkpoints", "faults", "pins")


@pytest.mark.parametrize("broken", [*RECORDERS, "subtasks"])
async def test_an_error_in_one_recorder_does_not_stop_the_others(
    broken: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with running() as run:
        taken: dict[str, int] = dict.fromkeys((*RECORDERS, "subtasks"), 0)

        def taking(name: str, take: Any) -> Any:
            def arrived(*arguments: Any, **named: Any) -> None:
                taken[name] += 1
                if name == broken:
                    raise OverflowError("cannot convert float infinity to integer")
                take(*arguments, **named)

            return arrived

        for name in RECORDERS:
            holder = run.engine if hasattr(run.engine, name) else run.engine.recorders
            kind = type(getattr(holder, name))
            monkeypatch.setattr(kind, "arrived", taking(name, kind.arrived))
        monkeypatch.setattr(recorders, "record_subtasks", taking("subtasks", recorders.record_subtasks))
        run.engine.poller.watch(OVERVIEW())
        run.engine.poller.watch(JOBS_OVERVIEW())
        await run.wait(30)
        # Everybody has seen everything; what was answered is known, and no fault of the answer's.
        assert len(set(taken.values())) == 1
        assert taken["sweep"] > 10
        shown: tuple[Query[Any], ...] = (OVERVIEW(), JOBS_OVERVIEW())
        for query in shown:
            reading = run.engine.store.get(query)
            assert reading is not None
            assert reading.value is not None
            assert reading.error is None
        # Each kind of answer that it could not take in is logged and counted once, not at every poll.
        said = [record for record in caplog.records if record.name == "flinktop.engine.engine"]
        kinds = {record.getMessage() for record in said}
        assert len(said) == len(kinds) == run.engine.recorder_errors > 0
        assert all(f"the engine's {broken} could not" in kind for kind in kinds)
        assert all(record.exc_info for record in said)
        assert run.engine.crashes == 0


async def test_nothing_is_sent_after_stop() -> None:
    async with running() as run:
        run.engine.poller.watch(OVERVIEW())
        await run.wait(5)
        await run.engine.stop()
        run.cluster.asked.clear()
        await run.clock.advance(100)
        assert run.cluster.asked == []
        reading = run.engine.store.get(CONFIG())
        assert reading is not None
        assert reading.value is not None


def lost(run: Running) -> bool:
    return run.engine.poller.link.error is not None


async def test_a_cluster_that_is_back_without_its_jobs_is_live_again() -> None:
    async with running() as run:
        job = JOB(job=run.cluster.job("steady"))
        run.engine.poller.watch(job)
        await run.wait(5)
        run.cluster.failure = httpx.ConnectError("Connection refused")
        await run.wait(60)
        assert lost(run)
        run.cluster.failure = None
        run.cluster.changed[job.target] = (404, {"errors": ["Job not found"]})
        await run.wait(31)
        assert not lost(run)
