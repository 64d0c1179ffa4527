"""Watermark lag on every screen that has it: of jobs and sources, as precise as it is known, coloured."""

from __future__ import annotations

import re
from typing import Any

import pytest

from flinktop.engine.series import SeriesName, job_series, subtask_series, vertex_series
from flinktop.model import rates
from flinktop.ui.panels.job_graph import JobGraph
from flinktop.ui.panels.jobs_table import JobsTable
from flinktop.ui.panels.vertex_parts import VertexWatermarks
from flinktop.ui.screens.job import JobScreen
from flinktop.ui.screens.subtask import SubtaskScreen
from flinktop.ui.screens.vertex import VertexScreen
from tests.ui.day import Day, monitor
from tests.ui.meters import Metered
from tests.ui.test_graph import boxes

pytestmark = pytest.mark.deep

JOIN = "orders-enrichment"


def job_id(day: Day, name: str) -> str:
    """A job of the demo."""
    found = [row.jid for row in day.app.screen.query_one(JobsTable)._rows if row.name == name]
    return str(found[0])


def job_row(day: Day, name: str) -> Any:
    return next(row for row in day.app.screen.query_one(JobsTable)._rows if row.name == name)


def grow(day: Day, series: SeriesName, lags: list[float]) -> None:
    """Give a series these points, half a minute apart, the last of them now."""
    for number, value in enumerate(lags):
        day.port.engine.series.add(series, day.port.now() - 30.0 * (len(lags) - 1 - number), value)


async def test_the_overview_has_the_lag_of_every_job() -> None:
    async with monitor("2.3.0", (160, 40), demo="mixed") as day:
        await day.wait(5)
        assert "WM LAG" in day.text
        lags = {row.name: row.facts.lag for row in day.app.screen.query_one(JobsTable)._rows if not row.ended}
        assert lags
        assert 5 < (lags[JOIN].value or 0) < 40
        assert re.search(rf"{JOIN}.* \d+ s ", day.line(JOIN))
        # What is seen is asked for before all that is asked for in passing.
        table = day.app.screen.query_one(JobsTable)
        wanted = {query.target for query in day.port.lag_queries(job_id(day, JOIN))}
        assert wanted
        assert wanted <= {query.target for query in table.asks()}


@pytest.mark.deep
async def test_one_request_for_a_visible_job_in_half_a_minute() -> None:
    async with monitor("2.3.0", (160, 40), demo="mixed") as day:
        await day.wait(5)
        since = len(day.cluster.asked)
        await day.wait(60)
        jobs = [
            target.split("/")[1]
            for target in day.asked(since)
            if target.endswith("get=currentInputWatermark")
        ]
        assert jobs
        assert max(jobs.count(job) for job in jobs) <= 3


async def test_a_late_job_is_coloured_only_while_its_lag_grows() -> None:
    async with monitor("2.3.0", (160, 40), demo="mixed") as day:
        await day.wait(5)
        job = job_id(day, JOIN)
        sink = next(iter(day.port.lag_queries(job)))
        lags = day.port.engine.sweep.lags
        series = job_series(job, "lag")
        vertex = dict(sink.ids)["vertex"]

        def late(*values: float) -> str:
            grow(day, series, list(values[:-1]))
            lags.vertex(job, vertex, values[-1], day.port.now())
            day.app.screen.query_one(JobsTable).tick()
            return str(job_row(day, JOIN).facts.lag.tone)

        day.port.engine.series._rings.pop(series)
        assert late(70.0, 100.0, 130.0, 160.0, 190.0, 220.0) == "warn"
        day.port.engine.series._rings.pop(series)
        assert late(700.0, 730.0, 760.0, 790.0, 820.0, 850.0) == "bad"
        day.port.engine.series._rings.pop(series)
        assert late(700.0, 700.0, 700.0, 700.0, 700.0, 700.0) == ""


async def test_a_source_has_a_lag_in_table_and_graph() -> None:
    async with monitor("2.3.0", (120, 40), demo="mixed") as day:
        job = job_id(day, JOIN)
        day.app.push_screen(JobScreen(job))
        await day.settled()
        await day.wait(12)
        graph = [line for line in day.lines if "lag" in line]
        assert not [line for line in graph if re.search(r"lag +–", line)]  # noqa: RUF001 -- what stands for absent
        rows = {row.name: row.lag for row in day.app.screen.made["vertices"]._rows}  # type: ignore[attr-defined]
        source = next(lag for name, lag in rows.items() if name.startswith("Source"))
        assert source.value is not None
        assert not source.absent


