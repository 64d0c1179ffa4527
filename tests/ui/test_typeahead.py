"""Keys that come faster than the screen follows go where they were meant, in their order, and end nothing."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from unittest import mock

import pytest
from textual import events
from textual.widgets import Input

from flinktop.ui.app import FlinkTop
from flinktop.ui.live import LiveScreen
from flinktop.ui.screens.job import JobScreen
from flinktop.ui.screens.leave import LeaveScreen
from flinktop.ui.screens.overview import OverviewScreen
from tests.depth import named_in_depth
from tests.ui.acting import acting
from tests.ui.day import LETTERS, Day, monitor

pytestmark = pytest.mark.deep

NAMES = {letter: name for name, letter in LETTERS.items()}


def keys_of(text: str) -> list[str]:
    """The keys that type a text."""
    return [NAMES.get(letter, letter) for letter in text]


async def burst(day: Day, keys: Iterable[str]) -> None:
    """All the keys at once, as a script sends them or a person who types ahead of a slow link."""
    post(day.app, keys)
    await day.settled()


def post(app: FlinkTop, keys: Iterable[str]) -> None:
    """Hand keys to the app as the terminal does."""
    for key in keys:
        app.post_message(events.Key(key, key if len(key) == 1 else LETTERS.get(key)))


async def test_a_filter_typed_in_one_go_is_the_filter() -> None:
    async with monitor("1.20.5") as day:
        await burst(day, keys_of("/steady\r"))
        assert isinstance(day.app.screen, OverviewScreen)
        assert day.table.filter == "steady"
        assert day.app.focused is day.table


async def test_a_key_typed_at_once_behind_a_filter_is_for_the_rows() -> None:
    async with monitor("1.20.5") as day:
        await burst(day, keys_of("/steady\rS"))
        assert day.table.filter == "steady"
        assert day.table.sort_label == "reversed"
        await burst(day, keys_of("/slow\x1bS"))
        assert day.table.filter == ""
        assert day.table.sort_label == ""


async def test_letters_that_are_keys_elsewhere_are_letters_in_a_filter() -> None:
    async with monitor("1.20.5") as day:
        await burst(day, keys_of("/jobs/q?"))
        assert isinstance(day.app.screen, OverviewScreen)
        assert day.table.filter == "jobs/q?"


# -- in their order ------------------------------------------------------------------------------------------


async def test_letters_behind_backspaces_stay_behind_them_in_a_filter() -> None:
    async with monitor("1.20.5") as day:
        await burst(day, keys_of("/0123456789"))
        await burst(day, ["backspace"] * 10 + ["X", "Y", "Z"])
        assert day.table.filter == "XYZ"
        await burst(day, ["home", "1", "end", "2", "left", "left", "delete"])
        assert day.table.filter == "1XY2"


async def test_letters_behind_backspaces_stay_behind_them_in_the_palette() -> None:
    async with monitor("1.20.5") as day:
        await burst(day, ["colon", *"0123456789"])
        await burst(day, ["backspace"] * 10 + ["X", "Y", "Z"])
        assert day.app.screen.query_one(Input).value == "XYZ"


async def test_letters_behind_backspaces_stay_behind_them_in_a_form() -> None:
    async with monitor("1.20.5") as day:
        await burst(day, ["w"])
        written = day.app.screen.query_one(Input).value
        await burst(day, ["backspace"] * 10 + ["X", "Y", "Z"])
        assert day.app.screen.query_one(Input).value == f"{written[:-10]}XYZ"


async def test_a_paste_stays_between_the_keys_around_it() -> None:
    async with monitor("1.20.5") as day:
        post(day.app, [*keys_of("/ab"), "backspace"])
        day.app.post_message(events.Paste("pasted"))
        post(day.app, ["backspace", "z"])
        await day.settled()
        assert day.table.filter == "apastez"


async def test_a_key_typed_behind_another_screens_key_is_for_that_screen() -> None:
    async with monitor("1.20.5") as day:
        await burst(day, [*keys_of("/steady\r\r"), "2", "slash", "x", "backspace", "a", "enter"])
        assert isinstance(day.app.screen, JobScreen)
        assert day.app.screen.tab == "vertices"
        assert day.table.filter == "a"


@pytest.mark.deep
async def test_a_walk_typed_in_one_go_comes_back_to_where_it_began() -> None:
    async with monitor("2.3.0", demo="mixed") as day:
        there = [*keys_of("/orders-e\r\r"), "2", "enter", "1", "enter", *"12345", "greater_than_sign", "2"]
        await burst(day, there)
        assert [screen.crumb for screen in day.app.screen_stack if isinstance(screen, LiveScreen)][-1] == (
            "subtask 1 (2/4)"
        )
        await burst(day, ["escape"] * 12)
        assert isinstance(day.app.screen, OverviewScreen)


async def test_a_screen_that_never_gets_ready_does_not_hold_the_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flinktop.ui.key_order.PATIENCE", 0.0)
    async with monitor("1.20.5") as day:
        with mock.patch.object(OverviewScreen, "ready_for", return_value=False):
            await burst(day, ["s", "S", "ctrl+c"])
            assert isinstance(day.app.screen, LeaveScreen)


async def test_keys_wait_for_a_screen_also_while_the_machine_stands_still(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("flinktop.ui.key_order.PATIENCE", 0.02)
    monkeypatch.setattr("flinktop.ui.key_order.LONGEST_TURN", 0.001)
    looks = 0

    def ready_for(_screen: OverviewScreen, _event: events.Event) -> bool:
        nonlocal looks
        looks += 1
        if looks < 6:
            # A turn of the loop takes longer than keys wait for a screen that is stuck.
            time.sleep(0.03)
        return looks > 6

    async with monitor("1.20.5") as day:
        with mock.patch.object(OverviewScreen, "ready_for", ready_for):
            await burst(day, ["s"])
        assert looks > 6
        assert day.table.sort_label


async def test_keys_keep_their_order_when_the_screen_is_not_waited_for_any_more() -> None:
    async with monitor("1.20.5") as day:
        day.app.key_order._busy = float("inf")
        with mock.patch.object(OverviewScreen, "ready_for", return_value=False):
            await burst(day, [*keys_of("/0123456789"), *["backspace"] * 10, "X", "Y", "Z"])
            assert day.table.filter == "XYZ"


# -- each answer counts once ---------------------------------------------------------------------------------

DIALOGS = {
    "leave": ["q"],
    "leave by ctrl+c": ["ctrl+c"],
    "help": ["question_mark"],
    "write": ["w"],
    "palette": ["colon"],
    "actions": ["a"],
    "confirm": ["a", "enter"],
    "jar": [":", *"jars", "enter", "enter"],
}
ANSWERS = {
    "esc": ["escape"] * 20,
    "esc n n": ["escape", "n", "n"],
    "n n": ["n", "n"],
    "q esc": ["q", "escape", "q", "escape"],
    "enter enter": ["enter", "enter", "escape", "escape"],
    "all": ["down", "up", "pagedown", "pageup", "tab", "x", "backspace", "?", "n", "escape", "escape"],
}


@pytest.mark.parametrize("answers", named_in_depth(ANSWERS, fast=["esc", "all"]))
@pytest.mark.parametrize("opened", named_in_depth(DIALOGS, fast=["leave", "confirm"]))
async def test_hasty_keys_neither_exit_nor_blank_the_screen(
    opened: list[str], answers: list[str], tmp_path: Path
) -> None:
    async with acting(state=tmp_path) as ui:
        await burst(ui, [*opened, *answers])
        if ui.app.return_value is None:
            await burst(ui, ["escape"] * 8)
            assert isinstance(ui.app.screen, OverviewScreen)
            assert "steady [test]" in ui.text
        else:
            # Who presses q or enter in the question leaves.
            assert opened in (["q"], ["ctrl+c"])
            assert {"q", "enter"} & set(answers)
