"""The question before leaving, which names what is under way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import getters
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from flinktop.engine.operation import State
from flinktop.flink.text import clean
from flinktop.ui.live import LiveApp
from flinktop.ui.panels.operation_words import under_way

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult

    from flinktop.engine.operation import Operation

MOST = 5
"""Operations that are named."""


def left_behind(operation: Operation) -> str:
    """What leaving means for an operation that is under way."""
    what = clean(f"{operation.label} of {operation.subject}")
    if operation.state is State.PLANNED:
        return f"{what} has not been sent yet: leaving drops it"
    if operation.state is State.SENT and operation.act is not None and operation.act.transfer:
        return f"{what} is being sent: leaving cuts it off"
    return f"{what} is under way: it goes on, and is followed again at the next start"


class LeaveScreen(ModalScreen[bool]):
    """Leave flinktop? The key that brought it up says yes, as does y; esc and n say no."""

    DEFAULT_CSS = """
    LeaveScreen { align: center middle; background: $background 60%; }
    LeaveScreen > Vertical {
        width: 46; max-width: 100%; height: auto; max-height: 100%; background: $background; padding: 1 2;
        border: round $border; border-title-color: $primary; border-title-style: bold;
        border-title-background: $background;
    }
    LeaveScreen.-under-way > Vertical { width: 72; padding: 0 1; }
    LeaveScreen Static { width: 1fr; }
    LeaveScreen #under-way { display: none; color: $warning; margin-bottom: 1; }
    LeaveScreen.-under-way #under-way { display: block; }
    """
    YES = frozenset({"y", "q", "ctrl+c"})
    NO = frozenset({"escape", "n"})
    app = getters.app(LiveApp)

    def compose(self) -> ComposeResult:
        """The question."""
        with Vertical() as box:
            box.border_title = "Leave flinktop?"
            yield Static(id="under-way", markup=False)
            yield Static(Content.assemble(("y", "$primary"), " leave   ", ("esc", "$primary"), " stay"))

    def on_mount(self) -> None:
        """Name what is under way, as long as it is."""
        self._name_them()
        self.set_interval(1.0, self._name_them)

    def _name_them(self) -> None:
        # What another flinktop follows does not care who leaves here.
        ours = [one for one in under_way(self.app.port) if one.ours]
        lines = [left_behind(one) for one in ours[:MOST]]
        lines += [f"and {len(ours) - MOST} more"] if len(ours) > MOST else []
        self.set_class(bool(lines), "-under-way")
        self.query_one("#under-way", Static).update(Content("\n".join(lines)))

    def on_key(self, event: events.Key) -> None:
        """Answer."""
        if event.key in self.YES:
            event.stop()
            self.dismiss(True)  # noqa: FBT003 -- the dialog's answer
        elif event.key in self.NO:
            event.stop()
            self.dismiss(False)  # noqa: FBT003 -- the dialog's answer
