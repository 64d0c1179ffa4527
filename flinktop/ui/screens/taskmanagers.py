"""The TaskManagers of the cluster, worst first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on

from flinktop.ui import keys
from flinktop.ui.panels.taskmanagers import TaskManagersTable
from flinktop.ui.places import TaskManagerPlace
from flinktop.ui.screens.taskmanager_of import Location, RunsOnTaskManager
from flinktop.ui.widgets.messages import Opened

if TYPE_CHECKING:
    from textual.app import ComposeResult


class TaskManagersScreen(RunsOnTaskManager):
    """All TaskManagers; each opens its own screen."""

    COMMANDS_HERE = keys.TASKMANAGERS
    crumb = "TaskManagers"
    AUTO_FOCUS = "LiveTable"

    def body(self) -> ComposeResult:
        yield TaskManagersTable()

    @on(Opened)
    def _opened(self, event: Opened) -> None:
        self.app.go(TaskManagerPlace(event.key))

    def action_copy(self) -> None:
        if (text := self.query_one(TaskManagersTable).copied()) is not None:
            self.app.copy_text(text)

    def selected(self) -> dict[str, str]:
        table = self.table()
        key = table.cursor_key if table is not None else None
        return {"taskmanager": key} if key is not None else {}

    def location(self) -> Location | None:
        table = self.table()
        return Location(table.cursor_key) if table is not None and table.cursor_key is not None else None
