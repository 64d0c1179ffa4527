"""Savepoints and checkpoints to restore jobs from, and how to run a job again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from flinktop.engine.acts.cluster_acts import Dispose
from flinktop.engine.acts.run_jar import RunAgain, RunAgainFromThis, RunJar
from flinktop.engine.operation import State
from flinktop.facts.freshness import Freshness, freshness
from flinktop.flink.checkpoints import CHECKPOINT_CONFIG, CHECKPOINTS
from flinktop.flink.jars import RunOptions
from flinktop.flink.jobs import JOBS_OVERVIEW
from flinktop.model import states

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flinktop.facts.known import Known
    from flinktop.flink.checkpoints import Checkpoint, CheckpointConfig, CheckpointStats
    from flinktop.flink.endpoint import Query
    from flinktop.flink.jobs import JobOverview

MOST_JOBS = 20  # newest jobs whose checkpoints are fetched: two requests each, once


class RestorePoint(Struct, frozen=True):
    """One savepoint or checkpoint to restore from."""

    path: str
    job: str  # id of its job; "" if unknown
    name: str = ""  # the job's
    savepoint: bool = True
    made: float = 0.0  # seconds since 1970
    cluster: str = ""  # name of the cluster where it was taken; "" for the open one


def of_job(
    job: str, name: str, state: str, stats: CheckpointStats, config: CheckpointConfig | None
) -> list[RestorePoint]:
    """The restore points in a job's checkpoint statistics.

    Savepoints, and for an ended job its last checkpoint if Flink has retained it: a FAILED job keeps it when
    checkpoints are externalized, a CANCELED one when they are not deleted on cancellation, a FINISHED one
    never.
    """
    listed = (stats.latest.savepoint, *stats.history)
    known = [one for one in listed if one is not None and one.is_savepoint]
    last = stats.latest.completed
    if last is not None and _is_retained(state, config):
        known.append(last)
    return [
        RestorePoint(one.external_path or "", job, name, one.is_savepoint, one.trigger_timestamp / 1000.0)
        for one in known
        if _restorable(one)
    ]


def _restorable(one: Checkpoint) -> bool:
    # Flink writes <checkpoint-not-externally-addressable> if there is no path.
    path = one.external_path or ""
    return one.status == "COMPLETED" and not one.discarded and bool(path) and not path.startswith("<")


def _is_retained(state: str, config: CheckpointConfig | None) -> bool:
    if config is None or not states.is_terminal(state) or not config.externalization.enabled:
        return False
    return state == "FAILED" or (state == "CANCELED" and not config.externalization.delete_on_cancellation)


def newest_first(points: Iterable[RestorePoint], without: Iterable[str] = ()) -> tuple[RestorePoint, ...]:
    """Each path once, except those `without`: this cluster's first, then others', each newest first."""
    excluded = set(without)
    found: dict[str, RestorePoint] = {}
    for point in points:
        if point.path not in excluded and (point.path not in found or not found[point.path].job):
            found[point.path] = point
    return tuple(sorted(found.values(), key=lambda one: (one.cluster != "", -one.made)))


def to_ask(known: Known) -> frozenset[Query[Any]]:
    """The queries still to be answered to know all restore points."""
    queries = (query(job=job.jid) for job in _newest(known) for query in (CHECKPOINTS, CHECKPOINT_CONFIG))
    return frozenset(
        query for query in queries if freshness(known.reading(query), known.lost) is Freshness.LOADING
    )


def restore_points(known: Known) -> tuple[RestorePoint, ...]:
    """All known restore points: this cluster's first, then the ledger's of other clusters; newest first."""
    return _there(known, [point for job in _newest(known) for point in _of_job(known, job.jid, job)])


def last_savepoint(known: Known, job: str) -> RestorePoint | None:
    """The newest savepoint of a job, from the cluster's history or the ledger, which keeps more."""
    savepoints = (point for point in _points_of(known, job) if point.savepoint)
    return max(savepoints, key=lambda point: point.made, default=None)


def restore_path(known: Known, job: str) -> str | None:
    """The path to run a job again from: its last savepoint, else its last retained checkpoint."""
    last = last_savepoint(known, job) or next(iter(_points_of(known, job)), None)
    return last.path if last is not None else None


def run_of(known: Known, job: str) -> RunJar | None:
    """The act that started a job; None for a job that flinktop did not start."""
    acts = (operation.act for operation in known.operations() if operation.result.job == job)
    return next((act for act in acts if isinstance(act, RunJar)), None) or known.runs.get(job)


def rerun(known: Known, job: str, path: str | None = None) -> RunAgain:
    """The act that runs a job again from `path`, else from its `restore_path`.

    It has the jar and options with which the job was started; for a job that flinktop did not start only
    the path.
    """
    kind = RunAgain if path is None else RunAgainFromThis
    path = path if path is not None else restore_path(known, job)
    started = run_of(known, job)
    if started is None:
        return kind("", options=RunOptions(savepoint=path), of=job)
    act = started.without_secrets()
    return kind(act.jar, act.name, replace(act.options, job_id=None, savepoint=path), job)


def _jobs(known: Known) -> tuple[JobOverview, ...]:
    listed = known.value(JOBS_OVERVIEW())
    return listed.jobs if listed is not None else ()


def _newest(known: Known) -> list[JobOverview]:
    return sorted(_jobs(known), key=lambda job: -job.start_time)[:MOST_JOBS]


def _points_of(known: Known, job: str) -> tuple[RestorePoint, ...]:
    listed = next((one for one in _jobs(known) if one.jid == job), None)
    return tuple(point for point in _there(known, _of_job(known, job, listed)) if point.job == job)


def _of_job(known: Known, job: str, listed: JobOverview | None) -> list[RestorePoint]:
    """The restore points in the known checkpoint statistics of a job."""
    stats = known.value(CHECKPOINTS(job=job))
    if stats is None:
        return []
    name, state = (listed.name, listed.state) if listed is not None else ("", "")
    return of_job(job, name, state, stats, known.value(CHECKPOINT_CONFIG(job=job)))


def _there(known: Known, points: Iterable[RestorePoint]) -> tuple[RestorePoint, ...]:
    """These and the ledger's, without those that flinktop has deleted."""
    operations = known.operations()
    # Operations have this machine's time, which may be hours off the cluster's.
    ahead = known.clock.wall() - known.known_time()
    made = [
        RestorePoint(
            one.result.savepoint,
            one.job or "",
            one.subject,
            made=round((one.sent or one.planned) - ahead, 1),
            cluster="" if one.cluster == known.connection.url else one.cluster_name or one.cluster,
        )
        for one in operations
        if one.result.savepoint is not None
    ]
    disposed = (
        one.act.path for one in operations if isinstance(one.act, Dispose) and one.state is State.DONE
    )
    return newest_first((*points, *made), disposed)
