"""Facts about a job's checkpoints: the history, one with its vertices, and their subtasks by phase."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from flinktop.engine.series import job_series
from flinktop.flink.checkpoints import (
    CHECKPOINT,
    CHECKPOINT_SUBTASKS,
    CHECKPOINTS,
    Checkpoint,
    CheckpointStats,
    CheckpointVertex,
    Spread,
)
from flinktop.flink.errors import NotFound
from flinktop.flink.jobs import JOB
from flinktop.model import checkpoints as judge

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from flinktop.engine.store import Reading
    from flinktop.facts.known import Known
    from flinktop.flink.checkpoints import CheckpointSubtask, CheckpointSubtasks, SubtasksSummary
    from flinktop.flink.endpoint import Query


Points = list[tuple[float, float]]  # (s since 1970 by the cluster's clock, value), oldest first
SAME = 0.5  # seconds within which a point of the series and a checkpoint count as the same
ONCE = 600.0  # seconds between requests for what no longer changes
PERCENTILES = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
LEAST_FOR_PERCENTILES = 20  # with fewer subtasks percentiles add nothing to the rows


def is_off(known: Known, job: str) -> bool:
    """Whether checkpointing is off for the job: a 404 while the job itself is known.

    "Checkpointing has not been enabled" is the normal answer for batch jobs in every release, no error.
    """
    reading, of_job = known.reading(CHECKPOINTS(job=job)), known.reading(JOB(job=job))
    job_missing = of_job is not None and isinstance(of_job.error, NotFound)
    not_found = reading is not None and reading.value is None and isinstance(reading.error, NotFound)
    return not_found and not job_missing


@dataclass(frozen=True)
class CheckpointFacts:
    """One checkpoint, from details and history."""

    number: int
    checkpoint: Checkpoint | None  # from details or history; None while neither is known
    tasks_of: Checkpoint | None  # the answer that contains its vertices
    dropped: bool  # whether Flink no longer has the details

    @property
    def tasks(self) -> Mapping[str, CheckpointVertex]:
        """Its known vertices by id."""
        return self.tasks_of.tasks if self.tasks_of is not None else {}

    @cached_property
    def longest(self) -> int:
        """The longest duration of a vertex (ms)."""
        return max((share.duration or 0 for share in self.tasks.values()), default=0)


def checkpoint_facts(known: Known, job: str, number: int) -> CheckpointFacts:
    """A checkpoint from `…/checkpoints/details/:checkpointid` and the history."""
    reading = known.reading(CHECKPOINT(job=job, checkpoint=number))
    details = reading.value if reading is not None else None
    seen = next((one for one in known.checkpoints(job) if one.checkpoint.id == number), None)
    dropped = reading is not None and isinstance(reading.error, NotFound)
    listed = seen.checkpoint if seen is not None else None
    best = details
    # Details of an ended one are fetched once: later changes are in the history.
    if listed is not None and (details is None or not judge.is_under_way(listed)):
        best = listed
    with_tasks = next((one for one in (details, listed) if one is not None and one.tasks), None)
    return CheckpointFacts(number, best, with_tasks, dropped)


def details_asks(known: Known, job: str, number: int) -> dict[Query[Any], float]:
    """The query for a checkpoint's details, with its interval (s)."""
    query = CHECKPOINT(job=job, checkpoint=number)
    return {query: seconds_between(known, job, number, known.reading(query))}


def subtasks_asks(known: Known, job: str, number: int, vertex: str) -> dict[Query[Any], float]:
    """The same for the subtasks of one vertex in it: they change only while it is in progress."""
    query = CHECKPOINT_SUBTASKS(job=job, checkpoint=number, vertex=vertex)
    return {query: seconds_between(known, job, number, known.reading(query))}


def seconds_between(known: Known, job: str, number: int, reading: Reading[Any] | None) -> float:
    """The interval (s) of a query about a checkpoint, whose reading is given; 0 is the cluster's."""
    details = known.reading(CHECKPOINT(job=job, checkpoint=number))
    for one in (details, reading):
        if one is not None and isinstance(one.error, NotFound):
            return ONCE
    if details is None or details.value is None:
        listed = next((one.checkpoint for one in known.checkpoints(job) if one.checkpoint.id == number), None)
        return ONCE if listed is not None and not judge.is_under_way(listed) else 0.0
    if judge.is_under_way(details.value):
        return 0.0
    return 0.0 if reading is not None and _is_before_end(reading, details) else ONCE


def _is_before_end(reading: Reading[Any], details: Reading[Checkpoint]) -> bool:
    """Whether the reading has missing subtasks and is older than the checkpoint's known end."""
    share = reading.value
    if share is None or reading.at is None or details.at is None or reading.at >= details.at:
        return False
    return bool(share.missing)


