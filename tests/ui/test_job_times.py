"""When jobs started and when they ended: in the list of jobs, in a job's header, on a HistoryServer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.fixture_cluster import FixtureCluster
from tests.ui.day import Day, monitor

DASH = "–"  # noqa: RUF001 -- the dash that stands for absent


def clock(milliseconds: int) -> str:
    """The time of day in UTC, which the recorded clusters keep."""
    return datetime.fromtimestamp(milliseconds / 1000, tz=UTC).strftime("%H:%M:%S")


def date(milliseconds: int) -> str:
    """The day in UTC."""
    return datetime.fromtimestamp(milliseconds / 1000, tz=UTC).strftime("%Y-%m-%d")


def listed(day: Day, name: str) -> dict[str, Any]:
    """What the cluster's list tells of a job."""
    jobs: list[dict[str, Any]] = day.cluster.document("jobs/overview")["jobs"]
    return next(job for job in jobs if job["name"].startswith(name))


def one_has_ended(document: dict[str, Any]) -> dict[str, Any]:
    """The slow job ended half a minute after it had started."""
    for job in document["jobs"]:
        if job["name"].startswith("slow"):
            job |= {"state": "FINISHED", "end-time": job["start-time"] + 30_000, "duration": 30_000}
    return document


@pytest.mark.deep
@pytest.mark.parametrize(("width", "shown"), [(80, False), (120, False), (179, False), (330, True)])
async def test_the_list_shows_times_where_names_have_room(
    width: int,
    shown: bool,  # noqa: FBT001 -- a table
) -> None:
    cluster = FixtureCluster("1.20.5")
    cluster.changed["jobs/overview"] = one_has_ended
    async with monitor(cluster=cluster, size=(width, 40)) as day:
        slow, steady = listed(day, "slow"), listed(day, "steady")
        assert ("STARTED" in day.text, "ENDED" in day.text) == (shown, shown)
        if not shown:
            return
        start = slow["start-time"]
        assert day.line("slow [test]").split()[-2:] == [clock(start), clock(start + 30_000)]
        assert day.line("steady [test]").endswith(clock(steady["start-time"]))
        day.table.sort_by("ended")
        assert day.table.shown_rows()[0].name.startswith("slow")


@pytest.mark.deep
async def test_the_header_of_a_job_shows_its_start_where_there_is_room() -> None:
    cluster = FixtureCluster("1.20.5")
    for width in (80, 120):
        async with monitor(cluster=cluster, size=(width, 40)) as day:
            start = clock(listed(day, "steady")["start-time"])
            await day.press("slash", *"steady", "enter", "enter")
            await day.wait(3)
            line = day.line("restarts ")
            assert "started" in line
            assert (f"ago at {start} " in line) == (width >= 120)


@pytest.mark.deep
@pytest.mark.parametrize("width", [80, 120])
async def test_a_history_servers_jobs_have_an_end_and_no_figures(width: int) -> None:
    cluster = FixtureCluster("1.20.5")
    cluster.changed["config"] = lambda document: document | {"features": {"web-history": True}}
    cluster.changed["jobs/overview"] = one_has_ended
    async with monitor(cluster=cluster, size=(width, 40)) as day:
        start = listed(day, "slow")["start-time"]
        line = day.line("slow [test]")
        # The clock of these tests stands in another year.
        assert line.split()[-3:] == ["s", date(start), date(start + 30_000)]
        # IN/s, OUT/s, BUSY%, RST; or none of them. Its last checkpoint is kept.
        assert line.split().count(DASH) == (4 if width >= 120 else 0)
