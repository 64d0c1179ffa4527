"""A job's life: when each of its runs begins and ends, and the state it is in between."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flinktop.demo.noise import between, fraction

if TYPE_CHECKING:
    from flinktop.demo.specs import Fate

RESTART_SECONDS = 10.0
"""What the restart strategy waits."""
FAILING_SECONDS = 0.4
INITIALIZING_SECONDS = 0.6
"""From the submission until the job's master takes over."""
DEPLOYED_SECONDS = 2.0
"""From the beginning of a run until all subtasks run and records flow."""
KEPT_FAULTS = 16
"""Failures that the server's exception history keeps."""

TASK_STATES = (
    "CREATED", "SCHEDULED", "DEPLOYING", "INITIALIZING", "RUNNING", "FINISHED", "CANCELING", "CANCELED",
    "FAILED", "RECONCILING",
)  # fmt: skip
JOB_STATES = (
    "INITIALIZING", "CREATED", "RUNNING", "FAILING", "FAILED", "CANCELLING", "CANCELED", "FINISHED",
    "RESTARTING", "SUSPENDED", "RECONCILING",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Run:
    """The time between two (re)starts; `number` is also the attempt of each subtask."""

    number: int
    begins: float
    ends: float
    """Infinite while nothing is going to end it."""

    @property
    def flows(self) -> float:
        """When records begin to flow."""
        return self.begins + DEPLOYED_SECONDS


@dataclass(frozen=True, slots=True)
class Life:
    """The runs of one job as a function of time."""

    fate: Fate
    seed: int

    @property
    def over(self) -> float:
        """When the job reaches its end; infinite when it never does."""
        return self.fate.ended if self.fate.ended is not None else math.inf

    def run(self, number: int) -> Run:
        """The n-th run."""
        following = self._begins(number + 1)
        ends = min(
            self.over, math.inf if following is None else following - RESTART_SECONDS - FAILING_SECONDS
        )
        begins = self._begins(number)
        return Run(number, begins if begins is not None else math.inf, ends)

    def run_at(self, seconds: float) -> Run | None:
        """The newest run that has begun; None before the first."""
        seconds = min(seconds, self.over)
        guess = 0
        if self.fate.cycle:
            guess = max(0, int((seconds - self.fate.started) / self.fate.cycle) + 1)
        else:
            guess = len(self.fate.stumbles)
        while guess >= 0:
            begins = self._begins(guess)
            if begins is not None and begins <= seconds:
                return self.run(guess)
            guess -= 1
        return None

    def state_at(self, seconds: float) -> str:
        """The job's state, by Flink's names."""
        if seconds >= self.over:
            return self.fate.end
        run = self.run_at(seconds)
        if run is None:
            return "INITIALIZING"
        if seconds < run.ends:
            return "RUNNING"
        return "FAILING" if seconds < run.ends + FAILING_SECONDS else "RESTARTING"

    def entered(self, seconds: float) -> dict[str, float]:
        """When each state was entered last, for those that have been."""
        first = self._begins(0) or 0.0
        times = {"INITIALIZING": self.fate.started, "CREATED": first - 0.02}
        run = self.run_at(seconds)
        if run is None:
            return {"INITIALIZING": self.fate.started}
        times["RUNNING"] = run.begins
        failed = run if seconds >= run.ends and not self._ended_well else None
        if failed is None and run.number:
            failed = self.run(run.number - 1)
        if failed is not None and failed.ends < math.inf:
            times["FAILING"] = failed.ends
            if failed.ends < self.over:
                times["RESTARTING"] = failed.ends + FAILING_SECONDS
        if seconds >= self.over:
            times[self.fate.end] = self.over
            if self.fate.end == "CANCELED":
                times["CANCELLING"] = self.over - 0.3
        return {state: at for state, at in times.items() if at <= seconds}

    def faults(self, seconds: float) -> tuple[Run, ...]:
        """The runs that ended in a failure, newest first, as many as the server remembers."""
        run = self.run_at(seconds)
        if run is None:
            return ()
        last = run.number if seconds >= run.ends and not self._ended_well else run.number - 1
        return tuple(self.run(number) for number in range(last, max(-1, last - KEPT_FAULTS), -1))

    @property
    def _ended_well(self) -> bool:
        return self.fate.ended is not None and self.fate.end != "FAILED"

    def _begins(self, number: int) -> float | None:
        first = self.fate.started + INITIALIZING_SECONDS
        if number == 0:
            return first
        if self.fate.cycle:
            at = first + self.fate.cycle * (number + 0.25 * fraction(self.seed, number, 7))
        elif number <= len(self.fate.stumbles):
            at = self.fate.stumbles[number - 1] + RESTART_SECONDS + FAILING_SECONDS
        else:
            return None
        return at if at < self.over else None


@dataclass(frozen=True, slots=True)
class Task:
    """One subtask's attempt: when it entered each state (s of the demo's clock)."""

    state: str
    entered: tuple[tuple[str, float], ...]
    """In order of time."""

    @property
    def deployed(self) -> bool:
        """It has been sent to its TaskManager."""
        return any(state == "DEPLOYING" for state, _ in self.entered)

    @property
    def started(self) -> float:
        """Flink's start-time: the beginning of the deployment; the creation before that."""
        times = dict(self.entered)
        return times.get("DEPLOYING", self.entered[0][1])

    @property
    def ended(self) -> float | None:
        """When it reached an end, None while it has not."""
        state, at = self.entered[-1]
        return at if state in ("FINISHED", "CANCELED", "FAILED") else None


def task_at(life: Life, run: Run, place: tuple[int, int], seconds: float, shape: tuple[int, ...]) -> Task:
    """A subtask's attempt in a run as it stands at a time.

    Args:
        life: the job's.
        run: which attempt.
        place: the vertex's in the job, and the subtask, both from 0.
        seconds: on the demo's clock.
        shape: the parallelism of each vertex.
    """
    vertex, subtask = place
    key = (life.seed, run.number, vertex, subtask)
    begins = run.begins
    times = [
        ("CREATED", begins),
        ("SCHEDULED", begins + 0.01),
        ("DEPLOYING", begins + between(0.1, 0.3, *key, 1)),
        ("INITIALIZING", begins + between(0.4, 0.7, *key, 2)),
        ("RUNNING", begins + between(0.8, 1.9, *key, 3)),
    ]
    if run.ends < math.inf and seconds >= run.ends - len(shape):
        times.extend(_endings(life, run, vertex, subtask, shape))
    entered = tuple((state, at) for state, at in times if at <= seconds) or (times[0],)
    return Task(entered[-1][0], entered)


def culprit(life: Life, run: Run, parallelism: int) -> int:
    """The subtask of the guilty vertex that a run's failure came from."""
    return int(fraction(life.seed, run.number, 11) * parallelism)


def _endings(
    life: Life, run: Run, vertex: int, subtask: int, shape: tuple[int, ...]
) -> tuple[tuple[str, float], ...]:
    fate = life.fate
    over = run.ends >= life.over
    if over and fate.end == "FINISHED":
        return (("FINISHED", run.ends - 0.4 * (len(shape) - 1 - vertex) - 0.02 * (subtask % 4)),)
    if over and fate.end == "CANCELED":
        return (("CANCELING", run.ends - 0.3), ("CANCELED", run.ends - 0.05))
    if vertex == fate.culprit and subtask == culprit(life, run, shape[vertex]):
        return (("FAILED", run.ends),)
    end = run.ends + between(0.1, 0.35, life.seed, vertex, subtask)
    return (("CANCELING", run.ends + 0.02), ("CANCELED", end))