def vertex_names(known: Known, job: str) -> dict[str, str]:
    """The names of a job's vertices by id, in the order of its graph."""
    found = known.value(JOB(job=job))
    return {vertex.id: vertex.name for vertex in found.vertices} if found is not None else {}


def neighbour(known: Known, job: str, number: int, by: int) -> int | None:
    """The id of the next newer (1) or older (-1) seen checkpoint; None at the end."""
    ids = [seen.checkpoint.id for seen in known.checkpoints(job)]
    if number not in ids:
        return None
    at = ids.index(number) - by
    return ids[at] if 0 <= at < len(ids) else None


def completed_points(
    known: Known, job: str, measure: str, value: Callable[[Checkpoint], int | None]
) -> Points:
    """Points of the kept completed checkpoints, and before them older ones from the series.

    Savepoints are left out: they are full, and triggered by hand.
    """
    points: Points = []
    for seen in known.checkpoints(job):
        at, measured = judge.ended_at(seen.checkpoint), value(seen.checkpoint)
        good = seen.checkpoint.status == judge.COMPLETED and not seen.checkpoint.is_savepoint
        if good and at is not None and measured is not None:
            points.append((at / 1000.0, float(measured)))
    points.sort()
    oldest = points[0][0] if points else math.inf
    ahead = known.cluster_time() - known.now()
    earlier = [(at + ahead, measured) for at, measured in known.points(job_series(job, measure))]
    return [point for point in earlier if point[0] < oldest - SAME] + points


def durations(known: Known, job: str) -> Points:
    """End to end, in ms."""
    return completed_points(known, job, "checkpoint-duration", lambda one: one.duration)


def failed_points(known: Known, job: str) -> Points:
    """The failed ones, each as a separate line from 0 up to its duration (ms)."""
    points: Points = []
    for seen in reversed(known.checkpoints(job)):
        at, took = judge.ended_at(seen.checkpoint), seen.checkpoint.duration
        if seen.checkpoint.status == judge.FAILED and at is not None:
            points += [(at / 1000.0, 0.0), (at / 1000.0, float(took or 0)), (at / 1000.0, math.nan)]
    return points


def ends(known: Known, job: str) -> tuple[float | None, float | None]:
    """End times of the oldest and the newest kept checkpoint (s since 1970)."""
    points = sorted([*durations(known, job), *failed_points(known, job)], key=lambda point: point[0])
    return (points[0][0], points[-1][0]) if points else (None, None)


class VertexShare(Struct, frozen=True):
    """A vertex's part of a checkpoint."""

    vertex: str
    name: str
    share: CheckpointVertex
    part: float | None  # its duration relative to the longest (0 to 1)
    late: tuple[int, ...] | None  # subtasks that have not acknowledged, if known
    under_way: bool
    old: bool

    @property
    def missing(self) -> int | None:
        return self.share.missing


def vertex_share(known: Known, job: str, facts: CheckpointFacts, vertex: str, name: str) -> VertexShare:
    """One of the vertices in `facts.tasks`."""
    share = facts.tasks[vertex]
    return VertexShare(
        vertex=vertex,
        name=name,
        share=share,
        part=share.duration / facts.longest if share.duration is not None and facts.longest else None,
        late=late_subtasks(known, job, facts.number, vertex, share),
        under_way=facts.tasks_of is not None and judge.is_under_way(facts.tasks_of) and not facts.dropped,
        old=facts.dropped or known.lost is not None,
    )


def late_subtasks(
    known: Known, job: str, number: int, vertex: str, share: CheckpointVertex
) -> tuple[int, ...] | None:
    """The subtasks of a vertex that have not acknowledged; None if none is missing or unknown which."""
    if share.missing == 0:
        return None
    if share.num_acknowledged_subtasks == 0 and share.num_subtasks is not None:
        return tuple(range(share.num_subtasks))
    details = known.value(CHECKPOINT_SUBTASKS(job=job, checkpoint=number, vertex=vertex))
    return judge.late_subtasks(details.subtasks) if details is not None else None


class CheckpointMeasure(Struct, frozen=True):
    """One measure; its spread is None if the release does not have it."""

    name: str
    spread: Spread | None
    is_time: bool = False


def none_completed(stats: CheckpointStats) -> bool:
    """Whether no checkpoint has completed, by the count, or if that is missing by the latest one."""
    completed = stats.counts.completed
    return not completed if completed is not None else stats.latest.completed is None


