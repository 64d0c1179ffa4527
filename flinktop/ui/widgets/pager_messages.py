"""What a pager tells its screen; the screen knows it as Widget.Searched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from textual.widget import Widget


class Searched(Message, bubble=True, namespace="pager"):
    """What is searched for, or where its matches are, has changed."""

    def __init__(self, pager: Widget) -> None:
        super().__init__()
        self.pager = pager

    @property
    def control(self) -> Widget:
        """The pager, for handlers chosen by selector."""
        return self.pager
