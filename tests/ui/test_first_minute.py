"""The first minute of an attempt on the screen: no rate and no time that Flink has not measured yet."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from flinktop.model import first_minute
from flinktop.ui.screens.job import JobScreen
from flinktop.ui.screens.subtask import SubtaskScreen
from flinktop.ui.screens.vertex import VertexScreen
from tests.ui.day import Day, monitor
from tests.ui.meters import Metered

TOLD = Path(__file__).parents[1] / "inputs" / "first-minute-subtasks-metrics.json"
MIDDLE = 1
AGE = 17
RATE = 600


def starts(cluster: Metered, job: str, vertex: str, *, ago: float = AGE) -> None:
    """Have the job's vertices and subtasks begin so many seconds before the answers."""
    at = cluster.document(f"jobs/{job}")["now"] - int(ago * 1000)

    def in_job(document: dict[str, Any]) -> dict[str, Any]:
        for one in document["vertices"]:
            one["start-time"] = at
        document["timestamps"]["RUNNING"] = at
        return document

    def in_vertex(document: dict[str, Any]) -> dict[str, Any]:
        for one in document["subtasks"]:
            one["start-time"] = one["start_time"] = at
            one.pop("status-duration", None)
        return document

    cluster.changed[f"jobs/{job}"] = in_job
    cluster.changed[f"jobs/{job}/vertices/{vertex}"] = in_vertex
    for subtask in range(cluster.document(f"jobs/{job}/vertices/{vertex}")["parallelism"]):
        cluster.changed[f"jobs/{job}/vertices/{vertex}/subtasks/{subtask}"] = lambda document: in_vertex(
            {"subtasks": [document]}
        )["subtasks"][0]
    cluster.changed[f"jobs/{job}/vertices/{vertex}/subtasks/metrics"] = json.loads(TOLD.read_text())
    cluster.changed[f"jobs/{job}/vertices/{vertex}/backpressure"] = _pressure
    cluster.read = _unmeasured


def _unmeasured(_subtask: int, metric: str) -> str:
    return "1000.0" if metric.startswith("busyTime") else "-1" if "Watermark" in metric else "0"


def _pressure(document: dict[str, Any]) -> dict[str, Any]:
    for one in document["subtasks"]:
        one.update({"busyRatio": 1.0, "idleRatio": 0.0, "ratio": 0.0, "backpressure-level": "ok"})
    return document


async def opened(day: Day, screen: Any) -> None:
    day.app.push_screen(screen)
    await day.settled()
    await day.wait(4)


@pytest.mark.deep
@pytest.mark.parametrize(("ago", "known"), [(AGE, False), (61, True)])
async def test_a_vertex_is_not_busy_because_it_has_just_started(ago: float, known: bool) -> None:  # noqa: FBT001
    cluster = Metered("1.20.5")
    job = cluster.job("steady")
    vertex = str(cluster.vertex(job, MIDDLE)["id"])
    starts(cluster, job, vertex, ago=ago)
    async with monitor(cluster=cluster) as day:
        await opened(day, JobScreen(job, "vertices"))
        rows = {row.id: row for row in day.app.screen.made["vertices"]._rows}  # type: ignore[attr-defined]
        facts = rows[vertex]
        for figure in (facts.taken, facts.sent, facts.busy, facts.backpressured, facts.idle):
            assert (figure.value is not None) is known
            assert not figure.absent
        if known:
            assert (facts.busy.value, facts.taken.value) == (1000.0, 0.0)


@pytest.mark.deep
async def test_nor_are_its_subtasks() -> None:
    cluster = Metered("1.20.5")
    job = cluster.job("steady")
    vertex = str(cluster.vertex(job, MIDDLE)["id"])
    starts(cluster, job, vertex)
    async with monitor(size=(160, 50), cluster=cluster) as day:
        await opened(day, VertexScreen(job, vertex))
        assert "in …   out …   busy …   backpressured …   idle …" in day.text
        [first] = [line for line in day.lines if re.search(r"\b0 +● RUNNING", line)]
        assert first.count("…") >= 5
        assert " 100 " not in day.text
        await day.press("2")
        await day.wait(2)
        assert not re.search(r"\b100\b", day.text)
        day.app.push_screen(SubtaskScreen(job, vertex, 0))
        await day.settled()
        await day.wait(4)
        assert "in …   out …   busy …   backpressured …   idle …" in day.text


@pytest.mark.deep
async def test_subtasks_are_counted_by_their_totals_meanwhile() -> None:
    cluster = Metered("1.20.5")
    job = cluster.job("steady")
    vertex = str(cluster.vertex(job, MIDDLE)["id"])
    starts(cluster, job, vertex, ago=5)
    began = cluster.changed[f"jobs/{job}/vertices/{vertex}"]
    one_of = cluster.changed[f"jobs/{job}/vertices/{vertex}/subtasks/0"]
    async with monitor(size=(160, 50), cluster=cluster) as day:

        def counted(document: dict[str, Any]) -> dict[str, Any]:
            passed = day.clock.now() // 10 * 10 - 900
            document["metrics"]["read-records"] = document["metrics"]["write-records"] = int(RATE * passed)
            return document

        def subtasks(document: dict[str, Any]) -> dict[str, Any]:
            document = began(document)
            for one in document["subtasks"]:
                counted(one)
            return document

        cluster.changed[f"jobs/{job}/vertices/{vertex}"] = subtasks
        cluster.changed[f"jobs/{job}/vertices/{vertex}/subtasks/0"] = lambda one: counted(one_of(one))
        await opened(day, VertexScreen(job, vertex))
        await day.wait(32)
        rows = day.app.screen.query_one("SubtasksTable")._rows  # type: ignore[attr-defined]
        assert rows
        for row in rows.values():
            assert row.taken.value == pytest.approx(RATE, rel=0.3)
            assert row.busy.value is None
        for label in ("min", "avg", "max"):
            assert re.search(r" (4|5|6|7)\d\d ", day.line(f"  {label} "))
        day.app.push_screen(SubtaskScreen(job, vertex, 0))
        await day.settled()
        await day.wait(32)
        assert re.search(r"in (4|5|6|7)\d\d/s   out (4|5|6|7)\d\d/s   busy …", day.text)


def test_a_measured_subtask_is_shown_in_its_first_minute() -> None:
    told: dict[str, float | None]
    told = {"taken": 10.0, "sent": 5.0, "busy": 300.0, "backpressured": 0.0, "idle": 700.0, "watermark": 1.0}
    assert first_minute.known(told) == {**told, "taken": None, "sent": None}
