"""One subtask's screen: its attempts, the times of its states, its metrics, its charts."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

import pytest

from flinktop.model import format as fmt
from flinktop.ui.panels.attempts import PHASES, AttemptsTable, StateTimes
from flinktop.ui.panels.metrics_table import MetricsTable
from flinktop.ui.screens.subtask import SubtaskScreen
from tests.ui.day import Day, monitor
from tests.ui.matrix import RELEASES, SIZES
from tests.ui.meters import Metered

pytestmark = pytest.mark.deep

OPERATOR = "count_per_user_[v1]_->_<b>dedupe</b>".ljust(80, "_")
ALIKE = [
    f"{OPERATOR}.{name}{end}"
    for name in ("bytesSent", "bytesTaken", "sent", "taken")
    for end in ("", "PerSecond")
]
"""Metrics of an operator whose name has eighty letters."""


@asynccontextmanager
async def on_subtask(
    release: str = "1.20.5",
    size: tuple[int, int] = (160, 50),
    *,
    job_name: str = "steady",
    at: int = 1,
    subtask: int = 0,
    cluster: Metered | None = None,
    tab: str = "",
    **options: Any,
) -> AsyncIterator[tuple[Day, str]]:
    """A day that begins on a subtask: the day, and the path of its vertex."""
    cluster = cluster or Metered(release)
    job = cluster.job(job_name)
    vertex = str(cluster.document(f"jobs/{job}")["vertices"][at]["id"])
    async with monitor(release, size, cluster=cluster, **options) as day:
        day.app.push_screen(SubtaskScreen(job, vertex, subtask, tab))
        await day.settled()
        await day.wait(4)
        yield day, f"jobs/{job}/vertices/{vertex}"


def attempts(day: Day) -> list[Any]:
    return list(day.app.screen.query_one(AttemptsTable).table._rows)


def cells(day: Day, row: Any) -> dict[str, str]:
    """What a row of the table says, by column."""
    return {column.key: column.cell(row)[0] for column in day.table.columns}


def metrics(day: Day) -> dict[str, str]:
    table = day.app.screen.query_one(MetricsTable).table
    value = next(column for column in table.columns if column.key == "raw")
    return {row.metric: value.cell(row)[0] for row in table._rows if row.metric}


# -- attempts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("release", RELEASES)
async def test_the_current_attempt_is_shown_with_flinks_data(release: str) -> None:
    async with on_subtask(release) as (day, path):
        document = day.cluster.document(f"{path}/subtasks/0")
        assert "subtask 0 (1/2) of" in day.text
        assert f"attempt {document['attempt']}" in day.lines[2]
        if release != "1.9.3":
            assert document["taskmanager-id"] in day.lines[2]
        [row] = attempts(day)
        assert (row.attempt, row.status, row.start_time) == (0, document["status"], document["start-time"])
        shown = cells(day, row)
        assert shown["total_in"] == fmt.count(document["metrics"]["read-records"])
        told = document.get("status-duration")
        for state, column in zip(("SCHEDULED", "DEPLOYING", "INITIALIZING", "RUNNING"), PHASES, strict=True):
            assert shown[column[0].lower()] == (fmt.milliseconds(told[state]) if told else fmt.ABSENT)


@pytest.mark.parametrize("release", RELEASES)
async def test_states_are_in_order_of_entry_with_their_durations(release: str) -> None:
    async with on_subtask(release) as (day, path):
        found = day.cluster.document(f"{path}/subtasktimes")["subtasks"][0]["timestamps"]
        entered = sorted((at, state) for state, at in found.items() if at)
        rows = list(day.app.screen.query_one(StateTimes).query_one("#state-rows")._rows)  # type: ignore[attr-defined]
        assert [(row.entered, row.state) for row in rows] == entered
        spent = [after[0] - before[0] for before, after in pairwise(entered)]
        assert [row.milliseconds for row in rows[:-1]] == spent
        assert fmt.milliseconds(spent[0]) in day.line("CREATED")


@pytest.mark.parametrize("release", RELEASES)
async def test_earlier_attempts_are_found_one_after_the_other_until_flink_knows_no_more(release: str) -> None:
    cluster = Metered(release)
    job = cluster.job("steady")
    vertex = str(cluster.vertex(job, 1)["id"])
    path = f"jobs/{job}/vertices/{vertex}/subtasks/0"
    present = {**cluster.document(path), "attempt": 9}
    cluster.changed[path] = present
    for number in (7, 8):
        cluster.changed[f"{path}/attempts/{number}"] = {**present, "attempt": number, "status": "FAILED"}
    gone = (404, {"errors": ["Invalid attempt num 6"]})
    cluster.changed[f"{path}/attempts/6"] = gone
    async with on_subtask(release, cluster=cluster) as (day, _):
        assert "attempt 9" in day.text
        since = len(day.cluster.asked)
        await day.wait(8)
        assert [(row.attempt, row.status) for row in attempts(day)] == [
            (9, "RUNNING"),
            (8, "FAILED"),
            (7, "FAILED"),
        ]
        assert "Attempts 0-6: not kept by Flink." in day.text
        await day.wait(30)
        asked = [target for target in day.asked(since) if "/attempts/" in target]
        # What is over does not change: each is asked for once, but for the one that may yet come.
        assert len([target for target in asked if target.endswith(("/7", "/8"))]) <= 2
        assert not any(target.endswith("/5") for target in asked)


async def test_an_attempt_that_fails_while_visible_becomes_an_earlier_one() -> None:
    async with on_subtask() as (day, path):
        present = day.cluster.document(f"{path}/subtasks/0")
        day.cluster.changed[f"{path}/subtasks/0"] = {**present, "attempt": 1, "status": "DEPLOYING"}
        day.cluster.changed[f"{path}/subtasks/0/attempts/0"] = {**present, "status": "FAILED"}
        await day.wait(8)
        assert [(row.attempt, row.status) for row in attempts(day)] == [(1, "DEPLOYING"), (0, "FAILED")]
        assert "loading earlier" not in day.text


async def test_a_source_takes_nothing_in() -> None:
    async with on_subtask(at=0) as (day, _):
        [row] = attempts(day)
        assert cells(day, row)["total_in"] == fmt.ABSENT
        assert "in –" in day.lines[3]  # noqa: RUF001 -- the dash that stands for absent


# -- metrics -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("release", RELEASES)
async def test_metrics_on_the_screen_have_flinks_values(release: str) -> None:
    async with on_subtask(release, tab="metrics") as (day, path):
        listed = [one["id"] for one in day.cluster.document(f"{path}/subtasks/0/metrics")]
        found = metrics(day)
        assert sorted(found) == sorted(listed)
        visible = day.table.visible_keys()
        assert 10 < len(visible) < len(listed)
        recorded = {
            one["id"]: one["value"]
            for params, (_, body) in day.cluster.recorded[f"{path}/subtasks/0/metrics"].items()
            if dict(params)
            for one in json.loads(body)
        }
        for name in visible:
            if name in recorded and "atermark" not in name:
                assert float_or_text(found[name]) == pytest.approx(
                    float_or_text(recorded[name]), abs=0.001
                ), name
        asked = {name for target in day.asked() if path in target for name in target.split(",")}
        assert found[max(set(listed) - asked, key=str.casefold)] == fmt.UNKNOWN


def float_or_text(text: str) -> Any:
    try:
        return float(text) if text != "NaN" else text
    except ValueError:
        return text


async def test_metrics_are_searched_and_matches_are_requested() -> None:
    async with on_subtask(tab="metrics") as (day, path):
        since = len(day.cluster.asked)
        await day.press("slash", *"watermark parse", "enter")
        shown = [row.metric for row in day.table._shown.rows if row.metric]
        assert all("atermark" in one and "parse" in one for one in shown)
        assert shown
        await day.wait(3)
        *_, asked = [target for target in day.asked(since) if f"{path}/subtasks/0/metrics?get=" in target]
        assert asked.count(",") == len(shown) - 1
        assert "none yet" in day.line("currentInputWatermark")


async def test_metrics_of_operators_are_below_them_and_distinguishable() -> None:
    cluster = Metered("1.20.5")
    vertex = str(cluster.document(f"jobs/{cluster.job('steady')}")["vertices"][1]["id"])
    path = f"jobs/{cluster.job('steady')}/vertices/{vertex}/subtasks/0/metrics"
    cluster.changed[path] = [{"id": one, "value": "7"} for one in ("uptime", *ALIKE)]
    async with on_subtask(size=(80, 40), cluster=cluster, tab="metrics") as (day, _):
        assert [row.metric for row in day.table._rows] == ["uptime", "", *ALIKE]
        lines = [day.line(one.rpartition(".")[2]) for one in ALIKE]
        assert len({line.strip("│ ").split()[0] for line in lines}) == len(ALIKE)
        # By value they stand without their operator above them: their whole ids, cut in the middle.
        await day.press("s", "s")
        await day.wait(4)
        assert all(row.metric for row in day.table._rows)
        lines = [line for line in day.lines if "count_per_user" in line]
        assert len(set(lines)) == len(lines) == len(ALIKE)
        await day.press("s")
        await day.wait(4)
        # Closed and opened again; searched for, it is open.
        day.table.cursor_key = f"operator  {OPERATOR}"
        await day.press("enter")
        assert [row.metric for row in day.table._rows] == ["uptime", ""]
        await day.press("p")
        assert not day.app.pins_of(day.cluster.job("steady"))
        await day.press("slash", *"bytess", "enter")
        await day.wait(4)
        assert [row.metric for row in day.table._shown.rows] == [
            "",
            *(one for one in ALIKE if "bytesSent" in one),
        ]


async def test_only_metrics_on_the_screen_are_requested_in_one_request() -> None:
    async with on_subtask(size=(100, 30), tab="metrics") as (day, path):
        await day.wait(12)
        since = len(day.cluster.asked)
        await day.wait(30)
        asked = [target for target in day.asked(since) if "/metrics" in target and path in target]
        values = [target for target in asked if f"{path}/subtasks/0/metrics?get=" in target]
        assert 2 <= len(values) <= 4
        assert all(target.count(",") < 30 for target in values)
        assert f"{path}/subtasks/0/metrics" not in asked


async def test_metrics_that_never_arrive_are_reported() -> None:
    cluster = Metered("1.20.5")
    cluster.no_meters = True
    async with on_subtask(cluster=cluster, tab="metrics") as (day, _):
        assert "No metrics yet" in day.text


async def test_hostile_ids_are_text() -> None:
    cluster = Metered("1.20.5")
    job = cluster.job("steady")
    vertex = str(cluster.vertex(job, 1)["id"])
    name = "[red]x[/].\x1b[31m" + "w" * 3000
    cluster.changed[f"jobs/{job}/vertices/{vertex}/subtasks/0/metrics"] = [
        {"id": name},
        {"id": "a", "value": "[b]"},
    ]
    async with on_subtask(cluster=cluster, tab="metrics") as (day, _):
        # What stands before its dot is taken for an operator.
        assert "▾ [red]x[/]" in day.text
        assert "wwwww" in day.text
        assert "\x1b" not in day.text
        assert "[b]" in day.text


# -- charts, ways, bad days --------------------------------------------------------------------------


async def test_its_charts_are_drawn_from_what_its_meters_read() -> None:
    async with on_subtask(size=(120, 40), subtask=1, tab="charts") as (day, _):
        await day.wait(12)
        await day.sees("━ busy 10")
        await day.sees("━ in 2")


async def test_stepping_to_the_neighbours_goes_round_and_keeps_the_tab() -> None:
    async with on_subtask() as (day, _):
        await day.press("2", "greater_than_sign")
        screen = day.app.screen
        assert isinstance(screen, SubtaskScreen)
        assert (screen.subtask, screen.tab) == (1, "metrics")
        await day.press("greater_than_sign")
        assert isinstance(day.app.screen, SubtaskScreen)
        assert day.app.screen.subtask == 0
        await day.press("less_than_sign")
        assert isinstance(day.app.screen, SubtaskScreen)
        assert day.app.screen.subtask == 1


async def test_a_subtask_that_a_smaller_parallelism_takes_away_keeps_its_last_picture() -> None:
    async with on_subtask(subtask=0) as (day, path):
        for name in ("", "/metrics"):
            gone = (404, {"errors": ["Invalid subtask index 0"]})
            day.cluster.changed[f"{path}/subtasks/0{name}"] = gone
        await day.wait(8)
        assert "The vertex no longer has this subtask; esc goes back." in day.text
        [row] = attempts(day)
        assert day.app.screen.query_one(AttemptsTable).is_dim(row)
        await day.press("escape")
        assert not isinstance(day.app.screen, SubtaskScreen)


async def test_a_subtask_that_never_existed_is_reported() -> None:
    cluster = Metered("1.20.5")
    job = cluster.job("steady")
    vertex = cluster.vertex(job, 1)["id"]
    gone = (404, {"errors": ["Invalid subtask index 77"]})
    cluster.changed[f"jobs/{job}/vertices/{vertex}/subtasks/77"] = gone
    async with on_subtask(cluster=cluster, subtask=77) as (day, _):
        assert "The vertex no longer has this subtask" in day.text
        await day.press("greater_than_sign")
        assert isinstance(day.app.screen, SubtaskScreen)
        assert day.app.screen.subtask == 0


@pytest.mark.parametrize("size", SIZES)
async def test_every_size_shows_the_subtask(size: tuple[int, int]) -> None:
    for tab in ("attempts", "metrics", "charts"):
        async with on_subtask(size=size, tab=tab) as (day, _):
            assert len(day.lines) == size[1]
            assert all(len(line) <= size[0] for line in day.lines)
            assert "RUNNING" in day.text


async def test_a_job_that_fails_repeatedly_shows_its_attempt() -> None:
    async with on_subtask(job_name="failing", at=0) as (day, path):
        document = day.cluster.document(f"{path}/subtasks/0")
        assert attempts(day)[0].attempt == document["attempt"]
        assert document["status"] in day.text
