"""Every fault that was seen of a job, grouped, when Flink has long dropped them from its history."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from flinktop.flink.exceptions import EXCEPTIONS
from flinktop.flink.jobs import JOBS_OVERVIEW
from flinktop.model import faults
from flinktop.model.faults import FaultGroup

if TYPE_CHECKING:
    from flinktop.flink.endpoint import Query
    from flinktop.flink.exceptions import Fault, JobExceptions

KEPT = 8
"""Faults kept of each group beside its first one: a stack has 2 to 20 kB."""
GROUPS = 32
"""Groups kept of each job."""
COUNTED = 1024
"""Faults of a job that are known not to be new."""
KEEP_SECONDS = 600.0
"""How long those of a job are kept that Flink no longer lists: as long as its readings."""

_Name = tuple[int, str, str]


@dataclass(slots=True)
class _Job:
    groups: dict[str, FaultGroup] = field(default_factory=dict)
    counted: dict[_Name, None] = field(default_factory=dict)
    """In the order in which they came: the oldest are forgotten first."""
    told: JobExceptions | None = None
    listed: float = 0.0
    """When Flink last listed the job (engine's clock, s)."""


class SeenFaults:
    """What was seen, by job. Written by the engine's thread alone; reading is safe from any thread."""

    def __init__(self) -> None:
        self._jobs: dict[str, _Job] = {}
        self._published: dict[str, tuple[FaultGroup, ...]] = {}
        self._lock = threading.Lock()

    def of(self, job: str) -> tuple[FaultGroup, ...]:
        """The faults seen of a job, those with the newest first."""
        with self._lock:
            return self._published.get(job, ())

    def arrived(self, query: Query[Any], value: Any, at: float) -> None:
        """Take in one answer, if it tells of exceptions or of which jobs there are."""
        if query.endpoint is EXCEPTIONS:
            self._exceptions(dict(query.ids)["job"], value, at)
        elif query.endpoint is JOBS_OVERVIEW:
            self._listed({job.jid for job in value.jobs}, at)

    def _exceptions(self, job: str, told: JobExceptions, at: float) -> None:
        known = self._jobs.setdefault(job, _Job())
        known.listed = at
        if known.told is told:
            return
        known.told = told
        # The oldest first: the first of its kind begins the group.
        for fault in sorted(told.faults, key=lambda one: one.timestamp):
            name = (fault.timestamp, fault.task_name or "", fault.exception_name)
            if name not in known.counted:
                known.counted[name] = None
                _add(known.groups, fault)
        while len(known.counted) > COUNTED:
            del known.counted[next(iter(known.counted))]
        newest = sorted(known.groups.values(), key=lambda group: -group.latest.timestamp)
        known.groups = {group.key: group for group in _bounded(newest)}
        with self._lock:
            self._published[job] = tuple(known.groups.values())

    def _listed(self, jobs: set[str], at: float) -> None:
        for job, known in list(self._jobs.items()):
            if job in jobs:
                known.listed = at
            elif at - known.listed > KEEP_SECONDS:
                del self._jobs[job]
                with self._lock:
                    self._published.pop(job, None)


def _add(groups: dict[str, FaultGroup], fault: Fault) -> None:
    name = faults.key(fault)
    before = groups.get(name)
    if before is None:
        groups[name] = FaultGroup(name, fault, fault, 1, (fault,))
        return
    # One of before what is known, which a larger question brought, may be the first.
    ordered = sorted((fault, *before.kept), key=lambda one: -one.timestamp)
    kept = (*ordered[:KEPT], *ordered[KEPT:][-1:])
    groups[name] = replace(before, first=ordered[-1], latest=ordered[0], count=before.count + 1, kept=kept)


def _bounded(newest: list[FaultGroup]) -> list[FaultGroup]:
    """The newest groups, and the one in which the restart loop has begun."""
    if len(newest) <= GROUPS:
        return newest
    start = faults.loop_start(newest)
    kept = newest[:GROUPS]
    if start is not None and all(start is not group.first for group in kept):
        kept[-1:] = [group for group in newest if start is group.first]
    return kept
