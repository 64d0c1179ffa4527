"""All numbers of an answer are odd at once, on each screen that shows it: no panel breaks, the rest lives."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import unquote

import pytest

from flinktop.flink.endpoint import Endpoint
from flinktop.ui.live import LiveScreen
from flinktop.ui.screens.overview import OverviewScreen
from flinktop.ui.screens.tabbed import TabbedScreen
from tests.flink.catalogue import releases
from tests.odd_values import ODD, is_number
from tests.ui.day import Day, monitor
from tests.ui.test_looks import SCREENS

FEW = ("Infinity", "10^400", "-1")
UNCONCERNED = {"stop", "cancel", "upload", "run a jar", "operations"}
PLACES = tuple(name for name in SCREENS if name not in UNCONCERNED)
"""Screens that show what a cluster answers."""
SECONDS = 11.0
"""After so long every answer on the screen has been asked for again."""


def with_all(raw: Any, odd: Any) -> Any:
    """The document with something else in the place of all its numbers, ids excepted."""
    if isinstance(raw, dict):
        return {
            key: odd if key not in ("id", "jid") and is_number("", value) else with_all(value, odd)
            for key, value in raw.items()
        }
    if isinstance(raw, list):
        return [odd if is_number("", value) else with_all(value, odd) for value in raw]
    return raw


async def leap(day: Day) -> None:
    """Let time pass at once, and show it."""
    await day.clock.advance(SECONDS)
    await day.settled()
    screen = day.app.screen
    if isinstance(screen, LiveScreen):
        screen.tick()
    await day.settled()


def asked(day: Day) -> dict[Endpoint[Any], set[str]]:
    """What the screen asks for: paths by their endpoint."""
    found: dict[Endpoint[Any], set[str]] = {}
    for query in day.port.engine.poller._visible:
        found.setdefault(query.endpoint, set()).add(unquote(query.target.partition("?")[0]))
    return found


def looks_well(day: Day, told: str) -> None:
    """No panel is broken, the engine lives, and the overview has every job."""
    assert not day.app.screen.query(".-broken"), told
    assert day.port.engine.crashes == 0, told
    assert "cannot" not in day.text, f"{told}\n{day.text}"
    if isinstance(day.app.screen, OverviewScreen):
        for job in day.cluster.document("jobs/overview")["jobs"]:
            assert job["name"][:20] in day.text, f"{told}: {job['name']}\n{day.text}"


async def try_all(day: Day, values: tuple[str, ...], count: Counter[str]) -> None:
    """Each endpoint of a page with each value."""
    for endpoint, paths in asked(day).items():
        for name in values:
            odd = json.loads(ODD[name])
            day.cluster.changed = dict.fromkeys(paths, partial(with_all, odd=odd))
            await leap(day)
            looks_well(day, f"{endpoint.path}: {name}")
            count["tried"] += 1
    day.cluster.changed = {}
    await leap(day)


async def walk(release: str, place: str, values: tuple[str, ...]) -> str:
    """A screen with all its tabs; gives what was tried."""
    count: Counter[str] = Counter()
    async with monitor(release, (150, 50)) as day:
        screen = SCREENS[place](day.cluster)
        await day.app.push_screen(screen)
        await leap(day)
        tabs = screen.tab_names if isinstance(screen, TabbedScreen) else ("",)
        for number, tab in enumerate(tabs, 1):
            if tab:
                await day.press(str(number))
                await leap(day)
            count["pages"] += 1
            count["answers"] += len(asked(day))
            await try_all(day, values, count)
    shown = f"{count['pages']} pages show {count['answers']} answers"
    return f"{release}, {place}: {shown}, {len(values)} values each: {count['tried']} tried, 0 failed"


Property = Callable[[str, object], None]


@pytest.mark.deep(cases=4)
@pytest.mark.parametrize("place", PLACES)
async def test_odd_answers_break_no_screen(place: str, record_property: Property) -> None:
    record_property("figures", await walk("1.20.5", place, FEW))


@pytest.mark.long
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("release", releases())
async def test_any_odd_answer_breaks_no_screen(release: str, place: str, record_property: Property) -> None:
    record_property("figures", await walk(release, place, tuple(ODD)))
