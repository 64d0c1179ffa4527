"""The screens and the wall of several clusters look as they did when somebody last looked at them.

One cluster is critical, one has a remark, one is unreachable, one has not answered yet, four are well.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

import pytest
from msgspec.structs import replace

from flinktop.demo.past import MINUTES
from flinktop.judgement.finding import Finding, Kind, Severity
from flinktop.ui.screens.fleet import FleetScreen
from flinktop.ui.screens.wall import WallScreen
from tests.depth import named_in_depth
from tests.manual_clock import ManualClock
from tests.ui.fleet_day import Dead, company, fleet_of, of_one_job
from tests.ui.golden import check
from tests.ui.judged import asks_nothing, finding, say, verdict

if TYPE_CHECKING:
    from tests.fixture_cluster import FixtureCluster
    from tests.ui.fleet_day import FleetDay

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


JOBS: Final = {
    "orders-eu": "orders-enrichment",
    "orders-us": "orders-enrichment",
    "fraud-scoring": "payments-fraud-scoring",
    "sessions": "clickstream-sessions",
    "search": "search-index-updater",
}
"""The clusters of the wall and the job of each; one more is unreachable when not all is well."""
ILL: Final = {
    "orders-eu": (Kind.CHECKPOINTS_FAILING, Severity.WARNING, "the last 3 checkpoints failed: expired"),
    "orders-us": (Kind.BOTTLENECK, Severity.WARNING, "Join users, 8 of 8 subtasks 100 % busy"),
    "fraud-scoring": (Kind.SKEW, Severity.WARNING, "Window per user, subtask 3 takes in 6 times the median"),
    "sessions": (Kind.RESTART_LOOP, Severity.CRITICAL, "failed 16 times in 37 m; first failure: disk full"),
}
"""What is wrong with the job of a cluster."""


async def judge(day: FleetDay, *, ill: bool) -> None:
    """Each job has a verdict, and of one cluster the memory is full; or everything is well."""
    for number, name in enumerate(JOBS):
        own = dataclasses.replace(day, port=day.port_of(name), cluster=day.clusters[name])
        (job,) = own.cluster.document("jobs/overview")["jobs"]
        now, found, of_cluster = own.port.cluster_time(), [], []
        if ill and name in ILL:
            kind, severity, words = ILL[name]
            found = [finding(kind, severity, words, since=(now - 600.0 * (number + 1)) * 1000.0)]
        elif ill:
            words = "memory: heap 97 % of TaskManager 3"
            of_cluster = [Finding(kind=Kind.MEMORY, severity=Severity.WARNING, words=words)]
        await say(own, [replace(verdict(own, job["jid"], *found), name=job["name"])], of_cluster)
        own.port._changed()
    await day.wait(1)


@pytest.mark.parametrize(
    ("size", "ill"),
    named_in_depth(
        {
            f"{width}x{height}-{'ill' if ill else 'well'}": ((width, height), ill)
            for width, height, ill in (
                (80, 24, True),
                (80, 24, False),
                (120, 40, True),
                (120, 40, False),
                (400, 100, True),
            )
        },
        fast=("80x24-ill",),
    ),
)
async def test_the_wall_of_the_fleet_looks_as_it_did(
    size: tuple[int, int], *, ill: bool, write_goldens: bool
) -> None:
    clock = ManualClock()
    clusters: dict[str, FixtureCluster] = {name: of_one_job(job, clock) for name, job in JOBS.items()}
    if ill:
        clusters["telemetry-edge"] = Dead()
    with asks_nothing():
        async with fleet_of(clusters, clock, size) as day:
            await day.press("ctrl+w")
            assert isinstance(day.app.screen, WallScreen)
            await judge(day, ill=ill)
            name = f"fleet-wall-{'ill' if ill else 'well'}-{size[0]}x{size[1]}-dark"
            check(day.app, name, write=write_goldens, colours=size[0] < 400)
