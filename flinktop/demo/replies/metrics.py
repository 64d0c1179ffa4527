"""Metrics: of jobs, vertices and subtasks, plain as text and aggregated as numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flinktop.demo.releases import NEWEST, OLDEST, Number
from flinktop.demo.replies.answer import Asked, Refusal, job_of, subtask_of, vertex_of
from flinktop.demo.replies.checkpoints import path_of
from flinktop.demo.sums import in_order
from flinktop.demo.task_metrics import Figures, task_ids, values

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flinktop.demo.flow import VertexPlan
    from flinktop.demo.world import JobMoment, Moment

AGGREGATIONS = ("min", "max", "avg", "sum", "skew")

JobValue = float | int | str

_SPANS: dict[str, tuple[Number, Number]] = {
    "fullRestarts": (OLDEST, (1, 20)),
    "numRestarts": ((1, 10), NEWEST),
    "numRescales": ((2, 0), NEWEST),
    "lastCheckpointAlignmentBuffered": (OLDEST, (1, 10)),
    "lastCheckpointProcessedData": ((1, 12), NEWEST),
    "lastCheckpointPersistedData": ((1, 12), NEWEST),
    "lastCheckpointFullSize": ((1, 15), NEWEST),
    "lastCompletedCheckpointId": ((1, 17), NEWEST),
    "lastCheckpointCompletedTimestamp": ((2, 0), NEWEST),
    "lastCheckpointMetadataSize": ((2, 2), NEWEST),
    "allSubTasksRunningOrFinishedTime": ((2, 2), NEWEST),
    **{
        f"{state}Time": ((1, 15), NEWEST)
        for state in ("running", "created", "initializing", "deploying", "failing", "cancelling")
    },
}


def text(value: object) -> str:
    """A value as plain endpoints have it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def plain(found: dict[str, Any], ids: Iterable[str], wanted: tuple[str, ...] | None) -> list[dict[str, str]]:
    """A plain answer: ids alone, or values of those that are known; unknown ones are left out."""
    if wanted is None:
        return [{"id": name} for name in ids]
    return [{"id": name, "value": text(found[name])} for name in wanted if name in found]


def aggregated(
    moment: Moment, rows: Sequence[dict[str, Any]], ids: Sequence[str], asked: Asked
) -> list[dict[str, Any]]:
    """An aggregated answer over some things; nothing at all when one id is unknown to every one of them."""
    wanted = asked.get
    if wanted is None:
        return [{"id": name} for name in ids]
    if not rows or any(all(name not in row for row in rows) for name in wanted):
        return []
    chosen = _aggregations(moment, asked)
    told = []
    for name in wanted:
        numbers = [row[name] for row in rows if name in row]
        # What is no number is passed over in silence.
        if any(isinstance(value, str | bool) for value in numbers):
            continue
        found = _aggregate(numbers)
        told.append({"id": name, **{key: found[key] for key in chosen}})
    return told


def _aggregations(moment: Moment, asked: Asked) -> tuple[str, ...]:
    known = tuple(moment.release.keep("aggregate", dict.fromkeys(AGGREGATIONS, 0)))
    named = tuple(filter(None, asked.params.get("agg", "").split(",")))
    for name in named:
        if name not in known:
            raise Refusal(
                400,
                "Bad request, could not parse parameters: Cannot resolve query parameter (agg) from value "
                f'"{name}".',
            )
    return named or known


def _aggregate(numbers: Sequence[float]) -> dict[str, float]:
    total, count = float(in_order(numbers)), len(numbers)
    mean = total / count
    apart = in_order(abs(number - mean) for number in numbers) / count
    return {
        "min": float(min(numbers)),
        "max": float(max(numbers)),
        "avg": mean,
        "sum": total,
        # Flink's own: the mean distance from the mean, in per cent of it, 100 at the most.
        "skew": min(100.0, apart / abs(mean) * 100) if mean else 0.0,
    }


# -- jobs --------------------------------------------------------------------------------------------


def job_values(moment: Moment, job: JobMoment) -> dict[str, JobValue]:
    """All metrics of a job."""
    run = job.run
    entered = job.life.entered(moment.seconds)
    running = job.state == "RUNNING" and run is not None
    up = round((moment.seconds - run.begins) * 1000) if running and run is not None else 0
    since = moment.seconds - max(entered.values())

    def in_state(state: str) -> int:
        return round(since * 1000) if job.state == state else 0

    found: dict[str, JobValue] = {
        "uptime": -1 if job.ended else up,
        "downtime": -1 if job.ended else 0 if running else round(since * 1000),
        "restartingTime": in_state("RESTARTING"),
        "numRestarts": job.restarts,
        "fullRestarts": job.restarts,
        "numRescales": 0,
        "runningTime": up,
        "createdTime": 0,
        "initializingTime": in_state("INITIALIZING"),
        "deployingTime": 0,
        "failingTime": in_state("FAILING"),
        "cancellingTime": 0,
        "allSubTasksRunningOrFinishedTime": max(0, up - 2000),
        **_checkpoint_values(moment, job),
    }
    number = moment.release.number
    return {
        name: value
        for name, value in found.items()
        if name not in _SPANS or _SPANS[name][0] <= number <= _SPANS[name][1]
    }


