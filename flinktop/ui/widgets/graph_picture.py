"""The picture of a graph canvas: boxes with lines of styled text, and wires between them; in cells."""

from __future__ import annotations

from dataclasses import dataclass

from flinktop.ui.widgets.columns import Cell

Line = tuple[Cell, ...]
"""Texts with their styles, from left to right."""


@dataclass(frozen=True, slots=True)
class Box:
    """A box of lines: its place in cells from edge to edge, and its contents.

    Attributes:
        lines: Its text, from top to bottom; a line ends at the frame.
        above: Texts in the upper edge, at its left and at its right.
        below: Texts in the lower edge.
        tone: The style of its frame.
        framed: Whether it has a frame; without one `lines` begin at its upper edge.
        dim: Whether all of it is shown faded.
    """

    key: str
    x: int
    y: int
    width: int
    height: int
    lines: tuple[Line, ...] = ()
    above: tuple[Line, Line] = ((), ())
    below: tuple[Line, Line] = ((), ())
    tone: str = ""
    framed: bool = True
    dim: bool = False

    @property
    def place(self) -> tuple[str, int, int, int, int, bool]:
        """Everything that its place depends on."""
        return self.key, self.x, self.y, self.width, self.height, self.framed


@dataclass(frozen=True, slots=True)
class Wire:
    """A line from one box to another, by their keys.

    Attributes:
        points: Its corners (x, y) from the left end to the right end; a wire without any is not drawn, and
            only connects the boxes.
        backward: Whether its arrow is at the left end.
        label: Written along it.
        label_at: Where the room for the label begins.
        label_room: The cells for the label.
    """

    source: str
    target: str
    points: tuple[tuple[int, int], ...] = ()
    backward: bool = False
    label: str = ""
    label_at: tuple[int, int] = (0, 0)
    label_room: int = 0


@dataclass(frozen=True, slots=True)
class Picture:
    """Boxes that do not overlap, in reading order, and the wires among them."""

    width: int = 0
    height: int = 0
    boxes: tuple[Box, ...] = ()
    wires: tuple[Wire, ...] = ()

    def same_places(self, other: Picture) -> bool:
        """Whether only the contents of the boxes differ."""
        return (
            self.wires == other.wires
            and (self.width, self.height) == (other.width, other.height)
            and len(self.boxes) == len(other.boxes)
            and all(
                one is two or one.place == two.place for one, two in zip(self.boxes, other.boxes, strict=True)
            )
        )


def changed_rows(before: Box, after: Box) -> tuple[int, int] | None:
    """First and last row, counted from the box's top, in which two boxes at one place differ."""
    if before is after or before == after:
        return None
    if (before.tone, before.dim) != (after.tone, after.dim) or len(before.lines) != len(after.lines):
        return 0, after.height - 1
    first = 1 if after.framed else 0
    rows = [
        first + at
        for at, pair in enumerate(zip(before.lines, after.lines, strict=True))
        if pair[0] != pair[1]
    ]
    if before.above != after.above:
        rows.append(0)
    if before.below != after.below:
        rows.append(after.height - 1)
    return min(rows), max(rows)


def connected(picture: Picture, key: str, *, forward: bool) -> list[Box]:
    """The boxes that wires connect to a box, on its right (`forward`) or its left."""
    if forward:
        keys = {wire.target for wire in picture.wires if wire.source == key}
    else:
        keys = {wire.source for wire in picture.wires if wire.target == key}
    return [box for box in picture.boxes if box.key in keys]


def next_to(picture: Picture, box: Box, *, down: bool) -> Box | None:
    """The box below or above: in the same column if there is one, else the nearest."""
    ahead = [other for other in picture.boxes if (other.y > box.y if down else other.y < box.y)]
    column = [other for other in ahead if other.x == box.x]
    return min(column or ahead, key=lambda other: (abs(other.y - box.y), abs(other.x - box.x)), default=None)
