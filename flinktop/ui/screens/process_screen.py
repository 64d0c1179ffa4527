"""What the screens of JobManager and TaskManagers share: logs, threads, metrics, charts, profiler."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual import on

from flinktop.engine.acts.profile import Profile
from flinktop.ui.panels.process_header import ProcessHeader
from flinktop.ui.places import LogFilePlace
from flinktop.ui.screens.log_screen import LogCommands
from flinktop.ui.screens.profile_start import ProfileStart
from flinktop.ui.screens.tabbed import TabbedScreen
from flinktop.ui.widgets.messages import Opened

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from flinktop.flink.process import Process
    from flinktop.ui.tabs import TabPanel


class ProcessScreen(LogCommands, TabbedScreen, sheet="process_screen.tcss"):
    """A JobManager or TaskManager; it stays until the person leaves it, even when the process is gone."""

    def __init__(self, process: Process, tab: str = "", search: str = "", at: float | None = None) -> None:
        """`search` is for its threads; its log opens `at` a time (s since 1970), or at its end."""
        super().__init__(process, tab=tab)
        self.process = process
        self._search = search
        self._at = at

    def headers(self) -> ComposeResult:
        yield ProcessHeader(self.process)

    def arguments(self, panel: TabPanel) -> tuple[Any, ...]:
        process = self.process
        of = {"log": (process, process.log), "stdout": (process, process.stdout), "configuration": ()}
        return of.get(panel.id, (process,))

    def options(self, panel: TabPanel) -> dict[str, Any]:
        shown: dict[str, dict[str, Any]] = {
            "log": {"at": self._at},
            "stdout": {"stdout": True},
            "threads": {"search": self._search},
        }
        return shown.get(panel.id, {})

    @on(Opened)
    def _opened(self, event: Opened) -> None:
        if self.tab == "files":
            self.app.go(LogFilePlace(self.process, event.key))
        elif self.tab == "profiler":
            self.made["profiler"].save_here()
        else:
            self.open_own(event.key)

    def open_own(self, key: str) -> None:
        """Open a row of a panel that processes of its kind alone have. Nothing by default."""

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
        """Entries from the next level on; of threads those in the next state."""
        if self.tab == "threads":
            self.made["threads"].next_state()
        else:
            super().action_level()
