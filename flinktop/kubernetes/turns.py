"""Turns to ask one API server: so many requests a second over all clusters, shared by how ill each is.

Every request is written to the audit log of the API server, and costs it a place in its queues.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
from collections import deque
from typing import Final, Protocol

MOST: Final = 10
"""Requests in any one second."""
LONGEST_HOLD: Final = 60.0
_SECOND: Final = 1.0
_LEAST_SHARE: Final = 0.01


class Clock(Protocol):
    """The clock of whoever uses this room."""

    def now(self) -> float:
        """Seconds on a monotonic clock."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""


class Turns:
    """Gives turns to the clusters of one API server, fairly: none waits for ever. Used on one event loop."""

    def __init__(self, clock: Clock, most: int = MOST) -> None:
        self._clock = clock
        self._apart = _SECOND / most
        self._shares: dict[str, float] = {}
        self._next: dict[str, float] = {}
        """Where the next request of each cluster stands in the line: 1 / its share behind the one before."""
        self._place = 0.0  # of the newest turn: a cluster that was idle begins there
        self._sent: deque[float] = deque(maxlen=most)
        self._line: list[tuple[float, int, asyncio.Future[None]]] = []  # a heap
        self._number = itertools.count()
        self._held_until = 0.0
        self._giving: asyncio.Task[None] | None = None

    def set_share(self, cluster: str, share: float) -> None:
        """How much a cluster gets of the turns when there are not enough; 1 is usual, 4 four times that."""
        self._shares[cluster] = max(_LEAST_SHARE, share)

    def forget(self, cluster: str) -> None:
        """Forget the share of a cluster that is gone."""
        self._shares.pop(cluster, None)
        self._next.pop(cluster, None)

    def hold(self, seconds: float) -> None:
        """Give no turn for so long (s): the API server asks for that."""
        self._held_until = max(self._held_until, self._clock.now() + min(seconds, LONGEST_HOLD))

    async def take(self, cluster: str, *, first: bool = False) -> None:
        """Wait for a turn; `first` is for acts, before all others."""
        place = -1.0 if first else self._place_of(cluster)
        if not self._line and not self._left():
            self._give(place)
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._line, (place, next(self._number), turn))
        if self._giving is None or self._giving.done():
            self._giving = asyncio.create_task(self._go_on())
        await turn

    async def close(self) -> None:
        """Stop giving turns; whoever waits is cancelled."""
        if self._giving is not None:
            self._giving.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._giving
            self._giving = None
        for _, _, turn in self._line:
            turn.cancel()
        self._line.clear()

    def _place_of(self, cluster: str) -> float:
        place = max(self._place, self._next.get(cluster, 0.0))
        self._next[cluster] = place + 1.0 / self._shares.get(cluster, 1.0)
        return place

    def _left(self) -> float:
        """Seconds until the next turn may be given."""
        now = self._clock.now()
        full = self._sent[0] + _SECOND - now if len(self._sent) == self._sent.maxlen else 0.0
        return max(0.0, full, self._held_until - now)

    def _give(self, place: float) -> None:
        self._sent.append(self._clock.now())
        self._place = max(self._place, place)

    async def _go_on(self) -> None:
        while self._line:
            if left := self._left():
                await self._clock.sleep(left)
                continue
            place, _, turn = heapq.heappop(self._line)
            if turn.done():
                # Whoever waited for it was cancelled.
                continue
            self._give(place)
            turn.set_result(None)
            # One after the other, so that whoever asks again at once has a place among those who wait.
            await self._clock.sleep(self._apart)
