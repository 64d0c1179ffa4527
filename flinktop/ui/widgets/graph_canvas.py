"""A graph of boxes and wires that scrolls both ways; only what is on the screen is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size

from flinktop.ui.widgets.graph_paint import GraphPainter
from flinktop.ui.widgets.graph_picture import Box, Picture, changed_rows, connected, next_to
from flinktop.ui.widgets.messages import BoxMoved, BoxOpened, VisibleBoxesChanged
from flinktop.ui.widgets.painted_view import PaintedView
from flinktop.ui.widgets.styles import component_classes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.strip import Strip

MARGIN = 2
"""Cells between the selected box and the edge of the view, where there is room."""
SCROLL = 8


class GraphCanvas(PaintedView):
    """Boxes and the wires between them, with a selected box that stays selected by key.

    Setting an equal picture repaints nothing; where only the contents of boxes differ, only their changed
    lines are repainted. The wires of the selected box are highlighted.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = component_classes("wire", "lit", "frame", "cursor", "resting")
    DEFAULT_CSS = """
    GraphCanvas {
        overflow: auto auto;
        scrollbar-gutter: auto;
        /* Textual's bar would take a whole row; a cut at the edge says the same. */
        scrollbar-size: 0 1;
        & > .style--wire { color: $text-disabled; }
        & > .style--lit { color: $primary; text-style: bold; }
        & > .style--frame { color: $text-muted; }
        & > .style--cursor { background: $primary 25%; }
        & > .style--resting { background: $foreground 7%; }
        &:nocolor, &:ansi {
            & > .style--cursor { background: ansi_default; }
            & > .style--resting { background: ansi_default; }
        }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "along(False)", "To an input", show=False),
        Binding("right,l", "along(True)", "To an output", show=False),
        Binding("up,k", "vertical(False)", "Up", show=False),
        Binding("down,j", "vertical(True)", "Down", show=False),
        Binding("home,g", "edge(0)", "First", show=False),
        Binding("end,G", "edge(-1)", "Last", show=False),
        Binding("shift+left,H", "shift(-1, 0)", "Scroll left", show=False),
        Binding("shift+right,L", "shift(1, 0)", "Scroll right", show=False),
        Binding("shift+up,K", "shift(0, -1)", "Scroll up", show=False),
        Binding("shift+down,J", "shift(0, 1)", "Scroll down", show=False),
        Binding("enter", "open", "Open", show=False),
    ]

    _painter: GraphPainter

    def __init__(self, *, empty: str = "…", ascii: bool = False, id: str | None = None) -> None:
        super().__init__(empty=empty, ascii=ascii, id=id)
        self.picture = Picture()
        self._at: dict[str, int] = {}
        self.selected: str | None = None
        """The key of the selected box, None on an empty canvas."""
        self._previous: str | None = None
        self._clicked: str | None = None
        self._posted: tuple[str, ...] = ()
        self._painter = GraphPainter(self.get_component_rich_style, ascii=ascii)

    # What it shows

    def set_picture(self, picture: Picture) -> None:
        """Draw this picture; the selected box stays where it is on the screen, if it is still there."""
        before = self.picture
        if picture == before:
            return
        if picture.same_places(before):
            self.picture = picture
            self._painter.set_picture(picture, same_places=True)
            for old, new in zip(before.boxes, picture.boxes, strict=True):
                if (rows := changed_rows(old, new)) is not None:
                    self._repaint(new, *rows)
            return
        self._replace(picture)

    @property
    def is_empty(self) -> bool:
        return not self.picture.boxes

    def select(self, key: str | None) -> None:
        """Select a box and scroll to it; no message is sent. An unknown key changes nothing."""
        if key is not None and key in self._at and key != self.selected:
            self._previous, self.selected = self.selected, key
            self._painter.select(key)
            self.refresh()
            self._show_selected()

    def visible_keys(self) -> tuple[str, ...]:
        """The keys of the boxes on the screen, in the order of the picture."""
        view = self._view
        return tuple(box.key for box in self.picture.boxes if view.overlaps(_region(box)))

    # Painting

    def render_line(self, y: int) -> Strip:
        if not self.picture.boxes:
            return self._words(self._empty, y, max(self._view.height, 1))
        return self._painter.line(self._view.y + y, self._view.x, self._width, focused=self.has_focus)

    def _repaint(self, box: Box, first: int, last: int) -> None:
        place = Region(box.x, box.y + first, box.width, last - first + 1)
        seen = place.intersection(self._view)
        if seen:
            self.refresh(seen.translate((-self._view.x, -self._view.y)))

    # Places

    @property
    def _view(self) -> Region:
        """The part of the picture that is on the screen."""
        offset, size = self.scroll_offset, self.scrollable_content_region.size
        return Region(offset.x, offset.y, size.width, size.height)

    def _box(self, key: str | None) -> Box | None:
        return self.picture.boxes[self._at[key]] if key is not None and key in self._at else None

    def _replace(self, picture: Picture) -> None:
        before, view = self._box(self.selected), self._view
        self.picture = picture
        self._at = {box.key: at for at, box in enumerate(picture.boxes)}
        if (after := self._box(self.selected)) is None:
            self.selected = picture.boxes[0].key if picture.boxes else None
        self._painter.set_picture(picture, same_places=False)
        self._painter.select(self.selected)
        self.virtual_size = Size(picture.width, picture.height)
        if before is not None and after is not None and view.overlaps(_region(before)):
            self._scroll(view.x + after.x - before.x, view.y + after.y - before.y)
        self.refresh()
        self._show_selected()
        self._post_changes()

    def _scroll(self, x: int, y: int) -> None:
        view = self._view
        x = max(0, min(x, self.picture.width - view.width))
        y = max(0, min(y, self.picture.height - view.height))
        if (x, y) != (view.x, view.y):
            # A picture that was just set has no scroll bar yet: Textual then scrolls only with force.
            self.scroll_to(x, y, animate=False, force=True)

    def _show_selected(self) -> None:
        box, view = self._box(self.selected), self._view
        if box is not None and view.width > 0 and view.height > 0:
            self._scroll(
                _shown(view.x, view.width, box.x, box.width), _shown(view.y, view.height, box.y, box.height)
            )

    def _post_changes(self) -> None:
        visible = self.visible_keys()
        if self.is_mounted and visible != self._posted:
            self._posted = visible
            self.post_message(VisibleBoxesChanged(self, visible))

    # Keys, mouse, size

    def _go(self, box: Box | None) -> None:
        if box is not None and box.key != self.selected:
            self.select(box.key)
            self.post_message(BoxMoved(self, box.key))
        else:
            self._show_selected()

    def action_along(self, forward: bool) -> None:  # noqa: FBT001 - an argument in a binding
        if (here := self._box(self.selected)) is not None:
            ends = connected(self.picture, here.key, forward=forward)
            self._go(_nearest(ends, here, self._previous))

    def action_vertical(self, down: bool) -> None:  # noqa: FBT001 - an argument in a binding
        if (here := self._box(self.selected)) is not None:
            self._go(next_to(self.picture, here, down=down))

    def action_edge(self, at: int) -> None:
        if self.picture.boxes:
            self._go(self.picture.boxes[at])

    def action_shift(self, across: int, down: int) -> None:
        self._scroll(self._view.x + across * SCROLL, self._view.y + down * SCROLL // 2)

    def action_open(self) -> None:
        """Open the selected box; if it is out of sight, show it first."""
        if (box := self._box(self.selected)) is None:
            return
        if not self._view or self._view.overlaps(_region(box)):
            self.post_message(BoxOpened(self, box.key))
        else:
            self._show_selected()

    def on_click(self, event: events.Click) -> None:
        at = event.offset + self._view.offset
        box = next((box for box in self.picture.boxes if _region(box).contains_point(at)), None)
        if box is None:
            return
        again = box.key == self.selected and (event.chain > 1 or self._clicked == box.key)
        self._clicked = box.key
        if again:
            self.action_open()
        else:
            self._go(box)

    @on(events.Focus)
    @on(events.Blur)
    def _show_focus(self) -> None:
        if (box := self._box(self.selected)) is not None:
            self._repaint(box, 0, box.height - 1)

    def on_resize(self) -> None:
        self._show_selected()
        self._post_changes()

    def watch_scroll_x(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_x(old_value, new_value)
        self._post_changes()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._post_changes()


def _region(box: Box) -> Region:
    return Region(box.x, box.y, box.width, box.height)


def _nearest(boxes: Iterable[Box], here: Box, first: str | None) -> Box | None:
    return min(boxes, key=lambda box: (box.key != first, abs(box.y - here.y), box.y), default=None)


def _shown(at: int, room: int, start: int, length: int) -> int:
    """The start of a view of `room` cells that holds an interval, moved from `at` as little as possible."""
    margin = min(MARGIN, max(0, (room - length) // 2))
    if length > room or start - margin < at:
        return start - margin
    return max(at, start + length + margin - room)
