"""The charts of busy, backpressured and idle time: of one subtask, which their titles name."""

from __future__ import annotations

import re

import pytest

from flinktop.engine.series import job_series, vertex_series
from flinktop.flink.vertices import VERTEX_BACKPRESSURE
from flinktop.model import split
from flinktop.ui.screens.job import JobScreen
from flinktop.ui.screens.vertex import VertexScreen
from tests.fixture_cluster import FixtureCluster
from tests.ui.day import Day, monitor

MIDDLE, SOURCE = 1, 0


def told(*subtasks: tuple[float | str, float, float]) -> dict[str, object]:
    """An answer about subtasks: shares of busy, backpressured and idle time."""
    return {
        "status": "ok",
        "backpressure-level": "ok",
        "end-timestamp": 1,
        "subtasks": [
            {
                "subtask": index,
                "backpressure-level": "ok",
                "ratio": ratio,
                "idleRatio": idle,
                "busyRatio": busy,
            }
            for index, (busy, ratio, idle) in enumerate(subtasks)
        ],
    }


def split_job() -> tuple[FixtureCluster, str, list[str]]:
    """The steady job; a legacy source that is never idle, a vertex with a hot subtask, and others at rest."""
    cluster = FixtureCluster("1.20.5")
    job = cluster.job("steady")
    vertices = [str(one["id"]) for one in cluster.document(f"jobs/{job}")["vertices"]]
    for vertex in vertices:
        cluster.changed[f"jobs/{job}/vertices/{vertex}/backpressure"] = told((0.01, 0.0, 0.99))
    cluster.changed[f"jobs/{job}/vertices/{vertices[SOURCE]}/backpressure"] = told(("NaN", 1.0, 0.0))
    hot = told((0.15, 0.0, 0.85), (0.94, 0.04, 0.02))
    cluster.changed[f"jobs/{job}/vertices/{vertices[MIDDLE]}/backpressure"] = hot
    return cluster, job, vertices


def newest(day: Day, *names: tuple[str, ...]) -> list[float]:
    found = [day.port.latest(name) for name in names]
    return [round(point[1]) for point in found if point is not None]


@pytest.mark.deep
async def test_a_jobs_chart_is_of_the_busiest_subtask_of_its_busiest_vertex() -> None:
    cluster, job, vertices = split_job()
    async with monitor(cluster=cluster) as day:
        day.app.push_screen(JobScreen(job, "charts"))
        await day.settled()
        await day.wait(14)
        name = cluster.document(f"jobs/{job}")["vertices"][MIDDLE]["name"]
        assert re.search(rf"Time %, busiest: subtask 1 \(2/\d\) of {re.escape(name[:8])}", day.text)
        assert "━ busy 94   ━ backpressured 4   ━ idle 2" in day.text
        measures = ("split-busy", "split-backpressured", "split-idle")
        assert newest(day, *(job_series(job, measure) for measure in measures)) == [940, 40, 20]
        # It cools down: then another is the busiest.
        cluster.changed[f"jobs/{job}/vertices/{vertices[MIDDLE]}/backpressure"] = told((0.0, 0.0, 1.0))
        await day.wait(25)
        assert newest(day, *(job_series(job, measure) for measure in measures)) == [10, 0, 990]


@pytest.mark.deep
async def test_a_vertexs_chart_is_of_its_busiest_subtask() -> None:
    cluster, job, vertices = split_job()
    async with monitor(cluster=cluster) as day:
        day.app.push_screen(VertexScreen(job, vertices[MIDDLE], "charts"))
        await day.settled()
        await day.wait(14)
        assert re.search(r"Time %, busiest subtask 1 \(2/\d\)", day.text)
        assert "━ busy 94   ━ bkpr 4   ━ idle 2" in day.text
        measures = ("split-busy", "split-backpressured", "split-idle")
        series = [vertex_series(job, vertices[MIDDLE], measure) for measure in measures]
        assert newest(day, *series) == [940, 40, 20]


@pytest.mark.deep
@pytest.mark.usefixtures("quiet_judge")
async def test_who_is_the_busiest_costs_two_requests_in_ten_seconds_however_many_vertices_there_are() -> None:
    cluster, job, vertices = split_job()
    async with monitor(cluster=cluster) as day:
        day.app.push_screen(JobScreen(job, "charts"))
        await day.settled()
        await day.wait(20)
        since = len(day.cluster.asked)
        await day.wait(60)
        asked = [target for target in day.asked(since) if target.endswith("/backpressure")]
        assert {target.split("/")[3] for target in asked} == set(vertices)
        hottest = VERTEX_BACKPRESSURE(job=job, vertex=vertices[MIDDLE]).target
        assert 5 <= asked.count(hottest) <= 7
        assert len(asked) <= 14
        assert len(vertices) <= split.FIRST
