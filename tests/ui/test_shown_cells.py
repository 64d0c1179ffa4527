"""Of an update only what has changed is written, and a terminal shows the same as if all of it were."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from flinktop.ui.shown_cells import NotUnderstood, ShownCells
from tests.terminal.screen import TerminalScreen

COLUMNS, ROWS = 24, 4
CONSOLE = Console(color_system="truecolor")
STYLES = tuple(
    Style.parse(words) if words else None
    for words in ("", "red", "bold red on blue", "#102030 on #405060", "reverse", "underline")
)
LETTERS = ("a", "b", " ", "─", "⣿", "●", "作", "ー", "e\u0301", "作\u0301")
DOUBTFUL = ("👍", "👩\u200d🚀", "❤\ufe0f", "\u200b", "\ue0b0", "\U000e0100")
"""Characters that some terminals draw wider than others, or not at all."""


class Terminal:
    """A terminal that shows what was written to it."""

    def __init__(self) -> None:
        self.screen = TerminalScreen(COLUMNS, ROWS)
        self.write("\x1b[?7l")

    def write(self, text: str) -> None:
        self.screen.feed(text.encode())


def piece(segments: list[tuple[str, Style | None]], x: int, y: int, width: int) -> str:
    """Segments as Textual writes them to a place, cut or filled up to a width."""
    strip = Strip([Segment(text, style) for text, style in segments])
    strip = strip.adjust_cell_length(width).crop(0, width)
    # Between lines, never below the last one.
    return f"\x1b[{y + 1};{x + 1}H{strip.render(CONSOLE)}" + ("\n" if y + 1 < ROWS else "")


def at(x: int, y: int, text: str, style: str = "") -> str:
    """A text in one style at a place."""
    return f"\x1b[{y + 1};{x + 1}H" + (f"\x1b[{style}m{text}\x1b[0m" if style else text)


def same(whole: Terminal, changed: Terminal) -> bool:
    return whole.screen.cells == changed.screen.cells


def segments_of(letters: tuple[str, ...]) -> st.SearchStrategy[list[tuple[str, Style | None]]]:
    texts = st.lists(st.sampled_from(letters), min_size=1, max_size=9).map("".join)
    return st.lists(st.tuples(texts, st.sampled_from(STYLES)), min_size=1, max_size=6)


def updates(letters: tuple[str, ...]) -> st.SearchStrategy[list[str]]:
    """Updates of whole lines and of pieces of them."""
    whole = st.builds(
        lambda segments, y: piece(segments, 0, y, COLUMNS), segments_of(letters), st.integers(0, ROWS - 1)
    )
    part = st.builds(
        lambda segments, x, y, width: piece(segments, x, y, min(width, COLUMNS - x)),
        segments_of(letters),
        st.integers(0, COLUMNS - 1),
        st.integers(0, ROWS - 1),
        st.integers(1, COLUMNS),
    )
    return st.lists(st.lists(whole | part, min_size=1, max_size=4).map("".join), min_size=1, max_size=8)


@pytest.mark.deep
@settings(max_examples=50)
@given(updates(LETTERS))
def test_the_terminal_shows_the_same_as_if_all_were_written(given_updates: list[str]) -> None:
    shown, whole, changed = ShownCells(), Terminal(), Terminal()
    for update in given_updates:
        whole.write(update)
        changed.write(shown.changes(update))
        assert same(whole, changed)


@pytest.mark.long
@settings(max_examples=200)
@given(updates((*LETTERS, *DOUBTFUL)))
def test_the_same_with_characters_that_terminals_differ_about(given_updates: list[str]) -> None:
    shown, whole, changed = ShownCells(), Terminal(), Terminal()
    for update in given_updates:
        whole.write(update)
        changed.write(shown.changes(update))
        assert same(whole, changed)


@pytest.mark.deep
@settings(max_examples=30)
@given(updates(LETTERS))
def test_what_is_there_already_is_not_written(given_updates: list[str]) -> None:
    shown = ShownCells()
    screen = "".join(piece([("ab作" * 9, None)], 0, y, COLUMNS) for y in range(ROWS))
    for update in given_updates:
        shown.changes(update)
    assert shown.changes(screen)
    assert not shown.changes(screen)


@pytest.mark.parametrize(
    ("before", "after", "written"),
    [
        ("jobs 12 of 20", "jobs 13 of 20", "\x1b[1;7H3"),
        ("jobs 12 of 20", "jobs 12 of 20", ""),
        # Four that stay cost less than a jump; twenty do not.
        ("1 jobs 2", "3 jobs 4", "\x1b[1;1H3\x1b[8G4"),
        ("1 of 2", "3 of 4", "\x1b[1;1H3 of 4"),
        # A wide character is written whole, and so is one with a mark over it.
        ("a作b", "a業b", "\x1b[1;2H業"),
        ("a作b", "axyb", "\x1b[1;2Hxy"),
        ("axyb", "a作b", "\x1b[1;2H作"),
        ("ae\u0301b", "aeb", "\x1b[1;2He"),
        ("aeb", "ae\u0301b", "\x1b[1;2He\u0301"),
        ("作業x", "作業y", "\x1b[1;5Hy"),
        # Nobody knows where what follows a picture stands.
        ("👍 1", "👍 2", "\x1b[1;1H👍 2"),
    ],
)
def test_which_run_is_written(before: str, after: str, written: str) -> None:
    shown = ShownCells()
    assert shown.changes(at(0, 0, before)) == at(0, 0, before)
    assert shown.changes(at(0, 0, after)) == written


def test_a_style_is_written_once_for_runs_that_share_it() -> None:
    shown = ShownCells()
    shown.changes(at(0, 0, "1" + " " * 20 + "2", "31"))
    assert shown.changes(at(0, 0, "3" + " " * 20 + "4", "31")) == "\x1b[1;1H\x1b[31m3\x1b[22G4\x1b[0m"
    assert shown.changes(at(0, 0, "3" + " " * 20 + "4", "32")).startswith("\x1b[1;1H\x1b[32m3   ")


def test_after_it_has_forgotten_everything_is_written() -> None:
    shown = ShownCells()
    update = at(0, 0, "one") + "\n" + at(0, 1, "two")
    shown.changes(update)
    assert not shown.changes(update)
    shown.forget()
    assert shown.changes(update) == update.replace("\n", "")


def test_a_half_overwritten_wide_character_is_written_again() -> None:
    shown = ShownCells()
    for text in ("a作b", "a作c"):
        shown.changes(at(0, 0, text))
        shown.changes(at(2, 0, "x"))
        assert shown.changes(at(0, 0, text)) == "\x1b[1;2H作"


def test_a_piece_that_was_overwritten_in_part_is_not_taken_to_be_there() -> None:
    shown = ShownCells()
    shown.changes(at(0, 0, "abc"))
    shown.changes(at(1, 0, "x"))
    assert shown.changes(at(0, 0, "abc")) == "\x1b[1;2Hb"


def test_nothing_is_known_of_a_line_with_a_picture() -> None:
    shown = ShownCells()
    shown.changes(at(0, 0, "abcd"))
    shown.changes(at(0, 0, "a👍d"))
    assert shown.changes(at(0, 0, "abcd")) == at(0, 0, "abcd")


@pytest.mark.parametrize(
    "update",
    [
        "text that is nowhere",
        at(0, 0, "a\x1b[K"),
        at(0, 0, "a\tb"),
        at(0, 0, "a\x1b[2Jb"),
        at(0, 0, "作\x07"),
    ],
)
def test_what_is_not_understood_is_refused_and_everything_forgotten(update: str) -> None:
    shown = ShownCells()
    known = at(0, 1, "known")
    shown.changes(known)
    with pytest.raises(NotUnderstood):
        shown.changes(update)
    assert shown.changes(known) == known


def test_a_link_is_written_unchanged() -> None:
    shown = ShownCells()
    link = at(0, 0, "\x1b]8;id=1;https://flink.test\x1b\\text\x1b]8;;\x1b\\")
    assert shown.changes(link) == link
    assert shown.changes(link) == link
