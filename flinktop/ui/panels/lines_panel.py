"""A few lines above everything else on a screen: what a job, a vertex, a checkpoint is and how it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.content import Content

from flinktop.model import format as fmt
from flinktop.ui.live import Panel
from flinktop.ui.panels.parts import Part, assemble, cut_line
from flinktop.ui.widgets.celltext import wrap

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from textual.geometry import Size

Line = list[Part]
GAP: Part = ("   ", "")
MUTED_GAP: Part = ("   ", "muted")
MOST_ROWS = 12
"""Rows that one sentence may take."""
FEW_ROWS = 3
"""With fewer rows than this the second line, the state, stands before the first, the name."""


def pair(label: str, text: str, tone: str = "") -> Line:
    """A figure behind its name."""
    return [(f"{label} ", "muted"), (text, tone)]


def spaced(*groups: Sequence[Part], gap: Part = GAP) -> Line:
    """Groups of parts in one line, apart from each other; those that are empty are left out."""
    line: Line = []
    for group in filter(None, groups):
        line += [gap, *group] if line else group
    return line


def faded(lines: Iterable[Line]) -> list[Line]:
    """Lines of what is no longer so."""
    return [[(text, "stale") for text, _ in line] for line in lines]


class LinesPanel(Panel):
    """Lines, each on one row and cut to the width, and sentences, which are wrapped instead."""

    DEFAULT_CSS = "LinesPanel { height: auto; padding: 0 1; }"
    STATE_FIRST: ClassVar[bool] = False
    """Whether the second line comes first where there are few rows."""

    def __init__(self, job: str = "", vertex: str = "", *, id: str | None = None) -> None:
        super().__init__(job, vertex, id=id)
        self._lines: list[Line | Part] = [[(fmt.UNKNOWN, "muted")]]

    def lines(self) -> Sequence[Line | Part]:
        """The lines as lists of parts, the sentences as one part each; empty lines are left out."""
        raise NotImplementedError

    def show(self) -> None:
        lines = [line for line in self.lines() if line]
        if lines != self._lines:
            # A sentence may need more rows than it did.
            grown = len(lines) != len(self._lines) or any(
                isinstance(line, tuple) for line in (*lines, *self._lines)
            )
            self._lines = lines
            self.refresh(layout=grown)

    def render(self) -> Content:
        width, lines = self.content_size.width, self._lines
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
            for line in self._lines
        )
