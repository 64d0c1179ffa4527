"""The JobManager, and one TaskManager: memory, charts, metrics, logs, threads, profiler."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual import on

from flinktop.engine.acts.profile import Profile
from flinktop.flink.process import Process
from flinktop.flink.taskmanagers import TASKMANAGER, TASKMANAGERS
from flinktop.model import processes
from flinktop.ui import keys
from flinktop.ui.panels.process import ProcessHeader
from flinktop.ui.places import JobPlace, LogFilePlace, Place, TaskManagerPlace
from flinktop.ui.screens.log_screen import LogCommands, process_selected
from flinktop.ui.screens.profile_start import ProfileStart
from flinktop.ui.screens.tabbed import TabbedScreen
from flinktop.ui.widgets.messages import Opened

if TYPE_CHECKING:
    from flinktop.engine.kubernetes_text import Described
    from flinktop.flink.taskmanagers import TaskManager
    from flinktop.ui.tabs import TabPanel


class ProcessScreen(LogCommands, TabbedScreen, sheet="process_screen.tcss"):
    """A JobManager or TaskManager; the screen stays until the user leaves it, even after the process ends."""

    HEADER = ProcessHeader

    def __init__(self, process: Process, tab: str = "", search: str = "", at: float | None = None) -> None:
        """`search` is for its threads; its log opens `at` a time (s since 1970), or at its end."""
        super().__init__(process, tab=tab)
        self.process = process
        self._search = search
        self._at = at

    def arguments(self, panel: TabPanel) -> tuple[Any, ...]:
        process = self.process
        of: dict[str, tuple[Any, ...]] = {
            "log": (process, process.log),
            "stdout": (process, process.stdout),
            "configuration": (),
            "slots": (process.taskmanager,),
        }
        return of.get(panel.id, (process,))

    def options(self, panel: TabPanel) -> dict[str, Any]:
        shown: dict[str, dict[str, Any]] = {
            "log": {"at": self._at},
            "stdout": {"stdout": True},
            "threads": {"search": self._search},
        }
        return shown.get(panel.id, {})

    def selected(self) -> dict[str, str]:
        return process_selected(self.process)

    @on(Opened)
    def _opened(self, event: Opened) -> None:
        if self.tab == "files":
            self.app.go(LogFilePlace(self.process, event.key))
        elif self.tab == "profiler":
            self.made["profiler"].save_here()
        elif self.tab == "slots" and (job := self.made["slots"].job_here()) is not None:
            self.app.go(JobPlace(job))

    async def action_log(self) -> None:
        await self.action_show_tab("log")

    async def action_threads(self) -> None:
        await self.action_show_tab("threads")

    def action_profile(self) -> None:
        if (table := self.panel("profiler")) is None:
            return
        if (why_not := table.why_not) is not None:
            self.app.notify(f"Profiling disabled: {why_not}", markup=False)
            return

        def chosen(act: Profile | None) -> None:
            if act is not None:
                table.begin(act)

        self.app.push_screen(ProfileStart(Profile(self.process.taskmanager)), chosen)

    def action_level(self) -> None:
        """Show entries from the next level on; in a thread dump, threads in the next state."""
        if self.tab == "threads":
            self.made["threads"].next_state()
        else:
            super().action_level()


class JobManagerScreen(ProcessScreen):
    """The JobManager that answers."""

    COMMANDS_HERE = keys.JOBMANAGER
    crumb = "JobManager"

    def __init__(self, tab: str = "") -> None:
        super().__init__(Process(), tab)

    def described(self) -> Described | None:
        """Its pod."""
        state = self.port.kubernetes
        if state is None:
            return None
        from flinktop.engine.kubernetes_text import pod_described  # noqa: PLC0415 -- on Kubernetes alone

        return pod_described(state, next(iter(state.pods_of("jobmanager")), None))

    def action_copy(self) -> None:
        value = self.made["configuration"].value_here() if self.tab == "configuration" else None
        if value is not None:
            self.app.copy_text(value)
        else:
            super().action_copy()


class TaskManagerScreen(ProcessScreen):
    """A TaskManager."""

    COMMANDS_HERE = keys.TASKMANAGER

    def __init__(self, taskmanager: str, tab: str = "", search: str = "", at: float | None = None) -> None:
        super().__init__(Process(taskmanager), tab, search, at)
        self.taskmanager = taskmanager

    @property
    def crumb(self) -> str:
        known = self._known()
        return processes.name(known) if known is not None else self.taskmanager

    def described(self) -> Described | None:
        """Its pod."""
        if (state := self.port.kubernetes) is None:
            return None
        from flinktop.engine.kubernetes_text import pod_described  # noqa: PLC0415 -- on Kubernetes alone

        known = self._known()
        address = processes.address(known) if known is not None else ""
        return pod_described(state, state.pod_of(self.taskmanager, address))

    def _known(self) -> TaskManager | None:
        if (details := self.port.value(TASKMANAGER(taskmanager=self.taskmanager))) is not None:
            return details
        listed = self.port.value(TASKMANAGERS())
        found = listed.taskmanagers if listed is not None else ()
        return next((one for one in found if one.id == self.taskmanager), None)

    def action_copy(self) -> None:
        if self.pager() is not None or self.tab in ("metrics", "files"):
            super().action_copy()
        else:
            known = self._known()
            self.app.copy_text(" ".join(processes.names(known)) if known is not None else self.taskmanager)

    def neighbour(self, by: int) -> Place | None:
        taskmanager = self.neighbour_key(self.taskmanager, by)
        return TaskManagerPlace(taskmanager, self.tab) if taskmanager is not None else None
