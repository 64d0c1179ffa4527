"""`flinktop status` with what a flinktop remembers in the journal."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from flinktop.engine.engine import Engine
from flinktop.engine.journal.journal import Journal
from flinktop.engine.judge_memory import NAME, encode
from flinktop.flink.connection import Connection
from flinktop.flink.jobs import JOBS_OVERVIEW
from flinktop.headless.status_args import StatusArgs
from flinktop.headless.status_json import as_object
from flinktop.headless.status_text import lines
from flinktop.judgement.finding import Culprit, Finding, Kind, Severity
from flinktop.judgement.lost import Running
from flinktop.judgement.remembered import OfCluster, OfJob, OfLink, Standing
from flinktop.judgement.rules import Rule
from tests.demo_cluster import DemoCluster
from tests.engine.test_judge_memory import shop
from tests.headless.looked import Looked, job, look
from tests.manual_clock import ManualClock

URL = "http://prod:8081"
MINUTE, HOUR = 60_000.0, 3_600_000.0
BRIEF = StatusArgs(wait=5.0)


class Kept:
    """A journal's file, as another flinktop has left it; times in ms before now."""

    def __init__(self, path: Path, clock: ManualClock) -> None:
        self.path = path
        self.now = clock.wall() * 1000.0
        self.clock = clock

    def keep(self, **values: Any) -> None:
        journal = Journal(self.path, self.clock, inline=True)
        for key, value in values.items():
            journal.keep(NAME, URL, key, encode(value))
        journal.close(1.0)

    def link(self, answered: float, *, vain: float | None = None, at: float | None = None) -> OfLink:
        return OfLink(
            at=self.now - (answered if at is None else at),
            answered=self.now - answered,
            vain=self.now - vain if vain is not None else None,
        )

    def running(self, ago: float, **names: str) -> OfCluster:
        return OfCluster(
            at=self.now - ago,
            running=Running(names=names, at=self.now - ago, processor_time=9e18, taskmanagers=("tm",)),
        )


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def kept(tmp_path: Path, clock: ManualClock) -> Kept:
    return Kept(tmp_path / "journal.db", clock)


def cluster_of(found: Looked) -> dict[str, Any]:
    return as_object(found.status)["clusters"][0]  # type: ignore[no-any-return]


class Down(httpx.AsyncBaseTransport):
    """A cluster that does not answer, for so many requests."""

    def __init__(self, cluster: DemoCluster, refused: float = float("inf")) -> None:
        self.cluster = cluster
        self.refused = refused
        self.asked = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        if self.asked <= self.refused:
            raise httpx.ConnectError("refused")
        return await self.cluster.handle_async_request(request)


# -- a cluster that does not answer ----------------------------------------------------------------------


def test_a_cluster_that_answered_within_an_hour_is_lost(kept: Kept, clock: ManualClock) -> None:
    kept.keep(link=kept.link(30 * MINUTE), cluster=kept.running(30 * MINUTE, a="orders", b="billing"))
    down = Down(DemoCluster("mixed", "1.20.5", clock))
    found = look({"prod": down}, clock=clock, journal=kept.path)
    one = cluster_of(found)
    assert (one["reachable"], one["jobs"], found.status.code) == (False, [], 2)
    assert one["error"]
    (lost,) = one["findings"]
    assert (lost["kind"], lost["severity"]) == ("cluster-lost", "critical")
    assert "its last known jobs: orders, billing" in lost["words"]
    assert lost["since"] == "2023-11-14T21:43:20Z"
    text = list(lines(found.status, explain=False))
    assert "can't be asked" in text[0]
    assert "cluster-lost" in text[1]
    # It may be that the JobManager has just restarted: it is asked again.
    assert 8 < found.seconds < 12


@pytest.mark.deep
def test_one_that_comes_back_meanwhile_is_judged(kept: Kept, clock: ManualClock) -> None:
    kept.keep(link=kept.link(30 * MINUTE))
    found = look({"prod": Down(DemoCluster("mixed", "1.20.5", clock), 2)}, clock=clock, journal=kept.path)
    assert cluster_of(found)["reachable"]
    assert cluster_of(found)["jobs"]


def test_an_outage_that_a_flinktop_has_seen_is_said_at_once(kept: Kept, clock: ManualClock) -> None:
    kept.keep(link=kept.link(5 * MINUTE, vain=5 * MINUTE, at=1000))
    found = look({"prod": Down(DemoCluster("mixed", "1.20.5", clock))}, clock=clock, journal=kept.path)
    assert (found.status.code, found.seconds < 1) == (2, True)
    assert cluster_of(found)["findings"][0]["words"].startswith("cluster-lost: no answer for 5 m")


@pytest.mark.parametrize("answered", [30_000.0, 61 * MINUTE, None], ids=["just now", "long ago", "never"])
def test_else_it_can_not_be_asked(kept: Kept, clock: ManualClock, answered: float | None) -> None:
    if answered is not None:
        kept.keep(link=kept.link(answered))
    found = look({"prod": Down(DemoCluster("mixed", "1.20.5", clock))}, clock=clock, journal=kept.path)
    assert (found.status.code, cluster_of(found)["findings"]) == (3, [])
    assert found.seconds < 1


