"""The order of nodes within their layers, with few crossings, and the rows of the nodes."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec import Struct

from flinktop.model.graph import components_of, layers_of, links

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flinktop.model.graph import Graph, Link

SWEEPS = 16
PATIENCE = 4  # sweeps without fewer crossings after which the search ends


class Segment(Struct, frozen=True):
    """A part of one or several edges between two adjacent layers."""

    left: int  # a node, or the place where an edge passes a layer
    right: int  # the same, one layer further right
    bundle: int  # segments with a common lane: n for all from node n, ~n for all to node n


class Order(Struct, frozen=True):
    """Nodes and passages, layer by layer from the left, each layer from top to bottom.

    Numbers below `count` are the graph's nodes in its order; higher ones are passages, where a bundle of
    edges passes a layer.
    """

    count: int
    layers: tuple[tuple[int, ...], ...]
    segments: tuple[Segment, ...]
    links: tuple[Link, ...]
    ways: tuple[tuple[Segment, ...], ...]  # the segments of each edge, from left to right


def arrange(drawn: Graph, ports: int) -> Order:
    """Layers in order; if more than `ports` edges end at a node, they are merged before it."""
    found = links(drawn)
    count = len(drawn.nodes)
    layer = layers_of(count, found)
    part = components_of(count, found)
    ends = Counter(link.right for link in found)
    passes: dict[tuple[int, int], int] = {}
    ways: list[tuple[Segment, ...]] = []
    for link in found:
        bundle = ~link.right if ends[link.right] > ports else link.left
        places = [link.left]
        for number in range(layer[link.left] + 1, layer[link.right]):
            if (bundle, number) not in passes:
                passes[bundle, number] = len(layer)
                layer.append(number)
                part.append(part[link.left])
            places.append(passes[bundle, number])
        places.append(link.right)
        ways.append(tuple(Segment(one, other, bundle) for one, other in pairwise(places)))
    segments = tuple(dict.fromkeys(segment for way in ways for segment in way))
    layers: list[list[int]] = [[] for _ in range(max(layer, default=-1) + 1)]
    for node in sorted(range(len(layer)), key=lambda node: part[node]):
        layers[layer[node]].append(node)
    ordered = _Ordering(layers, segments, part).best()
    return Order(count, tuple(tuple(nodes) for nodes in ordered), segments, found, tuple(ways))


class _Ordering:
    """Sweeps over the layers in both directions; connected components stay together."""

    def __init__(self, layers: list[list[int]], segments: Sequence[Segment], part: Sequence[int]) -> None:
        self.layers = layers
        self.part = part
        self.left: list[list[int]] = [[] for _ in part]
        self.right: list[list[int]] = [[] for _ in part]
        for segment in segments:
            self.left[segment.right].append(segment.left)
            self.right[segment.left].append(segment.right)
        self.at = [0] * len(part)
        for nodes in layers:
            self._number(nodes)

    def best(self) -> list[list[int]]:
        best, fewest, idle = [list(nodes) for nodes in self.layers], self._crossings(), 0
        for sweep in range(SWEEPS):
            if fewest == 0 or idle >= PATIENCE:
                break
            self._sweep(forward=sweep % 2 == 0)
            self._exchange()
            crossings = self._crossings()
            idle += 1
            if crossings < fewest:
                best, fewest, idle = [list(nodes) for nodes in self.layers], crossings, 0
        return best

    def _number(self, nodes: Sequence[int]) -> None:
        for place, node in enumerate(nodes):
            self.at[node] = place

    def _sweep(self, *, forward: bool) -> None:
        joined = self.left if forward else self.right
        numbers = range(1, len(self.layers)) if forward else range(len(self.layers) - 2, -1, -1)
        for number in numbers:
            nodes = self.layers[number]
            neighbours = self.layers[number - 1 if forward else number + 1]
            scale = len(neighbours) / len(nodes)
            middle = {
                node: sum(self.at[other] for other in joined[node]) / len(joined[node])
                if joined[node]
                else self.at[node] * scale
                for node in nodes
            }
            nodes.sort(key=lambda node: (self.part[node], middle[node]))
            self._number(nodes)

    def _exchange(self) -> None:
        """Swap neighbours in a layer wherever that reduces crossings."""
        for nodes in self.layers:
            for place in range(len(nodes) - 1):
                one, other = nodes[place], nodes[place + 1]
                if self.part[one] == self.part[other] and self._saved(one, other) > 0:
                    nodes[place], nodes[place + 1] = other, one
                    self._number(nodes)

    def _saved(self, one: int, other: int) -> int:
        return sum(
            (self.at[above] > self.at[below]) - (self.at[above] < self.at[below])
            for joined in (self.left, self.right)
            for above in joined[one]
            for below in joined[other]
        )

    def _crossings(self) -> int:
        found = 0
        for nodes in self.layers:
            seen: list[int] = []
            for node in nodes:
                ends = sorted(self.at[other] for other in self.right[node])
                found += sum(len(seen) - bisect_right(seen, end) for end in ends)
                for end in ends:
                    insort(seen, end)
        return found


# -- rows, chosen so that edges are straight if possible ------------------------------------------------

ROW_SWEEPS = 6
STRAIGHT = 8.0  # weight of straight edges that pass layers, compared with edges between nodes


def rows_of(order: Order, height: int, gap: int) -> list[int]:
    """The row on which the edges of each node (or passage) leave; the topmost row is 0.

    Boxes are `height` rows high with edges on row `anchor(height)`; `gap` empty rows are between two boxes.
    A passage takes one row, and has one free row beside each box.
    """
    rows = _Rows(order, height, gap)
    for _ in range(ROW_SWEEPS):
        rows.sweep(forward=True)
        rows.sweep(forward=False)
    rows.sweep(forward=True)
    top = min((row - rows.above[node] for node, row in enumerate(rows.row)), default=0)
    return [row - top for row in rows.row]


def anchor(height: int) -> int:
    """The row of a box on which its edges leave: the middle, the upper one of two."""
    return (height - 1) // 2


class _Rows:
    def __init__(self, order: Order, height: int, gap: int) -> None:
        size = sum(len(nodes) for nodes in order.layers)
        self.layers = order.layers
        self.row = [0] * size
        self.above = [anchor(height) if node < order.count else 0 for node in range(size)]
        self.left: list[list[tuple[int, float]]] = [[] for _ in range(size)]
        self.right: list[list[tuple[int, float]]] = [[] for _ in range(size)]
        for segment in order.segments:
            passing = (segment.left >= order.count) + (segment.right >= order.count)
            weight = STRAIGHT if passing == 2 else 2.0 if passing else 1.0  # noqa: PLR2004 -- both ends
            self.left[segment.right].append((segment.left, weight))
            self.right[segment.left].append((segment.right, weight))
        self.offsets = [self._offsets(nodes, order.count, height, gap) for nodes in order.layers]
        for nodes, offsets in zip(self.layers, self.offsets, strict=True):
            for node, offset in zip(nodes, offsets, strict=True):
                self.row[node] = offset

    def _offsets(self, nodes: Sequence[int], count: int, height: int, gap: int) -> list[int]:
        """The highest possible rows of a layer's nodes."""
        found: list[int] = []
        bottom, passed = -1, True
        for node in nodes:
            passes = node >= count
            free = 0 if not found or (passes and passed) else 1 if passes or passed else gap
            found.append(bottom + 1 + free + self.above[node])
            bottom = found[-1] - self.above[node] + (0 if passes else height - 1)
            passed = passes
        return found

    def sweep(self, *, forward: bool) -> None:
        numbers = range(1, len(self.layers)) if forward else range(len(self.layers) - 2, -1, -1)
        joined = self.left if forward else self.right
        for number in numbers:
            nodes, offsets = self.layers[number], self.offsets[number]
            wanted: list[tuple[float, float]] = []
            for node, offset in zip(nodes, offsets, strict=True):
                weight = sum(weight for _, weight in joined[node])
                if weight:
                    at = sum(self.row[other] * weight for other, weight in joined[node]) / weight
                    wanted.append((at - offset, weight))
                else:
                    wanted.append((float(self.row[node] - offset), 0.1))
            for node, offset, at in zip(nodes, offsets, _rising(wanted), strict=True):
                self.row[node] = offset + at


def _rising(wanted: Sequence[tuple[float, float]]) -> list[int]:
    """Ascending integers closest to the wanted ones: (value, weight) each."""
    blocks: list[tuple[float, float, int]] = []
    for value, weight in wanted:
        mean, mass, size = value, weight, 1
        while blocks and blocks[-1][0] > mean:
            before, heavy, length = blocks.pop()
            mean = (before * heavy + mean * mass) / (heavy + mass)
            mass, size = heavy + mass, length + size
        blocks.append((mean, mass, size))
    return [int(mean // 1 + (mean % 1 >= 0.5)) for mean, _, size in blocks for _ in range(size)]  # noqa: PLR2004 -- rounds
