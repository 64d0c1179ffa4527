"""An engine records what happens on its cluster: once, whoever looks, also what happened while nobody did."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from flinktop.demo.scenarios import Cluster, known_jobs
from flinktop.demo.specs import CheckpointSpec, Fate, JobSpec
from flinktop.demo.transport import DemoTransport
from flinktop.demo.world import World
from flinktop.engine.acts.job_acts import Savepoint
from flinktop.engine.budget import ASKS_A_MINUTE
from flinktop.engine.clock import Clock
from flinktop.engine.engine import Engine
from flinktop.engine.host import Port
from flinktop.engine.journal.event import Event, EventKind, KnownJob, Question
from flinktop.engine.journal.journal import Journal
from flinktop.engine.journal.leases import Leases
from flinktop.engine.journal.own_requests import FEW
from flinktop.engine.owner import Owner
from flinktop.flink.connection import Connection
from flinktop.flink.jobs import JOBS_OVERVIEW
from tests.demo_cluster import DemoCluster
from tests.depth import in_depth
from tests.engine.acting import JOB, JobManager
from tests.engine.journal.recorded import URL, Watch, watching
from tests.engine.thousand import OneJob, Thousand
from tests.fixture_cluster import FixtureCluster
from tests.manual_clock import ManualClock

BY_FLINKS_TIME = (
    EventKind.JOB_STARTED,
    EventKind.JOB_STATE,
    EventKind.JOB_ENDED,
    EventKind.FAILURE,
    EventKind.CHECKPOINT_FAILED,
    EventKind.CHECKPOINT_SLOW,
    EventKind.SAVEPOINT,
)
HOUR = 3600.0


def demo(scenario: str, clock: ManualClock, release: str = "2.3.0") -> DemoCluster:
    return DemoCluster(scenario, release, clock)


def spec(name: str, **given: Any) -> JobSpec:
    """A small job that has nothing wrong with it."""
    return replace(known_jobs()["iot-telemetry-rollup"], **{"name": name, "fate": Fate(-HOUR)} | given)


def of_jobs(clock: ManualClock, *specs: JobSpec, release: str = "2.3.0") -> DemoCluster:
    return DemoCluster("mixed", release, clock, own=Cluster(specs))


@pytest.mark.deep
async def test_what_happens_on_a_cluster_is_in_the_journal() -> None:
    clock = ManualClock()
    cluster = demo("restart-loop", clock)
    async with watching(cluster, clock) as watch:
        await watch.seconds(90)
        assert watch.engine.recorder_errors == 0
        loop = next(job.id for job in cluster.world.plans if job.spec.name == "inventory-sync")
        assert len(watch.events(EventKind.JOB_STARTED)) == 3
        [failure] = watch.events(EventKind.FAILURE, job=loop)
        assert failure.count >= 16
        assert failure.last - failure.at > 30 * 60_000
        assert "NumberFormatException" in failure.words
        number = failure.number
        assert watch.journal.read_stack(number).startswith("java.lang.")
        assert "restart-loop" in {one.finding for one in watch.events(EventKind.RAISED, job=loop)}
        assert all(one.cluster == URL and one.cluster_name == URL for one in watch.events())
        assert watch.events(EventKind.GAP) == []


@pytest.mark.deep
async def test_what_is_known_last_of_a_job_is_in_the_journal() -> None:
    clock = ManualClock()
    async with watching(demo("restart-loop", clock), clock) as watch:
        await watch.seconds(120)
        known = {one.name: one for one in watch.journal.read_jobs(URL)}
        calm, loop = known["iot-telemetry-rollup"], known["inventory-sync"]
        assert (calm.state, calm.release, calm.parallelism, calm.restarts) == ("RUNNING", "2.3.0", 4, 0)
        assert calm.checkpoint.startswith("s3://flink-checkpoints/")
        assert calm.configuration["checkpoints: interval"] == "2 m"
        assert "Sink: InfluxDB" in calm.vertices
        assert loop.words.startswith("restart-loop: failed ")


@pytest.mark.deep
async def test_the_configuration_of_each_job_is_asked_for_once() -> None:
    clock = ManualClock()
    cluster = of_jobs(clock, spec("orders"), spec("billing"), spec("done", fate=Fate(-HOUR, ended=-60.0)))
    orders, billing, _ = (plan.id for plan in cluster.world.plans)
    async with watching(cluster, clock) as watch:
        await watch.seconds(150)
        asked = [one for one in cluster.asked if one.startswith("GET /jobs/") and one.endswith("/config")]
        asked = [one for one in asked if "/checkpoints/" not in one]
        assert sorted(asked) == sorted(f"GET /jobs/{job}/config" for job in (orders, billing))
        known = {one.job: one.configuration for one in watch.journal.read_jobs(URL)}
        assert all("restart strategy" in known[job] for job in (orders, billing))


async def test_the_last_checkpoint_of_a_job_that_ends_is_asked_for() -> None:
    clock = ManualClock()
    job = spec("orders", fate=Fate(-HOUR, ended=65.0, end="CANCELED"), checkpoints=CheckpointSpec(10, 1))
    cluster = of_jobs(clock, job)
    async with watching(cluster, clock) as watch:
        await watch.seconds(60)
        before = len(cluster.asked)
        await watch.seconds(60)
        jid = cluster.world.plans[0].id
        assert cluster.asked[before:].count(f"GET /jobs/{jid}/checkpoints") >= 1
        [known] = watch.journal.read_jobs(URL)
        last = cluster.world.at(120.0).job(jid)
        assert last is not None
        assert known.state == "CANCELED"
        assert known.checkpoint.endswith(f"chk-{_last_checkpoint(cluster, jid)}")


def _last_checkpoint(cluster: DemoCluster, job: str) -> int:
    document = cluster.document(f"jobs/{job}/checkpoints")
    return int(document["latest"]["completed"]["id"])


# -- two flinktops, and one after the other ------------------------------------------------------------


class Listening(Journal):
    """A journal that also keeps what was added to it."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__(None, clock, inline=True)
        self.added: list[Event] = []

    def add(self, events: Iterable[Event]) -> None:
        found = list(events)
        self.added += found
        super().add(found)


