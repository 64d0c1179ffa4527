"""A job of which no task runs, and one of which some wait, as a person sees them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fixture_cluster import FixtureCluster
from tests.ui.day import monitor


def tasks_of(cluster: FixtureCluster) -> int:
    """How many tasks the job has."""
    jobs = cluster.document("jobs/overview")["jobs"]
    return int(next(job["tasks"]["total"] for job in jobs if job["name"].startswith("steady")))


def without_slots(cluster: FixtureCluster, running: int) -> None:
    """Let all but so many tasks of a job wait for a slot."""
    job = cluster.job("steady")

    def listed(document: Any) -> Any:
        for one in document["jobs"]:
            if one["jid"] == job:
                total = one["tasks"]["total"]
                one["tasks"] = {"total": total, "scheduled": total - running, "running": running}
        return document

    def details(document: Any) -> Any:
        left = running
        for vertex in document["vertices"]:
            runs = min(left, vertex["parallelism"])
            vertex["tasks"] = {"RUNNING": runs, "SCHEDULED": vertex["parallelism"] - runs}
            left -= runs
        return document

    cluster.changed["jobs/overview"] = listed
    cluster.changed[f"jobs/{job}"] = details


@pytest.mark.deep
@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_running_job_without_a_running_task_does_not_look_healthy(size: tuple[int, int]) -> None:
    cluster = FixtureCluster("1.20.5")
    without_slots(cluster, 0)
    async with monitor(cluster=cluster, size=size) as day:
        assert "▲ RUNNING" in day.line("steady")
        # Before all but the one with a finding.
        running = [line.strip("│ ") for line in day.lines if " RUNNING " in line and "failing" not in line]
        assert running[0] == day.line("steady")
        total = tasks_of(cluster)
        if size[0] >= 120:
            assert f" 0/{total} " in day.line("steady")
        await day.press("slash", *"steady", "enter", "enter")
        await day.wait(3)
        assert "▲ RUNNING for" in day.text
        assert f"tasks 0/{total} ({total} scheduled)" in day.text


@pytest.mark.deep
async def test_tasks_that_run_are_counted_without_a_fuss() -> None:
    cluster = FixtureCluster("1.20.5")
    async with monitor(cluster=cluster) as day:
        total = tasks_of(cluster)
        assert "● RUNNING" in day.line("steady")
        assert f" {total}/{total} " in day.line("steady")
        await day.press("slash", *"steady", "enter", "enter")
        await day.wait(3)
        assert f"tasks {total}/{total}   " in day.text


@pytest.mark.deep
async def test_a_sort_by_tasks_puts_jobs_that_wait_first() -> None:
    cluster = FixtureCluster("1.20.5")
    without_slots(cluster, 1)
    async with monitor(cluster=cluster) as day:
        day.table.sort_by("tasks")
        assert day.table.shown_keys()[0] == cluster.job("steady")
