"""Skew of vertices as columns, how an ended job ended, and batch jobs that are not decided yet."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.fixture_cluster import FixtureCluster
from tests.ui.day import Day, monitor
from tests.ui.matrix import RELEASES
from tests.ui.test_job import open_job

pytestmark = pytest.mark.deep


def rates(day: Day, vertex: str, metric: str) -> dict[str, Any]:
    path = f"/jobs/{day.cluster.job('steady')}/vertices/{vertex}/subtasks/metrics?get={metric}"
    [told] = json.loads(day.cluster.answer(path)[1])
    return dict(told)


@pytest.mark.parametrize("release", RELEASES)
async def test_skew_is_flinks_own_with_the_max_over_the_mean_next_to_it(release: str) -> None:
    async with monitor(release, (160, 40)) as day:
        await open_job(day, "steady")
        await day.press("2")
        await day.sees("MAX/AVG")
        await day.wait(6)
        vertices = day.cluster.document(f"jobs/{day.cluster.job('steady')}")["vertices"]
        rows = {row.id: row for row in day.table._rows}
        checked = 0
        for at, vertex in enumerate(vertices):
            told = rates(day, vertex["id"], "numRecordsOutPerSecond" if at == 0 else "numRecordsInPerSecond")
            facts = rows[vertex["id"]]
            if vertex["parallelism"] == 1 or not told["avg"]:
                continue
            checked += 1
            assert facts.over_mean.value == pytest.approx(told["max"] / told["avg"])
            assert facts.skew.value == told.get("skew")
            assert facts.skew.absent is ("skew" not in told)
        assert checked


async def test_vertices_are_sorted_by_skew() -> None:
    async with monitor("2.3.0", (160, 40)) as day:
        await open_job(day, "steady")
        await day.press("2")
        await day.wait(6)
        day.table.sort_by("skew")
        values = [row.skew.value for row in day.table._shown.rows]
        known = [value for value in values if value is not None]
        assert known == sorted(known, reverse=True)
        assert values[: len(known)] == known


async def test_where_names_would_be_cut_skew_gives_way_and_is_sorted_by_all_the_same() -> None:
    async with monitor("2.3.0", (80, 24)) as day:
        await open_job(day, "steady")
        await day.press("2")
        await day.wait(3)
        assert "SKEW%" not in day.text
        for _ in day.table.columns:
            if day.table.sort_label.startswith("SKEW%"):
                break
            await day.press("s")
        await day.sees("SKEW% ▼")


async def test_skew_comes_before_totals_and_is_in_the_boxes_of_the_graph() -> None:
    async with monitor(demo="skew", release="2.3.0") as day:
        await day.press("slash", *"notification", "enter", "enter", "1")
        await day.wait(6)
        await day.sees("SKEW%")
        assert "MAX/AVG" in day.text
        uneven = [row for row in day.table._rows if (row.skew.value or 0.0) >= 50]
        assert uneven
        for row in uneven:
            assert f"skew {row.skew.value:.0f}%".replace(" 100", "100") in day.text


@pytest.mark.parametrize("release", RELEASES)
async def test_an_ended_job_says_how_it_ended(release: str) -> None:
    async with monitor(release, (160, 40)) as day:
        await open_job(day, "finishing")
        told = day.cluster.document(f"jobs/{day.cluster.job('finishing')}/execution-result")
        await day.sees(f"result {told['job-execution-result']['application-status']}")
        await day.sees("ran 8.1 s" if release == "2.3.0" else "ran ")


@pytest.mark.parametrize("release", RELEASES)
async def test_a_failed_job_says_why(release: str) -> None:
    async with monitor(release, (160, 40)) as day:
        await open_job(day, "failed")
        await day.sees("result FAILED")
        await day.sees("cause NumberFormatException")


async def test_the_result_of_a_running_job_is_not_requested() -> None:
    async with monitor("1.20.5") as day:
        await open_job(day, "steady")
        await day.wait(10)
        assert not [target for target in day.asked() if "execution-result" in target]


async def test_what_an_adaptive_batch_job_has_not_decided_is_shown() -> None:
    cluster = FixtureCluster("2.3.0")

    def undecided(document: dict[str, Any]) -> dict[str, Any]:
        document["job-type"] = "BATCH"
        document["pending-operators"] = 3
        document["vertices"][1]["parallelism"] = -1
        return document

    cluster.changed[f"jobs/{cluster.job('steady')}"] = undecided
    async with monitor(cluster=cluster, size=(160, 40)) as day:
        await open_job(day, "steady")
        await day.sees("not decided yet for some vertices")
        await day.sees("pending operators 3")
        await day.press("2")
        await day.wait(3)
        assert " -1 " not in day.text
