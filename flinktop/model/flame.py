"""A flame graph as pieces: position and width of each method, and whose code it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flinktop.flink.vertices import Frame

PROGRAM, FLINK, JAVA = "program", "flink", "java"
TRUNK = 0.9  # share of all samples in methods that only lead to the place where the time is spent
_FLINK = re.compile(r"^(?:[\w.]+/)*org\.apache\.flink\.(?!connectors?\.|formats\.)")
_JAVA = re.compile(r"^(?:[\w.]+/)*(?:java|javax|jdk|sun|com\.sun|scala|akka|org\.apache\.pekko|io\.netty)\.")
_NO_LINE = re.compile(r":-\d+$")  # Flink's mark for an unknown line (-1) and native code (-2)


class Piece(Struct, frozen=True):
    """One method in the graph."""

    number: int  # its index in `pieces`, the root's is 0
    parent: int  # the number of its caller, -1 for the root
    depth: int  # its distance from the root in calls
    start: int  # samples to the left of it
    samples: int  # samples in it or in its callees
    own: int  # samples in itself
    name: str  # class, method and line, as reported

    @property
    def short(self) -> str:
        place, _, line = without_line(self.name).partition(":")
        words = place.split(".")
        return ".".join(words[-2:]) + (f":{line}" if line else "")

    @property
    def kind(self) -> str:
        """Whose code it is: the program's (with connectors), Flink's or Java's; the root counts as Java's."""
        if self.parent < 0:
            return JAVA
        if _FLINK.match(self.name):
            return FLINK
        return JAVA if _JAVA.match(self.name) else PROGRAM


class Block(Struct, frozen=True):
    """A piece on the screen: first cell and width in cells."""

    piece: Piece
    x: int
    width: int


def without_line(name: str) -> str:
    """Class and method, and the line if known."""
    return _NO_LINE.sub("", name)


def pieces(root: Frame) -> tuple[Piece, ...]:
    """All methods of a graph from left to right, callers before callees."""
    found: list[Piece] = []
    waiting: list[tuple[Frame, int, int, int]] = [(root, -1, 0, 0)]
    while waiting:
        frame, parent, depth, start = waiting.pop()
        number = len(found)
        called = sum(child.value for child in frame.children)
        found.append(
            Piece(number, parent, depth, start, frame.value, max(0, frame.value - called), frame.name)
        )
        at = start + called
        # The stack returns the last one first.
        for child in reversed(frame.children):
            at -= child.value
            waiting.append((child, number, depth + 1, at))
    return tuple(found)


def path(graph: Sequence[Piece], number: int) -> tuple[str, ...]:
    """The names from the root to a piece: they identify it in another graph of the same vertex."""
    names: list[str] = []
    while number >= 0:
        names.append(graph[number].name)
        number = graph[number].parent
    return tuple(reversed(names))


def find(graph: Sequence[Piece], names: Sequence[str]) -> int:
    """The piece at the end of this path, or the last one on it in this graph."""
    at = 0
    for name in names[1:]:
        for number in range(at + 1, len(graph)):
            one = graph[number]
            # The callees of a piece follow it, up to the next one that is not deeper.
            if one.depth <= graph[at].depth:
                return at
            if one.parent == at and one.name == name:
                at = number
                break
        else:
            return at
    return at


def trunk(graph: Sequence[Piece]) -> int:
    """The last piece that nearly all samples pass: the time is spent below it."""
    heaviest: dict[int, Piece] = {}
    for one in graph:
        known = heaviest.get(one.parent)
        if known is None or one.samples > known.samples:
            heaviest[one.parent] = one
    at = 0
    while (called := heaviest.get(at)) is not None and called.samples >= TRUNK * graph[0].samples:
        at = called.number
    return at


def rows(graph: Sequence[Piece], top: int, width: int) -> list[list[Block]]:
    """The blocks of each row from a piece downwards, in `width` cells; pieces without a cell are left out.

    The ends of blocks are rounded, not their widths, so that callees are below their caller.
    """
    head = graph[top]
    if head.samples <= 0 or width <= 0:
        return []
    found: list[list[Block]] = []
    for piece in graph[top:]:
        # The callees of a piece follow it, up to the next one that is not deeper.
        if piece.number > top and piece.depth <= head.depth:
            break
        x = round((piece.start - head.start) * width / head.samples)
        end = round((piece.start + piece.samples - head.start) * width / head.samples)
        if end > x:
            level = piece.depth - head.depth
            while len(found) <= level:
                found.append([])
            found[level].append(Block(piece, x, end - x))
    return found


def matching(graph: Sequence[Piece], text: str) -> tuple[int, ...]:
    """The pieces whose name contains this text, ignoring case."""
    wanted = text.casefold()
    return tuple(one.number for one in graph if wanted and wanted in one.name.casefold())


def share(graph: Sequence[Piece], numbers: Sequence[int]) -> float:
    """The share of all samples in these pieces: 0 to 1."""
    if not graph or graph[0].samples <= 0:
        return 0.0
    ends = 0
    seen = 0
    for number in sorted(numbers, key=lambda one: (graph[one].start, graph[one].depth)):
        piece = graph[number]
        # A piece below another one of them is already counted.
        if piece.start >= ends:
            seen += piece.samples
            ends = piece.start + piece.samples
    return seen / graph[0].samples


def hottest(graph: Sequence[Piece], most: int) -> list[tuple[str, int]]:
    """The `most` methods with the most samples of their own, and the numbers of samples."""
    own: dict[str, int] = {}
    for piece in graph[1:]:
        if piece.own:
            own[piece.short] = own.get(piece.short, 0) + piece.own
    return sorted(own.items(), key=lambda pair: (-pair[1], pair[0]))[:most]
