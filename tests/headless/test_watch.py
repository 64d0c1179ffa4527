"""`flinktop watch` on clusters of a test, by a clock that the test moves on: what it says and serves."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from flinktop.alert_rules import Notify
from flinktop.allowed import SettingsError
from flinktop.demo.scenarios import Cluster, many_jobs
from flinktop.demo.specs import CheckpointSpec, Fate
from flinktop.engine.alerts.hook import HookRunner, Problem
from flinktop.engine.journal.event import EventKind, Question
from flinktop.engine.journal.journal import Journal
from flinktop.finding_rules import FindingRule
from flinktop.flink.connection import Connection
from flinktop.headless.cluster_args import WatchArgs
from flinktop.headless.ending import Ending
from flinktop.headless.watch import FIRST_ROUND_SECONDS, Watcher
from flinktop.headless.watch_lines import Line, What, as_json, as_text
from flinktop.headless.watched_cluster import LOST_SECONDS
from flinktop.settings import Paths, Profile, Settings
from tests.demo_cluster import DemoCluster
from tests.depth import in_depth
from tests.headless.exposition import Sample, parsed, sample
from tests.headless.looked import profile
from tests.manual_clock import ManualClock, settle

DAY = 86_400.0
ILL_AT = 60.0
REFUSED = httpx.ConnectError("refused")


def settings(home: Path, **more: Any) -> Settings:
    paths = Paths(home / "config.toml", home / "state", home / "state" / "flinktop.log")
    return Settings(
        profiles=(),
        default=None,
        theme="dark",
        ascii=False,
        no_color=False,
        mouse=False,
        debug=False,
        paths=paths,
        notes=(),
        **more,
    )


class Watched:
    """A watcher that runs, and what it has said."""

    def __init__(self, watcher: Watcher, clock: ManualClock, lines: list[Line]) -> None:
        self.watcher = watcher
        self.clock = clock
        self.lines = lines

    async def passes(self, seconds: float) -> None:
        """Time passes for everybody, in steps in which answers come."""
        end = self.clock.now() + seconds
        while self.clock.now() < end:
            await self.clock.advance(min(0.5, end - self.clock.now()))
            await settle()

    def said(self, what: What | None = None, target: str = "") -> list[str]:
        return [
            line.words for line in self.lines if what in (None, line.what) and target in ("", line.target)
        ]

    def metrics(self) -> list[Sample]:
        return parsed(self.watcher.metrics().body)

    def up(self) -> dict[str, float]:
        return {labels["cluster"]: value for name, labels, value in self.metrics() if name == "flinktop_up"}


class Asks(Ending):
    """An end that the test asks for."""

    def on_signal(self, ask: Any) -> None:
        self.end = ask


@contextlib.asynccontextmanager
async def watching(
    home: Path,
    clusters: Mapping[str, httpx.AsyncBaseTransport],
    clock: ManualClock,
    *,
    args: WatchArgs = WatchArgs(),  # noqa: B008 -- frozen
    expect: tuple[str, ...] = (),
    journal: Journal | None = None,
    hooks: HookRunner | None = None,
    **of_settings: Any,
) -> AsyncIterator[Watched]:
    lines: list[Line] = []
    watcher = Watcher(
        settings(home, **of_settings),
        [profile(name, expect=expect) for name in clusters],
        args,
        clock,
        lines.append,
        journal=journal,
        hooks=hooks,
        transport=lambda one: clusters[one.name],
    )
    watcher.prepare()
    ending = Asks()
    task = asyncio.create_task(watcher.run(ending))
    await settle()
    try:
        yield Watched(watcher, clock, lines)
    finally:
        ending.end()
        await settle()
        await task


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.mark.deep
async def test_what_is_wrong_is_said_without_any_config(tmp_path: Path, clock: ManualClock) -> None:
    cluster = DemoCluster("mixed", "1.20.5", clock)
    async with watching(tmp_path, {"prod": cluster}, clock) as watched:
        await watched.passes(60)
        raised = [line for line in watched.lines if line.what is What.RAISED]
        assert "restart-loop" in {str(line.finding.kind) for line in raised if line.finding}
        assert all(line.target == "prod" and line.url == "http://prod:8081" for line in raised)
        assert all(line.job and line.job_name for line in raised)
        # Text and JSON of each.
        assert all(len(json.loads(as_json(line))) == 10 and "  prod  " in as_text(line) for line in raised)
        known = len(raised)
        await watched.passes(30)
        again = [
            (line.job, line.finding and line.finding.kind)
            for line in watched.lines
            if line.what is What.RAISED
        ]
        assert len(again) == len(set(again)) >= known


@pytest.mark.deep
async def test_two_clusters_of_which_one_hangs(tmp_path: Path, clock: ManualClock) -> None:
    hangs, well = DemoCluster("mixed", "1.20.5", clock), DemoCluster("mixed", "1.20.5", clock)
    hangs.hangs = lambda _path: True
    ready = tmp_path / "ready"
    async with watching(
        tmp_path, {"hangs": hangs, "well": well}, clock, args=WatchArgs(ready_file=str(ready))
    ) as watched:
        await watched.passes(FIRST_ROUND_SECONDS - 2)
        assert not ready.exists()
        assert watched.up() == {"hangs": 0.0, "well": 1.0}
        await watched.passes(4)
        assert ready.exists()
        await watched.passes(60)
        assert watched.said(What.RAISED, "well")
        assert not watched.said(What.RAISED, "hangs")
        assert watched.up() == {"hangs": 0.0, "well": 1.0}
        hangs.release_held()
        await watched.passes(60)
        assert watched.said(What.RAISED, "hangs")
        assert watched.up() == {"hangs": 1.0, "well": 1.0}
    assert not ready.exists()


@pytest.mark.deep
async def test_a_cluster_that_is_away_is_said_once_and_when_it_is_back(
    tmp_path: Path, clock: ManualClock
) -> None:
    cluster = DemoCluster("healthy", "1.20.5", clock)
    cluster.failure = REFUSED
    async with watching(tmp_path, {"prod": cluster}, clock) as watched:
        await watched.passes(600)
        (lost,) = watched.said(What.LOST)
        assert lost.startswith("it can't be asked: ")
        assert lost.endswith("; it is asked again until it answers")
        # With pauses: not every second.
        assert len(cluster.asked) < 600 / 5
        cluster.failure = None
        await watched.passes(15)
        (back,) = watched.said(What.BACK)
        assert back.startswith("it answers again after 10 m")


@pytest.mark.deep
async def test_a_connection_that_drops_for_a_moment_is_not_said(tmp_path: Path, clock: ManualClock) -> None:
    cluster = DemoCluster("healthy", "1.20.5", clock)
    async with watching(tmp_path, {"prod": cluster}, clock) as watched:
        await watched.passes(20)
        cluster.failure = REFUSED
        await watched.passes(LOST_SECONDS - 5)
        assert watched.up() == {"prod": 1.0}
        cluster.failure = None
        await watched.passes(20)
        assert not watched.said(What.LOST)
        cluster.failure = REFUSED
        await watched.passes(LOST_SECONDS + 10)
        assert len(watched.said(What.LOST)) == 1
        assert watched.up() == {"prod": 0.0}


async def test_another_reason_of_the_same_outage_is_said_too(tmp_path: Path, clock: ManualClock) -> None:
    cluster = DemoCluster("healthy", "1.20.5", clock)
    cluster.failure = REFUSED
    async with watching(tmp_path, {"prod": cluster}, clock) as watched:
        await watched.passes(30)
        cluster.failure = None
        cluster.changed = {
            path: (401, {"errors": ["who are you"]}) for path in ("config", "jobs/overview", "overview")
        }
        await watched.passes(60)
        assert len(watched.said(What.LOST)) == 2
        assert "who are you" in watched.said(What.LOST)[1]


async def test_a_lost_cluster_is_an_alert_and_its_jobs_are_no_gauges(
    tmp_path: Path, clock: ManualClock
) -> None:
    cluster = DemoCluster("healthy", "1.20.5", clock)
    async with watching(tmp_path, {"prod": cluster}, clock) as watched:
        await watched.passes(30)
        assert sample(watched.metrics(), "flinktop_job_severity")
        cluster.failure = REFUSED
        await watched.passes(120)
        raised = [
            str(line.finding.kind) for line in watched.lines if line.what is What.RAISED and line.finding
        ]
        assert raised == ["cluster-lost"]
        names = {name for name, _, _ in watched.metrics()}
        assert "flinktop_job_severity" not in names
        assert sample(watched.metrics(), "flinktop_finding")[1]["kind"] == "cluster-lost"
        assert sample(watched.metrics(), "flinktop_age_seconds")[2] > 100


@pytest.mark.deep
async def test_gauges_have_the_names_and_labels_of_status(tmp_path: Path, clock: ManualClock) -> None:
    cluster = DemoCluster("mixed", "1.20.5", clock)
    async with watching(tmp_path, {"prod": cluster}, clock) as watched:
        await watched.passes(60)
        found = watched.metrics()
    names = {name for name, _, _ in found}
    assert names == {
        "flinktop_up",
        "flinktop_success",
        "flinktop_timestamp_seconds",
        "flinktop_age_seconds",
        "flinktop_job_severity",
        "flinktop_finding",
    }
    ill = next(labels for name, labels, _ in found if name == "flinktop_finding")
    assert set(ill) == {"cluster", "job", "job_id", "kind", "severity", "vertex", "subtasks", "taskmanager"}


@pytest.mark.deep
async def test_a_missing_job_is_a_gauge_of_its_name(tmp_path: Path, clock: ManualClock) -> None:
    cluster = DemoCluster("healthy", "1.20.5", clock)
    async with watching(tmp_path, {"prod": cluster}, clock, expect=("no-such-job",)) as watched:
        await watched.passes(90)
        missing = [
            labels
            for name, labels, _ in watched.metrics()
            if name == "flinktop_job_severity" and labels["kind"] == "job-missing"
        ]
        (line,) = [line for line in watched.lines if line.what is What.RAISED]
    assert [labels["job"] for labels in missing] == ["no-such-job"]
    assert (line.job, line.job_name) == ("", "no-such-job")


@pytest.mark.deep
async def test_each_of_many_jobs_is_a_gauge(tmp_path: Path, clock: ManualClock) -> None:
    cluster = DemoCluster("many-jobs", "1.20.5", clock)
    async with watching(tmp_path, {"prod": cluster}, clock) as watched:
        await watched.passes(30)
        found = [labels for name, labels, _ in watched.metrics() if name == "flinktop_job_severity"]
    listed = {one["jid"] for one in cluster.document("jobs/overview")["jobs"]}
    named = {labels["job_id"] for labels in found}
    assert len(named) == len(found)
    # Only suspects that were not looked at yet are not there.
    assert len(listed - named) < len(listed) / 20
    assert sum(labels["kind"] == "healthy" for labels in found) > 800


@pytest.mark.deep
@pytest.mark.parametrize("jobs", in_depth([3, 10, 20], [3]))
@pytest.mark.parametrize("ill", ["failed", "checkpoints-failing"])
async def test_what_turns_ill_is_said_within_15_seconds(
    tmp_path: Path, clock: ManualClock, ill: str, jobs: int
) -> None:
    specs = [replace(spec, fate=Fate(-DAY)) for spec in many_jobs(jobs)]
    if ill == "failed":
        specs[-1] = replace(specs[-1], fate=Fate(-DAY, ended=ILL_AT, end="FAILED", fault="broker"))
    else:
        fails = CheckpointSpec(20, 2, failing=1.0, failing_since=ILL_AT, reason="Could not materialize it.")
        specs[-1] = replace(specs[-1], checkpoints=fails)
    cluster = DemoCluster("healthy", "1.20.5", clock, own=Cluster(tuple(specs), slots_each=32))
    opened, turned = clock.now(), ILL_AT
    if ill != "failed":
        taken = cluster.world.checkpoints[-1]
        assert taken is not None
        after = (taken.taken(taken.count_at(ILL_AT) + number) for number in range(1, 9))
        turned = next(one.ends for one in after if one.failure is not None)
    async with watching(tmp_path, {"prod": cluster}, clock) as watched:
        await watched.passes(turned - 0.5)
        assert not watched.said(What.RAISED)
        await watched.passes(opened + turned + 15.0 - clock.now())
        (line,) = [line for line in watched.lines if line.what is What.RAISED]
        assert line.finding is not None
        assert (line.job_name, str(line.finding.kind)) == (specs[-1].name, ill)


@pytest.mark.deep
async def test_the_command_of_the_config_is_called(tmp_path: Path, clock: ManualClock) -> None:
    cluster = DemoCluster("restart-loop", "1.20.5", clock)
    called = tmp_path / "called"
    notify = Notify(command=("sh", "-c", 'cat >>"$0"', str(called)))
    hooks = HookRunner(notify.command, clock)
    async with watching(tmp_path, {"prod": cluster}, clock, hooks=hooks, notify=notify) as watched:
        await watched.passes(60)
        raised = {(line.job, str(line.finding.kind)) for line in watched.lines if line.finding}
    await asyncio.to_thread(until_idle, hooks)
    (call,) = map(json.loads, called.read_text().splitlines())
    assert (call["event"], call["target"], call["url"]) == ("raised", "prod", "http://prod:8081")
    assert {(one["job"]["id"], one["finding"]["kind"]) for one in call["alerts"]} <= raised
    hooks.close(0.0, 10.0)


def test_a_command_that_fails_is_said_once_an_hour(tmp_path: Path, clock: ManualClock) -> None:
    hooks, lines = HookRunner(("no-such-command",), clock), list[Line]()
    watcher = Watcher(settings(tmp_path), [profile()], WatchArgs(), clock, lines.append, hooks=hooks)
    began = clock.wall()
    for minute in range(0, 150, 10):
        asyncio.run(clock.advance(600.0))
        hooks.problems = (Problem("The command was not found.", began + minute * 60.0, minute),)
        watcher.look()
    notes = [line.words for line in lines if line.what is What.NOTE]
    assert notes == ["The command was not found."] * 3


def until_idle(hooks: HookRunner) -> None:
    with hooks._lock:
        assert hooks._lock.wait_for(lambda: not hooks._waiting and not hooks._running, 20.0)


@pytest.mark.deep
async def test_all_clusters_remember_in_one_journal(tmp_path: Path, clock: ManualClock) -> None:
    clusters = {name: DemoCluster("restart-loop", "1.20.5", clock) for name in ("a", "b")}
    journal = Journal(None, clock, inline=True)
    async with watching(tmp_path, clusters, clock, journal=journal) as watched:
        await watched.passes(60)
        told = {(line.url, line.job) for line in watched.lines if line.what is What.RAISED}
    events = journal.read(Question(kinds=(EventKind.RAISED,)))
    assert {event.cluster for event in events} == {"http://a:8081", "http://b:8081"}
    assert {event.cluster_name for event in events} == {"a", "b"}
    assert {(event.cluster, event.job) for event in events} >= told
    assert told


@pytest.mark.deep
async def test_what_the_journal_says_of_itself_is_a_note(tmp_path: Path, clock: ManualClock) -> None:
    cluster = DemoCluster("healthy", "1.20.5", clock)
    (tmp_path / "state").write_text("no directory")
    journal = Journal(tmp_path / "state" / "journal.db", clock, inline=True)
    async with watching(tmp_path, {"prod": cluster}, clock, journal=journal) as watched:
        await watched.passes(60)
        (note,) = watched.said(What.NOTE)
    assert note.startswith(f"The journal {journal.path} can't be used: ")


@pytest.mark.deep
async def test_rules_of_the_config_apply(tmp_path: Path, clock: ManualClock) -> None:
    cluster = DemoCluster("mixed", "1.20.5", clock)
    off = FindingRule(kinds=("restart-loop",), off=True)
    async with watching(tmp_path, {"prod": cluster}, clock, findings=(off,)) as watched:
        await watched.passes(60)
        kinds = {str(line.finding.kind) for line in watched.lines if line.finding}
    assert kinds
    assert "restart-loop" not in kinds


@pytest.mark.deep
async def test_nothing_is_ever_done_to_a_cluster(tmp_path: Path, clock: ManualClock) -> None:
    cluster = DemoCluster("mixed", "1.20.5", clock)
    async with watching(tmp_path, {"prod": cluster}, clock) as watched:
        await watched.passes(60)
    assert all(asked.startswith("GET ") for asked in cluster.asked)
    assert not (tmp_path / "state" / "operations.db").exists()


@pytest.mark.deep
async def test_its_requests_are_few(tmp_path: Path, clock: ManualClock) -> None:
    cluster = DemoCluster("many-jobs", "1.20.5", clock)
    async with watching(tmp_path, {"prod": cluster}, clock) as watched:
        await watched.passes(60)
        before = len(cluster.asked)
        await watched.passes(60)
        assert len(cluster.asked) - before < 60 + 60 / 5 + 10


@pytest.mark.deep
async def test_an_error_in_one_cluster_does_not_reach_the_others(
    tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, well = DemoCluster("mixed", "1.20.5", clock), DemoCluster("mixed", "1.20.5", clock)
    async with watching(tmp_path, {"bad": bad, "well": well}, clock) as watched:
        broken = watched.watcher._clusters[0]

        def fails() -> Any:
            raise ZeroDivisionError("division by zero")

        monkeypatch.setattr(broken, "news", fails)
        monkeypatch.setattr(broken, "status", fails)
        await watched.passes(60)
        assert watched.said(What.RAISED, "well")
        assert watched.up() == {"bad": 0.0, "well": 1.0}


@pytest.mark.deep
async def test_a_ready_file_that_cannot_be_written_is_tried_again(
    tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = DemoCluster("healthy", "1.20.5", clock)
    ready = tmp_path / "ready"

    def full(*_given: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("flinktop.headless.ready_file.ReadyFile.write", full)
        async with watching(
            tmp_path, {"prod": cluster}, clock, args=WatchArgs(ready_file=str(ready))
        ) as watched:
            await watched.passes(60)
            notes = watched.said(What.NOTE)
            assert notes == ["the ready file can't be written (No space left on device); it is tried again"]
            patch.undo()
            await watched.passes(15)
            assert ready.exists()
            assert watched.said(What.READY) == ["ready"]


async def test_a_ready_file_of_somebody_else_is_a_sentence(tmp_path: Path, clock: ManualClock) -> None:
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(SettingsError, match=r"--ready-file: .*mine is there and is no ready file"):
        Watcher(
            settings(tmp_path),
            [Profile("prod", Connection("http://prod:8081"), None, None)],
            WatchArgs(ready_file=str(tmp_path / "mine")),
            clock,
            lambda _line: None,
        ).prepare()