@pytest.mark.deep
async def test_a_lag_does_not_grow_with_the_age_of_its_answer() -> None:
    async with monitor("2.3.0", (120, 40), demo="mixed") as day:
        job = job_id(day, JOIN)
        day.app.push_screen(JobScreen(job, "vertices"))
        await day.settled()
        await day.wait(12)
        seen: list[float] = []
        for _ in range(25):
            await day.wait(1)
            rows = day.app.screen.made["vertices"]._rows  # type: ignore[attr-defined]
            seen.append(next(row.lag.value for row in rows if row.lag.value is not None))
        # A new answer every ten seconds, and nothing in between.
        assert len({round(value, 3) for value in seen}) <= 4


@pytest.mark.deep
async def test_a_lag_below_its_precision_is_no_number() -> None:
    async with monitor("2.3.0", (120, 40), demo="mixed") as day:
        job = job_id(day, JOIN)
        vertex = next(iter(day.port.lag_queries(job)))
        day.app.push_screen(VertexScreen(job, dict(vertex.ids)["vertex"]))
        await day.settled()
        await day.wait(4)
        assert re.search(r"lag \d+ s ±10 s", day.text)
        assert "Watermark lag, precision 10 s" in day.text
        job_lag = vertex_series(job, dict(vertex.ids)["vertex"], "lag")
        assert day.port.latest(job_lag) is not None


@pytest.mark.deep
async def test_ascii_has_letters_for_the_precision() -> None:
    async with monitor("2.3.0", (120, 40), demo="mixed", ascii_only=True) as day:
        job = job_id(day, JOIN)
        vertex = next(iter(day.port.lag_queries(job)))
        day.app.push_screen(VertexScreen(job, dict(vertex.ids)["vertex"]))
        await day.settled()
        await day.wait(4)
        assert re.search(r"lag \d+ s \+-10 s", day.text)


GREW = [70.0, 100.0, 130.0, 160.0]
"""Lags (s) half a minute apart, the last of them half a minute ago."""
BEHIND = 200.0


def late_vertex() -> tuple[Metered, str, str]:
    """A vertex of the steady job whose watermarks are that far behind."""
    cluster = Metered("1.20.5")
    job = cluster.job("steady")
    vertex = str(cluster.vertex(job, 1)["id"])
    path = f"jobs/{job}/vertices/{vertex}"
    mark = cluster.document(f"jobs/{job}")["now"] - int(BEHIND * 1000)
    ids = (*rates.RATE_IDS, *rates.TIME_IDS)
    figures = [{"id": one, "min": 1, "max": 1, "avg": 1, "sum": 2} for one in ids]
    marks = {"id": rates.WATERMARK_ID, "min": mark, "max": mark, "avg": mark, "sum": 0}
    cluster.changed[f"{path}/subtasks/metrics"] = [*figures, marks]
    cluster.changed[f"{path}/watermarks"] = [
        {"id": f"{subtask}.{rates.WATERMARK_ID}", "value": str(mark)} for subtask in range(2)
    ]
    cluster.read = lambda _subtask, metric: str(mark) if "Watermark" in metric else "1"
    return cluster, job, vertex


def toned(day: Day, header: str) -> set[str]:
    """The styles of the lag in a header."""
    lines = day.app.screen.query_one(header)._lines  # type: ignore[attr-defined]
    return {tone for line in lines for text, tone in line if text.startswith("3 m")}


async def test_a_long_growing_lag_is_coloured_everywhere() -> None:
    cluster, job, vertex = late_vertex()
    async with monitor(cluster=cluster) as day:
        series = day.port.engine.series
        grown = [vertex_series(job, vertex, "lag"), subtask_series(job, vertex, 0, "lag")]
        for name in grown:
            for number, value in enumerate(GREW):
                series.add(name, day.port.now() - 30.0 * (len(GREW) - number), value)
        day.app.push_screen(JobScreen(job, "graph"))
        await day.settled()
        await day.wait(4)
        graph = day.app.screen.query_one(JobGraph)
        drawn = {
            tone
            for text, tone in [part for line in [*boxes(graph)[vertex].lines] for part in line]
            if text.strip() == "3 m"
        }
        assert drawn == {"warn"}
        day.app.push_screen(VertexScreen(job, vertex))
        await day.settled()
        await day.wait(4)
        assert toned(day, "VertexHeader") == {"warn"}
        assert day.table._rows[0].lag.tone == "warn"
        await day.press("3")
        await day.wait(4)
        marks = day.app.screen.query_one(VertexWatermarks)
        assert [row.lag.tone for row in marks.table._rows] == ["", ""]
        at = day.port.now()
        marks._history[0] = tuple((at - 30.0 * (len(GREW) - n), value) for n, value in enumerate(GREW))
        await day.wait(12)
        assert {row.index: row.lag.tone for row in marks.table._rows} == {0: "warn", 1: ""}
        day.app.push_screen(SubtaskScreen(job, vertex, 0))
        await day.settled()
        await day.wait(4)
        assert toned(day, "SubtaskHeader") == {"warn"}
