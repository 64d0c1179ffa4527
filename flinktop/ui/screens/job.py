"""One job: its header, its graph and vertices, its charts, its configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on

from flinktop.flink.jobs import JOB, JOBS_OVERVIEW
from flinktop.model.pending_operators import is_pending
from flinktop.ui import keys
from flinktop.ui.panels.accumulators import JobAccumulatorsTable
from flinktop.ui.panels.fault_stack import FaultStack
from flinktop.ui.panels.job_charts import JobCharts
from flinktop.ui.panels.job_configuration import JobConfiguration
from flinktop.ui.panels.job_exceptions import ExceptionsTable, found_fault
from flinktop.ui.panels.job_graph import JobGraph
from flinktop.ui.panels.job_header import JobHeader
from flinktop.ui.panels.job_timeline import JobTimeline
from flinktop.ui.panels.metrics_explorer import MetricsExplorer
from flinktop.ui.panels.pinned_charts import PinnedCharts
from flinktop.ui.panels.throughput import Throughput
from flinktop.ui.panels.vertices_table import VerticesTable
from flinktop.ui.places import CheckpointsPlace, FaultPlace, JobPlace, SubtaskPlace, VertexPlace
from flinktop.ui.screens.machine_of import FaultOnMachine
from flinktop.ui.screens.tabbed import TabbedScreen
from flinktop.ui.widgets import graph_messages
from flinktop.ui.widgets.table import LiveTable
from flinktop.ui.widgets.table_messages import Moved, Opened

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import PurePath

    from textual.app import ComposeResult
    from textual.geometry import Size

    from flinktop.ui.live import Panel
    from flinktop.ui.screens.machine_of import Whereabouts

GRAPH_SIZE = (120, 40)
"""From this size on a job opens on its graph, with the vertices below."""
STACK_LINES = 32
"""From so many lines on the stack of the selected exception always stands below the exceptions."""
LEAST_STACK = 8
"""On a shorter screen so many lines that the exceptions leave blank are given to it."""


class JobScreen(FaultOnMachine, TabbedScreen):
    """A job by its id; whatever becomes of the job, the screen stays until the person leaves it."""

    CSS_PATH: ClassVar[list[str | PurePath]] = ["cluster_screen.tcss", "job.tcss"]
    COMMANDS_HERE = keys.JOB
    BINDINGS = keys.bindings(keys.JOB)
    TABS = keys.JOB_TABS
    NOTHING_OPENS = frozenset(("charts", "configuration"))
    AUTO_FOCUS = None

    def __init__(self, job: str, tab: str = "") -> None:
        """Open a job, on this tab or on the one that suits the terminal."""
        super().__init__()
        self.job = job
        self._wanted = tab
        self._graph = JobGraph(job, id="graph")
        self._vertices = VerticesTable(job, id="vertices")
        self._exceptions = ExceptionsTable(job, id="exceptions")
        self._stack = FaultStack(job)
        self._metrics = MetricsExplorer(job, id="metrics")
        self._pinned = PinnedCharts(job, id="pins")

    @property
    def crumb(self) -> str:
        """The job's name, as soon as anything has told it."""
        detail = self.app.port.reading(JOB(job=self.job))
        if detail is not None and detail.value is not None:
            return detail.value.name
        listed = self.app.port.reading(JOBS_OVERVIEW())
        if listed is not None and listed.value is not None:
            for job in listed.value.jobs:
                if job.jid == self.job:
                    return job.name
        return self.job

    def first_tab(self, size: Size) -> str:
        """The graph where it and the vertices have room, else the vertices."""
        if self._wanted:
            return self._wanted
        return "graph" if size.width >= GRAPH_SIZE[0] and size.height >= GRAPH_SIZE[1] else "vertices"

    def panels_of(self, tab: str, size: Size) -> tuple[str, ...]:
        """The panels of a tab; the graph has the vertices below it where there is room."""
        if tab == "graph":
            return ("graph", "vertices") if size.height >= GRAPH_SIZE[1] else ("graph",)
        if tab == "vertices":
            return ("vertices", "throughput")
        if tab == "metrics":
            return ("metrics", "pins")
        if tab == "exceptions":
            roomy = size.height >= STACK_LINES or self._leaves_stack_room()
            return ("exceptions", "stack") if roomy else ("exceptions",)
        return (tab,)

    def _leaves_stack_room(self) -> bool:
        """Whether the exceptions leave enough blank lines for a stack."""
        needed = self._exceptions.lines_needed
        # While the screen is being closed there is nothing left in it.
        room = max((tabs.size.height for tabs in self.query("#tabs")), default=0)
        return needed is not None and room - needed >= LEAST_STACK

    def tick(self, *, everything: bool = True) -> None:
        """Exceptions that have come leave the stack no room, or more."""
        super().tick(everything=everything)
        if self.tab == "exceptions" and self.query("#tabs"):
            shown = self._stack.is_attached and self._stack.display
            if shown != ("stack" in self.panels_of(self.tab, self.size)):
                self.call_later(self.show_panels)

    def headers(self) -> ComposeResult:
        """What the job is and how it is."""
        yield JobHeader(self.job)

    def tabbed(self) -> Iterable[Panel]:
        """Graph, vertices with throughput, charts, configuration, exceptions."""
        yield self._graph
        yield self._vertices
        yield Throughput(self.job, id="throughput")
        yield JobCharts(self.job, id="charts")
        yield JobConfiguration(self.job, id="configuration")
        yield self._exceptions
        yield self._stack
        yield JobAccumulatorsTable(self.job, id="accumulators")
        yield JobTimeline(self.job, id="timeline")
        yield self._metrics
        yield self._pinned

    def focus_first(self) -> None:
        """Where graph and vertices are both seen the vertices have the keys: they are what is opened."""
        if self.tab == "graph" and "vertices" in self.panels_of(self.tab, self.size):
            # A panel that has just been mounted has no table yet; the next second sees to it.
            for table in self._vertices.query(LiveTable):
                self.set_focus(table)
        else:
            super().focus_first()

    # -- one selection in graph and table ------------------------------------------------------------

    @on(Moved)
    def _select_beside(self, event: Moved) -> None:
        if event.key is not None and event.table.id == "vertex-rows":
            self._graph.select(event.key)
        elif (fault := self._exceptions.selected()) is not None and event.table is self._exceptions.table:
            self._stack.choose(fault.group, fault.at, fault.beside)

    @on(graph_messages.Moved)
    def _select_in_table(self, event: graph_messages.Moved) -> None:
        if self._vertices.is_mounted:
            self._vertices.table.cursor_key = event.key

    @on(Opened)
    def _open_row(self, event: Opened) -> None:
        if event.table.id == "vertex-rows":
            self._open_vertex(event.key)
        elif (fault := self._exceptions.selected()) is not None and event.table is self._exceptions.table:
            self.app.go(FaultPlace(self.job, fault.group, fault.at, fault.beside))
        elif event.key.startswith("subtask "):
            _, vertex, subtask = event.key.split(" ")
            self.app.go(SubtaskPlace(self.job, vertex, int(subtask.partition(".")[0])))

    @on(graph_messages.Opened)
    def _open_box(self, event: graph_messages.Opened) -> None:
        self._open_vertex(event.key)

    def _open_vertex(self, vertex: str) -> None:
        if is_pending(vertex):
            self.app.notify(
                "This operator is pending: it has no subtasks before it is planned.", markup=False
            )
            return
        self.app.go(VertexPlace(self.job, vertex))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Of what is seen on a job's screen its exceptions alone are of one TaskManager."""
        if action in ("log", "threads") and self.tab != "exceptions":
            return False
        return super().check_action(action, parameters)

    def whereabouts(self) -> Whereabouts | None:
        """The TaskManager that the selected exception came from, as far as Flink says."""
        row = self._exceptions.selected()
        faults = self.app.port.faults(self.job)
        found = found_fault(faults, row.group, row.at, row.beside) if row is not None else None
        return self.of_fault(found[1], row.at) if row is not None and found is not None else None

    # -- commands ------------------------------------------------------------------------------------

    def action_open(self) -> None:
        """Open the selected vertex."""
        if self.tab == "graph" and self._graph.selected is not None:
            self._open_vertex(self._graph.selected)
        else:
            super().action_open()

    def action_checkpoints(self) -> None:
        """The job's checkpoints."""
        self.app.go(CheckpointsPlace(self.job))

    def action_pin(self) -> None:
        """Pin the selected metric, or no longer."""
        if self.tab == "metrics" and self._metrics.is_mounted:
            self._metrics.toggle_pin()
            self._pinned.update()

    def action_copy(self) -> None:
        """Copy the job's id; of a selected exception its stack."""
        self.app.copy_text(self.copied() or self.job)

    def action_previous(self) -> None:
        """The previous job of the overview, in the same view."""
        self._step(-1)

    def action_next(self) -> None:
        """The next job of the overview, in the same view."""
        self._step(1)

    def _step(self, by: int) -> None:
        below = self.app.screen_stack[-2] if len(self.app.screen_stack) > 1 else None
        table = below.query(LiveTable).first() if below is not None and below.query(LiveTable) else None
        shown = table.shown_keys() if table is not None else ()
        if self.job in shown and len(shown) > 1:
            job = shown[(shown.index(self.job) + by) % len(shown)]
            self.app.go(JobPlace(job, self.tab), instead=True)
