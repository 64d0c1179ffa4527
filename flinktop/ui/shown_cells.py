"""What the terminal shows, cell by cell, and the few bytes that turn it into what it should show."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import groupby
from operator import ne, or_
from typing import TYPE_CHECKING, Final

from rich.cells import get_character_cell_size

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_MOVE: Final = re.compile(r"\x1b\[(\d+);(\d+)H")
_STYLE: Final = re.compile(r"\x1b\[([\d;:]*)m")
_LINK: Final = re.compile(r"\x1b\]8;[^\x1b]*\x1b\\")
_JUMP: Final = 5
"""Bytes of a jump within a line: as many unchanged ones are written again instead."""
_PICTURES: Final = 0x1F000
"""Emoji and other pictures from here on: terminals disagree about their width."""
_SELECTORS: Final = frozenset(map(chr, range(0xFE00, 0xFE10)))
"""Variation selectors: they choose between a letter and a picture."""
_DIFFERENT: Final = frozenset(("Cf", "Cn", "Co", "Cs", "Mc"))
"""Unicode categories whose characters some terminals draw and others don't."""
_DOUBTFUL: Final = -1


class NotUnderstood(ValueError):  # noqa: N818 -- it says what happened
    """An update that contains something other than places, styles and text."""


@lru_cache(maxsize=4096)
def _width(char: str) -> int:
    """Cells of a character, 0 if it is drawn over the one before, `_DOUBTFUL` where terminals differ.

    Raises:
        NotUnderstood: it is a control character.
    """
    category = unicodedata.category(char)
    if category == "Cc":
        raise NotUnderstood(f"control character {ord(char):#x}")
    if category in _DIFFERENT or ord(char) >= _PICTURES or char in _SELECTORS:
        return _DOUBTFUL
    width = get_character_cell_size(char)
    if width == 0:
        return 0 if category in ("Mn", "Me") else _DOUBTFUL
    return width if width == 1 or unicodedata.east_asian_width(char) in "WF" else _DOUBTFUL


def _cells(content: str) -> tuple[list[str], list[str]] | None:
    """Text and style of each cell; the second cell of a wide character is empty. None if terminals differ."""
    texts: list[str] = []
    styles: list[str] = []
    style = ""
    for number, part in enumerate(_STYLE.split(content)):
        if number % 2:
            style = "" if part in ("", "0") else f"{style};{part}" if style else part
        elif part.isascii():
            if not part.isprintable():
                raise NotUnderstood(repr(part[:40]))
            texts += part
            styles += [style] * len(part)
        elif not _add(part, style, texts, styles):
            return None
    return texts, styles


def _add(part: str, style: str, texts: list[str], styles: list[str]) -> bool:
    """Add the cells of a text beyond ASCII; False if terminals differ about it."""
    widths = [*map(_width, part)]
    if widths.count(1) == len(widths):
        texts += part
        styles += [style] * len(widths)
        return True
    for char, width in zip(part, widths, strict=True):
        if width == _DOUBTFUL or (width == 0 and not texts):
            return False
        if width == 0:
            texts[-1 if texts[-1] else -2] += char
            continue
        texts += (char, "")[:width]
        styles += [style] * width
    return True


