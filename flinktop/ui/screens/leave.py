"""The question before leaving."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult


class LeaveScreen(ModalScreen[bool]):
    """Leave flinktop? The key that brought it up says yes, as does y; esc and n say no."""

    DEFAULT_CSS = """
    LeaveScreen { align: center middle; background: $background 60%; }
    LeaveScreen > Vertical { width: 46; max-width: 100%; height: auto; background: $panel; padding: 1 2; }
    LeaveScreen Static { width: 1fr; }
    """
    YES = frozenset({"y", "q", "enter", "ctrl+c"})
    NO = frozenset({"escape", "n"})

    def compose(self) -> ComposeResult:
        """The question."""
        with Vertical():
            yield Static("Leave flinktop?  y  leave    esc  stay", markup=False)

    def on_key(self, event: events.Key) -> None:
        """Answer."""
        if event.key in self.YES:
            event.stop()
            self.dismiss(True)  # noqa: FBT003 -- the dialog's answer
        elif event.key in self.NO:
            event.stop()
            self.dismiss(False)  # noqa: FBT003 -- the dialog's answer
