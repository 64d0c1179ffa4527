"""Text in parts, each in its tone, and panels of a few such lines, as all headers are."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from textual.content import Content

from flinktop.model import format as fmt
from flinktop.ui.live import Panel
from flinktop.ui.theme import TONES
from flinktop.ui.widgets.celltext import clip, wrap
from flinktop.ui.widgets.growth import redraw

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from textual.geometry import Size


Part = tuple[str, str]  # text and the name of its tone, or a style of its own
RIGHT_GAP = 3  # cells before each part at the right of a line
Line = list[Part]
GAP: Part = ("   ", "")
MUTED_GAP: Part = ("   ", "muted")
MOST_ROWS = 12  # rows that one sentence may take
FEW_ROWS = 3  # with fewer rows than this the second line, the state, comes before the first, the name


def cells(parts: Iterable[Part]) -> int:
    """Cells that parts take."""
    return sum(cell_len(text) for text, _ in parts)


def cut_line(parts: Iterable[Part], width: int) -> list[Part]:
    """The parts of one line in at most `width` cells, with an ellipsis where they were cut."""
    found: list[Part] = []
    for text, tone in parts:
        if width <= 0:
            break
        shown = clip(text, width)
        found.append((shown, tone))
        if cell_len(text) > width:
            # A blank before the ellipsis is left out: the cell that this leaves is not for the next part.
            break
        width -= cell_len(shown)
    return found


def right_cells(right: Sequence[Part]) -> int:
    """Cells that parts at the right edge of a line take from the left part."""
    return cells(right) + RIGHT_GAP * len(right)


def fit(left: Sequence[Part], right: Sequence[Part], width: int, *, keep: int = 1) -> list[Part]:
    """Lay out one line: `left` from the left edge, `right` to the right edge.

    Parts of `right` are given from the most to the least important; the least important ones are dropped
    first, down to `keep` parts, then the left part is cut.
    """
    right = list(right)
    while len(right) > keep and cells(left) + right_cells(right) > width:
        right.pop()
    line = cut_line(left, width - right_cells(right))
    line.append((" " * max(0, width - right_cells(right) - cells(line)), ""))
    for part in right:
        line += [(" " * RIGHT_GAP, ""), part]
    return line


def assemble(parts: Iterable[Part]) -> Content:
    """The parts as Textual's content; nothing in them is parsed as markup."""
    return Content("").join(Content.styled(text, TONES.get(tone, tone)) for text, tone in parts)


def meter_parts(fraction: float | None, width: int, tone: str) -> list[Part]:
    """A line filled to `fraction` (0 to 1) in its tone, the rest muted, in exactly `width` cells.

    More than nothing is never drawn as nothing, and only all is drawn as all; unknown is blank.
    """
    if fraction is None or math.isnan(fraction):
        return [(" " * width, "")]
    share = min(max(fraction, 0.0), 1.0)
    filled = min(max(round(share * width), share > 0), width - (share < 1))
    return [("━" * filled, tone), ("─" * (width - filled), "muted")]


def pair(label: str, text: str, tone: str = "") -> Line:
    """A value after its label."""
    return [(f"{label} ", "muted"), (text, tone)]


class KeptWidth:
    """Pads a short number at its left as soon as it was longer, so that nothing after it moves.

    What moves is written to the terminal anew: 300 bytes for each second one in a line with an age.
    """

    def __init__(self, most: int) -> None:
        """To at most so many cells."""
        self._most = most
        self._widest = 0

    def __call__(self, text: str) -> str:
        self._widest = max(self._widest, min(len(text), self._most))
        return text.rjust(self._widest)


def spaced(*groups: Sequence[Part], gap: Part = GAP) -> Line:
    """Groups of parts in one line with gaps between them; empty ones are left out."""
    line: Line = []
    for group in filter(None, groups):
        line += [gap, *group] if line else group
    return line


def faded(lines: Iterable[Line]) -> list[Line]:
    """Lines of outdated data."""
    return [[(text, "stale") for text, _ in line] for line in lines]


class LinesPanel(Panel):
    """Lines, each on one row and cut to the width, and sentences, which are wrapped instead."""

    DEFAULT_CSS = "LinesPanel { height: auto; padding: 0 1; }"
    STATE_FIRST: ClassVar[bool] = False  # whether the second line comes first where there are few rows

    def __init__(self, job: str = "", vertex: str = "", subtask: int = 0, *, id: str | None = None) -> None:
        super().__init__(job, vertex, subtask, id=id)
        self._lines: list[Line | Part] = [[(fmt.UNKNOWN, "muted")]]

    def lines(self) -> Sequence[Line | Part]:
        """The lines as lists of parts, the sentences as one part each; empty lines are left out."""
        raise NotImplementedError

    def show(self) -> None:
        lines = [line for line in self.lines() if line]
        if lines != self._lines:
            # A sentence may need more rows than before.
            grown = len(lines) != len(self._lines) or any(
                isinstance(line, tuple) for line in (*lines, *self._lines)
            )
            self._lines = lines
            redraw(self, grown=grown)

    def laid_out(self, width: int) -> Sequence[Line | Part]:  # noqa: ARG002 -- for subclasses
        """What is drawn in `width` cells."""
        return self._lines

    def render(self) -> Content:
        width, lines = self.content_size.width, self.laid_out(self.content_size.width)
        if self.STATE_FIRST and self.size.height < FEW_ROWS and len(lines) > 1:
            lines = [lines[1], lines[0], *lines[2:]]
        rows: list[Content] = []
        for line in lines:
            if isinstance(line, list):
                rows.append(assemble(cut_line(line, width)))
            else:
                text, tone = line
                rows += [assemble([(row, tone)]) for row in wrap(text, max(width, 1), MOST_ROWS)]
        return Content("\n").join(rows)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002 -- Textual's
        return sum(
            1 if isinstance(line, list) else len(wrap(line[0], max(width, 1), MOST_ROWS))
            for line in self.laid_out(width)
        )
