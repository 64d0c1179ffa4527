"""The dialog of a link: its address, as a link of the terminal, and to copy."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from flinktop.ui.dialog import Dialog
from flinktop.ui.own_commands.terminal_link import link_style
from flinktop.ui.theme import TONES
from flinktop.ui.widgets.form import PressButton

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

_HINT = "y copies the address; many terminals open it with a click, some with ctrl held"
MOST_LINES = 14


class OwnLinkDialog(Dialog[None]):
    """Shows an address whole; a terminal that knows links (OSC 8) opens each of its lines."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("y", "copy", "copy the address")]

    def __init__(self, name: str, url: str) -> None:
        super().__init__()
        self._called = name
        self._url = url

    def body(self) -> ComposeResult:
        yield Static(Content.styled(self._called, TONES["strong"]), classes="words", markup=False)
        yield Static(id="address", classes="words", markup=False)
        yield Static(Content.styled(_HINT, TONES["muted"]), classes="words", markup=False)
        with Horizontal(classes="buttons"):
            yield PressButton("Close", id="close")

    def on_mount(self) -> None:
        super().on_mount()
        self.set_focus(self.query_one("#close"))

    def renew(self) -> None:
        width, url = max(self.words_width, 1), self._url
        lines = [url[at : at + width] for at in range(0, len(url), width)]
        if len(lines) > MOST_LINES:
            lines = [*lines[: MOST_LINES - 1], "…"]
        style = link_style(url)
        text = Content("\n").join(Content.styled(line, style) for line in lines)
        self.query_one("#address", Static).update(text)

    def action_copy(self) -> None:
        self.app.copy_text(self._url)
