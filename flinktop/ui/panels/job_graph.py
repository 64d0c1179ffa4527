"""The plan of a job, drawn from left to right: its vertices with state and heat, its edges by strategy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from textual import on
from textual.widgets import Static

from flinktop.flink.jobs import JOB
from flinktop.model import rates
from flinktop.model.graph import graph_of
from flinktop.ui.live import Panel
from flinktop.ui.panels.job_graph_box import Vertex, box, entry
from flinktop.ui.panels.job_graph_form import Form, depths, why_list
from flinktop.ui.panels.vertex_figures import VertexFigures, vertex_facts
from flinktop.ui.widgets.graph_canvas import GraphCanvas
from flinktop.ui.widgets.graph_messages import VisibleChanged
from flinktop.ui.widgets.graph_picture import Box, Picture, Wire

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual.app import ComposeResult

    from flinktop.engine.host import Port
    from flinktop.engine.store import Reading
    from flinktop.flink.endpoint import Query
    from flinktop.flink.jobs import Job
    from flinktop.flink.metrics import Aggregated
    from flinktop.model.graph import Graph
    from flinktop.model.graph_layout import Layout

LONGEST_NAME = 80
"""Cells of a name beyond which it makes no box wider."""


class JobGraph(Panel):
    """The graph of one job; figures are asked for the vertices on the screen, one request each.

    The layout changes with the structure and the panel's size alone. The selection is kept by id, also by a
    vertex that comes back; `GraphCanvas.Moved` and `.Opened` tell the screen of it.
    """

    DEFAULT_CSS = """
    JobGraph { height: 1fr; }
    JobGraph > .why { height: 1; display: none; color: $text-muted; padding: 0 1; }
    JobGraph GraphCanvas { height: 1fr; }
    """
    BOX = "Graph"

    def __init__(self, job: str, *, id: str | None = "graph") -> None:  # noqa: A002 -- Textual's own name for it
        super().__init__(id=id)
        self._job = job
        self._figures = VertexFigures(self, job, self._again)
        self._visible: tuple[str, ...] = ()
        self._vertices: dict[str, Vertex] = {}
        self._form: Form | None = None
        self._laid: tuple[Form, int, int, Layout] | None = None
        self._selected: str | None = None

    def compose(self) -> ComposeResult:
        """One canvas, and a line that says why it is a list."""
        yield Static(classes="why", markup=False)
        yield GraphCanvas(ascii=self.app.settings.ascii, id="graph-canvas")

    def on_mount(self) -> None:
        """Watch the job."""
        self.watch_query("job", JOB(job=self._job), self._show_job)
        super().on_mount()

    @property
    def canvas(self) -> GraphCanvas:
        """The canvas itself."""
        return self.query_one(GraphCanvas)

    @property
    def selected(self) -> str | None:
        """The id of the selected vertex."""
        return self.canvas.selected

    def select(self, vertex: str | None) -> None:
        """Select a vertex, now or as soon as it is there, and bring it into sight; no message is sent."""
        self._selected = vertex
        self.canvas.select(vertex)

    def facts_changed(self, changes: frozenset[Query[Any]]) -> None:
        """Show all news at once: the vertices on the screen answer one by one, and there is one graph."""
        changed = [slot for slot in self._slots.values() if slot.query in changes]
        if changed:
            self._show(next((slot for slot in changed if slot.query.endpoint is JOB), changed[0]))

    def tick(self) -> None:
        """What grows old is greyed."""
        self._show_visible()

    def on_resize(self) -> None:
        """Choose the form that suits the size."""
        self.shielded(self._show_visible)

    def _show_job(self, reading: Reading[Job], kept: Mapping[str, Vertex] | None = None) -> None:
        if reading.value is None:
            self.canvas.set_empty("" if reading.error is not None else "asking for the job")
            return
        job = reading.value
        if not job.vertices:
            self.canvas.set_empty("no vertices yet: the job is not running")
        graph = graph_of(job)
        self._vertices = vertices_of(job, self.port, kept or {})
        if self._form is None or self._form.graph != graph:
            names = (cell_len(vertex.name[:LONGEST_NAME]) for vertex in job.vertices)
            self._form = Form(graph, max(names, default=0))
        self._draw(self._form)
        self._follow()

    def _draw(self, form: Form) -> None:
        """Show the graph in the form that suits the size there is."""
        width, height = self.content_size
        if not width or not height:
            return
        why = why_list(form.graph, width, height)
        note, canvas = self.query_one(".why", Static), self.canvas
        if note.display != (why is not None):
            note.display = why is not None
        if why is not None:
            note.update(f"as a list: {why}")
            picture = self._list(form.graph, width)
        else:
            picture = self._drawing(self._layout(form, width, height))
        canvas.set_picture(picture)
        if self._selected is not None and canvas.selected != self._selected:
            canvas.select(self._selected)

    def _layout(self, form: Form, width: int, height: int) -> Layout:
        if self._laid is None or self._laid[:3] != (form, width, height):
            self._laid = (form, width, height, form.layout(width, height))
        return self._laid[3]

    def _drawing(self, layout: Layout) -> Picture:
        """The layout as a picture, in the middle of the panel where it is smaller."""
        width, height = self.content_size
        x, y = max(0, (width - layout.width) // 2), max(0, (height - layout.height) // 2)
        ascii_only = self.app.settings.ascii
        return Picture(
            max(width, layout.width) if layout.width <= width else layout.width,
            layout.height + y,
            tuple(
                box(
                    self._vertices[placed.key],
                    layout.measures,
                    placed.x + x,
                    placed.y + y,
                    ascii_only=ascii_only,
                )
                for placed in layout.boxes
            ),
            tuple(
                Wire(
                    route.source,
                    route.target,
                    tuple((at + x, row + y) for at, row in route.points),
                    route.backward,
                    route.label,
                    (route.label_at[0] + x, route.label_at[1] + y),
                    route.label_room,
                )
                for route in layout.routes
            ),
        )

    def _list(self, graph: Graph, width: int) -> Picture:
        """The vertices one below the other, with their inputs in words."""
        numbers = {vertex: at for at, vertex in enumerate(graph.nodes, 1)}
        inputs: dict[str, list[str]] = {vertex: [] for vertex in graph.nodes}
        for edge in graph.edges:
            inputs[edge.target].append(f"{numbers[edge.source]} {edge.label}".strip())
        boxes: list[Box] = []
        y = 0
        for vertex, depth in zip(graph.nodes, depths(graph), strict=True):
            shown = entry(
                self._vertices[vertex],
                numbers[vertex],
                y,
                width,
                depth=depth,
                inputs=inputs[vertex],
                ascii_only=self.app.settings.ascii,
            )
            boxes.append(shown)
            y += shown.height
        return Picture(width, y, tuple(boxes), tuple(Wire(edge.source, edge.target) for edge in graph.edges))

    def _again(self, _reading: Reading[Aggregated]) -> None:
        """Figures have come: those of vertices on the screen, as no others are asked for."""
        self._show_visible()

    def _show_visible(self) -> None:
        reading = self.port.reading(JOB(job=self._job))
        if reading is not None:
            kept = {key: known for key, known in self._vertices.items() if key not in self._visible}
            self._show_job(reading, kept)

    @on(GraphCanvas.Moved)
    def _moved(self, event: GraphCanvas.Moved) -> None:
        self._selected = event.key

    @on(VisibleChanged)
    def _scrolled(self, event: VisibleChanged) -> None:
        self._visible = event.keys
        self._show_visible()

    def _follow(self) -> None:
        """Ask for the figures of the vertices that are on the screen and alive, and of nothing else."""
        reading = self.port.reading(JOB(job=self._job))
        if reading is not None and reading.value is not None:
            self._figures.follow(reading.value, self._visible)


def vertices_of(job: Job, port: Port, kept: Mapping[str, Vertex]) -> dict[str, Vertex]:
    """The vertices of a job by their ids; those in `kept` are taken as they are."""
    ends = rates.ends(job)
    return {
        vertex.id: kept.get(vertex.id)
        or Vertex(
            vertex.id,
            vertex.name,
            vertex.status,
            vertex.tasks.get("RUNNING", 0),
            vertex.parallelism,
            vertex_facts(job, vertex, ends, port),
        )
        for vertex in job.vertices
    }
