"""Failures in words: the first of them, where it was and why, what came later, what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from flinktop.judgement import failure_origin, places
from flinktop.judgement.checkpoint_record import latecomers
from flinktop.judgement.failure_origin import Origin
from flinktop.judgement.finding import Culprit, Evidence
from flinktop.judgement.well_known import known
from flinktop.model import faults

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flinktop.flink.exceptions import Fault
    from flinktop.model.look import JobLook


class Beginning(Struct, frozen=True):
    """The first failure that is known of those that follow each other."""

    at: float  # ms since 1970
    culprit: Culprit
    reason: str
    origin: Origin
    cut: bool  # whether there may have been earlier ones
    name: str = ""  # of a well-known failure; "" for any other
    next: str = ""  # what to do first about it


def beginning(look: JobLook, fault: Fault, *, cut: bool) -> Beginning:
    """A failure with what to look at: of a lost TaskManager that one, not a task that it took with it."""
    origin, culprit = failure_origin.origin(fault), places.of_fault(look, failure_origin.root(fault))
    if culprit.vertex_name is None:
        culprit = places.of_fault(look, fault)
    if origin is Origin.TASKMANAGER:
        culprit = replace(culprit, taskmanager=failure_origin.lost_taskmanager(fault) or culprit.taskmanager)
    elif origin is Origin.CHECKPOINT and culprit.vertex_name is None:
        culprit = latecomers(look, before=float(fault.timestamp)) or culprit
    elif culprit.vertex_name is None and look.state == "FAILED":
        culprit = places.failed_tasks(look) or culprit
    found = known(failure_origin.root(fault).stacktrace)
    return Beginning(
        at=float(fault.timestamp),
        culprit=culprit,
        reason=failure_origin.reason(fault),
        origin=origin,
        cut=cut,
        name=found.failure.name if found is not None else "",
        next=found.next if found is not None else "",
    )


def state(look: JobLook, times: int, *, missed: bool = False) -> str:
    """What a job does that restarts or has restarted; `missed`: it may have failed more often."""
    often = f"failed{' more than' if missed else ''} {times} times"
    if look.state == "FAILING":
        return "the job fails over now"
    if look.state == "RESTARTING":
        return "the job is RESTARTING"
    if look.state != "RUNNING":
        return f"{often}, and is {look.state}" if times > 1 else f"failed, and is {look.state}"
    return f"{often} and restarted" if times > 1 else "the job has restarted"


def ordinal(begin: Beginning, times: int) -> str:
    """The words before the first failure."""
    if begin.cut:
        return "earliest known failure: "
    return "first: " if times > 1 else ""


def who(look: JobLook, begin: Beginning) -> str:
    """What failed, where and why: "Map, subtask 1 (2/4) on tm-1: IOException: closed"."""
    culprit = begin.culprit
    task = places.words(culprit, places.parallelism(look, culprit.vertex))
    on = f" on {places.short(culprit.taskmanager)}" if culprit.taskmanager else ""
    if begin.origin is Origin.TASKMANAGER:
        lost = f"TaskManager {places.short(culprit.taskmanager)}" if culprit.taskmanager else "a TaskManager"
        where = f"{lost} was lost{f', with it {task}' if task else ''}"
    elif begin.origin is Origin.SLOTS:
        where = "not enough slots"
    elif begin.origin is Origin.USER:
        where = "canceled by a user"
    elif begin.origin is Origin.CHECKPOINT:
        where = f"too many failed checkpoints{f', {task} did not acknowledge' if task else ''}"
    elif task:
        where = f"{task}{on}"
    else:
        return f"{begin.reason}{_called(begin)}{on}"
    return f"{where}: {begin.reason}{_called(begin)}"


def _called(begin: Beginning) -> str:
    return f" ({begin.name})" if begin.name else ""


def cause_evidence(fault: Fault) -> Iterator[Evidence]:
    """What a failure comes from: its class, and where the program threw it."""
    found = failure_origin.root(fault)
    cause = faults.root(found.stacktrace)
    yield Evidence("comes from", str(failure_origin.origin(fault)))
    yield Evidence("cause", cause.name or found.exception_name)
    explained = known(found.stacktrace)
    if explained is not None:
        yield Evidence("means", explained.means)
    own = next((frame for frame in cause.frames if not faults.is_of_framework(frame)), None)
    if own is not None:
        yield Evidence("thrown at", places.short(own, places.MOST_REASON))
    if len(fault.concurrent_exceptions) > 0:
        yield Evidence("tasks that failed with it", len(fault.concurrent_exceptions))


_STEPS: Final = {
    Origin.PROGRAM: "open the job's exceptions: the cause and where the program threw it",
    Origin.TASKMANAGER: "find out why the TaskManager went: its last log lines, memory, host or container",
    Origin.SLOTS: "compare the slots that the job needs with those that there are; add TaskManagers",
    Origin.CHECKPOINT: "open the failed checkpoint: which subtasks did not acknowledge, and why",
    Origin.USER: "nothing, if it was meant so",
}


def next_step(begin: Beginning | None) -> str:
    """What to look at or do next."""
    if begin is None:
        return "open the job's exceptions and the JobManager's log"
    if begin.next:
        return begin.next
    if begin.origin is Origin.PROGRAM and "OutOfMemoryError" in begin.reason:
        return "look at the memory of that TaskManager"
    return _STEPS[begin.origin]
