"""Tabs of a vertex and of a subtask: backpressure, watermarks, TaskManagers, accumulators."""

from __future__ import annotations

import json
from typing import Any

import pytest

from flinktop.ui import tabs
from flinktop.ui.command import Command
from flinktop.ui.screens.subtask import SubtaskScreen
from flinktop.ui.screens.vertex import VertexScreen
from tests.fixture_cluster import FixtureCluster
from tests.ui.day import Day, monitor
from tests.ui.matrix import RELEASES

pytestmark = pytest.mark.deep

SIZES = [(80, 24), (120, 40), (200, 60)]


def number(tabs: tuple[Command, ...], name: str) -> str:
    """The key of a tab."""
    return next(tab.keys[0] for tab in tabs if tab.id == f"tab_{name}")


def vertex_of(cluster: FixtureCluster, job: str = "steady", at: int = 1) -> dict[str, Any]:
    found: dict[str, Any] = cluster.document(f"jobs/{cluster.job(job)}")["vertices"][at]
    return found


async def open_tab(day: Day, tab: str, *, job: str = "steady", at: int = 1) -> str:
    """Open a tab of a vertex; returns the vertex's path."""
    vertex = vertex_of(day.cluster, job, at)["id"]
    day.app.push_screen(VertexScreen(day.cluster.job(job), vertex))
    await day.settled()
    await day.wait(3)
    await day.press(number(tabs.VERTEX_TABS, tab))
    await day.sees(f"[{number(tabs.VERTEX_TABS, tab)} ")
    await day.wait(4)
    return f"jobs/{day.cluster.job(job)}/vertices/{vertex}"


@pytest.mark.parametrize("release", [one for one in RELEASES if one != "1.9.3"])
async def test_backpressure_is_flinks_for_each_subtask(release: str) -> None:
    async with monitor(release) as day:
        path = await open_tab(day, "backpressure")
        told = day.cluster.document(f"{path}/backpressure")
        await day.sees(f"backpressure ● {told['backpressure-level']}")
        rows = {row.index: row for row in day.app.screen.query_one("#backpressure").table._rows}  # type: ignore[attr-defined]
        for one in told["subtasks"]:
            row = rows[one["subtask"]]
            assert (row.backpressured, row.busy, row.idle) == (
                one["ratio"],
                one["busyRatio"],
                one["idleRatio"],
            )
            assert f" {round(one['idleRatio'] * 100)} " in day.line(f" {one['subtask']}  ● ok")


async def test_a_legacy_source_measures_neither_busy_nor_idle_time() -> None:
    async with monitor("1.20.5") as day:
        path = await open_tab(day, "backpressure", job="slow", at=0)
        told = day.cluster.document(f"{path}/backpressure")["subtasks"]
        assert {(one["busyRatio"], one["idleRatio"]) for one in told} == {("NaN", 0.0)}
        for row in day.app.screen.query_one("#backpressure").table._rows:  # type: ignore[attr-defined]
            assert row.backpressured > 0.9
            assert (row.busy, row.idle) == (None, None)


async def test_up_to_1_12_backpressure_is_only_measured_on_request() -> None:
    cluster = FixtureCluster("1.9.3")
    async with monitor(cluster=cluster) as day:
        path = await open_tab(day, "backpressure")
        target = f"{path}/backpressure"
        await day.wait(30)
        assert target not in day.asked()
        await day.sees("which costs its TaskManagers. b: start sampling")
        cluster.changed[target] = {"status": "deprecated"}
        await day.press("b")
        await day.wait(13)
        await day.sees("sampling the threads")
        assert day.asked().count(target) >= 2
        del cluster.changed[target]
        await day.wait(11)
        await day.sees("backpressure ● ok")
        since = len(cluster.asked)
        await day.wait(60)
        assert target not in day.asked(since)
        await day.sees("b: measure again")


async def test_high_backpressure_comes_first() -> None:
    cluster = FixtureCluster("2.3.0")

    def pressed(document: dict[str, Any]) -> dict[str, Any]:
        document["backpressure-level"] = "high"
        document["subtasks"][1] |= {
            "ratio": 0.95,
            "busyRatio": 0.05,
            "idleRatio": 0.0,
            "backpressure-level": "high",
        }
        return document

    vertex = vertex_of(cluster)["id"]
    cluster.changed[f"jobs/{cluster.job('steady')}/vertices/{vertex}/backpressure"] = pressed
    async with monitor(cluster=cluster) as day:
        await open_tab(day, "backpressure")
        await day.sees("backpressure ✕ high")
        assert day.line("SUBTASK  LEVEL") != ""
        at = next(number for number, line in enumerate(day.lines) if "SUBTASK  LEVEL" in line)
        assert "1  ✕ high" in day.lines[at + 1]
        await day.press("enter")
        assert isinstance(day.app.screen, SubtaskScreen)
        assert day.app.screen.subtask == 1