@pytest.mark.deep
@pytest.mark.parametrize(
    "scenario", in_depth(["restart-loop", "failing-checkpoints", "mixed"], fast=["restart-loop"])
)
async def test_two_that_look_at_once_record_nothing_twice(scenario: str) -> None:
    clock = ManualClock()
    cluster, journal = demo(scenario, clock), Listening(clock)
    async with watching(cluster, clock, journal) as first:
        await first.seconds(7)
        async with watching(cluster, clock, journal) as second:
            await second.seconds(120)
            assert second.engine.recorder_errors == 0
            told = [one for one in journal.added if one.kind in BY_FLINKS_TIME]
            happened = {(one.kind, one.job, one.at, one.checkpoint) for one in told}
            assert len({one.key for one in told}) == len(happened)
            assert len(told) >= 1.5 * len(happened), "most was seen by both"
            assert sum(one.count for one in second.events(*BY_FLINKS_TIME)) == len(happened)


def shared(path: Path, clock: ManualClock, pid: int) -> Journal:
    """One flinktop's journal in a file that another uses, too."""
    owner = Owner("desk", pid, "token")
    return Journal(path, clock, inline=True, leases=Leases(owner, lives=lambda _pid: True))


@pytest.mark.deep
async def test_of_two_one_records_what_has_no_time_of_flinks_until_it_is_killed(tmp_path: Path) -> None:
    clock, path = ManualClock(), tmp_path / "journal.db"
    cluster = demo("mixed", clock)
    async with watching(cluster, clock, shared(path, clock, 1)) as first:
        await first.until_recording()
        await first.seconds(7)
        async with watching(cluster, clock, shared(path, clock, 2)) as second:
            await second.until_recording()
            await second.seconds(80)
            raised = second.events(EventKind.RAISED)
            found = {(one.job, one.finding) for one in raised}
            assert len(raised) == len(found) >= 3
            assert sum(one.count for one in raised) <= len(found) + 2, "what comes and goes comes again"
            # It is killed: it gives up nothing, and does nothing any more.
            for task in first.engine._tasks:
                task.cancel()
            cluster.failure = httpx.ConnectError("connection refused")
            await second.seconds(90)
            assert len(second.events(EventKind.CLUSTER_LOST)) == 1
        first.journal.close(1.0)
        second.journal.close(1.0)


@pytest.mark.deep
async def test_one_after_the_other_records_nothing_twice() -> None:
    clock = ManualClock()
    cluster = demo("failing-checkpoints", clock)
    async with watching(cluster, clock) as first:
        await first.seconds(70)
        standing = standing_in(first)
        before = raised_in(first, standing)
        assert before
    async with watching(cluster, clock, first.journal) as second:
        await second.seconds(20)
        assert second.events(EventKind.GAP) == []
        assert raised_in(second, standing) == before
        assert len(second.events(EventKind.JOB_STARTED)) == 3


