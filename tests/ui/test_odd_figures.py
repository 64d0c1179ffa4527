"""An odd figure is unknown in its own cell or line; the other rows and lines are as they were."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from flinktop.flink.checkpoints import CHECKPOINTS
from flinktop.ui.panels import job_header
from flinktop.ui.panels.job_row import job_row
from tests.depth import in_depth
from tests.fixture_cluster import FixtureCluster
from tests.ui.day import Day, monitor
from tests.ui.test_job import open_job

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
        assert row.restarts is None
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
async def test_a_job_without_an_id_is_left_out_and_nothing_is_asked_of_it(jid: Any) -> None:
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
async def test_an_odd_checkpoint_leaves_the_others_seen(name: str) -> None:
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


async def test_a_row_that_raises_says_so_in_its_own_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    def odd(job: Any, *rest: Any) -> Any:
        if job.name.startswith("steady"):
            raise OverflowError("cannot convert float infinity to integer")
        return job_row(job, *rest)

    async with monitor("1.20.5") as day:
        before = others(day, "steady")
    monkeypatch.setattr("flinktop.ui.panels.jobs_table.job_row", odd)
    async with monitor("1.20.5", raise_faults=False) as day:
        assert "cannot show this" not in day.text
        assert others(day, "steady") == before
        assert "?" in day.line("steady")
        await open_job(day, "steady")
        assert "● RUNNING for" in day.text


async def test_a_headers_line_that_raises_says_so_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    def odd(*_: Any, **__: Any) -> Any:
        raise OverflowError("int too large to convert to float")

    monkeypatch.setattr(job_header, "checkpoint_line", odd)
    async with monitor("1.20.5", raise_faults=False) as day:
        await open_job(day, "steady")
        assert day.line("checkpoints cannot") == (
            "checkpoints cannot be shown: OverflowError: int too large to convert to float"
        )
        assert "● RUNNING for" in day.text
        assert "cannot show this" not in day.text
