"""Long text as rows of a terminal: where each line begins when it is wrapped, and the part in each row."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, TypeAlias

from rich.cells import cell_len, chop_cells
from rich.segment import Segment

from flinktop.ui.widgets.celltext import safe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.style import Style

Run: TypeAlias = "tuple[int, int, Style]"
"""A part of a line: its first letter, the one after its last, and its style."""
TAB = 4
"""Cells from one tab stop to the next: Java indents its stack traces by one tab."""


def shown(text: str) -> str:
    """A line as it is drawn: tabs are blanks, nothing steers the terminal."""
    return safe(text.expandtabs(TAB) if "\t" in text else text)


def cells(text: str) -> int:
    """The width of a drawn line."""
    return len(text) if text.isascii() else cell_len(text)


def folded(text: str, width: int) -> list[str]:
    """A drawn line in rows of at most `width` cells; an empty one is one row."""
    if text.isascii():
        return [text[at : at + width] for at in range(0, len(text), width)] or [""]
    return chop_cells(text, width) or [""]


def rows_of(text: str, width: int) -> int:
    """How many rows a drawn line takes."""
    if text.isascii():
        return max(1, -(-len(text) // width))
    return len(folded(text, width))


class TextRows:
    """Which line, and which part of it, is in which row; without a `width` each line is one row."""

    def __init__(self, lines: Sequence[str], width: int | None) -> None:
        # Where each line ends: the row after its last.
        self._ends: Sequence[int] = range(1, len(lines) + 1)
        if width is not None:
            most = max(width, 1)
            self._ends = list(accumulate(rows_of(line, most) for line in lines))

    @property
    def height(self) -> int:
        """The number of rows."""
        return self._ends[-1] if self._ends else 0

    def line_at(self, row: int) -> tuple[int, int]:
        """The line in a row, and which of the line's rows it is."""
        line = bisect_right(self._ends, row)
        return line, row - (self._ends[line - 1] if line else 0)

    def row_of(self, line: int) -> int:
        """The first row of a line."""
        return self._ends[min(line, len(self._ends)) - 1] if line and self._ends else 0


def marked_segments(text: str, styled: Sequence[Run], marks: Sequence[Run], start: int) -> list[Segment]:
    """A line from the letter `start` on, in its styles, with those of the marks over them.

    `text` ends with the last letter wanted; runs and marks go from left to right, and marks do not overlap.
    """
    segments: list[Segment] = []
    for first, last, style in styled:
        at, stop = max(first, start), min(last, len(text))
        while at < stop:
            mark = next((one for one in marks if one[1] > at), None)
            if mark is None or mark[0] >= stop:
                segments.append(Segment(text[at:stop], style))
                break
            if mark[0] > at:
                segments.append(Segment(text[at : mark[0]], style))
            upto = min(mark[1], stop)
            segments.append(Segment(text[max(at, mark[0]) : upto], style + mark[2]))
            at = upto
    return segments
