"""A judge's memory in the journal: flinktop is ended and started again in the middle of trouble."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from msgspec.structs import replace

from flinktop.demo.scenarios import Cluster, known_jobs
from flinktop.demo.specs import HOUR, CheckpointSpec, Fate
from flinktop.engine.engine import Engine
from flinktop.engine.journal.journal import Journal
from flinktop.engine.judge_memory import NAME, SAVE_SECONDS, VERSION, decode, encode
from flinktop.flink.connection import Connection
from flinktop.flink.jobs import JOBS_OVERVIEW
from flinktop.judgement.finding import Finding, Kind, Severity
from flinktop.judgement.lost import Running
from flinktop.judgement.remembered import OfCluster, OfJob, OfLink, Standing
from flinktop.judgement.verdict import Verdict
from tests.demo_cluster import DemoCluster
from tests.depth import in_depth
from tests.manual_clock import ManualClock

URL = "http://flink.test:8081"
STEP = 2.0
"""Seconds, as between two rounds of the judge."""
CALM_TURNS = 12
MOST_TURNS = 3000
"""Turns in a second of the clock, where an answer is held."""
REFUSED = httpx.ConnectError("refused")


def shop(*, cycle: float = 14.0) -> Cluster:
    """A job that fails from the 5th second on, one whose checkpoints fail from the 20th, one that is well."""
    jobs = known_jobs()
    fails = CheckpointSpec(10, 1.0, timeout=5, failing=1.0, failing_since=20.0)
    return Cluster(
        (
            replace(jobs["inventory-sync"], name="stock", fate=Fate(5.0, cycle=cycle, fault="broker")),
            replace(jobs["user-profiles"], name="profiles", fate=Fate(-3 * HOUR), checkpoints=fails),
            replace(jobs["iot-telemetry-rollup"], name="telemetry", fate=Fate(-3 * HOUR)),
        )
    )


class Restarted:
    """One cluster and one journal, and an engine that can be ended and started again."""

    def __init__(self, release: str, own: Cluster, journal: Journal | None = None) -> None:
        self.clock = ManualClock()
        self.cluster = DemoCluster("", release, self.clock, own=own)
        self.journal = journal or Journal(None, self.clock, inline=True)
        self.engine = self._engine()

    def _engine(self) -> Engine:
        engine = Engine(
            Connection(URL),
            self.clock,
            transport=self.cluster,
            jitter=lambda: 1.0,
            journal=lambda: self.journal,
        )
        engine.start()
        engine.poller.watch(JOBS_OVERVIEW())
        return engine

    async def wait(self, seconds: float) -> None:
        for _ in range(int(seconds / STEP)):
            await self.clock.advance(STEP)
            calm = 0
            for _ in range(MOST_TURNS):
                await asyncio.sleep(0)
                calm = calm + 1 if self.engine.poller.idle() else 0
                if calm == CALM_TURNS:
                    break

    async def start_again(self, away: float = 0.0) -> None:
        """End flinktop and start it again after so many seconds."""
        await self.engine.stop()
        await self.clock.advance(away)
        self.engine = self._engine()

    def verdict(self, name: str) -> Verdict:
        return next(one for one in self.engine.judge.judged.verdicts.values() if one.name == name)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Of the cluster."""
        return self.engine.judge.judged.findings

    @property
    def kept(self) -> dict[str, bytes]:
        return self.journal.kept(NAME, URL)

    def seconds(self, finding: Finding) -> float:
        """Since when it is, by the demo's clock."""
        assert finding.since is not None
        return finding.since / 1000.0 - self.cluster.world.born


@asynccontextmanager
async def restarted(release: str = "2.3.0", own: Cluster | None = None) -> AsyncIterator[Restarted]:
    run = Restarted(release, own or shop())
    try:
        yield run
    finally:
        await run.engine.stop()
        run.journal.close(1.0)


