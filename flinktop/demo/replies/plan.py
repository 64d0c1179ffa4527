"""A job's plan: nodes and edges as the Web UI draws them."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

from flinktop.demo.replies.answer import Asked, job_of

if TYPE_CHECKING:
    from flinktop.demo.flow import JobPlan
    from flinktop.demo.world import Moment


def plan_document(moment: Moment, plan: JobPlan) -> dict[str, Any]:
    """The plan."""
    nodes = moment.world.memory.recall(("plan", plan.place), lambda: _nodes(moment, plan))
    return moment.release.keep(
        "plan", {"jid": plan.id, "name": plan.spec.name, "type": plan.spec.kind, "nodes": nodes}
    )


def _nodes(moment: Moment, plan: JobPlan) -> list[dict[str, Any]]:
    """The vertices; sinks come first, as the default scheduler has them."""
    nodes = []
    for vertex in reversed(plan.vertices):
        node: dict[str, Any] = {
            "id": vertex.id,
            "operator": "",
            "parallelism": vertex.spec.parallelism,
            "operator_strategy": "",
            "description": _described(vertex.spec.operators, lines=moment.release.since(1, 15)),
            "optimizer_properties": {},
        }
        if vertex.spec.inputs:
            node["inputs"] = [
                {
                    "num": order,
                    "id": plan.vertices[edge.source].id,
                    "exchange": "blocking" if plan.spec.kind == "BATCH" else "pipelined_bounded",
                    "ship_strategy": edge.ship,
                }
                for order, edge in enumerate(vertex.spec.inputs)
            ]
        nodes.append(node)
    return nodes


def stream_graph(plan: JobPlan) -> dict[str, Any]:
    """What the adaptive batch scheduler (2.0+) tells beside the plan: the graph by operator."""
    nodes: list[dict[str, Any]] = []
    lasts: list[str] = []
    for vertex in plan.vertices:
        fed = [(lasts[edge.source], edge.ship, "BATCH") for edge in vertex.spec.inputs]
        for name in vertex.spec.operators:
            inputs = [
                {"num": order, "id": source, "ship_strategy": ship, "exchange": exchange}
                for order, (source, ship, exchange) in enumerate(fed)
            ]
            node: dict[str, Any] = {
                "id": str(len(nodes) + 1),
                "parallelism": vertex.spec.parallelism,
                "operator": name,
                "description": name,
                "job_vertex_id": vertex.id,
            }
            nodes.append({**node, "inputs": inputs} if inputs else node)
            fed = [(str(len(nodes)), "FORWARD", "UNDEFINED")]
        lasts.append(str(len(nodes)))
    return {"nodes": nodes}


def plan(moment: Moment, asked: Asked) -> dict[str, Any]:
    """/jobs/:jobid/plan."""
    return {"plan": plan_document(moment, job_of(moment, asked).plan)}


def _described(operators: tuple[str, ...], *, lines: bool) -> str:
    """The operators in HTML: a tree from 1.15, a chain before."""
    escaped = [html.escape(name, quote=True) for name in operators]
    if not lines:
        return " -&gt; ".join(escaped)
    told = (
        f"{'   ' * (depth - 1)}+- {name}<br/>" if depth else f"{name}<br/>"
        for depth, name in enumerate(escaped)
    )
    return "".join(told)
