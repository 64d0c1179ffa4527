"""The TaskManagers of the cluster, worst first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on

from flinktop.ui import keys
from flinktop.ui.panels.taskmanagers_table import TaskManagersTable
from flinktop.ui.places import TaskManagerPlace
from flinktop.ui.screens.cluster_screen import ClusterScreen
from flinktop.ui.widgets.messages import Opened

if TYPE_CHECKING:
    from textual.app import ComposeResult


class TaskManagersScreen(ClusterScreen):
    """All TaskManagers; each opens a screen of its own."""

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

    def action_log(self) -> None:
        self._open("log")

    def action_threads(self) -> None:
        self._open("threads")

    def _open(self, tab: str) -> None:
        if (table := self.table()) is not None and table.cursor_key is not None:
            self.app.go(TaskManagerPlace(table.cursor_key, tab))