def standing_in(watch: Watch) -> set[tuple[str, str]]:
    """The findings of now, by job."""
    judged = watch.engine.judged
    verdicts = judged.verdicts.values() if judged is not None else ()
    return {(one.job, str(finding.kind)) for one in verdicts for finding in one.findings}


def raised_in(watch: Watch, which: set[tuple[str, str]]) -> list[tuple[str, str, float, int]]:
    """When and how often these were raised."""
    found = watch.events(EventKind.RAISED)
    return [(one.job, one.finding, one.at, one.count) for one in found if (one.job, one.finding) in which]


@pytest.mark.deep
async def test_what_happened_while_nobody_looked_is_filled_in_and_the_gap_is_said() -> None:
    clock = ManualClock()
    cluster = demo("restart-loop", clock)
    async with watching(cluster, clock) as first:
        await first.seconds(90)
        left = 1000.0 * clock.wall()
        standing = standing_in(first)
        raised = raised_in(first, standing)
        assert "restart-loop" in {kind for _, kind in standing}
    await clock.advance(6 * HOUR + 45 * 60)
    async with watching(cluster, clock, first.journal) as second:
        back = 1000.0 * clock.wall()
        await second.seconds(90)
        [gap] = second.events(EventKind.GAP)
        assert gap.words.endswith(" (6 h 45 m): filled in from what Flink still has")
        assert back <= gap.at <= back + 5000
        meanwhile = [
            one for one in second.events(EventKind.FAILURE) if left < one.at and one.last < back + 60_000
        ]
        assert meanwhile, "of the last 16 failures of each job"
        assert [one for one in second.events(EventKind.JOB_STARTED) if one.at > left] == []
        assert raised_in(second, standing) == raised, "the loops went on"


async def test_a_machine_that_slept_was_not_watching() -> None:
    """Its monotonic clock stood still; the cluster's did not."""
    clock = ManualClock()
    cluster = demo("healthy", clock)
    async with watching(cluster, clock) as watch:
        await watch.seconds(30)
        clock._ahead += HOUR
        cluster.world = World(scenario="healthy", version="2.3.0", born=cluster.world.born + HOUR)
        cluster._transport = DemoTransport(cluster.world, lambda: clock.now() - 1000.0)
        await watch.seconds(30)
        [gap] = watch.events(EventKind.GAP)
        assert " (1 h" in gap.words


@pytest.mark.parametrize("ahead", [-300.0, 300.0])
async def test_another_clock_of_the_cluster_is_no_gap(ahead: float) -> None:
    clock = ManualClock()
    cluster = demo("healthy", clock)
    clock._ahead += ahead
    async with watching(cluster, clock) as first:
        await first.seconds(30)
    await clock.advance(20)
    async with watching(cluster, clock, first.journal) as second:
        await second.seconds(30)
        assert second.events(EventKind.GAP) == []


async def test_a_clock_of_this_machine_that_is_set_anew_is_no_gap() -> None:
    clock = ManualClock()
    cluster = demo("healthy", clock)
    async with watching(cluster, clock) as watch:
        await watch.seconds(30)
        clock._ahead += HOUR
        await watch.seconds(30)
        clock._ahead -= 2 * HOUR
        await watch.seconds(30)
        assert watch.events(EventKind.GAP) == []


@pytest.mark.deep
async def test_a_job_that_was_rescaled_while_nobody_looked() -> None:
    clock = ManualClock()
    cluster = of_jobs(clock, spec("orders"))
    jid = cluster.world.plans[0].id
    async with watching(cluster, clock) as first:
        await first.seconds(60)
    running = int(1000 * clock.wall())

    def rescaled(job: dict[str, Any]) -> dict[str, Any]:
        vertices = [one | {"parallelism": 2 * one["parallelism"]} for one in job["vertices"]]
        return job | {"vertices": vertices, "timestamps": job["timestamps"] | {"RUNNING": running}}

    await clock.advance(600)
    cluster.changed[f"jobs/{jid}"] = rescaled
    async with watching(cluster, clock, first.journal) as second:
        await second.seconds(60)
        [event] = second.events(EventKind.RESCALED)
        assert (event.at, event.words) == (running, "job was rescaled: parallelism 4 -> 8")
    async with watching(cluster, clock, first.journal) as third:
        await third.seconds(60)
        assert len(third.events(EventKind.RESCALED)) == 1


