"""Turns to ask one API server: so many requests a second over all clusters, shared by how ill each is.

Every request is written to the audit log of the API server, and costs it a place in its queues.
"""

from __future__ import annotations

import asyncio
import contextlib
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
        self._most = most
        self._shares: dict[str, float] = {}
        self._used: dict[str, float] = {}
        """Turns so far of each cluster, divided by its share: the one with the least is next."""
        self._level = 0.0  # of the newest turn: a cluster that was idle begins there
        self._sent: deque[float] = deque(maxlen=most)
        self._first: deque[asyncio.Future[None]] = deque()
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}
        self._held_until = 0.0
        self._giving: asyncio.Task[None] | None = None

    def set_share(self, cluster: str, share: float) -> None:
        """How much a cluster gets of the turns when there are not enough; 1 is usual, 4 four times that."""
        self._shares[cluster] = max(_LEAST_SHARE, share)

    def forget(self, cluster: str) -> None:
        """Forget the share of a cluster that is gone."""
        self._shares.pop(cluster, None)
        self._used.pop(cluster, None)

    def hold(self, seconds: float) -> None:
        """Give no turn for so long (s): the API server asks for that."""
        self._held_until = max(self._held_until, self._clock.now() + min(seconds, LONGEST_HOLD))

    async def take(self, cluster: str, *, first: bool = False) -> None:
        """Wait for a turn; `first` is for acts, before all others."""
        if not self._first and not self._waiting and not self._left():
            self._give(cluster)
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        (self._first if first else self._waiting.setdefault(cluster, deque())).append(turn)
        if self._giving is None or self._giving.done():
            self._giving = asyncio.create_task(self._go_on())
        await turn
        if first:
            self._count(cluster)

    async def close(self) -> None:
        """Stop giving turns; whoever waits is cancelled."""
        if self._giving is not None:
            self._giving.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._giving
            self._giving = None
        for turn in (*self._first, *(one for line in self._waiting.values() for one in line)):
            turn.cancel()
        self._first.clear()
        self._waiting.clear()

    def _left(self) -> float:
        """Seconds until the next turn may be given."""
        now = self._clock.now()
        full = self._sent[0] + _SECOND - now if len(self._sent) == self._most else 0.0
        return max(0.0, full, self._held_until - now)

    def _give(self, cluster: str) -> None:
        self._sent.append(self._clock.now())
        self._count(cluster)

    def _count(self, cluster: str) -> None:
        self._level = max(self._used.get(cluster, 0.0), self._level)
        self._used[cluster] = self._level + 1.0 / self._shares.get(cluster, 1.0)

    async def _go_on(self) -> None:
        while self._first or self._waiting:
            if left := self._left():
                await self._clock.sleep(left)
                continue
            turn, cluster = self._next()
            if turn.done():
                # Whoever waited for it was cancelled.
                continue
            self._sent.append(self._clock.now())
            if cluster:
                self._count(cluster)
            turn.set_result(None)

    def _next(self) -> tuple[asyncio.Future[None], str]:
        """Whose turn it is; without a cluster if it is first."""
        if self._first:
            return self._first.popleft(), ""
        cluster = min(self._waiting, key=lambda one: self._used.get(one, self._level))
        line = self._waiting[cluster]
        turn = line.popleft()
        if not line:
            del self._waiting[cluster]
        return turn, cluster
