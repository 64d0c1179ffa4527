"""The graph of a job or a plan, drawn from left to right or as a list, in the form that suits its size."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from rich.cells import cell_len
from textual import getters, on
from textual.widget import Widget
from textual.widgets import Static

from flinktop.facts.freshness import why_empty
from flinktop.facts.vertices import VertexFacts, figures_asks, vertices_of
from flinktop.flink.jobs import JOB, Plan, PlanNode
from flinktop.model import format as fmt
from flinktop.model.ended import none_of
from flinktop.model.graph import graph, graph_of, layers_of, links
from flinktop.ui.live import Panel
from flinktop.ui.live_app import LiveApp
from flinktop.ui.panels.job_graph_box import FRAME, Entry, Form, box, entry, name_lines, why_list
from flinktop.ui.widgets.celltext import fit
from flinktop.ui.widgets.graph_canvas import GraphCanvas
from flinktop.ui.widgets.graph_picture import Box, Line, Picture, Wire
from flinktop.ui.widgets.messages import BoxMoved, VisibleBoxesChanged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from textual.app import ComposeResult

    from flinktop.flink.jobs import Job
    from flinktop.model.graph import Graph
    from flinktop.model.graph_layout import Measures
    from flinktop.ui.live import Asks


N = TypeVar("N")
LONGEST_NAME = 80  # cells of a name beyond which it makes no box wider


class GraphView(Widget, Generic[N]):
    """A canvas with a graph; subclasses draw a node as a box, and as an entry of a list.

    The layout changes only with the structure and the size.
    """

    DEFAULT_CSS = """
    GraphView { height: 1fr; }
    GraphView > .why { height: 1; display: none; color: $text-muted; }
    GraphView GraphCanvas { height: 1fr; }
    """
    app = getters.app(LiveApp)
    CANVAS: ClassVar[str] = ""  # the id of its canvas
    _form: Form | None = None
    _shown_nodes: Mapping[str, N]
    _sketch: tuple[Form, int, int, Callable[[Mapping[str, N]], Picture]] | None = None

    def box(self, node: N, measures: Measures, x: int, y: int) -> Box:
        """A node as a box of one of the heights from `job_graph_box.heights`."""
        raise NotImplementedError

    def entry(self, node: N, at: Entry) -> Box:
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        yield Static(classes="why", markup=False)
        yield GraphCanvas(ascii=self.app.settings.ascii, id=self.CANVAS)

    @property
    def canvas(self) -> GraphCanvas:
        return self.query_one(GraphCanvas)

    def set_graph(self, graph: Graph, names: Iterable[str]) -> None:
        """Lay out this graph, whose nodes have these names."""
        if self._form is None or graph != self._form.graph:
            self._form = Form(graph, max((cell_len(name[:LONGEST_NAME]) for name in names), default=0))

    def set_nodes(self, nodes: Mapping[str, N]) -> None:
        self._shown_nodes = nodes
        self.lay_out()

    def on_resize(self) -> None:
        self.lay_out()

    def lay_out(self) -> None:
        """Draw what is known in the form that suits the size."""
        width, height = self.content_size
        form = self._form
        if form is None or not width or not height:
            return
        if self._sketch is None or self._sketch[:3] != (form, width, height):
            why = why_list(form.graph, width, height)
            note = self.query_one(".why", Static)
            note.display = why is not None
            note.update(f"as a list: {why}")
            # In a list the last column belongs to the scroll bar.
            sketched = self._drawing(form, width, height) if why is None else self._listing(form, width - 1)
            self._sketch = form, width, height, sketched
        self.canvas.set_picture(self._sketch[3](self._shown_nodes))

    def _drawing(self, form: Form, width: int, height: int) -> Callable[[Mapping[str, N]], Picture]:
        """The nodes from left to right, in the middle of a view of this size."""
        layout = form.layout(width, height)
        x, y = max(0, (width - layout.width) // 2), max(0, (height - layout.height) // 2)
        wires = tuple(
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
        )
        boxes: _Boxes[N] = _Boxes()

        def picture(nodes: Mapping[str, N]) -> Picture:
            drawn = tuple(
                boxes.of(
                    at.key,
                    nodes[at.key],
                    partial(self.box, measures=layout.measures, x=at.x + x, y=at.y + y),
                )
                for at in layout.boxes
            )
            return Picture(layout.width + x, layout.height + y, drawn, wires)

        return picture

    def _listing(self, form: Form, width: int) -> Callable[[Mapping[str, N]], Picture]:
        """Nodes in a column, numbered, each with its inputs as text."""
        graph = form.graph
        wires = tuple(Wire(edge.source, edge.target) for edge in graph.edges)
        depths = layers_of(len(graph.nodes), links(graph))
        numbers = {node: at for at, node in enumerate(graph.nodes, 1)}
        inputs: dict[str, list[str]] = {node: [] for node in graph.nodes}
        for edge in graph.edges:
            by = f" by {edge.label}" if edge.label else ""
            inputs[edge.target].append(f"{numbers[edge.source]}{by}")
        boxes: _Boxes[N] = _Boxes()

        def picture(nodes: Mapping[str, N]) -> Picture:
            found: list[Box] = []
            y = 0
            for (key, number), depth in zip(numbers.items(), depths, strict=True):
                at = Entry(number, y, width, depth, inputs[key])
                found.append(boxes.of(key, nodes[key], partial(self.entry, at=at)))
                y += found[-1].height
            return Picture(width, y, tuple(found), wires)

        return picture


class _Boxes(Generic[N]):
    """Boxes by node, made again only for those that have changed."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[N, Box]] = {}

    def of(self, key: str, node: N, make: Callable[[N], Box]) -> Box:
        known = self._known.get(key)
        if known is None or (known[0] is not node and known[0] != node):
            known = self._known[key] = node, make(node)
        return known[1]


