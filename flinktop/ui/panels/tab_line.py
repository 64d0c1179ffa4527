"""The line of tabs: their numbers, their names, and which is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len

from flinktop.ui.panels.frame import Line, Part

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flinktop.ui.keys import Command

GAP = "   "


def tab_parts(tabs: Sequence[Command], opened: str, width: int) -> list[Part]:
    """The tabs in at most so many cells; where there is no room the closed ones are numbers alone."""
    parts = _parts(tabs, opened, short=False)
    fits = sum(cell_len(text) for text, _ in parts) <= width
    return parts if fits else _parts(tabs, opened, short=True)


def _parts(tabs: Sequence[Command], opened: str, *, short: bool) -> list[Part]:
    parts: list[Part] = []
    for tab in tabs:
        number = tab.keys[0]
        if parts:
            parts.append((GAP, ""))
        if tab.id == f"tab_{opened}":
            # A shape as well as a colour tells which one is open.
            parts.append((f"[{number} {tab.label}]", "selected"))
        else:
            parts += [(f" {number}", "info"), ("" if short else f" {tab.label} ", "muted")]
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
            self.tick()

    def tick(self) -> None:
        """Lay the line out."""
        self.set_parts(tab_parts(self._tabs, self._opened, self.content_size.width))
