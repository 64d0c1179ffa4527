"""A job's checkpoints as functions of time: when each is triggered and acknowledged, and how it ends."""

from __future__ import annotations

import math
from bisect import bisect_left
from functools import cache, cached_property
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from flinktop.demo.numbers import Wave, between, fraction, shares
from flinktop.demo.specs import DAY, MIB, CheckpointSpec

if TYPE_CHECKING:
    from flinktop.demo.flow import JobPlan, VertexPlan
    from flinktop.demo.life import Run

FIRST_SECONDS = 4.0  # from the start of a run to its first checkpoint
HISTORY = 10  # checkpoints in the server's history
SUMMED = 40  # checkpoints in the summary's percentiles
CHANGED = 0.09  # share of the state that an incremental checkpoint writes
SLOW_STORAGE, MORE_LATE = 0.03, 0.15  # shares: checkpoints delayed by slow storage; additional late subtasks


class Taken(Struct, frozen=True):
    """One checkpoint, at any time; times in s of the demo's clock."""

    id: int
    triggered: float
    ends: float  # when it completes or fails
    failure: str | None
    duration: int  # milliseconds of a completed one; of a failed one, what it would have taken
    savepoint: bool
    grown: float  # the size of the state relative to the specs'

    def status_at(self, seconds: float) -> str:
        if seconds < self.ends:
            return "IN_PROGRESS"
        return "FAILED" if self.failure is not None else "COMPLETED"


class Acknowledged(Struct, frozen=True):
    """One subtask's share of a checkpoint: milliseconds of each phase, and bytes."""

    index: int
    duration: int
    start_delay: int
    alignment: int
    sync: int
    async_: int
    size: int
    written: int
    late: bool  # it does not acknowledge before the checkpoint fails


