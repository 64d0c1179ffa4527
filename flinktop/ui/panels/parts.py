"""Text in parts, each in its tone: cut to a width, laid out in one line, and as Textual draws it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size
from textual.content import Content

from flinktop.ui.theme import TONES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Part = tuple[str, str]
"""Text and the name of its tone, or a style of its own."""
GAP = 3
"""Cells between what stands at the right of a line."""


def cells(parts: Iterable[Part]) -> int:
    """Cells that parts take."""
    return sum(cell_len(text) for text, _ in parts)


def cut(text: str, width: int) -> str:
    """Text in at most so many cells, with an ellipsis where it was cut."""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, max(0, width - 1)).rstrip() + "…" if width > 0 else ""


def cut_line(parts: Iterable[Part], width: int) -> list[Part]:
    """The parts of one line in at most so many cells, with an ellipsis where they were cut."""
    found: list[Part] = []
    for text, tone in parts:
        if width <= 0:
            break
        found.append((cut(text, width), tone))
        width -= cell_len(text)
    return found


def beside(right: Sequence[Part]) -> int:
    """Cells that parts at the right edge of a line take from what stands at its left."""
    return cells(right) + GAP * len(right)


def fit(left: Sequence[Part], right: Sequence[Part], width: int, *, keep: int = 1) -> list[Part]:
    """Lay out one line: `left` from the left edge, `right` to the right edge.

    Parts of `right` are given from the most to the least important; the least important ones give way
    first, down to so many that are kept, then the left part is cut.
    """
    right = list(right)
    while len(right) > keep and cells(left) + beside(right) > width:
        right.pop()
    line = cut_line(left, width - beside(right))
    line.append((" " * max(0, width - beside(right) - cells(line)), ""))
    for part in right:
        line += [(" " * GAP, ""), part]
    return line


def assemble(parts: Iterable[Part]) -> Content:
    """The parts as Textual's content; nothing in them is read as markup."""
    return Content("").join(Content.styled(text, TONES.get(tone, tone)) for text, tone in parts)


def meter_parts(fraction: float | None, width: int, tone: str) -> list[Part]:
    """A line filled to `fraction` (0 to 1) in its tone, the rest muted, in exactly so many cells.

    Something is never drawn as nothing, and all only when it is all; what is not known is blank.
    """
    if fraction is None or math.isnan(fraction):
        return [(" " * width, "")]
    share = min(max(fraction, 0.0), 1.0)
    filled = min(max(round(share * width), share > 0), width - (share < 1))
    return [("━" * filled, tone), ("─" * (width - filled), "muted")]
