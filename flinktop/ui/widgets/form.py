"""The parts of a form in a terminal: buttons and choices of one line, fields of one line and of several."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, TextArea

from flinktop.ui.widgets.celltext import safe
from flinktop.ui.widgets.growth import redraw
from flinktop.ui.widgets.messages import WidgetMessage

if TYPE_CHECKING:
    from collections.abc import Mapping


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
            redraw(self, grown=True)

    def render(self) -> Content:
        return Content(f"[ {safe(self._label)} ]")

    def action_press(self) -> None:
        self.post_message(self.Pressed(self))

    def on_click(self) -> None:
        self.action_press()


class Choice(Widget, can_focus=True):
    """One of a few options on one line; left, right, space and enter change it."""

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

    def __init__(self, options: Mapping[str, str], value: str, *, ascii: bool, id: str | None = None) -> None:
        super().__init__(id=id)
        self._options = options  # the options, and the meaning of each
        self._marks = ("<", ">") if ascii else ("◂", "▸")
        self.value = value

    def render(self) -> Content:
        left, right = self._marks
        blank = " " * (max(map(cell_len, self._options)) - cell_len(self.value))
        shown = Content.assemble(
            (f"{left} ", "$primary"), self.value, blank, (f" {right}", "$primary"), ("   ", ""),
            (self._options[self.value], "$text-muted"),
        )  # fmt: skip
        return shown.truncate(self.size.width or 1)

    def action_step(self, by: int) -> None:
        options = list(self._options)
        self.value = options[(options.index(self.value) + by) % len(options)]
        self.refresh()
        self.post_message(self.Changed(self))

    def on_click(self) -> None:
        self.action_step(1)


class LineField(Input):
    """A field of one line; enter moves on to the next one, as the arrows do in a dialog."""

    DEFAULT_CSS = """
    LineField { width: 1fr; height: 1; padding: 0; border: none; background: $panel; }
    LineField:focus { border: none; background: $block-cursor-background; background-tint: $background 0%; }
    LineField:ansi, LineField:ansi:focus { background: ansi_default; text-style: underline; }
    """

    def __init__(self, value: str = "", *, placeholder: str = "", id: str | None = None) -> None:
        super().__init__(value, placeholder, compact=True, select_on_focus=False, id=id)

    def fill(self, value: str | None) -> None:
        """Set the value, with the cursor at its end; None changes nothing."""
        if value is not None:
            self.value = value
            self.cursor_position = len(value)

    def complete(self) -> bool:
        """Complete the typed text; returns whether there is anything to complete."""
        return False

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
