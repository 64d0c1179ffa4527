"""One of a thousand jobs turns ill off the screen: it is named in time, within the judge's budget."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from flinktop.engine.budget import ASKS_A_MINUTE
from tests.depth import in_depth
from tests.engine.thousand import Thousand, Watched, watching
from tests.manual_clock import ManualClock

FAR = 777
"""A job far off the screen."""
SETTLED = 60.0
"""Seconds after which all groups of jobs were asked for once."""


@asynccontextmanager
async def settled(release: str = "1.20.5") -> AsyncIterator[Watched]:
    watched = watching(Thousand(ManualClock(), release=release), rows=10)
    try:
        await watched.seconds(SETTLED)
        yield watched
    finally:
        await watched.engine.stop()


async def repeated(watched: Watched, what: str, every: float, times: int) -> None:
    """Let something happen to the job again and again."""
    for _ in range(times):
        getattr(watched.cluster, what)(FAR)
        await watched.cluster.clock.sleep(every)


@pytest.mark.deep
async def test_a_failed_job_is_seen_within_15_s() -> None:
    async with settled() as watched:
        watched.cluster.fail(FAR)
        assert await watched.until(FAR, {"failed"}) <= 15.0


@pytest.mark.deep
async def test_tasks_that_do_not_run_are_seen_within_15_s() -> None:
    async with settled() as watched:
        watched.cluster.wait_for_slots(FAR)
        assert await watched.until(FAR, {"starting", "no-slots"}) <= 15.0
        assert await watched.until(FAR, {"no-slots"}) <= 30.0 + 30.0


@pytest.mark.deep
@pytest.mark.parametrize("release", in_depth(["1.9.3", "1.20.5"], ["1.20.5"]))
async def test_a_restart_loop_is_seen_within_90_s(release: str) -> None:
    async with settled(release) as watched:
        loop = asyncio.create_task(repeated(watched, "restart", 25.0, 8))
        assert await watched.until(FAR, {"restarting", "restart-loop"}) <= 90.0
        if release != "1.9.3":  # without a history the counter must be seen to rise by three
            assert await watched.until(FAR, {"restart-loop"}) <= 90.0
        loop.cancel()


@pytest.mark.deep
async def test_failing_checkpoints_are_seen_within_90_s() -> None:
    async with settled() as watched:
        loop = asyncio.create_task(repeated(watched, "fail_checkpoint", 10.0, 20))
        assert await watched.until(FAR, {"checkpoints-failing"}) <= 90.0
        loop.cancel()


@pytest.mark.deep
async def test_a_job_that_is_gone_hides_no_other_of_its_group() -> None:
    async with settled() as watched:
        watched.cluster.vanish(FAR - 1)
        loop = asyncio.create_task(repeated(watched, "restart", 25.0, 8))
        assert await watched.until(FAR, {"restarting", "restart-loop"}) <= 90.0
        loop.cancel()


@pytest.mark.deep
async def test_the_judge_keeps_to_its_budget_while_it_searches() -> None:
    async with settled() as watched:
        loop = asyncio.create_task(repeated(watched, "restart", 25.0, 8))
        for _ in range(60):
            await watched.seconds(2.0)
            assert watched.judged_a_minute() <= ASKS_A_MINUTE
        loop.cancel()
