"""The wall: what is wrong in large letters, for a screen that nobody sits at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.ui import keys
from flinktop.ui.live import LiveScreen
from flinktop.ui.panels.wall import Wall

if TYPE_CHECKING:
    from textual.app import ComposeResult


class WallScreen(LiveScreen):
    """No frame, no keys that are needed; esc leads back to the screen below."""

    COMMANDS_HERE = keys.WALL_SCREEN
    crumb = "wall"

    def compose(self) -> ComposeResult:
        yield Wall()

    def action_back(self) -> None:
        self.app.pop_screen()

    def action_back_or_leave(self) -> None:
        self.app.pop_screen()

    def action_refresh(self) -> None:
        self.query_one(Wall).refresh_lost()
