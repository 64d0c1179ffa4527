"""The TaskManagers of the cluster, worst first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on

from flinktop.ui import keys
from flinktop.ui.panels.pod_columns import LEGEND
from flinktop.ui.panels.taskmanagers import TaskManagersTable
from flinktop.ui.places import PodLogPlace, TaskManagerPlace
from flinktop.ui.screens.taskmanager_of import Location, RunsOnTaskManager
from flinktop.ui.widgets.messages import Opened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from flinktop.engine.kubernetes_text import Described


class TaskManagersScreen(RunsOnTaskManager):
    """All TaskManagers; each opens its own screen."""

    COMMANDS_HERE = keys.TASKMANAGERS
    crumb = "TaskManagers"
    AUTO_FOCUS = "LiveTable"

    def body(self) -> ComposeResult:
        yield TaskManagersTable()

    @on(Opened)
    def _opened(self, event: Opened) -> None:
        """A TaskManager; of a pod alone its description, or its last log when it is gone."""
        if self._panel.is_listed_here:
            self.app.go(TaskManagerPlace(event.key))
        elif self.described() is not None:
            self.action_describe()
        else:
            self.action_log()

    @property
    def _panel(self) -> TaskManagersTable:
        return self.query_one(TaskManagersTable)

    def legend(self) -> Sequence[tuple[str, str]]:
        return LEGEND if self.port.kubernetes is not None else ()

    def described(self) -> Described | None:
        state = self.port.kubernetes
        if state is None or not self.query(TaskManagersTable):
            return None
        from flinktop.engine.kubernetes_text import pod_described  # noqa: PLC0415 -- on Kubernetes alone

        return pod_described(state, self._panel.pod_here)

    def action_log(self) -> None:
        """Its log; of a pod whose container has ended the last one that it wrote."""
        panel, state = self._panel, self.port.kubernetes
        pod = panel.pod_here
        if panel.is_listed_here or pod is None or state is None:
            super().action_log()
            return
        from flinktop.engine.kubernetes_text import last_log  # noqa: PLC0415 -- on Kubernetes alone

        self.app.go(PodLogPlace(last_log(state, pod)))

    def action_threads(self) -> None:
        if self._panel.is_listed_here or self.table() is None:
            super().action_threads()
        else:
            self.app.notify("Flink does not list this TaskManager: only its pod is known.", markup=False)

    def action_copy(self) -> None:
        if (text := self._panel.copied()) is not None:
            self.app.copy_text(text)

    def selected(self) -> dict[str, str]:
        table = self.table()
        key = table.cursor_key if table is not None else None
        return {"taskmanager": key} if key is not None else {}

    def location(self) -> Location | None:
        table = self.table()
        return Location(table.cursor_key) if table is not None and table.cursor_key is not None else None
