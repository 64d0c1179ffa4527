"""Answers of the last minutes before the demo opened, so that charts start full."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec

from flinktop.demo.replies import REPLIES
from flinktop.demo.replies.jobs import job_row
from flinktop.demo.request import Refusal, Request
from flinktop.demo.task_metrics import metric_name, task_ids
from flinktop.flink.checkpoints import CHECKPOINTS
from flinktop.flink.jobs import JOB, JOBS_OVERVIEW
from flinktop.flink.metrics import JOB_METRICS, SUBTASKS_METRICS, TASKMANAGERS_METRICS
from flinktop.flink.vertices import VERTEX_BACKPRESSURE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flinktop.demo.flow import VertexPlan
    from flinktop.demo.world import JobMoment, Moment, World
    from flinktop.flink.endpoint import Endpoint, Query

MINUTES = 15
STEP = 20.0  # seconds between two samples
AFTER_FETCH = 5.0  # mean seconds from the server's fetch of metrics to the sample
MOST_JOBS, MOST_VERTICES = 16, 48  # larger scenarios have no past: it would take too long to compute
LEAD = 4  # complete samples at the start: a rate needs some
LARGE = 100  # vertices of a job, or TaskManagers, from which on they are sampled less often

_METRICS = ("numRecordsInPerSecond", "numRecordsOutPerSecond", "currentInputWatermark")
_HEAP = ("Status.JVM.Memory.Heap.Used", "Status.JVM.Memory.Heap.Max")
_HEAP_NEW = (*_HEAP, "Status.JVM.GarbageCollector.All.TimeMsPerSecond")
_HEAP_OLD = (*_HEAP, *(f"Status.JVM.GarbageCollector.G1_{age}_Generation.Time" for age in ("Old", "Young")))

Seen = tuple["Query[Any]", Any, float]  # a query, its answer, seconds before the demo opened


def past(world: World, minutes: int = MINUTES) -> Iterator[Seen]:
    """The last minutes of a world, oldest first: answers for the series of a monitor."""
    steps = int(minutes * 60 / STEP)
    for step in range(steps, 0, -1):
        ago = step * STEP - AFTER_FETCH
        moment = world.at(-ago)
        known = (moment.job(plan.id) for plan in world.plans)
        jobs = list(islice((job for job in known if job is not None and not job.ended), MOST_JOBS))
        listed = moment.release.keep({"jobs": [job_row(job) for job in jobs]})
        yield JOBS_OVERVIEW(), msgspec.convert(listed, JOBS_OVERVIEW.reply), ago
        for query in _queries(moment, jobs, step, begins=step > steps - LEAD):
            endpoint: Endpoint[Any] = query.endpoint
            with suppress(Refusal):
                request = Request(moment, dict(query.ids), dict(query.params))
                document = moment.release.keep(REPLIES[endpoint](request))
                body = msgspec.json.encode(document)
                yield query, msgspec.json.decode(body, type=endpoint.reply, strict=False), ago


def _queries(moment: Moment, jobs: list[JobMoment], step: int, *, begins: bool) -> Iterator[Query[Any]]:
    if step % (9 if len(moment.world.taskmanagers) > LARGE else 2) == 0:
        yield TASKMANAGERS_METRICS(get=_HEAP_NEW if moment.release.since(1, 19) else _HEAP_OLD)
    vertices = 0
    for job in jobs:
        width = len(job.spec.vertices)
        if width <= LARGE or begins or step % 5 == 0:
            yield JOB(job=job.id)
        if step % 3 == 0:
            yield JOB_METRICS(job=job.id, get=("numRestarts", "fullRestarts"))
        if step % 6 == 0 and job.checkpoints is not None:
            yield CHECKPOINTS(job=job.id)
        if vertices + width <= MOST_VERTICES and job.measured:
            vertices += width
            yield from _metrics(moment, job)


def _metrics(moment: Moment, job: JobMoment) -> Iterator[Query[Any]]:
    for vertex in job.plan.vertices:
        make = partial(_wanted, moment, vertex)
        for wanted in moment.world.recall(("past", job.plan.place, vertex.place), make):
            yield SUBTASKS_METRICS(job=job.id, vertex=vertex.id, get=wanted)
        if moment.release.since(1, 13):
            yield VERTEX_BACKPRESSURE(job=job.id, vertex=vertex.id)


def _wanted(moment: Moment, vertex: VertexPlan) -> tuple[tuple[str, ...], ...]:
    have = frozenset(task_ids(moment.release, vertex.spec))
    operators = [metric_name(operator) for operator in vertex.spec.operators]
    requests = [tuple(name for name in _METRICS if name in have)]
    if vertex.chained:
        requests.append(tuple(f"{name}.{rate}" for name in operators for rate in _METRICS[:2]))
    if not vertex.spec.inputs:
        requests.append((f"{operators[-1]}.currentOutputWatermark",))
    return tuple(requests)
