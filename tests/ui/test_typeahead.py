"""Keys that come faster than the screen follows go where the person meant them."""

from __future__ import annotations

from textual import events

from flinktop.ui.screens.overview import OverviewScreen
from tests.ui.day import Day, monitor

NAMES = {"/": "slash", "\r": "enter", "\x1b": "escape", "S": "S"}


async def burst(day: Day, text: str) -> None:
    """All the keys of a text at once, as a paste or a script sends them."""
    for letter in text:
        day.app.post_message(events.Key(NAMES.get(letter, letter), letter))
    await day.settled()


async def test_a_filter_typed_in_one_go_is_the_filter() -> None:
    async with monitor("1.20.5") as day:
        await burst(day, "/steady\r")
        assert isinstance(day.app.screen, OverviewScreen)
        assert day.table.filter == "steady"
        assert day.app.focused is day.table


async def test_a_key_typed_at_once_behind_a_filter_is_for_the_rows() -> None:
    async with monitor("1.20.5") as day:
        await burst(day, "/steady\rS")
        assert day.table.filter == "steady"
        assert day.table.sort_label == "reversed"
        await burst(day, "/slow\x1bS")
        assert day.table.filter == ""
        assert day.table.sort_label == ""


async def test_letters_that_are_keys_elsewhere_are_letters_in_a_filter() -> None:
    async with monitor("1.20.5") as day:
        await burst(day, "/jobs/q?")
        assert isinstance(day.app.screen, OverviewScreen)
        assert day.table.filter == "jobs/q?"
