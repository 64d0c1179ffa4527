"""Which rows of a table are shown, in which order, which are on the screen, and where its cursor goes."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Sequence

R = TypeVar("R")


@dataclass(frozen=True)
class Shown(Generic[R]):
    """The rows of a table as they are shown, with their keys and the place of each key.

    A duplicate key is found at its first place.
    """

    rows: tuple[R, ...] = ()
    keys: tuple[str, ...] = ()
    at: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Iterable[R], row_key: Callable[[R], str]) -> Shown[R]:
        """The rows with their keys."""
        fixed = tuple(rows)
        keys = tuple(row_key(row) for row in fixed)
        at = dict(zip(reversed(keys), range(len(keys) - 1, -1, -1), strict=True))
        return cls(fixed, keys, at)


def missing(value: Any) -> bool:
    """Whether there is nothing to sort by: None or NaN."""
    # Only NaN differs from itself.
    return value is None or bool(value != value)  # noqa: PLR0124 - see above


def arrange(
    rows: Sequence[R],
    *,
    keep: Callable[[R], bool] | None = None,
    sort: Callable[[R], Any] | None = None,
    reverse: bool = False,
) -> list[R]:
    """The rows to show, in order.

    Rows that compare equal stay in the given order in both directions, and those with nothing to sort by are
    last in both. Without `sort` the order stays as given. Values that do not compare with each other are
    sorted by the names of their types and their texts.
    """
    kept = list(rows) if keep is None else [row for row in rows if keep(row)]
    if sort is None:
        return kept[::-1] if reverse else kept
    present: list[tuple[Any, R]] = []
    absent: list[R] = []
    for row in kept:
        value = sort(row)
        if missing(value):
            absent.append(row)
        else:
            present.append((value, row))
    try:
        present.sort(key=lambda pair: pair[0], reverse=reverse)
    except TypeError:
        present.sort(key=lambda pair: (type(pair[0]).__name__, str(pair[0])), reverse=reverse)
    return [row for _, row in present] + absent


def known_among(rows: Sequence[R], sort: Callable[[R], Any]) -> int:
    """How many of the rows, arranged by `sort`, have a value to sort by: they come first."""
    return bisect_left(rows, 1, key=lambda row: missing(sort(row)))


def nearest(keys: Sequence[str], index: int, remaining: Container[str]) -> str | None:
    """The remaining key nearest to place `index`; the later one of two as near. None if none remains."""
    for distance in range(len(keys)):
        for at in (index + distance, index - distance):
            if 0 <= at < len(keys) and keys[at] in remaining:
                return keys[at]
    return None


@dataclass(frozen=True, slots=True)
class Viewport:
    """A window on the rows.

    Attributes:
        cursor: Place of the cursor's row.
        top: Place of the first row on the screen.
        page: How many rows the screen holds.
        moved: Whether someone has moved the cursor; until then it is on the first row.
    """

    cursor: int
    top: int
    page: int
    moved: bool

    def holds(self, at: int) -> bool:
        """Whether the row at this place is on the screen."""
        return self.top <= at < self.top + self.page

    def showing_cursor(self) -> Viewport:
        """The window moved as little as possible to contain the cursor."""
        if self.cursor < self.top:
            return replace(self, top=self.cursor)
        if self.page and self.cursor >= self.top + self.page:
            return replace(self, top=self.cursor - self.page + 1)
        return self


def follow(view: Viewport, old: Shown[Any], new: Shown[Any]) -> Viewport:
    """The window after the rows changed: the cursor by key, its row at the same height on the screen.

    A window at the top stays there, so that the worst rows stay visible, unless a cursor that someone moved
    would leave it. A cursor that nobody moved stays on the first row, whichever that is. If the cursor is out
    of sight, the first row on the screen keeps its height.
    """
    cursor = successor(old, view.cursor, new) if view.moved else 0
    seen = view.holds(view.cursor)
    if view.top > 0:
        anchor = view.cursor if seen else view.top
        moved = successor(old, anchor, new) - anchor
        last = max(len(new.rows) - view.page, 0)
        return replace(view, cursor=cursor, top=max(min(view.top + moved, last), 0))
    after = replace(view, cursor=cursor)
    return after if not seen or after.holds(cursor) else after.showing_cursor()


def successor(old: Shown[Any], at: int, new: Shown[Any]) -> int:
    """Where the row at place `at` is now, or the nearest of its neighbours that remain."""
    if at < len(old.keys):
        if at < len(new.keys) and new.keys[at] == old.keys[at]:
            return at
        if (found := nearest(old.keys, at, new.at)) is not None:
            return new.at[found]
    return max(min(at, len(new.keys) - 1), 0)