def test_a_login_that_is_refused_is_no_lost_cluster(kept: Kept, clock: ManualClock) -> None:
    kept.keep(link=kept.link(30 * MINUTE))
    cluster = DemoCluster("mixed", "1.20.5", clock)
    cluster.changed["config"] = (401, {"errors": ["no"]})
    found = look({"prod": cluster}, clock=clock, journal=kept.path)
    assert (found.status.code, cluster_of(found)["findings"]) == (3, [])


def test_what_the_config_says_of_lost_clusters_holds(kept: Kept, clock: ManualClock) -> None:
    kept.keep(link=kept.link(30 * MINUTE))
    down = {"prod": Down(DemoCluster("mixed", "1.20.5", clock))}
    found = look(down, clock=clock, journal=kept.path, rules=(Rule(kinds=("cluster-lost",), off=True),))
    assert (found.status.code, cluster_of(found)["findings"]) == (3, [])


# -- jobs ------------------------------------------------------------------------------------------------


def _restarted(clock: ManualClock) -> DemoCluster:
    """Another JobManager that does not list the jobs of before; a TaskManager is the same."""
    cluster = DemoCluster("mixed", "1.20.5", clock)
    cluster.changed["taskmanagers"] = lambda document: {
        "taskmanagers": [{**one, "id": "tm"} for one in document["taskmanagers"][:1]]
    }
    return cluster


@pytest.mark.deep
@pytest.mark.parametrize(("ago", "lost"), [(5 * MINUTE, True), (6 * HOUR, True), (20_000.0, False)])
def test_a_job_that_went_with_its_jobmanager_is_an_entry_of_its_own(
    kept: Kept, clock: ManualClock, ago: float, *, lost: bool
) -> None:
    kept.keep(link=kept.link(ago), cluster=kept.running(ago, **{"a" * 32: "billing-eu"}))
    found = look({"prod": _restarted(clock)}, clock=clock, journal=kept.path)
    entries = [one for one in cluster_of(found)["jobs"] if one["kind"] == "job-lost"]
    assert bool(entries) is lost
    for one in entries:
        assert (one["id"], one["name"], one["state"]) == ("a" * 32, "billing-eu", None)
        assert one["severity"] == "critical"
        assert one["findings"][0]["since"] is not None
    assert not [one for one in cluster_of(found)["findings"] if one["kind"] == "job-lost"]


@pytest.mark.parametrize(("name", "there"), [("billing-*", True), ("a" * 8, True), ("orders", False)])
def test_a_lost_job_can_be_named(kept: Kept, clock: ManualClock, name: str, *, there: bool) -> None:
    kept.keep(link=kept.link(5 * MINUTE), cluster=kept.running(5 * MINUTE, **{"a" * 32: "billing-eu"}))
    args = StatusArgs(wait=5.0, job=name)
    found = look({"prod": _restarted(clock)}, args, clock=clock, journal=kept.path)
    assert [one["kind"] for one in cluster_of(found)["jobs"]] == (["job-lost"] if there else [])
    assert found.status.missing_job == (None if there else name)


def test_another_cluster_at_the_same_address_has_lost_none(kept: Kept, clock: ManualClock) -> None:
    kept.keep(link=kept.link(HOUR), cluster=kept.running(HOUR, **{"a" * 32: "billing-eu"}))
    found = look({"prod": DemoCluster("mixed", "1.20.5", clock)}, BRIEF, clock=clock, journal=kept.path)
    assert "job-lost" not in [one["kind"] for one in cluster_of(found)["jobs"]]


@pytest.mark.deep
def test_what_a_flinktop_has_found_is_said_in_one_look_with_its_time(kept: Kept, clock: ManualClock) -> None:
    cluster = DemoCluster("mixed", "1.20.5", clock)
    well = "iot-telemetry-rollup"
    before = look({"prod": cluster}, BRIEF, clock=clock)
    assert job(as_object(before.status), well)["severity"] == "ok"
    jid = job(as_object(before.status), well)["id"]
    now = clock.wall() * 1000.0
    culprit = Culprit(vertex="v", vertex_name="Source: telemetry")
    found = Finding(kind=Kind.NO_DATA, severity=Severity.INFO, words="no-data: Source", culprit=culprit)
    standing = Standing(finding=found, vertex="v", first=now - HOUR, raised=True)
    kept.keep(**{jid: OfJob(at=now, standing=(standing,)), "link": kept.link(0, at=0)})
    after = job(as_object(look({"prod": cluster}, BRIEF, clock=clock, journal=kept.path).status), well)
    assert after["kind"] == "no-data"
    assert after["findings"][0]["since"] is not None
    late = ManualClock(clock.wall() + 300)
    cluster = DemoCluster("mixed", "1.20.5", late)
    again = job(as_object(look({"prod": cluster}, BRIEF, clock=late, journal=kept.path).status), well)
    assert again["severity"] == "ok"


