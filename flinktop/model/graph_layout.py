"""Layout of a graph from left to right: positions of boxes and routes of edges, in terminal cells."""

from __future__ import annotations

from itertools import combinations_with_replacement
from typing import TYPE_CHECKING

from msgspec import Struct, field

from flinktop.model.graph_lanes import Wire, lanes_of
from flinktop.model.graph_order import anchor, arrange, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flinktop.model.graph import Graph
    from flinktop.model.graph_lanes import Lanes
    from flinktop.model.graph_order import Order, Segment

Point = tuple[int, int]  # x and y of a cell

MOST_PORTS = 4
LEAST_GAP = 4
FEW_LANES = 6  # up to so many lanes in a gap have space between them; more are adjacent
DASHES = 2  # cells of the edge beside a label


class Measures(Struct, frozen=True):
    """Sizes in cells."""

    width: int  # of a box with its frame
    height: int  # of a box with its frame; at least 3
    gap: int = 1  # empty rows between two boxes
    label: int = 9  # the maximal length of a label; 0: no labels

    @property
    def ports(self) -> int:
        """How many edges can end at a box on separate rows."""
        return min(max(self.height - 2, 1), MOST_PORTS)


class Placed(Struct, frozen=True):
    """A box and its upper left corner."""

    key: str
    layer: int
    x: int
    y: int


class Route(Struct, frozen=True):
    """An edge from the cell beside one box to the cell beside another; `points` are its corners."""

    source: str  # key of the source box
    target: str  # key of the target box
    points: tuple[Point, ...]  # left to right; the arrow is at the last one, if backward at the first
    backward: bool = False  # whether it runs from right to left
    label: str = ""  # its text
    label_at: Point = (0, 0)  # the first cell for the label; nothing else runs through it
    label_room: int = 0  # cells for the label; 0: not written


class Layout(Struct, frozen=True):
    """All boxes (of one size) and all edges, within `width` x `height` cells."""

    measures: Measures
    width: int
    height: int
    boxes: tuple[Placed, ...] = ()
    routes: tuple[Route, ...] = ()


def lay_out(graph: Graph, measures: Measures, order: Order | None = None) -> Layout:
    """Lay out a graph; the same graph and measures always give the same layout.

    Boxes never overlap, no edge runs through a box, and edges without a common node only cross. The time
    grows with the square of the nodes in a layer: check `is_drawable` first. `order` is the result of
    `arrange` for the graph and `measures.ports`, if already known.
    """
    if not graph.nodes:
        return Layout(measures, 0, 0)
    return _Drawing(graph, measures, order or arrange(graph, measures.ports)).layout()


class _Gap(Struct):
    """The space between one layer and the next."""

    segments: list[Segment] = field(default_factory=list)
    labels: int = 0
    x: int = 0  # its first column
    bend: int = 0  # its first lane
    step: int = 1  # columns from lane to lane
    arrow: int = 0  # its last column
    lanes: Lanes | None = None


