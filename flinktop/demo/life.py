"""A job's life: start and end of each of its runs, and its states."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct

from flinktop.demo.numbers import between, fraction

if TYPE_CHECKING:
    from flinktop.demo.specs import Fate

RESTART_SECONDS = 10.0  # delay of the restart strategy
FAILING_SECONDS = 0.4
INITIALIZING_SECONDS = 0.6  # from the submission until the JobMaster is running
DEPLOYED_SECONDS = 2.0  # from the start of a run until all subtasks run and records flow
KEPT_FAULTS = 16  # failures in the server's exception history

ENDS = ("FINISHED", "CANCELED", "FAILED")
TASK_STATES = (
    "CREATED", "SCHEDULED", "DEPLOYING", "INITIALIZING", "RUNNING", "FINISHED", "CANCELING", "CANCELED",
    "FAILED", "RECONCILING",
)  # fmt: skip
JOB_STATES = (
    "INITIALIZING", "CREATED", "RUNNING", "FAILING", "FAILED", "CANCELLING", "CANCELED", "FINISHED",
    "RESTARTING", "SUSPENDED", "RECONCILING",
)  # fmt: skip


class Run(Struct, frozen=True):
    """The time between two (re)starts; `number` is also the attempt number of its subtasks."""

    number: int
    begins: float
    ends: float  # infinite if nothing ends it
    waits: float = 0.0  # seconds until its subtasks have slots

    @property
    def flows(self) -> float:
        """When records begin to flow."""
        return self.begins + self.waits + DEPLOYED_SECONDS


class Life(Struct, frozen=True, cache_hash=True):
    """The runs of one job as a function of time."""

    fate: Fate
    seed: int

    @property
    def ended_at(self) -> float:
        """When the job ends; infinite if it never does."""
        return self.fate.ended if self.fate.ended is not None else math.inf

    @lru_cache(4000)  # noqa: B019 -- lives are few and stay
    def run(self, number: int) -> Run:
        following = self._begins(number + 1) - RESTART_SECONDS - FAILING_SECONDS
        waits = self.fate.waits if number else 0.0
        return Run(number, self._begins(number), min(self.ended_at, following), waits)

    def run_at(self, seconds: float) -> Run | None:
        seconds, fate = min(seconds, self.ended_at), self.fate
        last = int((seconds - fate.started) / fate.cycle) + 1 if fate.cycle else len(fate.stumbles)
        begun = (number for number in range(max(0, last), -1, -1) if self._begins(number) <= seconds)
        number = next(begun, None)
        return self.run(number) if number is not None else None

    def state_at(self, run: Run, seconds: float) -> str:
        if seconds >= self.ended_at:
            return self.fate.end
        if seconds < run.ends:
            return "RUNNING"
        return "FAILING" if seconds < run.ends + FAILING_SECONDS else "RESTARTING"

    def entered(self, run: Run, seconds: float) -> dict[str, float]:
        """When each state was last entered, up to the newest run; only states that were."""
        times = {
            "INITIALIZING": self.fate.started, "CREATED": self._begins(0) - 0.02, "RUNNING": run.begins,
        }  # fmt: skip
        failed = next(iter(self.faults(run, seconds, most=1)), None)
        if failed is not None:
            times["FAILING"] = failed.ends
            if failed.ends < self.ended_at:
                times["RESTARTING"] = failed.ends + FAILING_SECONDS
        if seconds >= self.ended_at:
            times[self.fate.end] = self.ended_at
            if self.fate.end == "CANCELED":
                times["CANCELLING"] = self.ended_at - 0.3
        return {state: at for state, at in times.items() if at <= seconds}

    def faults(self, run: Run, seconds: float, most: int = KEPT_FAULTS) -> tuple[Run, ...]:
        """The runs that ended in a failure, newest first, as many as the server keeps."""
        ended_well = self.fate.ended is not None and self.fate.end != "FAILED"
        last = run.number if seconds >= run.ends and not ended_well else run.number - 1
        return tuple(self.run(number) for number in range(last, max(-1, last - most), -1))

    def _begins(self, number: int) -> float:
        first = self.fate.started + INITIALIZING_SECONDS
        if number == 0:
            return first
        at = math.inf
        if self.fate.cycle:
            at = first + self.fate.cycle * (number + 0.25 * fraction(self.seed, number, 7))
        elif number <= len(self.fate.stumbles):
            at = self.fate.stumbles[number - 1] + RESTART_SECONDS + FAILING_SECONDS
        return at if at < self.ended_at else math.inf

    def culprit(self, run: Run, parallelism: int) -> int:
        """The subtask of the failing vertex that caused a run's failure."""
        return int(fraction(self.seed, run.number, 11) * parallelism)

    def task(self, run: Run, vertex: int, subtask: int, shape: tuple[int, ...], seconds: float) -> Task:
        """A subtask's attempt in a run at a time; `shape` is the parallelism of each vertex."""
        key, begins = (self.seed, run.number, vertex, subtask), run.begins + run.waits
        times = [
            ("CREATED", run.begins),
            ("SCHEDULED", run.begins + 0.01),
            ("DEPLOYING", begins + between(0.1, 0.3, *key, 1)),
            ("INITIALIZING", begins + between(0.4, 0.7, *key, 2)),
            ("RUNNING", begins + between(0.8, 1.9, *key, 3)),
        ]
        if run.ends < math.inf and seconds >= run.ends - len(shape):
            times.extend(self._endings(run, vertex, subtask, shape))
        return Task(tuple((state, at) for state, at in times if at <= seconds) or (times[0],))

    def _endings(
        self, run: Run, vertex: int, subtask: int, shape: tuple[int, ...]
    ) -> tuple[tuple[str, float], ...]:
        fate = self.fate
        end = fate.end if run.ends >= self.ended_at else "FAILED"
        if end == "FINISHED":
            return ((end, run.ends - 0.4 * (len(shape) - 1 - vertex) - 0.02 * (subtask % 4)),)
        if end == "CANCELED":
            return (("CANCELING", run.ends - 0.3), (end, run.ends - 0.05))
        if vertex == fate.culprit and subtask == self.culprit(run, shape[vertex]):
            return ((end, run.ends),)
        canceled = run.ends + between(0.1, 0.35, self.seed, vertex, subtask)
        return (("CANCELING", run.ends + 0.02), ("CANCELED", canceled))


class Task(Struct, frozen=True):
    """One subtask's attempt: when it entered each state (s of the demo's clock)."""

    entered: tuple[tuple[str, float], ...]  # in order of time

    @property
    def state(self) -> str:
        return self.entered[-1][0]

    @property
    def deployed(self) -> float | None:
        """When it was sent to its TaskManager: Flink's start-time; None if not yet."""
        return dict(self.entered).get("DEPLOYING")

    @property
    def ended(self) -> float | None:
        state, at = self.entered[-1]
        return at if state in ENDS else None
