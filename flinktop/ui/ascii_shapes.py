"""Our shapes in ASCII, for terminals that have no others: one filter over everything that is drawn.

Pictures that need other ASCII shapes than these (graphs, charts, bars, trends) choose them where they are
drawn. Letters of foreign text stay.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING, Final

from rich.segment import Segment
from textual.filter import LineFilter

if TYPE_CHECKING:
    from rich.style import Style
    from textual.color import Color

_SHAPES: Final = str.maketrans(
    "●◐○✕▲⚠⏸⟳◆▸▾◂…–━─",  # noqa: RUF001 -- a dash of ours
    "*~-X!!=@*>v<~-#.",
)
_WIDER: Final = re.compile(r"(?P<loading>\bloading[\w' ]*)…|±")
"""What is wider in ASCII: blanks after it are removed to make room."""


class AsciiShapes(LineFilter):
    """Turns the shapes of a line into ASCII of the same width."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002 -- Textual's
        text = "".join(segment.text for segment in segments if not segment.control)
        if text.isascii():
            return segments
        if _WIDER.search(text):
            segments = _widened(segments)
        return [Segment(one.text.translate(_SHAPES), one.style, one.control) for one in segments]


def _widened(segments: list[Segment]) -> list[Segment]:
    """The segments with "..." after "loading" and "+-" for "±", where blanks after them leave room."""
    cells: list[tuple[str, Style | None]] = [
        (letter, segment.style) for segment in segments if not segment.control for letter in segment.text
    ]
    text = "".join(letter for letter, _ in cells)
    for found in reversed(list(_WIDER.finditer(text))):
        wanted = "..." if found["loading"] else "+-"
        at, more = found.end() - 1, len(wanted) - 1
        # Single blanks between words stay; the longest run of blanks is shortened.
        spare = max(re.findall(" +", text[found.end() :]), key=len, default="")
        if len(spare) <= more:
            continue
        start = text.rindex(spare)
        del cells[start : start + more]
        cells[at : at + 1] = [(letter, cells[at][1]) for letter in wanted]
        text = "".join(letter for letter, _ in cells)
    joined = groupby(cells, key=lambda cell: cell[1])
    return [Segment("".join(letter for letter, _ in run), style) for style, run in joined]
