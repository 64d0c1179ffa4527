"""The line in which a table's filter is typed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual import on
from textual.containers import Horizontal
from textual.widgets import Input, Static

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from flinktop.ui.widgets.table import LiveTable


class FilterLine(Horizontal):
    """Filters as you type; enter keeps the filter and goes back to the rows, esc clears it."""

    DEFAULT_CSS = """
    FilterLine { height: 1; display: none; background: $panel; padding: 0 1; }
    FilterLine Static { width: auto; color: $text-primary; }
    FilterLine Input { width: 1fr; border: none; height: 1; padding: 0; background: $panel; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._table: LiveTable[Any] | None = None

    def compose(self) -> ComposeResult:
        """A slash and what follows it."""
        yield Static("/ ", markup=False)
        yield Input(compact=True, select_on_focus=False)

    def open(self, table: LiveTable[Any]) -> None:
        """Type a filter for this table."""
        self._table = table
        self.display = True
        line = self.query_one(Input)
        line.value = table.filter
        line.cursor_position = len(line.value)
        # At once, and not with a message: the next key may be in the queue already.
        self.screen.set_focus(line)

    def close(self, *, clear: bool) -> None:
        """Go back to the rows, with the filter or without it."""
        self.display = False
        if self._table is not None:
            if clear:
                self._table.filter = ""
            self.screen.set_focus(self._table)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if self._table is not None and self.display:
            self._table.filter = event.value

    @on(Input.Submitted)
    def _kept(self, event: Input.Submitted) -> None:
        event.stop()
        self.close(clear=False)
