"""The columns of a table, and where each stands at a given width."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

R = TypeVar("R")
Cell = tuple[str, str]
"""Text and the name of a style: "", good, warn, bad, info, muted, strong or stale."""


@dataclass(frozen=True, slots=True)
class Stripes:
    """A cell in several styles: its texts from left to right, which fill its width at the most."""

    runs: tuple[Cell, ...]


WIDE_GAP = 2
MARGIN = 1
LEAST_FLEX = 4


# No slots: on Python 3.11 Column[Row](...) raises for a frozen class that has them.
@dataclass(frozen=True)
class Column(Generic[R]):
    """One column: what it says of a row, how wide it is and how it sorts.

    Attributes:
        key: Names the column towards the program.
        title: What the header says.
        width: Cells it takes; of a flexible column the least it is content with.
        cell: The text and style of a row.
        sort: What to sort by; None and NaN stand last in both directions. Without it it does not sort.
        align: Side the text stands on; the title follows it.
        drop: 0 is never dropped; the highest number goes first when the width is short.
        flex: Takes what the others leave.
        comfort: Cells that a flexible column takes before columns are set further apart.
        leaves: Cells that the flexible columns must have for it to be there.
        descending: Its first direction when it is sorted by.
        stripes: Paints the cell of a row in so many cells in several styles, such as a bar of parts; what
            `cell` says of the row is what the filter looks at.
        middle: Cuts a text that is too long in its middle, not at its end.
    """

    key: str
    title: str
    width: int
    cell: Callable[[R], Cell]
    sort: Callable[[R], Any] | None = None
    align: Literal["left", "right"] = "left"
    drop: int = 0
    flex: bool = False
    comfort: int = 0
    leaves: int = 0
    descending: bool = False
    stripes: Callable[[R, int], Stripes] | None = None
    middle: bool = False


@dataclass(frozen=True)
class ColumnSpan(Generic[R]):
    """Where a column stands: its first cell, its width, and the blank cells before it."""

    column: Column[R]
    x: int
    width: int
    gap: int

    def shown(self, row: R) -> Cell | Stripes:
        """The cell of a row."""
        return self.column.stripes(row, self.width) if self.column.stripes else self.column.cell(row)


def spans_in(columns: Sequence[Column[R]], width: int) -> tuple[ColumnSpan[R], ...]:
    """The columns that fit into `width` cells, from left to right, never overlapping.

    First columns are dropped, then flexible ones shrink, then the last ones are cut off. A second blank cell
    between columns is only spent where it costs no column, and no flexible one its comfort.
    """
    room = width - MARGIN
    kept = _kept(list(columns), room)
    if not kept:
        return ()
    comfort = sum(max(0, column.comfort - column.width) for column in kept if column.flex)
    gap = WIDE_GAP if _needed(kept, WIDE_GAP) + comfort <= room else 1
    widths = _widths(kept, room - gap * (len(kept) - 1))
    spans: list[ColumnSpan[R]] = []
    x = MARGIN
    for column, wanted in zip(kept, widths, strict=True):
        before = gap if spans else MARGIN
        start = x + gap if spans else x
        cells = min(wanted, width - start)
        if cells <= 0:
            break
        spans.append(ColumnSpan(column, start, cells, before))
        x = start + cells
    return tuple(spans)


class Layout(Generic[R]):
    """Columns, placed anew when the width changes."""

    def __init__(self, columns: Sequence[Column[R]]) -> None:
        self._columns = columns
        self._width = -1
        self._spans: tuple[ColumnSpan[R], ...] = ()

    def at(self, width: int) -> tuple[ColumnSpan[R], ...]:
        if width != self._width:
            self._spans, self._width = spans_in(self._columns, width), width
        return self._spans


def column_at(spans: Sequence[ColumnSpan[R]], x: int) -> Column[R] | None:
    """The column a click on cell `x` means; the blank before a column belongs to it."""
    for found in spans:
        if found.x - found.gap <= x < found.x + found.width:
            return found.column
    return None


def _needed(columns: Sequence[Column[R]], gap: int) -> int:
    return sum(column.width for column in columns) + gap * (len(columns) - 1)


def _crowded(columns: Sequence[Column[R]], room: int) -> bool:
    """Whether a column is there that does not leave the flexible ones what it should."""
    leaves = max((column.leaves for column in columns), default=0)
    fixed = sum(column.width for column in columns if not column.flex)
    return bool(leaves) and fixed + leaves + WIDE_GAP * (len(columns) - 1) > room


def _kept(columns: list[Column[R]], room: int) -> list[Column[R]]:
    while columns and (_needed(columns, 1) > room or _crowded(columns, room)):
        # Of equal numbers the one further right goes first.
        last = max(range(len(columns)), key=lambda at: (columns[at].drop, at))
        if columns[last].drop <= 0:
            break
        del columns[last]
    return columns


def _widths(columns: Sequence[Column[R]], room: int) -> list[int]:
    widths = [max(column.width, 1) for column in columns]
    flexible = [at for at, column in enumerate(columns) if column.flex]
    spare = room - sum(widths)
    if spare >= 0 and flexible:
        share, rest = divmod(spare, len(flexible))
        for number, at in enumerate(flexible):
            widths[at] += share + (number < rest)
    for at in flexible:
        if spare >= 0:
            break
        given = min(max(widths[at] - LEAST_FLEX, 0), -spare)
        widths[at] -= given
        spare += given
    return widths
