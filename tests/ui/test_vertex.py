"""One vertex's screen: its subtasks, how they spread, and its charts."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from flinktop.engine.series import subtask_series, vertex_series
from flinktop.facts.freshness import Figure
from flinktop.model import format as fmt
from flinktop.model import lag as lags
from flinktop.model.skew import skew
from flinktop.model.subtask_figures import NO_WATERMARK
from flinktop.ui.panels.subtasks_table import SubtasksTable
from flinktop.ui.screens.subtask import SubtaskScreen
from flinktop.ui.screens.vertex import VertexScreen
from tests.ui.day import Day, monitor
from tests.ui.matrix import RELEASES, SIZES
from tests.ui.meters import Metered

pytestmark = pytest.mark.deep

MIDDLE = 1


@asynccontextmanager
async def on_vertex(
    release: str = "1.20.5",
    size: tuple[int, int] = (160, 50),
    *,
    at: int = MIDDLE,
    cluster: Metered | None = None,
    parallelism: int | None = None,
    **options: Any,
) -> AsyncIterator[tuple[Day, str, str]]:
    """A day that begins on a vertex of the steady job: the day, the job's id, the vertex's."""
    cluster = cluster or Metered(release)
    job = cluster.job("steady")
    vertex = str(cluster.vertex(job, at)["id"])
    if parallelism is not None:
        cluster.widen(job, vertex, parallelism)
    async with monitor(release, size, cluster=cluster, **options) as day:
        day.app.push_screen(VertexScreen(job, vertex))
        await day.settled()
        await day.wait(4)
        yield day, job, vertex


def rows(day: Day) -> dict[int, Any]:
    """The rows of the table by subtask."""
    return dict(day.app.screen.query_one(SubtasksTable)._rows)


def row_line(day: Day, subtask: int) -> str:
    """The line of a subtask on the screen."""
    return next((line for line in day.lines if re.match(rf"[ │]+{subtask} +● RUNNING", line)), "")


@pytest.mark.parametrize("release", RELEASES)
async def test_every_subtask_is_listed_with_flinks_totals(release: str) -> None:
    async with on_vertex(release) as (day, job, vertex):
        document = day.cluster.document(f"jobs/{job}/vertices/{vertex}")
        assert document["name"] in day.text
        assert len(rows(day)) == document["parallelism"]
        for one in document["subtasks"]:
            row = rows(day)[one["subtask"]]
            totals = one["metrics"]
            assert (row.state, row.attempt) == (one["status"], one["attempt"])
            assert row.total_taken.value == totals["read-records"]
            assert row.total_sent.value == totals["write-records"]
            line = row_line(day, one["subtask"])
            assert fmt.count(totals["read-records"]) in line
            assert str(one.get("endpoint") or one["host"])[:9] in line


@pytest.mark.parametrize("release", RELEASES)
async def test_rates_and_times_are_those_of_the_subtasks_meters(release: str) -> None:
    async with on_vertex(release) as (day, _, _):
        for index, row in rows(day).items():
            assert (row.taken.value, row.sent.value) == (index + 1.0, index + 1.0)
            if release == "1.9.3":
                assert row.busy.absent
                assert row.idle.absent
            else:
                assert (row.busy.value, row.idle.value) == (index * 100.0, 1000.0 - index * 100.0)


async def test_complete_rows_and_the_lines_below_them_use_one_answer() -> None:
    async with on_vertex() as (day, _, _):
        metered = day.cluster
        assert isinstance(metered, Metered)
        step = 0

        def read(subtask: int, metric: str) -> str:
            return meter_of_none(metric) if "Watermark" in metric else str((subtask + 1) * 10.0 + 100 * step)

        metered.read = read
        seen = set()
        for step in range(12):
            await day.wait(2)
            taken = [row.taken.value for row in rows(day).values()]
            seen.add(max(taken))
            wanted = [min(taken), sum(taken) / len(taken), max(taken)]
            said = [day.line(f"  {label} ").split()[1] for label in ("min", "avg", "max")]
            assert said == [fmt.count(one) for one in wanted], step
        assert len(seen) >= 3


async def test_the_header_uses_the_answer_of_the_rows_while_all_are_visible() -> None:
    cluster = Metered("1.20.5")
    now, step = cluster.document(f"jobs/{cluster.job('steady')}")["now"], 0

    def read(subtask: int, metric: str) -> str:
        if "Watermark" in metric:
            return str(now - 40_000 - 1000 * subtask)
        return str((subtask + 1) * 10.0 + 100 * step)

    cluster.read = read
    taken: list[float] = []
    async with on_vertex(cluster=cluster) as (day, _, _):
        for step in range(12):
            await day.wait(2)
            shown = list(rows(day).values())
            taken, sent, busy, lag = (
                [getattr(row, name).value for row in shown] for name in ("taken", "sent", "busy", "lag")
            )
            assert f"in {fmt.count(sum(taken))}/s   out {fmt.count(sum(sent))}/s" in day.lines[3], step
            spread = (min(busy), sum(busy) / len(busy), max(busy))
            assert f"busy {'/'.join(map(fmt.per_mille, spread))} %" in day.lines[3], step
            assert f"lag {lags.words(max(lag))} " in f"{day.lines[4]} ", step
        # Of rows that are no longer seen it says nothing.
        await day.press("5")
        await day.wait(3)
        assert f"in {fmt.count(sum(taken))}/s" not in day.lines[3]


async def test_rows_and_the_lines_below_them_show_their_ages_where_these_differ() -> None:
    async with on_vertex(parallelism=200) as (day, _, _):
        # Other rows are asked for at another time than all of them together.
        await day.press("G")
        await day.wait(3)
        found = re.search(r"  min .* all 200: (\d+) s ago", day.text)
        shown = re.search(r"  avg .* rows: (\d+) s ago", day.text)
        assert found is not None
        assert shown is not None
        assert int(shown[1]) != int(found[1])


async def test_the_state_above_the_rows_is_the_newer_one_or_says_that_they_are_older() -> None:
    async with on_vertex() as (day, job, vertex):
        path = f"jobs/{job}/vertices/{vertex}"

        def started(document: dict[str, Any]) -> dict[str, Any]:
            for one in document["vertices"]:
                one["duration"] = 0
            return document

        def failed(document: dict[str, Any]) -> dict[str, Any]:
            for one in document["subtasks"]:
                one |= {"status": "FAILED", "end-time": one["start-time"] + 7000}
            return document

        day.cluster.changed |= {f"jobs/{job}": started, path: failed}
        states = []
        for _ in range(6):
            await day.wait(1)
            states = [row.state for row in rows(day).values()]
            header = day.lines[2]
            if set(states) == {"FAILED"}:
                assert "✕ FAILED ran 7 s" in header or " earlier)" in header, header
        assert set(states) == {"FAILED"}


@pytest.mark.parametrize("release", RELEASES)
async def test_least_mean_and_most_are_what_flink_sums_up(release: str) -> None:
    async with on_vertex(release, parallelism=60) as (day, job, vertex):
        path = f"/jobs/{job}/vertices/{vertex}/subtasks/metrics?get=numRecordsInPerSecond"
        [metric] = json.loads(day.cluster.answer(path)[1])
        document = day.cluster.document(f"jobs/{job}/vertices/{vertex}")
        # All are like the first.
        total = document["subtasks"][0]["metrics"]["read-records"]
        for label in ("min", "avg", "max"):
            words = day.line(f"  {label} ").split()
            assert fmt.count(metric[label]) in words, label
            assert fmt.count(total) in words
        aggregated = document.get("aggregated")
        assert ("  p95 " in day.text) is (aggregated is not None)
        if aggregated is not None:
            p95 = aggregated["metrics"]["read-records"]["p95"]
            assert day.line("  p95 ").split()[1] == fmt.count(p95)


@pytest.mark.parametrize(
    ("size", "lines"),
    [
        ((80, 24), ("min", "avg", "max")),
        ((120, 40), ("min", "avg", "max", "med", "p95")),
        ((200, 60), ("min", "avg", "max", "p25", "med", "p75", "p95", "sum")),
    ],
)
async def test_more_room_shows_more_quantiles_of_subtasks(
    size: tuple[int, int], lines: tuple[str, ...]
) -> None:
    async with on_vertex("2.3.0", size) as (day, job, vertex):
        document = day.cluster.document(f"jobs/{job}/vertices/{vertex}")
        told = document["aggregated"]["metrics"]["read-records"]
        shown = {
            words[0]: words[1:]
            for words in (line.strip("│ ").split() for line in day.lines)
            if words and words[0] in ("min", "avg", "max", "p25", "med", "p75", "p95", "sum")
        }
        assert tuple(shown) == lines
        for label, value in ((one, told.get("median" if one == "med" else one)) for one in lines):
            assert fmt.count(value) in shown[label], label


async def test_the_header_shows_state_parallelism_and_the_spread_of_times() -> None:
    async with on_vertex() as (day, job, vertex):
        assert "● RUNNING" in day.lines[2]
        assert "parallelism 2 (max 128)" in day.lines[2]
        # Where no rows of subtasks are seen.
        await day.press("5")
        path = f"/jobs/{job}/vertices/{vertex}/subtasks/metrics?get=idleTimeMsPerSecond"
        [idle] = json.loads(day.cluster.answer(path)[1])
        assert (
            f"idle {'/'.join(fmt.per_mille(idle[name]) for name in ('min', 'avg', 'max'))} %" in day.lines[3]
        )


async def test_no_busy_time_before_1_13_is_a_dash_and_not_a_zero() -> None:
    async with on_vertex("1.9.3") as (day, _, _):
        assert "busy –   backpressured –   idle –" in day.text  # noqa: RUF001 -- the dash that stands for absent


async def test_a_source_takes_nothing_in_and_has_its_operators_watermark() -> None:
    cluster = Metered("2.3.0")
    cluster.read = lambda subtask, metric: "1795320357066" if "Watermark" in metric else str(subtask)
    async with on_vertex("2.3.0", at=0, cluster=cluster) as (day, _, _):
        assert all(row.taken.absent and row.total_taken.absent for row in rows(day).values())
        assert rows(day)[0].mark.value == 1_795_320_357_066.0
        assert "04:05:57" in row_line(day, 0)
        asked = [
            target
            for target in day.asked()
            if "/metrics?get=" in target and "currentOutputWatermark" in target
        ]
        assert any("WatermarkAssigner%5B29%5D.currentOutputWatermark" in target for target in asked)
        assert not any("Source__events" in target for target in asked)


async def test_a_missing_watermark_is_reported_and_is_not_a_lag() -> None:
    async with on_vertex() as (day, _, _):
        assert "watermark none yet" in day.text
        assert all(row.mark.value == NO_WATERMARK and row.lag.absent for row in rows(day).values())
        assert all(" none " in row_line(day, subtask) for subtask in rows(day))


async def test_a_lag_is_behind_the_clusters_clock_not_this_machines() -> None:
    cluster = Metered("1.20.5")
    now = cluster.document(f"jobs/{cluster.job('steady')}")["now"]
    cluster.read = lambda _subtask, metric: str(now - 90_000) if "Watermark" in metric else "1"
    async with on_vertex(cluster=cluster) as (day, _, _):
        # This machine's clock is years away from the recorded one.
        assert abs(day.clock.wall() - now / 1000) > 7200
        for row in rows(day).values():
            assert row.lag.value == pytest.approx(90, abs=15)
        assert " 1 m" in row_line(day, 0)


# -- skew and order ----------------------------------------------------------------------------------


async def test_skew_is_shown_in_words_with_the_highest_subtask() -> None:
    cluster = Metered("1.20.5")
    job = cluster.job("steady")
    vertex = str(cluster.vertex(job, MIDDLE)["id"])
    counts = [100, 100, 100, 900]
    cluster.widen(job, vertex, len(counts))
    widened = cluster.changed[f"jobs/{job}/vertices/{vertex}"]

    def skewed(document: dict[str, Any]) -> dict[str, Any]:
        document = widened(document)
        for one, count in zip(document["subtasks"], counts, strict=True):
            one["metrics"]["read-records"] = count
        return document

    cluster.changed[f"jobs/{job}/vertices/{vertex}"] = skewed
    async with on_vertex(cluster=cluster) as (day, _, _):
        shown = re.search(
            r"skew (\d+) % overall, <?\d+ % now: subtask 3 \(4/4\) takes 75 % of the records", day.text
        )
        assert shown is not None
        assert shown[1] == f"{skew(counts):.0f}"
        assert "3 times the mean" in day.text


async def test_hot_subtasks_come_first_and_rows_do_not_jump_at_every_poll() -> None:
    async with on_vertex(size=(160, 60), parallelism=20) as (day, _, _):
        keys = day.table.shown_keys()
        # Bands of 30, 50, 70, 90 %: within one the index decides.
        assert keys[:4] == ("9", "19", "7", "8")
        assert keys[-3:] == ("10", "11", "12")
        metered = day.cluster
        assert isinstance(metered, Metered)
        before = metered.read
        metered.read = lambda subtask, metric: (
            str(float(before(subtask, metric)) + 20) if metric.startswith("busy") else before(subtask, metric)
        )
        await day.wait(12)
        assert rows(day)[9].busy.value == 920.0
        assert day.table.shown_keys() == keys


async def test_a_subtask_that_does_not_run_comes_first_and_the_cursor_stays_on_its_row() -> None:
    async with on_vertex(parallelism=8) as (day, job, vertex):
        await day.press("down", "down", "down")
        held = day.table.cursor_key
        path = f"jobs/{job}/vertices/{vertex}"
        widened = day.cluster.changed[path]

        def deploying(document: dict[str, Any]) -> dict[str, Any]:
            document = widened(document)
            document["subtasks"][1]["status"] = "DEPLOYING"
            document["subtasks"][2]["status"] = "FAILED"
            return document

        day.cluster.changed[path] = deploying
        await day.wait(4)
        assert day.table.shown_keys()[:2] == ("2", "1")
        assert day.table.cursor_key == held


async def test_rows_are_filtered_by_state_host_and_index() -> None:
    async with on_vertex(parallelism=30) as (day, _, _):
        await day.press("slash", *"17", "enter")
        assert day.table.shown_keys() == ("17",)
        await day.press("escape", "slash", *"state:failed", "enter")
        assert day.table.shown_keys() == ()
        await day.press("escape", "slash", *"localhost", "enter")
        assert len(day.table.shown_keys()) == 30


async def test_any_column_sorts() -> None:
    async with on_vertex(parallelism=5) as (day, _, _):
        day.table.sort_by("in")
        assert day.table.shown_keys() == ("4", "3", "2", "1", "0")
        day.table.sort_by("subtask")
        assert day.table.shown_keys() == ("0", "1", "2", "3", "4")


# -- what it asks ------------------------------------------------------------------------------------


async def test_one_metrics_request_for_all_rows_and_one_for_their_sum_in_ten_seconds() -> None:
    async with on_vertex(parallelism=20) as (day, job, vertex):
        await day.wait(12)
        since = len(day.cluster.asked)
        await day.wait(30)
        asked = [target for target in day.asked(since) if target.startswith(f"jobs/{job}/vertices/{vertex}")]
        metrics = [target for target in asked if "metrics" in target]
        assert len([target for target in metrics if "/subtasks/metrics" in target]) <= 4
        assert len([target for target in metrics if "/subtasks/metrics" not in target]) <= 4
        others = [target for target in asked if "metrics" not in target]
        # The chart of its time is of one subtask.
        assert len([target for target in others if target.endswith("/backpressure")]) <= 4
        assert len([target for target in others if not target.endswith("/backpressure")]) <= 11


@pytest.mark.long
async def test_of_five_thousand_subtasks_only_those_on_the_screen_are_polled() -> None:
    async with on_vertex(size=(120, 40), parallelism=5000) as (day, job, vertex):
        assert len(day.table.shown_keys()) == 5000
        seen = len(day.table.visible_keys())
        assert 5 <= seen <= 30
        await day.wait(20)
        since = len(day.cluster.asked)
        await day.wait(30)
        path = f"jobs/{job}/vertices/{vertex}"
        asked = day.asked(since)
        # The answer about all of them is big: it is asked for as often as Flink's metrics move.
        assert 2 <= asked.count(path) <= 4
        metrics = [target for target in asked if target.startswith(f"{path}/metrics")]
        assert 2 <= len(metrics) <= 9
        assert all(len(target) < 3600 for target in metrics)
        ids = {target.partition(".")[0] for line in metrics for target in line.partition("=")[2].split(",")}
        assert len(ids) <= 2 * seen
        await day.press("end")
        await day.wait(2)
        assert rows(day)[4999].taken.value == 5000.0


async def test_scrolling_through_thousands_asks_once_a_second_at_the_most() -> None:
    cluster = Metered("1.20.5")
    cluster.read = lambda subtask, metric: str(subtask + 1) if "Records" in metric else meter_of_none(metric)
    async with on_vertex(size=(120, 40), cluster=cluster, parallelism=2000) as (day, job, vertex):
        since = len(day.cluster.asked)
        screen = day.app.screen
        assert isinstance(screen, VertexScreen)
        # However slow this machine is, no second passes for the app while keys are pressed.
        second, screen.second = screen.second, lambda: None  # type: ignore[method-assign]
        await day.press(*["pagedown"] * 40)
        screen.second = second  # type: ignore[method-assign]
        path = f"jobs/{job}/vertices/{vertex}/metrics"
        assert not [target for target in day.asked(since) if target.startswith(path)]
        await day.wait(2)
        assert 1 <= len([target for target in day.asked(since) if target.startswith(path)]) <= 3
        for key in day.table.visible_keys():
            assert rows(day)[int(key)].taken.value == int(key) + 1.0


async def test_rows_off_the_screen_are_known_by_how_their_totals_move() -> None:
    async with on_vertex(size=(120, 30), parallelism=200) as (day, job, vertex):
        path = f"jobs/{job}/vertices/{vertex}"
        widened = day.cluster.changed[path]

        def moving(document: dict[str, Any]) -> dict[str, Any]:
            document = widened(document)
            steps = int(day.clock.now() // 10)
            for one in document["subtasks"]:
                hot = 9 if one["subtask"] == 150 else 1
                one["metrics"]["read-records"] += steps * 1000
                one["metrics"]["accumulated-busy-time"] += steps * 1000 * hot
                one["metrics"]["accumulated-idle-time"] += steps * 1000 * (10 - hot)
            return document

        day.cluster.changed[path] = moving
        metered = day.cluster
        assert isinstance(metered, Metered)
        metered.read = lambda subtask, metric: (
            ("900" if subtask == 150 else "100") if metric.startswith("busy") else meter_of_none(metric)
        )
        assert "150" not in day.table.visible_keys()
        await day.wait(65)
        assert day.table.shown_keys()[0] == "150"
        assert rows(day)[120].taken.value == pytest.approx(100, rel=0.1)


def meter_of_none(metric: str) -> str:
    """A meter that reads nothing of note."""
    return "-9223372036854775808" if "Watermark" in metric else "1"


async def test_an_operator_with_a_name_of_thousands_of_letters_is_shown_and_asks_no_long_lines() -> None:
    cluster = Metered("1.20.5")
    job = cluster.job("steady")
    vertex = str(cluster.vertex(job, 0)["id"])
    name = "[red]" + "事" * 4000 + "[/]"

    def named(document: dict[str, Any]) -> dict[str, Any]:
        for one in document["vertices"]:
            if one["id"] == vertex:
                one["name"] = name
        return document

    cluster.changed[f"jobs/{job}"] = named
    async with on_vertex(cluster=cluster, at=0) as (day, _, _):
        assert "[red]事" in day.text
        assert all(len(target) < 3600 for target in day.asked())
        assert len(day.lines) == 50


# -- bad days ----------------------------------------------------------------------------------------


async def test_metrics_that_never_come_are_no_zeros() -> None:
    cluster = Metered("1.20.5")
    cluster.no_meters = True
    async with on_vertex(cluster=cluster) as (day, _, _):
        await day.wait(20)
        row = rows(day)[0]
        assert row.taken.value is None
        assert not row.taken.absent
        assert fmt.UNKNOWN in row_line(day, 0)
        assert "waiting for metrics" in day.text


async def test_a_vertex_that_vanishes_keeps_its_last_data_and_says_so() -> None:
    async with on_vertex() as (day, job, vertex):
        gone = (404, {"errors": [f"Vertex {vertex} not found"]})
        day.cluster.changed[f"jobs/{job}/vertices/{vertex}"] = gone
        await day.wait(12)
        assert "The job no longer has this vertex; esc goes back." in day.text
        assert len(rows(day)) == 2
        assert all(row.old for row in rows(day).values())
        await day.press("escape")
        assert not isinstance(day.app.screen, VertexScreen)


async def test_a_restart_that_changes_the_vertices_is_reported_and_a_neighbour_can_be_opened() -> None:
    async with on_vertex() as (day, job, vertex):

        def without(document: dict[str, Any]) -> dict[str, Any]:
            document["vertices"] = [one for one in document["vertices"] if one["id"] != vertex]
            return document

        day.cluster.changed[f"jobs/{job}"] = without
        await day.wait(5)
        assert "The job no longer has this vertex" in day.text
        await day.press("greater_than_sign")
        assert isinstance(day.app.screen, VertexScreen)
        assert day.app.screen.vertex == day.cluster.document(f"jobs/{job}")["vertices"][0]["id"]


async def test_a_job_that_vanishes_is_reported() -> None:
    async with on_vertex() as (day, job, _):
        for path in list(day.cluster.recorded):
            if path.startswith(f"jobs/{job}"):
                day.cluster.changed[path] = (404, {"errors": [f"Job {job} not found"]})
        await day.wait(12)
        assert "Flink no longer knows this job" in day.text
        assert len(rows(day)) == 2


async def test_a_job_that_restarts_shows_new_attempts_and_no_old_rates() -> None:
    async with on_vertex(parallelism=3) as (day, job, vertex):
        path = f"jobs/{job}/vertices/{vertex}"
        widened = day.cluster.changed[path]

        def restarted(document: dict[str, Any]) -> dict[str, Any]:
            document = widened(document)
            for one in document["subtasks"]:
                one["attempt"] = 4
                one["status"] = "DEPLOYING"
            return document

        day.cluster.changed[path] = restarted

        def restarting(document: dict[str, Any]) -> dict[str, Any]:
            document["state"] = "RESTARTING"
            return document

        day.cluster.changed[f"jobs/{job}"] = restarting
        await day.wait(4)
        assert "the job is RESTARTING" in day.text
        for row in rows(day).values():
            assert (row.state, row.attempt) == ("DEPLOYING", 4)
            assert row.taken.value is None


async def test_a_rescaled_vertex_shows_as_many_subtasks_as_it_has() -> None:
    async with on_vertex(parallelism=12) as (day, job, vertex):
        await day.press("end")
        day.cluster.changed.clear()
        assert isinstance(day.cluster, Metered)
        day.cluster.widen(job, vertex, 3)
        await day.wait(5)
        assert sorted(day.table.shown_keys()) == ["0", "1", "2"]
        assert day.table.cursor_key in ("0", "1", "2")


# -- charts and ways ---------------------------------------------------------------------------------


async def test_the_vertex_and_the_selected_subtask_are_drawn_over_time() -> None:
    async with on_vertex(size=(120, 40), parallelism=4) as (day, job, vertex):
        await day.sees("━ busy")
        day.table.cursor_key = "3"
        await day.settled()
        await day.press("9")
        await day.wait(12)
        await day.sees("subtask 3 (4/4)")
        assert day.port.points(vertex_series(job, vertex, "numRecordsInPerSecond"))
        assert day.port.latest(subtask_series(job, vertex, 3, "taken"))[1] == 4.0  # type: ignore[index]
        assert day.port.latest(subtask_series(job, vertex, 3, "busy"))[1] == 300.0  # type: ignore[index]
        since = len(day.cluster.asked)
        await day.wait(20)
        asked = [target for target in day.asked(since) if f"{vertex}/metrics?get=" in target]
        assert asked
        assert all(
            name.startswith("3.") for target in asked for name in target.partition("get=")[2].split(",")
        )


async def test_stepping_through_the_vertices_in_the_order_of_the_job_keeps_the_tab() -> None:
    async with on_vertex() as (day, job, vertex):
        order = [one["id"] for one in day.cluster.document(f"jobs/{job}")["vertices"]]
        await day.press("9", "greater_than_sign")
        screen = day.app.screen
        assert isinstance(screen, VertexScreen)
        assert (screen.vertex, screen.tab) == (order[(order.index(vertex) + 1) % len(order)], "charts")
        await day.press("less_than_sign", "less_than_sign")
        screen = day.app.screen
        assert isinstance(screen, VertexScreen)
        assert screen.vertex == order[order.index(vertex) - 1]
        await day.press("escape")
        assert not isinstance(day.app.screen, VertexScreen)


async def test_a_subtask_and_the_checkpoints_are_opened_by_key() -> None:
    async with on_vertex() as (day, job, _):
        await day.press("down")
        chosen = day.table.cursor_key
        await day.press("enter")
        assert isinstance(day.app.screen, SubtaskScreen)
        assert str(day.app.screen.subtask) == chosen
        await day.press("escape", "c")
        assert type(day.app.screen).__name__ == "CheckpointsScreen"
        assert day.app.screen.job == job


@pytest.mark.usefixtures("quiet_judge")
async def test_the_vertex_is_not_polled_while_a_subtask_covers_it() -> None:
    async with on_vertex(parallelism=20) as (day, job, vertex):
        await day.press("enter")
        await day.wait(4)
        since = len(day.cluster.asked)
        await day.wait(20)
        asked = day.asked(since)
        assert f"jobs/{job}/vertices/{vertex}" not in asked
        assert not [target for target in asked if "/subtasks/metrics" in target]


@pytest.mark.parametrize("size", SIZES)
async def test_every_size_shows_the_vertex(size: tuple[int, int]) -> None:
    for tab in ("1", "2"):
        async with on_vertex(size=size, parallelism=40) as (day, _, _):
            await day.press(tab)
            assert len(day.lines) == size[1]
            assert all(len(line) <= size[0] for line in day.lines)
            assert "RUNNING" in day.text or "pars" in day.text


async def test_ascii_draws_no_other_letters_of_ours() -> None:
    cluster = Metered("1.20.5")
    async with on_vertex(cluster=cluster, at=2, ascii_only=True) as (day, _, _):
        await day.sees("Records/s")
        body = "\n".join(day.lines[1:-1])
        assert "RUNNING" in body
        assert body.isascii(), [letter for letter in body if not letter.isascii()][:5]


async def test_a_new_attempt_is_not_given_the_rates_of_the_one_before() -> None:
    async with on_vertex(parallelism=2) as (day, job, vertex):
        path = f"jobs/{job}/vertices/{vertex}"
        widened = day.cluster.changed[path]
        started = day.port.cluster_time()

        def restarted(document: dict[str, Any]) -> dict[str, Any]:
            document = widened(document)
            for one in document["subtasks"]:
                one["attempt"] = 1
                one["start-time"] = int(started * 1000)
            return document

        day.cluster.changed[path] = restarted
        await day.wait(7)
        # Flink's store still has the last values of the attempt that is gone.
        assert all(row.attempt == 1 and row.taken == Figure() for row in rows(day).values())


async def test_a_vertex_that_does_not_run_has_dashes_for_rates_and_no_sums_of_them() -> None:
    async with on_vertex(parallelism=2) as (day, job, vertex):
        path = f"jobs/{job}/vertices/{vertex}"
        widened, in_job = day.cluster.changed[path], day.cluster.changed[f"jobs/{job}"]

        def ended(document: dict[str, Any]) -> dict[str, Any]:
            document = widened(document)
            for one in document["subtasks"]:
                one["status"] = "CANCELED"
            return document

        def job_ended(document: dict[str, Any]) -> dict[str, Any]:
            document = in_job(document)
            for one in document["vertices"]:
                one["status"] = "CANCELED"
            return document

        day.cluster.changed |= {path: ended, f"jobs/{job}": job_ended}
        await day.wait(5)
        read = day.cluster.document(f"jobs/{job}")["vertices"][MIDDLE]["metrics"]["read-records"]
        assert f"in {fmt.count(read)} records" in day.lines[3]
        assert "busy" not in day.lines[3]
        assert all(row.taken.absent and row.busy.absent for row in rows(day).values())
        total = rows(day)[0].total_taken.value
        assert day.line("  min ").split()[1] == fmt.count(total)
