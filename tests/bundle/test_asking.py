"""Requests of a bundle: two in flight, each bounded in time, and none to a cluster that stays silent."""

from __future__ import annotations

import asyncio

import pytest

from flinktop.bundle.asking import FILE_SECONDS, PATIENCE, PROBE_SECONDS, SILENT, Asking
from flinktop.flink.checkpoints import CHECKPOINT
from flinktop.flink.cluster import CONFIG, OVERVIEW
from flinktop.flink.connection import Connection
from flinktop.flink.errors import BadReply, NotFound, Refused, TimedOut, Unreachable
from flinktop.flink.jobs import JOBS, JOBS_OVERVIEW
from flinktop.flink.logs import JOBMANAGER_LOG
from tests.fixture_cluster import FixtureCluster
from tests.manual_clock import ManualClock, settle


@pytest.fixture
def cluster() -> FixtureCluster:
    return FixtureCluster("2.3.0")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def asking(cluster: FixtureCluster, clock: ManualClock) -> Asking:
    return Asking(Connection("http://flink.test"), clock, transport=cluster)


async def test_the_same_question_is_sent_once(asking: Asking, cluster: FixtureCluster) -> None:
    first, second = await asyncio.gather(asking.get(CONFIG()), asking.get(CONFIG()))
    assert first is second
    assert (first.value.flink_version, first.raw["flink-version"]) == ("2.3.0", "2.3.0")
    assert cluster.asked == ["GET /config"]
    await asking.again(CONFIG())
    assert cluster.asked == ["GET /config"] * 2
    await asking.close()


async def test_two_requests_are_in_flight_and_each_is_given_up_in_time(
    asking: Asking, cluster: FixtureCluster, clock: ManualClock
) -> None:
    cluster.hangs = lambda _path: True
    tasks = [asyncio.create_task(asking.get(one)) for one in (OVERVIEW(), JOBS(), JOBS_OVERVIEW())]
    await settle()
    assert cluster.held == 2
    await clock.advance(PATIENCE)
    assert [task.done() for task in tasks] == [True, True, False]
    with pytest.raises(TimedOut, match=f"no answer within {PATIENCE:g} s"):
        await tasks[0]
    assert cluster.held == 1
    await clock.advance(PATIENCE)
    assert all(task.done() for task in tasks)
    await asyncio.gather(*tasks, return_exceptions=True)
    await asking.close()
    assert cluster.held == 0


async def test_a_cluster_that_stays_silent_is_asked_once_more_and_then_no_more(
    asking: Asking, cluster: FixtureCluster, clock: ManualClock
) -> None:
    cluster.hangs = lambda _path: True
    queries = [CHECKPOINT(job="j", checkpoint=number) for number in range(40)]
    tasks = [asyncio.create_task(asking.get(one)) for one in queries]
    await clock.advance(PATIENCE * SILENT / 2 + PATIENCE + PROBE_SECONDS)
    # Without the clock: none of them waits any more.
    for _ in tasks:
        await settle()
    assert all(task.done() for task in tasks)
    errors = [task.exception() for task in tasks]
    # One more may have been on its way already.
    assert sum(isinstance(one, TimedOut) for one in errors) in (SILENT, SILENT + 1)
    refused = [one for one in errors if isinstance(one, Refused)]
    assert len(refused) >= 40 - SILENT - 1
    assert "the cluster has not answered 4 requests in a row" in str(refused[0])
    assert [one for one in cluster.asked if "checkpoints" not in one] == ["GET /config"]
    assert len(cluster.asked) <= SILENT + 2
    await asking.close()


async def test_one_that_answers_in_between_is_asked_on(
    asking: Asking, cluster: FixtureCluster, clock: ManualClock
) -> None:
    cluster.hangs = lambda path: "details" in path
    queries = [CHECKPOINT(job="j", checkpoint=number) for number in range(8)]
    tasks = [asyncio.create_task(asking.get(one)) for one in queries]
    await clock.advance(PATIENCE * 8)
    errors = [task.exception() for task in tasks]
    assert all(isinstance(one, TimedOut) for one in errors)
    assert (await asking.get(CONFIG())).value.flink_version == "2.3.0"
    await asking.close()


async def test_what_fails_is_an_error_of_the_client(asking: Asking, cluster: FixtureCluster) -> None:
    with pytest.raises(NotFound):
        await asking.get(CHECKPOINT(job="0" * 32, checkpoint=1))
    cluster.changed["overview"] = ["rubbish"]
    with pytest.raises(BadReply):
        await asking.get(OVERVIEW())
    cluster.failure = OSError("broken")
    with pytest.raises(OSError, match="broken"):
        await asking.get(JOBS())
    await asking.close()


async def test_nothing_that_acts_can_be_sent(asking: Asking, cluster: FixtureCluster) -> None:
    with pytest.raises(Refused, match="read-only"):
        await asking.http.send("PATCH", "jobs/x")
    assert cluster.asked == []
    await asking.close()


async def test_files_come_one_at_a_time_and_may_be_cut(
    asking: Asking, cluster: FixtureCluster, clock: ManualClock
) -> None:
    sizes: list[int | None] = []
    taken: list[bytes] = []

    def take(chunk: bytes) -> bool:
        taken.append(chunk)
        return False

    await asking.file(JOBMANAGER_LOG(), sizes.append, take)
    assert len(taken) == 1
    assert sizes
    cluster.hangs = lambda _path: True
    tasks = [asyncio.create_task(asking.file(JOBMANAGER_LOG(), sizes.append, take)) for _ in range(2)]
    await settle()
    assert cluster.held == 1
    await clock.advance(2 * FILE_SECONDS)
    for task in tasks:
        with pytest.raises(TimedOut):
            await task
    await asking.close()


async def test_one_that_cannot_be_reached_at_all_is_given_up_at_once(clock: ManualClock) -> None:
    asking = Asking(Connection("http://127.0.0.1:1"), clock)
    errors = [
        await asyncio.gather(asking.get(CHECKPOINT(job="j", checkpoint=number)), return_exceptions=True)
        for number in range(10)
    ]
    kinds = [type(one) for (one,) in errors]
    assert kinds[:SILENT] == [Unreachable] * SILENT
    assert kinds[SILENT:] == [Refused] * (10 - SILENT)
    await asking.close()
