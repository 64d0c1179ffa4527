"""A job that is started while no row shows it: its checkpoints are asked soon, and not too often."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from flinktop.engine.new_jobs import A_MINUTE, MOST, NEW_MS, OFTEN
from flinktop.flink.checkpoints import CHECKPOINTS
from tests.engine.thousand import Thousand, Watched, watching
from tests.manual_clock import ManualClock

FEW, MANY = 4, 30
SETTLED = 30.0


@asynccontextmanager
async def started(jobs: int, new: int = 1) -> AsyncIterator[Watched]:
    """A cluster of some jobs of which no row is on the screen, where some more have been started."""
    watched = watching(Thousand(ManualClock(), jobs=jobs), rows=0)
    try:
        await watched.seconds(SETTLED)
        for _ in range(new):
            watched.cluster.start()
        await watched.seconds(OFTEN)
        yield watched
    finally:
        await watched.engine.stop()


async def asked(watched: Watched, number: int, seconds: float) -> int:
    """How often the checkpoints of a job are asked for in so many seconds."""
    already = len(watched.cluster.asked)
    await watched.seconds(seconds)
    target = CHECKPOINTS(job=watched.cluster.ids[number]).target
    return sum(one == target for _, one in watched.cluster.asked[already:])


async def test_checkpoints_of_a_new_job_that_fail_are_named_within_5_s() -> None:
    async with started(FEW) as watched:
        for _ in range(3):
            watched.cluster.fail_checkpoint(FEW)
            assert await watched.until(FEW, {"checkpoints-failing"}) <= OFTEN + 2.0


async def test_a_new_job_is_asked_often_and_an_old_one_in_its_turn() -> None:
    async with started(FEW) as watched:
        assert await asked(watched, FEW, 30.0) == 30.0 / OFTEN
        assert await asked(watched, 0, 30.0) <= 3
        await watched.seconds(NEW_MS / 1000.0 - 60.0)
        assert await asked(watched, FEW, 30.0) <= 3


async def test_a_job_that_has_ended_is_new_no_more() -> None:
    async with started(FEW) as watched:
        watched.cluster.fail(FEW)
        await watched.seconds(OFTEN)
        assert await asked(watched, FEW, 30.0) == 0


async def test_new_jobs_share_what_is_allowed() -> None:
    async with started(FEW, new=MOST + 1) as watched:
        already = len(watched.cluster.asked)
        await watched.seconds(60.0)
        targets = [target for _, target in watched.cluster.asked[already:]]
        counts = sorted(targets.count(CHECKPOINTS(job=job).target) for job in watched.cluster.ids[FEW:])
        assert counts[0] < counts[1] == counts[-1] == A_MINUTE / MOST


async def test_none_is_new_among_many_jobs() -> None:
    async with started(MANY) as watched:
        assert await asked(watched, MANY, 30.0) <= 3


async def test_off_the_screen_the_pace_is_kept() -> None:
    async with started(FEW) as watched:
        watched.engine.set_pace(on_screen=False)
        assert await asked(watched, FEW, 60.0) <= 6