async def test_a_short_pause_is_no_gap() -> None:
    clock = ManualClock()
    cluster = demo("healthy", clock)
    async with watching(cluster, clock) as first:
        await first.seconds(30)
    await clock.advance(40)
    async with watching(cluster, clock, first.journal) as second:
        await second.seconds(30)
        assert second.events(EventKind.GAP) == []


@pytest.mark.deep
async def test_jobs_and_taskmanagers_that_went_while_nobody_looked_are_gone() -> None:
    clock = ManualClock()
    cluster = of_jobs(clock, spec("orders"), spec("billing"))
    async with watching(cluster, clock) as first:
        await first.seconds(60)
    await clock.advance(HOUR)
    orders, billing = (plan.id for plan in cluster.world.plans)
    cluster.changed["jobs/overview"] = lambda it: {
        "jobs": [one for one in it["jobs"] if one["jid"] == orders]
    }
    cluster.changed["taskmanagers"] = lambda it: {"taskmanagers": it["taskmanagers"][1:]}
    async with watching(cluster, clock, first.journal) as second:
        await second.seconds(180)
        [gone] = second.events(EventKind.JOB_GONE)
        assert (gone.job, gone.job_name) == (billing, "billing")
        assert len(second.events(EventKind.TASKMANAGER_GONE)) == 1
        known = {one.name: one for one in second.journal.read_jobs(URL)}
        assert known["billing"].seen < known["orders"].seen - 1000 * HOUR
        assert known["billing"].state == "RUNNING"
    async with watching(cluster, clock, first.journal) as third:
        await third.seconds(180)
        assert len(third.events(EventKind.JOB_GONE, EventKind.TASKMANAGER_GONE)) == 2


async def test_a_failed_job_can_be_opened_after_its_jobmanager_was_restarted() -> None:
    clock = ManualClock()
    job = spec("orders", fate=Fate(-HOUR, ended=20.0, end="FAILED", fault="broker"))
    cluster = of_jobs(clock, job)
    async with watching(cluster, clock) as first:
        await first.seconds(90)
    cluster.changed["jobs/overview"] = {"jobs": []}
    async with watching(cluster, clock, first.journal) as second:
        await second.seconds(90)
        [known] = second.journal.read_jobs(URL)
        assert (known.name, known.state) == ("orders", "FAILED")
        assert known.words.startswith("failed: ")
        [failure] = second.events(EventKind.FAILURE, job=known.job)
        assert second.journal.read_stack(failure.number)
        assert len(second.events(EventKind.JOB_ENDED)) == 1


async def test_the_journal_is_a_file_that_is_read_in_a_thread(tmp_path: Path) -> None:
    clock = ManualClock()
    cluster = demo("restart-loop", clock)
    journal = Journal(tmp_path / "journal.db", Clock())
    try:
        async with watching(cluster, clock, journal) as watch:
            for _ in range(200):
                await watch.seconds(1)
                await asyncio.sleep(0.001)
                if journal.read(Question(kinds=(EventKind.FAILURE,))):
                    break
            assert len(watch.events(EventKind.JOB_STARTED)) == 3
    finally:
        journal.close(5.0)


# -- bad days ------------------------------------------------------------------------------------------


@pytest.mark.deep
async def test_a_cluster_that_does_not_answer_is_lost_and_back() -> None:
    clock = ManualClock()
    cluster = demo("healthy", clock)
    async with watching(cluster, clock) as watch:
        await watch.seconds(30)
        cluster.failure = httpx.ConnectError("connection refused")
        await watch.seconds(10)
        cluster.failure = None
        await watch.seconds(30)
        assert watch.events(EventKind.CLUSTER_LOST, EventKind.CLUSTER_BACK) == []
        cluster.failure = httpx.ConnectError("connection refused")
        await watch.seconds(240)
        [lost] = watch.events(EventKind.CLUSTER_LOST)
        assert 1000.0 * clock.wall() - lost.at == pytest.approx(240_000, abs=11_000)
        cluster.failure = None
        await watch.seconds(30)
        [back] = watch.events(EventKind.CLUSTER_BACK)
        assert back.words == "cluster answers again after 4 m"
        assert watch.events(EventKind.GAP, EventKind.JOB_GONE, EventKind.TASKMANAGER_GONE) == []


