"""A job's checkpoints as functions of time: when each is triggered, how it ends, who acknowledges when."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from flinktop.demo.noise import between, fraction
from flinktop.demo.specs import DAY, CheckpointSpec
from flinktop.demo.waves import Wave, part, shares

if TYPE_CHECKING:
    from flinktop.demo.flow import JobPlan, VertexPlan
    from flinktop.demo.life import Life, Run

FIRST_SECONDS = 4.0
"""From the beginning of a run to its first checkpoint."""
HISTORY = 10
"""Checkpoints that the server lists."""
SUMMED = 40
"""Checkpoints that the summary's percentiles are taken over."""
CHANGED = 0.09
"""Share of the state that an incremental checkpoint writes."""
PHASES = ("start_delay", "alignment", "sync", "async")


@dataclass(frozen=True, slots=True)
class Taken:
    """One checkpoint, whenever one looks at it; times in s of the demo's clock."""

    id: int
    triggered: float
    ends: float
    """When it is complete or has failed."""
    failure: str | None
    duration: int
    """Milliseconds of a complete one; for a failed one, what it would have taken."""
    savepoint: bool
    grown: float
    """The size of the state beside the specs'."""

    def status_at(self, seconds: float) -> str:
        """COMPLETED, FAILED or IN_PROGRESS."""
        if seconds < self.ends:
            return "IN_PROGRESS"
        return "FAILED" if self.failure is not None else "COMPLETED"


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """One subtask's share of a checkpoint: milliseconds of each phase, and bytes."""

    index: int
    duration: int
    start_delay: int
    alignment: int
    sync: int
    async_: int
    state_size: int
    written: int
    late: bool
    """It does not acknowledge before the checkpoint fails."""