class _Drawing:
    def __init__(self, graph: Graph, measures: Measures, order: Order) -> None:
        self.graph = graph
        self.measures = measures
        self.order = order
        self.row = rows_of(self.order, measures.height, measures.gap)
        self.layer = [0] * len(self.row)
        for number, nodes in enumerate(self.order.layers):
            for node in nodes:
                self.layer[node] = number
        self.gaps = [_Gap() for _ in self.order.layers]
        for segment in self.order.segments:
            self.gaps[self.layer[segment.left]].segments.append(segment)
        self.entry = self._entries()
        self.x: list[int] = []

    def layout(self) -> Layout:
        for edge, way in zip(self.graph.edges, self.order.ways, strict=True):
            gap = self.gaps[self.layer[way[-1].left]]
            gap.labels = max(gap.labels, min(len(edge.label), self.measures.label))
        x = 0
        for gap in self.gaps:
            self.x.append(x)
            x = self._measure(gap, x + self.measures.width)
        above = anchor(self.measures.height)
        boxes = tuple(
            Placed(key, self.layer[node], self.x[self.layer[node]], self.row[node] - above)
            for node, key in enumerate(self.graph.nodes)
        )
        routes = self._routes()
        lowest = max(
            [box.y + self.measures.height - 1 for box in boxes]
            + [y for route in routes for _, y in route.points]
        )
        return Layout(self.measures, self.x[-1] + self.measures.width, lowest + 1, boxes, routes)

    def _measure(self, gap: _Gap, x: int) -> int:
        """Compute the lanes of a gap that begins at `x`; returns where the next layer begins."""
        wires = [self._wire(segment) for segment in gap.segments]
        gap.lanes = lanes_of(wires)
        gap.step = 2 if gap.lanes.count <= FEW_LANES else 1
        gap.x = x
        gap.bend = x + 1
        bends = gap.step * gap.lanes.count
        zone = gap.labels + DASHES if gap.labels else 1
        gap.arrow = max(x + zone + (1 + bends if bends else 0), x + LEAST_GAP - 1)
        return gap.arrow + 1

    def _wire(self, segment: Segment) -> Wire:
        return Wire(segment.bundle, self.row[segment.left], self.entry[segment.bundle, segment.right])

    def _entries(self) -> dict[tuple[int, int], int]:
        """The row on which each bundle arrives at each node or passage, all different."""
        arriving: dict[int, dict[int, list[int]]] = {}
        for segment in self.order.segments:
            arriving.setdefault(segment.right, {}).setdefault(segment.bundle, []).append(
                self.row[segment.left]
            )
        leaving = [{self.row[segment.left] for segment in gap.segments} for gap in self.gaps]
        found: dict[tuple[int, int], int] = {}
        for node, bundles in arriving.items():
            if node >= self.order.count:
                found.update({(bundle, node): self.row[node] for bundle in bundles})
                continue
            wanted = sorted((sum(rows) / len(rows), bundle) for bundle, rows in bundles.items())
            first = self.row[node] - (self.measures.ports - 1) // 2
            ports = range(first, first + self.measures.ports)
            taken = leaving[self.layer[node] - 1]
            chosen = _ports([row for row, _ in wanted], ports, self.row[node], taken)
            found.update({(bundle, node): row for (_, bundle), row in zip(wanted, chosen, strict=True)})
        return found

    def _routes(self) -> tuple[Route, ...]:
        found: list[Route] = []
        labelled: set[tuple[int, int]] = set()
        together = self._together()
        for edge, link, way in zip(self.graph.edges, self.order.links, self.order.ways, strict=True):
            points = [point for segment in way for point in self._points(segment)]
            last = way[-1]
            gap, end = self.gaps[self.layer[last.left]], (last.bundle, last.right)
            label = ", ".join(sorted(together[end]))
            room = 0 if end in labelled else min(len(label), gap.labels)
            labelled.add(end)
            found.append(
                Route(
                    edge.source,
                    edge.target,
                    tuple(_corners(points)),
                    link.backward,
                    label,
                    (gap.arrow - 1 - room, points[-1][1]),
                    room,
                )
            )
        return tuple(found)

    def _together(self) -> dict[tuple[int, int], set[str]]:
        """The labels of all edges that arrive at a node as one line."""
        found: dict[tuple[int, int], set[str]] = {}
        for edge, way in zip(self.graph.edges, self.order.ways, strict=True):
            labels = found.setdefault((way[-1].bundle, way[-1].right), set())
            if edge.label:
                labels.add(edge.label)
        return found

    def _points(self, segment: Segment) -> list[Point]:
        gap, wire = self.gaps[self.layer[segment.left]], self._wire(segment)
        bends = gap.lanes.bends(wire) if gap.lanes is not None else []
        return [
            (gap.x, wire.left),
            *((gap.bend + gap.step * lane, row) for lane, row in bends),
            (gap.arrow, wire.right),
        ]


def _ports(wanted: Sequence[float], ports: Iterable[int], middle: int, taken: set[int]) -> tuple[int, ...]:
    """A different row for each of the wanted ones, in their order, close to the wanted rows.

    Rows with an edge on the other side are avoided, as an edge that ends there has to make room for it.
    """
    rows = list(ports)
    spread = (rows[-1] - rows[0]) / 2

    def cost(chosen: tuple[int, ...]) -> tuple[int, int, float, float]:
        pairs = list(zip(wanted, chosen, strict=True))
        crowded = len(chosen) - len(set(chosen))
        bent = sum(row != want for want, row in pairs) + sum(
            row != want and row in taken for want, row in pairs
        )
        even = sum(abs(row - middle - _even(place, len(chosen), spread)) for place, row in enumerate(chosen))
        return crowded, bent, even, sum(abs(row - want) for want, row in pairs)

    return min(combinations_with_replacement(rows, len(wanted)), key=cost)


def _even(place: int, count: int, spread: float) -> float:
    return (2 * place / (count - 1) - 1) * spread if count > 1 else 0.0


def _corners(points: Sequence[Point]) -> list[Point]:
    found: list[Point] = []
    for point in points:
        if found and found[-1] == point:
            continue
        if len(found) > 1 and (
            found[-2][0] == found[-1][0] == point[0] or found[-2][1] == found[-1][1] == point[1]
        ):
            found.pop()
        found.append(point)
    return found