def _checkpoint_values(moment: Moment, job: JobMoment) -> dict[str, JobValue]:
    all_of, seconds = job.checkpoints, min(moment.fetched, job.life.over)
    newest = all_of.latest(seconds, "COMPLETED") if all_of is not None else None
    total = all_of.count_at(seconds) if all_of is not None else 0
    failed = all_of.failed_at(seconds) if all_of is not None else 0
    running = sum(one.status_at(seconds) == "IN_PROGRESS" for one in all_of.newest(seconds)) if all_of else 0
    whole, written = all_of.bytes_of(newest) if all_of is not None and newest is not None else (-1, -1)
    restored = job.run is not None and (job.run.number > 0 or bool(job.plan.spec.restored_from))
    return {
        "totalNumberOfCheckpoints": total,
        "numberOfInProgressCheckpoints": running,
        "numberOfCompletedCheckpoints": total - failed - running,
        "numberOfFailedCheckpoints": failed,
        "lastCheckpointDuration": newest.duration if newest is not None else -1,
        "lastCheckpointSize": written,
        "lastCheckpointFullSize": whole,
        "lastCheckpointExternalPath": path_of(job, newest) if newest is not None else "n/a",
        "lastCheckpointRestoreTimestamp": moment.stamp(job.run.begins) if restored and job.run else -1,
        "lastCheckpointAlignmentBuffered": 0,
        "lastCheckpointProcessedData": 0,
        "lastCheckpointPersistedData": 0,
        "lastCompletedCheckpointId": newest.id if newest is not None else -1,
        "lastCheckpointCompletedTimestamp": moment.stamp(newest.ends) if newest is not None else -1,
        "lastCheckpointMetadataSize": 9000 + 400 * sum(job.plan.shape) if newest is not None else -1,
    }


def job_metrics(moment: Moment, asked: Asked) -> list[dict[str, str]]:
    """/jobs/:jobid/metrics."""
    found = job_values(moment, job_of(moment, asked))
    return plain(found, found, asked.get)


def jobs_metrics(moment: Moment, asked: Asked) -> list[dict[str, Any]]:
    """/jobs/metrics: over all jobs, or those asked for."""
    named = asked.params.get("jobs")
    chosen = [job for job in moment.jobs if named is None or job.plan.id in named.split(",")]
    if asked.get is None:
        ids = tuple(job_values(moment, chosen[0])) if chosen else ()
        return [{"id": name} for name in ids]
    return aggregated(moment, [job_values(moment, job) for job in chosen], (), asked)


# -- vertices ----------------------------------------------------------------------------------------


def _known(job: JobMoment, vertex: VertexPlan) -> tuple[str, ...]:
    """The ids of a vertex; none before the first fetch after a (re)start, nor of what has ended."""
    if not job.measured or job.ended:
        return ()
    return job.moment.world.memory.recall(
        ("ids", job.plan.place, vertex.place), lambda: task_ids(job.moment.release.number, vertex)
    )


def vertex_metrics(moment: Moment, asked: Asked) -> list[dict[str, str]]:
    """…/vertices/:vertexid/metrics: ids begin with the subtask."""
    job, vertex = vertex_of(moment, asked)
    known = _known(job, vertex)
    subtasks = range(vertex.spec.parallelism)
    if asked.get is None:
        return [{"id": f"{subtask}.{name}"} for subtask in subtasks for name in known]
    have, told = frozenset(known), []
    for wanted in asked.get:
        subtask, _, name = wanted.partition(".")
        if subtask.isdigit() and int(subtask) in subtasks and name in have:
            value = values(Figures(job, vertex, int(subtask)), (name,))[name]
            told.append({"id": wanted, "value": text(value)})
    return told


def subtask_metrics(moment: Moment, asked: Asked) -> list[dict[str, str]]:
    """…/subtasks/:subtaskindex/metrics."""
    job, vertex = vertex_of(moment, asked)
    subtask = subtask_of(vertex, asked)
    known = _known(job, vertex)
    if asked.get is None:
        return [{"id": name} for name in known]
    have = frozenset(known)
    found = values(Figures(job, vertex, subtask), (name for name in asked.get if name in have))
    return plain(found, known, asked.get)


def subtasks_metrics(moment: Moment, asked: Asked) -> list[dict[str, Any]]:
    """…/subtasks/metrics: aggregated over subtasks, or those asked for ("0,2-4")."""
    job, vertex = vertex_of(moment, asked)
    known = _known(job, vertex)
    if asked.get is None:
        return [{"id": name} for name in known]
    have = frozenset(known)
    wanted = tuple(name for name in asked.get if name in have)
    chosen = _subtasks(asked.params.get("subtasks"), vertex.spec.parallelism)
    rows = [values(Figures(job, vertex, subtask), wanted) for subtask in chosen]
    return aggregated(moment, rows, known, asked)


def _subtasks(named: str | None, parallelism: int) -> Sequence[int]:
    if named is None:
        return range(parallelism)
    chosen: list[int] = []
    for part in filter(None, named.split(",")):
        first, _, last = part.partition("-")
        if not first.isdigit() or (last and not last.isdigit()):
            raise Refusal(
                400, f"Bad request, could not parse parameters: Cannot resolve subtasks from {part}."
            )
        chosen.extend(range(int(first), min(parallelism, int(last or first) + 1)))
    return [subtask for subtask in chosen if subtask < parallelism]


def jm_operator_metrics(moment: Moment, asked: Asked) -> list[dict[str, str]]:
    """…/jm-operator-metrics (1.20+): no coordinator tells of itself."""
    vertex_of(moment, asked)
    return []
