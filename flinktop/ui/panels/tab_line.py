"""The line of tabs: their numbers, their names, and which is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.ui.panels.frame import Line
from flinktop.ui.panels.parts import Part, cells

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flinktop.ui.command import Command

GAPS = (3, 2, 1, 0)
"""Blanks between tabs that have blanks or brackets of their own."""


def tab_parts(tabs: Sequence[Command], opened: str, width: int) -> list[Part]:
    """The tabs in at most so many cells: by whole names, else by short ones, else by numbers alone.

    A tab takes the same cells whether it is open or not, so that none moves when another is opened.
    """
    whole, short = [tab.label for tab in tabs], [tab.short for tab in tabs]
    for gap in GAPS:
        parts = _roomy(tabs, opened, gap)
        if cells(parts) <= width:
            return parts
    for names in (whole, short):
        parts = _tight(tabs, names, opened)
        if cells(parts) <= width:
            return parts
    return _tight(tabs, [tab.short if tab.id == f"tab_{opened}" else "" for tab in tabs], opened)


def _open(tab: Command, name: str) -> Part:
    # A shape as well as a colour tells which one is open.
    return f"[{tab.keys[0]} {name}]", "selected"


def _roomy(tabs: Sequence[Command], opened: str, gap: int) -> list[Part]:
    """Each tab with a blank or a bracket on both sides."""
    parts: list[Part] = []
    for tab in tabs:
        if parts:
            parts.append((" " * gap, ""))
        if tab.id == f"tab_{opened}":
            parts.append(_open(tab, tab.label))
        else:
            parts += [(f" {tab.keys[0]}", "info"), (f" {tab.label} ", "muted")]
    return parts


def _tight(tabs: Sequence[Command], names: Sequence[str], opened: str) -> list[Part]:
    """One blank between tabs and around all of them; the brackets of the open one stand in two of these."""
    parts: list[Part] = [(" ", "")]
    for tab, name in zip(tabs, names, strict=True):
        if tab.id == f"tab_{opened}":
            parts[-1] = _open(tab, name)
        else:
            parts += [(tab.keys[0], "info"), (f" {name}".rstrip(), "muted"), (" ", "")]
    return parts


class TabLine(Line):
    """The tabs of a screen; it asks for nothing."""

    ticks_when_paused = True
    DEFAULT_CSS = "TabLine { padding: 0 1; }"

    def __init__(self, tabs: Sequence[Command]) -> None:
        super().__init__()
        self._tabs = tabs
        self._opened = ""

    def open_tab(self, name: str) -> None:
        """Show this tab as the open one."""
        self._opened = name
        if self.is_mounted:
            self.update()

    def show(self) -> None:
        self.set_parts(tab_parts(self._tabs, self._opened, self.content_size.width))
