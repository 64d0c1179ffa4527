"""The plan of a job, drawn from left to right: its vertices with state and heat, its edges by strategy."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from textual import on
from textual.widgets import Static

from flinktop.facts.unanswered import why_empty
from flinktop.facts.vertices import VertexFacts, vertex_facts
from flinktop.flink.jobs import JOB
from flinktop.model import pending_operators, rates
from flinktop.model.ended import none_of
from flinktop.model.graph import graph_of
from flinktop.ui.live import Panel
from flinktop.ui.panels.job_graph_form import Form, why_list
from flinktop.ui.panels.job_graph_picture import Drawing, Listing
from flinktop.ui.panels.vertex_figures import VertexFigures
from flinktop.ui.widgets.graph_canvas import GraphCanvas
from flinktop.ui.widgets.graph_messages import VisibleChanged

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual.app import ComposeResult

    from flinktop.engine.host import Port
    from flinktop.engine.store import Reading
    from flinktop.flink.endpoint import Query
    from flinktop.flink.jobs import Job
    from flinktop.flink.metrics import Aggregated

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

    def __init__(self, job: str, *, id: str | None = "graph") -> None:
        super().__init__(id=id)
        self._job = job
        self._figures = VertexFigures(self, job, self._again)
        self._visible: tuple[str, ...] = ()
        self._vertices: dict[str, VertexFacts] = {}
        self._form: Form | None = None
        self._drawn: Job | None = None
        self._sketch: tuple[Form, int, int, Drawing | Listing] | None = None
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

    def _show_job(self, reading: Reading[Job]) -> None:
        if reading.value is None:
            self.canvas.set_empty(why_empty(self.port, reading, "loading job…"))
            return
        job = reading.value
        if not job.vertices:
            self.canvas.set_empty(none_of("vertices", job.state))
        self._form = self._form_of(job)
        old = reading.error is not None
        # What is out of sight is brought up to date when it comes into sight.
        unseen = {key: known for key, known in self._vertices.items() if key not in self._visible}
        self._vertices = vertices_of(job, self.port, {} if old else unseen, old=old)
        self._draw(self._form)
        self._follow()

    def _form_of(self, job: Job) -> Form:
        """The forms of the job's graph, which stay the same as long as its structure does."""
        if self._form is not None and job is self._drawn:
            return self._form
        self._drawn = job
        graph = graph_of(job)
        if self._form is not None and graph == self._form.graph:
            return self._form
        names = [vertex.name for vertex in job.vertices]
        names += [node.operator for node in pending_operators.pending_operators(job)]
        return Form(graph, max((cell_len(name[:LONGEST_NAME]) for name in names), default=0))

    def _draw(self, form: Form) -> None:
        """Show the graph in the form that suits the size there is."""
        width, height = self.content_size
        if not width or not height:
            return
        if self._sketch is None or self._sketch[:3] != (form, width, height):
            self._sketch = form, width, height, self._sketched(form, width, height)
        self.canvas.set_picture(self._sketch[3].picture(self._vertices))
        self.canvas.select(self._selected)

    def _sketched(self, form: Form, width: int, height: int) -> Drawing | Listing:
        ascii_only = self.app.settings.ascii
        why = why_list(form.graph, width, height)
        note = self.query_one(".why", Static)
        note.display = why is not None
        if why is not None:
            note.update(f"as a list: {why}")
            # The last column is the scroll bar's.
            return Listing(form.graph, width - 1, ascii_only=ascii_only)
        return Drawing(form.layout(width, height), width, height, ascii_only=ascii_only)

    def _again(self, _reading: Reading[Aggregated]) -> None:
        """Figures have come: those of vertices on the screen, as no others are asked for."""
        self._show_visible()

    def _show_visible(self) -> None:
        reading = self.port.reading(JOB(job=self._job))
        if reading is not None:
            self._show_job(reading)

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


def vertices_of(
    job: Job, port: Port, kept: Mapping[str, VertexFacts], *, old: bool
) -> dict[str, VertexFacts]:
    """The vertices of a job by their ids, and its pending operators; those in `kept` are taken as they are.

    Args:
        job: The job.
        port: What knows their figures.
        kept: Vertices that need not be looked at.
        old: Whether all of it is too old to be taken at its word.
    """
    ends = rates.ends(job)
    found: dict[str, VertexFacts] = {}
    for vertex in job.vertices:
        if vertex.id in kept:
            found[vertex.id] = kept[vertex.id]
            continue
        facts = vertex_facts(job, vertex, ends, port)
        found[vertex.id] = replace(facts, old=old or facts.old)
    for node in pending_operators.pending_operators(job):
        key = pending_operators.key_of(node.id)
        name = node.operator or node.description or node.id
        found[key] = VertexFacts(key, name, pending_operators.STATE, 0, node.parallelism, old=old)
    return found
