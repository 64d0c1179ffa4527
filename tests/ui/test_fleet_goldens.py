"""The screens and the wall of several clusters look as they did when somebody last looked at them.

One cluster is critical, one has a remark, one is unreachable, one has not answered yet, four are well.
"""

from __future__ import annotations

import pytest

from flinktop.demo.past import MINUTES
from flinktop.ui.screens.fleet import FleetScreen
from tests.manual_clock import ManualClock
from tests.ui.fleet_day import company, fleet_of
from tests.ui.golden import check

VERDICTS = 120
"""Seconds after which what is wrong has lasted long enough to be said."""


@pytest.mark.deep
@pytest.mark.parametrize(
    ("size", "ascii_only", "tabs"),
    [
        ((80, 24), False, ("clusters",)),
        ((120, 40), False, ("clusters", "jobs")),
        ((200, 60), False, ("clusters",)),
        ((120, 40), True, ("clusters",)),
    ],
)
async def test_the_fleet_looks_as_it_did(
    size: tuple[int, int], tabs: tuple[str, ...], *, ascii_only: bool, write_goldens: bool
) -> None:
    clock = ManualClock()
    clusters, profiles = company(clock)
    differences = []
    opened = fleet_of(clusters, clock, size, profiles=profiles, ascii_only=ascii_only, minutes=MINUTES)
    async with opened as day:
        await day.wait(VERDICTS)
        for number, tab in enumerate(tabs, 1):
            await day.press(str(number))
            assert isinstance(day.app.screen, FleetScreen)
            day.app.screen.tick()
            await day.settled()
            look = f"{size[0]}x{size[1]}-dark{'-ascii' if ascii_only else ''}"
            try:
                check(day.app, f"fleet-{tab}-{look}", write=write_goldens)
            except AssertionError as error:
                differences.append(str(error))
    assert not differences, "\n\n".join(differences)
