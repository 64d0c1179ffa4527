"""What is written to the terminal: what has changed, and everything when it may have been overwritten."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual import __version__, events
from textual.geometry import Size

from flinktop.ui import changed_runs
from flinktop.ui.changed_runs import EVERY, ChangedRuns, unknown_in_textual
from tests.depth import in_depth
from tests.monkey.walk import walk
from tests.terminal.screen import TerminalScreen
from tests.ui.day import Day, monitor

SIZE = (120, 40)


class Terminal:
    """A terminal, and how much was written to it."""

    def __init__(self, size: tuple[int, int] = SIZE) -> None:
        self.count = 0
        self.screen = TerminalScreen(*size)
        self.screen.feed(b"\x1b[?7l")

    def take(self, text: str) -> None:
        self.count += len(text.encode())
        self.screen.feed(text.encode())


@asynccontextmanager
async def seen(
    scenario: str = "mixed", *, ascii_only: bool = False, theme: str = "dark"
) -> AsyncIterator[tuple[Day, Terminal]]:
    """The demo, and the terminal that it is seen on."""
    terminal = Terminal()
    async with monitor(
        "2.3.0", SIZE, demo=scenario, ascii_only=ascii_only, theme=theme, written=terminal.take
    ) as day:
        yield day, terminal


def complete(day: Day, terminal: Terminal) -> None:
    """The terminal shows each cell as the screen has it."""
    whole = Terminal(day.app.size)
    update = day.app.screen._compositor.render_full_update()
    whole.take(update.render_segments(day.app.console))
    assert terminal.screen.text == whole.screen.text
    assert terminal.screen.cells == whole.screen.cells


@pytest.mark.deep
async def test_the_screen_is_complete_on_every_path() -> None:
    async with seen() as (day, terminal):
        complete(day, terminal)
        for keys in (
            ("down", "s", "s"),
            ("question_mark",),
            ("escape", "enter"),
            ("2", "down"),
            ("3",),
            ("z",),
            ("escape", "full_stop"),
            ("c",),
            ("escape", "escape", "colon", "j"),
            ("escape", "slash", *"作業\u0301"),
            ("escape", "q"),
            ("escape",),
        ):
            await day.press(*keys)
            await day.wait(3)
            complete(day, terminal)


@pytest.mark.deep
@pytest.mark.parametrize("look", [{"ascii_only": True}, {"theme": "light"}, {"theme": "ansi-dark"}], ids=str)
async def test_in_every_look(look: dict[str, object]) -> None:
    async with seen(**look) as (day, terminal):  # type: ignore[arg-type]
        await day.wait(6)
        complete(day, terminal)
        await day.press("enter", "3")
        await day.wait(6)
        complete(day, terminal)


@pytest.mark.deep
async def test_in_every_size_a_window_is_dragged_to() -> None:
    async with seen() as (day, terminal):
        for size in ((80, 24), (100, 30), (20, 5), SIZE):
            await resized(day, terminal, size)
            complete(day, terminal)


async def resized(day: Day, terminal: Terminal, size: tuple[int, int]) -> None:
    terminal.screen.resize(*size)
    await day.pilot.resize_terminal(*size)
    await day.settled()


@pytest.mark.long
@pytest.mark.parametrize("seed", in_depth([1, 2, 3], fast=[], deep=[1]))
async def test_wherever_a_monkey_goes(seed: int, tmp_path: Path) -> None:
    terminal = Terminal()
    async with monitor("2.3.0", SIZE, demo="mixed", state=tmp_path, written=terminal.take) as day:
        for step in walk(seed, 80):
            if step.kind == "key":
                await day.type_ahead(step.what)
            elif step.kind == "paste":
                await day.paste(step.what)
            elif step.kind == "resize":
                await resized(day, terminal, step.size)
            await day.wait(1)
            complete(day, terminal)


async def written_in(seconds: int, *keys: str) -> int:
    """Bytes that are written while a place that these keys open is looked at."""
    async with seen() as (day, terminal):
        await day.press(*keys)
        await day.wait(9)
        before = terminal.count
        await day.wait(seconds)
        return terminal.count - before


@pytest.mark.deep
@pytest.mark.parametrize(
    "keys", [(), pytest.param(("enter", "3"), marks=pytest.mark.deep)], ids=["overview", "charts"]
)
async def test_a_fraction_of_the_lines_is_written(
    keys: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = await written_in(10, *keys)
    monkeypatch.setattr(changed_runs, "unknown_in_textual", lambda: "a test")
    assert runs < 0.5 * await written_in(10, *keys)


# -- everything anew -------------------------------------------------------------------------------------


async def ctrl_l(day: Day) -> None:
    await day.press("ctrl+l")


async def focus(day: Day) -> None:
    day.app.post_message(events.AppFocus())
    await day.settled()


async def size(day: Day) -> None:
    """As Textual says it after a pause, and after a window was dragged away from its size and back."""
    day.app.post_message(events.Resize(Size(*SIZE), Size(*SIZE)))
    await day.settled()


async def minute(day: Day) -> None:
    for _ in range(EVERY):
        day.app.second()
    await day.settled()


@pytest.mark.deep
@pytest.mark.parametrize(
    "before", [(), pytest.param(("q",), marks=pytest.mark.deep)], ids=["screen", "dialog"]
)
async def test_everything_is_rewritten(before: tuple[str, ...]) -> None:
    async with seen() as (day, terminal):
        await day.press(*before)
        for happens in (ctrl_l, focus, size, minute):
            # Another program has written over all of it.
            terminal.take("\x1b[2J\x1b[1;1H# segmentation fault\n" * 9)
            await happens(day)
            complete(day, terminal)


@pytest.mark.deep
async def test_between_it_is_not() -> None:
    async with seen() as (day, terminal):
        terminal.take("\x1b[2J")
        await day.wait(5)
        with pytest.raises(AssertionError):
            complete(day, terminal)


# -- Textual as it is known ------------------------------------------------------------------------------


def test_textual_is_as_it_is_known() -> None:
    assert unknown_in_textual() is None


def other_display(self: object, renderable: object) -> None:
    """As a later Textual might have it."""


@pytest.mark.deep
async def test_another_textual_writes_whole_lines_and_the_log_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    known = changed_runs._TEXTUAL
    monkeypatch.setattr(changed_runs, "_TEXTUAL", ((other_display, known[0][1]), *known[1:]))
    caplog.set_level(logging.WARNING)
    async with seen() as (day, terminal):
        assert "changed lines are written whole: other_display of Textual" in caplog.text
        complete(day, terminal)
        await day.press("enter", "3")
        await day.wait(3)
        complete(day, terminal)


def test_an_update_of_another_kind_is_written_as_it_is_and_the_log_says_so_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)
    runs, update = ChangedRuns(), "\x1b[1;1Hone\x1b[K"
    for _ in range(2):
        assert runs.changes(update, Size(20, 5)) == update
    assert [record.message for record in caplog.records] == [
        f"an update is written whole: Textual {__version__} wrote 'one\\x1b[K'"
    ]
    assert runs.changes("\x1b[1;1Hone", Size(20, 5)) == "\x1b[1;1Hone"


def test_a_screen_of_another_size_is_written_whole() -> None:
    runs = ChangedRuns()
    for columns in (20, 21):
        assert runs.changes("\x1b[1;1Hone", Size(columns, 5)) == "\x1b[1;1Hone"
        assert runs.changes("\x1b[1;1Hone", Size(columns, 5)) == ""
