"""Faint text in the terminal's own colours: its dim attribute, as no colour of sixteen is a sure grey."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.filter import LineFilter

if TYPE_CHECKING:
    from textual.color import Color as TextualColor

FAINT = "ansi_bright_black"
"""What a theme of the terminal's own colours calls faint. As a colour it can't be read where a palette has
made it all but the background's, as Solarized's has; and where there are no colours it is none."""
_NUMBER = 8


@lru_cache(1024)
def faint_as_dim(style: Style) -> Style:
    """The style with dim default text for what is faint."""
    if style.color is None or style.color.number != _NUMBER:
        return style
    return style + Style(color=Color.default(), dim=True)


class FaintAsDim(LineFilter):
    """Applied to every line that is drawn in the terminal's own colours."""

    def apply(self, segments: list[Segment], background: TextualColor) -> list[Segment]:  # noqa: ARG002 -- Textual's signature
        """The segments with dim text for faint text."""
        return [
            Segment(text, faint_as_dim(style) if style is not None else None, control)
            for text, style, control in segments
        ]
