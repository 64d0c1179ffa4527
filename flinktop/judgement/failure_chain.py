"""Which exceptions are one failure, which failures follow each other, and which of those are a loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from flinktop.flink.exceptions import Fault, JobExceptions
from flinktop.model import faults

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from flinktop.model.look import JobLook

TOGETHER_MS: Final = 10_000.0
"""Different subtasks that fail within this time of the first are one failure."""
RECENT_MS: Final = 600_000.0
"""Failures with longer gaps have nothing to do with each other."""
LOOP: Final = 3
"""So many failures are a loop."""
HISTORY: Final = 16
"""Entries that Flink keeps (web.exception-history-size)."""
_SAME_MS = 1000.0


class Failure(Struct, frozen=True):
    """Exceptions that are one failure, the first of them first."""

    faults: tuple[Fault, ...]

    @property
    def first(self) -> Fault:
        return self.faults[0]

    @property
    def at(self) -> float:
        """When it began, in ms since 1970."""
        return float(self.first.timestamp)


def known(answer: JobExceptions) -> tuple[Fault, ...]:
    """All exceptions of an answer.

    Up to 1.20 the newest may stand in `root-exception` and not in the history yet: some releases add it
    after the delay of the restart.
    """
    found = answer.faults
    if answer.history is None or not answer.root_exception or not answer.history.entries:
        return found
    root = JobExceptions(
        root_exception=answer.root_exception,
        timestamp=answer.timestamp,
        all_exceptions=answer.all_exceptions,
    ).faults[0]
    newest = max(one.timestamp for one in found)
    same = any(
        one.stacktrace == root.stacktrace and abs(root.timestamp - one.timestamp) <= _SAME_MS for one in found
    )
    return (root, *found) if root.timestamp > newest and not same else found


def failures(found: Iterable[Fault], *, whole: bool = False) -> tuple[Failure, ...]:
    """The failures, the oldest first; exceptions without a time are left out.

    The same subtask again is a new failure, and so is one of the whole job or of a task that is not named.
    If each failure restarts the `whole` job, all subtasks have attempts of one number: another is a new
    failure, too.
    """
    groups: list[list[Fault]] = []
    seen: set[tuple[str, int | None]] = set()
    for fault in sorted((one for one in found if one.timestamp > 0), key=lambda one: one.timestamp):
        who = _subtask(fault)
        others = {one for one in map(_subtask, fault.concurrent_exceptions) if one is not None}
        together = (
            bool(groups)
            and who is not None
            and bool(seen)
            and who not in seen
            and fault.timestamp - groups[-1][0].timestamp <= TOGETHER_MS
            and not (whole and _is_later_attempt(fault, groups[-1][0]))
        )
        if together and who is not None:
            groups[-1].append(fault)
            seen |= {who, *others}
        else:
            groups.append([fault])
            seen = {who, *others} if who is not None else set()
    return tuple(Failure(tuple(group)) for group in groups)


def _subtask(fault: Fault) -> tuple[str, int | None] | None:
    task = faults.task(fault.task_name)
    return (task.name, task.subtask) if task is not None else None


def _is_later_attempt(fault: Fault, before: Fault) -> bool:
    a, b = faults.task(before.task_name), faults.task(fault.task_name)
    first, second = a.attempt if a is not None else None, b.attempt if b is not None else None
    return first is not None and second is not None and second > first


def chain(found: Sequence[Failure]) -> tuple[Failure, ...]:
    """The last failures that follow each other within ten minutes, the oldest first."""
    start = len(found) - 1
    while start > 0 and found[start].at - found[start - 1].at <= RECENT_MS:
        start -= 1
    return tuple(found[max(start, 0) :])


def is_loop(times: Sequence[float], fruitless: Callable[[float, float], bool] | None = None) -> bool:
    """Whether three failures in a row came within ten minutes, or without a checkpoint between them.

    `fruitless` says whether it is known that none completed between two times.
    """
    for first, last in zip(times, times[LOOP - 1 :], strict=False):
        if last - first <= RECENT_MS or (fruitless is not None and fruitless(first, last)):
            return True
    return False


def restarts_whole(look: JobLook) -> bool:
    """Whether a failure restarts the whole job: there is an edge that connects all subtasks, or only one."""
    edges = [
        one for node in (look.job.value.plan.nodes if look.job is not None else ()) for one in node.inputs
    ]
    if any(one.ship_strategy.upper() != "FORWARD" for one in edges):
        return True
    return all(one.vertex.parallelism <= 1 for one in look.vertices)
