"""The help of a screen, made from its commands."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from textual import getters
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from flinktop.ui import keys
from flinktop.ui.live import LiveApp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult
    from textual.binding import BindingType

_TITLES = {"tab": "Tabs", "table": "Rows", "view": "View", "program": "Program"}


def help_lines(commands: Sequence[keys.Command], *, ascii_only: bool = False) -> list[tuple[str, str]]:
    """(keys, what they do) in groups; a group's title has no keys."""
    moves = [(names.replace("↑ ↓", "Up Down") if ascii_only else names, words) for names, words in keys.MOVES]
    lines: list[tuple[str, str]] = [("", "Move"), *moves]
    for group, title in _TITLES.items():
        found = [command for command in commands if command.group == group]
        if found:
            lines.append(("", title))
            lines += [
                (" ".join(keys.key_name(key) for key in command.keys), command.help) for command in found
            ]
    return lines


class HelpScreen(ModalScreen[None]):
    """What can be done here, and by which keys."""

    DEFAULT_CSS = """
    HelpScreen { align: center middle; background: $background 60%; }
    HelpScreen > VerticalScroll {
        width: 86; max-width: 100%; height: auto; max-height: 90%; background: $panel; padding: 1 2;
    }
    """
    app = getters.app(LiveApp)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark", "dismiss", "back", id="close"),
        Binding("j,down", "scroll(1)", "Down", show=False),
        Binding("k,up", "scroll(-1)", "Up", show=False),
    ]

    def __init__(self, commands: Sequence[keys.Command]) -> None:
        super().__init__()
        self._commands = commands

    def compose(self) -> ComposeResult:
        """Keys on the left, words on the right."""
        lines = help_lines(self._commands, ascii_only=self.app.settings.ascii)
        width = max(cell_len(names) for names, _ in lines) + 2
        text = Content("\n").join(
            Content.assemble((names.ljust(width), "$text-primary"), words)
            if names
            else Content.styled(f"\n{words}" if number else words, "bold")
            for number, (names, words) in enumerate(lines)
        )
        with VerticalScroll():
            yield Static(text)

    def action_scroll(self, by: int) -> None:
        """One line down or up."""
        self.query_one(VerticalScroll).scroll_relative(y=by, animate=False)
