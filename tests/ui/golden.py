"""What a screen looked like when somebody last looked at it: its text, and its colours, kept in a file.

    pytest tests/ui/test_goldens.py -m "deep or not deep" --write-goldens

writes the files anew; what changed is to be looked at before it is committed.
"""

from __future__ import annotations

import difflib
import re
import string
from itertools import pairwise
from pathlib import Path
from typing import Any

from rich.cells import cell_len
from rich.style import Style
from textual.app import App

GOLDENS = Path(__file__).parent / "goldens"
LETTERS = ".abcdefghijklmnopqrstuvwxyz" + string.ascii_uppercase + string.digits


_TIME = re.compile(r"\d\d:\d\d")
_BLANKS = re.compile(r" {2,}")
_RATE = re.compile(r"\d+\.\d(?= req/s)")
"""Whether the newest request is among those of the last seconds depends on the order of two tasks."""


def steady(rows: list[str]) -> list[str]:
    """The rows without how far apart the times below a chart stand.

    plotext puts the labels of an axis where there is room in the order of a set of texts, which differs from
    process to process.
    """
    found = rows[:1]
    for above, row in pairwise(rows):
        below_axis = ("┬" in above or "-+-" in above) and _TIME.search(row)
        found.append(_BLANKS.sub(" ", row) if below_axis else row)
    return found


def planes(app: App[Any], *, colours: bool = True) -> str:
    """The screen as two planes: its letters, and for each cell the letter of its style, with a legend.

    Without `colours` as its letters alone.
    """
    text: list[str] = []
    styles: list[str] = []
    legend: dict[str, str] = {}
    for strip in app.screen._compositor.render_strips():
        text.append("".join(segment.text for segment in strip).rstrip())
        row = ""
        for segment in strip:
            words = style_words(segment.style)
            letter = legend.setdefault(words, LETTERS[min(len(legend), len(LETTERS) - 1)])
            row += letter * cell_len(segment.text)
        styles.append(row)
    if not colours:
        return "\n".join([*steady(text), ""])
    rows = [*steady(text), "", "-- colours", *styles, "", "-- legend"]
    return "\n".join([*rows, *(f"{letter} {words}" for words, letter in legend.items()), ""])


def style_words(style: Style | None) -> str:
    """A style in words, without what does not show."""
    if style is None:
        return "plain"
    front = style.color.name if style.color is not None else "default"
    back = style.bgcolor.name if style.bgcolor is not None else "default"
    marks = [
        name for name in ("bold", "dim", "italic", "underline", "reverse", "strike") if getattr(style, name)
    ]
    return " ".join([f"{front} on {back}", *marks])


def check(app: App[Any], name: str, *, write: bool, colours: bool = True) -> None:
    """Compare the screen with the golden of this name, or write it; without `colours` its letters alone."""
    path, seen = GOLDENS / f"{name}.txt", planes(app, colours=colours)
    if write:
        path.parent.mkdir(exist_ok=True)
        path.write_text(seen, encoding="utf-8")
        return
    assert path.is_file(), f"no golden {path.name}: run with --write-goldens and look at it"
    known = path.read_text(encoding="utf-8")
    if _RATE.sub("n", seen) != _RATE.sub("n", known):
        changes = "\n".join(
            difflib.unified_diff(known.splitlines(), seen.splitlines(), "golden", "screen", lineterm="")
        )
        raise AssertionError(f"{name} looks different:\n{changes}")
