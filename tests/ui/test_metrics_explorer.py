"""All metrics of a job and of a vertex: what is listed, what is asked, what is pinned."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Static

from flinktop.model import format as fmt
from flinktop.ui import tabs
from flinktop.ui.panels.metrics_table import MetricsExplorer
from flinktop.ui.panels.pinned_charts import PinChart
from flinktop.ui.screens.subtask import SubtaskScreen
from tests.fixture_cluster import FixtureCluster
from tests.ui.day import Day, monitor
from tests.ui.matrix import RELEASES
from tests.ui.test_job import open_job
from tests.ui.test_subtask import ALIKE, OPERATOR
from tests.ui.test_vertex_tabs import number, open_tab

pytestmark = pytest.mark.deep


class WholeCluster(FixtureCluster):
    """As recorded, with a value for every metric: of most only the ids were recorded."""

    @staticmethod
    def _metrics(_answers: Any, wanted: list[str], *, aggregated: bool) -> list[Any]:
        if aggregated:
            return [{"id": name, "min": 1.0, "max": 4.0, "avg": 2.5, "sum": 5.0} for name in wanted]
        return [{"id": name, "value": "7"} for name in wanted]


async def open_metrics(day: Day, job: str = "steady") -> MetricsExplorer:
    await open_job(day, job)
    await day.press(number(tabs.JOB_TABS, "metrics"))
    await day.sees("the job")
    await day.wait(6)
    return day.app.screen.query_one(MetricsExplorer)


def shown(explorer: MetricsExplorer, row: Any) -> dict[str, str]:
    """What stands in each column of a row."""
    return {column.key: column.cell(row)[0] for column in explorer.table.columns}


def told(day: Day, target: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(day.cluster.answer(f"/{target}")[1])
    return found


@pytest.mark.parametrize("release", RELEASES)
async def test_every_metric_of_the_job_is_there_with_its_value(release: str) -> None:
    async with monitor(release, (120, 60)) as day:
        explorer = await open_metrics(day)
        job = day.cluster.job("steady")
        ids = [one["id"] for one in told(day, f"jobs/{job}/metrics")]
        rows = {row.metric: row for row in explorer.table._rows if row.metric}
        assert sorted(rows) == sorted(ids)
        assert f"{len(ids)} metrics" in day.line("the job")
        values = {one["id"]: one["value"] for one in told(day, f"jobs/{job}/metrics?get={','.join(ids)}")}
        for name in ("totalNumberOfCheckpoints", "uptime"):
            assert shown(explorer, rows[name])["raw"] == values[name]


async def test_a_vertex_is_listed_when_it_is_opened_and_its_rows_are_aggregates() -> None:
    async with monitor(cluster=WholeCluster("2.3.0"), size=(120, 60)) as day:
        explorer = await open_metrics(day)
        job = day.cluster.job("steady")
        vertex = day.cluster.document(f"jobs/{job}")["vertices"][1]["id"]
        listing = f"jobs/{job}/vertices/{vertex}/subtasks/metrics"
        explorer.table.cursor_key = f"scope {vertex}"
        await day.press("enter")
        await day.wait(14)
        assert listing in day.asked()
        explorer.table.cursor_key = f"metric {vertex}  numRecordsInPerSecond"
        await day.wait(12)
        row = explorer.table.cursor_row
        assert row is not None
        cells = shown(explorer, row)
        assert [cells[key] for key in ("min", "avg", "max", "sum")] == ["1", "2.500", "4", "5"]
        # By its subtasks: plain metrics of each.
        await day.press("enter", "j", "j")
        await day.wait(14)
        single = f"vertices/{vertex}/metrics?get=0.numRecordsInPerSecond"
        assert any(single in target for target in day.asked())
        values = {
            row.subtask: shown(explorer, row)["raw"]
            for row in explorer.table._rows
            if row.metric == "numRecordsInPerSecond"
        }
        assert (values[0], values[1]) == ("7", "7")
        labels = [row.label for row in explorer.table._rows if row.subtask is not None]
        assert labels == ["subtask 0 (1/2)", "subtask 1 (2/2)"]


async def test_a_search_finds_metrics_of_vertices_that_were_not_open() -> None:
    async with monitor("2.3.0", (120, 60)) as day:
        await open_metrics(day)
        await day.press("slash", *"busytimems", "enter")
        await day.wait(8)
        vertices = day.cluster.document(f"jobs/{day.cluster.job('steady')}")["vertices"]
        rows = day.app.screen.query_one(MetricsExplorer).table._shown.rows
        found = [row for row in rows if row.metric == "busyTimeMsPerSecond"]
        assert {row.scope.vertex for row in found} == {vertex["id"] for vertex in vertices}
        # Each stands below what it is of.
        assert len([row for row in rows if not row.metric]) == len(vertices)


async def test_metrics_of_operators_are_below_them_and_distinguishable(tmp_path: Path) -> None:
    cluster = WholeCluster("1.14.6")
    job = cluster.job("steady")
    vertex = str(cluster.document(f"jobs/{job}")["vertices"][1]["id"])
    cluster.changed[f"jobs/{job}/vertices/{vertex}/subtasks/metrics"] = [
        {"id": one, "min": 1.0, "max": 4.0, "avg": 2.5, "sum": 5.0} for one in ("numRecordsIn", *ALIKE)
    ]
    async with monitor(cluster=cluster, size=(120, 40), state=tmp_path) as day:
        await open_tab(day, "metrics")
        await day.wait(6)
        explorer = day.app.screen.query_one(MetricsExplorer)
        rows = explorer.table._rows
        assert [row.metric for row in rows] == ["", "numRecordsIn", "", *ALIKE]
        assert f"▾ {OPERATOR[:12]}" in day.text
        assert "8 metrics" in day.text
        lines = [day.line(one.rpartition(".")[2]).split()[0] for one in ALIKE]
        assert lines == [one.rpartition(".")[2] for one in ALIKE]
        # Sorted they stand without their operator above them: by their whole ids, cut in the middle.
        await day.press("s")
        await day.wait(4)
        lines = [line for line in day.lines if "count_per_user" in line]
        assert len(set(lines)) == len(lines) == len(ALIKE)
        await day.press("s", "s")
        await day.wait(4)
        explorer.table.cursor_key = f"operator {vertex} {OPERATOR}"
        await day.press("p", "enter")
        assert not day.app.pins_of(job)
        assert [row.metric for row in explorer.table._rows] == ["", "numRecordsIn", ""]
        await day.press("enter", "j", "p", "j", "p")
        await day.wait(4)
        titles = [str(chart.query_one(".title", Static).content) for chart in day.app.screen.query(PinChart)]
        ends = [title.partition(" of ")[0].rpartition("bytesSent")[2] for title in titles]
        assert sorted(ends) == ["", "PerSecond"]


async def test_only_values_of_rows_on_the_screen_are_requested() -> None:
    async with monitor("2.3.0", (80, 24)) as day:
        await open_metrics(day)
        job = day.cluster.job("steady")
        asked = [target for target in day.asked() if target.startswith(f"jobs/{job}/metrics?get=allSub")]
        assert asked
        assert len(asked[-1].split(",")) < 18


async def test_a_pinned_metric_is_drawn_recorded_and_kept_for_the_next_start(tmp_path: Path) -> None:
    async with monitor("2.3.0", state=tmp_path) as day:
        explorer = await open_metrics(day)
        await day.sees("p pins a metric")
        explorer.table.cursor_key = "metric job  createdTime"
        await day.press("p")
        await day.wait(12)
        assert explorer.table.cursor_row is not None
        assert explorer.table.cursor_row.pinned
        [chart] = day.app.screen.query(PinChart)
        assert chart.title() == "createdTime"
        [measure] = chart.measures()
        assert day.port.points(measure.series)
    async with monitor("2.3.0", state=tmp_path) as day:
        explorer = await open_metrics(day)
        await day.sees("◆")
        assert len(day.app.screen.query(PinChart)) == 1
        explorer.table.cursor_key = "metric job  createdTime"
        await day.press("p")
        await day.wait(3)
        await day.sees("p pins a metric")
        assert not day.app.screen.query(PinChart)


async def test_a_pin_of_a_subtask_is_drawn_on_the_vertex_too(tmp_path: Path) -> None:
    async with monitor(cluster=WholeCluster("2.3.0"), size=(120, 60), state=tmp_path) as day:
        path = await open_tab(day, "metrics")
        vertex = path.rpartition("/")[2]
        explorer = day.app.screen.query_one(MetricsExplorer)
        explorer.table.cursor_key = f"metric {vertex}  numRecordsIn"
        await day.press("enter")
        await day.wait(4)
        await day.press("j", "j", "p")
        await day.wait(12)
        [chart] = day.app.screen.query(PinChart)
        assert chart.title().startswith("numRecordsIn of subtask 1 (2/2) of ")
        await day.press("G")
        await day.sees("on the JobManager")


async def test_no_more_than_six_are_pinned(tmp_path: Path) -> None:
    async with monitor("2.3.0", state=tmp_path) as day:
        await open_metrics(day)
        await day.press(*("j", "p") * 7)
        assert len(day.app.pins_of(day.cluster.job("steady"))) == 6


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_every_size_shows_it(size: tuple[int, int], tmp_path: Path) -> None:
    async with monitor("1.20.5", size, state=tmp_path) as day:
        await open_metrics(day)
        await day.press("j", "p")
        await day.wait(4)
        assert all(len(line) <= size[0] for line in day.lines)
        await day.sees("◆")
        await day.sees("metrics")


async def test_a_metric_is_pinned_on_its_subtask_too(tmp_path: Path) -> None:
    async with monitor(cluster=WholeCluster("2.3.0"), size=(120, 40), state=tmp_path) as day:
        job = day.cluster.job("steady")
        vertex = day.cluster.document(f"jobs/{job}")["vertices"][1]["id"]
        day.app.push_screen(SubtaskScreen(job, vertex, 0, "metrics"))
        await day.settled()
        await day.wait(14)
        await day.press("j", "p")
        await day.wait(14)
        await day.sees("◆")
        [chart] = day.app.screen.query(PinChart)
        assert chart.pin.subtask == 0
        [measure] = chart.measures()
        assert day.port.points(measure.series)


async def test_a_history_server_has_no_metrics_and_says_so() -> None:
    cluster = FixtureCluster("2.3.0")

    def archived(document: dict[str, Any]) -> dict[str, Any]:
        document["features"]["web-history"] = True
        return document

    cluster.changed["config"] = archived
    async with monitor(cluster=cluster) as day:
        await open_job(day, "finishing")
        await day.press(number(tabs.JOB_TABS, "metrics"))
        await day.sees("This is a HistoryServer: it keeps ended jobs and has no metrics.")
        for tab, what in (
            ("backpressure", "backpressure"),
            ("watermarks", "watermarks"),
            ("flame", "flame graphs"),
        ):
            await open_tab(day, tab, job="finishing", at=0)
            await day.sees(f"and has no {what}.")


async def test_a_raw_number_is_next_to_its_value_with_a_unit() -> None:
    async with monitor("1.20.5", (80, 40)) as day:
        explorer = await open_metrics(day)
        rows = {row.metric: row for row in explorer.table._rows if row.metric}
        job = day.cluster.job("steady")
        [size] = told(day, f"jobs/{job}/metrics?get=lastCheckpointFullSize")
        words = fmt.size(float(size["value"]))
        assert int(size["value"]) > 1024
        line = day.line("lastCheckpointFullSize").split()
        assert line == ["lastCheckpointFullSize", size["value"], *words.split()]
        cells = shown(explorer, rows["numRestarts"])
        assert (cells["raw"], cells["value"]) == ("0", "")
