"""Findings as rows, and what each leads to: vertex, subtask, TaskManager, checkpoint, exception, time."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from msgspec.structs import replace

from flinktop.facts.subtasks import runs_on
from flinktop.facts.vertices import vertex_of
from flinktop.flink.checkpoints import CHECKPOINTS
from flinktop.flink.exceptions import EXCEPTIONS
from flinktop.flink.jobs import JOB
from flinktop.flink.taskmanagers import TASKMANAGERS
from flinktop.flink.vertices import VERTEX
from flinktop.judgement.finding import Kind
from flinktop.model import checkpoints, processes, threads

if TYPE_CHECKING:
    from flinktop.facts.known import Known
    from flinktop.flink.endpoint import Query
    from flinktop.judgement.finding import Finding
    from flinktop.model.faults import FaultGroup

OF_FAILURES: Final = frozenset({Kind.FAILED, Kind.RESTART_LOOP, Kind.RESTARTING})
OF_CHECKPOINTS: Final = frozenset(
    {
        Kind.CHECKPOINTS_FAILING,
        Kind.CHECKPOINT_OVERDUE,
        Kind.CHECKPOINT_SLOW,
        Kind.CHECKPOINTS_OFF,
        Kind.STATE_GROWING,
    }
)
_STATUS: Final = {
    Kind.CHECKPOINTS_FAILING: (checkpoints.FAILED,),
    Kind.CHECKPOINT_OVERDUE: (checkpoints.IN_PROGRESS, checkpoints.FAILED),
}
"""The checkpoints that show a finding; those of other kinds are seen in completed ones."""
JOBMANAGER: Final = ""
"""The JobManager among the ids of TaskManagers."""
SECONDS: Final = 10.0  # between two polls of what a finding leads to


_CALENDAR_ENDS: Final = 253_402_300_800_000.0
"""The year 10000, in ms since 1970."""


class FoundRow(Struct, frozen=True):
    """A finding of a job, or of the cluster itself (`job` is "")."""

    key: str
    job: str
    finding: Finding


class Culprits(Struct, frozen=True, kw_only=True):
    """What a finding leads to, as far as it is known."""

    vertex: str | None = None
    vertex_name: str = ""
    parallelism: int | None = None
    subtask: int | None = None  # the first of them
    taskmanager: str | None = None
    taskmanager_name: str = ""
    threads: str = ""  # text that the names of the subtask's threads contain
    checkpoint: int | None = None
    fault: tuple[str, int] | None = None  # its group, and when (ms since 1970)
    at: float | None = None  # since when it is so (s since 1970)


def found(known: Known, job: str, *, cluster: bool) -> list[FoundRow]:
    """The findings of a job ("" for none), then those of the cluster where they are wanted."""
    verdict, judged = known.verdict(job), known.judged
    of_job = verdict.findings if verdict is not None else ()
    of_cluster = judged.findings if cluster and judged is not None else ()
    rows: list[FoundRow] = []
    seen: Counter[str] = Counter()
    for of, finding in (*((job, one) for one in of_job), *(("", one) for one in of_cluster)):
        culprit = finding.culprit
        key = "\n".join((of, finding.kind, culprit.vertex or "", culprit.taskmanager or ""))
        seen[key] += 1
        if finding.since is not None and not 0 < finding.since < _CALENDAR_ENDS:
            finding = replace(finding, since=None)  # noqa: PLW2901 -- the same, without a time that is none
        rows.append(FoundRow(key if seen[key] == 1 else f"{key}\n{seen[key]}", of, finding))
    return rows


def culprits(known: Known, row: FoundRow) -> Culprits:
    """What a finding leads to."""
    finding, job = row.finding, row.job
    vertex, subtask = finding.culprit.vertex, next(iter(finding.culprit.subtasks), None)
    taskmanager, name, parallelism, search = finding.culprit.taskmanager, "", None, ""
    if vertex is not None:
        seen = vertex_of(known, job, vertex)
        name = seen[1].name if seen is not None else finding.culprit.vertex_name or vertex
        parallelism = seen[1].parallelism if seen is not None else None
        search = threads.of_task(name, subtask) if subtask is not None else ""
        if taskmanager is None and subtask is not None:
            taskmanager = runs_on(known, job, vertex, subtask)
    return Culprits(
        vertex=vertex,
        vertex_name=name,
        parallelism=parallelism,
        subtask=subtask if vertex is not None else None,
        taskmanager=taskmanager,
        taskmanager_name=_taskmanager_name(known, taskmanager),
        threads=search,
        checkpoint=checkpoint_of(known, row),
        fault=fault_of(known, row),
        at=finding.since / 1000.0 if finding.since is not None else None,
    )


def _taskmanager_name(known: Known, taskmanager: str | None) -> str:
    if taskmanager == JOBMANAGER:
        return "JobManager"
    listed = known.value(TASKMANAGERS())
    all_of_them = listed.taskmanagers if listed is not None else ()
    names = (processes.name(one) for one in all_of_them if one.id == taskmanager)
    return next(names, taskmanager or "")


def checkpoint_of(known: Known, row: FoundRow) -> int | None:
    """The newest checkpoint that shows a finding about checkpoints; None for other findings."""
    kind = row.finding.kind
    if kind not in OF_CHECKPOINTS:
        return None
    seen = [one.checkpoint for one in known.checkpoints(row.job) if not one.checkpoint.is_savepoint]
    for status in _STATUS.get(kind, (checkpoints.COMPLETED,)):
        for one in seen:
            if one.status == status:
                return one.id
    return None


def fault_of(known: Known, row: FoundRow) -> tuple[str, int] | None:
    """The exception of a failure: its group and time; of several the one closest to the finding's time."""
    if row.finding.kind not in OF_FAILURES:
        return None
    groups: tuple[FaultGroup, ...] = known.faults(row.job)
    since = row.finding.since
    kept = [(group.key, one.timestamp) for group in groups for one in group.kept]
    if since is None:
        return kept[0] if kept else None
    return min(kept, key=lambda one: abs(one[1] - since), default=None)


def culprits_asks(known: Known, row: FoundRow) -> dict[Query[Any], float]:
    """The queries for what a finding leads to, with their intervals (s)."""
    finding, job = row.finding, row.job
    asks: dict[Query[Any], float] = {}
    if job:
        asks[JOB(job=job)] = 0.0
    if finding.kind in OF_CHECKPOINTS:
        asks[CHECKPOINTS(job=job)] = 0.0
    if finding.kind in OF_FAILURES:
        asks[EXCEPTIONS(job=job)] = SECONDS
    vertex, subtasks = finding.culprit.vertex, finding.culprit.subtasks
    if vertex is not None and subtasks and finding.culprit.taskmanager is None:
        asks[VERTEX(job=job, vertex=vertex)] = SECONDS
    if not known.features.history_server and (finding.culprit.taskmanager or subtasks):
        asks[TASKMANAGERS()] = SECONDS
    return asks
