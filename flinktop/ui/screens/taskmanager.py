"""One TaskManager: memory, charts, metrics, slots, logs, threads, profiler."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flinktop.flink.process import Process
from flinktop.flink.taskmanagers import TASKMANAGER, TASKMANAGERS
from flinktop.model import processes
from flinktop.ui import keys, tabs
from flinktop.ui.places import JobPlace, Place, TaskManagerPlace
from flinktop.ui.screens.process_screen import ProcessScreen

if TYPE_CHECKING:
    from flinktop.flink.taskmanagers import TaskManager
    from flinktop.ui.tabs import TabPanel


class TaskManagerScreen(ProcessScreen):
    """A TaskManager by its id."""

    COMMANDS_HERE = keys.TASKMANAGER
    TABS = tabs.TASKMANAGER_TABS

    def __init__(self, taskmanager: str, tab: str = "", search: str = "", at: float | None = None) -> None:
        super().__init__(Process(taskmanager), tab, search, at)
        self.taskmanager = taskmanager

    @property
    def crumb(self) -> str:
        known = self._known()
        return processes.name(known) if known is not None else self.taskmanager

    def _known(self) -> TaskManager | None:
        if (details := self.app.port.value(TASKMANAGER(taskmanager=self.taskmanager))) is not None:
            return details
        listed = self.app.port.value(TASKMANAGERS())
        found = listed.taskmanagers if listed is not None else ()
        return next((one for one in found if one.id == self.taskmanager), None)

    def arguments(self, panel: TabPanel) -> tuple[Any, ...]:
        return (self.taskmanager,) if panel.id == "slots" else super().arguments(panel)

    def open_own(self, key: str) -> None:
        del key
        if self.tab == "slots" and (job := self.made["slots"].job_here()) is not None:
            self.app.go(JobPlace(job))

    def action_copy(self) -> None:
        if self.pager() is not None or self.tab in ("metrics", "files"):
            super().action_copy()
        else:
            known = self._known()
            self.app.copy_text(" ".join(processes.names(known)) if known is not None else self.taskmanager)

    def neighbour(self, by: int) -> Place | None:
        taskmanager = self.key_beside(self.taskmanager, by)
        return TaskManagerPlace(taskmanager, self.tab) if taskmanager is not None else None
