"""A table of live rows: only the lines on the screen are drawn, and only changed ones are repainted."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Generic, TypeAlias, TypeVar, cast

from textual import events, on
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size

from flinktop.ui.widgets import messages
from flinktop.ui.widgets.columns import Cell, Column, Layout, column_at
from flinktop.ui.widgets.guarded_rows import CellErrors, FailedRow, GuardedRows, shielded
from flinktop.ui.widgets.line import CURSOR, FOCUSED_CURSOR, NO_CURSOR, Cells
from flinktop.ui.widgets.order import Shown, Viewport, arrange, follow, known_among
from flinktop.ui.widgets.painted_view import MOVES, PaintedView
from flinktop.ui.widgets.styles import component_classes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.strip import Strip

    from flinktop.ui.widgets.columns import ColumnSpan

__all__ = ["Cell", "Column", "LiveTable"]

R = TypeVar("R")
_Line = tuple[Cells, int, bool]
_HEADER = 1
_ACROSS = -1  # in the place of a line's cursor: its text is a heading across all columns


class LiveTable(PaintedView, Generic[R]):
    """Rows under a fixed header, sorted, filtered, with a cursor that stays on its row by key.

    The given order is the default order. Setting equal rows repaints nothing; of changed rows only the lines
    that look different are repainted. Cells are made only for the rows on the screen; one that can't be made
    is a `?`, and what can't be made into a row is below the others with its name. `match` decides whether a
    row passes the filter's text, by default if any cell contains it; `dim`, whether a row is shown faded;
    `heading` is the text of a row that is a heading of those below it, over which the cursor passes.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = component_classes("header", "sorted", "cursor", "resting")
    DEFAULT_CSS = """
    LiveTable {
        & > .style--header { color: $text-muted; }
        & > .style--sorted { color: $foreground; text-style: bold; }
        & > .style--cursor { background: $block-cursor-background; text-style: bold; }
        & > .style--resting { background: $foreground 7%; text-style: bold; }
        &:nocolor, &:ansi {
            & > .style--header { text-style: underline; }
            & > .style--sorted { text-style: bold underline; }
            & > .style--cursor { background: ansi_default; }
            & > .style--resting { background: ansi_default; text-style: bold underline; }
        }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*MOVES, Binding("enter", "open", "Open", show=False)]

    Opened: TypeAlias = messages.Opened
    Moved: TypeAlias = messages.Moved
    VisibleChanged: TypeAlias = messages.VisibleChanged
    FilterChanged: TypeAlias = messages.FilterChanged

    def __init__(
        self,
        columns: Sequence[Column[R]],
        *,
        row_key: Callable[[R], str],
        empty: str = "…",
        match: Callable[[R, str], bool] | None = None,
        dim: Callable[[R], bool] | None = None,
        heading: Callable[[R], str] | None = None,
        ascii: bool = False,
        id: str | None = None,
    ) -> None:
        super().__init__(empty=empty, ascii=ascii, id=id)
        self._errors = CellErrors(self)
        self.columns = shielded(columns, self._errors)
        self._key = row_key
        self._match = match
        self._dim = dim
        self._heading = heading
        self._rows: tuple[R, ...] = ()
        self._shown: Shown[R] = Shown()
        self._cursor = 0
        self._cursor_moved = False  # whether someone has moved the cursor yet
        self._clicked: str | None = None
        self._filter = ""
        self._sort: Column[R] | None = None
        self._reverse = False
        self._layout = Layout(self.columns)
        self._painted: dict[int, _Line] = {}
        self._posted_key: str | None = None
        self._posted_visible: tuple[str, ...] = ()

    # What it shows

    def set_rows(self, rows: Sequence[R]) -> bool:
        """Show these rows in this default order, for `GuardedRows` with what could not be made into rows.

        Returns whether they are others than before: all their cells are drawn again then.
        """
        failed = rows.failed if isinstance(rows, GuardedRows) else ()
        for one in failed:
            self._errors.add(f"row {one.key}", one.error)
        # Only this table looks into them, and it checks their type.
        fixed = (*rows, *cast("Sequence[R]", failed))
        if fixed == self._rows:
            return False
        self._rows = fixed
        self._arrange()
        return True

    def set_columns(self, columns: Sequence[Column[R]]) -> None:
        """Show other columns; the sorted column stays, if it is there."""
        self.columns = shielded(columns, self._errors)
        self._layout = Layout(self.columns)
        if self._sort is not None:
            self._sort = next((one for one in self.columns if one.key == self._sort.key), None)
        self._painted.clear()
        self._arrange()
        self.refresh()

    def redraw_cells(self) -> None:
        """Draw the cells again: their contents have changed, though the rows are the same."""
        if self._shown.rows:
            self._repaint_changed()

    @property
    def is_empty(self) -> bool:
        return not self._shown.rows

    def shown_keys(self) -> tuple[str, ...]:
        """The keys of all rows that pass the filter, in the order shown."""
        return self._shown.keys

    def shown_rows(self) -> tuple[R, ...]:
        """All rows that pass the filter, in the order shown."""
        return self._shown.rows

    def visible_keys(self) -> tuple[str, ...]:
        """The keys of the rows on the screen, from top to bottom."""
        view = self._view
        return self._shown.keys[view.top : view.top + view.page]

    @property
    def cursor_key(self) -> str | None:
        """The key of the cursor's row, None in an empty table; setting one that is not shown does nothing."""
        return self._shown.keys[self._cursor] if self._shown.keys else None

    @cursor_key.setter
    def cursor_key(self, key: str | None) -> None:
        if key in self._shown.at:
            self._move(self._shown.at[key])

    @property
    def cursor_row(self) -> R | None:
        """The cursor's row, None in an empty table and where it could not be made."""
        row = self._shown.rows[self._cursor] if self._shown.rows else None
        return None if isinstance(row, FailedRow) else row

    # Order

    @property
    def filter(self) -> str:
        """The filter text; empty shows all."""
        return self._filter

    @filter.setter  # noqa: A003 - what it is called on every screen
    def filter(self, text: str) -> None:
        if text != self._filter:
            self._filter = text
            self._arrange()
            self._show_cursor()
            if self.is_mounted:
                self.post_message(self.FilterChanged(self))

    def sort_by(self, key: str | None, reverse: bool | None = None) -> None:  # noqa: FBT001 - reads well at the call
        """Sort by a column; None, an unknown or an unsortable one give the default order.

        `reverse` puts the highest first; None takes the column's first direction.
        """
        found = next((column for column in self.columns if column.key == key and column.sort), None)
        self._sort = found
        self._reverse = (found is not None and found.descending) if reverse is None else reverse
        self._arrange(to_top=True)
        self.refresh()

    def next_sort(self) -> None:
        """Sort by the next sortable column, visible or not; after the last the default order."""
        keys = [column.key for column in self.columns if column.sort]
        if self._sort is None:
            self.sort_by(keys[0] if keys else None)
            return
        after = keys[keys.index(self._sort.key) + 1 :] if self._sort.key in keys else []
        self.sort_by(after[0] if after else None)

    def reverse_sort(self) -> None:
        self.sort_by(self._sort.key if self._sort else None, not self._reverse)

    @property
    def sort_label(self) -> str:
        """The sorted column with its direction; empty for the default order.

        If only part of the rows have a value to sort by, it includes how many.
        """
        marks = ("v", "^") if self._ascii else ("▼", "▲")
        mark = marks[0] if self._reverse else marks[1]
        if self._sort is not None and self._sort.sort is not None:
            known, rows = known_among(self._shown.rows, self._sort.sort), len(self._shown.rows)
            return f"{self._sort.title} {mark}" + (f" known for {known} of {rows}" if known < rows else "")
        return "reversed" if self._reverse else ""

    # Painting

    def render_line(self, y: int) -> Strip:
        width = self._width
        if y < _HEADER:
            sorted_by = self._sort.key if self._sort else None
            return self._painter.header(self._spans, width, sorted_by, descending=self._reverse)
        if not self._shown.rows:
            return self._words(self._empty_words(), y - _HEADER, self._view.page)
        at = self._view.top + y - _HEADER
        if at >= len(self._shown.rows):
            self._painted.pop(y, None)
            return self._painter.blank(width)
        cells, cursor, dim = self._painted[y] = self._line(at)
        if cursor == _ACROSS:
            return self._painter.ruled(cells, width)
        return self._painter.row(self._spans, cells, width, cursor, dim=dim)

    def _empty_words(self) -> str:
        return f"nothing matches {self._filter!r}" if self._rows else self._empty

    def _line(self, at: int) -> _Line:
        row = self._shown.rows[at]
        if heading := self._heading_of(row):
            return ((heading, "strong"),), _ACROSS, False
        cells = tuple(span.shown(row) for span in self._spans)
        cursor = NO_CURSOR if at != self._cursor else FOCUSED_CURSOR if self.has_focus else CURSOR
        return cells, cursor, self._is_dim(row)

    @property
    def _spans(self) -> tuple[ColumnSpan[R], ...]:
        return self._layout.at(self._width)

    def _repaint_changed(self) -> None:
        """Repaint the lines on the screen that look different from what was drawn there last."""
        top = self._view.top
        for y in range(_HEADER, self.size.height):
            at = top + y - _HEADER
            line = self._line(at) if at < len(self._shown.rows) else None
            if line != (before := self._painted.get(y)):
                self.refresh(self._changed(y, before, line))

    def _changed(self, y: int, before: _Line | None, line: _Line | None) -> Region:
        """The part of a line to repaint: one interval, as Textual writes more bytes for several."""
        if before is None or line is None or before[1:] != line[1:] or line[1] == _ACROSS:
            return Region(0, y, self._width, 1)
        if len(before[0]) != len(line[0]):
            return Region(0, y, self._width, 1)
        cells = zip(self._spans, before[0], line[0], strict=True)
        changed = [where for where, old, new in cells if old != new]
        first, last = changed[0], changed[-1]
        return Region(first.x, y, last.x + last.width - first.x, 1)

    def _repaint_row(self, at: int) -> None:
        y = at - self._view.top + _HEADER
        if _HEADER <= y < self.size.height:
            self.refresh(Region(0, y, self._width, 1))

    # Rows and cursor

    def _row_key(self, row: R) -> str:
        return row.key if isinstance(row, FailedRow) else self._key(row)

    def _is_dim(self, row: R) -> bool:
        if self._dim is None or isinstance(row, FailedRow):
            return False
        try:
            return self._dim(row)
        except Exception as error:  # noqa: BLE001 -- it is shown, all the same
            self._errors.add("age of a row", error)
            return False

    def _matches(self, row: R, text: str) -> bool:
        if self._match is not None and not isinstance(row, FailedRow):
            try:
                return self._match(row, text)
            except Exception as error:  # noqa: BLE001 -- by what is seen of it, then
                self._errors.add("filter", error)
        wanted = text.casefold()
        return any(wanted in column.cell(row)[0].casefold() for column in self.columns)

    def _arrange(self, *, to_top: bool = False) -> None:
        """Put the rows in order and keep cursor and view where the reader expects them."""
        text, sort = self._filter, self._sort.sort if self._sort else None
        keep = (lambda row: self._matches(row, text)) if text else None
        rows = arrange(self._rows, keep=keep, sort=sort, reverse=self._reverse)
        old, new = self._shown, Shown.of(rows, self._row_key)
        view = follow(self._view, old, new)
        self._shown = new
        self._cursor = self._beside_heading(view.cursor, 1)
        self.virtual_size = Size(0, len(new.rows) + _HEADER if new.rows else 0)
        self._scroll(0 if to_top else view.top)
        self._post_changes()
        if old.rows and new.rows:
            self._repaint_changed()
        else:
            self.refresh()

    @property
    def _view(self) -> Viewport:
        page = max(self.size.height - _HEADER, 0)
        return Viewport(self._cursor, self.scroll_offset.y, page, self._cursor_moved)

    def _scroll(self, top: int) -> None:
        if top != self.scroll_offset.y:
            self.scroll_to(y=top, animate=False)

    def _show_cursor(self) -> None:
        """Scroll to the cursor; the heading above its row comes into sight with it."""
        view = self._view.showing_cursor()
        above = view.top - 1
        headed = 0 <= above < self._cursor == view.top and view.page > 1
        if headed and self.is_heading(self._shown.rows[above]):
            self._scroll(above)
        else:
            self._scroll(view.top)

    def is_heading(self, row: R) -> bool:
        """Whether a row is a heading, on which the cursor never is."""
        return bool(self._heading_of(row))

    def _heading_of(self, row: R) -> str:
        return "" if self._heading is None or isinstance(row, FailedRow) else self._heading(row)

    def _beside_heading(self, at: int, by: int) -> int:
        """The place at or after `at` (before it for a negative `by`) that is no heading, else the nearest."""
        if self._heading is None:
            return at
        rows = self._shown.rows
        for step in (1, -1) if by > 0 else (-1, 1):
            found = at
            while 0 <= found < len(rows) and self.is_heading(rows[found]):
                found += step
            if 0 <= found < len(rows):
                return found
        return at

    def _move(self, at: int, by: int = 1) -> None:
        """Put the cursor on a row, or beside a heading in the direction `by`, and scroll to it."""
        if not self._shown.rows:
            return
        self._cursor_moved = True
        before = self._cursor
        self._cursor = self._beside_heading(max(0, min(at, len(self._shown.rows) - 1)), by)
        if before != self._cursor:
            self._repaint_row(before)
            self._repaint_row(self._cursor)
        self._show_cursor()
        self._post_changes()

    def _post_changes(self) -> None:
        """Send messages if the cursor or the visible rows have changed."""
        if not self.is_mounted:
            return
        if self.cursor_key != self._posted_key:
            self._posted_key = self.cursor_key
            self.post_message(self.Moved(self, self._posted_key))
        visible = self.visible_keys()
        if visible != self._posted_visible:
            self._posted_visible = visible
            self.post_message(self.VisibleChanged(self, visible))

    # Keys, mouse, size

    def action_step(self, by: int) -> None:
        """Move by rows; a cursor out of sight first comes to the screen's first row, or its last."""
        if self._shown.rows and not self._view.holds(self._cursor):
            last = min(self._view.top + self._view.page, len(self._shown.rows)) - 1
            self._move(self._view.top if by > 0 else last, by)
        else:
            self._move(self._cursor + by, by)

    def action_page(self, by: int) -> None:
        self._move(self._cursor + by * max(self._view.page - 1, 1), by)

    def action_edge(self, to: int) -> None:
        self._move(0 if to < 0 else len(self._shown.rows) - 1, -to)

    def action_open(self) -> None:
        """Open the cursor's row; if it is out of sight, show it first."""
        if (key := self.cursor_key) is None or self.is_heading(self._shown.rows[self._cursor]):
            return
        if self._view.holds(self._cursor):
            self._cursor_moved = True
            self.post_message(self.Opened(self, key))
        else:
            self._show_cursor()

    def on_click(self, event: events.Click) -> None:
        if event.y < _HEADER:
            if (column := column_at(self._spans, event.x)) is not None and column.sort is not None:
                again = self._sort is not None and self._sort.key == column.key
                self.sort_by(column.key, not self._reverse if again else None)
            return
        at = self._view.top + event.y - _HEADER
        if at >= len(self._shown.rows):
            return
        if at == self._cursor and (event.chain > 1 or self._clicked == self.cursor_key):
            self.action_open()
        else:
            self._move(at)
        self._clicked = self.cursor_key

    @on(events.Focus)
    @on(events.Blur)
    def _show_focus(self) -> None:
        self._repaint_row(self._cursor)

    def on_mount(self) -> None:
        self._post_changes()

    def on_resize(self) -> None:
        self._show_cursor()
        self._post_changes()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._post_changes()
