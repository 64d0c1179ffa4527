"""What a slash searches in: a text, a flame graph; the screen knows them by this alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.ui.widgets.painted_view import PaintedView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flinktop.ui.widgets.columns import Cell


class SearchedView(PaintedView):
    """A view with a search, whose matches a person steps through."""

    filter: str
    """What is searched for; empty for nothing."""

    @property
    def search_label(self) -> str:
        """What is searched for, and what was found."""
        raise NotImplementedError

    def step_match(self, by: int) -> None:
        """Go to the next match, or to the one before."""
        raise NotImplementedError


class TextView(SearchedView):
    """A text to read."""

    @property
    def lines(self) -> Sequence[Cell]:
        raise NotImplementedError

    @property
    def visible_text(self) -> str:
        raise NotImplementedError

    def toggle_wrap(self) -> None:
        raise NotImplementedError