async def test_an_outage_that_ends_while_nobody_looks_is_over_at_the_start() -> None:
    clock = ManualClock()
    cluster = demo("healthy", clock)
    async with watching(cluster, clock) as first:
        await first.seconds(30)
        cluster.failure = httpx.ConnectError("connection refused")
        await first.seconds(60)
    await clock.advance(HOUR)
    cluster.failure = None
    async with watching(cluster, clock, first.journal) as second:
        await second.seconds(30)
        [back] = second.events(EventKind.CLUSTER_BACK)
        assert back.words == "cluster answers again after 1 h 1 m"
        assert len(second.events(EventKind.GAP)) == 1


async def test_a_cluster_that_never_answered_tells_nothing() -> None:
    clock = ManualClock()
    cluster = demo("healthy", clock)
    cluster.failure = httpx.ConnectError("connection refused")
    async with watching(cluster, clock) as watch:
        await watch.seconds(120)
        assert watch.events() == []
        assert watch.journal.last_seen(URL) is None


async def test_an_archive_is_not_recorded() -> None:
    clock = ManualClock()
    cluster = FixtureCluster("2.3.0")
    cluster.changed["config"] = lambda it: it | {"features": it["features"] | {"web-history": True}}
    async with watching(cluster, clock) as watch:
        await watch.seconds(60)
        assert watch.engine.features.history_server
        assert watch.events() == []
        assert watch.journal.read_jobs(URL) == ()
        assert watch.journal.last_seen(URL) is None


class Unreadable(Journal):
    """A journal that raises when it is read; its own promise is that it never does."""

    def read_jobs(self, cluster: str) -> tuple[KnownJob, ...]:
        raise RuntimeError(cluster)