@pytest.mark.deep
@pytest.mark.parametrize("release", in_depth(["1.9.3", "1.14.6", "1.20.5", "2.3.0"], ["2.3.0"]))
async def test_counts_and_first_times_are_right_after_a_restart_and_after_flinks_history(
    release: str,
) -> None:
    async with restarted(release) as run:
        await run.wait(260)
        loop, failing = run.verdict("stock").findings[0], run.verdict("profiles").findings[0]
        await run.start_again(40)
        await run.wait(80)
        told, since = run.verdict("stock"), run.seconds(run.verdict("stock").findings[0])
        # 380 s since the start, a failure every 14 s; Flink keeps 16, or none.
        assert told.kind == "restart-loop"
        times = int(told.words.split(" times")[0].rpartition(" ")[2])
        assert 23 <= times <= 27, told.words
        assert "more than" not in told.words
        assert since == run.seconds(loop) < 30
        assert told.findings[0].culprit == loop.culprit
        told = run.verdict("profiles")
        assert told.words.startswith("checkpoints-failing: the last 3"), told.words
        assert "or more" not in told.words
        assert run.seconds(told.findings[0]) == run.seconds(failing) < 40


@pytest.mark.deep
async def test_what_stood_stands_as_soon_as_the_jobs_are_listed() -> None:
    async with restarted() as run:
        await run.wait(80)
        before = {name: run.verdict(name) for name in ("stock", "profiles")}
        await run.start_again(20)
        run.cluster.hangs = lambda path: path.startswith("jobs/") and path != "jobs/overview"
        await run.wait(4)
        for name, verdict in before.items():
            assert run.verdict(name).findings[0].since == verdict.findings[0].since
            assert run.verdict(name).severity is Severity.CRITICAL
        run.cluster.release_held()
        for _ in range(10):
            await run.wait(4)
            assert {name: run.verdict(name).kind for name in before} == {
                name: verdict.kind for name, verdict in before.items()
            }


@pytest.mark.deep
async def test_what_has_ended_while_nobody_looked_is_seen_to_be_gone() -> None:
    async with restarted() as run:
        await run.wait(80)
        assert run.verdict("profiles").kind == "checkpoints-failing"
        profiles = run.verdict("profiles").job

        def completed(document: dict[str, Any]) -> dict[str, Any]:
            for one in document["history"][:3]:
                one["status"] = "COMPLETED"
            document["latest"]["completed"] = document["history"][0]
            return document

        run.cluster.changed[f"jobs/{profiles}/checkpoints"] = completed
        await run.start_again(60)
        await run.wait(20)
        assert run.verdict("profiles").kind != "checkpoints-failing"


@pytest.mark.deep
async def test_an_hour_later_a_loop_that_went_on_is_the_same_and_one_that_was_over_is_gone() -> None:
    async with restarted() as run:
        await run.wait(120)
        loop = run.verdict("stock").findings[0]
        await run.start_again(HOUR)
        await run.wait(30)
        assert "failed more than" in run.verdict("stock").words
        assert run.verdict("stock").findings[0].since == loop.since
        stock = run.verdict("stock").job
        run.cluster.changed[f"jobs/{stock}/exceptions"] = {
            "exceptionHistory": {"entries": [], "truncated": False}
        }
        await run.start_again(HOUR)
        await run.wait(4)
        assert run.verdict("stock").kind != "restart-loop"


# -- lost clusters and jobs ------------------------------------------------------------------------------


@pytest.mark.deep
async def test_a_cluster_that_is_down_at_the_start_is_lost_a_minute_later() -> None:
    async with restarted() as run:
        await run.wait(60)
        run.cluster.failure = REFUSED
        await run.start_again(HOUR)
        await run.wait(55)
        assert _kinds(run) == []
        await run.wait(12)
        (lost,) = run.findings
        assert (lost.kind, lost.severity) == (Kind.CLUSTER_LOST, Severity.CRITICAL)
        assert "no answer for 1 m, the last one came 1 h ago" in lost.words
        assert all(name in lost.words for name in ("stock", "profiles", "telemetry"))
        assert 57 <= run.seconds(lost) <= 60
        run.cluster.failure = None
        await run.wait(10)
        assert run.findings == ()


