"""What one subtask, or all of them, did for a checkpoint: its phases, its state and its sizes."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from msgspec import Struct

from flinktop.model import checkpoints as judge
from flinktop.model import format as fmt

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flinktop.flink.checkpoints import CheckpointSubtask, CheckpointSubtasks, Spread, SubtasksSummary

PERCENTILES = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
LEAST_FOR_PERCENTILES = 20
"""Of fewer subtasks percentiles say nothing that the rows don't."""


class SubtaskShare(Struct, frozen=True):
    """One subtask, or a statistic over all of them."""

    name: str
    index: int
    state: str
    tone: str
    times: judge.PhaseTimes
    scale: float
    """What a full bar stands for (ms)."""
    acknowledged_at: int | None = None
    """ms since 1970."""
    offset: float | None = None
    """Seconds from UTC in which that is shown; None is this machine's zone."""
    written: float | None = None
    full: float | None = None
    processed: float | None = None
    persisted: float | None = None
    kind: str = ""


def subtask_share(
    subtask: CheckpointSubtask,
    times: judge.PhaseTimes,
    scale: float,
    *,
    under_way: bool,
    offset: float | None,
) -> SubtaskShare:
    """One subtask; its bar is drawn on a scale (ms), its time written at an offset from UTC (s)."""
    state, tone = _state(subtask, under_way=under_way)
    if not judge.is_acknowledged(subtask):
        return SubtaskShare(str(subtask.index), subtask.index, state, tone, times, scale)
    unaligned = subtask.unaligned_checkpoint
    return SubtaskShare(
        name=str(subtask.index),
        index=subtask.index,
        state=state,
        tone=tone,
        times=times,
        scale=scale,
        acknowledged_at=subtask.ack_timestamp,
        offset=offset,
        written=subtask.written,
        full=subtask.state_size if subtask.checkpointed_size is not None else None,
        processed=subtask.alignment.processed,
        persisted=subtask.alignment.persisted,
        kind=fmt.ABSENT if unaligned is None else "unaligned" if unaligned else "aligned",
    )


def _state(subtask: CheckpointSubtask, *, under_way: bool) -> tuple[str, str]:
    if judge.is_acknowledged(subtask):
        return ("▲ ABORTED", "warn") if subtask.aborted else ("● COMPLETED", "good")
    return ("◐ PENDING", "info") if under_way else ("✕ MISSING", "bad")


def statistics_of(
    share: CheckpointSubtasks, rows: Sequence[SubtaskShare], *, percentiles: bool
) -> list[SubtaskShare]:
    """Least, mean and most as Flink tells them, then percentiles over the rows.

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
    return SubtaskShare(
        name=name,
        index=-1,
        state="",
        tone="",
        times=judge.PhaseTimes(
            of(summary.start_delay),
            of(summary.alignment.duration),
            of(summary.checkpoint_duration.sync),
            of(summary.checkpoint_duration.async_),
            of(summary.end_to_end_duration),
        ),
        scale=scale,
        written=of(summary.checkpointed_size if in_full else summary.state_size),
        full=of(summary.state_size) if in_full else None,
        processed=of(summary.alignment.processed),
        persisted=of(summary.alignment.persisted),
    )


def _percentile(name: str, part: float, scale: float, done: Sequence[SubtaskShare]) -> SubtaskShare:
    def over(value: Callable[[SubtaskShare], float | None]) -> float | None:
        return judge.quantile([known for row in done if (known := value(row)) is not None], part)

    return SubtaskShare(
        name=name,
        index=-1,
        state="",
        tone="",
        times=judge.PhaseTimes(
            over(lambda row: row.times.start_delay),
            over(lambda row: row.times.alignment),
            over(lambda row: row.times.sync),
            over(lambda row: row.times.asynchronous),
            over(lambda row: row.times.total),
        ),
        scale=scale,
        written=over(lambda row: row.written),
        full=over(lambda row: row.full),
        processed=over(lambda row: row.processed),
        persisted=over(lambda row: row.persisted),
    )
