"""What a pager tells its screen; the screen knows it as Pager.Searched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from flinktop.ui.widgets.pager import Pager


class Searched(Message, bubble=True, namespace="pager"):
    """What is searched for, or where its matches are, has changed."""

    def __init__(self, pager: Pager) -> None:
        super().__init__()
        self.pager = pager

    @property
    def control(self) -> Pager:
        """The pager, for handlers chosen by selector."""
        return self.pager
