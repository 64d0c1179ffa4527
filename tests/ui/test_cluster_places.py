"""A walk through everything around the jobs: machines with all their tabs, jars, applications."""

from __future__ import annotations

import pytest

from tests.ui.day import monitor
from tests.ui.matrix import RELEASES, SIZES
from tests.ui.test_processes import LOG_TABS, go

pytestmark = pytest.mark.deep


@pytest.mark.parametrize("release", RELEASES)
async def test_every_place_around_the_jobs_opens(release: str) -> None:
    async with monitor(release) as day:
        await day.press("M")
        await day.wait(3)
        await day.sees("─ TaskManagers ─")
        await day.press("enter")
        await day.wait(1)
        for tab, title in enumerate(("Memory", "Heap used", "Metrics", "Slots", *LOG_TABS), 1):
            await day.press(str(tab))
            await day.wait(1)
            await day.sees(f"─ {title}")
        await day.press("escape", "J")
        await day.wait(1)
        await day.press("4")
        await day.wait(1)
        await day.sees("rest.port")
        await go(day, "jars")
        for tab, title in enumerate(("Jars", "Applications", "Datasets"), 1):
            await day.press(str(tab))
            await day.wait(1)
            await day.sees(f"─ {title} ─")


@pytest.mark.parametrize("size", SIZES)
async def test_a_machine_fits_every_size(size: tuple[int, int]) -> None:
    async with monitor("2.3.0", size) as day:
        await day.press("J")
        await day.wait(1)
        for tab in "12345":
            await day.press(tab)
            await day.wait(1)
            assert len(day.lines) == size[1]
            assert all(len(line) <= size[0] for line in day.lines)
