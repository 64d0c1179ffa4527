"""Draws the wires of a graph with box characters: junctions where they belong together, else bridges."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from flinktop.ui.widgets.graph_picture import Wire

_LEFT, _RIGHT, _UP, _DOWN = 1, 2, 4, 8
_SIDES = 15
_ARROW = 16
_BACK = 32
_GLYPHS = " ───│╯╰┴│╮╭┬│┤├┼"
_ASCII = " ---|+++|+++|+++"
_ROWS = 16
"""Rows of a band: vertical parts of wires are looked up by band."""

Cell = tuple[int, int]
"""The number of a wire, and the directions in which it leaves a cell."""


class WireCells:
    """The cells that wires run through, computed row by row when a row is first drawn."""

    def __init__(self, wires: Sequence[Wire], *, ascii: bool = False) -> None:
        self._wires = wires
        self._ascii = ascii
        self._flat: dict[int, list[tuple[int, int, int]]] = {}
        self._upright: dict[int, list[tuple[int, int, int, int]]] = {}
        self._ends: dict[tuple[int, int], list[Cell]] = {}
        self._rows: dict[int, dict[int, list[Cell]]] = {}
        self._labels: dict[int, list[int]] = {}
        for number, wire in enumerate(wires):
            self._add(number, wire)

    def _add(self, number: int, wire: Wire) -> None:
        points = wire.points
        if not points:
            return
        if wire.label_room > 0:
            self._labels.setdefault(wire.label_at[1], []).append(number)
        left, right = points[0], points[-1]
        self._ends.setdefault(left, []).append((number, _LEFT | (_BACK if wire.backward else 0)))
        self._ends.setdefault(right, []).append((number, _RIGHT | (0 if wire.backward else _ARROW)))
        for (x, y), (next_x, next_y) in pairwise(points):
            if y == next_y:
                self._flat.setdefault(y, []).append((min(x, next_x), max(x, next_x), number))
            else:
                top, bottom = min(y, next_y), max(y, next_y)
                for band in range(top // _ROWS, bottom // _ROWS + 1):
                    self._upright.setdefault(band, []).append((x, top, bottom, number))

    def row(self, y: int, lit: Collection[int]) -> dict[int, tuple[str, bool]]:
        """The glyphs of a row by column, and whether each belongs to one of the wires in `lit`.

        Where wires cross that share no side of the cell, one passes over the other unbroken: a highlighted
        one, else the vertical one.
        """
        if (cells := self._rows.get(y)) is None:
            cells = self._rows[y] = self._cells(y)
        return {x: self._glyph(found, lit) for x, found in cells.items()}

    def _cells(self, y: int) -> dict[int, list[Cell]]:
        ways: dict[int, dict[int, int]] = {}

        def add(x: int, number: int, way: int) -> None:
            cell = ways.setdefault(x, {})
            cell[number] = cell.get(number, 0) | way

        for left, right, number in self._flat.get(y, ()):
            for x in range(left, right + 1):
                add(x, number, (_LEFT if x > left else 0) | (_RIGHT if x < right else 0))
        for x, top, bottom, number in self._upright.get(y // _ROWS, ()):
            if top <= y <= bottom:
                add(x, number, (_UP if y > top else 0) | (_DOWN if y < bottom else 0))
        for x in ways:
            for number, way in self._ends.get((x, y), ()):
                add(x, number, way)
        return {x: sorted(cell.items()) for x, cell in ways.items()}

    def _glyph(self, cells: Sequence[Cell], lit: Collection[int]) -> tuple[str, bool]:
        groups = _groups(cells) if len(cells) > 1 else [cells]
        if len(groups) > 1:
            groups.sort(key=lambda group: (not _has(group, lit), not _ways(group) & (_UP | _DOWN)))
        ways = _ways(groups[0])
        shown = _has(groups[0], lit)
        if ways & (_ARROW | _BACK):
            marks = "<>" if self._ascii else "◀▶"
            return marks[1 if ways & _ARROW else 0], shown
        return (_ASCII if self._ascii else _GLYPHS)[ways & _SIDES], shown

    def labels(self, y: int) -> Iterator[tuple[int, Wire]]:
        """The wires whose labels are in a row, with their numbers."""
        for number in self._labels.get(y, ()):
            yield number, self._wires[number]


def _groups(cells: Sequence[Cell]) -> list[list[Cell]]:
    """The wires in a cell, grouped by the sides that they share."""
    groups: list[tuple[int, list[Cell]]] = []
    for cell in cells:
        way = cell[1] & _SIDES
        akin = [group for group in groups if group[0] & way]
        groups = [group for group in groups if not group[0] & way]
        for sides, _ in akin:
            way |= sides
        groups.append((way, [*(one for _, members in akin for one in members), cell]))
    return [members for _, members in groups]


def _ways(group: Sequence[Cell]) -> int:
    ways = 0
    for _, way in group:
        ways |= way
    return ways


def _has(group: Sequence[Cell], lit: Collection[int]) -> bool:
    return any(number in lit for number, _ in group)
