"""A job that is started while no row shows it: its checkpoints are asked soon, and not too often."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from flinktop.engine.new_jobs import A_MINUTE, NEW_MS, OFTEN
from flinktop.flink.checkpoints import CHECKPOINTS
from tests.engine.thousand import Thousand, Watched, watching
from tests.manual_clock import ManualClock

FEW, MANY = 4, 30
MOST = 5
"""New jobs that are asked as often as their rows, at most."""
SETTLED = 30.0


@asynccontextmanager
async def started(jobs: int, unproven: int = 1, proven: int = 0) -> AsyncIterator[Watched]:
    """A cluster of some jobs of which no row is on the screen, where some more have been started."""
    watched = watching(Thousand(ManualClock(), jobs=jobs), rows=0)
    try:
        await watched.seconds(SETTLED)
        for number in range(unproven + proven):
            watched.cluster.start(completes=number >= unproven)
        await watched.seconds(2 * OFTEN)
        yield watched
    finally:
        await watched.engine.stop()


async def asked(watched: Watched, number: int, seconds: float) -> int:
    """How often the checkpoints of a job are asked for in so many seconds."""
    already = len(watched.cluster.asked)
    await watched.seconds(seconds)
    target = CHECKPOINTS(job=watched.cluster.ids[number]).target
    return sum(one == target for _, one in watched.cluster.asked[already:])


async def test_checkpoints_of_a_new_job_that_fail_are_named_within_4_s() -> None:
    async with started(FEW) as watched:
        for _ in range(3):
            watched.cluster.fail_checkpoint(FEW)
            assert await watched.until(FEW, {"checkpoints-failing"}) <= OFTEN + 1.0


@pytest.mark.deep
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


@pytest.mark.parametrize(
    ("unproven", "proven", "counts"),
    [(1, 2, [20, 6]), (0, MOST + 1, [6] * MOST), (3, 1, [10] * 3), (MOST + 1, 1, [6] * MOST)],
)
async def test_new_jobs_share_what_is_allowed(unproven: int, proven: int, counts: list[int]) -> None:
    async with started(FEW, unproven, proven) as watched:
        already = len(watched.cluster.asked)
        await watched.seconds(60.0)
        targets = [target for _, target in watched.cluster.asked[already:]]
        often = sorted(targets.count(CHECKPOINTS(job=job).target) for job in watched.cluster.ids[FEW:])
        assert often[::-1][: len(counts)] == counts
        assert sum(counts) <= A_MINUTE
        assert all(one < 6 for one in often[::-1][len(counts) :])


async def test_none_is_new_among_many_jobs() -> None:
    async with started(MANY) as watched:
        assert await asked(watched, MANY, 30.0) <= 3


async def test_off_the_screen_the_pace_is_kept() -> None:
    async with started(FEW) as watched:
        watched.engine.set_pace(on_screen=False)
        assert await asked(watched, FEW, 60.0) <= 6
