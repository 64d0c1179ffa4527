"""What reaches a screen before it is mounted, or while it is closed, ends nothing; what is hidden rests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from textual import events

from flinktop.flink.jobs import JOB
from flinktop.flink.process import Process
from flinktop.ui.live import LiveScreen, Panel
from flinktop.ui.screens.application import ApplicationScreen
from flinktop.ui.screens.checkpoint import CheckpointScreen, CheckpointVertexScreen
from flinktop.ui.screens.checkpoints import CheckpointsScreen
from flinktop.ui.screens.fault import FaultScreen
from flinktop.ui.screens.jars import JarsScreen
from flinktop.ui.screens.job import JobScreen
from flinktop.ui.screens.log_screen import LogFileScreen
from flinktop.ui.screens.operations import OperationScreen, OperationsScreen
from flinktop.ui.screens.overview import OverviewScreen
from flinktop.ui.screens.process_screen import JobManagerScreen, TaskManagerScreen
from flinktop.ui.screens.subtask import SubtaskScreen
from flinktop.ui.screens.taskmanagers import TaskManagersScreen
from flinktop.ui.screens.vertex import VertexScreen
from flinktop.ui.screens.why import WhyScreen
from flinktop.ui.widgets.chart import Chart
from flinktop.ui.widgets.fixed_rows import FixedRows
from flinktop.ui.widgets.graph_canvas import GraphCanvas
from flinktop.ui.widgets.pager import Pager
from flinktop.ui.widgets.table import LiveTable
from tests.depth import in_depth
from tests.ui.day import Day, monitor

pytestmark = pytest.mark.deep

TURNS = 60
"""Turns of the loop in which a screen is mounted, or is gone."""


class Ids:
    """A job of the recorded cluster, a vertex of it, a TaskManager."""

    def __init__(self, day: Day) -> None:
        self.job = day.cluster.job("steady")
        reading = day.port.reading(JOB(job=self.job))
        assert reading is not None
        assert reading.value is not None
        self.vertex = reading.value.vertices[1].id
        self.taskmanager = day.cluster.document("taskmanagers")["taskmanagers"][0]["id"]
        self.checkpoint = day.cluster.document(f"jobs/{self.job}/checkpoints")["history"][0]["id"]


SCREENS: dict[str, Callable[[Ids], LiveScreen]] = {
    "overview": lambda _ids: OverviewScreen(),
    "job": lambda ids: JobScreen(ids.job),
    "why": lambda ids: WhyScreen(ids.job, cluster=True),
    "vertex": lambda ids: VertexScreen(ids.job, ids.vertex),
    "subtask": lambda ids: SubtaskScreen(ids.job, ids.vertex, 0),
    "checkpoints": lambda ids: CheckpointsScreen(ids.job),
    "checkpoint": lambda ids: CheckpointScreen(ids.job, ids.checkpoint),
    "checkpoint-vertex": lambda ids: CheckpointVertexScreen(ids.job, ids.checkpoint, ids.vertex),
    "fault": lambda ids: FaultScreen(ids.job, "", 0),
    "taskmanagers": lambda _ids: TaskManagersScreen(),
    "taskmanager": lambda ids: TaskManagerScreen(ids.taskmanager),
    "jobmanager": lambda _ids: JobManagerScreen(),
    "log-file": lambda ids: LogFileScreen(Process(ids.taskmanager), "taskmanager.log"),
    "jars": lambda _ids: JarsScreen(),
    "application": lambda _ids: ApplicationScreen("1" * 32),
    "operations": lambda _ids: OperationsScreen(),
    "operation": lambda _ids: OperationScreen("1" * 32),
}


def everything_watched(day: Day) -> frozenset[Any]:
    """All queries to which there is an answer: the widest news there can be."""
    return frozenset(day.port.engine.store._readings)


async def disturb(day: Day, screen: LiveScreen, turn: int) -> None:
    """News, a second, and an action, as they come when nobody looks whether the screen is there."""
    screen.facts_changed(everything_watched(day))
    screen.tick()
    commands = [command for command in type(screen).COMMANDS_HERE if not command.app]
    if not screen.alive:
        command = commands[turn % len(commands)]
        await day.app.run_action(command.action or command.id, screen)


@pytest.mark.parametrize("name", in_depth(SCREENS, fast=["overview", "job"]))
async def test_nothing_comes_too_early_or_too_late_for_a_screen(name: str) -> None:
    async with monitor("1.20.5") as day:
        await day.press("slash", *"steady", "enter", "enter", "escape", "escape")
        screen = SCREENS[name](Ids(day))
        day.app.push_screen(screen)
        for turn in range(TURNS):
            await disturb(day, screen, turn)
            await asyncio.sleep(0)
        await day.settled()
        assert screen.ready_for(events.Key("x", "x"))
        day.app.pop_screen()
        for turn in range(TURNS):
            screen.post_message(events.Key("2", "2"))
            screen.post_message(events.Resize(screen.size, screen.size))
            await disturb(day, screen, turn)
            await asyncio.sleep(0)
        await day.settled()
        assert isinstance(day.app.screen, OverviewScreen)


# -- what is hidden does not draw ----------------------------------------------------------------------------


@pytest.fixture
def drawn_hidden(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the panels that had rows or lines drawn while they were hidden or covered."""
    found: list[str] = []

    def watch(widget: type[Any], method: str) -> None:
        original = getattr(widget, method)

        def noted(self: Any, *given: Any, **named: Any) -> Any:
            panel = next((node for node in self.ancestors_with_self if isinstance(node, Panel)), None)
            if panel is not None and (not panel.displayed or panel.screen not in shown(panel)):
                found.append(f"{type(panel).__name__}.{method}")
            return original(self, *given, **named)

        monkeypatch.setattr(widget, method, noted)

    def shown(panel: Panel) -> list[Any]:
        """The foremost screen, and what is seen behind dialogs."""
        stack = panel.app.screen_stack
        last = max(number for number, screen in enumerate(stack) if isinstance(screen, LiveScreen))
        return stack[last:]

    for widget, method in (
        (LiveTable, "set_rows"),
        (FixedRows, "set_rows"),
        (Chart, "set_lines"),
        (Pager, "set_lines"),
        (GraphCanvas, "set_picture"),
    ):
        watch(widget, method)
    return found