@pytest.mark.parametrize("release", RELEASES)
async def test_watermarks_are_shown_raw_and_as_times(release: str) -> None:
    cluster = FixtureCluster(release)
    vertices = cluster.document(f"jobs/{cluster.job('steady')}")["vertices"]
    at, told = 0, []
    for at in range(1, len(vertices)):
        vertex = vertices[at]["id"]
        path = f"/jobs/{cluster.job('steady')}/vertices/{vertex}/metrics?get=0.currentInputWatermark"
        if release == "1.9.3":
            told = json.loads(cluster.answer(path)[1])
        else:
            told = cluster.document(f"jobs/{cluster.job('steady')}/vertices/{vertex}/watermarks")
        if told:
            break
    async with monitor(cluster=cluster) as day:
        await open_tab(day, "watermarks", at=at)
        await day.sees("low watermark")
        for one in told:
            assert one["value"] in day.text


async def test_a_source_shows_the_watermark_that_it_sends() -> None:
    async with monitor("2.3.0") as day:
        await open_tab(day, "watermarks", at=0)
        await day.wait(12)
        await day.sees("low watermark")
        assert any("currentOutputWatermark" in target for target in day.asked())


async def test_the_subtask_that_holds_the_others_back_is_named() -> None:
    cluster = FixtureCluster("2.3.0")
    vertex = vertex_of(cluster)["id"]
    path = f"jobs/{cluster.job('steady')}/vertices/{vertex}/watermarks"
    newest = 1795320357066
    cluster.changed[path] = [
        {"id": "0.currentInputWatermark", "value": str(newest)},
        {"id": "1.currentInputWatermark", "value": str(newest - 120_000)},
    ]
    async with monitor(cluster=cluster) as day:
        await open_tab(day, "watermarks")
        await day.sees("subtask 1 (2/2) holds the others back, 2 m behind the foremost")
        cluster.changed[path][1]["value"] = "-9223372036854775808"
        await day.wait(12)
        await day.sees("no watermark there yet")
        await day.sees("-9223372036854775808")


@pytest.mark.parametrize("release", RELEASES)
async def test_the_vertex_by_taskmanager(release: str) -> None:
    async with monitor(release, (160, 40)) as day:
        path = await open_tab(day, "taskmanagers")
        told = day.cluster.document(f"{path}/taskmanagers")["taskmanagers"]
        for one in told:
            where = one.get("endpoint") or one["host"]
            assert where in day.text
            assert one.get("taskmanager-id", "–") in day.line(where)  # noqa: RUF001 -- the dash for absent
            assert f"{one['status-counts']['RUNNING']} running" in day.line(where)


@pytest.mark.parametrize("release", RELEASES)
async def test_accumulators_of_a_vertex_and_of_its_subtasks(release: str) -> None:
    async with monitor(release) as day:
        path = await open_tab(day, "accumulators")
        whole = day.cluster.document(f"{path}/accumulators")["user-accumulators"]
        parts = day.cluster.document(f"{path}/subtasks/accumulators")["subtasks"]
        if not whole:
            await day.sees("No accumulators")
        for one in whole:
            assert one["value"] in day.line("the vertex")
        for part in parts:
            for one in part["user-accumulators"]:
                name = f"subtask {part['subtask']} ({part['subtask'] + 1}/"
                assert any(name in line and one["value"] in line for line in day.lines)


@pytest.mark.parametrize("release", RELEASES)
async def test_accumulators_of_an_attempt(release: str) -> None:
    async with monitor(release) as day:
        vertex = vertex_of(day.cluster)["id"]
        job = day.cluster.job("steady")
        day.app.push_screen(SubtaskScreen(job, vertex, 0, "accumulators"))
        await day.settled()
        await day.wait(6)
        told = day.cluster.document(f"jobs/{job}/vertices/{vertex}/subtasks/0/attempts/0/accumulators")
        for one in told["user-accumulators"]:
            assert any("attempt 0" in line and one["value"] in line for line in day.lines)
        if not told["user-accumulators"]:
            await day.sees("No accumulators")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("tab", ["backpressure", "watermarks", "taskmanagers", "accumulators"])
async def test_every_size_shows_the_tab(size: tuple[int, int], tab: str) -> None:
    async with monitor("1.20.5", size) as day:
        await open_tab(day, tab)
        assert all(len(line) <= size[0] for line in day.lines)
        assert day.app.screen.query_one(f"#{tab}").table._rows  # type: ignore[attr-defined]


async def test_a_tab_that_is_closed_asks_for_nothing() -> None:
    async with monitor("1.20.5") as day:
        await open_tab(day, "watermarks")
        await day.press(number(tabs.VERTEX_TABS, "taskmanagers"))
        await day.wait(4)
        since = len(day.cluster.asked)
        await day.wait(30)
        assert not [target for target in day.asked(since) if "watermarks" in target]
