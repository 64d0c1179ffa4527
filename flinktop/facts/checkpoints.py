"""What is known of a job's checkpoints: one by its details and the history, its vertices, and the history."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from msgspec import Struct

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
    from collections.abc import Mapping

    from flinktop.engine.store import Reading
    from flinktop.facts.known import Known
    from flinktop.flink.endpoint import Query

ONCE = 600.0
"""Seconds between two looks at what no longer changes."""


def is_off(known: Known, job: str) -> bool:
    """Whether Flink has said that the job has no checkpoints: a 404 while the job itself is known.

    "Checkpointing has not been enabled" is the normal answer for batch jobs in every release, no error.
    """
    reading, of_job = known.reading(CHECKPOINTS(job=job)), known.reading(JOB(job=job))
    is_gone = of_job is not None and isinstance(of_job.error, NotFound)
    return (
        reading is not None and reading.value is None and isinstance(reading.error, NotFound) and not is_gone
    )


@dataclass(frozen=True)
class CheckpointFacts:
    """One checkpoint as it is known best."""

    number: int
    checkpoint: Checkpoint | None
    """From the details, else from the history; None while neither is there."""
    tasks_of: Checkpoint | None
    """The one whose vertices are known."""
    gone: bool
    """Whether Flink has said that it no longer has the details."""

    @property
    def tasks(self) -> Mapping[str, CheckpointVertex]:
        """Its vertices by id, as far as they are known."""
        return self.tasks_of.tasks if self.tasks_of is not None else {}

    @cached_property
    def longest(self) -> int:
        """The longest duration of a vertex (ms)."""
        return max((share.duration or 0 for share in self.tasks.values()), default=0)


def checkpoint_facts(known: Known, job: str, number: int) -> CheckpointFacts:
    """A checkpoint by `…/checkpoints/details/:checkpointid` and the history."""
    reading = known.reading(CHECKPOINT(job=job, checkpoint=number))
    details = reading.value if reading is not None else None
    seen = next((one for one in known.checkpoints(job) if one.checkpoint.id == number), None)
    gone = reading is not None and isinstance(reading.error, NotFound)
    listed = seen.checkpoint if seen is not None else None
    best = details
    # The details of one that has ended are asked for once: the history tells what came after.
    if listed is not None and (details is None or not judge.is_under_way(listed)):
        best = listed
    with_tasks = next((one for one in (details, listed) if one is not None and one.tasks), None)
    return CheckpointFacts(number, best, with_tasks, gone)


def details_asks(known: Known, job: str, number: int) -> dict[Query[Any], float]:
    """The details of a checkpoint, and the seconds between two looks at them."""
    query = CHECKPOINT(job=job, checkpoint=number)
    return {query: seconds_between(known, job, number, known.reading(query))}


def subtasks_asks(known: Known, job: str, number: int, vertex: str) -> dict[Query[Any], float]:
    """The same of the subtasks of one vertex in it: they change only while it is in progress."""
    query = CHECKPOINT_SUBTASKS(job=job, checkpoint=number, vertex=vertex)
    return {query: seconds_between(known, job, number, known.reading(query))}


def seconds_between(known: Known, job: str, number: int, reading: Reading[Any] | None) -> float:
    """Seconds between two looks at what `reading` tells of a checkpoint; 0 is the cluster's interval."""
    details = known.reading(CHECKPOINT(job=job, checkpoint=number))
    for one in (details, reading):
        if one is not None and isinstance(one.error, NotFound):
            return ONCE
    if details is None or details.value is None:
        listed = next((one.checkpoint for one in known.checkpoints(job) if one.checkpoint.id == number), None)
        return ONCE if listed is not None and not judge.is_under_way(listed) else 0.0
    if judge.is_under_way(details.value):
        return 0.0
    return 0.0 if reading is not None and _came_before_the_end(reading, details) else ONCE


def _came_before_the_end(reading: Reading[Any], details: Reading[Checkpoint]) -> bool:
    """Whether late subtasks were read last when the checkpoint was not known to have ended."""
    share = reading.value
    if share is None or reading.at is None or details.at is None or reading.at >= details.at:
        return False
    return bool(share.missing)


def vertex_names(known: Known, job: str) -> dict[str, str]:
    """The names of a job's vertices by id, in the order of its graph."""
    found = known.value(JOB(job=job))
    return {vertex.id: vertex.name for vertex in found.vertices} if found is not None else {}


def neighbour(known: Known, job: str, number: int, by: int) -> int | None:
    """The id of the next newer (1) or older (-1) checkpoint that was seen; None at the end."""
    ids = [seen.checkpoint.id for seen in known.checkpoints(job)]
    if number not in ids:
        return None
    at = ids.index(number) - by
    return ids[at] if 0 <= at < len(ids) else None


class VertexShare(Struct, frozen=True):
    """What a vertex did for a checkpoint."""

    vertex: str
    name: str
    share: CheckpointVertex
    part: float | None
    """Its duration as a part of the longest (0 to 1)."""
    late: tuple[int, ...] | None
    """The subtasks that have not acknowledged, where they are known."""
    under_way: bool
    old: bool

    @property
    def missing(self) -> int | None:
        """Subtasks that have not acknowledged."""
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
        under_way=facts.tasks_of is not None and judge.is_under_way(facts.tasks_of) and not facts.gone,
        old=facts.gone or known.lost is not None,
    )


def late_subtasks(
    known: Known, job: str, number: int, vertex: str, share: CheckpointVertex
) -> tuple[int, ...] | None:
    """The subtasks of a vertex that have not acknowledged; None where none is missing, or it is unknown."""
    if share.missing == 0:
        return None
    if share.num_acknowledged_subtasks == 0 and share.num_subtasks is not None:
        return tuple(range(share.num_subtasks))
    told = known.value(CHECKPOINT_SUBTASKS(job=job, checkpoint=number, vertex=vertex))
    return judge.late_subtasks(told.subtasks) if told is not None else None


class CheckpointMeasure(Struct, frozen=True):
    """One measure; without a spread where the release does not tell it."""

    name: str
    spread: Spread | None
    is_time: bool = False


def none_completed(stats: CheckpointStats) -> bool:
    """Whether no checkpoint has completed; where Flink does not tell how many: whether it shows none."""
    completed = stats.counts.completed
    return not completed if completed is not None else stats.latest.completed is None


def measures(stats: CheckpointStats) -> list[CheckpointMeasure]:
    """What was measured of completed checkpoints; [] while none has completed, as Flink answers 0 then."""
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
    """What needs a later release, in a sentence; empty where nothing does, or nothing has completed yet."""
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
