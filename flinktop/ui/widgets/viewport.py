"""Which part of a table is on the screen, and what becomes of it when the rows change."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from flinktop.ui.widgets.order import nearest

if TYPE_CHECKING:
    from flinktop.ui.widgets.order import Shown


@dataclass(frozen=True, slots=True)
class Viewport:
    """A window on the rows.

    Attributes:
        cursor: Place of the cursor's row.
        top: Place of the first row on the screen.
        page: How many rows the screen holds.
        moved: Whether someone has moved the cursor; until then it stands on the first row.
    """

    cursor: int
    top: int
    page: int
    moved: bool

    def holds(self, at: int) -> bool:
        """Whether the row at this place is on the screen."""
        return self.top <= at < self.top + self.page

    def showing_cursor(self) -> Viewport:
        """The window moved as little as possible to hold the cursor."""
        if self.cursor < self.top:
            return replace(self, top=self.cursor)
        if self.page and self.cursor >= self.top + self.page:
            return replace(self, top=self.cursor - self.page + 1)
        return self


def follow(view: Viewport, old: Shown[Any], new: Shown[Any]) -> Viewport:
    """The window after the rows changed: the cursor by key, its row at the same height on the screen.

    A window at the top stays there, so that what is worst stays in sight, unless a cursor that someone moved
    would leave it. One that nobody moved stays on the first row, whichever that is. If the cursor is out of
    sight, the first row on the screen is what keeps its height.
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
    """Where the row at place `at` stands now, or the nearest of its neighbours that remain."""
    if at < len(old.keys):
        if at < len(new.keys) and new.keys[at] == old.keys[at]:
            return at
        if (found := nearest(old.keys, at, new.at)) is not None:
            return new.at[found]
    return max(min(at, len(new.keys) - 1), 0)
