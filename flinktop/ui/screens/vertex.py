"""One vertex of a job: its header, its subtasks, its charts."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from flinktop.facts.vertex_taskmanagers import machine_of
from flinktop.facts.vertices import vertex_of
from flinktop.flink.jobs import JOB
from flinktop.flink.vertices import VERTEX
from flinktop.ui import keys
from flinktop.ui.panels.accumulators import VertexAccumulatorsTable
from flinktop.ui.panels.flame_graph import FlamePanel
from flinktop.ui.panels.job_timeline import VertexTimeline
from flinktop.ui.panels.metrics_explorer import MetricsExplorer
from flinktop.ui.panels.pinned_charts import PinnedCharts
from flinktop.ui.panels.subtasks_table import SubtasksTable, Together
from flinktop.ui.panels.vertex_backpressure import VertexPressure
from flinktop.ui.panels.vertex_charts import VertexCharts
from flinktop.ui.panels.vertex_header import VertexHeader
from flinktop.ui.panels.vertex_taskmanagers import VertexMachines
from flinktop.ui.panels.vertex_watermarks import VertexWatermarks
from flinktop.ui.places import CheckpointsPlace, SubtaskPlace, TaskManagerPlace, VertexPlace, VertexPlanPlace
from flinktop.ui.screens.machine_of import RunsOnMachine, Whereabouts, of_subtask
from flinktop.ui.screens.tabbed import TabbedScreen

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import PurePath

    from textual.app import ComposeResult
    from textual.geometry import Size

    from flinktop.ui.live import Panel
    from flinktop.ui.widgets.table import LiveTable

CHARTS_SIZE = (120, 40)
"""From this size on the charts stand below the subtasks."""
BOTH_SIZE = (100, 24)
"""From this size on the charts of the selected subtask stand below those of the vertex."""
SUBTASK_TABLES = ("subtask-rows", "backpressure-rows", "watermarks-rows", "timeline-rows")
"""Tables whose rows are subtasks."""


def subtask_of(key: str) -> int:
    """The subtask that a row is of: `3`, `3.0` of an attempt beside another, `subtask <vertex> 3`."""
    return int(key.rpartition(" ")[2].partition(".")[0])


class VertexScreen(RunsOnMachine, TabbedScreen):
    """A vertex by its ids; whatever becomes of it, the screen stays until the person leaves it."""

    CSS_PATH: ClassVar[list[str | PurePath]] = ["cluster_screen.tcss", "vertex.tcss"]
    COMMANDS_HERE = keys.VERTEX
    BINDINGS = keys.bindings(keys.VERTEX)
    TABS = keys.VERTEX_TABS
    NOTHING_OPENS = frozenset(("charts", "flame"))
    AUTO_FOCUS = None

    def __init__(self, job: str, vertex: str, tab: str = "") -> None:
        """Open a vertex, on this tab or the first."""
        super().__init__()
        self.job = job
        self.vertex = vertex
        self._wanted = tab
        self._charts = VertexCharts(job, vertex, 0, id="subtask-charts")
        self._flame = FlamePanel(job, vertex, id="flame")
        self._metrics = MetricsExplorer(job, vertex, id="metrics")
        self._pinned = PinnedCharts(job, vertex, id="pins")
        self._pressure = VertexPressure(job, vertex, id="backpressure")

    @property
    def crumb(self) -> str:
        """The vertex's name, as soon as anything has told it."""
        known = vertex_of(self.app.port, self.job, self.vertex)
        if known is not None:
            return known[1].name
        detail = self.app.port.reading(VERTEX(job=self.job, vertex=self.vertex))
        return detail.value.name if detail is not None and detail.value is not None else self.vertex

    def first_tab(self, size: Size) -> str:
        """The subtasks, unless another was asked for."""
        return self._wanted or super().first_tab(size)

    def panels_of(self, tab: str, size: Size) -> tuple[str, ...]:
        """The subtasks, with the vertex's charts below where there is room; or charts alone."""
        if tab == "charts":
            both = size.width >= BOTH_SIZE[0] and size.height >= BOTH_SIZE[1]
            return ("vertex-charts", "subtask-charts") if both else ("vertex-charts",)
        if tab == "metrics":
            return ("metrics", "pins")
        if tab != "subtasks":
            return (tab,)
        roomy = size.width >= CHARTS_SIZE[0] and size.height >= CHARTS_SIZE[1]
        return ("subtasks", "vertex-charts") if roomy else ("subtasks",)

    def headers(self) -> ComposeResult:
        """What the vertex is and how it is."""
        yield VertexHeader(self.job, self.vertex)

    def tabbed(self) -> Iterable[Panel]:
        """Subtasks, the vertex's charts, those of the selected subtask, and what has a tab of its own."""
        yield SubtasksTable(self.job, self.vertex, id="subtasks")
        yield VertexCharts(self.job, self.vertex, id="vertex-charts")
        yield self._charts
        yield self._pressure
        yield VertexWatermarks(self.job, self.vertex, id="watermarks")
        yield VertexMachines(self.job, self.vertex, id="taskmanagers")
        yield VertexAccumulatorsTable(self.job, self.vertex, id="accumulators")
        yield self._flame
        yield VertexTimeline(self.job, self.vertex, id="timeline")
        yield self._metrics
        yield self._pinned

    def whereabouts(self) -> Whereabouts | None:
        """Where the subtask under the cursor runs, or the TaskManager under it."""
        table = self.table()
        key = table.cursor_key if table is not None else None
        if table is None or key is None:
            return None
        if self.tab == "taskmanagers":
            # Before 1.10 the rows are hosts.
            told = self.app.port.features.has(1, 10)
            return Whereabouts(machine_of(key) if told else None, f"{self.crumb} (")
        if table.id not in SUBTASK_TABLES:
            return None
        return of_subtask(self.app.port, self.job, self.vertex, subtask_of(key))

    # -- commands ------------------------------------------------------------------------------------

    def on_together(self, event: Together) -> None:
        """The header is of the answer that the rows are of."""
        for header in self.query(VertexHeader):
            header.show_with(event.rows)

    def on_live_table_moved(self, event: LiveTable.Moved) -> None:
        """The charts are of the subtask that the cursor is on."""
        if event.key is not None and event.table.id == "subtask-rows":
            self._charts.choose(subtask_of(event.key))

    def on_live_table_opened(self, event: LiveTable.Opened) -> None:
        """Open a subtask."""
        if event.table.id in SUBTASK_TABLES:
            self.app.go(SubtaskPlace(self.job, self.vertex, subtask_of(event.key)))
        elif self.tab == "taskmanagers" and self.app.port.features.has(1, 10):
            self.app.go(TaskManagerPlace(machine_of(event.key)))

    def action_description(self) -> None:
        """What its operators do, in Flink's own words."""
        self.app.go(VertexPlanPlace(self.job, self.vertex))

    def action_pin(self) -> None:
        """Pin the selected metric, or no longer."""
        if self.tab == "metrics" and self._metrics.is_mounted:
            self._metrics.toggle_pin()
            self._pinned.update()

    def action_copy(self) -> None:
        """Copy the vertex's id; of a selected accumulator its value."""
        self.app.copy_text(self.copied() or self.vertex)

    def action_flame_kind(self) -> None:
        """The flame graph of other threads."""
        if self.tab == "flame" and self._flame.is_mounted:
            self._flame.next_kind()

    def go_back(self) -> bool:
        """A zoomed flame graph shows all again first."""
        return self._flame.leave_zoom() or super().go_back()

    def action_sample(self) -> None:
        """Have the backpressure measured, where that has a price."""
        if self.tab == "backpressure" and self._pressure.is_mounted:
            self._pressure.ask()

    def action_checkpoints(self) -> None:
        """The checkpoints of the job."""
        self.app.go(CheckpointsPlace(self.job))

    def action_previous(self) -> None:
        """The vertex before this one in the job, in the same view."""
        self._step(-1)

    def action_next(self) -> None:
        """The vertex after this one in the job, in the same view."""
        self._step(1)

    def _step(self, by: int) -> None:
        reading = self.app.port.reading(JOB(job=self.job))
        vertices = [one.id for one in reading.value.vertices] if reading and reading.value else []
        if not vertices:
            return
        # One that a restart has taken away is followed by the first, preceded by the last.
        at = vertices.index(self.vertex) if self.vertex in vertices else (-1 if by > 0 else 0)
        following = vertices[(at + by) % len(vertices)]
        if following != self.vertex:
            self.app.go(VertexPlace(self.job, following, self.tab), instead=True)
