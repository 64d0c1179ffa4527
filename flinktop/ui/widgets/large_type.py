"""Large type: text in letters of several rows, which is read from some metres away.

The letters are our own: the fonts of pyfiglet take 8 MB and 18 ms to load, and none of its families comes in
several sizes, in half blocks and in plain ASCII alike. They are capitals, which are larger than small letters
in the same number of rows.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from flinktop.ui.widgets.celltext import ELLIPSIS, clip, safe

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Glyph = tuple[str, ...]
"""The rows of a letter, "#" and "."."""

_SMALL = """
A .##. #..# #### #..# #..#
B ###. #..# ###. #..# ###.
C .### #... #... #... .###
D ###. #..# #..# #..# ###.
E ### #.. ##. #.. ###
F ### #.. ##. #.. #..
G .### #... #.## #..# .###
H #..# #..# #### #..# #..#
I ### .#. .#. .#. ###
J ..# ..# ..# #.# .#.
K #..# #.#. ##.. #.#. #..#
L #.. #.. #.. #.. ###
M #...# ##.## #.#.# #...# #...#
N #..# ##.# #.## #..# #..#
O .##. #..# #..# #..# .##.
P ###. #..# ###. #... #...
Q .##. #..# #..# #.#. .#.#
R ###. #..# ###. #.#. #..#
S .### #... .##. ...# ###.
T ### .#. .#. .#. .#.
U #..# #..# #..# #..# .##.
V #...# #...# #...# .#.#. ..#..
W #...# #...# #.#.# ##.## #...#
X #...# .#.#. ..#.. .#.#. #...#
Y #...# .#.#. ..#.. ..#.. ..#..
Z #### ...# .##. #... ####
0 ### #.# #.# #.# ###
1 .#. ##. .#. .#. ###
2 ### ..# ### #.. ###
3 ### ..# ### ..# ###
4 #.# #.# ### ..# ..#
5 ### #.. ### ..# ###
6 ### #.. ### #.# ###
7 ### ..# ..# ..# ..#
8 ### #.# ### #.# ###
9 ### #.# ### ..# ###
- ... ... ### ... ...
_ .... .... .... .... ####
. . . . . #
, .. .. .. .# #.
: . # . # .
; .. .# .. .# #.
! # # # . #
? ### ..# .#. ... .#.
/ ..# ..# .#. #.. #..
\\ #.. #.. .#. ..# ..#
| # # # # #
( .# #. #. #. .#
) #. .# .# .# #.
[ ## #. #. #. ##
] ## .# .# .# ##
{ .## .#. #.. .#. .##
} ##. .#. ..# .#. ##.
< ..# .#. #.. .#. ..#
> #.. .#. ..# .#. #..
+ ... .#. ### .#. ...
= ... ### ... ### ...
* ... #.# .#. #.# ...
# .#.#. ##### .#.#. ##### .#.#.
% #..# ...# .##. #... #..#
& .#.. #.#. .#.. #.#. .#.#
@ .##. #.## #.## #... .###
$ .### ##.. .##. ..## ###.
^ .#. #.# ... ... ...
~ .... .#.# #.#. .... ....
' # # . . .
" #.# #.# ... ... ...
` #. .# .. .. ..
· . . # . .
… ..... ..... ..... ..... #.#.#
"""
_LARGE = """
A .###. #...# #...# ##### #...# #...# #...#
B ####. #...# #...# ####. #...# #...# ####.
C .###. #...# #.... #.... #.... #...# .###.
D ####. #...# #...# #...# #...# #...# ####.
E ##### #.... #.... ####. #.... #.... #####
F ##### #.... #.... ####. #.... #.... #....
G .###. #...# #.... #.### #...# #...# .###.
H #...# #...# #...# ##### #...# #...# #...#
I ### .#. .#. .#. .#. .#. ###
J ...## ....# ....# ....# #...# #...# .###.
K #...# #..#. #.#.. ##... #.#.. #..#. #...#
L #... #... #... #... #... #... ####
M #.....# ##...## #.#.#.# #..#..# #.....# #.....# #.....#
N #....# ##...# #.#..# #..#.# #...## #....# #....#
O .###. #...# #...# #...# #...# #...# .###.
P ####. #...# #...# ####. #.... #.... #....
Q .###. #...# #...# #...# #.#.# #..#. .##.#
R ####. #...# #...# ####. #.#.. #..#. #...#
S .#### #.... #.... .###. ....# ....# ####.
T ##### ..#.. ..#.. ..#.. ..#.. ..#.. ..#..
U #...# #...# #...# #...# #...# #...# .###.
V #...# #...# #...# #...# #...# .#.#. ..#..
W #.....# #.....# #.....# #..#..# #.#.#.# ##...## #.....#
X #...# #...# .#.#. ..#.. .#.#. #...# #...#
Y #...# #...# #...# .#.#. ..#.. ..#.. ..#..
Z ##### ....# ...#. ..#.. .#... #.... #####
0 .###. #...# #..## #.#.# ##..# #...# .###.
1 .#. ##. .#. .#. .#. .#. ###
2 .###. #...# ....# ...#. ..#.. .#... #####
3 .###. #...# ....# ..##. ....# #...# .###.
4 ...#. ..##. .#.#. #..#. ##### ...#. ...#.
5 ##### #.... ####. ....# ....# #...# .###.
6 .###. #.... #.... ####. #...# #...# .###.
7 ##### ....# ....# ...#. ..#.. ..#.. ..#..
8 .###. #...# #...# .###. #...# #...# .###.
9 .###. #...# #...# .#### ....# ....# .###.
- .... .... .... #### .... .... ....
_ ..... ..... ..... ..... ..... ..... #####
. . . . . . . #
, .. .. .. .. .. .# #.
: . . # . . # .
; .. .. .# .. .. .# #.
! # # # # # . #
? .###. #...# ....# ...#. ..#.. ..... ..#..
/ ....# ....# ...#. ..#.. .#... #.... #....
\\ #.... #.... .#... ..#.. ...#. ....# ....#
| # # # # # # #
( ..# .#. #.. #.. #.. .#. ..#
) #.. .#. ..# ..# ..# .#. #..
[ ### #.. #.. #.. #.. #.. ###
] ### ..# ..# ..# ..# ..# ###
{ ..# .#. .#. #.. .#. .#. ..#
} #.. .#. .#. ..# .#. .#. #..
< ...# ..#. .#.. #... .#.. ..#. ...#
> #... .#.. ..#. ...# ..#. .#.. #...
+ ..... ..#.. ..#.. ##### ..#.. ..#.. .....
= .... .... #### .... #### .... ....
* ..... #.#.# .###. ##### .###. #.#.# .....
# .#.#. .#.#. ##### .#.#. ##### .#.#. .#.#.
% ##..# ##..# ...#. ..#.. .#... #..## #..##
& .##.. #..#. #.#.. .#... #.#.# #..#. .##.#
@ .###. #...# #.### #.#.# #.### #.... .####
$ ..#.. .#### #.#.. .###. ..#.# ####. ..#..
^ ..#.. .#.#. #...# ..... ..... ..... .....
~ ..... ..... .#..# #.#.# #..#. ..... .....
' # # . . . . .
" #.# #.# ... ... ... ... ...
` #. .# .. .. .. .. ..
· . . . # . . .
… ..... ..... ..... ..... ..... ..... #.#.#
"""
_BLANK = 2  # dots that a blank between words takes
_LIKE: Final = str.maketrans("–—−‐‑’‘“”×", "-----''\"\"X")  # noqa: RUF001 -- what is drawn alike
_HALVES = {("#", "#"): "█", ("#", "."): "▀", (".", "#"): "▄", (".", "."): " "}
_SQUEEZED = (0, 0, 1, 2, 3, 3, 4, 5, 6, 6)
"""Seven rows of dots as ten half rows, with strokes of two."""


@dataclass(frozen=True, slots=True)
class Face:
    """One size of the letters.

    Attributes:
        rows: How many rows of the terminal they take.
        font: The font that they are drawn from.
        dots: The font's row for each half row of the terminal.
        cells: Cells of the terminal that a dot is wide.
        bold: Whether each dot is drawn into the next place too: upright strokes are then as thick as others.
    """

    rows: int
    font: str
    dots: tuple[int, ...]
    cells: int
    bold: bool = False

    @property
    def halves(self) -> bool:
        """Whether it needs half rows, which ASCII has not."""
        return any(
            one != other for one, other in zip(self.dots[::2], (*self.dots[1::2], _NOTHING), strict=False)
        )


_NOTHING = -1


def _each(rows: int, times: int) -> tuple[int, ...]:
    return tuple(row for row in range(rows) for _ in range(times))


FACES: Final = (
    Face(14, _LARGE, _each(7, 4), 4),
    Face(14, _LARGE, _each(7, 4), 2, bold=True),
    Face(10, _LARGE, tuple(row for row in _SQUEEZED for _ in range(2)), 2, bold=True),
    Face(7, _LARGE, _each(7, 2), 2),
    Face(7, _LARGE, _each(7, 2), 1, bold=True),
    Face(5, _LARGE, _SQUEEZED, 1, bold=True),
    Face(5, _SMALL, _each(5, 2), 1),
    Face(3, _SMALL, _each(5, 1), 1),
)
"""From the largest to the smallest."""


@dataclass(frozen=True, slots=True)
class LargeText:
    """A text in large type, or in one plain row where it has no room.

    Attributes:
        rows: Its rows, all of one width.
        cut: Whether an ellipsis stands for its end.
    """

    rows: tuple[str, ...]
    cut: bool = False

    @property
    def width(self) -> int:
        """Cells that it takes."""
        return cell_len(self.rows[0])


@lru_cache(512)
def large(text: str, width: int, height: int, *, ascii: bool = False) -> LargeText:
    """The text in the largest type in which all of it fits into `width` cells and `height` rows.

    Where none is small enough it is cut in the smallest; where that is too high, it is one row of plain text.
    Letters are drawn as capitals and without their accents; a character without a large letter stands between
    the others as it is.
    """
    known = [face for face in FACES if face.rows <= height and not (ascii and face.halves)]
    # No letter is narrower than two cells with its gap.
    shown = safe(text[: max(width, 0)])
    for face in known:
        pieces = _pieces(shown, face, ascii=ascii)
        if len(shown) >= len(text.rstrip()) and _width(pieces, face) <= width:
            return LargeText(_joined(pieces, face))
    if not known:
        plain = clip(text, width)
        return LargeText((plain,), cut=plain.endswith(ELLIPSIS) and not text.endswith(ELLIPSIS))
    face = known[-1]
    end = _pieces(ELLIPSIS, face, ascii=ascii)
    pieces = _pieces(shown, face, ascii=ascii)
    while pieces and _width((*pieces, *end), face) > width:
        pieces = pieces[:-1]
    if not pieces:
        return LargeText((clip(text, width),), cut=True)
    return LargeText(_joined((*pieces, *end), face), cut=True)


@cache
def _font(font: str) -> Mapping[str, Glyph]:
    glyphs = {line[0]: tuple(line[2:].split()) for line in font.strip().splitlines()}
    rows = len(glyphs["A"])
    return {**glyphs, " ": ("." * _BLANK,) * rows}


def _letters(text: str, font: Mapping[str, Glyph]) -> Iterator[str]:
    """The text letter by letter, as the font has them where it does; marks stay with what has no letter."""
    plain = ""
    for letter in text.translate(_LIKE):
        drawn = [one for one in _likened(letter) if one in font]
        if not drawn and cell_len(letter) == 0:
            # A mark: on a large letter it is left out.
            if plain:
                plain += letter
            continue
        if plain:
            yield plain
        plain = "" if drawn else letter
        yield from drawn
    if plain:
        yield plain


def _likened(letter: str) -> str:
    """A letter as a capital without its accent."""
    if letter == ELLIPSIS:
        return letter
    capital = letter.upper()
    return capital if capital.isascii() else unicodedata.normalize("NFKD", capital)


def _pieces(text: str, face: Face, *, ascii: bool) -> tuple[tuple[str, ...], ...]:
    """The letters of a text, each as its rows."""
    return tuple(_drawn(letter, face, ascii) for letter in _letters(text, _font(face.font)))


@lru_cache(1024)
def _drawn(letter: str, face: Face, ascii: bool) -> tuple[str, ...]:  # noqa: FBT001 -- of a cached function
    """One letter as rows of the terminal; one that the font has not stands in the middle row."""
    glyph = _font(face.font).get(letter)
    if glyph is None:
        blank = " " * cell_len(letter)
        middle = face.rows // 2
        return tuple(letter if row == middle else blank for row in range(face.rows))
    wide = [_widened(row, face) for row in glyph]
    halves = [wide[dot] for dot in face.dots]
    if len(halves) % 2:
        halves.append("." * len(halves[0]))
    rows = (
        "".join(_HALVES[pair] for pair in zip(above, below, strict=True))
        for above, below in zip(halves[::2], halves[1::2], strict=True)
    )
    return tuple(row.replace("█", "#") for row in rows) if ascii else tuple(rows)


def _widened(row: str, face: Face) -> str:
    if face.bold and set(row) != {"."}:
        thick = "".join("#" if "#" in row[max(0, at - 1) : at + 1] else "." for at in range(len(row) + 1))
    else:
        thick = f"{row}." if face.bold else row
    return "".join(dot * face.cells for dot in thick)


def _width(pieces: Sequence[tuple[str, ...]], face: Face) -> int:
    return sum(cell_len(rows[0]) for rows in pieces) + face.cells * max(len(pieces) - 1, 0)


def _joined(pieces: Sequence[tuple[str, ...]], face: Face) -> tuple[str, ...]:
    gap = " " * face.cells
    return tuple(gap.join(rows[row] for rows in pieces) for row in range(face.rows))