@pytest.mark.deep
async def test_an_outage_goes_on_over_a_restart() -> None:
    async with restarted() as run:
        await run.wait(60)
        run.cluster.failure = REFUSED
        await run.wait(100)
        (lost,) = run.findings
        await run.start_again(30)
        await run.wait(6)
        (again,) = run.findings
        assert abs(run.seconds(again) - run.seconds(lost)) < 1
        assert again.words.startswith("cluster-lost: no answer for 2 m")


async def test_a_cluster_that_never_answered_is_not_lost() -> None:
    run = Restarted("2.3.0", shop())
    run.cluster.failure = REFUSED
    await run.wait(60)
    await run.start_again(60)
    await run.wait(120)
    assert run.findings == ()
    assert run.kept == {}
    await run.engine.stop()


async def test_one_that_answered_over_a_day_ago_is_not_lost() -> None:
    async with restarted() as run:
        await run.wait(30)
        run.cluster.failure = REFUSED
        await run.start_again(25 * HOUR)
        await run.wait(90)
        assert run.findings == ()


async def test_a_login_that_is_refused_at_the_start_is_no_lost_cluster() -> None:
    async with restarted() as run:
        await run.wait(30)
        refused = (401, {"errors": ["no"]})
        run.cluster.changed |= dict.fromkeys(("config", "overview", "jobs/overview"), refused)
        await run.start_again(60)
        await run.wait(90)
        assert _kinds(run) == []


@pytest.mark.deep
async def test_a_cluster_whose_clock_is_ahead_is_remembered_by_its_own_time() -> None:
    async with restarted() as run:
        hour = int(HOUR * 1000)
        for job in json.loads(run.cluster.answer("/jobs/overview")[1])["jobs"]:
            run.cluster.changed[f"jobs/{job['jid']}"] = lambda document: {
                **document,
                "now": document["now"] + hour,
            }

        def listed(document: dict[str, Any], first: int = 0) -> dict[str, Any]:
            heard = "timeSinceLastHeartbeat"
            found = [{**one, heard: one[heard] + hour} for one in document["taskmanagers"][first:]]
            return {"taskmanagers": found}

        run.cluster.changed["taskmanagers"] = listed
        await run.wait(60)
        run.cluster.changed["taskmanagers"] = lambda document: listed(document, 1)
        # It may have been released meanwhile: nothing tells that it was lost.
        await run.start_again(120)
        await run.wait(60)
        assert _kinds(run) == []


def _other_jobmanager(run: Restarted) -> None:
    """Another JobManager answers, that has no jobs; the TaskManagers are the same."""
    run.cluster.changed["jobs/overview"] = {"jobs": []}
    run.cluster.changed["jobmanager/metrics"] = lambda document: [
        {**one, "value": "1000000"} if one["id"] == "Status.JVM.CPU.Time" else one for one in document
    ]


def _kinds(run: Restarted) -> list[str]:
    return [str(one.kind) for one in run.findings]


@pytest.mark.deep
async def test_jobs_that_went_with_their_jobmanager_while_nobody_looked_are_lost() -> None:
    async with restarted() as run:
        await run.wait(90)
        _other_jobmanager(run)
        await run.start_again(HOUR)
        await run.wait(50)
        assert _kinds(run) == []
        await run.wait(30)
        assert _kinds(run) == ["job-lost"] * 3
        assert "it was seen last 1 h ago" in run.findings[0].words
        run.cluster.hangs = lambda path: path == "jobs/overview"
        await run.start_again(30)
        await run.wait(6)
        assert _kinds(run) == ["job-lost"] * 3
        run.cluster.release_held()
        await run.wait(10)
        assert _kinds(run) == ["job-lost"] * 3


