"""The question before leaving."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult


class LeaveScreen(ModalScreen[bool]):
    """Leave flinktop? The key that brought it up says yes, as does y; esc and n say no."""

    DEFAULT_CSS = """
    LeaveScreen { align: center middle; background: $background 60%; }
    LeaveScreen > Vertical {
        width: 46; max-width: 100%; height: auto; background: $background; padding: 1 2;
        border: round $border; border-title-color: $primary; border-title-style: bold;
        border-title-background: $background;
    }
    LeaveScreen Static { width: 1fr; }
    """
    YES = frozenset({"y", "q", "enter", "ctrl+c"})
    NO = frozenset({"escape", "n"})

    def compose(self) -> ComposeResult:
        """The question."""
        with Vertical() as box:
            box.border_title = "Leave flinktop?"
            yield Static(Content.assemble(("y", "$primary"), " leave   ", ("esc", "$primary"), " stay"))

    def on_key(self, event: events.Key) -> None:
        """Answer."""
        if event.key in self.YES:
            event.stop()
            self.dismiss(True)  # noqa: FBT003 -- the dialog's answer
        elif event.key in self.NO:
            event.stop()
            self.dismiss(False)  # noqa: FBT003 -- the dialog's answer
