"""A clock that stands still until a test moves it."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from typing import Any

from flinktop.engine.clock import Clock

TURNS = 25
"""Turns of the loop that let everything run that can run without the network."""
CALM_TURNS = 3
"""Turns with nothing else to run that say that all has run: a timer that is due comes a turn later."""


class ManualClock(Clock):
    """Time as the test says; sleepers wake in order."""

    def __init__(self, wall: float = 1_700_000_000.0) -> None:
        self._now = 1000.0
        self._ahead = wall - self._now
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._number = itertools.count()

    def now(self) -> float:
        return self._now

    def wall(self) -> float:
        return self._now + self._ahead

    async def sleep(self, seconds: float) -> None:
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + seconds, next(self._number), woken))
        await woken

    async def advance(self, seconds: float) -> None:
        """Move on, waking each sleeper at its time."""
        end = self._now + seconds
        await settle()
        while self._sleepers and self._sleepers[0][0] <= end:
            at, _, woken = heapq.heappop(self._sleepers)
            self._now = max(self._now, at)
            if not woken.done():
                woken.set_result(None)
                await settle()
        self._now = end
        await settle()


async def settle() -> None:
    """Let everything run that can."""
    calm = 0
    for _ in range(TURNS):
        await asyncio.sleep(0)
        calm = calm + 1 if is_alone() else 0
        if calm == CALM_TURNS:
            return


def is_alone() -> bool:
    """Whether nothing but the task that asks is ready to run in this loop."""
    loop: Any = asyncio.get_running_loop()
    return not loop._ready