@pytest.mark.deep
async def test_another_cluster_at_the_same_address_does_not_cry_wolf() -> None:
    async with restarted() as run:
        await run.wait(80)
        assert _kinds(run) == []
        other = DemoCluster("", "2.3.0", run.clock, own=Cluster(shop().jobs[2:]))
        other.world = replace_seed(other)
        run.cluster = other
        _other_jobmanager(run)
        other.changed.pop("jobs/overview")
        await run.start_again(HOUR)
        for _ in range(9):
            await run.wait(10)
            assert _kinds(run) == []
        assert [one.severity for one in run.engine.judge.judged.verdicts.values()] == [Severity.OK]


def replace_seed(cluster: DemoCluster) -> Any:
    """The same world with other ids."""
    from dataclasses import replace as replaced  # noqa: PLC0415 -- of a dataclass, not of a Struct

    from flinktop.demo.transport import DemoTransport  # noqa: PLC0415

    world = replaced(cluster.world, seed=7)
    opened = cluster._transport._now
    cluster._transport = DemoTransport(world, opened)
    return world


@pytest.mark.deep
async def test_a_taskmanager_that_was_lost_stays_so() -> None:
    async with restarted() as run:
        await run.wait(60)
        gone = json.loads(run.cluster.answer("/taskmanagers")[1])["taskmanagers"][0]["id"]
        run.cluster.changed["taskmanagers"] = lambda document: {
            "taskmanagers": [one for one in document["taskmanagers"] if one["id"] != gone]
        }
        await run.wait(30)
        (lost,) = run.findings
        assert (lost.kind, lost.culprit.taskmanager) == (Kind.TASKMANAGER_LOST, gone)
        await run.start_again(120)
        await run.wait(4)
        assert [(one.kind, one.since) for one in run.findings] == [(lost.kind, lost.since)]
        await run.wait(60)
        assert [(one.kind, one.since) for one in run.findings] == [(lost.kind, lost.since)]


@pytest.mark.deep
async def test_one_that_went_between_two_flinktops_is_lost() -> None:
    async with restarted() as run:
        await run.wait(60)
        gone = json.loads(run.cluster.answer("/taskmanagers")[1])["taskmanagers"][0]["id"]
        run.cluster.changed["taskmanagers"] = lambda document: {
            "taskmanagers": [one for one in document["taskmanagers"] if one["id"] != gone]
        }
        await run.start_again(5)
        await run.wait(40)
        assert [one.culprit.taskmanager for one in run.findings] == [gone]


# -- what is kept ----------------------------------------------------------------------------------------


@pytest.mark.deep
async def test_a_job_that_comes_back_with_its_id_is_remembered() -> None:
    """As with high availability, where another JobManager recovers it."""
    async with restarted() as run:
        await run.wait(80)
        loop = run.verdict("stock").findings[0]
        run.cluster.changed["jobs/overview"] = {"jobs": []}
        await run.wait(30)
        assert run.engine.judge.judged.verdicts == {}
        await run.start_again(10)
        await run.wait(10)
        run.cluster.changed.pop("jobs/overview")
        await run.wait(20)
        assert run.verdict("stock").findings[0].since == loop.since


@pytest.mark.deep
async def test_of_jobs_that_are_well_nothing_is_kept() -> None:
    async with restarted(own=Cluster(shop().jobs[2:])) as run:
        await run.wait(120)
        assert set(run.kept) == {"cluster", "link"}


@pytest.mark.deep
async def test_what_is_over_is_deleted_and_so_is_what_is_a_day_old() -> None:
    async with restarted() as run:
        await run.wait(80)
        stock = run.verdict("stock").job
        assert stock in run.kept
        run.cluster.changed["jobs/overview"] = {"jobs": []}
        await run.wait(30)
        assert stock in run.kept
        await run.start_again(25 * HOUR)
        await run.wait(30)
        assert set(run.kept) == {"cluster", "link"}


