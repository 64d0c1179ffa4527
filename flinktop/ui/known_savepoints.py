"""What a job can be started from, as far as anything here knows: the ledger, and the cluster's jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flinktop.engine import again
from flinktop.engine.acts.dispose import Dispose
from flinktop.engine.freshness import Freshness, freshness
from flinktop.engine.operation import State
from flinktop.flink.checkpoints import CHECKPOINT_CONFIG, CHECKPOINTS
from flinktop.flink.jobs import JOBS_OVERVIEW
from flinktop.model import restore_points
from flinktop.model.restore_points import RestorePoint

if TYPE_CHECKING:
    from flinktop.engine.host import Port
    from flinktop.flink.endpoint import Query
    from flinktop.flink.jobs import JobOverview

MOST_JOBS = 20
"""Jobs that are asked for their checkpoints, the newest first: each is a request or two, once."""


def unasked(port: Port) -> frozenset[Query[Any]]:
    """What has yet to be asked to know them all: each query once, until it has been answered."""
    wanted: list[Query[Any]] = []
    for job in _newest(port):
        wanted += (CHECKPOINTS(job=job.jid), CHECKPOINT_CONFIG(job=job.jid))
    return frozenset(query for query in wanted if _not_answered(port, query))


def known(port: Port) -> tuple[RestorePoint, ...]:
    """Everything that is known: this cluster's first, then what the ledger has of others; newest first."""
    operations, here = port.operations(), port.facts().url
    points = []
    for job in _newest(port):
        stats, config = port.reading(CHECKPOINTS(job=job.jid)), port.reading(CHECKPOINT_CONFIG(job=job.jid))
        if stats is not None and stats.value is not None:
            told = config.value if config is not None else None
            points += restore_points.of_job(job.jid, job.name, job.state, stats.value, told)
    points += [
        RestorePoint(
            path,
            operation.job or "",
            operation.subject,
            made=operation.ended or operation.planned,
            cluster="" if operation.cluster == here else operation.cluster_name or operation.cluster,
        )
        for path, operation in again.savepoints(operations)
    ]
    disposed = (
        operation.act.path
        for operation in operations
        if isinstance(operation.act, Dispose) and operation.state is State.DONE
    )
    return restore_points.newest_first(points, disposed)


def left_checkpoint(port: Port, job: str) -> str | None:
    """Path of the checkpoint that an ended job has left, as far as that is known."""
    left = (point.path for point in known(port) if point.job == job and not point.savepoint)
    return next(left, None)


def _newest(port: Port) -> list[JobOverview]:
    reading = port.reading(JOBS_OVERVIEW())
    jobs = reading.value.jobs if reading is not None and reading.value is not None else ()
    return sorted(jobs, key=lambda job: -job.start_time)[:MOST_JOBS]


def _not_answered(port: Port, query: Query[Any]) -> bool:
    return freshness(port.reading(query), port.lost) is Freshness.LOADING
