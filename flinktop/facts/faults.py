"""Facts about an exception: what, where, when and how often."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from flinktop.flink.jobmanager import JOBMANAGER_CONFIG
from flinktop.flink.jobs import JOB
from flinktop.model import faults, scheduler, subtask_names
from flinktop.model import format as fmt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flinktop.facts.known import Known
    from flinktop.flink.exceptions import Fault
    from flinktop.model.faults import FaultGroup


class FaultFacts(Struct, frozen=True):
    """A group of equal faults, or a failure concurrent with its latest one."""

    key: str
    group: str
    concurrent: int  # index among the failures concurrent with the latest fault; -1 for the fault itself
    at: int  # ms since 1970, as `first`
    first: int
    count: int
    reason: str
    task: str
    subtask: str
    taskmanager: str
    labels: str
    index: int | None = None  # the subtask's, from 0

    @property
    def name(self) -> str:
        """The reason, indented for a concurrent failure."""
        return self.reason if self.concurrent < 0 else f"  and {self.reason}"


def fault_facts(group: FaultGroup) -> Iterator[FaultFacts]:
    """The latest fault of a group, then the failures concurrent with it."""
    for concurrent, fault in enumerate((group.latest, *group.latest.concurrent_exceptions), start=-1):
        of = faults.task(fault.task_name)
        at = fault.timestamp if fault.timestamp > 0 else group.latest.timestamp
        yield FaultFacts(
            key=f"{concurrent}\n{group.key}",
            group=group.key,
            concurrent=concurrent,
            at=at,
            first=group.first.timestamp if concurrent < 0 else at,
            count=group.count if concurrent < 0 else 1,
            reason=faults.reason(fault),
            task=of.name if of is not None else "",
            subtask=subtask_names.numbered(of.subtask, of.of)
            if of is not None and of.subtask is not None
            else fmt.ABSENT,
            index=of.subtask if of is not None else None,
            taskmanager=fault.task_manager_id or fault.where,
            labels=label_text(fault),
        )


def found_fault(
    groups: tuple[FaultGroup, ...], group: str, at: int, concurrent: int
) -> tuple[FaultGroup, Fault] | None:
    """Find a fault by group, time (ms since 1970), and index among concurrent failures or -1."""
    for one in groups:
        if one.key == group:
            fault = next((fault for fault in one.kept if fault.timestamp == at), one.latest)
            if 0 <= concurrent < len(fault.concurrent_exceptions):
                fault = fault.concurrent_exceptions[concurrent]
            return one, fault
    return None


def adaptive(known: Known, job: str) -> bool | None:
    """Whether the adaptive scheduler runs a job; None while that is unknown."""
    return scheduler.is_adaptive(known.value(JOB(job=job)), known.features, known.value(JOBMANAGER_CONFIG()))


def unnamed_task(known: Known, job: str) -> str:
    """The text for the task of a fault that Flink sends without a task."""
    return scheduler.unnamed(adaptive=adaptive(known, job))


def when_words(at: int, offset: float | None, cluster_now: float) -> str:
    """A time (ms since 1970) and its age: `07:02:27, 3 m ago`."""
    seconds = at / 1000.0
    if at < 0:
        return "Flink does not report when"
    return f"{fmt.near(seconds, offset, cluster_now)}, {fmt.duration(cluster_now - seconds)} ago"


def repeated_parts(group: FaultGroup, offset: float | None, cluster_now: float) -> list[tuple[str, str]]:
    """How often the same fault was seen, and since when; [] if only once."""
    if group.count == 1:
        return []
    since = fmt.near(group.first.timestamp / 1000.0, offset, cluster_now)
    return [("same error ", "muted"), (f"{group.count} times", "warn"), (f" since {since}", "")]


def label_text(fault: Fault) -> str:
    """The labels from the cluster's failure enrichers (1.18+)."""
    return " ".join(f"{name}={value}" for name, value in sorted(fault.failure_labels.items()))
