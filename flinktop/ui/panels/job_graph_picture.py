"""A graph in the form that suits its size: a drawing by its layout, or a list with its edges in words."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from rich.cells import cell_len
from textual import getters
from textual.widget import Widget
from textual.widgets import Static

from flinktop.model.graph import layers_of, links
from flinktop.ui.live_app import LiveApp
from flinktop.ui.panels.job_graph_box import Entry
from flinktop.ui.panels.job_graph_form import Form, why_list
from flinktop.ui.widgets.graph_canvas import GraphCanvas
from flinktop.ui.widgets.graph_picture import Box, Picture, Wire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from textual.app import ComposeResult

    from flinktop.model.graph import Graph
    from flinktop.model.graph_layout import Measures

N = TypeVar("N")
LONGEST_NAME = 80
"""Cells of a name beyond which it makes no box wider."""


class GraphView(Widget, Generic[N]):
    """A canvas with a graph; subclasses say how a node is drawn as a box, and as an entry of a list.

    The layout changes with the structure and the size alone.
    """

    DEFAULT_CSS = """
    GraphView { height: 1fr; }
    GraphView > .why { height: 1; display: none; color: $text-muted; }
    GraphView GraphCanvas { height: 1fr; }
    """
    app = getters.app(LiveApp)
    CANVAS: ClassVar[str] = ""
    """The id of its canvas."""
    _form: Form | None = None
    _shown_nodes: Mapping[str, N]
    _sketch: tuple[Form, int, int, Callable[[Mapping[str, N]], Picture]] | None = None

    def box(self, node: N, measures: Measures, x: int, y: int) -> Box:
        """A node as a box of one of the heights that `job_graph_form.heights` names."""
        raise NotImplementedError

    def entry(self, node: N, at: Entry) -> Box:
        """A node as a line of a list."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        yield Static(classes="why", markup=False)
        yield GraphCanvas(ascii=self.app.settings.ascii, id=self.CANVAS)

    @property
    def canvas(self) -> GraphCanvas:
        """The canvas itself."""
        return self.query_one(GraphCanvas)

    def set_graph(self, graph: Graph, names: Iterable[str]) -> None:
        """Lay out this graph, whose nodes have these names."""
        if self._form is None or graph != self._form.graph:
            self._form = Form(graph, max((cell_len(name[:LONGEST_NAME]) for name in names), default=0))

    def set_nodes(self, nodes: Mapping[str, N]) -> None:
        """Draw the nodes of the graph as they are now."""
        self._shown_nodes = nodes
        self.lay_out()

    def on_resize(self) -> None:
        self.lay_out()

    def lay_out(self) -> None:
        """Draw what is known in the form that suits the size there is."""
        width, height = self.content_size
        form = self._form
        if form is None or not width or not height:
            return
        if self._sketch is None or self._sketch[:3] != (form, width, height):
            why = why_list(form.graph, width, height)
            note = self.query_one(".why", Static)
            note.display = why is not None
            note.update(f"as a list: {why}")
            # Beside a list the last column is the scroll bar's.
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
                    *(at.key, nodes[at.key]),
                    partial(self.box, measures=layout.measures, x=at.x + x, y=at.y + y),
                )
                for at in layout.boxes
            )
            return Picture(layout.width + x, layout.height + y, drawn, wires)

        return picture

    def _listing(self, form: Form, width: int) -> Callable[[Mapping[str, N]], Picture]:
        """Nodes one below the other, numbered, each with what feeds it in words."""
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
    """Boxes by node, made anew only for those that have changed."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[N, Box]] = {}

    def of(self, key: str, node: N, make: Callable[[N], Box]) -> Box:
        known = self._known.get(key)
        if known is None or (known[0] is not node and known[0] != node):
            known = self._known[key] = node, make(node)
        return known[1]
