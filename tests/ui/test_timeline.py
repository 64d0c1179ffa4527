"""A job, its vertices and their subtasks over time; rescales as rows."""

from __future__ import annotations

import json

import pytest

from flinktop.ui import tabs
from flinktop.ui.panels.job_timeline import JobTimeline
from flinktop.ui.screens.job import JobScreen
from flinktop.ui.screens.subtask import SubtaskScreen
from tests.fixture_cluster import FIXTURES, FixtureCluster
from tests.ui.day import Day, monitor
from tests.ui.matrix import RELEASES
from tests.ui.test_job import open_job
from tests.ui.test_vertex_tabs import number, open_tab

pytestmark = pytest.mark.deep


async def open_timeline(day: Day, job: str) -> JobTimeline:
    await open_job(day, job)
    await day.press(number(tabs.JOB_TABS, "timeline"))
    await day.sees("OVER TIME")
    await day.wait(3)
    return day.app.screen.query_one(JobTimeline)


def adaptive(cluster: FixtureCluster) -> str:
    """The id of the job with the adaptive scheduler, which ran on a cluster of its own."""
    told = json.loads((FIXTURES / "2.3.0" / "jobs.adaptive.json").read_text(encoding="utf-8"))
    assert cluster.document(f"jobs/{told['jid']}")["schedulerType"] == "Adaptive"
    return str(told["jid"])


@pytest.mark.parametrize("release", RELEASES)
async def test_every_vertex_has_its_stretch_of_time(release: str) -> None:
    async with monitor(release) as day:
        timeline = await open_timeline(day, "finishing")
        vertices = day.cluster.document(f"jobs/{day.cluster.job('finishing')}")["vertices"]
        rows = {row.key: row for row in timeline.table._rows}
        for vertex in vertices:
            row = rows[f"vertex {vertex['id']}"]
            assert row.start == vertex["start-time"] / 1000
            assert row.seconds(timeline.window.until) == pytest.approx(
                (vertex["end-time"] - vertex["start-time"]) / 1000
            )
            await day.sees(f"▸ {vertex['name'][:12]}")


@pytest.mark.parametrize("release", RELEASES)
async def test_enter_opens_a_vertex_by_its_subtasks_and_closes_it_again(release: str) -> None:
    async with monitor(release) as day:
        timeline = await open_timeline(day, "steady")
        job = day.cluster.job("steady")
        vertex = day.cluster.document(f"jobs/{job}")["vertices"][0]["id"]
        target = f"jobs/{job}/vertices/{vertex}/subtasktimes"
        assert target not in day.asked()
        await day.press("j", "enter")
        await day.wait(2)
        assert target in day.asked()
        told = day.cluster.document(target)["subtasks"]
        rows = {row.key: row for row in timeline.table._rows}
        for one in told:
            row = rows[f"subtask {vertex} {one['subtask']}"]
            entered = sorted(at for at in one["timestamps"].values() if at > 0)
            assert [interval.start for interval in row.intervals] == entered
            assert row.state.endswith("RUNNING")
        await day.press("j", "enter")
        assert isinstance(day.app.screen, SubtaskScreen)
        assert (day.app.screen.vertex, day.app.screen.subtask) == (vertex, 0)
        await day.press("escape", "k", "enter")
        await day.wait(2)
        assert not [row for row in timeline.table._rows if row.key.startswith("subtask")]
        since = len(day.cluster.asked)
        await day.wait(20)
        assert target not in day.asked(since)


async def test_rows_are_dim_while_the_job_cant_be_read() -> None:
    cluster = FixtureCluster("1.20.5")
    async with monitor(cluster=cluster) as day:
        timeline = await open_timeline(day, "steady")
        assert not any(map(timeline.is_dim, timeline.table._rows))
        cluster.changed[f"jobs/{cluster.job('steady')}"] = (500, {"errors": ["broken"]})
        await day.wait(12)
        assert timeline.table._rows
        assert all(map(timeline.is_dim, timeline.table._rows))


async def test_the_window_is_that_of_the_charts() -> None:
    async with monitor("2.3.0") as day:
        timeline = await open_timeline(day, "steady")
        window = timeline.window
        starts = [
            one["start-time"] for one in day.cluster.document(f"jobs/{day.cluster.job('steady')}")["vertices"]
        ]
        assert window.since == min(starts) / 1000
        day.app.chart_window = 30.0
        await day.wait(3)
        window = timeline.window
        assert window.until - window.since == pytest.approx(30.0)
        await day.sees("◂")


async def test_rescales_are_rows_and_expand_to_what_they_did() -> None:
    async with monitor("2.3.0", (160, 50)) as day:
        day.app.push_screen(JobScreen(adaptive(day.cluster), "timeline"))
        await day.settled()
        await day.wait(6)
        await day.sees("rescale: update requirement")
        await day.sees("rescale: initial schedule")
        await day.sees("completed 2   in progress 0   failed 0   ignored 0")
        at = next(number for number, line in enumerate(day.lines) if "rescale: update" in line)
        assert "○ completed" in day.lines[at]
        await day.press("G", "k", "enter")
        await day.wait(3)
        await day.sees("parallelism 2 to 1, desired 1, at least 1")
        await day.sees("slots 2 to 1, desired 1, at least 1")
        await day.sees("Restarting")


async def test_a_cluster_that_keeps_no_history_of_rescales_says_so() -> None:
    cluster = FixtureCluster("2.3.0")
    job = adaptive(cluster)
    cluster.changed[f"jobs/{job}/rescales/history"] = (404, {"errors": ["unavailable"]})
    async with monitor(cluster=cluster, size=(160, 50)) as day:
        day.app.push_screen(JobScreen(job, "timeline"))
        await day.settled()
        await day.wait(6)
        await day.sees("no history is kept on this cluster (web.adaptive-scheduler.rescale-history.size)")


@pytest.mark.parametrize("release", RELEASES)
async def test_rescales_of_other_jobs_are_not_requested(release: str) -> None:
    async with monitor(release) as day:
        await open_timeline(day, "steady")
        await day.wait(10)
        assert not [target for target in day.asked() if "rescales" in target]


@pytest.mark.parametrize("release", RELEASES)
async def test_the_subtasks_of_a_vertex_over_time(release: str) -> None:
    async with monitor(release) as day:
        path = await open_tab(day, "timeline")
        await day.sees("subtask 1 (2/2)")
        for one in day.cluster.document(f"{path}/subtasktimes")["subtasks"]:
            assert "RUNNING" in day.line(f"subtask {one['subtask']}")
        await day.press("enter")
        assert isinstance(day.app.screen, SubtaskScreen)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
@pytest.mark.parametrize("ascii_only", [False, True])
async def test_every_size_shows_it(size: tuple[int, int], ascii_only: bool) -> None:  # noqa: FBT001
    async with monitor("1.20.5", size, ascii_only=ascii_only) as day:
        await open_timeline(day, "steady")
        await day.sees("##########" if ascii_only else "██████████")
        assert all(len(line) <= size[0] for line in day.lines)
        assert any("'" in line and ":" in line for line in day.lines[-4:])


async def test_the_configuration_shows_how_an_adaptive_job_rescales() -> None:
    async with monitor("2.3.0", (120, 50)) as day:
        job = adaptive(day.cluster)
        day.app.push_screen(JobScreen(job, "configuration"))
        await day.settled()
        await day.wait(6)
        for name, value in (
            ("executing cooldown", "30 s"),
            ("submission wait timeout", "5 m"),
            ("failed checkpoints", "2"),
            ("history size", "20"),
        ):
            await day.sees(name)
            assert value in day.line(name)
