"""The line in which a table's filter, or the search text of a text, is typed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from textual import events, on
from textual.containers import Horizontal
from textual.widgets import Input, Static

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.widget import Widget


@runtime_checkable
class Filtered(Protocol):
    """What shows only what contains a text, or searches for it."""

    filter: str


class FilterInput(Input):
    """Handles enter and esc itself, in their turn; what is typed after them is for the rows."""

    def _on_key(self, event: events.Key) -> None:  # type: ignore[override]  # Textual calls both, this one first
        line = self.parent
        if not isinstance(line, FilterLine):
            return
        if not line.display:
            # It got here because the line was still open when the key was handled.
            event.stop().prevent_default()
            self.app.post_message(events.Key(event.key, event.character))
        elif event.key in ("enter", "escape"):
            event.stop().prevent_default()
            line.close(clear=event.key == "escape")


class FilterLine(Horizontal):
    """Filters as you type; enter keeps the filter and goes back to the rows, esc clears it."""

    DEFAULT_CSS = """
    FilterLine { height: 1; display: none; background: $panel; padding: 0 1; }
    FilterLine Static { width: auto; color: $primary; }
    FilterLine Input { width: 1fr; border: none; height: 1; padding: 0; background: $panel; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._filtered: Filtered | None = None
        self._back: Widget | None = None

    def compose(self) -> ComposeResult:
        yield Static("/ ", markup=False)
        yield FilterInput(compact=True, select_on_focus=False)

    def open(self, filtered: Filtered, back: Widget, sign: str = "/") -> None:
        """Type a filter for `filtered`; afterwards `back` gets the focus again."""
        self._filtered, self._back = filtered, back
        self.display = True
        self.query_one(Static).update(f"{sign} ")
        line = self.query_one(Input)
        line.value = filtered.filter
        line.cursor_position = len(line.value)
        # At once, and not with a message: the next key may be in the queue already.
        self.screen.set_focus(line)

    def close(self, *, clear: bool) -> None:
        """Go back to the rows, with or without the filter."""
        self.display = False
        if self._filtered is not None:
            # The message about the last letters may not have arrived yet.
            self._filtered.filter = "" if clear else self.query_one(Input).value
            self.screen.set_focus(self._back)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if self._filtered is not None and self.display:
            self._filtered.filter = event.value