def moved(document: Any) -> Any:
    """A document in which every count of records has grown: news for whoever shows it."""
    if isinstance(document, dict):
        return {
            key: value + 7
            if isinstance(value, int) and ("records" in key or "bytes" in key)
            else moved(value)
            for key, value in document.items()
        }
    return [moved(one) for one in document] if isinstance(document, list) else document


@pytest.mark.parametrize(
    "name", in_depth(["job", "vertex", "subtask", "checkpoints", "taskmanager"], fast=["checkpoints"])
)
async def test_hidden_panels_do_not_draw_on_news(name: str, drawn_hidden: list[str]) -> None:
    async with monitor("1.20.5") as day:
        await day.press("slash", *"steady", "enter", "enter", "escape", "escape")
        ids = Ids(day)
        screen = SCREENS[name](ids)
        day.app.push_screen(screen)
        await day.settled()
        tabs = [command.keys[0] for command in screen.TABS]  # type: ignore[attr-defined]
        for key in tabs:
            await day.press(key)
        day.cluster.changed[f"jobs/{ids.job}"] = moved
        day.cluster.changed[f"jobs/{ids.job}/vertices/{ids.vertex}"] = moved
        drawn_hidden.clear()
        for key in tabs:
            await day.press(key)
            drawn_hidden.clear()
            screen.facts_changed(everything_watched(day))
            await day.wait(2)
            assert not drawn_hidden, f"on tab {key}"


async def test_a_zoomed_away_panel_does_not_draw_and_catches_up(drawn_hidden: list[str]) -> None:
    async with monitor("1.20.5") as day:
        await day.press("z")
        drawn_hidden.clear()
        day.cluster.changed["overview"] = {"taskmanagers": 77, "slots-total": 99}
        await day.wait(6)
        assert not drawn_hidden
        assert "77" not in day.text
        await day.press("z")
        await day.wait(3)
        assert "77" in day.text


async def test_a_tab_shows_on_opening_what_came_while_it_was_hidden() -> None:
    async with monitor("1.20.5") as day:
        await day.press("slash", *"steady", "enter", "enter", "2", "3")
        job = day.cluster.job("steady")

        def renamed(document: Any) -> Any:
            document["vertices"][0]["name"] = "came while hidden"
            return document

        day.cluster.changed[f"jobs/{job}"] = renamed
        await day.wait(12)
        await day.press("2")
        assert "came while hidden" in day.text
