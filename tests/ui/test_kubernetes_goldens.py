"""Clusters on Kubernetes look as they did when somebody last looked at them.

Of the fleet one waits for a pod, the JobManager of one crashes, the operator reports an error of one, one was
restarted; of the TaskManagers one is Pending and one is gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from flinktop.demo.past import MINUTES
from tests.manual_clock import ManualClock
from tests.ui.day import monitor
from tests.ui.fleet_day import company, fleet_of
from tests.ui.golden import check
from tests.ui.kubernetes_day import GB, company_states, deployment, oom, pod, state

if TYPE_CHECKING:
    from tests.ui.day import Day

SIZES = [((80, 24), False), ((120, 40), False), ((120, 40), True), ((200, 60), False)]


def look(day: Day, name: str, size: tuple[int, int], *, ascii_only: bool, write: bool) -> None:
    check(day.app, f"{name}-{size[0]}x{size[1]}-dark{'-ascii' if ascii_only else ''}", write=write)


@pytest.mark.deep
@pytest.mark.parametrize(("size", "ascii_only"), SIZES)
async def test_a_fleet_on_kubernetes_looks_as_it_did(
    size: tuple[int, int], *, ascii_only: bool, write_goldens: bool
) -> None:
    clock = ManualClock()
    clusters, profiles = company(clock)
    opened = fleet_of(clusters, clock, size, profiles=profiles, ascii_only=ascii_only, minutes=MINUTES)
    async with opened as day:
        for name, found in company_states(clock).items():
            day.port_of(name).set_kubernetes(found)
        await day.wait(120)
        look(day, "fleet-kubernetes", size, ascii_only=ascii_only, write=write_goldens)


@pytest.mark.deep
@pytest.mark.parametrize(("size", "ascii_only"), SIZES)
async def test_taskmanagers_on_kubernetes_look_as_they_did(
    size: tuple[int, int], *, ascii_only: bool, write_goldens: bool
) -> None:
    async with monitor(demo="healthy", size=size, ascii_only=ascii_only) as day:
        clock = day.clock
        listed = [one["id"] for one in day.cluster.document("taskmanagers")["taskmanagers"]]
        found = [pod(clock, name, ip=f"10.0.0.{number}") for number, name in enumerate(listed)]
        found[1] = pod(clock, listed[1], restarts=2, ended=oom(clock, 240))
        why = "0/12 nodes are available: 12 Insufficient memory."
        gone: dict[str, Any] = {
            "phase": "Failed",
            "ready": False,
            "ended": oom(clock, 75, 4 * GB),
            "gone": clock.wall() - 60,
        }
        found += [
            pod(clock, "analytics-taskmanager-1-9", phase="Pending", ready=False, node="", pending=why),
            pod(clock, "analytics-taskmanager-1-3", **gone),
        ]
        day.port.set_kubernetes(state(found, deployment(clock, "analytics")))
        await day.press("M")
        await day.wait(6)
        look(day, "taskmanagers-kubernetes", size, ascii_only=ascii_only, write=write_goldens)
        await day.press("escape", "enter")
        await day.wait(4)
        look(day, "job-kubernetes", size, ascii_only=ascii_only, write=write_goldens)
