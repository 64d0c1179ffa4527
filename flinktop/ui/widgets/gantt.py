"""Intervals as a bar in one cell of a table, and the axis below them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from rich.cells import cell_len

from flinktop.ui.widgets.axes import time_axis
from flinktop.ui.widgets.columns import Stripes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

CUT, ASCII_CUT = ("◂", "▸"), ("<", ">")
"""Marks of a bar that begins before the window, or ends after it."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """An interval, its shape and the name of its style; a moment has one cell."""

    start: float
    end: float
    shape: str
    """One cell."""
    style: str


def bar(
    stretches: Iterable[Stretch], since: float, until: float, width: int, *, ascii: bool = False
) -> Stripes:
    """The intervals between `since` and `until` in `width` cells.

    Each has at least one cell; of two in one cell the later one is shown. A bar that begins before the window
    has a mark at its edge.
    """
    cells: list[tuple[str, str]] = [(" ", "")] * max(width, 0)
    length = until - since
    if length <= 0 or width <= 0:
        return Stripes(())
    for one in stretches:
        if one.end < since or one.start > until:
            continue
        first = min(_cell(one.start, since, length, width), width - 1)
        last = max(_cell(one.end, since, length, width), first + 1)
        for at in range(max(first, 0), min(last, width)):
            cells[at] = (one.shape, one.style)
        if first < 0:
            cells[0] = ((ASCII_CUT if ascii else CUT)[0], one.style)
    return Stripes(_runs(cells))


def _cell(at: float, since: float, length: float, width: int) -> int:
    """The cell of a time: -1 before the window, `width` from its end on."""
    if at < since:
        return -1
    if at - since >= length:
        return width
    return min(int((at - since) / length * width), width)


def axis(since: float, until: float, width: int, clock: Callable[[float], str]) -> Stripes:
    """Round times (s) below the bars, each beginning in its cell."""
    if until <= since or width <= 0:
        return Stripes(())
    row = [" "] * width
    marks = time_axis(since, until, width, clock)
    for tick, label in zip(marks.ticks, marks.labels, strict=True):
        first = _cell(tick, since, until - since, width)
        if first >= 0 and first + cell_len(label) + 1 <= width:
            row[first : first + len(label) + 1] = ["'", *label]
    return Stripes((("".join(row), "muted"),))


def _runs(cells: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    same = groupby(cells, key=itemgetter(1))
    return tuple(("".join(shape for shape, _ in run), style) for style, run in same)
