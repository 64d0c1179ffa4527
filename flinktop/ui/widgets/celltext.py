"""Text for the cells of a terminal: nothing that moves the cursor, never wider than its place."""

from __future__ import annotations

import re
from typing import Literal

from rich.cells import cell_len, set_cell_size

ELLIPSIS = "…"

# Controls and line ends, soft hyphen, bidi controls, the separators that some terminals break a line at,
# joiners and variation selectors (terminals disagree on the resulting width), surrogates (no encoding has
# them), and the tag characters.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e0fff]"
)
_MARK = "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20f0\ufe20-\ufe2f]"
_PILE = re.compile(f"({_MARK}{{4}}){_MARK}+")
"""More marks on one letter than any script has: hundreds would cover the rows around it."""
_SPACES = frozenset("\t\n\v\f\r\x85\u2028\u2029")
_JOINERS = frozenset("\u00ad\u200b\u200c\u200d\u2060\ufeff") | {chr(code) for code in range(0xFE00, 0xFE10)}


def _harmless(match: re.Match[str]) -> str:
    char = match.group()
    if char in _SPACES:
        return " "
    return "" if char in _JOINERS else "\N{REPLACEMENT CHARACTER}"


def safe(text: str) -> str:
    """The text with every character replaced that a terminal would interpret instead of showing it."""
    if text.isascii() and text.isprintable():
        return text
    return _PILE.sub(r"\1", _UNSAFE.sub(_harmless, text))


def clip(text: str, width: int, *, middle: bool = False) -> str:
    """The text made safe and cut with an ellipsis to at most `width` terminal cells.

    `middle` keeps both ends: names that begin alike differ at their ends.
    """
    if width <= 0:
        return ""
    # Four characters a cell leave room for combining marks and bound the work for a name of any length.
    longest = width * 4 + 4
    cut = len(text) > longest
    shown = safe(text[:longest] if cut else text)
    if not cut and cell_len(shown) <= width:
        return shown
    end = _end(safe(text[-longest:]), (width - 1) // 2) if middle else ""
    room = width - 1 - cell_len(end)
    if cell_len(shown) > room:
        shown = set_cell_size(shown, room)
    return shown.rstrip(" ") + ELLIPSIS + end


def _end(text: str, room: int) -> str:
    """As much of the end of a text as fits into `room` cells."""
    start = len(text)
    while start > 0 and (room := room - cell_len(text[start - 1])) >= 0:
        start -= 1
    # A mark without its letter would combine with the ellipsis.
    while start < len(text) and cell_len(text[start]) == 0:
        start += 1
    return text[start:]


def fit(text: str, width: int, align: Literal["left", "right"] = "left", *, middle: bool = False) -> str:
    """The text in exactly `width` terminal cells, cut as by `clip` or padded."""
    shown = clip(text, width, middle=middle)
    blank = " " * (width - cell_len(shown))
    return blank + shown if align == "right" else shown + blank


def wrap(text: str, width: int, most: int) -> list[str]:
    """The text in at most `most` lines of at most `width` cells, broken between words; line ends are kept."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in safe(paragraph).split():
            longer = f"{line} {word}" if line else word
            if line and cell_len(longer) > width:
                lines.append(line)
                longer = word
            line = longer
            if len(lines) >= most:
                break
        lines.append(line)
        if len(lines) >= most:
            break
    return [clip(line, width) for line in lines[: max(most, 0)]]
