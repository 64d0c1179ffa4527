"""A job's plan as a graph: vertices, edges with ship strategies, and layers."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct

from flinktop.model import pending_operators

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flinktop.flink.jobs import Job

MOST_NODES = 150  # larger graphs are not drawn: the picture would be too confusing
MOST_PASSES = 2000  # graphs whose edges pass more layers than this in total are not drawn either


class Edge(Struct, frozen=True):
    """An edge between two nodes, with its label."""

    source: str
    target: str
    label: str = ""


class Graph(Struct, frozen=True):
    """Nodes in drawing order, and at most one edge for each pair of nodes.

    Two graphs are equal if they are drawn equally.
    """

    nodes: tuple[str, ...] = ()
    edges: tuple[Edge, ...] = ()


class Link(Struct, frozen=True):
    """A drawn edge, by indices of its nodes in the graph, from left to right."""

    left: int
    right: int
    backward: bool = False  # it closes a cycle: it runs from right to left


def graph_of(job: Job) -> Graph:
    """The graph of a job's vertices (`/jobs/:jobid`) in their order; the labels are the ship strategies.

    Operators that are not planned yet follow, with the keys of `pending_operators`.
    Inputs from unknown vertices are left out: a plan can be older or newer than the vertices.
    """
    inputs = [(edge.id, node.id, edge.ship_strategy) for node in job.plan.nodes for edge in node.inputs]
    pending = [pending_operators.key_of(node.id) for node in pending_operators.pending_operators(job)]
    nodes = [*(vertex.id for vertex in job.vertices), *pending]
    return graph(nodes, [*inputs, *pending_operators.inputs(job)])


def graph(nodes: Iterable[str], inputs: Iterable[tuple[str, str, str]]) -> Graph:
    """A graph from node ids and (source, target, label), in any order, with duplicates.

    Edges between the same two nodes become one with all labels. Edges from a node to itself, or to an
    unknown node, are left out.
    """
    known = tuple(dict.fromkeys(nodes))
    at = {node: place for place, node in enumerate(known)}
    labels: dict[tuple[int, int], Counter[str]] = {}
    for source, target, label in inputs:
        if source in at and target in at and source != target:
            labels.setdefault((at[source], at[target]), Counter())[label] += 1
    edges = (Edge(known[left], known[right], _joined(labels[left, right])) for left, right in sorted(labels))
    return Graph(known, tuple(edges))


def _joined(labels: Counter[str]) -> str:
    return ", ".join(
        f"{label} x{count}" if count > 1 else label for label, count in sorted(labels.items()) if label
    )


def links(drawn: Graph) -> tuple[Link, ...]:
    """The edges in their order, with those that close a cycle reversed."""
    at = {node: place for place, node in enumerate(drawn.nodes)}
    pairs = [(at[edge.source], at[edge.target]) for edge in drawn.edges]
    out: list[list[int]] = [[] for _ in drawn.nodes]
    for number, (source, _) in enumerate(pairs):
        out[source].append(number)
    fed = {target for _, target in pairs}
    begin = [place for place in range(len(drawn.nodes)) if place not in fed]
    closing = _closing(pairs, out, [*begin, *range(len(drawn.nodes))])
    return tuple(
        Link(target, source, backward=True) if number in closing else Link(source, target)
        for number, (source, target) in enumerate(pairs)
    )


def _closing(
    pairs: Sequence[tuple[int, int]], out: Sequence[Sequence[int]], begin: Iterable[int]
) -> set[int]:
    """The edges that lead back to a node on the current path of a depth-first search."""
    new, under_way, done = 0, 1, 2
    state = [new] * len(out)
    found: set[int] = set()
    for root in begin:
        if state[root] != new:
            continue
        state[root] = under_way
        way = [(root, iter(out[root]))]
        while way:
            node, ahead = way[-1]
            for number in ahead:
                target = pairs[number][1]
                if state[target] == under_way:
                    found.add(number)
                elif state[target] == new:
                    state[target] = under_way
                    way.append((target, iter(out[target])))
                    break
            else:
                state[node] = done
                way.pop()
    return found


def layers_of(count: int, drawn: Sequence[Link]) -> list[int]:
    """The layer of each of `count` nodes: right of all its sources, and close to its neighbours.

    A node with more edges to its right than to its left moves as far right as possible: a source that is
    joined late is placed beside the join, not at the far left of the picture.
    """
    left: list[list[int]] = [[] for _ in range(count)]
    right: list[list[int]] = [[] for _ in range(count)]
    for link in drawn:
        left[link.right].append(link.left)
        right[link.left].append(link.right)
    waiting = [len(nodes) for nodes in left]
    order = [node for node in range(count) if waiting[node] == 0]
    layer = [0] * count
    for node in order:
        for after in right[node]:
            layer[after] = max(layer[after], layer[node] + 1)
            waiting[after] -= 1
            if waiting[after] == 0:
                order.append(after)
    for node in reversed(order):
        if len(right[node]) > len(left[node]):
            layer[node] = min(layer[after] for after in right[node]) - 1
    first = min(layer, default=0)
    return [number - first for number in layer]


def components_of(count: int, drawn: Sequence[Link]) -> list[int]:
    """For each node the first node of its connected component."""
    root = list(range(count))

    def top(node: int) -> int:
        while root[node] != node:
            root[node] = root[root[node]]
            node = root[node]
        return node

    for link in drawn:
        one, other = sorted((top(link.left), top(link.right)))
        root[other] = one
    return [top(node) for node in range(count)]


def is_drawable(drawn: Graph) -> bool:
    """Whether a picture of the graph is useful; otherwise a list is better."""
    if len(drawn.nodes) > MOST_NODES:
        return False
    found = links(drawn)
    layer = layers_of(len(drawn.nodes), found)
    return sum(layer[link.right] - layer[link.left] for link in found) <= MOST_PASSES
