"""Jobs, vertices and subtasks that have ended: totals, no rates, and nothing is awaited any more."""

from __future__ import annotations

import re
from typing import Any

import pytest

from flinktop.model import format as fmt
from flinktop.ui import tabs
from flinktop.ui.screens.subtask import SubtaskScreen
from tests.fixture_cluster import FixtureCluster
from tests.ui.day import monitor
from tests.ui.test_job import open_job
from tests.ui.test_vertex_tabs import number, open_tab

JOB = "finishing"


def vertices(cluster: FixtureCluster) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = cluster.document(f"jobs/{cluster.job(JOB)}")["vertices"]
    return found


@pytest.mark.deep
async def test_the_last_checkpoint_of_an_ended_job_is_requested_once() -> None:
    async with monitor("1.20.5") as day:
        await day.wait(60)
        rows = {row.jid: row.facts for row in day.table._rows}
        job = day.cluster.job(JOB)
        told = day.cluster.document(f"jobs/{job}/checkpoints")["latest"]["completed"]["latest_ack_timestamp"]
        age = day.port.known_time() - told / 1000.0
        assert rows[job].age == pytest.approx(age, abs=5)
        assert day.line(JOB[:9]).endswith(f" {fmt.span(rows[job].age)}")
        assert day.asked().count(f"jobs/{job}/checkpoints") == 1
        assert f"jobs/{job}/checkpoints/config" not in day.asked()
        # A job that has none says so, and is asked no more often.
        batch = day.cluster.job("batch")
        assert rows[batch].checkpoints == "off"
        assert day.asked().count(f"jobs/{batch}/checkpoints") == 1


@pytest.mark.deep
async def test_vertices_of_an_ended_job_have_their_totals() -> None:
    async with monitor("1.20.5") as day:
        await open_job(day, JOB)
        first, second, *_ = vertices(day.cluster)
        # On the graph, then in the table.
        assert re.search(rf"out +{fmt.count(first['metrics']['write-records'])} ", day.text)
        await day.press(number(tabs.JOB_TABS, "vertices"))
        titles = day.line("VERTEX").split()
        assert titles[:3] == ["STATE", "VERTEX", "PAR"]
        assert "IN/s" not in titles
        cells = day.line(second["name"][:20]).split()
        metrics = second["metrics"]
        wanted = [fmt.count(metrics["read-records"]), fmt.count(metrics["write-records"])]
        assert all(one in cells for one in wanted), cells
        assert cells[-1] == fmt.duration(second["duration"] / 1000).split()[-1]


@pytest.mark.deep
async def test_headers_of_what_has_ended_have_its_totals() -> None:
    async with monitor("1.20.5") as day:
        path = await open_tab(day, "subtasks", job=JOB, at=0)
        metrics = vertices(day.cluster)[0]["metrics"]
        words = f"out {fmt.count(metrics['write-records'])} records, {fmt.size(metrics['write-bytes'])}"
        assert words in day.text
        assert "ran " in day.line("FINISHED")
        day.app.push_screen(SubtaskScreen(day.cluster.job(JOB), path.rpartition("/")[2], 0))
        await day.settled()
        await day.wait(4)
        one = day.cluster.document(f"{path}/subtasks/0")["metrics"]
        assert f"out {fmt.count(one['write-records'])} records" in day.text


@pytest.mark.deep
async def test_of_what_has_ended_nothing_is_awaited() -> None:
    cluster = FixtureCluster("1.20.5")
    job, vertex = cluster.job(JOB), vertices(cluster)[0]["id"]
    path = f"jobs/{job}/vertices/{vertex}"
    cluster.changed[f"{path}/subtasks/0/metrics"] = []
    cluster.changed[f"{path}/subtasks/metrics"] = []
    cluster.changed[f"{path}/accumulators"] = {"id": vertex, "user-accumulators": []}
    cluster.changed[f"{path}/subtasks/accumulators"] = {"id": vertex, "subtasks": []}
    cluster.changed[f"{path}/subtasks/0/attempts/0/accumulators"] = {"id": "x", "user-accumulators": []}
    cluster.changed[f"jobs/{job}/accumulators"] = {"user-task-accumulators": []}
    async with monitor(cluster=cluster) as day:
        await open_job(day, JOB)
        await day.press(number(tabs.JOB_TABS, "accumulators"))
        await day.wait(4)
        await day.sees("No accumulators: the job's code has none.")
        for tab, words in (
            ("metrics", "none: ended"),
            ("accumulators", "No accumulators: the job's code has none."),
            ("backpressure", "The vertex has ended: Flink no longer measures its backpressure."),
        ):
            await open_tab(day, tab, job=JOB, at=0)
            await day.sees(words)
            assert "last numbers" not in day.text
        for tab, words in (
            ("metrics", "This subtask is FINISHED: Flink has no metrics of it any more."),
            ("accumulators", "No accumulators: the job's code has none."),
        ):
            day.app.push_screen(SubtaskScreen(job, vertex, 0, tab))
            await day.settled()
            await day.wait(4)
            await day.sees(words)


@pytest.mark.deep
async def test_the_demo_has_no_backpressure_of_what_has_ended() -> None:
    async with monitor(demo="mixed") as day:
        await open_job(day, "daily-ledger")
        await day.press(number(tabs.JOB_TABS, "vertices"), "enter")
        await day.wait(4)
        await day.press(number(tabs.VERTEX_TABS, "backpressure"))
        await day.wait(4)
        await day.sees("The vertex has ended: Flink no longer measures its backpressure.")


@pytest.mark.deep
@pytest.mark.parametrize("release", ["1.14.6", "2.3.0"])
async def test_backpressure_of_an_ended_vertex_is_its_last_where_there_is_any(release: str) -> None:
    cluster = FixtureCluster(release)
    path = f"jobs/{cluster.job(JOB)}/vertices/{vertices(cluster)[0]['id']}/backpressure"
    async with monitor(cluster=cluster) as day:
        await open_tab(day, "backpressure", job=JOB, at=0)
        await day.sees("The vertex has ended")

    def measured(document: dict[str, Any]) -> dict[str, Any]:
        for one in document["subtasks"]:
            one |= {"ratio": 0.1, "busyRatio": 0.6, "idleRatio": 0.3}
        return document

    cluster.changed[path] = measured
    async with monitor(cluster=cluster) as day:
        await open_tab(day, "backpressure", job=JOB, at=0)
        await day.sees("the vertex has ended: these are its last numbers")
        # When they were measured is not told.
        assert "measured" not in day.text
        assert " 60 " in day.text
