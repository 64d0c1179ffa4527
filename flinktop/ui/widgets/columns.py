"""The columns of a table, and the place of each at a given width."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

R = TypeVar("R")
Cell = tuple[str, str]
"""Text and the name of a style: "", good, warn, bad, info, muted, strong or stale."""


@dataclass(frozen=True, slots=True)
class Stripes:
    """A cell in several styles: its texts from left to right, at most as wide as the cell."""

    runs: tuple[Cell, ...]


WIDE_GAP = 2
MARGIN = 1
LEAST_FLEX = 4


# No slots: on Python 3.11 Column[Row](...) raises for a frozen class that has them.
@dataclass(frozen=True)
class Column(Generic[R]):
    """One column: its text for a row, how wide it is and how it sorts.

    Attributes:
        key: The name of the column, also in the config: see column_names.
        title: The text in the header.
        width: Its cells; the least cells of a flexible column.
        cell: The text and style for a row.
        sort: The sort value; None and NaN are last in both directions. Without it the column does not sort.
        align: The side of the text; the title follows it.
        drop: 0 is never dropped; the highest number is dropped first when there is too little width.
        flex: Takes the width that the others leave.
        comfort: Cells that a flexible column takes before the gaps between columns grow, and before other
            flexible columns to the left of it take more than their width.
        weight: Its part of the width that is left when all flexible columns have their comfort.
        leaves: Shown only while the flexible columns have this many cells.
        descending: Its first direction when the table is sorted by it.
        stripes: Draws the cell of a row in several styles, such as a bar of parts; gets row and width. The
            filter looks at `cell`.
        middle: Cuts a text that is too long in its middle, not at its end.
        usual: Shown where the config does not choose the columns of the table.
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
    weight: int = 1
    leaves: int = 0
    descending: bool = False
    stripes: Callable[[R, int], Stripes] | None = None
    middle: bool = False
    usual: bool = True


@dataclass(frozen=True)
class ColumnSpan(Generic[R]):
    """The place of a column: its first cell, its width, and the blank cells before it."""

    column: Column[R]
    x: int
    width: int
    gap: int

    def shown(self, row: R) -> Cell | Stripes:
        """The cell of a row."""
        return self.column.stripes(row, self.width) if self.column.stripes else self.column.cell(row)


def usual(columns: Sequence[Column[R]]) -> tuple[Column[R], ...]:
    """The columns of a table for which the config chooses none."""
    return tuple(column for column in columns if column.usual)


def chosen(columns: Sequence[Column[R]], keys: Sequence[str], never_dropped: str) -> tuple[Column[R], ...]:
    """The columns with these keys in this order, the rightmost dropped first where there is little room.

    The column `never_dropped` stays, if it is chosen, else the first one. A key that the table does not have
    now is left out; if it has none of them, its usual columns are shown.
    """
    known = {column.key: column for column in columns}
    found = [known[key] for key in keys if key in known]
    if not found:
        return usual(columns)
    kept = known[never_dropped] if never_dropped in keys and never_dropped in known else found[0]
    return tuple(
        replace(column, drop=0 if column is kept else place, leaves=0)
        for place, column in enumerate(found, 1)
    )


def spans_in(columns: Sequence[Column[R]], width: int) -> tuple[ColumnSpan[R], ...]:
    """The columns that fit into `width` cells, from left to right, never overlapping.

    First columns are dropped, then flexible ones shrink, then the last ones are cut off. A second blank cell
    between columns is added only where it costs no column, and no flexible one its comfort.
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
    """Columns, placed again when the width changes."""

    def __init__(self, columns: Sequence[Column[R]]) -> None:
        self._columns = columns
        self._width = -1
        self._spans: tuple[ColumnSpan[R], ...] = ()

    def at(self, width: int) -> tuple[ColumnSpan[R], ...]:
        if width != self._width:
            self._spans, self._width = spans_in(self._columns, width), width
        return self._spans


def column_at(spans: Sequence[ColumnSpan[R]], x: int) -> Column[R] | None:
    """The column at cell `x`; the blank before a column belongs to it."""
    for found in spans:
        if found.x - found.gap <= x < found.x + found.width:
            return found.column
    return None


def _needed(columns: Sequence[Column[R]], gap: int) -> int:
    return sum(column.width for column in columns) + gap * (len(columns) - 1)


def _crowded(columns: Sequence[Column[R]], room: int) -> bool:
    """Whether there is too little room for all columns: some column's `leaves` is not met."""
    leaves = max((column.leaves for column in columns), default=0)
    fixed = sum(column.width for column in columns if not column.flex)
    return bool(leaves) and fixed + leaves + WIDE_GAP * (len(columns) - 1) > room


def _kept(columns: list[Column[R]], room: int) -> list[Column[R]]:
    while columns and (_needed(columns, 1) > room or _crowded(columns, room)):
        # Of equal numbers the rightmost is dropped first.
        last = max(range(len(columns)), key=lambda at: (columns[at].drop, at))
        if columns[last].drop <= 0:
            break
        del columns[last]
    return columns


def _widths(columns: Sequence[Column[R]], room: int) -> list[int]:
    widths = [max(column.width, 1) for column in columns]
    flexible = [at for at, column in enumerate(columns) if column.flex]
    spare = room - sum(widths)
    for at in reversed(flexible):
        given = min(max(columns[at].comfort - widths[at], 0), max(spare, 0))
        widths[at] += given
        spare -= given
    parts = sum(columns[at].weight for at in flexible)
    if spare >= 0 and parts:
        shares = [spare * columns[at].weight // parts for at in flexible]
        rest = spare - sum(shares)
        for number, (at, share) in enumerate(zip(flexible, shares, strict=True)):
            widths[at] += share + (number < rest)
    for at in flexible:
        if spare >= 0:
            break
        given = min(max(widths[at] - LEAST_FLEX, 0), -spare)
        widths[at] -= given
        spare += given
    return widths
