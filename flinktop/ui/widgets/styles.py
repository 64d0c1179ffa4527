"""The names of styles that cells, lines and charts can have, and how they look."""

from __future__ import annotations

LOOKS = {
    "good": ("$success", ""),
    "warn": ("$warning", ""),
    "bad": ("$error", "bold"),
    "info": ("$primary", ""),
    "muted": ("$text-muted", ""),
    "strong": ("$foreground", "bold"),
    "stale": ("$text-disabled", ""),
    "selected": ("$primary", "bold"),
    "first": ("$primary", ""),
    "second": ("$accent", ""),
    "third": ("$secondary", ""),
    "trend": ("$border", ""),
}
"""Colour (a variable of the theme) and attribute of each style.

The first five are judgements; "stale" is for data too old to rely on. The next three distinguish things that
are neither good nor bad: the lines of a chart, the parts of a bar. "trend" is for small pictures next to a
number, which should not outshine it.
"""
STYLES = tuple(LOOKS)
_OWN = "colour "


def own_colour(colour: str) -> str:
    """The style of a cell in a colour of the user's: a name of the terminal's sixteen, or #rrggbb."""
    return f"{_OWN}{colour}"


def colour_of(style: str) -> str | None:
    """The colour of such a style as Rich names it; None for any other style."""
    if not style.startswith(_OWN):
        return None
    name = style.removeprefix(_OWN)
    return name if name.startswith("#") else f"bright_{name}"


def component_classes(*own: str) -> set[str]:
    """The component classes of a widget with the named styles, and some of its own."""
    return {f"style--{name}" for name in ("cell", *STYLES, *own)}


def style_rules(widget: str) -> str:
    """The style sheet of the named styles for the component classes of `widget`."""
    rules = {"cell": ("$foreground", ""), **LOOKS}
    return "\n".join(
        f"{widget} > .style--{name} {{ color: {colour}; text-style: {attribute or 'none'}; }}"
        for name, (colour, attribute) in rules.items()
    )
