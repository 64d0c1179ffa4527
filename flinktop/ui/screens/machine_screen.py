"""What the screens of JobManager and TaskManagers share: logs, threads, metrics, charts, profiler."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on

from flinktop.engine.acts.profile import Profile
from flinktop.ui.panels.files_table import FilesTable
from flinktop.ui.panels.log_view import LogView, StdoutView
from flinktop.ui.panels.machine_charts import MachineCharts
from flinktop.ui.panels.machine_header import MachineHeader
from flinktop.ui.panels.machine_metrics import MachineMetrics
from flinktop.ui.panels.memory_table import MemoryTable
from flinktop.ui.panels.profiler_table import ProfilerTable
from flinktop.ui.panels.thread_view import ThreadView
from flinktop.ui.places import LogFilePlace
from flinktop.ui.screens.log_screen import LogCommands
from flinktop.ui.screens.profile_start import ProfileStart
from flinktop.ui.screens.tabbed import TabbedScreen
from flinktop.ui.widgets.table_messages import Opened

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import PurePath

    from textual.app import ComposeResult
    from textual.geometry import Size

    from flinktop.flink.machine import Machine
    from flinktop.ui.live import Panel


BESIDE = 180
"""Columns from which the charts stand beside the memory."""


class MachineScreen(LogCommands, TabbedScreen):
    """A machine by its id; whatever becomes of it, the screen stays until the person leaves it."""

    CSS_PATH: ClassVar[list[str | PurePath]] = ["cluster_screen.tcss", "machine_screen.tcss"]
    NOTHING_OPENS = frozenset(("memory", "charts", "metrics", "configuration", "threads"))
    AUTO_FOCUS = None

    def __init__(self, machine: Machine, tab: str = "", search: str = "", at: float | None = None) -> None:
        """Open a machine.

        Args:
            machine: Which.
            tab: Its tab; "" for the first.
            search: What is looked for in its threads.
            at: The time (s since 1970) at which its log is opened; None for the log's end.
        """
        super().__init__()
        self.machine = machine
        self._wanted = tab
        self._search = search
        self._at = at

    def first_tab(self, size: Size) -> str:
        """The memory, unless another was asked for."""
        return self._wanted or super().first_tab(size)

    def panels_of(self, tab: str, size: Size) -> tuple[str, ...]:
        """One thing at a time; the memory has the charts beside it where there is room."""
        return ("memory", "charts") if tab == "memory" and size.width >= BESIDE else (tab,)

    def headers(self) -> ComposeResult:
        """What the machine is and how it is."""
        yield MachineHeader(self.machine)

    def own(self) -> Panel:
        """The panel that machines of its kind alone have."""
        raise NotImplementedError

    def tabbed(self) -> Iterable[Panel]:
        """All panels."""
        machine = self.machine
        yield MemoryTable(machine, id="memory")
        yield MachineCharts(machine, id="charts")
        yield MachineMetrics(machine, id="metrics")
        yield self.own()
        yield LogView(machine, machine.log, at=self._at, id="log")
        yield StdoutView(machine, machine.stdout, stdout=True, id="stdout")
        yield FilesTable(machine, id="files")
        yield ThreadView(machine, search=self._search, id="threads")
        yield ProfilerTable(machine, id="profiler")

    @on(Opened)
    def _opened(self, event: Opened) -> None:
        if self.tab == "files":
            self.app.go(LogFilePlace(self.machine, event.key))
        elif self.tab == "profiler":
            self.query_one(ProfilerTable).save_here()
        else:
            self.open_own(event.key)

    def open_own(self, key: str) -> None:
        """Open a row of a panel that machines of its kind alone have. Nothing by default."""

    # -- commands ------------------------------------------------------------------------------------

    async def action_log(self) -> None:
        """Its log."""
        await self.action_show_tab("log")

    async def action_threads(self) -> None:
        """Its threads."""
        await self.action_show_tab("threads")

    def action_profile(self) -> None:
        """Ask how a run of the profiler is to be, and start it."""
        table = self.query_one(ProfilerTable) if self.tab == "profiler" else None
        if table is None:
            return
        if (why_not := table.why_not) is not None:
            self.app.notify(f"Profiling disabled: {why_not}", markup=False)
            return

        def chosen(act: Profile | None) -> None:
            if act is not None:
                table.begin(act)

        self.app.push_screen(ProfileStart(Profile(self.machine.taskmanager)), chosen)

    def action_level(self) -> None:
        """Entries from the next level on; of threads those in the next state."""
        if self.tab == "threads":
            self.query_one(ThreadView).next_state()
        else:
            super().action_level()