class _Line:
    """One line of the terminal as far as it is known; an unknown cell has None for its text."""

    __slots__ = ("pieces", "styles", "texts")

    def __init__(self) -> None:
        self.texts: list[str | None] = []
        self.styles: list[str] = []
        self.pieces: dict[int, tuple[str, int]] = {}
        """By first column: what was written there last, unchanged, and the column after its end."""

    def forget(self) -> None:
        self.texts.clear()
        self.styles.clear()
        self.pieces.clear()

    def changed(self, x: int, texts: Sequence[str], styles: Sequence[str]) -> list[tuple[int, int]]:
        """The runs of these cells, to be put at `x`, that differ; as short as is useful."""
        end = x + len(texts)
        self._reach(end)
        new_texts, new_styles = map(ne, texts, self.texts[x:end]), map(ne, styles, self.styles[x:end])
        differs = bytes(map(or_, new_texts, new_styles))
        runs: list[tuple[int, int]] = []
        start = differs.find(1)
        while start >= 0:
            end = differs.find(0, start)
            end = end if end >= 0 else len(differs)
            if runs and _joins(runs[-1][1], start, texts, styles):
                runs[-1] = runs[-1][0], end
            else:
                runs.append((start, end))
            start = differs.find(1, end)
        return runs

    def put(self, x: int, texts: Sequence[str], styles: Sequence[str], content: str) -> None:
        end = x + len(texts)
        if x and self.texts[x] == "":
            # When half of a wide character is overwritten, the terminal blanks the other half.
            self.texts[x - 1] = None
        self.texts[x:end] = texts
        self.styles[x:end] = styles
        for begin, (_, last) in tuple(self.pieces.items()):
            if begin < end and last > x:
                del self.pieces[begin]
        self.pieces[x] = content, end

    def _reach(self, width: int) -> None:
        if (missing := width - len(self.texts)) > 0:
            self.texts += [None] * missing
            self.styles += [""] * missing


def _joins(end: int, start: int, texts: Sequence[str], styles: Sequence[str]) -> bool:
    """Whether writing the cells between two runs again takes fewer bytes than a jump."""
    if start - end > _JUMP or any(style != styles[end - 1] for style in styles[end:start]):
        return False
    return len("".join(texts[end:start]).encode(errors="replace")) <= _JUMP


class ShownCells:
    """Knows each cell from what was written, and reduces an update to the runs that are new.

    An update is a text for the terminal as Textual makes it: places, styles and characters. A run never
    begins or ends within a wide character, or before one that is drawn over the last: these are the text of
    one cell. A piece with characters of doubtful width is written unchanged.
    """

    def __init__(self) -> None:
        self._lines: list[_Line] = []

    def forget(self) -> None:
        """Forget what the terminal shows: the next update is written whole."""
        self._lines.clear()

    def changes(self, update: str) -> str:
        """What to write instead of an update, which then counts as written.

        Raises:
            NotUnderstood: the update is to be written unchanged; nothing is known afterwards.
        """
        try:
            return "".join(self._changes(update))
        except NotUnderstood:
            self.forget()
            raise

    def _changes(self, update: str) -> Iterator[str]:
        before, *moves = _MOVE.split(update)
        if before:
            raise NotUnderstood(repr(before[:40]))
        pen = ""
        for row, column, given in zip(moves[::3], moves[1::3], moves[2::3], strict=True):
            content = given.rstrip("\n")
            x, y = int(column) - 1, int(row) - 1
            line = self._line(y)
            if not content or line.pieces.get(x, ("",))[0] == content:
                continue
            cells = None if _LINK.search(content) else _cells(content)
            if cells is None:
                line.forget()
                yield f"\x1b[0m\x1b[{row};{column}H{content}" if pen else f"\x1b[{row};{column}H{content}"
                pen = ""
                continue
            texts, styles = cells
            if not texts:
                continue
            for number, (start, end) in enumerate(line.changed(x, texts, styles)):
                yield f"\x1b[{x + start + 1}G" if number else f"\x1b[{row};{x + start + 1}H"
                at = start
                for style, cells_of_style in groupby(styles[start:end]):
                    if style != pen:
                        yield _turn(pen, style)
                        pen = style
                    until = at + len(list(cells_of_style))
                    yield "".join(texts[at:until])
                    at = until
            line.put(x, texts, styles, content)
        if pen:
            yield "\x1b[0m"

    def _line(self, y: int) -> _Line:
        while len(self._lines) <= y:
            self._lines.append(_Line())
        return self._lines[y]


def _turn(pen: str, style: str) -> str:
    return f"\x1b[{'0;' if pen and style else ''}{style or '0'}m"
