"""Sums of counters over groups of jobs: by few requests, which of a thousand jobs restarts.

GET /jobs/metrics?jobs=…&get=numRestarts,numberOfFailedCheckpoints&agg=sum. A group whose sum has moved is
halved until the job is found. One id that no job of the group has empties the whole answer: it is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flinktop.flink.metrics import JOBS_METRICS
from flinktop.judgement import ask as asking
from flinktop.judgement.ask import Ask

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flinktop.flink.endpoint import Query
    from flinktop.flink.features import Features
    from flinktop.flink.metrics import Aggregated

GROUP: Final = 100
"""Jobs of a group: their ids fill most of a request line of 4,096 bytes."""
EVERY: Final = 40.0
"""Seconds between two requests for a group."""

_Group = tuple[str, ...]


class Sums:
    """The sums of a cluster's groups of jobs."""

    def __init__(self) -> None:
        self._groups: tuple[_Group, ...] = ()
        self._known: dict[_Group, dict[str, float]] = {}  # the newest sums of a group, by metric
        self._searched: dict[_Group, None] = {}  # parts of a group whose sum has moved
        self._absent: set[tuple[_Group, str]] = set()  # ids that emptied a group's answer

    def watch(self, jobs: Sequence[str]) -> None:
        """Watch these jobs; a job stays in its group as long as both live."""
        live = set(jobs)
        kept = [group for one in self._groups if (group := tuple(job for job in one if job in live))]
        new = sorted(live.difference(*kept)) if kept else sorted(live)
        while new and kept and len(kept[-1]) < GROUP:
            kept[-1] = (*kept[-1], new.pop(0))
        kept += [tuple(new[start : start + GROUP]) for start in range(0, len(new), GROUP)]
        self._groups = tuple(kept)
        wanted = {*kept, *self._searched}
        self._known = {group: sums for group, sums in self._known.items() if group in wanted}
        self._absent = {(group, name) for group, name in self._absent if group in wanted}
        self._searched = {group: None for group in self._searched if live.issuperset(group)}

    def asks(self, features: Features) -> Iterator[Ask]:
        """The requests for all groups, first for the parts of those that are searched."""
        for group in self._searched:
            yield Ask(self._query(group, features), asking.SUSPECTED, 0.0)
        for group in self._groups:
            yield Ask(self._query(group, features), asking.BELOW, EVERY)

    def take(self, query: Query[Any], value: Aggregated) -> tuple[str, ...]:
        """Take an answer; the jobs that are found by it."""
        group, names = _asked(query)
        if group not in self._groups and group not in self._searched:
            return ()
        if not value and len(names) > 1:
            # No job of the group has checkpoints, or none has restarted yet.
            self._absent.add((group, names[-1]))
            return ()
        sums = {metric.id: metric.sum for metric in value if metric.sum is not None}
        before = self._known.get(group)
        self._known[group] = sums
        searched = self._searched.pop(group, 0) is None
        if searched and before is None:
            # A part is compared by what its counters are: what moved is among those that are not 0.
            moved = any(sums.values())
        else:
            moved = before is not None and any(sums[name] > before.get(name, 0.0) for name in sums)
        if not moved:
            return ()
        if len(group) == 1:
            return group
        middle = len(group) // 2
        for part in (group[:middle], group[middle:]):
            self._searched[part] = None
            # What no job of the group has, none of a part has.
            self._absent |= {(part, name) for of, name in self._absent if of == group}
        return ()

    def failed(self, query: Query[Any]) -> None:
        """A request failed: its group is asked again in its turn."""
        self._searched.pop(_asked(query)[0], None)

    def _query(self, group: _Group, features: Features) -> Query[Any]:
        restarts = "numRestarts" if features.has(1, 10) else "fullRestarts"
        names = [
            name for name in (restarts, "numberOfFailedCheckpoints") if (group, name) not in self._absent
        ]
        return JOBS_METRICS(jobs=group, get=names or [restarts], agg="sum")


def _asked(query: Query[Any]) -> tuple[_Group, tuple[str, ...]]:
    params = dict(query.params)
    return tuple(params.get("jobs", "").split(",")), tuple(params.get("get", "").split(","))