class JobGraph(Panel, GraphView[VertexFacts]):
    """The graph of one job; figures are requested for the vertices on the screen, one request each.

    The selection is kept by id, also for a vertex that comes back; the screen gets it by `BoxMoved` and
    `BoxOpened`.
    """

    # Textual takes only the rules of the first base.
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
        """Select a vertex, now or as soon as it is there, and scroll to it; no message is sent.

        While the canvas has the focus nothing happens: the user selects here, and selections from outside can
        then only be the echo of an earlier one.
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
        # Vertices out of sight are updated when they come into sight.
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


class PlanGraph(GraphView[PlanNode]):
    """A canvas with the plan; the arrows move from vertex to vertex."""

    CANVAS = "plan-canvas"

    def set_plan(self, plan: Plan) -> None:
        inputs = [(edge.id, node.id, edge.ship_strategy) for node in plan.nodes for edge in node.inputs]
        drawn = graph([node.id for node in plan.nodes], inputs)
        # Planners begin with the sinks; readers begin with the sources.
        layers = dict(zip(drawn.nodes, layers_of(len(drawn.nodes), links(drawn)), strict=True))
        drawn = graph(sorted(drawn.nodes, key=lambda node: layers[node]), inputs)
        self.canvas.set_empty("" if plan.nodes else "the plan has no vertices")
        self.set_graph(drawn, [_name(node) for node in plan.nodes])
        self.set_nodes({node.id: node for node in plan.nodes})

    def box(self, node: PlanNode, measures: Measures, x: int, y: int) -> Box:
        texts = name_lines(_name(node), measures.width - FRAME, measures.height - 2)
        lines: tuple[Line, ...] = tuple(((text, "strong"),) for text in texts)
        above: tuple[Line, Line] = (), ((f"x{fmt.number(node.parallelism)}", ""),)
        return Box(node.id, x, y, measures.width, measures.height, lines, above, tone="muted")

    def entry(self, node: PlanNode, at: Entry) -> Box:
        tail = f"x{fmt.number(node.parallelism)}"
        name = fit(_name(node), max(at.width - len(at.head) - len(tail) - 2, 1))
        return at.box(node.id, ((at.head, "muted"), (name, "strong"), (f" {tail}", "")))


def _name(node: PlanNode) -> str:
    return node.description or node.operator or node.id
