"""Busy, backpressured and idle time of vertices, from two `/jobs/:jobid` answers (1.16+)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from flinktop.flink.jobs import Job

WINDOW = 60.0  # seconds of a mean, the same as Flink's own gauges from 1.17 on
STALE_SAMPLES = 3600.0  # answers further apart (s) make no mean: the job may have been restarted
HOT, WARM = 900.0, 500.0  # ms/s of busy or backpressured time that are high, and raised
_MS = 1000.0


class Spent(Struct, frozen=True):
    """The accumulated times of a vertex's subtasks, ms summed over them."""

    subtasks: int
    idle: float
    backpressured: float
    busy: float | None  # None for a legacy source, which does not measure it (Flink's NaN)


class Sample(Struct, frozen=True):
    """The times of a job's running vertices, by vertex, in one answer."""

    at: float  # time of the answer (s)
    spent: Mapping[str, Spent]


class Load(Struct, frozen=True):
    """Mean ms/s of a vertex's subtasks in each of three states. They add up to 1000 if all are known."""

    busy: float | None
    backpressured: float
    idle: float


def sample(job: Job, at: float) -> Sample | None:
    """The accumulated times of a job's running vertices; None before release 1.16."""
    found = {
        vertex.id: Spent(
            vertex.parallelism,
            vertex.metrics.accumulated_idle_time,
            vertex.metrics.accumulated_backpressured_time,
            vertex.metrics.accumulated_busy_time,
        )
        for vertex in job.vertices
        if vertex.status == "RUNNING"
        and vertex.parallelism > 0
        and vertex.metrics.accumulated_idle_time is not None
        and vertex.metrics.accumulated_backpressured_time is not None
    }
    return Sample(at, found) if found else None


def add_sample(before: Sequence[Sample], new: Sample) -> tuple[Sample, ...]:
    """Add an answer, keeping the samples for a mean over `WINDOW`.

    Flink fetches the times every 10 s: an answer equal to the last one has no information, and would lower
    the mean. Falling times belong to a restarted job; after a long gap the samples start anew.
    """
    if not before:
        return (new,)
    last = before[-1]
    if new.spent == last.spent:
        return tuple(before)
    if new.at - last.at > STALE_SAMPLES or _restarted(last, new):
        return (new,)
    kept = [*before, new]
    while len(kept) > 2 and kept[1].at <= new.at - WINDOW:  # noqa: PLR2004 -- a mean needs two ends
        kept.pop(0)
    return tuple(kept)


def loads(samples: Sequence[Sample]) -> dict[str, Load]:
    """The load of each vertex between the first sample and the last; {} with fewer than two samples.

    Idle, backpressured and busy time of a subtask add up to the time between two fetches of its TaskManager.
    That sum is used as the seconds, since the times of the answers are only precise to the ten seconds of
    a fetch; vertices without busy time use the seconds of the others. Busy is computed as the remainder:
    Flink's own busy time sometimes falls.
    """
    if len(samples) < 2:  # noqa: PLR2004 -- a mean needs two ends
        return {}
    first, last = samples[0], samples[-1]
    pairs = {
        vertex: (first.spent[vertex], after)
        for vertex, after in last.spent.items()
        if vertex in first.spent and _is_same_run(first.spent[vertex], after)
    }
    seconds = {vertex: _seconds(before, after) for vertex, (before, after) in pairs.items()}
    known = [value for value in seconds.values() if value is not None and value > 0]
    from flinktop.model.median import median  # noqa: PLC0415 -- after the first picture

    usual = median(known) if known else last.at - first.at
    found: dict[str, Load] = {}
    for vertex, (before, after) in pairs.items():
        own = seconds[vertex]
        passed = own if own is not None else usual
        if passed > 0:
            found[vertex] = _load(before, after, passed)
    return found


def hottest(values: Iterable[float | None]) -> float | None:
    """The greatest known value; None if none is known."""
    return max((value for value in values if value is not None), default=None)


def tone(value: float) -> str:
    """The style of ms/s of busy or backpressured time: plain below `WARM`."""
    return "bad" if value >= HOT else "warn" if value >= WARM else ""


def _load(before: Spent, after: Spent, seconds: float) -> Load:
    whole = seconds * after.subtasks
    idle = min(_MS, (after.idle - before.idle) / whole)
    backpressured = min(_MS - idle, (after.backpressured - before.backpressured) / whole)
    known = before.busy is not None and after.busy is not None
    return Load(_MS - idle - backpressured if known else None, backpressured, idle)


def _seconds(before: Spent, after: Spent) -> float | None:
    """Seconds between two fetches; None if busy time is not measured."""
    if before.busy is None or after.busy is None:
        return None
    passed = after.busy - before.busy + after.idle - before.idle + after.backpressured - before.backpressured
    return passed / _MS / after.subtasks


def _is_same_run(before: Spent, after: Spent) -> bool:
    """Whether it is the same run of the vertex: equal parallelism, and no time decreased."""
    return (
        before.subtasks == after.subtasks
        and after.idle >= before.idle
        and after.backpressured >= before.backpressured
    )


def _restarted(before: Sample, after: Sample) -> bool:
    return any(
        vertex in before.spent and not _is_same_run(before.spent[vertex], spent)
        for vertex, spent in after.spent.items()
    )
