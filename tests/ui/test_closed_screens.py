"""What is left in memory of screens that are closed."""

from __future__ import annotations

import gc

import pytest
from textual._styles_cache import StylesCache
from textual.strip import Strip

from tests.ui.day import monitor


def rendered(kind: type) -> int:
    gc.collect()
    return sum(type(one) is kind for one in gc.get_objects())


@pytest.mark.deep
async def test_the_lines_of_a_job_that_was_opened_and_closed_are_let_go() -> None:
    async with monitor() as day:

        async def look_into_a_job() -> None:
            await day.press("enter")
            assert day.text
            await day.press("tab")
            await day.press("escape")
            await day.wait(2)

        await look_into_a_job()
        caches, lines = rendered(StylesCache), rendered(Strip)
        for _ in range(3):
            await look_into_a_job()
        # A toast or a chart may come or go; each job left 12 caches with 340 lines.
        assert rendered(StylesCache) <= caches + 6
        assert rendered(Strip) <= lines + 100