class Checkpointing:
    """The checkpoints of one job; results are cached."""

    def __init__(self, plan: JobPlan, spec: CheckpointSpec) -> None:
        self.plan = plan
        self.spec = spec
        self._breath = Wave.of(0.12, plan.seed, 3)  # how the state changes as data arrives and expires
        self._before_run = [0]  # checkpoints of all runs before the n-th
        self._counted = -math.inf, 0  # the last time that was asked for, and how many there were
        self._failed = [0]  # how many of the first n failed
        self.documents: dict[tuple[int, bool], msgspec.Raw] = {}
        """The JSON of the last ones that have ended, by id and whether it is the newest completed one."""
        self.taken = cache(self._make)  # the checkpoint with an id
        self.bytes_of = cache(self._bytes_of)  # bytes of the whole state and bytes written, over all vertices

    # -- the list of checkpoints ---------------------------------------------------------------------

    def count_at(self, seconds: float) -> int:
        """Number of checkpoints triggered so far, which is also the id of the newest one."""
        if seconds != self._counted[0]:
            run = self.plan.life.run_at(seconds)
            count = 0 if run is None else self._before(run.number) + self._triggered(run, seconds)
            self._counted = seconds, count
        return self._counted[1]

    def _make(self, number: int) -> Taken:
        run, order = self._run_of(number)
        triggered = run.begins + FIRST_SECONDS + order * self.spec.interval
        duration = self._duration(number, triggered)
        ends, failure = triggered + duration / 1000, None
        may_fail = number > 1 and triggered >= self.spec.failing_since
        if may_fail and fraction(self.plan.seed, number, 10) < self.spec.failing:
            # Other failures than a timeout are immediate.
            expired = "expired" in self.spec.reason
            ends = triggered + (self.spec.timeout if expired else 0.7 * duration / 1000)
            failure = self.spec.reason
        if ends > run.ends:
            ends, failure = run.ends, "Checkpoint Coordinator is suspending."
        age = (triggered - self.plan.life.fate.started) / DAY
        grown = (0.7 + 0.3 * min(1.0, age) + self.spec.growth * age) * self._breath.at(triggered)
        return Taken(number, triggered, ends, failure, duration, number == self._savepoint, grown)

    def newest(self, seconds: float, most: int = HISTORY) -> tuple[Taken, ...]:
        count = self.count_at(seconds)
        return tuple(self.taken(number) for number in range(count, max(0, count - most), -1))

    def latest(self, seconds: float, status: str) -> Taken | None:
        count = self.count_at(seconds)
        # With few failures, only recent checkpoints are searched.
        most = count if self.spec.failing or status == "COMPLETED" else SUMMED
        found = (self.taken(number) for number in range(count, max(0, count - most), -1))
        return next((one for one in found if one.status_at(seconds) == status), None)

    def savepoint_at(self, seconds: float) -> Taken | None:
        taken = self.taken(self._savepoint) if 0 < self._savepoint <= self.count_at(seconds) else None
        return taken if taken is not None and taken.status_at(seconds) == "COMPLETED" else None

    def failed_at(self, seconds: float) -> int:
        count = self.count_at(seconds)
        if not count:
            return 0
        newest = self.taken(count).status_at(seconds) == "FAILED"
        if not self.spec.failing and self.plan.life.fate.cycle is None:
            # Only checkpoints aborted by a restart can have failed.
            return newest + (count > 1 and self.taken(count - 1).failure is not None)
        for number in range(len(self._failed), count):
            # Of thousands nobody asks again.
            self._failed.append(self._failed[-1] + (self._make(number).failure is not None))
        return newest + self._failed[count - 1]

    def counts_at(self, seconds: float) -> dict[str, int]:
        total, failed = self.count_at(seconds), self.failed_at(seconds)
        running = sum(one.status_at(seconds) == "IN_PROGRESS" for one in self.newest(seconds))
        completed = total - failed - running
        return {"total": total, "in_progress": running, "completed": completed, "failed": failed}

    def restored(self, run: Run) -> Taken | None:
        return self.latest(run.begins - 0.01, "COMPLETED") if run.number else None

    def _bytes_of(self, taken: Taken) -> tuple[int, int]:
        whole, written = zip(*(self.sizes(taken, one) for one in self.plan.vertices), strict=True)
        return sum(whole), sum(written)

    # -- subtasks ------------------------------------------------------------------------------------

    def sizes(self, taken: Taken, vertex: VertexPlan) -> tuple[int, int]:
        """Bytes of a vertex's whole state, and bytes of it that this checkpoint wrote."""
        whole = int(int(vertex.spec.state * MIB) * taken.grown)
        if not self.spec.rocksdb or taken.savepoint or not whole:
            return whole, whole
        return whole, int(whole * CHANGED * between(0.6, 1.4, self.plan.seed, taken.id, vertex.place, 3))

    def _slowest(self, taken: Taken) -> int:
        if self.spec.culprit >= 0:
            return self.spec.culprit
        weights = shares([1.0 + vertex.spec.state for vertex in self.plan.vertices])
        drawn = fraction(self.plan.seed, taken.id, 4)
        return next(at for at, end in enumerate(weights[1:]) if drawn < end)

    def duration(self, taken: Taken, vertex: VertexPlan) -> int:
        """Milliseconds until all subtasks of a vertex have acknowledged."""
        if vertex.place == self._slowest(taken):
            return taken.duration
        share = between(0.25, 0.9, self.plan.seed, taken.id, vertex.place, 5)
        return max(1, int(taken.duration * share))

    def subtasks(self, taken: Taken, vertex: VertexPlan) -> tuple[Acknowledged, ...]:
        """All subtasks of a vertex: the slowest takes as long as the vertex; bytes add up to the total."""
        key = (self.plan.seed, taken.id, vertex.place)
        whole, written = self.sizes(taken, vertex)
        longest, parallelism = self.duration(taken, vertex), vertex.spec.parallelism
        slow = int(fraction(*key, 6) * parallelism)
        found = []
        for index in range(parallelism):
            took = longest if index == slow else max(1, int(longest * between(0.45, 0.97, *key, index, 7)))
            parts = vertex.part(whole, index), vertex.part(written, index)
            late = self._late(taken, vertex, index)
            found.append(Acknowledged(index, took, *self._phases(took, vertex, *key, index), *parts, late))
        return tuple(found)

    def acknowledged(self, taken: Taken, vertex: VertexPlan, seconds: float) -> list[Acknowledged]:
        """The subtasks of a vertex that have acknowledged at a time."""
        by = min(seconds, taken.ends)
        every = self.subtasks(taken, vertex)
        return [one for one in every if not one.late and taken.triggered + one.duration / 1000 <= by]

    # -- computation ---------------------------------------------------------------------------------

    @cached_property
    def _savepoint(self) -> int:
        return self.count_at(self.spec.savepoint) if self.spec.savepoint is not None else 0

    def _triggered(self, run: Run, seconds: float) -> int:
        since = min(seconds, run.ends) - run.begins - FIRST_SECONDS
        return 0 if since < 0 else int(since / self.spec.interval) + 1

    def _before(self, run: int) -> int:
        known = self._before_run
        for number in range(len(known) - 1, run):
            known.append(known[-1] + self._triggered(self.plan.life.run(number), math.inf))
        return known[run]

    def _run_of(self, number: int) -> tuple[Run, int]:
        """The run of an id, and its index in the run."""
        known = self._before_run
        while known[-1] < number and self.plan.life.run(len(known) - 1).ends < math.inf:
            self._before(len(known))
        run = bisect_left(known, number) - 1
        return self.plan.life.run(run), number - 1 - known[run]

    def _duration(self, number: int, triggered: float) -> int:
        usual = self.spec.duration * 1000 * self._breath.at(triggered)
        slow = 2.4 if fraction(self.plan.seed, number, 8) > 1 - SLOW_STORAGE else 1.0
        most = 900 * min(self.spec.interval, self.spec.timeout)
        return max(5, int(min(most, usual * slow * between(0.75, 1.3, self.plan.seed, number, 9))))

    def _late(self, taken: Taken, vertex: VertexPlan, index: int) -> bool:
        if taken.failure != self.spec.reason or vertex.place != max(0, self.spec.culprit):
            return False
        return index == vertex.hottest or fraction(self.plan.seed, taken.id, index, 12) < MORE_LATE

    def _phases(self, took: int, vertex: VertexPlan, *key: int) -> tuple[int, int, int, int]:
        """Milliseconds of start delay, alignment, sync and async phase; they add up to `took`."""
        waiting = self.spec.waiting if vertex.spec.inputs else 0.06
        alignment = 0.0 if not vertex.spec.inputs or self.spec.unaligned else 0.2 * (1 - waiting)
        found, left = [], took
        for place, share in enumerate((waiting, alignment, 0.12)):
            found.append(min(left, int(took * share * between(0.7, 1.3, *key, place, 13))))
            left -= found[-1]
        delay, aligning, sync = found
        return delay, aligning, sync, left
