"""Which of very many jobs restart or fail checkpoints, by few requests: figures of groups, halved.

GET /jobs/metrics?jobs=…&get=numRestarts,numberOfFailedCheckpoints,uptime&agg=sum,min (`fullRestarts` in 1.9).
Of a halved group one half is asked for: what is left of a sum is that of the other.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from flinktop.flink.metrics import JOBS_METRICS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from flinktop.flink.endpoint import Query
    from flinktop.flink.features import Features
    from flinktop.flink.metrics import Aggregated

    Ask = Callable[[Sequence[Query[Aggregated]]], Awaitable[Mapping[Query[Aggregated], Aggregated]]]

GROUP: Final = 100
"""Jobs of a group: their ids fill most of a request line of 4,096 bytes."""
AT_ONCE: Final = 4
RECENT_MS: Final = 600_000.0
"""A job that has run for so long since its last restart is in no loop."""
_FAILED, _UPTIME = "numberOfFailedCheckpoints", "uptime"
_MOVED, _RESTARTS, _FAILS = 0, 1, 2  # suspicions, in the order in which they are searched

Group = tuple[str, ...]


class _Sums(Struct, frozen=True):
    """Figures of a group of jobs; what no answer gave is None."""

    restarts: float = 0.0
    failed: float = 0.0
    uptime: float | None = None  # ms, the least
    moved: bool | None = None  # whether they have risen since the look before; None if there was none

    @property
    def order(self) -> tuple[int, float] | None:
        """How suspicious they are, the most first; None if they are not."""
        recent = self.restarts > 0 and (self.uptime is None or self.uptime < RECENT_MS)
        if self.moved is not None:
            return (_MOVED, -self.restarts - self.failed) if self.moved else None
        if recent:
            return _RESTARTS, -self.restarts
        return (_FAILS, -self.failed) if self.failed > 0 else None

    @property
    def is_open(self) -> bool:
        """Whether they are suspicious only as long as the uptime is not known."""
        return self.moved is None and self.restarts > 0 and self.uptime is None

    def without(self, half: _Sums) -> _Sums:
        """The figures of the other half; its uptime is known where it must be the one that is the least."""
        least_is_here = half.uptime is not None and self.uptime is not None and half.uptime > self.uptime
        return _Sums(
            max(0.0, self.restarts - half.restarts),
            max(0.0, self.failed - half.failed),
            self.uptime if least_is_here else None,
        )


class Suspects:
    """Finds jobs that have restarted lately or failed checkpoints, and those whose counters have moved."""

    def __init__(self, features: Features) -> None:
        self._restarts = "numRestarts" if features.has(1, 10) else "fullRestarts"
        self._before: dict[Group, _Sums] = {}  # the figures of the look before
        self._now: dict[Group, _Sums] = {}
        self.restarting: set[str] = set()
        """Those found so far that have restarted lately, or whose counters have moved."""

    async def find(self, jobs: Sequence[str], ask: Ask, room: int) -> tuple[str, ...]:
        """The suspects, the most suspicious first; at most `room` requests.

        Those that have moved since the look before come first, then those that have restarted most.
        """
        self._before |= self._now
        wanted: list[tuple[tuple[int, float], Group, _Sums | None]] = [
            ((_MOVED, -float("inf")), tuple(jobs[start : start + GROUP]), None)
            for start in range(0, len(jobs), GROUP)
        ]
        found: list[tuple[tuple[int, float], str]] = []
        while wanted and room > 0:
            batch = [heapq.heappop(wanted) for _ in range(min(AT_ONCE, len(wanted), room))]
            halves = [group if whole is None else group[: len(group) // 2] for _, group, whole in batch]
            answers, sent = await self._sums(halves, ask)
            room -= sent
            for (_, group, whole), half in zip(batch, halves, strict=True):
                if (sums := answers.get(half)) is None:
                    continue
                moved = whole.moved if whole is not None else None
                parts = [(half, self._compared(half, sums, moved=moved))]
                if whole is not None:
                    rest = group[len(half) :]
                    parts.append((rest, self._compared(rest, whole.without(sums), moved=moved)))
                for part, its in parts:
                    if (order := its.order) is None:
                        continue
                    if its.is_open and sums.uptime is not None:
                        heapq.heappush(wanted, (order, part, None))
                    elif len(part) == 1:
                        found.append((order, part[0]))
                    else:
                        heapq.heappush(wanted, (order, part, its))
        self.restarting |= {job for (suspicion, _), job in found if suspicion != _FAILS}
        return tuple(job for _, job in sorted(found))

    async def _sums(self, groups: Sequence[Group], ask: Ask) -> tuple[dict[Group, _Sums], int]:
        """The figures of groups, and the requests that it took.

        An id that no job of a group has empties the whole answer: without checkpoints there are none that
        failed.
        """
        found: dict[Group, _Sums] = {}
        left, sent = tuple(groups), 0
        for names in ((self._restarts, _FAILED, _UPTIME), (self._restarts, _UPTIME), (self._restarts,)):
            if not left:
                break
            queries = {group: JOBS_METRICS(jobs=group, get=names, agg="sum,min") for group in left}
            answers = await ask(tuple(queries.values()))
            sent += len(queries)
            answered = {group: answers[query] for group, query in queries.items() if query in answers}
            found |= {group: self._read(answer) for group, answer in answered.items()}
            left = tuple(group for group, answer in answered.items() if not answer)
        return found, sent

    def _read(self, answer: Aggregated) -> _Sums:
        sums = {metric.id: metric.sum or 0.0 for metric in answer}
        uptime = next((metric.min for metric in answer if metric.id == _UPTIME), None)
        return _Sums(sums.get(self._restarts, 0.0), sums.get(_FAILED, 0.0), uptime)

    def _compared(self, group: Group, sums: _Sums, *, moved: bool | None) -> _Sums:
        """The figures, compared with the look before; `moved` is that of the group they are part of."""
        before = self._before.get(group)
        self._now[group] = sums
        if before is not None:
            moved = sums.restarts > before.restarts or sums.failed > before.failed
        elif moved:
            moved = sums.restarts + sums.failed > 0
        return _Sums(sums.restarts, sums.failed, sums.uptime, moved)