def measures(stats: CheckpointStats) -> list[CheckpointMeasure]:
    """Measures of completed checkpoints; [] while none has completed, as Flink answers 0 then."""
    if none_completed(stats):
        return []
    summary = stats.summary
    in_full = summary.checkpointed_size is not None
    return [
        CheckpointMeasure("end-to-end duration", summary.end_to_end_duration, is_time=True),
        CheckpointMeasure("written", summary.written),
        CheckpointMeasure("full size", summary.state_size if in_full else None),
        CheckpointMeasure("in flight, processed", summary.processed_data),
        CheckpointMeasure("in flight, persisted", summary.persisted_data),
    ]


def not_reported(stats: CheckpointStats) -> str:
    """A sentence about measures that need a later release; "" if none, or if none has completed yet."""
    summary = stats.summary
    if none_completed(stats):
        return ""
    lacking = [
        f"{what} ({since}+)"
        for what, since, lacks in (
            ("percentiles", "1.14", summary.end_to_end_duration.p50 is None),
            ("the full size", "1.15", summary.checkpointed_size is None),
            ("data in flight", "1.12", summary.processed_data is None),
        )
        if lacks
    ]
    return f"Needs a later Flink: {', '.join(lacking)}" if lacking else ""


class SubtaskShare(Struct, frozen=True):
    """One subtask, or a statistic over all of them."""

    name: str
    index: int  # -1 for a statistic
    state: str
    """COMPLETED, ABORTED (acknowledged, but the checkpoint failed), PENDING or MISSING."""
    times: judge.PhaseTimes
    scale: float  # length of a full bar (ms)
    acknowledged_at: int | None = None  # ms since 1970
    written: float | None = None
    full_size: float | None = None
    processed_data: float | None = None
    persisted_data: float | None = None
    unaligned: bool | None = None


def subtask_share(
    subtask: CheckpointSubtask, times: judge.PhaseTimes, scale: float, *, under_way: bool
) -> SubtaskShare:
    """One subtask; `scale` is the length of a full bar (ms)."""
    name, index = str(subtask.index), subtask.index
    if not judge.is_acknowledged(subtask):
        return SubtaskShare(name, index, "PENDING" if under_way else "MISSING", times, scale)
    return SubtaskShare(
        name=name,
        index=index,
        state="ABORTED" if subtask.aborted else "COMPLETED",
        times=times,
        scale=scale,
        acknowledged_at=subtask.ack_timestamp,
        written=subtask.written,
        full_size=subtask.state_size if subtask.checkpointed_size is not None else None,
        processed_data=subtask.alignment.processed,
        persisted_data=subtask.alignment.persisted,
        unaligned=subtask.unaligned_checkpoint,
    )


def statistics_of(
    share: CheckpointSubtasks, rows: Sequence[SubtaskShare], *, percentiles: bool
) -> list[SubtaskShare]:
    """Minimum, mean and maximum from Flink, then percentiles over the rows.

    Flink's own percentiles of subtasks are "NaN" from 1.14 to 2.3, and missing before.
    """
    done = [row for row in rows if row.times.total is not None]
    summary = share.summary
    if summary is None or not done:
        return []
    scale = done[0].scale
    found = [_statistic(name, scale, attrgetter(name), summary) for name in ("min", "avg", "max")]
    if percentiles and len(done) >= LEAST_FOR_PERCENTILES:
        found += [_percentile(name, part, scale, done) for name, part in PERCENTILES]
    return found


def _statistic(
    name: str, scale: float, take: Callable[[Spread], float | None], summary: SubtasksSummary
) -> SubtaskShare:
    def of(spread: Spread | None) -> float | None:
        return take(spread) if spread is not None else None

    in_full = summary.checkpointed_size is not None
    times = judge.PhaseTimes(
        of(summary.start_delay),
        of(summary.alignment.duration),
        of(summary.checkpoint_duration.sync),
        of(summary.checkpoint_duration.async_),
        of(summary.end_to_end_duration),
    )
    return SubtaskShare(
        name,
        -1,
        "",
        times,
        scale,
        written=of(summary.checkpointed_size if in_full else summary.state_size),
        full_size=of(summary.state_size) if in_full else None,
        processed_data=of(summary.alignment.processed),
        persisted_data=of(summary.alignment.persisted),
    )


def _percentile(name: str, part: float, scale: float, done: Sequence[SubtaskShare]) -> SubtaskShare:
    def over(field: str) -> float | None:
        values = map(attrgetter(field), done)
        return judge.quantile([value for value in values if value is not None], part)

    times = judge.PhaseTimes(*(over(f"times.{phase}") for phase in judge.PhaseTimes.__struct_fields__))
    return SubtaskShare(
        name,
        -1,
        "",
        times,
        scale,
        written=over("written"),
        full_size=over("full_size"),
        processed_data=over("processed_data"),
        persisted_data=over("persisted_data"),
    )