@pytest.mark.deep
async def test_little_is_written_and_not_often() -> None:
    class Counted(Journal):
        written: list[tuple[float, str, int]]

        def keep(self, name: str, cluster: str, key: str, value: bytes | None) -> None:
            if name == NAME:
                self.written.append((self._clock.now(), key, len(value or b"")))
            super().keep(name, cluster, key, value)

    run = Restarted("2.3.0", shop(cycle=240.0))
    await run.engine.stop()
    run.journal = journal = Counted(None, run.clock, inline=True)
    journal.written = []
    run.engine = run._engine()
    await run.wait(60)
    journal.written.clear()
    await run.wait(120)
    times = sorted({at for at, _, _ in journal.written})
    assert min(b - a for a, b in pairwise(times)) >= SAVE_SECONDS
    keys = [key for _, key, _ in journal.written]
    assert keys.count("link") <= 13
    assert keys.count("cluster") <= 4
    assert sum(size for _, _, size in journal.written) < 60_000
    await run.engine.stop()


async def test_a_history_server_is_not_remembered() -> None:
    async with restarted() as run:
        run.cluster.changed["overview"] = (404, {"errors": ["Unable to load requested file /overview.json."]})
        await run.wait(60)
        assert run.engine.features.history_server
        assert run.kept == {}


@pytest.mark.deep
async def test_a_journal_on_disk_is_read_before_the_first_round(tmp_path: Path) -> None:
    run = Restarted("2.3.0", shop())
    await run.engine.stop()
    run.journal = Journal(tmp_path / "journal.db", run.clock, inline=True)
    run.engine = run._engine()
    await _until(lambda: run.engine._memory is not None)
    await run.wait(70)
    loop = run.verdict("stock").findings[0]
    await run.engine.stop()
    run.journal.close(1.0)
    run.journal = Journal(tmp_path / "journal.db", run.clock, inline=True)
    await run.clock.advance(60)
    run.engine = run._engine()
    await _until(lambda: run.engine._memory is not None)
    await run.wait(4)
    assert run.verdict("stock").findings[0].since == loop.since
    await run.engine.stop()
    run.journal.close(1.0)


async def _until(done: Callable[[], bool]) -> None:
    """Turns of the loop until a thread has done its work."""
    while not done():  # noqa: ASYNC110 -- nothing tells
        await asyncio.sleep(0)


# -- as bytes --------------------------------------------------------------------------------------------

NOW = 1_700_000_000_000.0


def standing(words: str) -> OfJob:
    finding = Finding(kind=Kind.RESTARTING, severity=Severity.WARNING, words=words)
    return OfJob(at=NOW, standing=(Standing(finding=finding, first=NOW - 1000.0, raised=True),))


def test_what_is_kept_is_read_again() -> None:
    job, link = standing("restarting: x"), OfLink(at=NOW, answered=NOW)
    kept = {"a" * 32: encode(job), "cluster": encode(OfCluster(at=NOW)), "link": encode(link)}
    found = decode(kept, NOW)
    assert (found.jobs, found.link) == ({"a" * 32: job}, link)
    assert found.cluster == OfCluster(at=NOW, running=Running(at=NOW))


def test_secrets_are_removed() -> None:
    found = encode(standing("restarting: jdbc:mysql://shop:geheim@db/x?password=geheim failed"))
    assert b"geheim" not in found
    assert b"******" in found


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\xff\x00", id="bytes"),
        pytest.param(b"[]", id="other JSON"),
        pytest.param(b'{"version": 1}', id="without a value"),
        pytest.param(b'{"version": 1, "value": {"at": "x"}}', id="another form"),
        pytest.param(msgspec.json.encode({"version": VERSION + 1, "value": {"at": NOW}}), id="newer"),
    ],
)
def test_what_can_not_be_read_is_dropped(value: bytes) -> None:
    good = encode(standing("restarting: x"))
    found = decode({"bad": value, "good": good, "cluster": value, "link": value}, NOW)
    assert (set(found.jobs), found.cluster, found.link) == ({"good"}, None, None)


def test_what_is_of_another_day_is_dropped() -> None:
    kept = {"a": encode(standing("restarting: x")), "cluster": encode(OfCluster(at=NOW))}
    found = decode(kept, NOW + 25 * HOUR * 1000)
    assert (found.jobs, found.cluster) == ({}, None)
