"""The graph of a job that does not run yet, as its planner drew it: a drawing, or a list where none fits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.flink.jobs import Plan, PlanNode
from flinktop.model import format as fmt
from flinktop.model.graph import graph, layers_of, links
from flinktop.ui.panels.job_graph_box import name_lines
from flinktop.ui.panels.job_graph_form import FRAME
from flinktop.ui.panels.job_graph_picture import GraphView
from flinktop.ui.widgets.celltext import fit
from flinktop.ui.widgets.graph_picture import Box, Line

if TYPE_CHECKING:
    from flinktop.model.graph_layout import Measures
    from flinktop.ui.panels.job_graph_box import Entry


class PlanGraph(GraphView[PlanNode]):
    """A canvas with the plan; the arrows move from vertex to vertex."""

    CANVAS = "plan-canvas"

    def set_plan(self, plan: Plan) -> None:
        """Draw this plan."""
        inputs = [(edge.id, node.id, edge.ship_strategy) for node in plan.nodes for edge in node.inputs]
        drawn = graph([node.id for node in plan.nodes], inputs)
        # Planners begin with the sinks; a person begins with the sources.
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
