"""The graph of a job that does not run yet, as its planner drew it: a drawing, or a list where none fits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.widget import Widget
from textual.widgets import Static

from flinktop.model import format as fmt
from flinktop.model.graph import graph, layers_of, links
from flinktop.ui.panels.job_graph_box import DEEPEST, INDENT, name_lines
from flinktop.ui.panels.job_graph_form import FRAME, Form, why_list
from flinktop.ui.panels.job_graph_picture import inputs_of, wires_of
from flinktop.ui.widgets.celltext import fit
from flinktop.ui.widgets.graph_canvas import GraphCanvas
from flinktop.ui.widgets.graph_picture import Box, Line, Picture, Wire

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from flinktop.flink.jobs import Plan, PlanNode
    from flinktop.model.graph import Graph

LONGEST_NAME = 80
"""Cells of a name beyond which it makes no box wider."""


class PlanGraph(Widget):
    """A canvas with the plan; the arrows move from vertex to vertex.

    Args:
        ascii_only: Whether frames and wires are plain ASCII.
    """

    DEFAULT_CSS = """
    PlanGraph { height: 1fr; }
    PlanGraph > .why { height: 1; display: none; color: $text-muted; }
    PlanGraph GraphCanvas { height: 1fr; }
    """

    def __init__(self, *, ascii_only: bool) -> None:
        super().__init__()
        self._ascii = ascii_only
        self._plan: Plan | None = None
        self._form: Form | None = None

    def compose(self) -> ComposeResult:
        """One canvas, and a line that says why it is a list."""
        yield Static(classes="why", markup=False)
        yield GraphCanvas(ascii=self._ascii, empty="", id="plan-canvas")

    @property
    def canvas(self) -> GraphCanvas:
        """The canvas itself."""
        return self.query_one(GraphCanvas)

    def set_plan(self, plan: Plan) -> None:
        """Draw this plan."""
        self._plan = plan
        inputs = [(edge.id, node.id, edge.ship_strategy) for node in plan.nodes for edge in node.inputs]
        drawn = graph([node.id for node in plan.nodes], inputs)
        # Planners begin with the sinks; a person begins with the sources.
        layers = dict(zip(drawn.nodes, layers_of(len(drawn.nodes), links(drawn)), strict=True))
        drawn = graph(sorted(drawn.nodes, key=lambda node: layers[node]), inputs)
        longest = max((cell_len(_name(node)[:LONGEST_NAME]) for node in plan.nodes), default=0)
        self._form = Form(drawn, longest)
        if not plan.nodes:
            self.canvas.set_empty("the plan has no vertices")
        self._draw()

    def on_resize(self) -> None:
        """Choose the form that suits the size."""
        self._draw()

    def _draw(self) -> None:
        width, height = self.content_size
        if self._form is None or self._plan is None or not width or not height:
            return
        nodes = {node.id: node for node in self._plan.nodes}
        why = why_list(self._form.graph, width, height)
        note = self.query_one(".why", Static)
        note.display = why is not None
        if why is None:
            picture = drawing(self._form, nodes, width, height)
        else:
            note.update(f"as a list: {why}")
            # The last column is the scroll bar's.
            picture = listing(self._form.graph, nodes, width - 1)
        self.canvas.set_picture(picture)


def drawing(form: Form, nodes: dict[str, PlanNode], width: int, height: int) -> Picture:
    """The plan from left to right, in the middle of a view of this size."""
    layout = form.layout(width, height)
    x, y = max(0, (width - layout.width) // 2), max(0, (height - layout.height) // 2)
    measures = layout.measures
    boxes = []
    for at in layout.boxes:
        node = nodes[at.key]
        texts = name_lines(_name(node), measures.width - FRAME, measures.height - 2)
        lines: tuple[Line, ...] = tuple(((text, "strong"),) for text in texts)
        above: tuple[Line, Line] = (), ((f"x{fmt.number(node.parallelism)}", ""),)
        boxes.append(
            Box(node.id, at.x + x, at.y + y, measures.width, measures.height, lines, above, tone="muted")
        )
    return Picture(layout.width + x, layout.height + y, tuple(boxes), wires_of(layout, x, y))


def listing(drawn: Graph, nodes: dict[str, PlanNode], width: int) -> Picture:
    """The plan's vertices one below the other, numbered, each with what feeds it in words."""
    depth = layers_of(len(drawn.nodes), links(drawn))
    inputs = inputs_of(drawn)
    boxes: list[Box] = []
    y = 0
    for number, (key, deep) in enumerate(zip(drawn.nodes, depth, strict=True), 1):
        blank = " " * (INDENT * min(deep, DEEPEST))
        head, tail = f" {number:>3} {blank}", f"x{fmt.number(nodes[key].parallelism)}"
        room = max(width - len(head) - len(tail) - 2, 1)
        name = fit(_name(nodes[key]), room)
        lines: list[Line] = [((head, "muted"), (name, "strong"), (f" {tail}", ""))]
        if inputs[key]:
            lines.append(((f"     {blank}  from {'; '.join(inputs[key])}", "muted"),))
        boxes.append(Box(key, 0, y, width, len(lines), tuple(lines), framed=False))
        y += len(lines)
    return Picture(width, y, tuple(boxes), tuple(Wire(edge.source, edge.target) for edge in drawn.edges))


def _name(node: PlanNode) -> str:
    return node.description or node.operator or node.id
