"""The pictures of a job graph: a drawing by its layout, or a list with its edges in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.model.graph import layers_of, links
from flinktop.ui.panels.job_graph_box import box, entry
from flinktop.ui.widgets.graph_picture import Box, Picture, Wire

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flinktop.facts.vertices import VertexFacts
    from flinktop.model.graph import Graph
    from flinktop.model.graph_layout import Layout


class _Boxes:
    """Boxes by vertex, made anew only for those that have changed."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[VertexFacts, Box]] = {}

    def of(self, vertex: VertexFacts, make: Callable[[VertexFacts], Box]) -> Box:
        known = self._known.get(vertex.id)
        if known is None or (known[0] is not vertex and known[0] != vertex):
            known = self._known[vertex.id] = vertex, make(vertex)
        return known[1]


def wires_of(layout: Layout, x: int, y: int) -> tuple[Wire, ...]:
    """The edges of a layout whose upper left corner stands at x, y."""
    return tuple(
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


def inputs_of(graph: Graph) -> dict[str, list[str]]:
    """What feeds each vertex, in words: the others' numbers in the list, and by which strategy."""
    number = {vertex: at for at, vertex in enumerate(graph.nodes, 1)}
    inputs: dict[str, list[str]] = {vertex: [] for vertex in graph.nodes}
    for edge in graph.edges:
        by = f" by {edge.label}" if edge.label else ""
        inputs[edge.target].append(f"{number[edge.source]}{by}")
    return inputs


class Drawing:
    """A layout as a picture, in the middle of a view that is larger."""

    def __init__(self, layout: Layout, width: int, height: int, *, ascii_only: bool) -> None:
        self._layout = layout
        self._x = x = max(0, (width - layout.width) // 2)
        self._y = y = max(0, (height - layout.height) // 2)
        self._ascii = ascii_only
        self._boxes = _Boxes()
        self._wires = wires_of(layout, x, y)

    def picture(self, vertices: Mapping[str, VertexFacts]) -> Picture:
        """The vertices as they are now."""
        layout, x, y = self._layout, self._x, self._y
        return Picture(
            layout.width + x,
            layout.height + y,
            tuple(
                self._boxes.of(
                    vertices[at.key],
                    lambda vertex, at=at: box(  # type: ignore[misc]  # the place is bound by its default
                        vertex, layout.measures, at.x + x, at.y + y, ascii_only=self._ascii
                    ),
                )
                for at in layout.boxes
            ),
            self._wires,
        )


class Listing:
    """Vertices one below the other, numbered, each with what feeds it in words."""

    def __init__(self, graph: Graph, width: int, *, ascii_only: bool) -> None:
        self._graph = graph
        self._width = width
        self._ascii = ascii_only
        self._boxes = _Boxes()
        self._wires = tuple(Wire(edge.source, edge.target) for edge in graph.edges)
        self._depth = layers_of(len(graph.nodes), links(graph))
        self._inputs = inputs_of(graph)

    def picture(self, vertices: Mapping[str, VertexFacts]) -> Picture:
        """The vertices as they are now."""
        found: list[Box] = []
        y = 0
        for number, (key, depth) in enumerate(zip(self._graph.nodes, self._depth, strict=True), 1):

            def line(vertex: VertexFacts, number: int = number, depth: int = depth, y: int = y) -> Box:
                inputs = self._inputs[vertex.id]
                return entry(
                    vertex, number, y, self._width, depth=depth, inputs=inputs, ascii_only=self._ascii
                )

            found.append(self._boxes.of(vertices[key], line))
            y += found[-1].height
        return Picture(self._width, y, tuple(found), self._wires)
