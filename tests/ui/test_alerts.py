"""The alerts: the list, what a key does to one, where it leads, and the chip of the frame."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from unittest import mock

import pytest

from flinktop.engine.alerts.alert import Alert, Mute
from flinktop.engine.journal.event import EventKind
from flinktop.facts.alerts import state_of
from flinktop.judgement.finding import Culprit, Evidence, Finding, Kind, Severity
from flinktop.ui import keys
from flinktop.ui.panels import alerts
from flinktop.ui.panels.alerts import AlertsTable
from flinktop.ui.screens.help import help_lines
from flinktop.ui.screens.job import JobScreen
from flinktop.ui.screens.process_screen import JobManagerScreen, TaskManagerScreen
from flinktop.ui.screens.taskmanagers import TaskManagersScreen
from flinktop.ui.screens.timeline import TimelineScreen
from flinktop.ui.screens.why import WhyScreen
from flinktop.ui.widgets.table import LiveTable
from tests.ui.day import Day, monitor
from tests.ui.remembered import Past

ORDERS = "orders-enrichment"
GONE = "f" * 32


@asynccontextmanager
async def alerts_of(
    size: tuple[int, int] = (120, 40),
    *,
    open_it: bool = True,
    read_only: bool = False,
    ascii_only: bool = False,
) -> AsyncIterator[Past]:
    async with monitor("2.3.0", size, demo="mixed", read_only=read_only, ascii_only=ascii_only) as day:
        past = Past(day)
        await past.alerts()
        if open_it:
            await day.press("exclamation_mark")
        yield past


def skew(past: Past, ago: float = 7.0, **rest: Any) -> Alert:
    """A warning about a job that is there."""
    usual = {"job": past.day.cluster.job(ORDERS), "job_name": ORDERS, "words": "Join users"}
    return past.alert(Kind.SKEW, ago, **(usual | rest))


def failed(past: Past, ago: float = 3.0, **rest: Any) -> Alert:
    """A critical one about a job that Flink no longer has."""
    usual: dict[str, Any] = {"job": GONE, "job_name": "billing", "severity": Severity.CRITICAL}
    return past.alert(Kind.FAILED, ago, words="disk full", **(usual | rest))


def memory(past: Past, ago: float = 60.0, **rest: Any) -> Alert:
    """One about the cluster."""
    return past.alert(Kind.MEMORY, ago, words="heap 93 % full", **rest)


def place(day: Day) -> str:
    return type(day.app.screen).__name__


def rows(day: Day) -> list[str]:
    """The states in the list."""
    return [key.split("\n")[2] for key in day.table.shown_keys()]


# -- the list ----------------------------------------------------------------------------------------------


@pytest.mark.deep
@pytest.mark.parametrize("size", [(80, 24), (120, 40), pytest.param((50, 12), marks=pytest.mark.deep)])
async def test_what_is_open_comes_first_each_the_newest_first(size: tuple[int, int]) -> None:
    async with alerts_of(size) as past:
        await past.alerts(
            [memory(past, acknowledged=past.wall - 5), skew(past), failed(past, muted=math.inf)],
            [skew(past, 300, cleared=past.wall - 9000), failed(past, 30, cleared=past.wall - 600)],
        )
        assert rows(past.day) == ["failed", "skew", "memory", "failed", "skew"]
        for text in ("⏸ muted", "▲ open", "◐ acknowledged", "○ cleared"):
            assert text in past.day.text
        assert "22:06:23" in past.day.line("▲ open")
        if size[0] >= 80:
            assert "7 m" in past.day.line("▲ open")
            assert "✕ failed: disk full" in past.day.line("⏸ muted")
            assert "cluster" in past.day.line("◐ acknowledged")
        assert ("✕ critical" in past.day.text.partition("╭─ Alert ")[0]) == (size[0] >= 120)


@pytest.mark.deep
async def test_it_says_when_there_are_none_and_when_nothing_is_known() -> None:
    async with alerts_of() as past:
        assert alerts.NONE in past.day.text
    async with alerts_of((80, 24), open_it=False) as past:
        with mock.patch.object(type(past.day.port), "judged", None):
            await past.day.press("exclamation_mark")
            assert alerts.NOT_JUDGED in past.day.text


@pytest.mark.deep
async def test_below_it_is_all_that_is_known_of_the_selected_one() -> None:
    async with alerts_of() as past:
        found = Finding(
            kind=Kind.BOTTLENECK,
            severity=Severity.CRITICAL,
            words="bottleneck: [i]Join[/i]",
            next="open the vertex: raise its parallelism",
            culprit=Culprit(vertex="v", vertex_name="Join users", subtasks=(2, 0, 1), taskmanager="tm-7"),
            evidence=(Evidence("busy, highest subtask", 1000, "ms/s"), Evidence("cause", "[b]disk[/b]")),
            since=(past.now - 3_600_000),
        )
        job = past.day.cluster.job(ORDERS)
        one = past.alert(
            Kind.BOTTLENECK, 7, finding=found, job=job, job_name=ORDERS, calls=True, called=past.wall - 400
        )
        await past.alerts([one, memory(past, 100)])
        raised = {"job": job, "job_name": ORDERS, "finding": "bottleneck"}
        await past.happened(
            past.event(EventKind.RAISED, "bottleneck: Join", 7, **raised),
            past.event(EventKind.CLEARED, "bottleneck: over", 500, **raised),
            past.event(EventKind.RAISED, "skew: Join", 600, **(raised | {"finding": "skew"})),
        )
        detail = past.day.text.partition("╭─ Alert ")[2]
        for words in (
            "✕ bottleneck: [i]Join[/i]",
            "▲ open, critical",
            f"{ORDERS}",
            "2023-11-14 21:13:23, for 1 h",
            "2023-11-14 22:06:23",
            "2023-11-14 22:06:43",
            "open the vertex: raise its parallelism",
            "Join users, subtasks 0-2",
            "tm-7",
            "busy, highest subtask: 1000 ms/s",
            "cause: [b]disk[/b]",
            "raised: bottleneck: Join",
            "cleared: bottleneck: over",
        ):
            assert words in detail, (words, detail)
        assert "skew: Join" not in detail
        await past.day.press("j")
        assert "heap 93 % full" in past.day.text.partition("╭─ Alert ")[2]


async def test_problems_with_calls_and_mutes_stand_above() -> None:
    async with alerts_of((80, 24)) as past:
        problems = tuple(f"The command has failed: [b]{number}[/b]" for number in range(5))
        kind = Mute(key=("c", "", "skew"), seconds=3600.0, at=past.wall)
        over = Mute(key=("c", "", "memory"), seconds=10.0, at=past.wall - 11)
        await past.alerts([skew(past)], problems=problems, mutes=(kind, over))
        assert "▲ The command has failed: [b]0[/b]" in past.day.text
        assert "[b]3[/b]" not in past.day.text
        assert "and 2 more problems with calls: see :log" in past.day.text
        assert "⏸ muted: all skew alerts, until 23:13:23" in past.day.text
        assert "memory" not in past.day.text


@pytest.mark.deep
async def test_filter_sort_and_copy_as_everywhere() -> None:
    async with alerts_of() as past:
        await past.alerts([skew(past), failed(past), memory(past)], [skew(past, 90, cleared=past.wall)])
        for text, found in (
            ("state:cleared", ["skew"]),
            ("severity:critical", ["failed"]),
            ("kind:memory", ["memory"]),
            ("job:orders", ["skew", "skew"]),
            ("heap", ["memory"]),
        ):
            await past.day.press("slash", *text, "enter")
            assert rows(past.day) == found, text
            await past.day.press("escape")
        await past.day.press("s", "s")
        assert rows(past.day)[0] == "failed"
        copied: list[str] = []
        with mock.patch.object(past.day.app, "copy_text", copied.append):
            await past.day.press("y")
        assert copied == ["billing: failed: disk full"]


@pytest.mark.deep
async def test_a_thousand_alerts_are_made_into_cells_only_where_they_are_seen() -> None:
    async with alerts_of((80, 24)) as past:
        many = [skew(past, number, job=f"{number}", job_name=f"job {number}") for number in range(1000)]
        with mock.patch.object(alerts, "state_of", wraps=state_of) as looked:
            await past.alerts(many)
            _ = past.day.text
        assert looked.call_count < 300
        assert "⚠ 1000 alerts" in past.day.lines[-1]
        await past.day.press("G")
        assert "job 999" in past.day.text


@pytest.mark.deep
async def test_when_nothing_changes_nothing_is_drawn() -> None:
    async with alerts_of() as past:
        # Older than an hour: in the next seconds no age is another one.
        await past.alerts([memory(past, 150.5)], [skew(past, 300, cleared=past.wall - 9000)])
        table = past.day.table
        await past.day.wait(3)
        assert "◐" not in past.day.text
        with (
            mock.patch.object(LiveTable, "refresh") as drawn,
            mock.patch.object(table, "_arrange") as arranged,
        ):
            await past.shown()
            await past.day.wait(6)
        assert not arranged.called
        assert not [call for call in drawn.mock_calls if call.args or call.kwargs]


@pytest.mark.deep
async def test_hostile_texts_are_text() -> None:
    nasty = "[b]bold[/b] \x1b[31mred\x1b[0m [/] 作业 \u202eback"
    async with alerts_of() as past:
        await past.alerts([skew(past, job_name=nasty, words=nasty)], problems=(nasty,))
        text = past.day.text
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert "[b]bold[/b] red" in past.day.line("▲ open")
        await past.day.press("x")
        assert "[b]bold[/b] red" in past.day.text


# -- what a key does ---------------------------------------------------------------------------------------


@pytest.mark.deep
@pytest.mark.parametrize("read_only", [False, True])
async def test_acknowledging_works_read_only_as_well(read_only: bool) -> None:  # noqa: FBT001 -- a parameter
    async with alerts_of(read_only=read_only) as past:
        open_one = skew(past)
        await past.alerts([open_one], [memory(past, cleared=past.wall)])
        with mock.patch.object(past.day.port, "acknowledge") as acknowledge:
            await past.day.press("A")
            acknowledge.assert_called_once_with(open_one.key)
            assert f"Acknowledged: skew of {ORDERS}" in past.day.text
            await past.day.press("j", "A")
            assert acknowledge.call_count == 1
            assert "has cleared already" in past.day.text
            await past.alerts([skew(past, acknowledged=past.wall)])
            await past.day.press("g", "A")
            assert acknowledge.call_count == 1


@pytest.mark.deep
@pytest.mark.parametrize(
    ("steps", "scope", "seconds"),
    [
        (0, "key", 900.0),
        (1, "key", 3600.0),
        (3, "key", math.inf),
        (4, "job_key", 900.0),
        (10, "kind_key", 86400.0),
    ],
)
async def test_the_menu_mutes_the_alert_its_job_or_its_kind(steps: int, scope: str, seconds: float) -> None:
    async with alerts_of((80, 24), read_only=True) as past:
        one = skew(past)
        await past.alerts([one])
        await past.day.press("x")
        assert place(past.day) == "MuteScreen"
        with mock.patch.object(past.day.port, "mute") as mute:
            await past.day.press(*"j" * steps, "enter")
        mute.assert_called_once_with(getattr(one, scope), seconds)
        assert place(past.day) == "AlertsScreen"


@pytest.mark.deep
async def test_the_menu_ends_what_is_muted_first_of_all() -> None:
    async with alerts_of((80, 24)) as past:
        mute = Mute(key=("c", "", "skew"), seconds=3600.0, at=past.wall)
        await past.alerts((), mutes=(mute,))
        await past.day.press("x")
        assert "unmute all skew alerts" in past.day.text
        assert "muted for 1 h more" in past.day.text
        with mock.patch.object(past.day.port, "unmute") as unmute:
            await past.day.press("enter")
        unmute.assert_called_once_with(mute.key)
        assert place(past.day) == "AlertsScreen"


@pytest.mark.deep
async def test_an_alert_that_cleared_can_be_muted_with_its_job_and_the_clusters_by_kind() -> None:
    async with alerts_of((80, 24)) as past:
        await past.alerts((), [skew(past, cleared=past.wall)])
        await past.day.press("x")
        assert "mute this alert" not in past.day.text
        assert f"mute all alerts of {ORDERS}" in past.day.text
        await past.day.press("escape")
        await past.alerts([memory(past)])
        await past.day.press("x")
        assert "mute this alert" in past.day.text
        assert "mute all memory alerts of the cluster" in past.day.text
        assert "all alerts of" not in past.day.text


@pytest.mark.deep
async def test_without_an_alert_there_is_nothing_to_do() -> None:
    async with alerts_of((80, 24)) as past:
        await past.day.press("A", "x", "y", "enter")
        assert place(past.day) == "AlertsScreen"


@pytest.mark.deep
async def test_each_leads_to_what_it_is_about() -> None:
    async with alerts_of() as past:
        taskmanager = past.day.cluster.document("taskmanagers")["taskmanagers"][0]["id"]
        of_machine = Finding(
            kind=Kind.MEMORY,
            severity=Severity.WARNING,
            words="memory",
            culprit=Culprit(taskmanager=taskmanager),
        )
        ways: tuple[tuple[Alert, type[object]], ...] = (
            (skew(past), WhyScreen),
            (skew(past, cleared=past.wall), JobScreen),
            (failed(past), JobScreen),
            (memory(past, finding=of_machine), TaskManagerScreen),
            (memory(past), WhyScreen),
            (past.alert(Kind.TASKMANAGER_LOST, 1), TaskManagersScreen),
            (past.alert(Kind.CLUSTER_LOST, 1), JobManagerScreen),
            (past.alert(Kind.JOB_MISSING, 1, job_name="the billing"), TimelineScreen),
        )
        for one, screen in ways:
            await past.alerts([one] if one.is_open else (), [] if one.is_open else [one])
            await past.day.press("g", "enter")
            await past.day.wait(3)
            assert isinstance(past.day.app.screen, screen), one.finding.kind
            if screen is TimelineScreen:
                assert "/job:the job:billing" in past.day.lines[-1]
                await past.day.press("escape")
            await past.day.press("escape")
            assert place(past.day) == "AlertsScreen"


@pytest.mark.deep
async def test_the_cursor_stays_on_an_alert_that_clears() -> None:
    async with alerts_of() as past:
        first, second = skew(past, 5), memory(past, 60)
        await past.alerts([first, second])
        await past.day.press("j", "k")
        await past.alerts([second], [skew(past, 5, cleared=past.wall)])
        selected = past.day.app.screen.query_one(AlertsTable).selected
        assert selected is not None
        assert selected.alert == skew(past, 5, cleared=past.wall)
        await past.day.wait(3)
        assert "○ cleared, warning" in past.day.text.partition("╭─ Alert ")[2]


# -- the chip ----------------------------------------------------------------------------------------------


@pytest.mark.deep
async def test_the_frame_counts_what_nobody_has_seen_to() -> None:
    async with alerts_of(open_it=False) as past:
        assert "⚠" not in past.day.lines[-1]
        await past.alerts([skew(past)])
        assert past.day.lines[-1].rstrip().endswith("⚠ 1 alert")
        await past.alerts(
            [
                skew(past),
                failed(past),
                memory(past, acknowledged=past.wall),
                memory(past, muted=past.wall + 4),
            ]
        )
        assert past.day.lines[-1].rstrip().endswith("⚠ 2 alerts")
        await past.day.wait(5)
        assert past.day.lines[-1].rstrip().endswith("⚠ 3 alerts")
        await past.day.press("enter")
        assert "⚠ 3 alerts" in past.day.lines[-1]
        assert ("!", keys.ALERTS_HERE.help) in help_lines(keys.JOB)


@pytest.mark.deep
async def test_a_mute_that_ends_brings_the_alert_back() -> None:
    async with alerts_of(open_it=False) as past:
        await past.alerts([skew(past, muted=past.wall + 3)])
        assert "⚠" not in past.day.lines[-1]
        await past.day.wait(4)
        assert "⚠ 1 alert" in past.day.lines[-1]


@pytest.mark.deep
async def test_the_chip_is_ascii_where_everything_is_and_narrow_where_there_is_no_room() -> None:
    async with alerts_of(open_it=False, ascii_only=True) as past:
        await past.alerts([skew(past), memory(past)])
        assert past.day.lines[-1].rstrip().endswith("! 2 alerts")
    async with alerts_of((32, 12), open_it=False) as past:
        await past.alerts([skew(past), memory(past)])
        assert past.day.lines[-1].rstrip().endswith("⚠ 2")
        assert "? help  : command" in past.day.lines[-1]


@pytest.mark.deep
@pytest.mark.parametrize(("severity", "tone"), [(Severity.CRITICAL, "bad"), (Severity.WARNING, "warn")])
async def test_the_chip_has_the_colour_of_the_worst(severity: Severity, tone: str) -> None:
    async with alerts_of(open_it=False) as past:
        await past.alerts([skew(past), skew(past, severity=severity)])
        [line] = past.day.app.screen.query("BottomLine").results()
        assert line._parts[-1] == ("⚠ 2 alerts", tone)  # type: ignore[attr-defined]


@pytest.mark.deep
async def test_what_the_cluster_raises_is_acknowledged_muted_and_unmuted() -> None:
    async with monitor("2.3.0", (120, 40), demo="mixed") as day:
        await day.wait(6)
        view = day.port.alerts
        count = len(view.open)
        assert count > 2
        # An info is listed, and counted by nobody.
        before = int(day.lines[-1].split("⚠ ")[1].split()[0])
        await day.press("exclamation_mark")
        assert "▲ open" in day.text
        await day.press("A")
        assert "◐ acknowledged" in day.text
        await day.wait(1)
        assert f"⚠ {before - 1} alerts" in day.lines[-1]
        await day.press("j", "x", *"jjj", "enter")
        assert "⏸ muted" in day.text
        assert "until it clears" in day.text
        await day.wait(4)
        assert f"⚠ {before - 2}" in day.lines[-1]
        await day.press("x", "enter")
        assert "⏸ muted" not in day.text
        await day.wait(1)
        assert f"⚠ {before - 1} alerts" in day.lines[-1]
        assert len(day.port.alerts.open) >= count - 1
