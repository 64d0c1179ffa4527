"""Alerts over restarts, and of several flinktops with one journal."""

from __future__ import annotations

import json
import math
import threading
import time
from typing import TYPE_CHECKING

import pytest

from flinktop.engine.alerts.alerts import MOST_PAST
from flinktop.engine.alerts.caller import MOST_CALLS, Caller
from flinktop.engine.alerts.hook import HookRunner
from flinktop.engine.alerts.policy import AlertPolicy, Rule
from flinktop.engine.alerts.seen import Found, Seen, SeenJob
from flinktop.engine.clock import Clock
from flinktop.engine.journal.journal import Journal
from flinktop.judgement.finding import Kind, Severity
from tests.engine.alerts.given import CLUSTER, finding, found, said
from tests.manual_clock import ManualClock

if TYPE_CHECKING:
    from pathlib import Path

    from flinktop.engine.alerts.alert import Alert, Call

ILL, LAG = found("a1"), found("b2", Kind.SOURCE_LAG, Severity.WARNING)


class Monitor:
    """A flinktop: its alerts, its journal, and what it was told to call about."""

    def __init__(
        self,
        path: Path | None,
        clock: ManualClock,
        *,
        cluster: str = CLUSTER,
        rings: bool = True,
        **given: object,
    ) -> None:
        self.clock = clock
        self.journal = Journal(path, clock, inline=True)
        self.news = 0
        self.caller = Caller(
            clock,
            cluster=cluster,
            target="prod",
            journal=self.journal,
            rings=rings,
            changed=self._changed,
            **given,  # type: ignore[arg-type]
        )
        self.told: list[tuple[str, ...]] = []
        self._loaded = False
        self._jobs = {one.job: SeenJob(one.job_name) for one in (ILL, LAG)}

    def _changed(self) -> None:
        self.news += 1

    async def look(self, *seen: Found, reachable: bool = True) -> list[tuple[str, ...]]:
        """A round; the calls of the terminal in it."""
        if not self._loaded:
            self._loaded = True
            self.caller.start()
        self._jobs |= {one.job: SeenJob(one.job_name) for one in seen}
        places = {one.place: one for one in seen}
        self.caller.round(
            Seen(found=places, jobs=self._jobs, reachable=reachable, now=self.clock.wall() * 1000.0)
        )
        calls = said(self.caller.take_calls())
        self.told += calls
        return calls

    async def looks(self, seconds: float, *seen: Found) -> list[tuple[str, ...]]:
        calls = []
        for _ in range(int(seconds / 2)):
            await self.clock.advance(2.0)
            calls += await self.look(*seen)
        return calls

    def of(self, job: str) -> Alert:
        """The open alert of a job."""
        (found,) = (one for one in self.caller.view.open if one.job == job)
        return found

    @property
    def open(self) -> list[str]:
        return [one.job for one in self.caller.view.open]

    def close(self) -> None:
        self.caller.close(0.0)
        self.journal.close(1.0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


async def test_what_was_called_before_a_restart_does_not_call_again(path: Path) -> None:
    clock = ManualClock()
    first = Monitor(path, clock)
    assert await first.looks(60.0, ILL, LAG) == [("raised", "a1")]
    first.close()
    await clock.advance(3600.0)
    second = Monitor(path, clock)
    assert await second.looks(600.0, ILL, LAG) == []
    assert sorted(second.open) == ["a1", "b2"]
    assert second.of("a1").raised < clock.wall() - 3600.0
    assert second.of("a1").called is not None
    assert second.of("b2").called is None


@pytest.mark.deep
async def test_what_was_over_while_flinktop_was_away_is_said_once(path: Path) -> None:
    clock = ManualClock()
    first = Monitor(path, clock)
    await first.looks(60.0, ILL)
    first.close()
    second = Monitor(path, clock)
    assert await second.look() == []
    assert second.open == ["a1"], "it is not known yet that it is over"
    assert await second.looks(600.0) == [("cleared", "a1")]
    assert await second.looks(600.0) == []
    second.close()
    third = Monitor(path, clock)
    assert await third.looks(600.0) == []
    assert [one.job for one in third.caller.view.past] == ["a1"]


async def test_an_alert_of_before_has_the_time_of_its_hold_to_be_seen_again(path: Path) -> None:
    clock = ManualClock()
    held = found("a1", Kind.MEMORY)  # it is raised after 2 minutes
    first = Monitor(path, clock)
    await first.looks(60.0, held)
    first.close()
    second = Monitor(path, clock)
    assert await second.looks(140.0) == []
    assert await second.looks(60.0, held) == []
    assert second.open == ["a1"]


async def test_new_ones_of_a_start_are_one_summary_without_those_of_before(path: Path) -> None:
    clock = ManualClock()
    first = Monitor(path, clock)
    await first.looks(60.0, ILL)
    first.close()
    second = Monitor(path, clock)
    assert await second.looks(60.0, ILL, found("c3"), found("d4")) == [("raised", "c3", "d4")]


@pytest.mark.deep
async def test_acknowledged_and_muted_survive_a_restart(path: Path) -> None:
    clock = ManualClock()
    first = Monitor(path, clock)
    await first.looks(60.0, ILL)
    first.caller.acknowledge(first.of("a1").key)
    first.caller.mute((CLUSTER, "", "source-lag"), 3600.0)
    await clock.advance(0.5)
    first.caller.mute((CLUSTER, "c3", ""), 60.0)
    first.close()
    second = Monitor(path, clock)
    worse = found("b2", Kind.SOURCE_LAG)
    assert await second.looks(40.0, ILL, worse) == []
    assert second.of("a1").acknowledged is not None
    assert second.of("b2").muted == clock.wall() - 40.5 + 3600.0
    assert [one.key[1:] for one in second.caller.view.mutes] == [("c3", ""), ("", "source-lag")]
    await second.looks(60.0, ILL, worse)
    assert [one.key[1:] for one in second.caller.view.mutes] == [("", "source-lag")]
    assert await second.looks(4000.0, ILL, worse) == [("raised", "b2")]
    assert second.caller.view.mutes == ()


async def test_a_mute_until_it_clears_survives_a_restart(path: Path) -> None:
    clock = ManualClock()
    first = Monitor(path, clock)
    await first.look(LAG)
    first.caller.mute((CLUSTER, "b2", "source-lag"), math.inf)
    first.close()
    second = Monitor(path, clock)
    assert await second.looks(60.0, found("b2", Kind.SOURCE_LAG)) == []
    assert [one.muted for one in second.caller.view.open] == [math.inf]


async def test_one_of_two_calls_and_both_show(path: Path) -> None:
    clock = ManualClock()
    first, second = Monitor(path, clock), Monitor(path, clock)
    await first.look()
    await second.look()
    for _ in range(30):
        await clock.advance(2.0)
        await first.look(ILL, LAG)
        await second.look(ILL, LAG)
    assert first.told == [("raised", "a1")]
    assert second.told == []
    assert first.caller.view.open == second.caller.view.open


async def test_the_second_sees_what_the_first_did_and_the_other_way_round(path: Path) -> None:
    clock = ManualClock()
    first, second = Monitor(path, clock), Monitor(path, clock)

    async def both(*seen: Found) -> None:
        for _ in range(4):
            await clock.advance(2.0)
            await first.look(*seen)
            await second.look(*seen)

    for _ in range(5):
        await both(ILL, LAG)
    key = (CLUSTER, "a1", "restart-loop")
    second.caller.acknowledge(key)
    await both(ILL, LAG)
    assert all(one.of("a1").acknowledged is not None for one in (first, second))
    first.caller.mute((CLUSTER, "", "source-lag"), 600.0)
    await both(ILL, LAG)
    assert len(second.caller.view.mutes) == 1
    second.caller.unmute((CLUSTER, "b2", "source-lag"))
    await both(ILL, LAG)
    assert first.caller.view.mutes == ()
    await both(LAG)
    await both(LAG)
    assert first.caller.view.past == second.caller.view.past
    assert [one.job for one in second.caller.view.past] == ["a1"]
    assert second.caller.view.past[0].acknowledged is not None


async def test_the_second_takes_over_and_calls_nothing_twice(path: Path) -> None:
    clock = ManualClock()
    first, second = Monitor(path, clock), Monitor(path, clock)
    for _ in range(20):
        await clock.advance(2.0)
        await first.look(ILL)
        await second.look(ILL)
    # It hangs: it neither renews its lease nor gives it up.
    await clock.advance(12.0)
    assert await second.looks(14.0, ILL) == []
    assert await second.looks(4.0, ILL, found("c3")) == [("raised", "c3")]
    assert await second.looks(4.0, found("c3")) == [("cleared", "a1")]
    assert first.told == [("raised", "a1")]


async def test_a_watcher_without_a_terminal_leaves_the_ringing_to_a_monitor(path: Path) -> None:
    clock = ManualClock()
    watcher, monitor = Monitor(path, clock, rings=False), Monitor(path, clock)
    for _ in range(20):
        await clock.advance(2.0)
        await watcher.look(ILL)
        await monitor.look(ILL)
    assert watcher.told == []
    assert monitor.told == [("raised", "a1")]
    assert watcher.caller.view.open == monitor.caller.view.open


async def test_what_the_flinktop_that_decides_sees_is_shown_by_one_that_does_not_see_it(path: Path) -> None:
    clock = ManualClock()
    first, second = Monitor(path, clock), Monitor(path, clock)
    for _ in range(30):
        await clock.advance(2.0)
        await first.look(ILL)
        await second.look()
    assert second.open == ["a1"]
    assert second.caller.view.past == ()


async def test_clusters_have_leases_of_their_own(path: Path) -> None:
    clock = ManualClock()
    first, second = Monitor(path, clock), Monitor(path, clock, cluster="http://other:8081")
    for _ in range(20):
        await clock.advance(2.0)
        await first.look(ILL)
        await second.look(LAG, found("c3"))
    assert (first.told, second.told) == ([("raised", "a1")], [("raised", "c3")])
    assert first.open == ["a1"]


async def test_of_two_spellings_of_one_address_one_calls_and_both_know(path: Path) -> None:
    clock = ManualClock()
    first = Monitor(path, clock, cluster="http://127.0.0.1:8081")
    second = Monitor(path, clock, cluster="HTTP://LocalHost:8081/")
    for _ in range(20):
        await clock.advance(2.0)
        await first.look(ILL, LAG)
        await second.look(ILL, LAG)
    assert (first.told, second.told) == ([("raised", "a1")], [])
    second.caller.mute(second.of("a1").key, 3600.0)
    await first.looks(8.0, ILL, LAG)
    assert first.of("a1").muted is not None
    first.caller.mute(first.of("a1").key, 60.0)
    await second.look(ILL, LAG)
    assert len(second.caller.view.mutes) == 1
    first.close()
    second.close()
    third = Monitor(path, clock, cluster="http://[::1]:8081")
    assert await third.looks(40.0, ILL, LAG) == []
    assert sorted(third.open) == ["a1", "b2"]


async def test_without_a_journal_alerts_go_on() -> None:
    clock = ManualClock()
    caller = Caller(clock, cluster=CLUSTER, target="prod", rings=True)
    caller.start()
    calls: list[Call] = []
    for _ in range(20):
        await clock.advance(2.0)
        caller.round(Seen(found={ILL.place: ILL}, jobs={"a1": SeenJob("orders")}))
        calls += caller.take_calls()
    assert said(calls) == [("raised", "a1")]


async def test_a_journal_that_cannot_be_written_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("no directory")
    clock = ManualClock()
    monitor = Monitor(tmp_path / "state" / "journal.db", clock)
    assert await monitor.looks(60.0, ILL) == [("raised", "a1")]
    monitor.caller.acknowledge((CLUSTER, "a1", "restart-loop"))
    assert await monitor.looks(600.0, ILL) == []
    assert monitor.caller.view.open[0].acknowledged is not None
    assert await monitor.looks(10.0) == [("cleared", "a1")]


async def test_a_journal_that_is_replaced_loses_nothing_of_what_stands(path: Path) -> None:
    clock = ManualClock()
    first = Monitor(path, clock)
    await first.looks(60.0, ILL)
    first.caller.acknowledge((CLUSTER, "a1", "restart-loop"))
    path.unlink()
    assert await first.looks(20.0, ILL) == []
    assert first.caller.view.open[0].acknowledged is not None
    first.close()
    second = Monitor(path, clock)
    assert await second.looks(60.0, ILL) == []
    assert second.caller.view.open[0].acknowledged is not None


async def test_what_a_newer_flinktop_kept_is_left_out(path: Path) -> None:
    clock = ManualClock()
    first = Monitor(path, clock)
    await first.looks(60.0, ILL, LAG)
    first.journal.keep("alerts", CLUSTER, "open|a1|restart-loop", b"\xff\x00")
    first.journal.keep("alerts", CLUSTER, "later|a1", b"unknown")
    first.journal.keep("alerts-past", CLUSTER, "x", b"")
    first.close()
    second = Monitor(path, clock)
    await second.looks(60.0, ILL, LAG)
    assert sorted(second.open) == ["a1", "b2"]
    assert second.journal.kept("alerts", CLUSTER)["later|a1"] == b"unknown"


async def test_words_that_change_are_not_written_all_the_time(path: Path) -> None:
    clock = ManualClock()
    monitor = Monitor(path, clock)
    writes = 0
    keep = monitor.journal.keep

    def counted(name: str, cluster: str, key: str, value: bytes | None) -> None:
        nonlocal writes
        writes += 1
        keep(name, cluster, key, value)

    monitor.journal.keep = counted  # type: ignore[method-assign]
    for second in range(300):
        lost = Found(
            finding(Kind.CLUSTER_LOST).__class__(
                kind=Kind.CLUSTER_LOST,
                severity=Severity.CRITICAL,
                words=f"cluster-lost: no answer for {second} s",
            )
        )
        await monitor.looks(2.0, lost)
    assert monitor.caller.view.open[0].finding.words.endswith("299 s")
    assert writes < 20


@pytest.mark.deep
async def test_what_was_is_bounded_in_the_journal() -> None:
    clock = ManualClock()
    monitor = Monitor(None, clock)
    await monitor.looks(60.0)
    for batch in range(6):
        await monitor.looks(30.0, *(found(f"{batch}-{number}") for number in range(100)))
        await monitor.looks(90.0)
    assert len(monitor.journal.kept("alerts-past", CLUSTER)) == MOST_PAST
    assert len(monitor.journal.kept("alerts", CLUSTER)) == 1


async def test_news_come_only_when_something_has_changed(path: Path) -> None:
    clock = ManualClock()
    monitor = Monitor(path, clock)
    await monitor.looks(60.0, ILL)
    before = monitor.news
    await monitor.looks(60.0, ILL)
    assert monitor.news == before
    await monitor.looks(2.0)
    assert monitor.news == before + 1


async def test_a_terminal_that_takes_no_calls_keeps_the_newest() -> None:
    clock = ManualClock()
    monitor = Monitor(None, clock)
    await monitor.looks(60.0)
    take, monitor.caller.take_calls = monitor.caller.take_calls, tuple  # type: ignore[method-assign]
    for number in range(100):
        await monitor.looks(10.0, found(f"{number}"))
    calls = take()
    assert len(calls) == MOST_CALLS
    assert {one.alerts[0].job for one in calls[-2:]} == {"98", "99"}
    assert monitor.caller.view.calls == ()


# -- the command ---------------------------------------------------------------------------------------


def wait_until_idle(hooks: HookRunner) -> None:
    pace, deadline = threading.Event(), time.monotonic() + 20.0
    while not hooks.is_idle:
        assert time.monotonic() < deadline
        pace.wait(0.005)


def appending(file: Path) -> tuple[str, ...]:
    """A command that appends the documents to a file."""
    return "sh", "-c", 'cat >> "$1"', "sh", str(file)


@pytest.mark.deep
async def test_the_command_gets_what_the_terminal_gets_and_repeats(path: Path, tmp_path: Path) -> None:
    clock, got = ManualClock(), tmp_path / "got"
    policy = AlertPolicy(repeat=60.0, rules=(Rule(kinds=("source-lag",)),))
    hooks = HookRunner(appending(got), Clock())
    monitor = Monitor(path, clock, policy=policy, hooks=hooks)
    for seen in ((ILL,), (ILL, LAG), (LAG,), ()):
        for _ in range(31):
            await monitor.looks(2.0, *seen)
            wait_until_idle(hooks)
    documents = [json.loads(line) for line in got.read_text().splitlines()]
    events = [(one["event"], one["job"]["id"]) for one in documents]
    assert events == [
        ("raised", "a1"),
        ("raised", "b2"),
        ("repeated", "a1"),
        ("repeated", "b2"),
        ("cleared", "a1"),
        ("repeated", "b2"),
        ("cleared", "b2"),
    ]
    assert documents[0]["finding"]["words"] == ILL.finding.words
    assert monitor.told == [one for one in events if one[0] != "repeated"]
    monitor.close()
    hooks.close(0.0, 5.0)


async def test_a_failure_of_the_command_is_shown(path: Path) -> None:
    monitor = Monitor(path, ManualClock(), policy=AlertPolicy(command=("/no/such",)))
    await monitor.looks(60.0, ILL)
    assert monitor.caller._hooks is not None
    wait_until_idle(monitor.caller._hooks)
    await monitor.looks(2.0, ILL)
    (problem,) = monitor.caller.view.problems
    assert problem.endswith(" The command /no/such was not found.")
    monitor.close()


async def test_what_the_command_was_not_told_is_told_after_the_next_start(path: Path, tmp_path: Path) -> None:
    clock = ManualClock()
    script = 'cat > "$1.$$.part"; mv "$1.$$.part" "$1.$$"; exec sleep 600'
    policy = AlertPolicy(command=("sh", "-c", script, "sh", str(tmp_path / "hangs")))
    monitor = Monitor(path, clock, policy=policy)
    await monitor.looks(60.0)
    await monitor.looks(2.0, *(found(job) for job in ("a1", "b2", "c3")))
    pace, deadline = threading.Event(), time.monotonic() + 20.0
    while len(begun := [one for one in tmp_path.glob("hangs.*") if one.suffix != ".part"]) < 2:
        assert time.monotonic() < deadline
        pace.wait(0.005)
    monitor.close()
    got = tmp_path / "got"
    again = Monitor(path, clock, policy=AlertPolicy(command=appending(got)))
    await again.looks(40.0, *(found(job) for job in ("a1", "b2", "c3")))
    assert again.caller._hooks is not None
    wait_until_idle(again.caller._hooks)
    documents = [json.loads(one.read_text()) for one in begun] + [json.loads(got.read_text())]
    assert sorted(one["job"]["id"] for one in documents) == ["a1", "b2", "c3"]
    again.close()


async def test_one_command_for_several_clusters_ends_with_its_owner(tmp_path: Path) -> None:
    got = tmp_path / "got"
    hooks = HookRunner(appending(got), Clock())
    monitors = [Monitor(None, ManualClock(), hooks=hooks) for _ in range(2)]
    for one in monitors:
        await one.looks(60.0, ILL)
        wait_until_idle(hooks)
    monitors[0].close()
    await monitors[1].looks(2.0)
    wait_until_idle(hooks)
    assert len(got.read_text().splitlines()) == 3
    hooks.close(0.0, 5.0)
    monitors[1].close()
