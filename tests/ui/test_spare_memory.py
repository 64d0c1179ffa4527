"""Memory that nothing uses any more goes back to the system."""

from __future__ import annotations

import ctypes
import gc
import weakref
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from textual.geometry import Region
from textual.widget import Widget

from flinktop.ui.spare_memory import ANEW, EVERY, SETTLED, SpareMemory
from tests.ui.day import monitor

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.usefixtures("thawed")

ONE, COUNT = 700, 100_000
"""Too big for Python's own pools, too small for a mapping each."""


@pytest.fixture
def thawed() -> Iterator[None]:
    """What was exempt from collection in a test is collected after it."""
    yield
    gc.unfreeze()


def resident() -> float:
    """MB of this process in memory."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


@pytest.mark.deep
@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="this C library trims by itself")
async def test_freed_memory_between_used_blocks_is_returned_within_a_minute() -> None:
    async with monitor(spares=True) as day:
        blocks = [bytes(ONE) for _ in range(COUNT)]
        kept = [*blocks[::50], bytes(ONE)]
        full = resident()
        del blocks
        for _ in range(EVERY):
            day.app.tick()
        assert resident() < full - 0.8 * ONE * COUNT / 1_048_576
        assert len(kept) > 1


@pytest.mark.deep
async def test_a_closed_screen_is_released_within_a_minute() -> None:
    async with monitor(spares=True) as day:
        gc.disable()
        try:
            await day.press("enter")
            job = weakref.ref(day.app.screen)
            await day.press("escape")
            await day.wait(2)
            assert job() is not None
            for _ in range(EVERY):
                day.app.tick()
            await day.settled()
            assert job() is None
        finally:
            gc.enable()


@pytest.mark.deep
async def test_a_screen_that_was_open_at_the_first_time_is_released_when_it_is_closed() -> None:
    async with monitor(spares=True) as day:
        gc.disable()
        try:
            await day.press("enter")
            job = weakref.ref(day.app.screen)
            for _ in range(EVERY):
                day.app.tick()
            await day.press("escape")
            await day.wait(2)
            for _ in range(EVERY):
                day.app.tick()
            await day.settled()
            assert job() is None
        finally:
            gc.enable()


@pytest.mark.deep
async def test_what_is_there_at_the_first_time_is_not_looked_through_again() -> None:
    async with monitor(spares=True) as day:
        before = gc.get_freeze_count()
        for _ in range(EVERY):
            day.app.tick()
        assert gc.get_freeze_count() > before
        assert len(day.app.screen_stack) == 2


@pytest.mark.deep
async def test_rectangles_of_long_ago_are_forgotten_within_a_minute() -> None:
    async with monitor(spares=True) as day:
        screen = day.app.screen.region
        for number in range(2_000):
            screen.intersection(Region(number, number, 7, 7))
        for _ in range(EVERY):
            day.app.tick()
        assert Region.intersection.cache_info().currsize < 1_000


@pytest.mark.deep
async def test_a_covered_screen_keeps_no_lines_and_is_drawn_again_when_it_is_back() -> None:
    async with monitor() as day:
        below, before = day.app.screen, [line[:50] for line in day.text.splitlines()[1:]]
        await day.press("enter")
        kept = [len(widget._styles_cache._cache) for widget in below.walk_children(Widget)]
        assert sum(kept) == 0
        await day.press("escape")
        assert day.app.screen is below
        # Figures that came meanwhile stand further right.
        assert [line[:50] for line in day.text.splitlines()[1:]] == before


class Cycle:
    """Garbage that only a collection releases."""

    def __init__(self) -> None:
        self.itself = self


@pytest.mark.deep
def test_what_stays_in_a_fleet_is_exempt_for_ten_minutes_and_released_then() -> None:
    frozen = bool(gc.get_freeze_count())
    memory, kept = SpareMemory(many=True), Cycle()
    released = weakref.ref(kept)
    gc.disable()
    try:
        for _ in range(SETTLED):
            memory.second(at_first_screen=True)
        del kept
        for _ in range(EVERY):
            memory.second(at_first_screen=True)
        assert released() is not None
        for _ in range(ANEW):
            memory.second(at_first_screen=True)
        assert released() is None
    finally:
        gc.unfreeze()
        if frozen:
            gc.freeze()
        gc.enable()
