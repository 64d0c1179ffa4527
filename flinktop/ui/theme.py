"""The looks: a dark and a light theme of our own, and names for what colours mean."""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="flinktop-dark",
    primary="#7aa2f7",
    secondary="#bb9af7",
    accent="#e0af68",
    success="#9ece6a",
    warning="#e0af68",
    error="#f7768e",
    foreground="#c0caf5",
    background="#16161e",
    surface="#1a1b26",
    panel="#24283b",
    dark=True,
)
LIGHT = Theme(
    name="flinktop-light",
    primary="#2959aa",
    secondary="#7847bd",
    accent="#8f5e15",
    success="#33635c",
    warning="#8f5e15",
    error="#b3203a",
    foreground="#22252e",
    background="#f4f4f6",
    surface="#ececf0",
    panel="#dcdce4",
    dark=False,
)
THEMES = (DARK, LIGHT)

_NAMES = {"dark": DARK.name, "light": LIGHT.name}

TONES = {
    "": "",
    "good": "$text-success",
    "warn": "$text-warning",
    "bad": "$text-error",
    "info": "$text-primary",
    "muted": "$foreground-muted",
    "strong": "bold",
    "selected": "bold $text-primary",
    "stale": "dim",
}
"""Style of each tone in a line of text. What a colour means, a word or a shape says too."""


def cluster_style(colour: str | None) -> str:
    """Style of a cluster's name: the colour its config gave it marks production; a name or #rrggbb."""
    if colour is None:
        return "bold"
    return f"bold {colour if colour.startswith('#') else f'ansi_bright_{colour}'}"


def theme_name(setting: str) -> str:
    """Textual's name of the theme a person chose: dark, light, or one of Textual's own (ansi-dark, …)."""
    return _NAMES.get(setting, setting)
