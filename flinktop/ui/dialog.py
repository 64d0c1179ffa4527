"""What every dialog before an act has in common: its box, what it watches, and how it stays live."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from textual import getters
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.screen import ModalScreen

from flinktop.ui.live import LiveApp

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.app import ComposeResult
    from textual.binding import BindingType

    from flinktop.engine.host import Port
    from flinktop.flink.endpoint import Query

T = TypeVar("T")


class Dialog(ModalScreen[T]):
    """A box before the screen: arrows and tab move, enter presses what has the focus, esc closes it.

    What it is about does not change while it is open; the words about it do, on news and each second.
    """

    DEFAULT_CSS = """
    Dialog { align: center middle; background: $background 60%; }
    Dialog > .dialog {
        width: 84; max-width: 100%; height: auto; max-height: 100%; background: $background; padding: 0 1;
        border: round $border; border-title-color: $primary; border-title-style: bold;
        border-title-background: $background; scrollbar-size-vertical: 1;
    }
    Dialog .words { height: auto; width: 1fr; }
    Dialog .buttons { height: 1; width: 1fr; margin-top: 1; }
    """
    app = getters.app(LiveApp)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "back", id="close"),
        Binding("up", "app.focus_previous", "Up", show=False),
        Binding("down", "app.focus_next", "Down", show=False),
        Binding("left", "app.focus_previous", "Left", show=False),
        Binding("right", "app.focus_next", "Right", show=False),
    ]
    TITLE_WORDS: ClassVar[str] = ""
    """Words of ours in the upper edge of the box."""

    @property
    def port(self) -> Port:
        """The door to the engine."""
        return self.app.port

    def compose(self) -> ComposeResult:
        """The box around the body."""
        with VerticalScroll(classes="dialog", can_focus=False) as box:
            box.border_title = self.TITLE_WORDS
            yield from self.body()

    def body(self) -> ComposeResult:
        """What stands in the box."""
        yield from ()

    def watched(self) -> Iterable[Query[Any]]:
        """What is asked while the dialog is open."""
        return ()

    def renew(self) -> None:
        """There is news, or a second has passed."""

    def on_mount(self) -> None:
        """Ask for what it judges by."""
        for query in self.watched():
            self.port.watch(query)
        self.renew()

    def on_unmount(self) -> None:
        """Ask no more."""
        for query in self.watched():
            self.port.unwatch(query)

    def action_leave(self) -> None:
        """Close it; nothing is done."""
        self.dismiss(None)