@dataclass(frozen=True)
class Checkpointing:
    """The checkpoints of one job."""

    plan: JobPlan
    spec: CheckpointSpec
    life: Life

    # -- which there are -----------------------------------------------------------------------------

    def count_at(self, seconds: float) -> int:
        """Checkpoints triggered so far; also the id of the newest."""
        run = self.life.run_at(seconds)
        return 0 if run is None else self._before(run.number) + self._triggered(run, seconds)

    def taken(self, number: int) -> Taken:
        """The checkpoint with an id."""
        found = self._known.get(number)
        if found is None:
            found = self._known[number] = self._make(number)
        return found

    def _make(self, number: int) -> Taken:
        run, order = self._run_of(number)
        triggered = run.begins + FIRST_SECONDS + order * self.spec.interval
        duration = self._duration(number, triggered)
        ends, failure = triggered + duration / 1000, None
        if self._fails(number):
            # A timeout is waited for; any other reason shows at once.
            expired = "expired" in self.spec.reason
            ends, failure = (
                triggered + (self.spec.timeout if expired else 0.7 * duration / 1000),
                self.spec.reason,
            )
        if ends > run.ends:
            ends, failure = run.ends, "Checkpoint Coordinator is suspending."
        age = (triggered - self.life.fate.started) / DAY
        grown = (0.7 + 0.3 * min(1.0, age) + self.spec.growth * age) * self._breath.at(triggered)
        return Taken(number, triggered, ends, failure, duration, number == self._savepoint, grown)

    def newest(self, seconds: float, most: int = HISTORY) -> tuple[Taken, ...]:
        """The last ones triggered, newest first."""
        count = self.count_at(seconds)
        return tuple(self.taken(number) for number in range(count, max(0, count - most), -1))

    def latest(self, seconds: float, status: str) -> Taken | None:
        """The newest with a status."""
        count = self.count_at(seconds)
        # Where hardly any fails, a failure long ago is not looked for.
        most = count if self.spec.failing or status == "COMPLETED" else SUMMED
        numbers = range(count, max(0, count - most), -1)
        found = (self.taken(number) for number in numbers)
        return next((one for one in found if one.status_at(seconds) == status), None)

    def savepoint_at(self, seconds: float) -> Taken | None:
        """The newest savepoint, once it is complete."""
        taken = self.taken(self._savepoint) if 0 < self._savepoint <= self.count_at(seconds) else None
        return taken if taken is not None and taken.status_at(seconds) == "COMPLETED" else None

    def failed_at(self, seconds: float) -> int:
        """How many have failed so far."""
        count = self.count_at(seconds)
        if not self.spec.failing and self.life.fate.cycle is None:
            # Only what a restart cut short can have failed.
            recent = range(max(1, count - 1), count + 1)
            return sum(self.taken(number).status_at(seconds) == "FAILED" for number in recent)
        return sum(self.taken(number).status_at(seconds) == "FAILED" for number in range(1, count + 1))

    def restored(self, run: Run) -> Taken | None:
        """What a restarted run began with."""
        return self.latest(run.begins - 0.01, "COMPLETED") if run.number else None

    def bytes_of(self, taken: Taken) -> tuple[int, int]:
        """The whole state, and what a checkpoint wrote of it: the sums over all vertices."""
        found = self._sizes.get(taken.id)
        if found is None:
            vertices = self.plan.vertices
            found = self._sizes[taken.id] = (
                sum(self.size(taken, vertex) for vertex in vertices),
                sum(self.written(taken, vertex) for vertex in vertices),
            )
        return found

    # -- who takes part ------------------------------------------------------------------------------

    def size(self, taken: Taken, vertex: VertexPlan) -> int:
        """Bytes of a vertex's whole state."""
        return int(vertex.spec.state * taken.grown) if vertex.spec.state else 0

    def written(self, taken: Taken, vertex: VertexPlan) -> int:
        """Bytes that this checkpoint wrote of it."""
        whole = self.size(taken, vertex)
        if not self.spec.rocksdb or taken.savepoint:
            return whole
        return int(whole * CHANGED * between(0.6, 1.4, self.plan.seed, taken.id, vertex.place, 3))

    def slowest(self, taken: Taken) -> int:
        """The place of the vertex that takes longest."""
        if self.spec.culprit >= 0:
            return self.spec.culprit
        weights = shares(tuple(1.0 + vertex.spec.state / (1 << 20) for vertex in self.plan.vertices))
        drawn = fraction(self.plan.seed, taken.id, 4)
        return next(at for at, end in enumerate(weights[1:]) if drawn < end)

    def duration(self, taken: Taken, vertex: VertexPlan) -> int:
        """Milliseconds until all subtasks of a vertex have acknowledged."""
        if vertex.place == self.slowest(taken):
            return taken.duration
        share = between(0.25, 0.9, self.plan.seed, taken.id, vertex.place, 5)
        return max(1, int(taken.duration * share))

    def subtasks(self, taken: Taken, vertex: VertexPlan) -> tuple[Acknowledged, ...]:
        """All subtasks of a vertex: the slowest takes as long as the vertex, the bytes add up to its."""
        key = (self.plan.seed, taken.id, vertex.place)
        whole, written = self.size(taken, vertex), self.written(taken, vertex)
        longest = self.duration(taken, vertex)
        parallelism = vertex.spec.parallelism
        slow = int(fraction(*key, 6) * parallelism)
        found = []
        for index in range(parallelism):
            took = longest if index == slow else max(1, int(longest * between(0.45, 0.97, *key, index, 7)))
            delay, align, sync, rest = self._phases(took, vertex, (*key, index))
            found.append(
                Acknowledged(
                    index, took, delay, align, sync, rest,
                    part(whole, vertex.ends, index), part(written, vertex.ends, index),
                    self._late(taken, vertex, index),
                )
            )  # fmt: skip
        return tuple(found)

    def acknowledged(self, taken: Taken, subtask: Acknowledged, seconds: float) -> bool:
        """Whether a subtask has acknowledged by a time."""
        if subtask.late:
            return False
        return taken.triggered + subtask.duration / 1000 <= min(seconds, taken.ends)

    # -- how -----------------------------------------------------------------------------------------

    @cached_property
    def _breath(self) -> Wave:
        """How the state grows and shrinks with what comes and expires."""
        return Wave.of(0.12, self.plan.seed, 3)

    @cached_property
    def _known(self) -> dict[int, Taken]:
        """Checkpoints by id, once reckoned."""
        return {}

    @cached_property
    def _sizes(self) -> dict[int, tuple[int, int]]:
        """Bytes by id, once reckoned."""
        return {}

    @cached_property
    def _memory(self) -> dict[int, int]:
        """Checkpoints triggered before each run, once reckoned."""
        return {0: 0}

    @cached_property
    def _savepoint(self) -> int:
        return self.count_at(self.spec.savepoint) if self.spec.savepoint is not None else 0

    def _triggered(self, run: Run, seconds: float) -> int:
        since = min(seconds, run.ends) - run.begins - FIRST_SECONDS
        return 0 if since < 0 else int(since / self.spec.interval) + 1

    def _before(self, number: int) -> int:
        """Checkpoints of all runs before the n-th."""
        memory = self._memory
        known = max(memory) if number not in memory else number
        for run in range(known, number):
            memory[run + 1] = memory[run] + self._triggered(self.life.run(run), math.inf)
        return memory[number]

    def _run_of(self, number: int) -> tuple[Run, int]:
        """The run that an id belongs to, and its place in it."""
        run = 0
        if self.life.fate.cycle or self.life.fate.stumbles:
            each = max(1, self._triggered(self.life.run(0), math.inf))
            run = max(0, int(number / each) - 2) if self.life.fate.cycle else 0
            while self._before(run) >= number:
                run = max(0, run - 2)
                if run == 0:
                    break
            while self.life.run(run).ends < math.inf and self._before(run + 1) < number:
                run += 1
        return self.life.run(run), number - 1 - self._before(run)

    def _duration(self, number: int, triggered: float) -> int:
        usual = self.spec.duration * 1000 * self._breath.at(triggered)
        # Now and then storage is slow.
        slow = 2.4 if fraction(self.plan.seed, number, 8) > 0.97 else 1.0  # noqa: PLR2004 -- once in thirty
        most = 900 * min(self.spec.interval, self.spec.timeout)
        return max(5, int(min(most, usual * slow * between(0.75, 1.3, self.plan.seed, number, 9))))

    def _fails(self, number: int) -> bool:
        return number > 1 and fraction(self.plan.seed, number, 10) < self.spec.failing

    def _late(self, taken: Taken, vertex: VertexPlan, index: int) -> bool:
        if taken.failure != self.spec.reason or not self._fails(taken.id):
            return False
        if vertex.place != max(0, self.spec.culprit):
            return False
        guilty = vertex.hottest
        return index == guilty or fraction(self.plan.seed, taken.id, index, 12) < 0.15  # noqa: PLR2004 -- a few more

    def _phases(self, took: int, vertex: VertexPlan, key: tuple[int, ...]) -> tuple[int, int, int, int]:
        """Milliseconds of the barrier's way, of alignment and of both phases of the snapshot; they add up."""
        waiting = self.spec.waiting if vertex.spec.inputs else 0.06
        alignment = 0.0 if not vertex.spec.inputs or self.spec.unaligned else 0.4 * (1 - waiting)
        sync = 0.12
        wobble = [between(0.7, 1.3, *key, place, 13) for place in range(3)]
        delay, align, quick = (
            int(took * share * by) for share, by in zip((waiting, alignment * 0.5, sync), wobble, strict=True)
        )
        delay = min(delay, took)
        align = min(align, took - delay)
        quick = min(quick, took - delay - align)
        return delay, align, quick, took - delay - align - quick
