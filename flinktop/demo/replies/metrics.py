"""Metrics of jobs, vertices and subtasks: plain values as text, aggregated ones as numbers."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from flinktop.demo.numbers import java_sum
from flinktop.demo.replies.checkpoints import path_of
from flinktop.demo.request import Refusal, Replies, Request
from flinktop.demo.task_metrics import Figures, task_ids, values
from flinktop.flink import metrics as to

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flinktop.demo.world import JobMoment, VertexMoment

AGGREGATIONS = ("min", "max", "avg", "sum", "skew")
UNREADABLE = "Bad request, could not parse parameters: Cannot resolve "


def text(value: object) -> str:
    """A value as in plain endpoints."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _listed(ids: Iterable[str]) -> list[dict[str, str]]:
    return [{"id": name} for name in ids]


def plain(found: dict[str, Any], request: Request) -> list[dict[str, str]]:
    """A plain answer: ids alone, or values of known ids; unknown ones are left out."""
    if request.get is None:
        return _listed(found)
    return [{"id": name, "value": text(found[name])} for name in request.get if name in found]


def aggregated(rows: Sequence[dict[str, Any]], request: Request) -> list[dict[str, Any]]:
    """An aggregated answer; empty if one id is unknown to all of the rows."""
    wanted = request.get
    if wanted is None:
        return _listed(rows[0] if rows else ())
    if not rows or any(all(name not in row for row in rows) for name in wanted):
        return []
    chosen, listed = _aggregations(request), []
    for name in wanted:
        numbers = [row[name] for row in rows if name in row]
        # Values that are no numbers are silently ignored.
        if not any(isinstance(value, str | bool) for value in numbers):
            found = _aggregate(numbers)
            listed.append({"id": name, **{key: found[key] for key in chosen}})
    return listed


def _aggregations(request: Request) -> Sequence[str]:
    known = [name for name in AGGREGATIONS if request.moment.release.has(name)]
    named = tuple(filter(None, request.params.get("agg", "").split(",")))
    for name in named:
        if name not in known:
            raise Refusal(400, f'{UNREADABLE}query parameter (agg) from value "{name}".')
    return named or known


def _aggregate(numbers: Sequence[float]) -> dict[str, float]:
    total, count = float(java_sum(numbers)), len(numbers)
    mean = total / count
    apart = java_sum(abs(number - mean) for number in numbers) / count
    # Flink's own skew: the mean deviation from the mean, in per cent of it, at most 100.
    skew = min(100.0, apart / abs(mean) * 100) if mean else 0.0
    return {"min": float(min(numbers)), "max": float(max(numbers)), "avg": mean, "sum": total, "skew": skew}


# -- jobs --------------------------------------------------------------------------------------------


def _job_values(job: JobMoment) -> dict[str, float | str]:
    moment = job.moment
    since = round((moment.seconds - max(job.entered.values())) * 1000)
    in_state = {job.state: since}
    running = job.state == "RUNNING"
    up = round((moment.seconds - job.run.begins) * 1000) if running else 0
    found = {
        "uptime": -1 if job.ended else up,
        "downtime": -1 if job.ended else 0 if running else since,
        "restartingTime": in_state.get("RESTARTING", 0),
        "numRestarts": job.run.number,
        "fullRestarts": job.run.number,
        "numRescales": 0,
        "runningTime": up,
        "createdTime": 0,
        "initializingTime": in_state.get("INITIALIZING", 0),
        "deployingTime": 0,
        "failingTime": in_state.get("FAILING", 0),
        "cancellingTime": 0,
        "allSubTasksRunningOrFinishedTime": max(0, up - 2000),
        **_checkpoint_values(job),
    }
    return moment.release.own(found)


