"""The order of a graph's nodes within their layers, in which few edges cross."""

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
PATIENCE = 4  # sweeps without fewer crossings after which no better order is expected


class Segment(Struct, frozen=True):
    """A part of one or several edges between two neighbouring layers."""

    left: int  # a node, or the place where an edge passes a layer
    right: int  # the same, one layer further right
    bundle: int  # what shares its lane: n is all that comes from node n, ~n all that goes to node n


class Order(Struct, frozen=True):
    """Nodes and places of passage, layer by layer from the left, each layer from top to bottom.

    Numbers below `count` are the graph's nodes in its order, those from it on are places where a bundle of
    edges passes a layer.
    """

    count: int
    layers: tuple[tuple[int, ...], ...]
    segments: tuple[Segment, ...]
    links: tuple[Link, ...]
    ways: tuple[tuple[Segment, ...], ...]  # the segments of each edge, from left to right


def arrange(drawn: Graph, ports: int) -> Order:
    """Layers in order; where more than `ports` edges end at a node they come together before it."""
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
    """Sweeps to and fro over the layers; parts that hang together stay together."""

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
            beside = self.layers[number - 1 if forward else number + 1]
            scale = len(beside) / len(nodes)
            middle = {
                node: sum(self.at[other] for other in joined[node]) / len(joined[node])
                if joined[node]
                else self.at[node] * scale
                for node in nodes
            }
            nodes.sort(key=lambda node: (self.part[node], middle[node]))
            self._number(nodes)

    def _exchange(self) -> None:
        """Let neighbours in a layer change places wherever that leaves fewer crossings."""
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
