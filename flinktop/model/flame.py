"""A flame graph as pieces: which method stands where, how wide, and whose code it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flinktop.flink.vertices import Frame

PROGRAM, FLINK, JAVA = "program", "flink", "java"
TRUNK = 0.9  # part of all samples that a method has which only leads to where the time goes
_FLINK = re.compile(r"^(?:[\w.]+/)*org\.apache\.flink\.(?!connectors?\.|formats\.)")
_JAVA = re.compile(r"^(?:[\w.]+/)*(?:java|javax|jdk|sun|com\.sun|scala|akka|org\.apache\.pekko|io\.netty)\.")
_NO_LINE = re.compile(r":-\d+$")  # Flink's mark for an unknown line (-1) and native code (-2)


class Piece(Struct, frozen=True):
    """One method in the graph."""

    number: int  # its place in `pieces`, the root's is 0
    parent: int  # the number of what called it, -1 for the root
    depth: int  # how many calls it is from the root
    start: int  # samples to the left of it
    samples: int  # how often it was seen, itself or what it called
    own: int  # how often it was seen itself
    name: str  # class, method and line, as Flink tells

    @property
    def short(self) -> str:
        place, _, line = without_line(self.name).partition(":")
        words = place.split(".")
        return ".".join(words[-2:]) + (f":{line}" if line else "")

    @property
    def kind(self) -> str:
        """Whose code it is: the program's (connectors too), Flink's or Java's, as the root is."""
        if self.parent < 0:
            return JAVA
        if _FLINK.match(self.name):
            return FLINK
        return JAVA if _JAVA.match(self.name) else PROGRAM


class Block(Struct, frozen=True):
    """A piece on the screen: its first cell and how many it takes."""

    piece: Piece
    x: int
    width: int


def without_line(name: str) -> str:
    """Class and method, and the line where that is known."""
    return _NO_LINE.sub("", name)


def pieces(root: Frame) -> tuple[Piece, ...]:
    """All methods of a graph, each before what it called, from left to right."""
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
        # The stack gives the last one back first.
        for child in reversed(frame.children):
            at -= child.value
            waiting.append((child, number, depth + 1, at))
    return tuple(found)


def path(graph: Sequence[Piece], number: int) -> tuple[str, ...]:
    """The names from the root to a piece: what it is known by in another graph of the same vertex."""
    names: list[str] = []
    while number >= 0:
        names.append(graph[number].name)
        number = graph[number].parent
    return tuple(reversed(names))


def find(graph: Sequence[Piece], names: Sequence[str]) -> int:
    """The piece at the end of this path, or where the path ends in this graph."""
    at = 0
    for name in names[1:]:
        for number in range(at + 1, len(graph)):
            one = graph[number]
            # What a piece calls follows it, up to the next one that is not deeper.
            if one.depth <= graph[at].depth:
                return at
            if one.parent == at and one.name == name:
                at = number
                break
        else:
            return at
    return at


def trunk(graph: Sequence[Piece]) -> int:
    """The last piece of those that all but a few samples pass: below it the time is spent."""
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
    """The blocks of each row from a piece on downwards, in `width` cells; what has no cell is left out.

    The ends of blocks are rounded, not their widths, so that what is called stands under its caller.
    """
    head = graph[top]
    if head.samples <= 0 or width <= 0:
        return []
    found: list[list[Block]] = []
    for piece in graph[top:]:
        # What a piece calls follows it, up to the next one that is not deeper.
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
    """The pieces with this text in their name, in small letters or capitals alike."""
    wanted = text.casefold()
    return tuple(one.number for one in graph if wanted and wanted in one.name.casefold())


def share(graph: Sequence[Piece], numbers: Sequence[int]) -> float:
    """The part of all samples in which one of these pieces was seen: 0 to 1."""
    if not graph or graph[0].samples <= 0:
        return 0.0
    ends = 0
    seen = 0
    for number in sorted(numbers, key=lambda one: (graph[one].start, graph[one].depth)):
        piece = graph[number]
        # One that is called by another of them is in it already.
        if piece.start >= ends:
            seen += piece.samples
            ends = piece.start + piece.samples
    return seen / graph[0].samples


def hottest(graph: Sequence[Piece], most: int) -> list[tuple[str, int]]:
    """The methods that were seen themselves most often, with how often: `most` of them."""
    own: dict[str, int] = {}
    for piece in graph[1:]:
        if piece.own:
            own[piece.short] = own.get(piece.short, 0) + piece.own
    return sorted(own.items(), key=lambda pair: (-pair[1], pair[0]))[:most]
