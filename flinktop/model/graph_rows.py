"""On which rows the nodes of an ordered graph stand, so that edges run straight where they can."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flinktop.model.graph_order import Order

SWEEPS = 6
STRAIGHT = 8.0  # how much more an edge that passes layers wants to be straight than one from node to node


def rows_of(order: Order, height: int, gap: int) -> list[int]:
    """The row of the line on which the edges of each node (or passage) leave; the least top is row 0.

    Boxes have so many rows, and edges leave on the row `anchor(height)`; `gap` rows between two boxes are
    empty. A passage takes one row and one beside each box.
    """
    rows = _Rows(order, height, gap)
    for _ in range(SWEEPS):
        rows.sweep(forward=True)
        rows.sweep(forward=False)
    rows.sweep(forward=True)
    top = min((row - rows.above[node] for node, row in enumerate(rows.row)), default=0)
    return [row - top for row in rows.row]


def anchor(height: int) -> int:
    """The row within a box on which its edges leave: in the middle, the upper one of two."""
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
        """The rows that the nodes of a layer have when they stand as high as they can."""
        found: list[int] = []
        bottom, passage = -1, True
        for node in nodes:
            beside = node >= count
            free = 0 if not found or (beside and passage) else 1 if beside or passage else gap
            found.append(bottom + 1 + free + self.above[node])
            bottom = found[-1] - self.above[node] + (0 if beside else height - 1)
            passage = beside
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
    """Whole numbers that never fall and are nearest to the wanted ones: (value, weight) each."""
    blocks: list[tuple[float, float, int]] = []
    for value, weight in wanted:
        mean, mass, size = value, weight, 1
        while blocks and blocks[-1][0] > mean:
            before, heavy, length = blocks.pop()
            mean = (before * heavy + mean * mass) / (heavy + mass)
            mass, size = heavy + mass, length + size
        blocks.append((mean, mass, size))
    return [int(mean // 1 + (mean % 1 >= 0.5)) for mean, _, size in blocks for _ in range(size)]  # noqa: PLR2004 -- rounds
