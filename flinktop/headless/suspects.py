"""Which of very many jobs restart or fail checkpoints, within few looks: figures of groups, halved.

What is asked for and what an answer tells is that of `engine.sums`.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from flinktop.engine import sums
from flinktop.engine.sums import GROUP, Figures

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from flinktop.engine.sums import Group
    from flinktop.flink.endpoint import Query
    from flinktop.flink.features import Features
    from flinktop.flink.metrics import Aggregated

    Ask = Callable[[Sequence[Query[Aggregated]]], Awaitable[Mapping[Query[Aggregated], Aggregated]]]

AT_ONCE: Final = 4
_MOVED, _RESTARTS, _FAILS = 0, 1, 2  # suspicions, in the order in which they are searched


class _Sums(Struct, frozen=True):
    """Figures of a group of jobs."""

    figures: Figures = Figures()
    moved: bool | None = None  # whether they have risen since the look before; None if there was none

    @property
    def order(self) -> tuple[int, float] | None:
        """How suspicious they are, the most first; None if they are not."""
        restarts, failed = self.figures.restarts, self.figures.failed
        if self.moved is not None:
            return (_MOVED, -restarts - failed) if self.moved else None
        if self.figures.has_restarted_lately:
            return _RESTARTS, -restarts
        return (_FAILS, -failed) if failed > 0 else None

    @property
    def is_open(self) -> bool:
        """Whether they are suspicious only as long as the uptime is not known."""
        return self.moved is None and self.figures.restarts > 0 and self.figures.uptime is None


class Suspects:
    """Finds jobs that have restarted lately or failed checkpoints, and those whose counters have moved."""

    def __init__(self, features: Features) -> None:
        self._names = sums.names(features)
        self._before: dict[Group, Figures] = {}  # the figures of the look before
        self._now: dict[Group, Figures] = {}
        self.figures: dict[str, Figures] = {}
        """Those of the jobs that were found."""
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
                if (found_here := answers.get(half)) is None:
                    continue
                moved = whole.moved if whole is not None else None
                parts = [(half, self._compared(half, found_here, moved=moved))]
                if whole is not None:
                    rest = group[len(half) :]
                    left = whole.figures.without(found_here)
                    parts.append((rest, self._compared(rest, left, moved=moved)))
                for part, its in parts:
                    if (order := its.order) is None:
                        continue
                    if its.is_open and found_here.uptime is not None:
                        heapq.heappush(wanted, (order, part, None))
                    elif len(part) == 1:
                        found.append((order, part[0]))
                        self.figures[part[0]] = its.figures
                    else:
                        heapq.heappush(wanted, (order, part, its))
        self.restarting |= {job for (suspicion, _), job in found if suspicion != _FAILS}
        return tuple(job for _, job in sorted(found))

    async def _sums(self, groups: Sequence[Group], ask: Ask) -> tuple[dict[Group, Figures], int]:
        """The figures of groups, and the requests that it took.

        An id that no job of a group has empties the whole answer: without checkpoints there are none that
        failed.
        """
        found: dict[Group, Figures] = {}
        left, sent = tuple(groups), 0
        for count in range(len(self._names), 0, -1):
            if not left:
                break
            queries = {group: sums.query(group, self._names[:count]) for group in left}
            answers = await ask(tuple(queries.values()))
            sent += len(queries)
            answered = {group: answers[query] for group, query in queries.items() if query in answers}
            found |= {group: sums.figures(answer) for group, answer in answered.items()}
            left = tuple(group for group, answer in answered.items() if not answer)
        return found, sent

    def _compared(self, group: Group, figures: Figures, *, moved: bool | None) -> _Sums:
        """The figures, compared with the look before; `moved` is that of the group they are part of."""
        before = self._before.get(group)
        self._now[group] = figures
        if before is not None:
            moved = figures.restarts > before.restarts or figures.failed > before.failed
        elif moved:
            moved = figures.restarts + figures.failed > 0
        return _Sums(figures, moved)
