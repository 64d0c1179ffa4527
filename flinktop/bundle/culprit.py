"""What a bundle looks at more closely: the vertex, subtask and process that the verdict leads to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from flinktop.bundle.first_failure import placed
from flinktop.bundle.verdict_part import verdict_in
from flinktop.flink.vertices import VERTEX
from flinktop.model import faults as judge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flinktop.bundle.collection import Collection
    from flinktop.flink.exceptions import Fault
    from flinktop.flink.jobs import Job, JobVertex
    from flinktop.flink.taskmanagers import TaskManager
    from flinktop.flink.vertices import Attempt, Vertex
    from flinktop.headless.status_report import Status

JOBMANAGER: Final = ""
"""The JobManager among the ids of TaskManagers, as in findings."""


class Culprit(Struct, frozen=True, kw_only=True):
    """What to look at, as far as it is known."""

    vertex: str | None = None
    vertex_name: str = ""
    subtask: int | None = None
    taskmanager: str | None = None  # its id; JOBMANAGER for the JobManager
    why: str = ""  # why it is this one, the end of a sentence


def suspected(status: Status | None, job: Job | None, faults: Sequence[Fault]) -> Culprit:
    """The culprit of the first finding that has one, else of the newest failure, else the busiest vertex."""
    found = _of_findings(status)
    if found is not None and (found.vertex is not None or job is None):
        return found
    vertices = job.vertices if job is not None else ()
    failed = _of_failure(faults, vertices)
    if found is not None:
        # A finding about a process: the vertex is that of the failure on it.
        vertex = failed.vertex if failed is not None else None
        name = failed.vertex_name if failed is not None else ""
        return Culprit(vertex=vertex, vertex_name=name, taskmanager=found.taskmanager, why=found.why)
    return failed or _busiest(vertices)


def _of_findings(status: Status | None) -> Culprit | None:
    verdict = verdict_in(status)
    of_job = verdict.findings if verdict is not None else ()
    of_cluster = status.clusters[0].findings if status is not None and status.clusters else ()
    for finding in (*of_job, *of_cluster):
        culprit = finding.culprit
        if culprit.vertex is None and culprit.taskmanager is None:
            continue
        return Culprit(
            vertex=culprit.vertex,
            vertex_name=culprit.vertex_name or "",
            subtask=next(iter(culprit.subtasks), None),
            taskmanager=culprit.taskmanager,
            why=f"the finding {finding.kind} leads to it",
        )
    return None


def _of_failure(faults: Sequence[Fault], vertices: Sequence[JobVertex]) -> Culprit | None:
    for fault in faults:
        task = judge.task(fault.task_name)
        if task is None and not placed(fault.task_manager_id):
            continue
        vertex = next((one for one in vertices if task is not None and one.name == task.name), None)
        return Culprit(
            vertex=vertex.id if vertex is not None else None,
            vertex_name=vertex.name if vertex is not None else "",
            subtask=task.subtask if task is not None and vertex is not None else None,
            taskmanager=placed(fault.task_manager_id),
            why="the newest failure happened there",
        )
    return None


def _busiest(vertices: Sequence[JobVertex]) -> Culprit:
    def busy(vertex: JobVertex) -> float:
        time = vertex.metrics.accumulated_busy_time
        return (time or 0.0) / max(1, vertex.parallelism)

    if not vertices:
        return Culprit()
    vertex = max(vertices, key=busy)
    known = busy(vertex) > 0
    why = "no finding names a vertex; it has been the busiest one" if known else "no finding names a vertex"
    return Culprit(vertex=vertex.id, vertex_name=vertex.name, why=why)


async def located(collection: Collection, culprit: Culprit) -> Culprit:
    """The culprit with the TaskManager that it runs on, as far as Flink says where."""
    taskmanagers = await collection.taskmanagers() or ()
    known = {one.id for one in taskmanagers}
    found = culprit.taskmanager
    if found == JOBMANAGER or found in known:
        return culprit
    if culprit.vertex is not None:
        vertex = await collection.value(VERTEX(job=collection.subject.job, vertex=culprit.vertex))
        found = _runs_on(vertex, culprit.subtask, taskmanagers) or found
        if found not in known:
            # It is gone: others of the vertex tell more than nothing.
            others = (_place(one, taskmanagers) for one in vertex.subtasks) if vertex is not None else ()
            found = next((one for one in others if one in known), found)
    if found is None and len(known) == 1:
        (found,) = known
    return replace(culprit, taskmanager=found)


def _runs_on(vertex: Vertex | None, subtask: int | None, taskmanagers: Sequence[TaskManager]) -> str | None:
    """Where a subtask runs; without one the first of the vertex that runs anywhere."""
    for one in vertex.subtasks if vertex is not None else ():
        if subtask in (None, one.subtask) and (where := _place(one, taskmanagers)) is not None:
            return where
    return None


def _place(subtask: Attempt, taskmanagers: Sequence[TaskManager]) -> str | None:
    """The TaskManager of a subtask; up to 1.9 by its host and port."""
    if subtask.taskmanager_id is not None:
        return placed(subtask.taskmanager_id)
    host, _, port = subtask.where.rpartition(":")
    there = [one for one in taskmanagers if str(one.data_port) == port]
    of_host = [one for one in there if f"@{host}:" in one.path]
    return (of_host or there)[0].id if there and (of_host or len(there) == 1) else None
