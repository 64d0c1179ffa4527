"""Running tasks of a job: Flink reports a job as RUNNING even while all of them wait for slots."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from flinktop.flink.jobs import subtasks_by_state
from flinktop.model import states

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from flinktop.flink.jobs import Job

_WITHOUT_SLOT = frozenset({"CREATED", "SCHEDULED"})


class Tasks(Struct, frozen=True):
    """The tasks (subtasks) of a job by state."""

    counts: tuple[tuple[str, int], ...]  # numbers of tasks by upper-case state

    @property
    def total(self) -> int:
        return sum(count for _, count in self.counts)

    @property
    def running(self) -> int:
        return self.count("RUNNING")

    @property
    def waiting(self) -> tuple[tuple[str, int], ...]:
        return tuple((state, count) for state, count in self.counts if state not in ("RUNNING", "FINISHED"))

    @property
    def words(self) -> str:
        return f"{self.running}/{self.total}"

    def count(self, state: str) -> int:
        return dict(self.counts).get(state, 0)


def tasks(counts: Mapping[str, int]) -> Tasks | None:
    """The tasks of a job in a list of jobs; None if there are none yet."""
    return _of((counts,))


def tasks_of(job: Job) -> Tasks | None:
    """The tasks of a job by its vertices; None if there are none yet."""
    return _of(vertex.tasks for vertex in job.vertices)


def _of(parts: Iterable[Mapping[str, int]]) -> Tasks | None:
    summed: dict[str, int] = {}
    for part in parts:
        for state, count in part.items():
            summed[state] = summed.get(state, 0) + count
    counts = tuple(subtasks_by_state({state: count for state, count in summed.items() if count}).items())
    return Tasks(counts) if counts else None


def is_stalled(state: str, found: Tasks | None) -> bool:
    """Whether a job in this state is RUNNING without a single running task."""
    return found is not None and states.is_running(state) and not found.running and bool(found.waiting)


def tone(state: str, found: Tasks | None, *, batch: bool = False) -> str:
    """The style of the number of running tasks of a job in this state.

    For a batch job waiting tasks are normal, as its stages run one after the other. If Flink does not report
    the type (up to 2.2), a job with unscheduled or finished tasks counts as batch.
    """
    if found is None or not states.is_running(state) or not found.waiting:
        return ""
    if not found.running:
        return "bad" if any(one in _WITHOUT_SLOT for one, _ in found.waiting) else "warn"
    return "" if batch or found.count("CREATED") or found.count("FINISHED") else "warn"


def state_tone(state: str, found: Tasks | None) -> str:
    """The style of the job's state."""
    return "warn" if is_stalled(state, found) else states.tone(state)
