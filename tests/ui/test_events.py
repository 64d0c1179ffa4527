"""The timeline of the cluster and the history of a job: what happened, and the way to what it is about."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from unittest import mock

import pytest
from textual.screen import Screen

from flinktop.engine.journal.event import Event, EventKind, Question
from flinktop.engine.journal.journal import Journal
from flinktop.flink.exceptions import EXCEPTIONS
from flinktop.judgement.finding import Kind, Severity
from flinktop.ui import keys
from flinktop.ui.panels import timeline
from flinktop.ui.panels.timeline import EventsTable
from flinktop.ui.screens.checkpoint import CheckpointScreen
from flinktop.ui.screens.event import EventScreen
from flinktop.ui.screens.fault import FaultScreen
from flinktop.ui.screens.job import JobScreen
from flinktop.ui.screens.operations import OperationsScreen
from flinktop.ui.screens.overview import OverviewScreen
from flinktop.ui.screens.process_screen import JobManagerScreen, TaskManagerScreen
from flinktop.ui.screens.timeline import TimelineScreen
from flinktop.ui.screens.why import WhyScreen
from flinktop.ui.widgets.table import LiveTable
from flinktop.ui.written_view import as_text, view_of
from tests.ui.day import Day, monitor
from tests.ui.judged import finding, say, verdict
from tests.ui.remembered import STACK, Past
from tests.ui.test_typeahead import keys_of, post

ORDERS = "orders-enrichment"
FAILING = "inventory-sync"
GONE = "f" * 32
HOUR, DAY = 60.0, 1440.0  # minutes


@asynccontextmanager
async def timeline_of(
    size: tuple[int, int] = (120, 40), *, open_it: bool = True, **options: Any
) -> AsyncIterator[Past]:
    async with monitor("2.3.0", size, demo="mixed", **options) as day:
        past = Past(day)
        if open_it:
            await day.press("T")
        yield past


def place(day: Day) -> str:
    return type(day.app.screen).__name__


def orders(past: Past) -> dict[str, Any]:
    return {"job": past.day.cluster.job(ORDERS), "job_name": ORDERS}


def billing(past: Past, ago: float = HOUR, **rest: Any) -> Event:
    """A failure of a job that Flink no longer has."""
    usual: dict[str, Any] = {"job": GONE, "job_name": "billing", "stack": STACK, "group": "disk"}
    given = usual | rest
    words = given.pop("words", "IllegalStateException: disk full")
    return past.event(EventKind.FAILURE, words, ago, **given)


# -- the list ----------------------------------------------------------------------------------------------


def test_t_is_on_every_screen_but_logs() -> None:
    without = [table for table in keys.SCREENS if keys.TIMELINE_HERE not in table]
    assert without == [keys.LOG_FILE, keys.POD_LOG, keys.DESCRIPTION_OF, keys.OUTPUT]
    assert all(keys.ALERTS_HERE in table for table in keys.SCREENS)


@pytest.mark.deep
async def test_t_does_nothing_on_a_log() -> None:
    async with timeline_of(open_it=False) as past:
        await past.day.press("J", "5")
        await past.day.wait(3)
        await past.day.press("T")
        assert place(past.day) == "JobManagerScreen"
        await past.day.press("1", "T")
        assert place(past.day) == "TimelineScreen"
        await past.day.press("T")
        assert len([one for one in past.day.app.screen_stack if isinstance(one, TimelineScreen)]) == 1


@pytest.mark.deep
@pytest.mark.parametrize("size", [(80, 24), (120, 40), pytest.param((60, 15), marks=pytest.mark.deep)])
async def test_the_newest_is_first_below_its_day(size: tuple[int, int]) -> None:
    async with timeline_of(size) as past:
        await past.happened(
            past.event(EventKind.JOB_STARTED, "started with parallelism 8", 2 * DAY, **orders(past)),
            past.event(EventKind.GAP, "no flinktop was watching for 6 h", 3 * HOUR),
            past.event(EventKind.CLUSTER_LOST, "the cluster does not answer", 5, severity=Severity.CRITICAL),
        )
        lines = [line.strip("│╭╮╰╯ ") for line in past.day.lines]
        found = [next(at for at, line in enumerate(lines) if part in line) for part in
                 ("✕ lost", "… gap", "─── 2023-11-12 ───", "● started")]  # fmt: skip
        assert found == sorted(found)
        assert "22:08:" in lines[found[0]]
        assert "── no flinktop was w" in lines[found[1]]
        # The newest is selected: in full below the list.
        if size[1] > 16:
            assert "✕ lost: the cluster does not answer" in past.day.text


@pytest.mark.deep
async def test_repeats_are_one_row_with_a_count_and_their_first_and_last_time() -> None:
    async with timeline_of() as past:
        await past.happened(*(billing(past, ago, key=f"k{ago}") for ago in (120.0, 60.0, 30.0)))
        row = past.day.line("✕ failure")
        assert row.split()[0] == "21:43:23"
        assert "x 3" in row
        assert "20:13:23" in row
        assert "last 21:43:23, 30 m ago   first 20:13:23, 2 h ago   x 3" in past.day.text
        await past.happened(billing(past, 0.0, key="again"))
        assert past.day.line("✕ failure").split()[0] == "22:13:23"
        assert "x 4" in past.day.line("✕ failure")
        await past.day.wait(3)
        assert "x 4" in past.day.line("last 22:13:23")


@pytest.mark.deep
async def test_on_a_narrow_terminal_the_count_stands_before_the_words() -> None:
    async with timeline_of((80, 24)) as past:
        await past.happened(*(billing(past, ago, key=f"k{ago}") for ago in (120.0, 60.0)))
        assert "x 2 IllegalState" in past.day.line("✕ failure")
        assert "TIMES" not in past.day.text


@pytest.mark.deep
async def test_an_empty_journal_says_so_and_so_does_a_missing_one() -> None:
    async with timeline_of() as past:
        assert timeline.NOTHING in past.day.text
        past.day.port.engine.journal = None
        await past.day.wait(3)
        assert timeline.NO_JOURNAL in past.day.text


@pytest.mark.deep
async def test_a_journal_that_is_still_read_says_so() -> None:
    async with timeline_of(open_it=False) as past:
        with mock.patch.object(Journal, "seen", return_value=None):
            await past.day.press("T")
            assert "loading journal…" in past.day.text
        await past.happened(billing(past))
        assert "✕ failure" in past.day.text


@pytest.mark.deep
async def test_times_and_days_follow_the_zone() -> None:
    async with timeline_of() as past:
        await past.happened(past.event(EventKind.CLUSTER_BACK, "it answers", 23 * HOUR))
        assert "─── 2023-11-13 ───" in past.day.text
        with mock.patch.object(EventsTable, "zone_offset", return_value=7200.0):
            past.day.app.screen.tick()  # type: ignore[attr-defined]
            await past.day.settled()
            assert "01:13:23" in past.day.line("● back")
            # There it is tomorrow already, so that this is today.
            assert "─── 2023-11-14 ───" in past.day.text
        await past.day.press("t")
        assert "● back" in past.day.text


# -- filter and pages --------------------------------------------------------------------------------------


@pytest.mark.deep
async def test_the_filter_finds_kinds_jobs_and_words() -> None:
    async with timeline_of() as past:
        await past.happened(
            billing(past),
            past.event(EventKind.SAVEPOINT, "savepoint s3://b/sp-1", 70, **orders(past)),
            past.event(EventKind.RAISED, "skew: Join users", 80, finding="skew", **orders(past)),
        )
        for text, rows in (
            ("kind:failure", ["✕ failure"]),
            ("job:orders", ["● savepoint", "▲ raised"]),
            ("finding:skew", ["▲ raised"]),
            ("disk", ["✕ failure"]),
            ("kind:failure job:orders", []),
        ):
            await past.day.press("slash", *text, "enter")
            await past.day.wait(1)
            shown = past.day.text
            for mark in ("✕ failure ", "● savepoint ", "▲ raised "):
                assert (mark in shown.partition("╭─ Event")[0]) == (mark.strip() in rows), (text, shown)
            if not rows:
                assert f"nothing matches '{text}'" in shown
            await past.day.press("escape")


@pytest.mark.deep
async def test_the_filter_searches_all_that_the_journal_has() -> None:
    async with timeline_of((100, 30)) as past:
        needle = past.event(EventKind.CLUSTER_BACK, "a needle", 20_000)
        many = [
            past.event(EventKind.JOB_STATE, f"RUNNING {number}", number, job=f"job {number % 50}")
            for number in range(1, 3000)
        ]
        await past.happened(*many, needle)
        await past.day.press("slash", *"needle", "enter")
        await past.day.wait(3)
        assert "● back" in past.day.text
        await past.day.press("escape", "slash", *"cluster-back", "enter")
        await past.day.wait(10)
        assert "● back" in past.day.text


@pytest.mark.long
async def test_it_pages_back_without_limit_and_makes_each_row_once() -> None:
    async with timeline_of((100, 30)) as past:
        many = [
            past.event(EventKind.JOB_STATE, f"RUNNING {number}", number * 0.01, job=f"job {number % 500}")
            for number in range(1, 40_001)
        ]
        await past.happened(*many)
        await past.day.settled()
        events = past.day.app.screen.query_one(EventsTable)
        events._pages._page = 5000
        for _ in range(30):
            await past.day.press("G")
            if not events._pages.more:
                break
        await past.day.press("G")
        kept = len(past.journal.read(Question(most=100_000)))
        assert kept == len(many)
        assert len(events._pages.events) == kept
        oldest = events._pages.events[-1].words
        assert oldest in past.day.text
        with mock.patch.object(timeline, "event_row", wraps=timeline.event_row) as made:
            await past.happened(past.event(EventKind.CLUSTER_BACK, "it answers", 0))
        assert made.call_count == 1
        # The reader's rows stay where they are.
        assert oldest in past.day.text
        await past.day.press("g")
        assert "it answers" in past.day.text


@pytest.mark.deep
async def test_when_nothing_changes_nothing_is_drawn_and_hidden_it_asks_nothing() -> None:
    async with timeline_of() as past:
        await past.happened(*(billing(past, ago, key=f"k{ago}", group="") for ago in range(60, 120)))
        table = past.day.table
        await past.day.wait(3)
        assert "✕ failure" in past.day.text
        with (
            mock.patch.object(LiveTable, "refresh") as drawn,
            mock.patch.object(table, "_arrange") as arranged,
        ):
            await past.day.wait(6)
        assert not arranged.called
        assert not [call for call in drawn.mock_calls if call.args or call.kwargs]
        await past.day.press("M")
        with mock.patch.object(Journal, "seen") as asked:
            await past.shown()
            await past.day.wait(6)
        assert not asked.called


@pytest.mark.deep
@pytest.mark.parametrize("size", [(80, 24), pytest.param((120, 40), marks=pytest.mark.deep)])
async def test_hostile_texts_are_text(size: tuple[int, int]) -> None:
    nasty = "[b]bold[/b] \x1b[31mred\x1b[0m \x1b]0;title\x07 [/] 作业 \u202eback"
    async with timeline_of(size) as past:
        await past.happened(
            billing(past, job_name=nasty, words=nasty, vertex_name=nasty, taskmanager=nasty, stack=nasty),
            past.event(EventKind.JOB_CHANGED, nasty, 90, details=f"{nasty}\n{nasty}", **orders(past)),
        )
        written = "".join(past.day.lines)
        assert "\x1b" not in written
        assert "\u202e" not in written
        assert "[b]bold[/b] red" in past.day.text
        assert "作业" in past.day.text
        await past.day.press("enter")
        assert "[b]bold[/b] red" in past.day.text
        await past.day.press("escape", "j", "enter")
        assert place(past.day) == "EventScreen"
        assert "[b]bold[/b] red" in past.day.text
        assert "\x1b" not in "".join(past.day.lines)


@asynccontextmanager
async def read_by_a_thread(past: Past, *, seconds: float) -> AsyncIterator[None]:
    """The journal answers each question after a time, and says then that it has."""
    seen, asked, loop = Journal.seen, set[Question](), asyncio.get_running_loop()
    timers = []

    def answered(question: Question) -> None:
        asked.add(question)
        past.day.port._changed()

    def slow(journal: Journal, question: Question) -> Any:
        if question in asked:
            return seen(journal, question)
        timers.append(loop.call_later(seconds, answered, question))
        return None

    with mock.patch.object(Journal, "seen", slow):
        yield
        for timer in timers:
            timer.cancel()


@pytest.mark.deep
@pytest.mark.parametrize("keys", [("enter",), ("j", "k", "enter")], ids=" ".join)
async def test_keys_for_rows_that_are_still_read_wait_for_them(keys: tuple[str, ...]) -> None:
    async with timeline_of(open_it=False) as past:
        newer = [billing(past, ago, key=f"k{ago}", group=f"g{ago}") for ago in (1.0, 2.0)]
        await past.happened(*newer, past.event(EventKind.JOB_STARTED, "started", 3, **orders(past)))
        async with read_by_a_thread(past, seconds=0.05):
            post(past.day.app, ["exclamation_mark", "T", *keys_of("/kind:started\r"), *keys])
            await past.day.settled()
        assert place(past.day) == "JobScreen"
        assert past.day.app.screen.crumb == ORDERS  # type: ignore[attr-defined]


@pytest.mark.deep
async def test_keys_that_are_not_for_rows_do_not_wait_for_them() -> None:
    async with timeline_of() as past:
        await past.happened(billing(past))
        with mock.patch.object(Journal, "seen", return_value=None):
            # Letters of the filter, among them some that are keys of a table, and what clears it.
            post(past.day.app, [*keys_of("/gjk\r"), *keys_of("/y\x1b"), "escape"])
            began = asyncio.get_running_loop().time()
            await past.day.settled()
            assert asyncio.get_running_loop().time() - began < 1.0
        assert place(past.day) == "OverviewScreen"


@pytest.mark.deep
async def test_another_filter_is_read_at_once_also_where_no_row_comes_or_goes() -> None:
    async with timeline_of() as past:
        await past.happened(past.event(EventKind.JOB_STARTED, "started", 3, **orders(past)))
        table = past.day.table
        table.filter = "kind:rescaled"
        await past.day.settled()
        assert not table.shown_keys()
        table.filter = "kind:started"
        await past.day.settled()
        assert "● started" in past.day.text


# -- what it leads to --------------------------------------------------------------------------------------


async def opened(past: Past, *events: Event) -> Screen[Any]:
    """Enter on the newest of these events."""
    await past.happened(*events)
    await past.day.press("g", "enter")
    await past.day.wait(3)
    return past.day.app.screen


@pytest.mark.deep
async def test_a_failure_that_flink_has_opens_there_and_a_remembered_one_from_the_journal() -> None:
    async with timeline_of() as past:
        job = past.day.cluster.job(FAILING)
        past.day.port.watch(EXCEPTIONS(job=job))
        await past.day.wait(4)
        newest = past.day.port.faults(job)[0].latest
        known = billing(past, job=job, job_name=FAILING, at=float(newest.timestamp))
        assert isinstance(await opened(past, known), FaultScreen)
        await past.day.press("escape")
        screen = await opened(past, billing(past, -1.0))
        assert isinstance(screen, EventScreen)
        assert "No space left on device" in past.day.text
        assert "com.example.Orders.write" in past.day.text
        assert "StreamTask.run" not in past.day.text
        assert timeline.LEGEND in past.day.text
        copied: list[str] = []
        with mock.patch.object(past.day.app, "copy_text", copied.append):
            await past.day.press("f")
            assert "StreamTask.run" in past.day.text
            await past.day.press("y")
        assert copied == [STACK]
        await past.day.press("enter")
        assert isinstance(past.day.app.screen, JobScreen)


@pytest.mark.deep
async def test_a_stack_that_is_still_read_says_so() -> None:
    async with timeline_of() as past:
        await past.happened(billing(past))
        with mock.patch.object(Journal, "stack", return_value=None):
            await past.day.press("enter")
            assert "loading journal…" in past.day.text
        await past.shown()
        assert "com.example.Orders.write" in past.day.text


@pytest.mark.deep
async def test_each_kind_leads_to_what_it_is_about() -> None:
    async with timeline_of() as past:
        job = past.day.cluster.job(ORDERS)
        of = orders(past)
        number = past.day.cluster.document(f"jobs/{job}/checkpoints")["history"][0]["id"]
        taskmanager = past.day.cluster.document("taskmanagers")["taskmanagers"][0]["id"]
        ways: tuple[tuple[EventKind, dict[str, Any], type[Screen[Any]]], ...] = (
            (EventKind.JOB_STARTED, of, JobScreen),
            (EventKind.RESCALED, of, JobScreen),
            (EventKind.CHECKPOINT_FAILED, {**of, "checkpoint": number}, CheckpointScreen),
            (EventKind.RAISED, {**of, "finding": "skew"}, WhyScreen),
            (EventKind.CLEARED, {"finding": "memory"}, WhyScreen),
            (EventKind.TASKMANAGER_CAME, {"taskmanager": taskmanager}, TaskManagerScreen),
            (EventKind.CLUSTER_LOST, {}, JobManagerScreen),
            (EventKind.OPERATION, of, OperationsScreen),
            (EventKind.JOB_CHANGED, {**of, "details": "a: 1 -> 2"}, EventScreen),
            (EventKind.GAP, {}, EventScreen),
        )
        for at, (kind, rest, screen) in enumerate(ways):
            assert isinstance(await opened(past, past.event(kind, "words", -0.1 * at, **rest)), screen), kind
            await past.day.press("escape")
            assert place(past.day) == "TimelineScreen"


@pytest.mark.deep
async def test_a_finding_that_stands_leads_to_why_and_one_that_is_over_to_what_is_kept_of_it() -> None:
    async with timeline_of() as past:
        rest = {**orders(past), "details": "next: look at the vertex", "finding": "skew"}
        raised = past.event(EventKind.RAISED, "skew: Join users", 1, **rest)
        assert isinstance(await opened(past, raised), EventScreen)
        assert "next: look at the vertex" in past.day.text
        await past.day.press("escape")
        found = verdict(past.day, past.day.cluster.job(ORDERS), finding(Kind.SKEW))
        await say(past.day, [found])
        await past.day.press("enter")
        assert isinstance(past.day.app.screen, WhyScreen)


@pytest.mark.deep
async def test_a_taskmanager_that_is_gone_is_said_to_be() -> None:
    async with timeline_of() as past:
        gone = past.event(EventKind.TASKMANAGER_GONE, "tm-7 is gone", 5, taskmanager="tm-7")
        await past.happened(gone)
        await past.day.wait(12)
        assert timeline.REMEMBERED in past.day.line("▲ TM gone")
        await past.day.press("enter")
        assert place(past.day) == "TimelineScreen"
        assert "The TaskManager tm-7 is gone" in past.day.text


@pytest.mark.deep
async def test_what_is_remembered_is_marked_and_the_mark_explained() -> None:
    async with timeline_of() as past:
        await past.happened(past.event(EventKind.JOB_STARTED, "started", 10, **orders(past)))
        assert timeline.REMEMBERED not in past.day.text
        await past.happened(billing(past))
        assert timeline.REMEMBERED in past.day.line("✕ failure")
        assert timeline.REMEMBERED not in past.day.line("● started")
        assert timeline.LEGEND in past.day.text


@pytest.mark.parametrize("below", [True, pytest.param(False, marks=pytest.mark.deep)])
async def test_a_marked_row_at_the_edge_does_not_move_the_rows_to_and_fro(*, below: bool) -> None:
    async with timeline_of((80, 24)) as past:
        day, count = past.day, 40
        await past.happened(
            *(past.event(EventKind.JOB_STATE, "", HOUR + row, **orders(past)) for row in range(count))
        )
        if not below:
            await day.press("G")
        page = len(day.table.visible_keys())
        # The line that explains the mark takes away the row in which the mark is.
        row = page - 1 if below else count + 1 - page
        await past.happened(billing(past, HOUR + row - 0.5))
        assert timeline.LEGEND in day.text
        await day.press("g" if not below else "G")
        assert timeline.LEGEND not in day.text


@pytest.mark.deep
async def test_copy_write_and_actions_as_everywhere() -> None:
    async with timeline_of() as past:
        await past.happened(billing(past), past.event(EventKind.GAP, "no flinktop was watching", 2 * DAY))
        copied: list[str] = []
        with mock.patch.object(past.day.app, "copy_text", copied.append):
            await past.day.press("y")
        assert copied == ["2023-11-14 21:13:23  failure  billing  IllegalStateException: disk full"]
        text = as_text(view_of(past.day.app.screen))  # type: ignore[arg-type]
        assert "2023-11-12 22:13:23" in text
        assert "─── 2023" not in text
        await past.day.press("a")
        assert "job billing" in past.day.text


@pytest.mark.deep
async def test_the_palette_leads_there() -> None:
    async with timeline_of(open_it=False) as past:
        await past.day.press("enter", "colon", *"timeline", "enter")
        assert place(past.day) == "TimelineScreen"
        await past.day.press("colon", *"alerts", "enter")
        assert place(past.day) == "AlertsScreen"


# -- the history of a job ----------------------------------------------------------------------------------


@pytest.mark.deep
@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_job_has_its_own_events_on_tab_9(size: tuple[int, int]) -> None:
    async with timeline_of(size, open_it=False) as past:
        await past.happened(
            billing(past), past.event(EventKind.SAVEPOINT, "savepoint s3://b/sp-1", 70, **orders(past))
        )
        await past.day.press("slash", *ORDERS, "enter", "enter", "9")
        await past.day.wait(3)
        assert "savepoint s3://b/sp-1" in past.day.text
        assert "disk full" not in past.day.text
        assert "JOB " not in past.day.line("WHEN")


@pytest.mark.deep
async def test_enter_there_goes_to_the_tab_or_to_the_event_itself() -> None:
    async with timeline_of((120, 40), open_it=False) as past:
        await past.day.press("slash", *ORDERS, "enter", "enter", "9")
        await past.happened(past.event(EventKind.RESCALED, "from 4 to 8", 5, **orders(past)))
        screen = past.day.app.screen
        assert isinstance(screen, JobScreen)
        await past.day.press("enter")
        assert (past.day.app.screen, screen.tab) == (screen, "timeline")
        await past.happened(past.event(EventKind.JOB_STATE, "RUNNING", 1, **orders(past)))
        await past.day.press("9", "g", "enter")
        assert place(past.day) == "EventScreen"


def test_the_overview_is_where_it_starts() -> None:
    """The screens that this file names are different places."""
    assert len({OverviewScreen, TimelineScreen, EventScreen, JobScreen}) == 4
