"""All faults seen of a job, grouped, also those that Flink has dropped from its history."""

import sys
from collections.abc import Container, Iterable, Iterator
from typing import Any

from msgspec import Struct, field, structs
from msgspec.structs import replace

from flinktop.flink.endpoint import Query
from flinktop.flink.exceptions import EXCEPTIONS, Fault, JobExceptions
from flinktop.flink.jobs import JOBS_OVERVIEW
from flinktop.flink.text import cut
from flinktop.model import faults
from flinktop.model.faults import FaultGroup

KEPT = 8  # faults kept of each group besides its first: a stack trace has 2 to 20 kB
GROUPS = 32  # groups kept of each job
COUNTED = 1024  # faults of a job remembered as already counted
MOST = 1000  # faults kept of all jobs that were not opened, shared evenly
LEAST_LETTERS = 2000  # minimum characters kept of each stack trace
LEAST_COUNTED = 64  # the same as COUNTED for such a job: more than the server keeps
KEEP_SECONDS = 600.0  # how long those of a job are kept after Flink has dropped it: as long as readings

MOST_BYTES = 16 * 1024 * 1024  # of all faults kept; each job has its share
MOST_CONCURRENT = 1024 * 1024
"""Bytes kept of the concurrent failures of one fault: a lost cluster has thousands of stack traces."""


class _Job(Struct):
    groups: dict[str, FaultGroup] = field(default_factory=dict)  # replaced as a whole: other threads read it
    counted: dict[int, None] = field(default_factory=dict)
    """Hashes of counted faults in order of arrival: the oldest are dropped first."""
    answer: JobExceptions | None = None
    listed: float = 0.0  # when Flink last listed the job (engine's clock, s)


