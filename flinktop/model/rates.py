"""Records per second: of a job from its counters, of a vertex from Flink's meters."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flinktop.flink.jobs import Job, JobVertex
    from flinktop.flink.metrics import AggregatedMetric

WINDOW = 60.0
"""Seconds a rate is taken over: what Flink's own meters use."""
STALE_SAMPLES = 180.0
"""Samples further apart than this belong to different sights of the job."""

RATE_IDS = ("numRecordsInPerSecond", "numRecordsOutPerSecond")
TIME_IDS = ("busyTimeMsPerSecond", "backPressuredTimeMsPerSecond", "idleTimeMsPerSecond")
VERTEX_IDS = (*RATE_IDS, *TIME_IDS)
"""What a row of the vertices table is made of; the last three exist from 1.13 (idle from 1.11)."""


@dataclass(frozen=True, slots=True)
class Ends:
    """A job's vertices without inputs and without outputs."""

    sources: tuple[str, ...]
    sinks: tuple[str, ...]

    @property
    def chained(self) -> tuple[str, ...]:
        """Vertices that are both: everything in one chain, whose task counters stay at 0."""
        return tuple(vertex for vertex in self.sources if vertex in self.sinks)


def ends(job: Job) -> Ends:
    """Where a job's records come in and leave, from its plan (`/jobs/:jobid`)."""
    nodes = job.plan.nodes
    fed = {node.id for node in nodes if node.inputs}
    feeding = {edge.id for node in nodes for edge in node.inputs}
    known = [vertex.id for vertex in job.vertices]
    return Ends(
        tuple(vertex for vertex in known if vertex not in fed),
        tuple(vertex for vertex in known if vertex not in feeding),
    )


def records_sent(vertex: JobVertex) -> int | None:
    """Records a vertex has sent over the network; None while not all subtasks have told."""
    return vertex.metrics.write_records if vertex.metrics.write_records_complete else None


def records_taken(vertex: JobVertex) -> int | None:
    """Records a vertex has received over the network; None while not all subtasks have told."""
    return vertex.metrics.read_records if vertex.metrics.read_records_complete else None


@dataclass(frozen=True, slots=True)
class Totals:
    """Records that a job's sources have sent and its sinks have taken in, since it was (re)started."""

    sent: int | None
    taken: int | None


def totals(job: Job) -> Totals:
    """Counters of a job's ends; None where a counter is not known yet, or counts no network exchange."""
    found = ends(job)
    chained = found.chained
    by_id = {vertex.id: vertex for vertex in job.vertices}
    sources = [records_sent(by_id[vertex]) for vertex in found.sources if vertex not in chained]
    sinks = [records_taken(by_id[vertex]) for vertex in found.sinks if vertex not in chained]
    return Totals(_sum(sources), _sum(sinks))


def _sum(counters: Sequence[int | None]) -> int | None:
    if not counters or any(counter is None for counter in counters):
        return None
    return sum(counter for counter in counters if counter is not None)


Sample = tuple[float, int]
"""(seconds, counter) at the moment a counter was seen to have moved."""


@dataclass(frozen=True, slots=True)
class Counted:
    """A stepwise counter over time: what it read last, and when it was seen to move."""

    last: int
    seen: float
    moves: tuple[Sample, ...] = ()


def count_on(before: Counted | None, at: float, counter: int) -> Counted:
    """Take in a counter, keeping what a mean over `WINDOW` needs.

    Flink fetches counters every 10 s, so one is true for the moment it moved and stale in between: the first
    sight of it is no move, and an unchanged one says nothing until it has stood still for a whole window. A
    counter that falls belongs to a restarted job, and a long silence to another sight of it.
    """
    if before is None or counter < before.last or at - before.seen > STALE_SAMPLES:
        return Counted(counter, at)
    moved_at = before.moves[-1][0] if before.moves else before.seen
    if counter == before.last and at - moved_at < WINDOW:
        return Counted(counter, at if before.moves else before.seen, before.moves)
    moves = (*before.moves, (at, counter))
    while len(moves) > 2 and moves[1][0] <= at - WINDOW:  # noqa: PLR2004 -- a mean needs two ends
        moves = moves[1:]
    return Counted(counter, at, moves)


def mean_rate(counted: Counted) -> float | None:
    """Records/s over the moves; None until there are two."""
    if len(counted.moves) < 2:  # noqa: PLR2004 -- a mean needs two ends
        return None
    (first, low), (last, high) = counted.moves[0], counted.moves[-1]
    return (high - low) / (last - first) if last > first else None


def ids_to_ask(known: Iterable[str], wanted: Sequence[str] = VERTEX_IDS) -> tuple[str, ...]:
    """The wanted ids that a vertex has. One unknown id empties the whole answer, in every release."""
    have = set(known)
    return tuple(metric for metric in wanted if metric in have)


_FORBIDDEN = re.compile(r"[ .:,]")
_LONGEST_NAME = 80


def operator_prefixes(vertex: JobVertex) -> tuple[str, str]:
    """First and last operator of a chained vertex, as Flink writes them before a metric's id.

    Space, dot, colon and comma become `_`, and a name is cut at 80 characters.
    """
    names = re.split(r"\s+->\s+", vertex.name)
    first, last = names[0], names[-1]
    return _operator_id(first), _operator_id(last)


def _operator_id(name: str) -> str:
    return _FORBIDDEN.sub("_", name.strip("() "))[:_LONGEST_NAME]


def chained_ids(vertex: JobVertex, known: Iterable[str]) -> tuple[str, str] | None:
    """Ids that tell what a vertex in which everything is chained sends and takes in.

    Returns:
        The id of the first operator's output rate and that of the last one's input rate, or None when
        the vertex has no operator of the names in its own.
    """
    first, last = operator_prefixes(vertex)
    have = sorted(known)
    sent = _of_operator(have, first, "numRecordsOutPerSecond")
    taken = _of_operator(have, last, "numRecordsInPerSecond")
    return (sent, taken) if sent is not None and taken is not None else None


def _of_operator(known: Sequence[str], operator: str, metric: str) -> str | None:
    exact = f"{operator}.{metric}"
    if exact in known:
        return exact
    # A sink's writer bears its name and a suffix of its own ("Sink: x: Writer").
    return next((name for name in known if name.startswith(operator) and name.endswith(f".{metric}")), None)


def by_id(metrics: Iterable[AggregatedMetric]) -> dict[str, AggregatedMetric]:
    """Aggregated metrics by their id."""
    return {metric.id: metric for metric in metrics}
