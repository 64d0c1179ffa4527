"""Sums of counters over groups of jobs: which of a thousand restarts or fails checkpoints, by few requests.

GET /jobs/metrics?jobs=…&get=numRestarts,uptime,numberOfFailedCheckpoints&agg=sum,min (`fullRestarts` in 1.9).
A group whose sum has moved is halved until the job is found. Of a halved group one half is asked for: what is
left of a sum is that of the other. One id that no job of the group has empties the whole answer: it is left
out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

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
RECENT_MS: Final = 600_000.0
"""A job that has run for so long since its last restart is in no loop."""
_FAILED, _UPTIME = "numberOfFailedCheckpoints", "uptime"
_ASKED: Final = 3
"""Metrics that are asked for, where all are known."""

Group = tuple[str, ...]


class Figures(Struct, frozen=True):
    """Figures of a group of jobs; what no answer gave is None."""

    restarts: float = 0.0
    failed: float = 0.0  # checkpoints
    uptime: float | None = None  # ms since the last restart, the least

    @property
    def has_restarted_lately(self) -> bool:
        """Whether one of the jobs may have."""
        return self.restarts > 0 and (self.uptime is None or self.uptime < RECENT_MS)

    def without(self, half: Figures) -> Figures:
        """The figures of the other half; its uptime is known where it must be the one that is the least."""
        least_is_here = half.uptime is not None and self.uptime is not None and half.uptime > self.uptime
        return Figures(
            max(0.0, self.restarts - half.restarts),
            max(0.0, self.failed - half.failed),
            self.uptime if least_is_here else None,
        )


def names(features: Features) -> tuple[str, ...]:
    """The metrics of a job that are asked for, the ones that a job may lack last."""
    return ("numRestarts" if features.has(1, 10) else "fullRestarts", _UPTIME, _FAILED)


def query(group: Group, wanted: Sequence[str]) -> Query[Aggregated]:
    """The request for these metrics of a group."""
    return JOBS_METRICS(jobs=group, get=tuple(wanted), agg="sum,min")


def figures(answer: Aggregated) -> Figures:
    """What an answer tells of its group."""
    found = {metric.id: metric for metric in answer}
    restarts = next((metric.sum for name, metric in found.items() if name.endswith("Restarts")), None)
    failed = found[_FAILED].sum if _FAILED in found else None
    return Figures(restarts or 0.0, failed or 0.0, found[_UPTIME].min if _UPTIME in found else None)


class _Search(Struct, frozen=True):
    """A group that holds what is searched: which of its counters have moved, and its figures."""

    whole: Figures
    restarts: bool
    failed: bool
    part: Group = ()
    """What is asked for: a half of it, or all of it where its uptime is not known."""

    def may_hold(self, part: Figures) -> bool:
        return (self.restarts and part.has_restarted_lately) or (self.failed and part.failed > 0)


class Sums:
    """The sums of a cluster's groups of jobs."""

    def __init__(self) -> None:
        self._groups: tuple[Group, ...] = ()
        self._known: dict[Group, Figures] = {}  # the newest of a group
        self._searched: dict[Group, _Search] = {}
        self._found: dict[str, Figures] = {}  # those of jobs that were found since `watch`
        self._absent: dict[Group, int] = {}  # how many of the names emptied a group's answer

    @property
    def groups(self) -> int:
        """How many groups there are."""
        return len(self._groups)

    def watch(self, jobs: Sequence[str]) -> None:
        """Watch these jobs; a job stays in its group as long as both live."""
        live = set(jobs)
        kept: list[Group] = []
        known: dict[Group, Figures] = {}
        for one in self._groups:
            if group := tuple(job for job in one if job in live):
                kept.append(group)
                if (before := self._known.get(one)) is not None:
                    # Without a job that has ended a sum is less, never more: what rises has moved.
                    gone = [self._found[job] for job in one if job not in live and job in self._found]
                    known[group] = _without(before, gone)
        new = sorted(live.difference(*kept)) if kept else sorted(live)
        while new and kept and len(kept[-1]) < GROUP:
            last = kept.pop()
            kept.append((*last, new.pop(0)))
            known.pop(last, None)
        kept += [tuple(new[start : start + GROUP]) for start in range(0, len(new), GROUP)]
        self._groups, self._known, self._found = tuple(kept), known, {}
        self._searched = {group: one for group, one in self._searched.items() if live.issuperset(group)}
        wanted = {*kept, *(one.part for one in self._searched.values())}
        self._absent = {group: count for group, count in self._absent.items() if group in wanted}

    def asks(self, features: Features) -> Iterator[Ask]:
        """The requests for all groups, first for halves of those that are searched."""
        for search in self._searched.values():
            yield Ask(self._query(search.part, features), asking.URGENT, 0.0)
        for group in self._groups:
            yield Ask(self._query(group, features), asking.BELOW, EVERY)

    def take(self, asked: Query[Any], answer: Aggregated) -> tuple[str, ...]:
        """Take an answer; the jobs that are found by it."""
        group, count = _asked(asked)
        if not answer:
            # No job of the group has checkpoints, or it tells no uptime; or one of them is gone.
            if count > 1:
                self._absent[group] = self._absent.get(group, 0) + 1
            return ()
        found, jobs = figures(answer), list[str]()
        for whole in [one for one, search in self._searched.items() if search.part == group]:
            search = self._searched.pop(whole)
            jobs += self._look(group, found, search, count, sure=group == whole)
            if rest := whole[len(group) :]:
                left, sure = search.whole.without(found), not search.may_hold(found)
                jobs += self._look(rest, left, search, count, sure=sure)
        if group in self._groups:
            before = self._known.get(group)
            self._known[group] = found
            if before is not None:
                moved = _Search(found, found.restarts > before.restarts, found.failed > before.failed)
                jobs += self._look(group, found, moved, count)
        return tuple(jobs)

    def _look(
        self, group: Group, found: Figures, search: _Search, count: int, *, sure: bool = False
    ) -> Group:
        """Search a part, if it may hold what moved; the job, if it is one.

        What no job of the group has, of which `count` metrics were answered, none of a part has. `sure`: the
        other half does not hold it, or no more can be known.
        """
        if not search.may_hold(found):
            return ()
        is_open = not sure and search.restarts and found.restarts > 0 and found.uptime is None and count > 1
        if len(group) == 1 and not is_open:
            self._found[group[0]] = found
            return group
        part = group if is_open else group[: len(group) // 2]
        self._searched[group] = _Search(found, search.restarts, search.failed, part)
        if part not in self._groups:
            self._absent[part] = _ASKED - count
        return ()

    def failed(self, asked: Query[Any]) -> None:
        """A request failed: its group is asked again in its turn."""
        group = _asked(asked)[0]
        self._searched = {one: search for one, search in self._searched.items() if search.part != group}

    def _query(self, group: Group, features: Features) -> Query[Aggregated]:
        wanted = names(features)
        return query(group, wanted[: max(1, len(wanted) - self._absent.get(group, 0))])


def _without(figures: Figures, gone: Sequence[Figures]) -> Figures:
    restarts, failed = sum(one.restarts for one in gone), sum(one.failed for one in gone)
    return Figures(figures.restarts - restarts, figures.failed - failed, figures.uptime)


def _asked(asked: Query[Any]) -> tuple[Group, int]:
    """The group of a request, and how many metrics it asks for."""
    params = dict(asked.params)
    return tuple(params.get("jobs", "").split(",")), params.get("get", "").count(",") + 1
