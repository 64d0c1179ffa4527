"""One vertex of a job: its header, its subtasks, its charts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual import on

from flinktop.facts.vertex_parts import taskmanager_of
from flinktop.facts.vertices import vertex_of
from flinktop.flink.jobs import JOB
from flinktop.flink.vertices import VERTEX
from flinktop.ui import keys
from flinktop.ui.panels.subtasks_table import AllRowsShown
from flinktop.ui.panels.vertex_header import VertexHeader
from flinktop.ui.places import (
    CheckpointsPlace,
    Place,
    SubtaskPlace,
    TaskManagerPlace,
    VertexPlace,
    VertexPlanPlace,
)
from flinktop.ui.screens.tabbed import TabbedScreen
from flinktop.ui.screens.taskmanager_of import Location, RunsOnTaskManager, of_subtask

if TYPE_CHECKING:
    from flinktop.ui.tabs import TabPanel
    from flinktop.ui.widgets.table import LiveTable

SUBTASK_TABLES = ("subtask-rows", "backpressure-rows", "watermarks-rows", "timeline-rows")
"""Tables whose rows are subtasks."""


def subtask_of(key: str) -> int:
    """The subtask of a row: `3`, `3.0` of a concurrent attempt, `subtask <vertex> 3`."""
    return int(key.rpartition(" ")[2].partition(".")[0])


class VertexScreen(RunsOnTaskManager, TabbedScreen, sheet="vertex.tcss"):
    """A vertex; the screen stays until the user leaves it, whatever happens to the vertex."""

    COMMANDS_HERE = keys.VERTEX
    HEADER = VertexHeader

    def __init__(self, job: str, vertex: str, tab: str = "") -> None:
        super().__init__(job, vertex, tab=tab)
        self.job = job
        self.vertex = vertex
        self._subtask = 0
        """The selected one, which the charts show."""

    def arguments(self, panel: TabPanel) -> tuple[Any, ...]:
        return (*self.of, self._subtask) if panel.id == "subtask-charts" else self.of

    @property
    def crumb(self) -> str:
        if (known := vertex_of(self.port, self.job, self.vertex)) is not None:
            return known[1].name
        detail = self.port.value(VERTEX(job=self.job, vertex=self.vertex))
        return detail.name if detail is not None else self.vertex

    def location(self) -> Location | None:
        table = self.table()
        key = table.cursor_key if table is not None else None
        if table is None or key is None:
            return None
        if self.tab == "taskmanagers":
            # Before 1.10 the rows are hosts.
            known = self.port.features.has(1, 10)
            return Location(taskmanager_of(key) if known else None, f"{self.crumb} (")
        if table.id not in SUBTASK_TABLES:
            return None
        return of_subtask(self.port, self.job, self.vertex, subtask_of(key))

    def selected(self) -> dict[str, str]:
        """The vertex, and the subtask or TaskManager under the cursor."""
        found, table = super().selected() | {"vertex": self.vertex}, self.table()
        key = table.cursor_key if table is not None else None
        if table is None or key is None:
            return found
        if table.id in SUBTASK_TABLES:
            found["subtask"] = str(subtask_of(key))
        if (where := self.location()) is not None and where.taskmanager is not None:
            found["taskmanager"] = where.taskmanager
        return found

    @on(AllRowsShown)
    def _show_rows_in_header(self, event: AllRowsShown) -> None:
        """Make the header show the answer that the rows show."""
        for header in self.query(VertexHeader):
            header.show_rows_below(event.rows)

    def on_live_table_moved(self, event: LiveTable.Moved) -> None:
        """Make the charts show the subtask under the cursor."""
        charts = self.made.get("subtask-charts")
        if event.key is not None and event.control.id == "subtask-rows":
            self._subtask = subtask_of(event.key)
            if charts is not None:
                charts.choose(self._subtask)

    def on_live_table_opened(self, event: LiveTable.Opened) -> None:
        if event.control.id in SUBTASK_TABLES:
            self.app.go(SubtaskPlace(self.job, self.vertex, subtask_of(event.key)))
        elif self.tab == "taskmanagers" and self.port.features.has(1, 10):
            self.app.go(TaskManagerPlace(taskmanager_of(event.key)))

    def action_description(self) -> None:
        self.app.go(VertexPlanPlace(self.job, self.vertex))

    def action_copy(self) -> None:
        self.app.copy_text(self.copied() or self.vertex)

    def action_sample(self) -> None:
        if (pressure := self.panel("backpressure")) is not None:
            pressure.ask()

    def action_checkpoints(self) -> None:
        self.app.go(CheckpointsPlace(self.job))

    def neighbour(self, by: int) -> Place | None:
        job = self.port.value(JOB(job=self.job))
        vertices = [one.id for one in job.vertices] if job is not None else []
        if not vertices:
            return None
        # A vertex removed by a restart is followed by the first, preceded by the last.
        at = vertices.index(self.vertex) if self.vertex in vertices else (-1 if by > 0 else 0)
        following = vertices[(at + by) % len(vertices)]
        return VertexPlace(self.job, following, self.tab) if following != self.vertex else None
