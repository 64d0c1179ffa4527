"""The pager: what it shows, how it keeps its place, what it finds."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual import on
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from flinktop.ui.widgets.messages import Scrolled
from flinktop.ui.widgets.pager import CHOSEN_MARK, MARK, Cell, Pager
from flinktop.ui.widgets.text_rows import TextRows, folded, rows_of, shown

WIDTH, HEIGHT = 40, 10


class PagerApp(App[None]):
    """A pager alone."""

    def __init__(self, pager: Pager) -> None:
        super().__init__()
        self.pager = pager

    def compose(self) -> ComposeResult:
        yield self.pager


@asynccontextmanager
async def reading(pager: Pager, size: tuple[int, int] = (WIDTH, HEIGHT)) -> AsyncIterator[Pilot[Any]]:
    """The pager on a screen of its own, with the keys."""
    app = PagerApp(pager)
    async with app.run_test(size=size) as pilot:
        pager.focus()
        await pilot.pause(0)
        yield pilot


def seen(pager: Pager) -> list[str]:
    """The rows on the screen."""
    return ["".join(part.text for part in pager.render_line(y)).rstrip() for y in range(pager.size.height)]


def numbered(count: int, first: int = 0) -> list[Cell]:
    return [(f"line {number}", "") for number in range(first, first + count)]


@pytest.mark.parametrize(
    ("text", "width", "rows"),
    [("", 5, 1), ("abcde", 5, 1), ("abcdef", 5, 2), ("作业作业", 5, 2), ("作业", 4, 1), ("a" * 21, 10, 3)],
)
def test_a_line_is_folded_at_the_width(text: str, width: int, rows: int) -> None:
    assert rows_of(text, width) == len(folded(text, width)) == rows
    assert "".join(folded(text, width)) == text


def test_rows_and_lines_find_each_other() -> None:
    rows = TextRows(("abc", "", "abcdefgh", "x"), 3)
    assert rows.height == 6
    assert [rows.line_at(row) for row in range(6)] == [(0, 0), (1, 0), (2, 0), (2, 1), (2, 2), (3, 0)]
    assert [rows.row_of(line) for line in range(4)] == [0, 1, 2, 5]


def test_what_steers_a_terminal_is_not_shown() -> None:
    assert shown("\tat a\x1b[31mb") == "    at a\ufffd[31mb"


async def test_only_the_rows_of_the_screen_are_made_and_keys_move_them() -> None:
    pager = Pager(numbered(1000))
    async with reading(pager) as pilot:
        assert seen(pager)[0] == " line 0"
        await pilot.press("pagedown")
        assert seen(pager)[0] == f" line {HEIGHT - 1}"
        await pilot.press("G")
        assert seen(pager)[-1] == " line 999"
        await pilot.press("k", "g", "j")
        assert seen(pager)[0] == " line 1"


async def test_of_twenty_thousand_lines_only_those_in_sight_are_painted() -> None:
    painted: list[Cell] = []

    def paint(line: Cell) -> list[Cell]:
        painted.append(line)
        return [line]

    lines = [
        (f"2026-11-22 04:10:06,019 INFO  some.logger [] - {number} " + "x" * 60, "")
        for number in range(20_000)
    ]
    async with reading(Pager(lines, paint=paint), (120, 40)) as pilot:
        pager = pilot.app.query_one(Pager)
        painted.clear()
        keys = ("G", "pageup", "pageup", "g")
        for key in keys:
            await pilot.press(key)
            assert len(set(seen(pager))) == 40
        # By `seen`, and a few times by Textual.
        assert len(painted) <= 4 * 40 * len(keys)
        assert pager.virtual_size.height == 20_000


async def test_a_long_line_can_be_scrolled_or_wrapped() -> None:
    pager = Pager([("0123456789" * 10, ""), ("end", "")])
    async with reading(pager) as pilot:
        assert seen(pager)[0].startswith(" 0123456789")
        assert seen(pager)[1] == " end"
        await pilot.press("right")
        assert seen(pager)[0].startswith(" 0123456789")
        await pilot.press("right", "right", "right", "right", "right")
        assert seen(pager)[0].endswith("9")
        pager.toggle_wrap()
        await pilot.pause(0)
        rows = seen(pager)
        assert "".join(row.strip() for row in rows if row.strip() != "end") == "0123456789" * 10
        assert " end" in rows


async def test_wide_letters_are_never_cut_in_half() -> None:
    pager = Pager([("作业" * 60, "")], wrapped=True)
    async with reading(pager) as pilot:
        room = pager.scrollable_content_region.width
        assert all(sum(part.cell_length for part in pager.render_line(y)) == room for y in range(HEIGHT))
        pager.toggle_wrap()
        await pilot.press("right")
        assert sum(part.cell_length for part in pager.render_line(0)) == room


async def test_a_view_at_the_end_follows_and_one_that_was_scrolled_away_stays() -> None:
    pager = Pager(follows=True)
    async with reading(pager) as pilot:
        pager.set_lines(numbered(100), range(100))
        await pilot.pause(0)
        assert seen(pager)[-1] == " line 99"
        pager.set_lines(numbered(100, 20), range(20, 120))
        await pilot.pause(0)
        assert seen(pager)[-1] == " line 119"
        await pilot.press("pageup")
        top = seen(pager)[0]
        pager.set_lines(numbered(100, 50), range(50, 150))
        await pilot.pause(0)
        assert seen(pager)[0] == top


async def test_the_scroll_bar_knows_the_end() -> None:
    pager = Pager(follows=True)
    async with reading(pager) as pilot:
        pager.set_lines(numbered(100))
        await pilot.pause(0.05)
        assert pager.vertical_scrollbar.position == pager.scroll_y == 100 - HEIGHT


async def test_the_end_stays_the_end_when_the_screen_shrinks() -> None:
    pager = Pager(numbered(100), follows=True)
    async with reading(pager) as pilot:
        await pilot.press("G")
        await pilot.resize_terminal(WIDTH, 5)
        assert seen(pager)[-1] == " line 99"


async def test_a_search_finds_the_next_match_and_the_one_before() -> None:
    lines = [
        ("An ERROR here", "") if number in (30, 60, 61) else (f"line {number}", "") for number in range(100)
    ]
    pager = Pager(lines)
    async with reading(pager) as pilot:
        pager.filter = "error"
        await pilot.pause(0)
        assert " An ERROR here" in seen(pager)
        assert pager.search_label == "1 of 3 /error"
        pager.step_match(1)
        pager.step_match(1)
        assert pager.search_label == "3 of 3 /error"
        pager.step_match(1)
        assert pager.search_label == "1 of 3 /error"
        pager.step_match(-1)
        await pilot.pause(0)
        assert pager.search_label == "3 of 3 /error"
        assert " An ERROR here" in seen(pager)
        pager.filter = "no such text"
        assert pager.search_label == "not found /no such text"
        pager.filter = ""
        assert pager.search_label == ""


async def test_a_match_out_of_sight_to_the_right_is_brought_into_sight() -> None:
    pager = Pager([("x" * 200 + " needle", ""), ("y", "")])
    async with reading(pager):
        pager.filter = "needle"
        assert "needle" in seen(pager)[0]


async def test_matches_are_marked_and_styles_stay() -> None:
    def paint(line: Cell) -> Sequence[Cell]:
        return [(line[0][:5], "muted"), (line[0][5:], "bad")]

    pager = Pager([("date: wrong [b]here[/b]", "")], paint=paint)
    async with reading(pager):
        plain = [part.text for part in pager.render_line(0)]
        assert plain[1:3] == ["date:", " wrong [b]here[/b]"]
        pager.filter = "wrong"
        parts = [(part.text, part.style) for part in pager.render_line(0)]
        assert [text for text, _ in parts][1:5] == ["date:", " ", "wrong", " [b]here[/b]"]
        assert parts[3][1] != parts[2][1]


async def test_an_empty_pager_says_why() -> None:
    pager = Pager(empty="nothing was written")
    async with reading(pager):
        assert seen(pager)[0] == " nothing was written"


# -- marks -----------------------------------------------------------------------------------------------


async def test_marked_lines_have_a_sign_in_the_margin_and_the_chosen_one_another() -> None:
    pager = Pager([(f"{number} {'x' * 60}", "") for number in range(6)])
    async with reading(pager) as pilot:
        pager.set_marks((1, 3, 99), chosen=3)
        assert [row[0] for row in seen(pager)[:6]] == [" ", MARK, " ", CHOSEN_MARK, " ", " "]
        pager.toggle_wrap()
        await pilot.pause(0)
        # Only the first row of a line.
        assert [row[:1] for row in seen(pager)[:8]] == [" ", " ", MARK, " ", " ", " ", CHOSEN_MARK, " "]
        pager.set_marks(())
        assert {row[:1] for row in seen(pager)} <= {" ", ""}
        pager.set_lines(())
        pager.set_marks((0,))
        assert seen(pager)[0].strip() == "…"


class Told(PagerApp):
    """Counts how often other lines came into sight."""

    def __init__(self, pager: Pager) -> None:
        super().__init__(pager)
        self.seen: list[range] = []

    @on(Scrolled)
    def _scrolled(self) -> None:
        self.seen.append(self.pager.visible_lines)


async def test_it_is_told_which_lines_are_in_sight() -> None:
    pager = Pager(numbered(50))
    app = Told(pager)
    async with app.run_test(size=(WIDTH, HEIGHT)) as pilot:
        pager.focus()
        await pilot.pause(0)
        assert app.seen[-1] == range(HEIGHT)
        told = len(app.seen)
        await pilot.press("k")
        await pilot.pause(0)
        assert len(app.seen) == told
        await pilot.press("j", "G")
        await pilot.pause(0)
        assert app.seen[told:] == [range(1, HEIGHT + 1), range(50 - HEIGHT, 50)]
        pager.set_lines(numbered(3))
        await pilot.pause(0)
        assert app.seen[-1] == range(3)
        pager.set_lines(())
        await pilot.pause(0)
        assert app.seen[-1] == range(0)
        assert pager.visible_text == ""
