"""The looks: our themes, dark, light and in the terminal's own colours; the style of each tone."""

from __future__ import annotations

import os
from dataclasses import fields
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.filter import LineFilter
from textual.theme import Theme

from flinktop.ui.widgets.styles import LOOKS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual.color import Color as TextualColor

FAINT = "ansi_bright_black"
"""The faint colour in a theme of the terminal's own colours. As a colour it is unreadable where a palette has
it close to the background, as Solarized does; and without colours it is none."""
_GROUND = "scrollbar-background scrollbar-background-hover scrollbar-background-active"
_OURS = {
    "primary scrollbar-active": ("#77b8ff", "#1a56b0"),
    "secondary": ("#c6a2ff", "#6a35b8"),
    "accent": ("#f5a86a", "#9a3f00"),
    "success": ("#83d68a", "#17652f"),
    "warning": ("#efc15c", "#7a4b00"),
    "error": ("#ff8585", "#b3182a"),
    "foreground block-cursor-foreground": ("#d5dbe8", "#1e2430"),
    "background": ("#11141b", "#fbfbfd"),
    f"surface {_GROUND}": ("#161a22", "#f3f4f8"),
    "panel": ("#1d222d", "#e8ebf1"),
    "text-muted foreground-muted": ("#a0abc2", "#4d5668"),
    "text-disabled": ("#8f9ab2", "#586175"),
    "border": ("#5b82b5", "#5578b4"),
    "border-blurred scrollbar": ("#3a4356", "#b9c0ce"),
    "scrollbar-hover": ("#54607a", "#98a1b3"),
    "block-cursor-background": ("#212f42", "#d5e0f0"),
}
"""Colours of the dark and the light theme, by the theme fields and variables that have them."""
_TERMINALS = {
    # Blue is unreadable on black in most palettes, yellow on white in all of them.
    "primary border scrollbar-active": ("ansi_cyan", "ansi_blue"),
    "secondary": ("ansi_bright_blue", "ansi_cyan"),
    "accent": ("ansi_bright_magenta", "ansi_magenta"),
    "success": ("ansi_green", "ansi_green"),
    "warning": ("ansi_yellow", "ansi_magenta"),
    "error": ("ansi_bright_red", "ansi_red"),
    "foreground background surface panel boost": ("ansi_default", "ansi_default"),
    "text-muted foreground-muted text-disabled border-blurred": (FAINT, FAINT),
    "ansi-background": ("ansi_black", "ansi_white"),
    "ansi-foreground": ("ansi_white", "ansi_black"),
    "block-cursor-foreground": ("ansi_black", "ansi_bright_white"),
    "block-cursor-background": ("ansi_white", "ansi_blue"),
    "scrollbar scrollbar-hover": ("ansi_white", "ansi_blue"),
    _GROUND: ("", "ansi_white"),
}
"""The terminal's own colours, likewise; "" is Textual's choice."""
_FIELDS = frozenset(field.name for field in fields(Theme))


def _theme(name: str, colours: Mapping[str, tuple[str, str]], *, dark: bool) -> Theme:
    named = {
        one: pair[not dark] for names, pair in colours.items() if pair[not dark] for one in names.split()
    }
    own: dict[str, Any] = {one: colour for one, colour in named.items() if one in _FIELDS}
    variables = {one: colour for one, colour in named.items() if one not in _FIELDS}
    return Theme(name, **own, variables=variables, dark=dark, ansi=colours is _TERMINALS)


DARK = _theme("flinktop-dark", _OURS, dark=True)
LIGHT = _theme("flinktop-light", _OURS, dark=False)
ANSI_DARK = _theme("flinktop-ansi-dark", _TERMINALS, dark=True)
ANSI_LIGHT = _theme("flinktop-ansi-light", _TERMINALS, dark=False)
THEMES = (DARK, LIGHT, ANSI_DARK, ANSI_LIGHT)

_LIGHT_BACKGROUNDS = frozenset({"7", "15"})

TONES = {"": "", **{name: f"{attribute} {colour}".strip() for name, (colour, attribute) in LOOKS.items()}}
"""Style of each tone in a line of text. A word or a shape always says the same as the colour."""


def cluster_style(colour: str | None) -> str:
    """Style of a cluster's name: the colour in its config marks production; a name or #rrggbb."""
    if colour is None:
        return "bold"
    return f"bold {colour if colour.startswith('#') else f'ansi_bright_{colour}'}"


def theme_name(setting: str, *, own_colours: bool = True, environ: Mapping[str, str] = os.environ) -> str:
    """Textual's name of the chosen theme: dark, light, ansi-dark, ansi-light or ansi.

    ansi is one of the last two, by the background that some terminals report in COLORFGBG ("15;0"), and dark
    otherwise. Without `own_colours` (a terminal with sixteen, or none) it is the terminal's own.
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
        return [
            Segment(text, faint_as_dim(style) if style is not None else None, control)
            for text, style, control in segments
        ]
