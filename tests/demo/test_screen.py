"""The demo on the screen: marked as such, and with a past."""

from __future__ import annotations

import pytest

from flinktop.demo.past import MINUTES
from flinktop.engine.series import cluster_series, job_series
from tests.demo.hostile import hostile_cluster
from tests.demo_cluster import DemoCluster
from tests.flink.shapes import steers
from tests.manual_clock import ManualClock
from tests.ui.day import monitor

pytestmark = pytest.mark.deep


async def test_the_frame_has_the_demo_mark() -> None:
    async with monitor(demo="healthy") as day:
        assert "DEMO" in day.lines[0]
    async with monitor() as day:
        assert "DEMO" not in day.lines[0]


async def test_charts_begin_full() -> None:
    async with monitor("2.3.0", demo="mixed", minutes=MINUTES) as day:
        assert isinstance(day.cluster, DemoCluster)
        began = day.port.now() - 800
        sent = [value for at, value in day.port.points(cluster_series("in")) if at < began + 700]
        assert len(sent) > 20
        assert min(sent) > 10_000
        loop = next(job for job in day.cluster.world.at(0.0).jobs if job.plan.spec.name == "inventory-sync")
        restarts = [value for _, value in day.port.points(job_series(loop.plan.id, "restarts"))]
        assert restarts == sorted(restarts)
        assert restarts[-1] - restarts[0] >= 4
        # A watermark's lag is that of its own time, not of the time at which the past was told.
        join = day.cluster.world.at(0.0).jobs[0].plan.id
        lags = [value for _, value in day.port.points(job_series(join, "lag"))]
        assert len(lags) > 20
        assert all(5 < lag < 40 for lag in lags)


async def test_names_that_mean_harm_are_only_names() -> None:
    cluster = DemoCluster("mixed", "2.3.0", ManualClock(), own=hostile_cluster())
    async with monitor(cluster=cluster) as day:
        assert "[bold red]markup[/]" in day.text
        for _ in range(4):
            assert not steers(day.text, lines=True)
            await day.press("enter")
            await day.wait(2)
            assert "1 Graph" in day.text
            assert not steers(day.text, lines=True)
            await day.press("escape", "down")


@pytest.mark.parametrize("scenario", ["many-jobs", "wide-job"])
async def test_large_clusters_open(scenario: str) -> None:
    async with monitor("2.3.0", demo=scenario) as day:
        assert "RUNNING" in day.text
        await day.press("enter")
        await day.wait(4)
        assert "last checkpoint" in day.text
