"""Paints one row of a graph: boxes, wires and labels become a strip of exactly the given width."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from flinktop.ui.widgets.celltext import clip
from flinktop.ui.widgets.graph_picture import Picture
from flinktop.ui.widgets.graph_wires import WireCells
from flinktop.ui.widgets.line import LinePainter
from flinktop.ui.widgets.styles import STYLES

if TYPE_CHECKING:
    from collections.abc import Callable

    from flinktop.ui.widgets.graph_picture import Box, Line

# Corners clockwise from the upper left, horizontal, vertical, where a wire leaves at the right.
_FRAME = "╭╮╯╰─│├"
_SELECTED = "┏┓┛┗━┃┣"
_ASCII_FRAME = "++++-|+"
_ASCII_SELECTED = "####=##"
PLAIN, RESTING, FOCUSED, RESTING_LINE, FOCUSED_LINE = range(5)
"""How a box is marked: not, selected, selected with the focus; the last two without a frame."""


class GraphPainter(LinePainter):
    """Turns rows of a picture into strips with the styles of a widget's component classes."""

    OWN = ("wire", "lit", "frame")

    def __init__(self, style_of: Callable[[str], Style], *, ascii: bool = False) -> None:
        super().__init__(style_of, ascii=ascii)
        self._picture = Picture()
        self._selected: str | None = None
        self._lit: frozenset[int] = frozenset()
        self._wires = WireCells((), ascii=ascii)
        self._drawn: dict[int, list[tuple[int, str, str]]] = {}
        self._rows: dict[int, list[int]] = {}
        self._leaving: frozenset[tuple[int, int]] = frozenset()

    def set_picture(self, picture: Picture, *, same_places: bool) -> None:
        """Paint this picture from now on; with `same_places` only the contents of boxes have changed."""
        self._picture = picture
        if same_places:
            return
        self._wires = WireCells(picture.wires, ascii=self._ascii)
        self._leaving = frozenset(wire.points[0] for wire in picture.wires if wire.points)
        self._drawn.clear()
        self._rows = {}
        for at, box in sorted(enumerate(picture.boxes), key=lambda pair: pair[1].x):
            for y in range(box.y, box.y + box.height):
                self._rows.setdefault(y, []).append(at)

    def select(self, key: str | None) -> None:
        """Show the box with this key as selected, with its wires highlighted."""
        self._selected = key
        self._drawn.clear()
        self._lit = frozenset(
            number for number, wire in enumerate(self._picture.wires) if key in (wire.source, wire.target)
        )

    def line(self, y: int, x: int, width: int, *, focused: bool) -> Strip:
        """The cells `x` to `x + width` of a row of the picture."""
        here = [self._picture.boxes[at] for at in self._rows.get(y, ())]
        boxes = [box for box in here if box.x < x + width and box.x + box.width > x]
        first = min([x, *(box.x for box in boxes)])
        last = max([x + width, *(box.x + box.width for box in boxes)])
        segments: list[Segment] = []
        at = first
        for box in boxes:
            segments += self._between(y, at, box.x)
            segments += self._box_line(box, y - box.y, focused=focused)
            at = box.x + box.width
        segments += self._between(y, at, last)
        strip = Strip(Segment.simplify(segments), last - first)
        return strip.crop(x - first, x - first + width)

    # Wires

    def _between(self, y: int, first: int, last: int) -> list[Segment]:
        """The cells `first` to `last` of a row, which contain no boxes."""
        if (drawn := self._drawn.get(y)) is None:
            drawn = self._drawn[y] = self._wired(y)
        found: list[Segment] = []
        at = first
        for x, text, style in drawn[bisect_left(drawn, (first,)) : bisect_left(drawn, (last,))]:
            if x > at:
                found.append(Segment(" " * (x - at), self.style("")))
            found.append(Segment(text, self.style(style)))
            at = x + len(text)
        if last > at:
            found.append(Segment(" " * (last - at), self.style("")))
        return found

    def _wired(self, y: int) -> list[tuple[int, str, str]]:
        """The wires and labels of a row, in order: (column, character, style) of each cell."""
        cells = {
            x: (x, glyph, "lit" if shown else "wire")
            for x, (glyph, shown) in self._wires.row(y, self._lit).items()
        }
        for number, labelled in self._wires.labels(y):
            text = clip(labelled.label, labelled.label_room)
            start = labelled.label_at[0] + labelled.label_room - cell_len(text)
            # A wide character would need two cells of its own: such labels are left out.
            if len(text) == cell_len(text):
                style = "lit" if number in self._lit else "muted"
                cells.update({x: (x, char, style) for x, char in enumerate(text, start)})
        return sorted(cells.values())

    # Boxes

    def _box_line(self, box: Box, row: int, *, focused: bool) -> list[Segment]:
        cursor = PLAIN if box.key != self._selected else FOCUSED if focused else RESTING
        if not box.framed:
            line = box.lines[row] if row < len(box.lines) else ()
            mark = {RESTING: RESTING_LINE, FOCUSED: FOCUSED_LINE}.get(cursor, PLAIN)
            return self._text(line, box.width, mark, dim=box.dim)
        corners = self._corners(cursor)
        frame = self.style(_tone(box, cursor), cursor, dim=box.dim)
        if row == 0:
            return self._edge(box.above, box, corners[0] + corners[1], cursor)
        if row == box.height - 1:
            return self._edge(box.below, box, corners[3] + corners[2], cursor)
        line = box.lines[row - 1] if row - 1 < len(box.lines) else ()
        leaves = (box.x + box.width, box.y + row) in self._leaving
        return [
            Segment(corners[5] + " ", frame),
            *self._text(line, box.width - 4, cursor, dim=box.dim),
            Segment(" " + corners[6 if leaves else 5], frame),
        ]

    def _corners(self, cursor: int) -> str:
        if cursor:
            return _ASCII_SELECTED if self._ascii else _SELECTED
        return _ASCII_FRAME if self._ascii else _FRAME

    def _edge(self, texts: tuple[Line, Line], box: Box, ends: str, cursor: int) -> list[Segment]:
        """An edge of a frame, with the texts that fit into it."""
        frame = self.style(_tone(box, cursor), cursor, dim=box.dim)
        flat = self._corners(cursor)[4]
        room = box.width - 2
        right = self._caption(texts[1], room, cursor, dim=box.dim)
        room -= sum(segment.cell_length for segment in right)
        left = self._caption(texts[0], room, cursor, dim=box.dim)
        room -= sum(segment.cell_length for segment in left)
        return [Segment(ends[0], frame), *left, Segment(flat * room, frame), *right, Segment(ends[1], frame)]

    def _caption(self, line: Line, room: int, cursor: int, *, dim: bool) -> list[Segment]:
        """A text with a blank on both sides; nothing if there is no room for any of it."""
        cells = min(sum(cell_len(text) for text, _ in line), room - 2)
        if cells <= 0:
            return []
        blank = Segment(" ", self.style("", cursor, dim=dim))
        return [blank, *self._text(line, cells, cursor, dim=dim), blank]

    def _text(self, line: Line, width: int, cursor: int, *, dim: bool) -> list[Segment]:
        """Texts in exactly `width` cells."""
        found: list[Segment] = []
        room = width
        for text, name in line:
            shown = clip(text, room)
            room -= cell_len(shown)
            found.append(Segment(shown, self.style(name, cursor, dim=dim)))
        if room > 0:
            found.append(Segment(" " * room, self.style("", cursor, dim=dim)))
        return found

    def _compose(self, name: str, cursor: int, *, dim: bool) -> Style:
        plain = "stale" if dim else name if name in STYLES or name in self.OWN else "cell"
        style = self._style_of(f"style--{plain}")
        if not cursor:
            return style
        focused = cursor in (FOCUSED, FOCUSED_LINE)
        ground = self._style_of(f"style--{'cursor' if focused else 'resting'}")
        if cursor in (RESTING_LINE, FOCUSED_LINE) and (ground.bgcolor is None or ground.bgcolor.is_default):
            # One bar over the whole line, not a patch for each colour.
            return Style(reverse=True) if focused else style + Style(underline=True)
        return style + Style(bgcolor=ground.bgcolor)


def _tone(box: Box, cursor: int) -> str:
    return box.tone or ("selected" if cursor else "frame")
