"""The help of a screen, generated from its commands."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from textual import getters
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from flinktop.ui import keys
from flinktop.ui.live_app import LiveApp
from flinktop.ui.steady import Modal
from flinktop.ui.widgets.celltext import wrap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from flinktop.ui.command import Command

WIDTH, EDGES = 90, 5
"""Largest width of the box, and the part of it that border, padding and scroll bar take (cells)."""
LEAST_WORDS, MOST_LINES = 12, 20
_TITLES = {
    "tab": "Tabs",
    "table": "Rows",
    "text": "Text",
    "view": "View",
    "own": "Your own",
    "program": "Program",
}


def help_lines(
    commands: Sequence[Command], legend: Sequence[tuple[str, str]] = (), *, ascii_only: bool = False
) -> list[tuple[str, str]]:
    """(keys, what they do) in groups, then the columns of `legend`; the title of a group has no keys."""
    moves = [(names.replace("↑ ↓", "Up Down") if ascii_only else names, words) for names, words in keys.MOVES]
    lines: list[tuple[str, str]] = [("", "Move"), *moves]
    for group, title in _TITLES.items():
        found = [command for command in commands if command.group == group]
        if found:
            lines.append(("", title))
            lines += [
                (" ".join(keys.key_name(key) for key in command.keys), command.help) for command in found
            ]
    return [*lines, ("", "Columns"), *legend] if legend else lines


class HelpScreen(Modal[None]):
    """Keys for this screen."""

    DEFAULT_CSS = """
    HelpScreen > .dialog { width: 90; max-height: 95%; padding: 0 1; scrollbar-size-vertical: 1; }
    """
    app = getters.app(LiveApp)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark", "dismiss", "back", id="close"),
        Binding("j,down", "scroll(1)", "Down", show=False),
        Binding("k,up", "scroll(-1)", "Up", show=False),
    ]

    def __init__(self, commands: Sequence[Command], legend: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__()
        self.commands = commands
        self._legend = legend

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog") as box:
            box.border_title = "Keys"
            yield Static(self._text(self.app.size.width))

    def on_resize(self, event: events.Resize) -> None:
        """Wrap the lines again after this size is laid out: a text that grows during layout is cut."""
        self.call_after_refresh(self.query_one(Static).update, self._text(event.size.width))

    def _text(self, screen_width: int) -> Content:
        """The lines; texts that take several are indented."""
        lines = help_lines(self.commands, self._legend, ascii_only=self.app.settings.ascii)
        width = max(cell_len(names) for names, _ in lines) + 2
        room = max(min(screen_width, WIDTH) - EDGES - width, LEAST_WORDS)
        parts: list[Content] = []
        for number, (names, words) in enumerate(lines):
            if not names:
                parts.append(Content.styled(f"\n{words}" if number else words, "bold"))
                continue
            first, *more = wrap(words, room, MOST_LINES)
            parts.append(Content.assemble((names.ljust(width), "$primary"), first))
            parts += [Content(" " * width + line) for line in more]
        return Content("\n").join(parts)

    def action_scroll(self, by: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=by, animate=False)
