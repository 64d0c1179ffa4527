"""Which of very many jobs restart or fail checkpoints, by few requests: sums over groups, halved.

GET /jobs/metrics?jobs=…&get=numRestarts,numberOfFailedCheckpoints&agg=sum (`fullRestarts` in 1.9).
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Final

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

_Group = tuple[str, ...]


class Suspects:
    """Finds the jobs whose counters are not 0, or have moved since the look before."""

    def __init__(self, features: Features) -> None:
        self._names = ("numRestarts" if features.has(1, 10) else "fullRestarts", "numberOfFailedCheckpoints")
        self._known: dict[_Group, dict[str, float]] = {}  # the newest sums
        self._absent: set[tuple[_Group, str]] = set()  # ids that no job of a group has

    async def find(self, jobs: Sequence[str], ask: Ask, room: int) -> tuple[str, ...]:
        """The jobs whose sums are over 0 or, where they are known, have risen; at most `room` requests.

        First those that have moved, then those with the greatest sums: a job in a loop has hundreds.
        """
        groups = [tuple(jobs[start : start + GROUP]) for start in range(0, len(jobs), GROUP)]
        wanted: list[tuple[bool, float, _Group]] = [(False, 0.0, group) for group in groups]
        found: list[tuple[bool, float, str]] = []
        while wanted and room > 0:
            batch = [heapq.heappop(wanted) for _ in range(min(AT_ONCE, len(wanted), room))]
            queries = {one[2]: self._query(one[2]) for one in batch}
            room -= len(batch)
            answers = await ask(tuple(queries.values()))
            for still, order, group in batch:
                answer = answers.get(queries[group])
                if answer is None:
                    continue
                if not answer and self._leave_out(group, queries[group]):
                    heapq.heappush(wanted, (still, order, group))
                    continue
                suspicion = self._compare(group, answer)
                if suspicion is None:
                    continue
                if len(group) == 1:
                    found.append((*suspicion, group[0]))
                    continue
                middle = len(group) // 2
                for half in (group[:middle], group[middle:]):
                    heapq.heappush(wanted, (*suspicion, half))
        return tuple(job for _still, _order, job in sorted(found))

    def _query(self, group: _Group) -> Query[Aggregated]:
        names = [name for name in self._names if (group, name) not in self._absent]
        return JOBS_METRICS(jobs=group, get=names, agg="sum")

    def _leave_out(self, group: _Group, query: Query[Aggregated]) -> bool:
        """After an empty answer: whether to ask again without one of the ids.

        One id that no job of the group has empties the whole answer: without checkpoints there is no
        `numberOfFailedCheckpoints`.
        """
        names = dict(query.params)["get"].split(",")
        if len(names) < len(self._names):
            return False
        self._absent.add((group, names[-1]))
        return True

    def _compare(self, group: _Group, answer: Aggregated) -> tuple[bool, float] | None:
        """Whether it stands still, and its sum as a negative, so that the greatest comes first.

        None if it gives no suspicion.
        """
        sums = {metric.id: metric.sum or 0.0 for metric in answer}
        before = self._known.get(group)
        self._known[group] = sums
        total = sum(sums.values())
        if before is None:
            return (True, -total) if total > 0 else None
        return (False, -total) if any(sums[name] > before.get(name, 0.0) for name in sums) else None
