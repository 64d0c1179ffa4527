"""The parts of a form in a terminal: buttons and choices of one line, fields for one line and for several."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, TextArea

from flinktop.ui.widgets.celltext import safe
from flinktop.ui.widgets.messages import WidgetMessage

if TYPE_CHECKING:
    from collections.abc import Sequence


class PressButton(Widget, can_focus=True):
    """A button of one line; enter and a click press it. Its label may be foreign text."""

    DEFAULT_CSS = """
    PressButton { width: auto; height: 1; margin-right: 2; color: $primary; }
    PressButton:focus { background: $block-cursor-background; color: $primary; text-style: bold reverse; }
    PressButton:disabled { color: $text-disabled; }
    """
    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "press", "Press", show=False)]

    class Pressed(WidgetMessage):
        """A button was pressed."""

    def __init__(self, label: str, *, id: str | None = None, disabled: bool = False) -> None:
        super().__init__(id=id, disabled=disabled)
        self._label = label

    def set_label(self, label: str) -> None:
        if label != self._label:
            self._label = label
            self.refresh(layout=True)

    def render(self) -> Content:
        return Content(f"[ {safe(self._label)} ]")

    def action_press(self) -> None:
        self.post_message(self.Pressed(self))

    def on_click(self) -> None:
        self.action_press()


@dataclass(frozen=True, slots=True)
class Option:
    """One of the things that can be chosen."""

    key: str
    label: str
    words: str = ""
    """What it means, beside it."""


class Choice(Widget, can_focus=True):
    """One of a few options on one line; left, right, space and enter go on to the next."""

    DEFAULT_CSS = """
    Choice { width: 1fr; height: 1; }
    Choice:focus { background: $block-cursor-background; text-style: bold; }
    Choice:focus:ansi { background: ansi_default; text-style: bold underline; }
    Choice:focus:nocolor { background: ansi_default; text-style: bold underline; }
    """
    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,l,space,enter", "step(1)", "Next", show=False),
        Binding("left,h", "step(-1)", "Previous", show=False),
    ]

    class Changed(WidgetMessage):
        """Another option was chosen."""

    def __init__(self, options: Sequence[Option], *, ascii: bool, id: str | None = None) -> None:
        super().__init__(id=id)
        self._options = tuple(options)
        self._marks = ("<", ">") if ascii else ("◂", "▸")
        self._at = 0

    @property
    def value(self) -> str:
        """The key of the chosen option."""
        return self._options[self._at].key

    @value.setter
    def value(self, key: str) -> None:
        self._at = next((at for at, option in enumerate(self._options) if option.key == key), self._at)
        self.refresh()

    def render(self) -> Content:
        chosen = self._options[self._at]
        left, right = self._marks
        width = max(cell_len(option.label) for option in self._options)
        blank = " " * (width - cell_len(chosen.label))
        shown = Content.assemble(
            (f"{left} ", "$primary"), chosen.label, blank, (f" {right}", "$primary"), ("   ", ""),
            (chosen.words, "$text-muted"),
        )  # fmt: skip
        return shown.truncate(self.size.width or 1)

    def action_step(self, by: int) -> None:
        self._at = (self._at + by) % len(self._options)
        self.refresh()
        self.post_message(self.Changed(self))

    def on_click(self) -> None:
        self.action_step(1)


class LineField(Input):
    """A field of one line; enter leaves it for the next one, as the arrows do in a dialog."""

    DEFAULT_CSS = """
    LineField { width: 1fr; height: 1; padding: 0; border: none; background: $panel; }
    LineField:focus { border: none; background: $block-cursor-background; background-tint: $background 0%; }
    LineField:ansi, LineField:ansi:focus { background: ansi_default; text-style: underline; }
    """

    def __init__(self, value: str = "", *, placeholder: str = "", id: str | None = None) -> None:
        super().__init__(value, placeholder, compact=True, select_on_focus=False, id=id)

    async def action_submit(self) -> None:
        """Go on to the next field; at once, as the next key may be in the queue already."""
        self.screen.focus_next()


class LinesField(TextArea):
    """A field of several lines; the arrows leave it at its first and its last line."""

    DEFAULT_CSS = """
    LinesField { width: 1fr; height: auto; max-height: 4; padding: 0; border: none; background: $panel; }
    LinesField:focus { border: none; background: $block-cursor-background; }
    LinesField:ansi, LinesField:ansi:focus { background: ansi_default; text-style: underline; }
    LinesField .text-area--cursor-line { background: transparent; }
    LinesField .text-area--placeholder { color: $text-disabled; }
    """

    def __init__(self, text: str = "", *, placeholder: str = "", id: str | None = None) -> None:
        super().__init__(text, compact=True, placeholder=placeholder, tab_behavior="focus", id=id)

    def action_cursor_up(self, select: bool = False) -> None:  # noqa: FBT001, FBT002 -- Textual's signature
        if not select and self.navigator.is_first_wrapped_line(self.cursor_location):
            self.screen.focus_previous()
        else:
            super().action_cursor_up(select)

    def action_cursor_down(self, select: bool = False) -> None:  # noqa: FBT001, FBT002 -- Textual's signature
        if not select and self.navigator.is_last_wrapped_line(self.cursor_location):
            self.screen.focus_next()
        else:
            super().action_cursor_down(select)
