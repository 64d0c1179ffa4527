"""A cluster that is opened read-only: whatever key is pressed, nothing is done to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from textual.screen import Screen

from flinktop.engine.acts.job_acts import Cancel, Stop
from flinktop.engine.journal.event import Event, EventKind
from flinktop.engine.kubernetes_text import Described, PodLog
from flinktop.flink.connection import acts
from flinktop.flink.process import Process
from flinktop.own_commands.runs import Run
from flinktop.ui import keys
from flinktop.ui.command import Command
from flinktop.ui.palette import Commands
from flinktop.ui.screens.alerts import AlertsScreen
from flinktop.ui.screens.application import ApplicationScreen
from flinktop.ui.screens.checkpoint import CheckpointScreen, CheckpointVertexScreen
from flinktop.ui.screens.checkpoints import CheckpointsScreen
from flinktop.ui.screens.confirm import ConfirmScreen
from flinktop.ui.screens.event import EventScreen
from flinktop.ui.screens.fault import FaultScreen
from flinktop.ui.screens.help import HelpScreen
from flinktop.ui.screens.jars import JarsScreen
from flinktop.ui.screens.job import JobScreen
from flinktop.ui.screens.kubernetes_text import DescribedScreen, PodLogScreen
from flinktop.ui.screens.log_screen import LogFileScreen
from flinktop.ui.screens.operations import OperationScreen, OperationsScreen
from flinktop.ui.screens.overview import OverviewScreen
from flinktop.ui.screens.own_output import OutputScreen
from flinktop.ui.screens.process_screen import JobManagerScreen, TaskManagerScreen
from flinktop.ui.screens.run_jar import RunJarScreen
from flinktop.ui.screens.subtask import SubtaskScreen
from flinktop.ui.screens.taskmanagers import TaskManagersScreen
from flinktop.ui.screens.timeline import TimelineScreen
from flinktop.ui.screens.upload import UploadScreen
from flinktop.ui.screens.vertex import VertexScreen
from flinktop.ui.screens.why import WhyScreen
from flinktop.ui.widgets.form import PressButton
from tests.ui.acting import ActingDay, acting

ENDS = frozenset({"leave", "suspend_process"})
"""Commands that end the program or stop it: not what is looked at here."""


async def test_there_are_no_actions_and_the_user_is_notified_once() -> None:
    async with acting(size=(80, 24), read_only=True) as ui:
        assert "READ-ONLY" in ui.text
        assert " a actions" not in ui.lines[-1]
        await ui.press("a", "a")
        assert isinstance(ui.app.screen, OverviewScreen)
        assert ui.notes == ["This cluster is opened read-only: actions are disabled."]
        assert not [entry for entry in Commands(ui.app.screen)._entries() if "actions" in entry[0]]
        await ui.press("question_mark")
        assert isinstance(ui.app.screen, HelpScreen)
        assert keys.ACTIONS not in ui.app.screen.commands
        await ui.press("escape")
        # Whoever gets to a dialog all the same finds its button off.
        for act in (Stop(ui.job), Cancel(ui.job)):
            ui.app.push_screen(ConfirmScreen(act))
            await ui.settled()
            assert "Not now: this cluster is opened read-only" in ui.text
            assert ui.app.screen.query_one("#do", PressButton).disabled
            await ui.press("right", "enter", "escape")
        untouched(ui)


def places(ui: ActingDay) -> Iterator[tuple[tuple[Command, ...], Screen[None]]]:
    """Every table of keys, and the screen that has it."""
    job = ui.job
    listed = ui.jobmanager._job(job, {})[1]
    vertex = listed["vertices"][0]["id"]
    checkpoint = ui.jobmanager._checkpoints(job)[1]["history"][0]["id"]
    taskmanager = ui.cluster.document("taskmanagers")["taskmanagers"][0]["id"]
    yield keys.OVERVIEW, OverviewScreen()
    yield keys.JOB, JobScreen(job)
    yield keys.WHY_SCREEN, WhyScreen(job, cluster=True)
    yield keys.VERTEX, VertexScreen(job, vertex)
    yield keys.SUBTASK, SubtaskScreen(job, vertex, 0)
    yield keys.CHECKPOINTS, CheckpointsScreen(job)
    yield keys.CHECKPOINT, CheckpointScreen(job, checkpoint)
    yield keys.CHECKPOINT_VERTEX, CheckpointVertexScreen(job, checkpoint, vertex)
    yield keys.FAULT, FaultScreen(job, "none", 0)
    yield keys.TASKMANAGERS, TaskManagersScreen()
    yield keys.TASKMANAGER, TaskManagerScreen(taskmanager)
    yield keys.JOBMANAGER, JobManagerScreen()
    yield keys.LOG_FILE, LogFileScreen(Process(taskmanager), "taskmanager.log")
    yield keys.JARS, JarsScreen()
    yield keys.APPLICATION, ApplicationScreen(job)
    yield keys.OPERATIONS_LIST, OperationsScreen()
    yield keys.OPERATION, OperationScreen("none")
    yield keys.ALERTS, AlertsScreen()
    yield keys.TIMELINE, TimelineScreen()
    happened = Event(kind=EventKind.FAILURE, at=1.0, cluster="", words="no", key="", job=job)
    yield keys.EVENT, EventScreen(happened)
    yield keys.POD_LOG, PodLogScreen(PodLog(namespace="flink", pod="orders-taskmanager-1-1"))
    yield keys.DESCRIPTION_OF, DescribedScreen(Described(kind="pod", namespace="flink", name="orders"))
    yield keys.OUTPUT, OutputScreen(Run("mine", ("true",), background=False, began=0.0))


@pytest.mark.deep
async def test_no_key_of_any_screen_does_anything_to_it() -> None:
    async with acting("2.3.0", (80, 24), read_only=True) as ui:
        tables = list(places(ui))
        assert {table for table, _ in tables} == set(keys.SCREENS)
        for table, opened in tables:
            screen = opened
            ui.app.push_screen(screen)
            await ui.settled()
            for command in (one for one in (*keys.GLOBAL, *table) if one.id not in ENDS):
                for key in command.keys:
                    await ui.press(key)
                    if ui.app.screen.is_modal:
                        await ui.press("enter")
                    screen = await back_to(ui, screen, table)
            untouched(ui)


@pytest.mark.deep
async def test_no_entry_of_the_palette_does_anything_to_it() -> None:
    async with acting(size=(80, 24), read_only=True) as ui:
        overview = ui.app.screen
        for name, _, begin in list(Commands(overview)._entries()):
            if name.startswith("theme "):
                continue
            result = begin()
            if hasattr(result, "__await__"):
                await result
            await ui.press("enter", "enter")
            untouched(ui)
            while len(ui.app.screen_stack) > 2:
                ui.app.pop_screen()
            await ui.settled()


@pytest.mark.deep
async def test_no_form_sends_anything() -> None:
    async with acting(size=(80, 24), read_only=True) as ui:
        jar = next(iter(ui.jobmanager.jars))
        for form in (RunJarScreen(jar), UploadScreen("/etc/hosts")):
            ui.app.push_screen(form)
            await ui.settled()
            await ui.wait(3)
            assert "opened read-only" in ui.text
            for button in form.query(PressButton):
                # As if it were on.
                button.post_message(PressButton.Pressed(button))
                await ui.settled()
            ui.app.close_dialogs()
            await ui.settled()
        untouched(ui)


async def back_to(ui: ActingDay, screen: Screen[None], table: tuple[Command, ...]) -> Screen[None]:
    """Close what a key has opened; if it has left the screen, open another like it."""
    while screen in ui.app.screen_stack and ui.app.screen is not screen:
        ui.app.pop_screen()
        await ui.settled()
    if screen in ui.app.screen_stack:
        return screen
    again = next(screen for of, screen in places(ui) if of is table)
    ui.app.push_screen(again)
    await ui.settled()
    return again


def untouched(ui: ActingDay) -> None:
    """Nothing but questions reached the wire, and nothing was written down."""
    done = [line for line in ui.cluster.asked if acts(*line.partition(" /")[::2])]
    assert done == []
    assert ui.acts() == []
    assert [one.kind for one in ui.port.operations() if one.sent is not None] == []
