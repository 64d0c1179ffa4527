"""A flame graph upside down: callers above what they call, as wide as they were sampled.

The widget draws blocks and moves between them; their meaning and places are given.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

from rich.segment import Segment
from textual import events, on
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.strip import Strip

from flinktop.ui.widgets.celltext import fit
from flinktop.ui.widgets.messages import WidgetMessage
from flinktop.ui.widgets.painted_view import SearchedView
from flinktop.ui.widgets.styles import component_classes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.style import Style


class Drawn(Protocol):
    """A method in the graph."""

    @property
    def number(self) -> int: ...

    @property
    def parent(self) -> int:
        """The number of its caller, -1 for the root."""
        ...

    @property
    def short(self) -> str:
        """The text on its block."""
        ...

    @property
    def kind(self) -> str:
        """The name of its look: one of `KINDS`."""
        ...


class Block(Protocol):
    """A method on the screen."""

    @property
    def piece(self) -> Drawn: ...

    @property
    def x(self) -> int: ...

    @property
    def width(self) -> int: ...


KINDS = ("program", "flink", "java")
EDGE, ASCII_EDGE = "▏", "|"


@dataclass(frozen=True, slots=True)
class Found:
    """The results of a search: the methods, and a text about them."""

    numbers: frozenset[int] = frozenset()
    words: str = ""


def _no_rows(_top: int, _width: int) -> Sequence[Sequence[Block]]:
    return ()


class FlameView(SearchedView):
    """Blocks, one of which is selected; zooming into a block gives it the whole width.

    `look_for` searches for a text.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = component_classes(*KINDS, "match", "cursor")
    DEFAULT_CSS = """
    FlameView {
        & > .style--program { color: $foreground; background: $primary 40%; text-style: bold; }
        & > .style--flink { color: $foreground; background: $secondary 22%; }
        & > .style--java { color: $foreground; background: $foreground 12%; }
        & > .style--match { color: $background; background: $warning; }
        & > .style--cursor { color: $background; background: $foreground; text-style: bold; }
        &:nocolor, &:ansi {
            & > .style--program { color: ansi_default; background: ansi_default; text-style: bold; }
            & > .style--flink { color: ansi_default; background: ansi_default; }
            & > .style--java { color: ansi_default; background: ansi_default; }
            & > .style--match { color: ansi_default; background: ansi_default; text-style: underline; }
            & > .style--cursor { color: ansi_default; background: ansi_default; text-style: bold reverse; }
        }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "caller", "What calls it", show=False),
        Binding("down,j", "called", "What it calls", show=False),
        Binding("left,h", "sideways(-1)", "Left", show=False),
        Binding("right,l", "sideways(1)", "Right", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home,g", "top", "Top", show=False),
        Binding("enter", "open", "Zoom in", show=False),
        Binding("backspace", "out", "Zoom out", show=False),
    ]

    class Selected(WidgetMessage):
        """Another method is selected, or the view has changed."""

    def __init__(
        self, look_for: Callable[[str], Found], *, ascii: bool = False, id: str | None = None
    ) -> None:
        super().__init__(empty="", ascii=ascii, id=id)
        self._look_for = look_for
        self._lay_out: Callable[[int, int], Sequence[Sequence[Block]]] = _no_rows
        self._rows: Sequence[Sequence[Block]] = ()
        self.zoomed = 0
        """The method that has the whole width; 0 is all."""
        self.selected = 0
        self._search = ""
        self._found = Found()

    # What it shows

    def set_graph(
        self, lay_out: Callable[[int, int], Sequence[Sequence[Block]]], zoomed: int, selected: int
    ) -> None:
        """Show a graph: `lay_out(method, width)` returns the rows from a method downwards."""
        fresh = not self._rows
        self._lay_out = lay_out
        self.zoomed = zoomed
        self.selected = selected
        if self._search:
            self._found = self._look_for(self._search)
        self._place()
        if fresh:
            self.scroll_to(y=max(0, self._row_of(selected) - self.size.height // 3), animate=False)
        self._post_changes()

    @property
    def is_empty(self) -> bool:
        return not self._rows

    def set_empty(self, text: str) -> None:
        if text != self._empty or self._rows:
            self._empty = text
            self._rows = ()
            self._lay_out = _no_rows
            self.zoomed = self.selected = 0
            self._found = Found()
            self.virtual_size = Size(0, 0)
            self.refresh()
            self._post_changes()

    # Search

    @property
    def filter(self) -> str:
        return self._search

    @filter.setter  # noqa: A003 -- what it is called on every screen
    def filter(self, text: str) -> None:
        if text != self._search:
            self._search = text
            self._found = self._look_for(text) if text and self._rows else Found()
            self.refresh()
            self._post_changes()

    @property
    def search_label(self) -> str:
        return f"/{self._search} {self._found.words}".rstrip() if self._search else ""

    def step_match(self, by: int) -> None:
        """Select the next or the previous match among those on the screen."""
        seen = [block.piece.number for row in self._rows for block in row]
        matches = [number for number in seen if number in self._found.numbers]
        if not matches:
            return
        before = [at for at, number in enumerate(matches) if number == self.selected]
        following = (before[0] + by) if before else (0 if by > 0 else -1)
        self._select(matches[following % len(matches)])

    # Painting

    def render_line(self, y: int) -> Strip:
        width = self._width
        blank = self._painter.style("")
        if not self._rows:
            return self._words(self._empty, y, self.size.height)
        at = self.scroll_offset.y + y
        if at >= len(self._rows):
            return Strip.blank(width, blank)
        segments: list[Segment] = []
        x = 0
        for block in self._rows[at]:
            if block.x > x:
                segments.append(Segment(" " * (block.x - x), blank))
            edge = ASCII_EDGE if self._ascii else EDGE
            text = edge + fit(block.piece.short, block.width - 1)
            segments.append(Segment(text, self._style(block.piece)))
            x = block.x + block.width
        return Strip(segments, x).adjust_cell_length(width, blank)

    def _style(self, piece: Drawn) -> Style:
        if piece.number == self.selected:
            return self.get_component_rich_style("style--cursor")
        if piece.number in self._found.numbers:
            return self.get_component_rich_style("style--match")
        return self.get_component_rich_style(f"style--{piece.kind}")

    # Moving

    def action_caller(self) -> None:
        """Select the caller; nothing is above the zoomed method."""
        if (block := self._block(self.selected)) is not None and self.selected != self.zoomed:
            self._select(block.piece.parent)

    def action_called(self) -> None:
        below = self._row_of(self.selected) + 1
        if below < len(self._rows):
            called = [block for block in self._rows[below] if block.piece.parent == self.selected]
            if called:
                self._select(max(called, key=lambda block: block.width).piece.number)

    def action_sideways(self, by: int) -> None:
        row = self._rows[self._row_of(self.selected)] if self._rows else ()
        at = next((at for at, block in enumerate(row) if block.piece.number == self.selected), 0) + by
        if 0 <= at < len(row):
            self._select(row[at].piece.number)

    def action_page(self, by: int) -> None:
        if not self._rows:
            return
        row = self._row_of(self.selected)
        block = self._block(self.selected)
        middle = block.x + block.width // 2 if block is not None else 0
        aim = min(max(row + by * max(self.size.height - 1, 1), 0), len(self._rows) - 1)
        near = min(self._rows[aim], key=lambda one: abs(one.x + one.width // 2 - middle))
        self._select(near.piece.number)

    def action_top(self) -> None:
        if self._rows:
            self._select(self.zoomed)

    def action_open(self) -> None:
        """Zoom into the selected method; a second time shows its callers again."""
        if not self._rows:
            return
        if self.selected == self.zoomed:
            self.action_out()
        else:
            self.zoom(self.selected)

    def action_out(self) -> None:
        self.zoom(0)

    def zoom(self, number: int) -> None:
        """Give a method the whole width; 0 is all."""
        if number != self.zoomed and self._rows:
            self.zoomed = number
            self._place()
            self._show_selected()
            self._post_changes()

    @on(events.Click)
    def _clicked(self, event: events.Click) -> None:
        row = self.scroll_offset.y + event.y
        if row < len(self._rows):
            for block in self._rows[row]:
                if block.x <= event.x < block.x + block.width:
                    again = block.piece.number == self.selected
                    self._select(block.piece.number)
                    if again:
                        self.action_open()

    def on_resize(self) -> None:
        self._place()

    # Places

    def _place(self) -> None:
        self._rows = self._lay_out(self.zoomed, max(self._width, 1))
        self.virtual_size = Size(0, len(self._rows))
        if self._rows and self._block(self.selected) is None:
            self.selected = self.zoomed
        self.refresh()

    def _block(self, number: int) -> Block | None:
        return next((block for row in self._rows for block in row if block.piece.number == number), None)

    def _row_of(self, number: int) -> int:
        return next(
            (at for at, row in enumerate(self._rows) if any(block.piece.number == number for block in row)), 0
        )

    def _select(self, number: int) -> None:
        if number != self.selected and self._block(number) is not None:
            self.selected = number
            self._show_selected()
            self.refresh()
            self._post_changes()

    def _show_selected(self) -> None:
        row, top, page = self._row_of(self.selected), self.scroll_offset.y, max(self.size.height, 1)
        if not top <= row < top + page:
            self.scroll_to(y=row if row < top else row - page + 1, animate=False)

    def _post_changes(self) -> None:
        if self.is_mounted:
            self.post_message(self.Selected(self))
