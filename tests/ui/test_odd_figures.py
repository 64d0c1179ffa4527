"""An odd figure is unknown in its own cell or line; the other rows and lines are as they were."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

import pytest

from flinktop.facts import subtasks
from flinktop.facts.jobs import job_facts
from flinktop.flink.checkpoints import CHECKPOINTS
from flinktop.flink.taskmanagers import AllocatedSlot, TaskManagerDetails
from flinktop.flink.vertices import UserAccumulator
from flinktop.model import memory, rates
from flinktop.model.processes import Collector, Figures
from flinktop.ui.panels import (
    accumulators,
    applications,
    attempts,
    configuration,
    job_header,
    process,
    taskmanagers,
    vertex_parts,
)
from tests.depth import in_depth
from tests.fixture_cluster import FixtureCluster
from tests.ui.day import Day, monitor
from tests.ui.test_job import open_job

pytestmark = pytest.mark.deep

INFINITE = [{"id": "numRestarts", "value": "Infinity"}]


def others(day: Day, name: str) -> list[str]:
    """The rows of all jobs but one."""
    names = [job["name"] for job in day.cluster.document("jobs/overview")["jobs"]]
    return [day.line(one) for one in names if not one.startswith(name)]


def odd_restarts(cluster: FixtureCluster, value: Any) -> None:
    cluster.changed[f"jobs/{cluster.job('steady')}/metrics"] = value


@pytest.mark.parametrize(
    "value", in_depth(["Infinity", "1" + "0" * 400, "-1", "NaN", "9" * 25], fast=["Infinity"])
)
async def test_odd_restarts_of_one_job_leave_the_others_as_they_were(value: str) -> None:
    async with monitor("1.20.5") as day:
        before = others(day, "steady")
    cluster = FixtureCluster("1.20.5")
    odd_restarts(cluster, [{"id": "numRestarts", "value": value}])
    async with monitor(cluster=cluster) as day:
        assert others(day, "steady") == before
        (row,) = (row for row in day.table.shown_rows() if row.name.startswith("steady"))
        assert row.facts.restarts is None
        await open_job(day, "steady")
        assert "restarts …" in day.line("RUNNING for")


async def test_what_is_odd_is_counted_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    cluster = FixtureCluster("1.20.5")
    odd_restarts(cluster, INFINITE)
    with caplog.at_level(logging.WARNING):
        async with monitor(cluster=cluster) as day:
            assert day.port.engine.poller.drifted > 0
    assert any("[].value: got infinite number" in line.message for line in caplog.records)


@pytest.mark.parametrize("jid", in_depth([None, "", 7, [], {"id": 1}], fast=[None, ""]))
async def test_a_job_without_an_id_is_left_out_and_not_polled(jid: Any) -> None:
    cluster = FixtureCluster("1.20.5")

    def odd(document: Any) -> Any:
        document["jobs"].insert(0, {**document["jobs"][0], "jid": jid, "name": "nobody"})
        return document

    cluster.changed["jobs/overview"] = odd
    async with monitor(cluster=cluster) as day:
        await day.wait(12)
        assert "nobody" not in day.text
        for job in cluster.document("jobs/overview")["jobs"]:
            assert job["name"] in day.text
        assert day.port.engine.crashes == 0


@pytest.mark.parametrize("name", ["trigger_timestamp", "latest_ack_timestamp", "id", "end_to_end_duration"])
async def test_an_odd_checkpoint_does_not_hide_the_others(name: str) -> None:
    cluster = FixtureCluster("1.20.5")
    job = cluster.job("steady")

    def odd(document: Any) -> Any:
        document["history"][1][name] = 10**400
        return document

    cluster.changed[f"jobs/{job}/checkpoints"] = odd
    async with monitor(cluster=cluster) as day:
        seen = day.port.checkpoints(job)
        ids = {one["id"] for one in cluster.document(f"jobs/{job}/checkpoints")["history"]}
        known = {one.checkpoint.id for one in seen}
        assert ids - known == ({max(ids) - 1} if name == "id" else set())
        assert max(known) < 2**63
        reading = day.port.reading(CHECKPOINTS(job=job))
        assert reading is not None
        assert reading.error is None
        assert "RUNNING" in day.line("steady")


async def test_odd_checkpoints_leave_the_actions_as_they_are() -> None:
    cluster = FixtureCluster("1.20.5")
    job = cluster.job("steady")

    def odd(document: Any) -> Any:
        for one in (*document["history"], *filter(None, document["latest"].values())):
            one["trigger_timestamp"] = 10**400
        return document

    cluster.changed[f"jobs/{job}/checkpoints"] = odd
    async with monitor(cluster=cluster) as day:
        await open_job(day, "steady")
        await day.press("a")
        await day.sees("Stop with savepoint")
        assert day.port.engine.crashes == 0


async def test_a_row_that_raises_says_so_in_its_own_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    def odd(job: Any, *rest: Any) -> Any:
        if job.name.startswith("steady"):
            raise OverflowError("cannot convert float infinity to integer")
        return job_facts(job, *rest)

    async with monitor("1.20.5") as day:
        before = others(day, "steady")
    monkeypatch.setattr("flinktop.ui.panels.jobs_table.job_facts", odd)
    async with monitor("1.20.5", raise_errors=False) as day:
        assert "cannot show this" not in day.text
        assert others(day, "steady") == before
        assert "?" in day.line("steady")
        await open_job(day, "steady")
        assert "● RUNNING for" in day.text


async def test_a_headers_line_that_raises_says_so_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    def odd(*_: Any, **__: Any) -> Any:
        raise OverflowError("int too large to convert to float")

    monkeypatch.setattr(job_header, "checkpoint_line", odd)
    async with monitor("1.20.5", raise_errors=False) as day:
        await open_job(day, "steady")
        assert day.line("checkpoints cannot") == (
            "checkpoints cannot be shown: OverflowError: int too large to convert to float"
        )
        assert "● RUNNING for" in day.text
        assert "cannot show this" not in day.text


def raising(module: Any, name: str, monkeypatch: pytest.MonkeyPatch, is_odd: Any) -> None:
    """What a module makes rows with raises for one of them."""
    make = getattr(module, name)

    def odd(*given: Any, **named: Any) -> Any:
        if is_odd(*given):
            raise OverflowError("cannot convert float infinity to integer")
        return make(*given, **named)

    monkeypatch.setattr(module, name, odd)


def test_a_watermark_that_raises_costs_its_own_row(monkeypatch: pytest.MonkeyPatch) -> None:
    raising(rates, "watermark_lag", monkeypatch, lambda mark, *_: mark == 2e12)
    rows = vertex_parts.mark_rows({0: 1e12, 1: 2e12, 2: 3e12}, 3, 1e9, {})
    assert ([row.index for row in rows], [row.key for row in rows.failed]) == ([0, 2], ["1"])


def test_a_slot_that_raises_costs_its_own_row(monkeypatch: pytest.MonkeyPatch) -> None:
    raising(taskmanagers, "SlotRow", monkeypatch, lambda _number, job, *_: job == "b")
    slots = tuple(AllocatedSlot(job_id=job) for job in "abc")
    details = TaskManagerDetails(id="tm", slots_number=4, free_slots=1, allocated_slots=slots)
    rows = taskmanagers.slot_rows(details, {})
    assert ([row.number for row in rows], [row.key for row in rows.failed]) == (["1", "3", "free"], ["2"])


def test_an_accumulator_that_raises_costs_its_own_row(monkeypatch: pytest.MonkeyPatch) -> None:
    raising(accumulators, "AccumulatorRow", monkeypatch, lambda _key, *rest: "b" in rest)
    rows = accumulators.rows_of([UserAccumulator(name=name) for name in "abc"], "the vertex", 0)
    assert ([row.name for row in rows], [row.name for row in rows.failed]) == (["a", "c"], ["b"])


def test_a_state_that_raises_costs_its_own_row(monkeypatch: pytest.MonkeyPatch) -> None:
    raising(attempts, "StateRow", monkeypatch, lambda state, *_: state == "DEPLOYING")
    rows = attempts.state_rows({"CREATED": 1, "DEPLOYING": 2, "RUNNING": 3}, 1e9)
    assert [row.state for row in rows] == ["CREATED", "RUNNING"]
    assert [row.key for row in rows.failed] == ["DEPLOYING"]


def test_a_part_of_the_memory_that_raises_costs_its_own_section(monkeypatch: pytest.MonkeyPatch) -> None:
    raising(memory, "_outside", monkeypatch, lambda _: True)
    found = Figures(heap_used=1.0, collectors=(Collector("G1", 2.0, 3.0),))
    rows = process.memory_rows(memory.jobmanager_sections({}, found))
    assert ([row.name for row in rows], [row.key for row in rows.failed]) == (["JVM heap", "GC G1"], ["JVM"])


async def test_settings_that_raise_cost_their_own_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    raising(configuration, "items", monkeypatch, lambda job, _config: job is not None)
    async with monitor("1.20.5", raise_errors=False) as day:
        await open_job(day, "steady")
        await day.press("6")
        await day.wait(3)
        assert "restart strategy" in day.text
        assert "cannot show this" not in day.text


async def test_an_applications_state_that_raises_says_so_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    raising(applications, "state_line", monkeypatch, lambda *_: True)
    async with monitor("2.3.0", raise_errors=False) as day:
        await day.press("colon", *"jars", "enter")
        await day.wait(3)
        await day.press("2")
        await day.wait(3)
        await day.press("enter")
        await day.wait(3)
        assert "state cannot be shown: OverflowError" in day.text
        assert "cannot show this" not in day.text


async def test_an_entry_that_is_not_a_job_leaves_the_others(caplog: pytest.LogCaptureFixture) -> None:
    cluster = FixtureCluster("1.20.5")
    odd = {"jid": "zz", "name": 5, "state": 7, "start-time": "soon", "duration": {}, "tasks": []}

    def changed(document: Any) -> Any:
        return {"jobs": [*document["jobs"], None, "x", odd]}

    cluster.changed["jobs/overview"] = changed
    names = [job["name"] for job in cluster.document("jobs/overview")["jobs"]]
    async with monitor("1.20.5") as day:
        before = [day.line(name) for name in names]
    async with monitor(cluster=cluster) as day:
        assert [day.line(name) for name in names] == before
        assert {row.jid for row in day.table.shown_rows()} == {
            job["jid"] for job in cluster.document("jobs/overview")["jobs"]
        }
        assert not any(target.startswith("jobs/zz") for target in day.asked())
    assert any("jobs[]: got" in line.message for line in caplog.records)


async def test_a_job_without_a_name_is_shown_by_its_id_in_its_row_and_the_breadcrumb() -> None:
    cluster = FixtureCluster("1.20.5")
    job = cluster.job("steady")

    def nameless(document: Any) -> Any:
        return {
            "jobs": [{**one, "name": "" if one["jid"] == job else one["name"]} for one in document["jobs"]]
        }

    cluster.changed["jobs/overview"] = nameless
    cluster.changed[f"jobs/{job}"] = lambda document: {**document, "name": ""}
    async with monitor(cluster=cluster) as day:
        assert "● RUNNING" in day.line(job[:16])
        await day.press("slash", *job, "enter", "enter")
        await day.wait(3)
        assert f"▸ {job}" in day.lines[0]
        assert "● RUNNING for" in day.text


def test_digits_without_end_that_a_person_looks_for_among_subtasks_find_none() -> None:
    detail = SimpleNamespace(taskmanager_id="tm-1")
    row: Any = SimpleNamespace(index=3, host="host-9", detail=detail, state="RUNNING")
    assert subtasks.matches(row, "3")
    assert not subtasks.matches(row, "30")
    assert not subtasks.matches(row, "9" * 5000)
