"""Shapes of ours become ASCII of the same width, whatever line they stand in."""

import pytest
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from flinktop.model import checkpoints, states
from flinktop.model import format as fmt
from flinktop.ui.ascii_shapes import AsciiShapes

RED, BOLD = Style(color="red"), Style(bold=True)


def plain(*texts: str) -> str:
    """The texts, each in another style, as one line of ASCII."""
    segments = [Segment(text, (RED, BOLD)[at % 2]) for at, text in enumerate(texts)]
    found = AsciiShapes().apply(segments, Color(0, 0, 0))
    line = "".join(segment.text for segment in found)
    assert cell_len(line) == cell_len("".join(texts))
    return line


def test_shapes_of_states_differ_in_ascii_too() -> None:
    marks = {states.mark("", tone) for tone in ("good", "muted", "bad", "warn", "info")}
    found = {plain(mark) for mark in marks}
    assert len(found) == 5
    assert all(mark.isascii() for mark in found)
    assert plain(checkpoints.state("IN_PROGRESS")) == "~ IN PROGRESS"


def test_dashes_and_ellipses() -> None:
    assert plain(f"{fmt.ABSENT} {fmt.UNKNOWN}") == "- ~"


@pytest.mark.parametrize(
    ("texts", "line"),
    [
        (("loading jobs…", "     "), "loading jobs...   "),
        (("loading jobs…   ", "x"), "loading jobs... x"),
        (("lag 3 s ±10 s", "   ", "rest"), "lag 3 s +-10 s  rest"),
        (("loading jobs…",), "loading jobs~"),
        (("a name…", "   "), "a name~   "),
    ],
)
def test_what_takes_more_cells_takes_them_from_the_blanks_behind(texts: tuple[str, ...], line: str) -> None:
    assert plain(*texts) == line


def test_foreign_letters_and_styles_stay() -> None:
    segments = [Segment("作业 ● ", RED), Segment("Überwachung", BOLD)]
    found = AsciiShapes().apply(segments, Color(0, 0, 0))
    assert [(segment.text, segment.style) for segment in found] == [("作业 * ", RED), ("Überwachung", BOLD)]
