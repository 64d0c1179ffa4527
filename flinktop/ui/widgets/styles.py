"""The names of styles that cells and lines can have, and how they look."""

from __future__ import annotations

STYLES = ("good", "warn", "bad", "info", "muted", "strong", "stale")

_LOOKS = {
    "good": "color: $success;",
    "warn": "color: $warning;",
    "bad": "color: $error; text-style: bold;",
    "info": "color: $primary;",
    "muted": "color: $text-muted;",
    "strong": "color: $foreground; text-style: bold;",
    "stale": "color: $text-disabled;",
}
# Where there are no shades of a colour the terminal's own dim has to do.
_FAINT = ("muted", "stale")


def style_rules(widget: str, prefix: str) -> str:
    """The style sheet of the named styles: component classes of `widget` that begin with `prefix`."""
    rules = [f"{widget} > .{prefix}{name} {{ {look} }}" for name, look in _LOOKS.items()]
    rules += [
        f"{widget}:{mode} > .{prefix}{name} {{ text-style: dim; }}"
        for mode in ("nocolor", "ansi")
        for name in _FAINT
    ]
    return "\n".join(rules)