class SeenFaults:
    """Seen faults by job. Written by the engine's thread only; reading is safe from any thread."""

    def __init__(self, opened: Container[str] = ()) -> None:
        self._opened = opened
        self._jobs: dict[str, _Job] = {}

    def of(self, job: str) -> tuple[FaultGroup, ...]:
        known = self._jobs.get(job)
        return tuple(known.groups.values()) if known is not None else ()

    def arrived(self, query: Query[Any], value: Any, at: float) -> None:
        if query.endpoint is EXCEPTIONS:
            self._exceptions(dict(query.ids)["job"], value, at)
        elif query.endpoint is JOBS_OVERVIEW:
            self._listed({job.jid for job in value.jobs}, at)

    def _exceptions(self, job: str, answer: JobExceptions, at: float) -> None:
        known = self._jobs.setdefault(job, _Job())
        known.listed = at
        if known.answer is answer:
            return
        known.answer = answer if job in self._opened else None
        groups = dict(known.groups)
        # Oldest first: the first of its kind starts the group.
        for fault in sorted(answer.faults, key=lambda one: one.timestamp):
            name = hash((fault.timestamp, fault.task_name or "", fault.exception_name))
            if name not in known.counted:
                known.counted[name] = None
                _add(groups, _bounded_concurrent(fault))
        newest = sorted(groups.values(), key=lambda group: -group.latest.timestamp)
        known.groups = {group.key: group for group in _bounded(newest)}
        self._forget_names(known, COUNTED)
        self._limit_bytes(known)

    def _make_room(self) -> None:
        """Keep no more than its share of each job that was not opened."""
        for job, known in self._jobs.items():
            if job not in self._opened:
                known.answer = None
                self._limit_count(known)
            self._limit_bytes(known)

    def _limit_count(self, known: _Job) -> None:
        """If there are too many, keep the newest groups, and of each the first and the newest fault."""
        share = max(2, MOST // max(1, len(self._jobs)))
        if sum(len(group.kept) for group in known.groups.values()) <= share:
            return
        groups = _bounded(list(known.groups.values()), max(1, share // 2))
        known.groups = {group.key: replace(group, kept=_ends(group)) for group in groups}
        self._forget_names(known, LEAST_COUNTED)

    def _limit_bytes(self, known: _Job) -> None:
        """Keep no more bytes of a job than its share.

        Dropped first is the middle of each group, then the oldest groups, then concurrent failures and the
        middle of each stack trace.
        """
        share = MOST_BYTES // max(1, len(self._jobs))
        if _bytes(known.groups.values()) <= share:
            return
        groups = [replace(group, kept=_ends(group)) for group in known.groups.values()]
        while len(groups) > 2 and _bytes(groups) > share:  # noqa: PLR2004 -- the newest, and the start of a loop
            groups = _bounded(groups, max(2, len(groups) // 2))
        if _bytes(groups) > share:
            most = max(LEAST_LETTERS, share // (4 * len(groups)))
            groups = [_shortened(group, most) for group in groups]
        known.groups = {group.key: group for group in groups}

    @staticmethod
    def _forget_names(known: _Job, most: int) -> None:
        while len(known.counted) > most:
            del known.counted[next(iter(known.counted))]

    def _listed(self, jobs: set[str], at: float) -> None:
        for job, known in list(self._jobs.items()):
            if job in jobs:
                known.listed = at
            elif at - known.listed > KEEP_SECONDS:
                del self._jobs[job]
        self._make_room()


def _add(groups: dict[str, FaultGroup], fault: Fault) -> None:
    name = faults.key(fault)
    before = groups.get(name)
    if before is None:
        groups[name] = FaultGroup(name, fault, fault, 1, (fault,))
        return
    if fault.stacktrace == before.first.stacktrace:
        # Mostly the text is identical: it is kept once.
        fault = structs.replace(fault, stacktrace=before.first.stacktrace)
    # A request for more history may bring one that is older than the first.
    ordered = sorted((fault, *before.kept), key=lambda one: -one.timestamp)
    kept = (*ordered[:KEPT], *ordered[KEPT:][-1:])
    groups[name] = replace(before, first=ordered[-1], latest=ordered[0], count=before.count + 1, kept=kept)


def _bounded(newest: list[FaultGroup], most: int = GROUPS) -> list[FaultGroup]:
    """The newest groups, and the one with which the restart loop began."""
    if len(newest) <= most:
        return newest
    start = faults.loop_start(newest)
    kept = newest[:most]
    if start is not None and all(start is not group.first for group in kept):
        kept[-1:] = [group for group in newest if start is group.first]
    return kept


def _ends(group: FaultGroup) -> tuple[Fault, ...]:
    """The newest and the first fault of a group."""
    return tuple({id(one): one for one in (group.latest, group.first)}.values())


def _shortened(group: FaultGroup, most: int) -> FaultGroup:
    """The group without concurrent failures and with at most `most` characters of each stack trace."""
    short = {
        id(fault): structs.replace(fault, stacktrace=cut(fault.stacktrace, most), concurrent_exceptions=())
        for fault in (group.first, group.latest, *group.kept)
    }
    kept = tuple(short[id(fault)] for fault in group.kept)
    return replace(group, first=short[id(group.first)], latest=short[id(group.latest)], kept=kept)


def _bytes(groups: Iterable[FaultGroup]) -> int:
    """Bytes of the texts of groups; a text that several faults share counts once."""
    return sum({id(text): sys.getsizeof(text) for group in groups for text in _texts(group.kept)}.values())


def _texts(faults: Iterable[Fault]) -> Iterator[str]:
    for fault in faults:
        yield fault.stacktrace
        yield fault.exception_name
        yield fault.task_name or ""
        for name, label in fault.failure_labels.items():
            yield name
            yield label
        yield from _texts(fault.concurrent_exceptions)


def _bounded_concurrent(fault: Fault) -> Fault:
    """The fault with at most MOST_CONCURRENT bytes of concurrent failures, which have none themselves."""
    kept: list[Fault] = []
    left = MOST_CONCURRENT
    for one in fault.concurrent_exceptions:
        alone = structs.replace(one, concurrent_exceptions=())
        left -= sum(sys.getsizeof(text) for text in _texts((alone,)))
        if left < 0:
            break
        kept.append(alone)
    return structs.replace(fault, concurrent_exceptions=tuple(kept)) if fault.concurrent_exceptions else fault