def _checkpoint_values(job: JobMoment) -> dict[str, float | str]:
    moment, all_of = job.moment, job.checkpoints
    seconds = min(moment.fetched, job.life.ended_at)
    newest = all_of.latest(seconds, "COMPLETED") if all_of is not None else None
    counts = all_of.counts_at(seconds) if all_of is not None else Counter[str]()
    whole, written = all_of.bytes_of(newest) if all_of is not None and newest is not None else (-1, -1)
    restored = job.run.begins if job.run.number or job.spec.restored_from else None
    return {
        "totalNumberOfCheckpoints": counts["total"],
        "numberOfInProgressCheckpoints": counts["in_progress"],
        "numberOfCompletedCheckpoints": counts["completed"],
        "numberOfFailedCheckpoints": counts["failed"],
        "lastCheckpointDuration": newest.duration if newest is not None else -1,
        "lastCheckpointSize": written,
        "lastCheckpointFullSize": whole,
        "lastCheckpointExternalPath": path_of(job, newest) if newest is not None else "n/a",
        "lastCheckpointRestoreTimestamp": moment.stamp(restored),
        "lastCheckpointAlignmentBuffered": 0,
        "lastCheckpointProcessedData": 0,
        "lastCheckpointPersistedData": 0,
        "lastCompletedCheckpointId": newest.id if newest is not None else -1,
        "lastCheckpointCompletedTimestamp": moment.stamp(newest.ends if newest is not None else None),
        "lastCheckpointMetadataSize": 9000 + 400 * sum(job.plan.shape) if newest is not None else -1,
    }


def _jobs_metrics(request: Request) -> list[dict[str, Any]]:
    chosen = [job for job in request.moment.jobs if request.wants("jobs", job.id)]
    # Listed as those of the first one.
    return aggregated([_job_values(job) for job in chosen[: 1 if request.get is None else None]], request)


# -- vertices ----------------------------------------------------------------------------------------


def _ids(vertex: VertexMoment) -> dict[str, None]:
    """The ids of a vertex; none before the first fetch after a (re)start, and none of ended tasks."""
    job, moment = vertex.job, vertex.job.moment
    if not job.measured or job.ended:
        return {}
    key = ("ids", job.plan.place, vertex.plan.place)
    return moment.world.recall(key, lambda: dict.fromkeys(task_ids(moment.release, vertex.spec)))


def _vertex_metrics(request: Request) -> list[dict[str, str]]:
    vertex = request.vertex
    known, listed = _ids(vertex), []
    if request.get is None:
        return _listed(f"{subtask}.{name}" for subtask in vertex.subtasks for name in known)
    for wanted in request.get:
        subtask, _, name = wanted.partition(".")
        if subtask.isdigit() and int(subtask) in vertex.subtasks and name in known:
            value = values(Figures(vertex, int(subtask)), (name,))[name]
            listed.append({"id": wanted, "value": text(value)})
    return listed


def _subtask_metrics(request: Request) -> list[dict[str, str]]:
    figures, known = Figures(request.vertex, request.subtask), _ids(request.vertex)
    if request.get is None:
        return _listed(known)
    return plain(values(figures, [name for name in request.get if name in known]), request)


def _subtasks_metrics(request: Request) -> list[dict[str, Any]]:
    """Aggregated over all subtasks, or over the requested ones ("0,2-4")."""
    vertex, known = request.vertex, _ids(request.vertex)
    if request.get is None:
        return _listed(known)
    wanted = [name for name in request.get if name in known]
    rows = [values(Figures(vertex, one), wanted) for one in _chosen(request, vertex.subtasks)]
    return aggregated(rows, request)


def _chosen(request: Request, subtasks: range) -> Sequence[int]:
    named = request.params.get("subtasks")
    chosen: list[int] = []
    if named is None:
        return subtasks
    for part in filter(None, named.split(",")):
        first, _, last = part.partition("-")
        if not first.isdigit() or (last and not last.isdigit()):
            raise Refusal(400, f"{UNREADABLE}subtasks from {part}.")
        chosen.extend(subtasks[int(first) : int(last or first) + 1])
    return chosen


REPLIES: Replies = {
    to.JOB_METRICS: lambda request: plain(_job_values(request.job), request),
    to.JOBS_METRICS: _jobs_metrics,
    to.VERTEX_METRICS: _vertex_metrics,
    to.SUBTASK_METRICS: _subtask_metrics,
    to.SUBTASKS_METRICS: _subtasks_metrics,
    to.JM_OPERATOR_METRICS: lambda request: plain({}, request.checked("vertex")),
}
