"""The line of tabs: their numbers, their names, and which is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len

from flinktop.ui.panels.frame import Line, Part

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flinktop.ui.keys import Command

ROOMY = ((3, 99), (2, 99), (1, 99), (0, 99))
"""(blanks between tabs, letters of a closed tab's name); each tab has blanks or brackets of its own."""
TIGHT = (99, 9, 8, 7, 6, 5, 4, 3, 2, 0)
"""Letters of a closed tab's name where one blank between tabs is all there is room for."""


def tab_parts(tabs: Sequence[Command], opened: str, width: int) -> list[Part]:
    """The tabs in at most so many cells; where there is no room the closed ones are cut."""
    shapes = [*((gap, letters, " ") for gap, letters in ROOMY), *((1, letters, "") for letters in TIGHT)]
    for gap, letters, side in shapes[:-1]:
        parts = _parts(tabs, opened, gap, letters, side)
        if sum(cell_len(text) for text, _ in parts) <= width:
            return parts
    return _parts(tabs, opened, *shapes[-1])


def _parts(tabs: Sequence[Command], opened: str, gap: int, letters: int, side: str) -> list[Part]:
    parts: list[Part] = []
    for tab in tabs:
        number = tab.keys[0]
        if parts:
            parts.append((" " * gap, ""))
        if tab.id == f"tab_{opened}":
            # A shape as well as a colour tells which one is open.
            parts.append((f"[{number} {tab.label}]", "selected"))
        else:
            parts += [
                (f"{side}{number}", "info"),
                (f" {tab.label[:letters]}".rstrip() + side, "muted"),
            ]
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
