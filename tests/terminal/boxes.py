"""What stands in the boxes of a screen: the title of each, and its lines; which of them tell nothing."""

import re
from dataclasses import dataclass

from rich.cells import cell_len

_TOP = re.compile(r"╭─ (\S.*?) ─*╮")
_SCALE = re.compile(r"\s*-?[\d.]+[kMG]?(?: \S+)?┤")
_DRAWN = re.compile(r"[\u2801-\u28ff]")
_LEGEND = re.compile(r"(?:\d+ of \d+ jobs, )?last [\d.]+ \w+ .*━")
_SENTENCE = re.compile(r"[A-Za-z'.]+ [a-z'-]+ [a-z'-]+")
_UNITS = re.compile(r"\bms/s|/s\b|\b30 min\b")
_TITLES = re.compile(r"[^a-z]*[A-Z]{3}[^a-z]*")


@dataclass(frozen=True, slots=True)
class Box:
    """A box by its title, without the lines that are blank."""

    title: str
    lines: tuple[str, ...]
    whole: bool
    """Whether it is drawn down to its bottom: what is read may lie between two strokes of the brush."""

    @property
    def asking(self) -> bool:
        """Whether its answer is still to come."""
        return any(re.search(r"\b(?:asking|loading)\b", line) for line in self.lines)

    @property
    def tells(self) -> bool:
        """Whether it has a row, a line of a chart or a sentence: more than titles of columns and axes."""
        if not self.whole:
            return False
        said = [line for line in self.lines if not _LEGEND.match(line)]
        if any(_SCALE.match(line) for line in said):
            return any(_DRAWN.search(line) or _SENTENCE.search(line) for line in said)
        return any(not _TITLES.fullmatch(_UNITS.sub("", line)) for line in said)


def boxes(screen: str) -> tuple[Box, ...]:
    """The boxes of a screen, in the order of their upper left corners."""
    grid = [_cells(row) for row in screen.splitlines()]
    found = []
    for top, row in enumerate(grid):
        # Every cell is one character here, so that places in the text are columns.
        for corner in _TOP.finditer("".join(cell or "\0" for cell in row)):
            left, right = corner.start(), corner.end() - 1
            lines = []
            whole = False
            for below in grid[top + 1 :]:
                if below[left : left + 1] == ["╰"]:
                    whole = below[right : right + 1] == ["╯"]
                    break
                lines.append("".join(below[left + 1 : right]).strip())
            found.append(Box(corner[1].replace("\0", ""), tuple(line for line in lines if line), whole))
    return tuple(found)


def _cells(row: str) -> list[str]:
    """A row cell by cell; the second cell of a wide letter is empty."""
    cells = []
    for letter in row:
        cells += [letter, ""] if cell_len(letter) == 2 else [letter]
    return cells
