"""The palette used faster than it searches: enter and arrows are about what all that was typed has found."""

from __future__ import annotations

import asyncio

import pytest
from textual import events

from flinktop.ui.palette import Palette
from flinktop.ui.screens.jars import JarsScreen
from flinktop.ui.screens.overview import OverviewScreen
from flinktop.ui.screens.taskmanagers import TaskManagersScreen
from tests.depth import in_depth
from tests.ui.day import monitor
from tests.ui.test_typeahead import burst, keys_of

pytestmark = pytest.mark.deep

LIST_KEYS = ("enter", "down", "up", "pagedown", "pageup", "ctrl+end", "ctrl+home", "shift+end")


@pytest.mark.parametrize(("words", "place"), [("jars", JarsScreen), ("tm", TaskManagersScreen)])
async def test_enter_behind_a_word_is_for_what_the_word_finds(words: str, place: type) -> None:
    async with monitor("2.3.0", demo="mixed") as day:
        await burst(day, ["colon", *words, "enter"])
        assert isinstance(day.app.screen, place)


async def test_a_second_enter_is_for_the_place_that_the_first_opened() -> None:
    async with monitor("2.3.0", demo="mixed") as day:
        await burst(day, ["colon", *"taskmanagers", "enter", "escape", "colon", *"jars", "enter"])
        places = [screen for screen in day.app.screen_stack if isinstance(screen, JarsScreen)]
        assert len(places) == 1
        assert isinstance(day.app.screen, JarsScreen)


@pytest.mark.parametrize("key", in_depth(LIST_KEYS, fast=["enter", "pagedown"]))
async def test_a_key_for_the_list_that_is_not_there_yet_ends_nothing(key: str) -> None:
    async with monitor("1.20.5") as day:
        # Past the order of the keys: as if the list never came.
        day.app.push_screen(palette := Palette())
        for _ in range(40):
            if palette.is_running:
                palette.post_message(events.Key(key, None))
                await day.app.run_action(_action(key), palette)
            await asyncio.sleep(0)
        await day.settled()
        await burst(day, ["escape"] * 3)
        assert isinstance(day.app.screen, OverviewScreen)


@pytest.mark.parametrize(
    "typed", in_depth(["zzzzzz", ":::", "[/b]", "\\", "a" * 300], fast=["zzzzzz", "[/b]"])
)
async def test_what_finds_nothing_chooses_nothing(typed: str) -> None:
    async with monitor("1.20.5") as day:
        await burst(day, ["colon", *keys_of(typed), *LIST_KEYS, "escape", "escape"])
        assert isinstance(day.app.screen, OverviewScreen)


def _action(key: str) -> str:
    """The action of the palette that a key stands for."""
    names = {"down": "cursor_down", "up": "command_list('cursor_up')", "enter": "command_list('select')"}
    names |= {"pagedown": "command_list('page_down')", "pageup": "command_list('page_up')"}
    return names.get(key, f"command_list('{'last' if key.endswith('end') else 'first'}')")
