"""What scrolling widgets share that draw their lines themselves, and those with a search."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.scroll_view import ScrollView

from flinktop.ui.widgets.celltext import wrap
from flinktop.ui.widgets.line import LinePainter
from flinktop.ui.widgets.styles import component_classes, style_rules

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.strip import Strip

    from flinktop.ui.widgets.columns import Cell


MOVES = (
    Binding("up,k", "step(-1)", "Up", show=False),
    Binding("down,j", "step(1)", "Down", show=False),
    Binding("pageup", "page(-1)", "Page up", show=False),
    Binding("pagedown", "page(1)", "Page down", show=False),
    Binding("home,g", "edge(-1)", "Top", show=False),
    Binding("end,G", "edge(1)", "Bottom", show=False),
)


class PaintedView(ScrollView, can_focus=True):
    """A view that draws only the lines on the screen.

    Args:
        empty: The text while there is nothing to show; line ends are kept.
        ascii: Whether marks are plain ASCII, and there is no scroll bar.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = component_classes()
    ALLOW_SELECT = False
    DEFAULT_CSS = """
    PaintedView {
        background: transparent;
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
        scrollbar-gutter: stable;
        &.-ascii { scrollbar-size: 0 0; }
    }
    """ + style_rules("PaintedView")

    def __init__(self, *, empty: str = "…", ascii: bool = False, id: str | None = None) -> None:
        super().__init__(id=id, classes="-ascii" if ascii else None)
        self._empty = empty
        self._ascii = ascii
        self._painter = LinePainter(self.get_component_rich_style, ascii=ascii)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show but a text."""
        raise NotImplementedError

    def set_empty(self, text: str) -> None:
        """Set the text shown while there is nothing to show; line ends are kept."""
        if text != self._empty:
            self._empty = text
            if self.is_empty:
                self.refresh()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._painter.forget()

    @property
    def _width(self) -> int:
        # Textual's `size` includes the scroll bar.
        return self.scrollable_content_region.width

    def _words(self, text: str, y: int, height: int) -> Strip:
        """Line `y` of a text in the middle of `height` lines."""
        lines = wrap(text, self._width - 2, height)
        width = self._width
        return self._painter.text(lines[y], width) if y < len(lines) else self._painter.blank(width)


class SearchedView(PaintedView):
    """A view with a search, whose matches a user steps through."""

    filter: str
    """The search text; empty for none."""

    @property
    def search_label(self) -> str:
        """The search text, and what was found."""
        raise NotImplementedError

    def step_match(self, by: int) -> None:
        """Go to the next or the previous match."""
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
