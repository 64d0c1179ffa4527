"""One event of the journal with its stack, or with its further lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.engine.journal.event import EventKind
from flinktop.facts.events import Held, look
from flinktop.model import threads
from flinktop.ui import keys
from flinktop.ui.panels.event import EventHeader, EventText
from flinktop.ui.screens.taskmanager_of import Location, RunsOnTaskManager
from flinktop.ui.subjects import go_to, subject_of

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from flinktop.engine.journal.event import Event


class EventScreen(RunsOnTaskManager, sheet="event.tcss"):
    """An event as it was recorded, whatever Flink still has of it."""

    COMMANDS_HERE = keys.EVENT
    AUTO_FOCUS = "Pager"

    def __init__(self, event: Event) -> None:
        super().__init__()
        self.job = event.job
        self.event = event

    @property
    def crumb(self) -> str:
        return look(self.event).word

    def body(self) -> ComposeResult:
        yield EventHeader(self.event)
        yield EventText(self.event)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Frames are folded in a stack; log and threads are those of the TaskManager of a failure."""
        if action == "fold" and self.event.kind is not EventKind.FAILURE:
            return False
        if action in ("log", "threads") and not self.event.taskmanager:
            return False
        return super().check_action(action, parameters)

    def location(self) -> Location | None:
        event, held = self.event, Held(self.port)
        if held.taskmanagers is not None and event.taskmanager not in held.taskmanagers:
            self.app.notify("Its TaskManager is gone: the cluster no longer lists it.", markup=False)
            return None
        named = event.vertex_name and event.subtask is not None
        search = threads.of_task(event.vertex_name, event.subtask or 0) if named else ""
        return Location(event.taskmanager, search, "1.17", max(event.at, event.last) / 1000.0)

    def action_open_subject(self) -> None:
        go_to(self.app, subject_of(self.port, self.event))

    def action_fold(self) -> None:
        self.query_one(EventText).toggle()

    def action_copy(self) -> None:
        self.app.copy_text(self.query_one(EventText).text or self.event.words)
