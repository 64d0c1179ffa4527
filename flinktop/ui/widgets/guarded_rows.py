"""Rows and cells made one by one: one that raises shows that in its place and costs nothing else."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self, TypeVar

from flinktop.ui.widgets.columns import Stripes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from flinktop.ui.widgets.columns import Cell, Column

log = logging.getLogger(__name__)

R = TypeVar("R")
T = TypeVar("T")

FAILED: Cell = ("?", "bad")
"""A cell that could not be made."""


@dataclass(frozen=True, slots=True)
class FailedRow:
    """Replaces something that could not be made into a row."""

    key: str
    name: str
    error: Exception = field(compare=False)


class GuardedRows(list[R]):
    """Rows, and separately what could not be made into one. Sort it in place: a copy is a plain list."""

    def __init__(self, rows: Iterable[R] = (), failed: Iterable[FailedRow] = ()) -> None:
        super().__init__(rows)
        self.failed = tuple(failed)

    def __iadd__(self, more: Iterable[R]) -> Self:  # type: ignore[override, misc]  # a list's takes no less
        self.extend(more)
        if isinstance(more, GuardedRows):
            self.failed += more.failed
        return self


def make_rows(
    things: Iterable[T],
    make: Callable[[T], R],
    *,
    key: Callable[[T], str],
    name: Callable[[T], str] | None = None,
) -> GuardedRows[R]:
    """One row for each thing; if `make` raises, only that row is lost.

    `key` names the row in the program; `name` is shown to the user, by default the key.
    """
    return make_row_groups(things, lambda thing: (make(thing),), key=key, name=name)


def make_row_groups(
    things: Iterable[T],
    make: Callable[[T], Iterable[R]],
    *,
    key: Callable[[T], str],
    name: Callable[[T], str] | None = None,
) -> GuardedRows[R]:
    """Like `make_rows`, where a thing may have several rows."""
    rows: GuardedRows[R] = GuardedRows()
    for thing in things:
        try:
            rows.extend(tuple(make(thing)))
        except Exception as error:  # noqa: BLE001 -- the table says which row, and logs it
            rows.failed += (FailedRow(key(thing), (name or key)(thing), error),)
    return rows


class CellErrors:
    """Errors in cells and rows of one widget: each is logged once, and raised if its app wants that."""

    def __init__(self, widget: Any) -> None:
        self._widget = widget
        self._known: set[tuple[str, str]] = set()

    def add(self, where: str, error: Exception) -> None:
        if getattr(self._widget.app, "raise_errors", False):
            raise error
        if (where, type(error).__name__) not in self._known:
            self._known.add((where, type(error).__name__))
            log.error("%s: %s cannot be shown", type(self._widget.parent).__name__, where, exc_info=error)


def shielded(columns: Sequence[Column[R]], errors: CellErrors) -> tuple[Column[R], ...]:
    """The columns with functions that do not raise; for a `FailedRow` they show its name."""
    naming = next((one for one in columns if one.flex and one.stripes is None), next(iter(columns), None))
    return tuple(_shielded(column, errors, names=column is naming) for column in columns)


def _shielded(column: Column[R], errors: CellErrors, *, names: bool) -> Column[R]:
    def guarded(
        make: Callable[..., T], where: str, replacement: T, of_failed_row: Callable[[FailedRow], T]
    ) -> Callable[..., T]:
        def made(row: Any, *width: int) -> T:
            if isinstance(row, FailedRow):
                return of_failed_row(row)
            try:
                return make(row, *width)
            except Exception as error:  # noqa: BLE001 -- one bad cell must not end the table
                errors.add(f"{where} {column.key}", error)
                return replacement

        return made

    stripes = Stripes((FAILED,))
    return replace(
        column,
        cell=guarded(column.cell, "column", FAILED, lambda row: (row.name, "") if names else FAILED),
        # What has no order is last, like everything unknown.
        sort=column.sort and guarded(column.sort, "order of column", None, lambda _row: None),
        stripes=column.stripes and guarded(column.stripes, "column", stripes, lambda _row: stripes),
    )