@pytest.mark.deep
def test_status_counts_as_the_flinktop_does_that_watches(tmp_path: Path) -> None:
    """A loop and failing checkpoints that Flink has forgotten the beginning of."""
    clock = ManualClock()
    cluster = DemoCluster("", "2.3.0", clock, own=shop())
    path = tmp_path / "journal.db"

    async def watch(seconds: int) -> None:
        journal = Journal(None, clock, inline=True)
        engine = Engine(
            Connection(URL), clock, transport=cluster, jitter=lambda: 1.0, journal=lambda: journal
        )
        engine.start()
        engine.poller.watch(JOBS_OVERVIEW())
        for _ in range(seconds // 2):
            await clock.advance(2.0)
            for _ in range(200):
                await asyncio.sleep(0)
        await engine.stop()
        on_disk = Journal(path, clock, inline=True)
        for key, value in journal.kept(NAME, URL).items():
            on_disk.keep(NAME, URL, key, value)
        on_disk.close(1.0)

    asyncio.run(watch(280))
    without = as_object(look({"prod": cluster}, BRIEF, clock=clock).status)
    found = as_object(look({"prod": cluster}, BRIEF, clock=clock, journal=path).status)
    assert "earliest known failure" in job(without, "stock")["words"]
    assert "the last 10 or more checkpoints" in job(without, "profiles")["words"]
    assert "earliest known" not in job(found, "stock")["words"]
    assert "or more" not in job(found, "profiles")["words"]
    since = {name: job(found, name)["findings"][0]["since"] for name in ("stock", "profiles")}
    assert since["stock"] < job(without, "stock")["findings"][0]["since"]
    assert since["stock"] < "2023-11-14T22:13:50Z"
    assert since["profiles"] == "2023-11-14T22:13:49Z"


# -- the file --------------------------------------------------------------------------------------------


@pytest.fixture
def healthy(clock: ManualClock) -> DemoCluster:
    return DemoCluster("mixed", "1.20.5", clock)


def test_without_a_file_none_is_made(tmp_path: Path, clock: ManualClock, healthy: DemoCluster) -> None:
    path = tmp_path / "state" / "journal.db"
    found = look({"prod": healthy}, BRIEF, clock=clock, journal=path)
    assert found.status.code in {0, 1, 2}
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written(kept: Kept, clock: ManualClock, healthy: DemoCluster) -> None:
    kept.keep(link=kept.link(5 * MINUTE), cluster=kept.running(5 * MINUTE, a="x"))
    before = kept.path.read_bytes()
    kept.path.chmod(stat.S_IRUSR)
    look({"prod": healthy}, BRIEF, clock=clock, journal=kept.path)
    assert kept.path.read_bytes() == before
    assert [one.name for one in kept.path.parent.iterdir()] == ["journal.db"]


def _damaged(path: Path) -> Iterator[None]:
    path.write_bytes(b"SQLite format 3\0" + b"\xff" * 4000)
    yield


def _no_database(path: Path) -> Iterator[None]:
    path.write_text("hello " * 500)
    yield


def _newer(path: Path) -> Iterator[None]:
    with closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA user_version = 99")
        file.execute("CREATE TABLE x (y)")
        file.commit()
    yield


def _locked(path: Path) -> Iterator[None]:
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        file.execute("BEGIN EXCLUSIVE")
        yield
        file.execute("ROLLBACK")


def _directory(path: Path) -> Iterator[None]:
    path.unlink(missing_ok=True)
    path.mkdir()
    yield


@pytest.mark.deep
@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        pytest.param(_damaged, "", id="damaged"),
        pytest.param(_no_database, "not a database", id="no database"),
        pytest.param(_newer, "another version of flinktop", id="newer"),
        pytest.param(_locked, "locked", id="locked"),
        pytest.param(_directory, "", id="a directory"),
    ],
)
def test_one_that_can_not_be_read_is_none_and_it_is_said(
    kept: Kept, healthy: DemoCluster, capsys: pytest.CaptureFixture[str], spoil: Any, why: str
) -> None:
    if spoil in (_locked, _damaged):
        kept.keep(link=kept.link(5 * MINUTE))
    spoiling = spoil(kept.path)
    next(spoiling)
    found = look({"prod": healthy}, BRIEF, clock=kept.clock, journal=kept.path)
    next(spoiling, None)
    assert len(cluster_of(found)["jobs"]) > 5
    told = capsys.readouterr().err
    assert told.startswith(f"flinktop: the journal {kept.path} can't be read (")
    assert why in told
    assert told.endswith("; judging without it\n")


@pytest.mark.deep
def test_an_empty_journal_changes_nothing(kept: Kept, clock: ManualClock) -> None:
    kept.keep()
    Journal(kept.path, clock, inline=True).close(1.0)
    kept.path.touch()
    other = ManualClock()
    without = look({"prod": DemoCluster("mixed", "2.3.0", other)}, clock=other)
    found = look({"prod": DemoCluster("mixed", "2.3.0", clock)}, clock=clock, journal=kept.path)
    assert as_object(found.status) == as_object(without.status)
