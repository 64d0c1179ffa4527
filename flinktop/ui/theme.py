"""The looks: themes of our own, dark, light and in the terminal's own colours; what each tone looks like."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.filter import LineFilter
from textual.theme import Theme

from flinktop.ui.widgets.styles import LOOKS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual.color import Color as TextualColor

DARK = Theme(
    name="flinktop-dark",
    primary="#77b8ff",
    secondary="#c6a2ff",
    accent="#f5a86a",
    success="#83d68a",
    warning="#efc15c",
    error="#ff8585",
    foreground="#d5dbe8",
    background="#11141b",
    surface="#161a22",
    panel="#1d222d",
    dark=True,
    variables={
        "text-muted": "#a0abc2",
        "foreground-muted": "#a0abc2",
        "text-disabled": "#8f9ab2",
        "border": "#5b82b5",
        "border-blurred": "#3a4356",
        "scrollbar": "#3a4356",
        "scrollbar-hover": "#54607a",
        "scrollbar-active": "#77b8ff",
        "scrollbar-background": "#161a22",
        "scrollbar-background-hover": "#161a22",
        "scrollbar-background-active": "#161a22",
        "block-cursor-foreground": "#d5dbe8",
        "block-cursor-background": "#212f42",
    },
)
LIGHT = Theme(
    name="flinktop-light",
    primary="#1a56b0",
    secondary="#6a35b8",
    accent="#9a3f00",
    success="#17652f",
    warning="#7a4b00",
    error="#b3182a",
    foreground="#1e2430",
    background="#fbfbfd",
    surface="#f3f4f8",
    panel="#e8ebf1",
    dark=False,
    variables={
        "text-muted": "#4d5668",
        "foreground-muted": "#4d5668",
        "text-disabled": "#586175",
        "border": "#5578b4",
        "border-blurred": "#b9c0ce",
        "scrollbar": "#b9c0ce",
        "scrollbar-hover": "#98a1b3",
        "scrollbar-active": "#1a56b0",
        "scrollbar-background": "#f3f4f8",
        "scrollbar-background-hover": "#f3f4f8",
        "scrollbar-background-active": "#f3f4f8",
        "block-cursor-foreground": "#1e2430",
        "block-cursor-background": "#d5e0f0",
    },
)
FAINT = "ansi_bright_black"
"""What a theme of the terminal's own colours calls faint. As a colour it can't be read where a palette has
made it all but the background's, as Solarized's has; and where there are no colours it is none."""
_FAINT = dict.fromkeys(("text-muted", "foreground-muted", "text-disabled", "border-blurred"), FAINT)
# Blue is unreadable on black in most palettes, yellow on white in all of them.
ANSI_DARK = Theme(
    name="flinktop-ansi-dark",
    ansi=True,
    primary="ansi_cyan",
    secondary="ansi_bright_blue",
    accent="ansi_bright_magenta",
    success="ansi_green",
    warning="ansi_yellow",
    error="ansi_bright_red",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    dark=True,
    variables={
        **_FAINT,
        "border": "ansi_cyan",
        "ansi-background": "ansi_black",
        "ansi-foreground": "ansi_white",
        "block-cursor-foreground": "ansi_black",
        "block-cursor-background": "ansi_white",
        "scrollbar": "ansi_white",
        "scrollbar-hover": "ansi_white",
        "scrollbar-active": "ansi_cyan",
    },
)
ANSI_LIGHT = Theme(
    name="flinktop-ansi-light",
    ansi=True,
    primary="ansi_blue",
    secondary="ansi_cyan",
    accent="ansi_magenta",
    success="ansi_green",
    warning="ansi_magenta",
    error="ansi_red",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    dark=False,
    variables={
        **_FAINT,
        "border": "ansi_blue",
        "ansi-background": "ansi_white",
        "ansi-foreground": "ansi_black",
        "block-cursor-foreground": "ansi_bright_white",
        "block-cursor-background": "ansi_blue",
        "scrollbar": "ansi_blue",
        "scrollbar-hover": "ansi_blue",
        "scrollbar-active": "ansi_blue",
        "scrollbar-background": "ansi_white",
        "scrollbar-background-hover": "ansi_white",
        "scrollbar-background-active": "ansi_white",
    },
)
THEMES = (DARK, LIGHT, ANSI_DARK, ANSI_LIGHT)

_LIGHT_BACKGROUNDS = frozenset({"7", "15"})

TONES = {"": "", **{name: f"{attribute} {colour}".strip() for name, (colour, attribute) in LOOKS.items()}}
"""Style of each tone in a line of text. What a colour means, a word or a shape says too."""


def cluster_style(colour: str | None) -> str:
    """Style of a cluster's name: the colour its config gave it marks production; a name or #rrggbb."""
    if colour is None:
        return "bold"
    return f"bold {colour if colour.startswith('#') else f'ansi_bright_{colour}'}"


def theme_name(setting: str, *, own_colours: bool = True, environ: Mapping[str, str] = os.environ) -> str:
    """Textual's name of the theme a person chose.

    Args:
        setting: dark, light, ansi-dark, ansi-light; ansi is one of the last two, by what terminals that
            know their background tell in COLORFGBG ("15;0"), and dark where they don't.
        own_colours: Whether the terminal can show colours of ours; one with sixteen or none shows its own.
        environ: Where COLORFGBG is looked for.
    """
    dark = setting.removeprefix("ansi-") != "light"
    if setting == "ansi":
        dark = environ.get("COLORFGBG", "").rpartition(";")[2] not in _LIGHT_BACKGROUNDS
    if setting.startswith("ansi") or not own_colours:
        return (ANSI_DARK if dark else ANSI_LIGHT).name
    return (DARK if dark else LIGHT).name


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
