"""What one subtask, or all of them, did for a checkpoint: its phases, its state and its sizes."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from msgspec import Struct

from flinktop.model import checkpoints as judge

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
    """-1 of a statistic."""
    state: str
    """COMPLETED, ABORTED (it acknowledged, and was told that the checkpoint failed), PENDING or MISSING."""
    times: judge.PhaseTimes
    scale: float
    """What a full bar stands for (ms)."""
    acknowledged_at: int | None = None
    """ms since 1970."""
    written: float | None = None
    full_size: float | None = None
    processed_data: float | None = None
    persisted_data: float | None = None
    unaligned: bool | None = None


def subtask_share(
    subtask: CheckpointSubtask, times: judge.PhaseTimes, scale: float, *, under_way: bool
) -> SubtaskShare:
    """One subtask; its bar is drawn on a scale (ms)."""
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
    times = judge.PhaseTimes(
        of(summary.start_delay),
        of(summary.alignment.duration),
        of(summary.checkpoint_duration.sync),
        of(summary.checkpoint_duration.async_),
        of(summary.end_to_end_duration),
    )
    return SubtaskShare(
        *(name, -1, "", times, scale),
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
        *(name, -1, "", times, scale),
        written=over("written"),
        full_size=over("full_size"),
        processed_data=over("processed_data"),
        persisted_data=over("persisted_data"),
    )
