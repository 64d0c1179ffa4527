"""The plan of a job, drawn from left to right: its vertices with state and heat, its edges by strategy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on

from flinktop.facts.unanswered import why_empty
from flinktop.facts.vertices import VertexFacts, figures_asks, vertices_of
from flinktop.flink.jobs import JOB
from flinktop.model.ended import none_of
from flinktop.model.graph import graph_of
from flinktop.ui.live import Panel
from flinktop.ui.panels.job_graph_box import box, entry
from flinktop.ui.panels.job_graph_picture import GraphView
from flinktop.ui.widgets.messages import BoxMoved, VisibleBoxesChanged

if TYPE_CHECKING:
    from flinktop.flink.jobs import Job
    from flinktop.model.graph_layout import Measures
    from flinktop.ui.live import Asks
    from flinktop.ui.panels.job_graph_box import Entry
    from flinktop.ui.widgets.graph_picture import Box


class JobGraph(Panel, GraphView[VertexFacts]):
    """The graph of one job; figures are asked for the vertices on the screen, one request each.

    The selection is kept by id, also by a vertex that comes back; `BoxMoved` and `BoxOpened` tell the screen
    of it.
    """

    # Textual takes the rules of the first base alone.
    DEFAULT_CSS = """
    JobGraph { height: 1fr; }
    JobGraph > .why { height: 1; display: none; color: $text-muted; padding: 0 1; }
    JobGraph GraphCanvas { height: 1fr; }
    """
    BOX = "Graph"
    CANVAS = "graph-canvas"

    def __init__(self, job: str, *, id: str | None = "graph") -> None:
        super().__init__(job, id=id)
        self._visible: tuple[str, ...] = ()
        self._vertices: dict[str, VertexFacts] = {}
        self._drawn: Job | None = None
        self._selected: str | None = None

    @property
    def selected(self) -> str | None:
        return self.canvas.selected if self.is_mounted else self._selected

    def select(self, vertex: str | None) -> None:
        """Select a vertex, now or as soon as it is there, and bring it into sight; no message is sent.

        While the canvas has the keys nothing happens: the person selects here, and what others say then
        can only be the echo of a selection before.
        """
        if not self.is_mounted:
            self._selected = vertex
        elif not self.canvas.has_focus:
            self._selected = vertex
            self.canvas.select(vertex)

    def box(self, node: VertexFacts, measures: Measures, x: int, y: int) -> Box:
        return box(node, measures, x, y, ascii=self.ascii)

    def entry(self, node: VertexFacts, at: Entry) -> Box:
        return entry(node, at, ascii=self.ascii)

    def asks(self) -> Asks:
        job = self.port.value(JOB(job=self.job))
        figures = figures_asks(self.port, job, self._visible) if job is not None else {}
        return {JOB(job=self.job): 0.0, **figures}

    def show(self) -> None:
        reading = self.port.reading(JOB(job=self.job))
        job = reading.value if reading is not None else None
        if reading is None or job is None:
            self.canvas.set_empty(why_empty(self.port, reading, "loading job…"))
            return
        if not job.vertices:
            self.canvas.set_empty(none_of("vertices", job.state))
        # What is out of sight is brought up to date when it comes into sight.
        unseen = {key: known for key, known in self._vertices.items() if key not in self._visible}
        old = reading.error is not None
        self._vertices = vertices_of(job, self.port, {} if old else unseen, old=old)
        if job is not self._drawn:
            self._drawn = job
            self.set_graph(graph_of(job), [vertex.name for vertex in self._vertices.values()])
        self.set_nodes(self._vertices)

    def lay_out(self) -> None:
        super().lay_out()
        self.canvas.select(self._selected)

    @on(BoxMoved)
    def _moved(self, event: BoxMoved) -> None:
        self._selected = event.key

    @on(VisibleBoxesChanged)
    def _scrolled(self, event: VisibleBoxesChanged) -> None:
        self._visible = event.keys
        self.update()