async def test_a_journal_that_can_not_be_read_is_written_all_the_same(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = ManualClock()
    async with watching(demo("healthy", clock), clock, Unreadable(None, clock, inline=True)) as watch:
        await watch.seconds(30)
        assert len(watch.events(EventKind.JOB_STARTED)) == 7
        assert "the journal could not be read" in caplog.text


class Full(Journal):
    """A journal that raises when something is added."""

    def add(self, events: Any) -> None:
        raise RuntimeError(events)


async def test_an_error_in_the_recorder_stops_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    clock = ManualClock()
    async with watching(demo("healthy", clock), clock, Full(None, clock, inline=True)) as watch:
        await watch.seconds(60)
        assert watch.engine.recorder_errors >= 1
        assert watch.engine.crashes == 0
        judged = watch.engine.judged
        assert judged is not None
        assert len(judged.verdicts) == 7


async def test_without_a_journal_nothing_is_recorded() -> None:
    clock = ManualClock()
    port = Port(Connection(URL), clock, transport=demo("healthy", clock), jitter=lambda: 1.0)
    await port.start_inline()
    try:
        await clock.advance(20.0)
        assert port.engine.recorder is None
        assert port.journal is None
    finally:
        await port.engine.stop()


async def test_the_port_gives_the_journal_that_is_made_when_the_engine_starts() -> None:
    clock = ManualClock()
    made: list[Journal] = []

    def make() -> Journal:
        made.append(Journal(None, clock, inline=True))
        return made[-1]

    port = Port(Connection(URL), clock, transport=demo("healthy", clock), jitter=lambda: 1.0, journal=make)
    assert made == []
    await port.start_inline()
    try:
        await clock.advance(1.0)
        assert [port.journal] == made
    finally:
        await port.engine.stop()


@pytest.mark.parametrize("release", ["1.9.3", "1.14.6", "1.20.5", "2.3.0"])
async def test_real_answers_of_every_release(release: str) -> None:
    clock = ManualClock(wall=1_795_320_700.0)
    cluster = FixtureCluster(release)
    async with watching(cluster, clock) as watch:
        await watch.seconds(60)
        assert watch.engine.recorder_errors == 0
        listed = cluster.document("jobs/overview")["jobs"]
        assert len(watch.events(EventKind.JOB_STARTED)) == len(listed)
        failed = cluster.job("failed")
        [failure] = watch.events(EventKind.FAILURE, job=failed)
        assert 'NumberFormatException: For input string: "twelve [red]"' in failure.words
        [ended] = watch.events(EventKind.JOB_ENDED, job=failed)
        assert ended.words.startswith("job ended FAILED")
        known = {one.job: one for one in watch.journal.read_jobs(URL)}
        assert len(known) == len(listed)


# -- configuration, operations -------------------------------------------------------------------------


@pytest.mark.deep
async def test_a_job_that_comes_back_changed_says_what_is_different() -> None:
    clock = ManualClock()
    first = spec("orders", fate=Fate(-HOUR, ended=60.0, end="CANCELED"), settings={"model": "7", "key": "a"})
    second = spec(
        "orders", fate=Fate(75.0), settings={"model": "8", "key": "a"}, checkpoints=CheckpointSpec(30)
    )
    cluster = of_jobs(clock, first, second)
    async with watching(cluster, clock) as watch:
        await watch.seconds(200)
        [changed] = watch.events(EventKind.JOB_CHANGED)
        assert changed.job == cluster.world.plans[1].id
        assert "model: 7 -> 8" in changed.details.splitlines()
        assert "checkpoints: interval: 2 m -> 30 s" in changed.details.splitlines()
        assert changed.words.startswith("job came back with a changed configuration: model, ")


@pytest.mark.deep
async def test_one_that_comes_back_as_it_was_says_nothing() -> None:
    clock = ManualClock()
    first = spec("orders", fate=Fate(-HOUR, ended=60.0, end="CANCELED"))
    cluster = of_jobs(clock, first, spec("orders", fate=Fate(75.0)))
    async with watching(cluster, clock) as watch:
        await watch.seconds(200)
        assert watch.events(EventKind.JOB_CHANGED) == []


@pytest.mark.deep
async def test_it_is_compared_with_what_the_journal_knows() -> None:
    clock = ManualClock()
    first = spec("orders", fate=Fate(-HOUR, ended=200.0, end="CANCELED"), settings={"model": "7"})
    cluster = of_jobs(clock, first, spec("orders", fate=Fate(400.0), settings={"model": "8"}))
    async with watching(cluster, clock) as watch:
        await watch.seconds(150)
    await clock.advance(600.0)
    cluster.changed["jobs/overview"] = lambda it: {"jobs": [one for one in it["jobs"] if one["end-time"] < 0]}
    async with watching(cluster, clock, watch.journal) as later:
        await later.seconds(200)
        [changed] = later.events(EventKind.JOB_CHANGED)
        assert changed.details.splitlines() == ["model: 7 -> 8"]


@pytest.mark.deep
async def test_of_many_jobs_only_those_that_start_are_asked_for_their_configuration() -> None:
    clock = ManualClock()
    cluster = Thousand(clock, jobs=FEW + 50)
    new = "f" * 32
    async with watching(cluster, clock) as watch:
        watch.engine.poller.watch(JOBS_OVERVIEW())
        await watch.seconds(60)
        cluster.jobs[new] = OneJob()
        await watch.seconds(120)
        asked = [one for _, one in cluster.asked if one.startswith("jobs/") and one.endswith("/config")]
        assert [one for one in asked if "checkpoints" not in one] == [f"jobs/{new}/config"]
        assert watch.engine.judge.budget.spent <= ASKS_A_MINUTE


@pytest.mark.deep
async def test_an_operation_is_an_event_when_it_has_ended(tmp_path: Path) -> None:
    clock = ManualClock()
    jobmanager = JobManager(clock)
    ledger = tmp_path / "operations.db"
    async with watching(jobmanager, clock, ledger=ledger) as watch:
        await watch.seconds(5)
        watch.engine.operations.submit(Savepoint(JOB), "1" * 32)
        await watch.seconds(2)
        assert watch.events(EventKind.OPERATION) == []
        await watch.seconds(30)
        [event] = watch.events(EventKind.OPERATION)
        assert event.job == JOB
        assert event.words.endswith(": done")
        assert any(line.startswith("savepoint: ") for line in event.details.splitlines())
    async with watching(jobmanager, clock, watch.journal, ledger=ledger) as later:
        await later.seconds(30)
        assert len(later.events(EventKind.OPERATION)) == 1


async def test_operations_of_before_the_journal_are_filled_in(tmp_path: Path) -> None:
    clock = ManualClock()
    jobmanager = JobManager(clock)
    ledger = tmp_path / "operations.db"
    engine = Engine(Connection(URL), clock, transport=jobmanager, jitter=lambda: 1.0, ledger=ledger)
    engine.start()
    engine.operations.submit(Savepoint(JOB), "1" * 32)
    for _ in range(40):
        await clock.advance(1.0)
    await engine.stop()
    async with watching(jobmanager, clock, ledger=ledger) as later:
        await later.seconds(30)
        assert len(later.events(EventKind.OPERATION)) == 1
