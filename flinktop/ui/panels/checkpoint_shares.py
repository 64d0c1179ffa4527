"""What a line says of one subtask in one checkpoint, or of all of them, and the bar of its phases."""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

from flinktop.model import checkpoints as judge
from flinktop.model import format as fmt
from flinktop.ui.widgets.columns import Stripes
from flinktop.ui.widgets.one_by_one import one_by_one

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flinktop.flink.checkpoints import CheckpointSubtask, CheckpointSubtasks, Spread, SubtasksSummary
    from flinktop.ui.widgets.one_by_one import MadeRows
    from flinktop.ui.widgets.table import Cell

SHAPES = (
    ("░", ":", "first"),
    ("▒", "=", "second"),
    ("▓", "#", "third"),
    ("█", "@", ""),
    ("·", ".", "muted"),
)
"""Shape, its ASCII, and tone of each phase, and of what is in none of them."""
PERCENTILES = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
LEAST_FOR_PERCENTILES = 20
"""Of fewer subtasks percentiles say nothing that the rows don't."""


@dataclass(frozen=True, slots=True)
class ShareRow:
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


def share_rows(share: CheckpointSubtasks, *, under_way: bool, offset: float | None) -> MadeRows[ShareRow]:
    """A row for each subtask: those that have not acknowledged first, then the slowest.

    Rests on `…/checkpoints/details/:checkpointid/subtasks/:vertexid`; times in ms, sizes in bytes.
    """
    times = {subtask.index: judge.phase_times(subtask) for subtask in share.subtasks}
    scale = max((one.length for one in times.values()), default=0.0)
    rows = one_by_one(
        share.subtasks,
        lambda subtask: _row(subtask, times[subtask.index], scale, under_way=under_way, offset=offset),
        key=lambda subtask: str(subtask.index),
    )
    rows.sort(key=lambda row: (row.times.total is not None, -(row.times.total or 0.0), row.index))
    return rows


def _row(
    subtask: CheckpointSubtask,
    times: judge.PhaseTimes,
    scale: float,
    *,
    under_way: bool,
    offset: float | None,
) -> ShareRow:
    state, tone = _state(subtask, under_way=under_way)
    if not judge.is_acknowledged(subtask):
        return ShareRow(str(subtask.index), subtask.index, state, tone, times, scale)
    unaligned = subtask.unaligned_checkpoint
    return ShareRow(
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


def _state(subtask: CheckpointSubtask, *, under_way: bool) -> Cell:
    if judge.is_acknowledged(subtask):
        return ("▲ ABORTED", "warn") if subtask.aborted else ("● COMPLETED", "good")
    return ("◐ PENDING", "info") if under_way else ("✕ MISSING", "bad")


def summary_rows(share: CheckpointSubtasks, rows: Sequence[ShareRow], *, percentiles: bool) -> list[ShareRow]:
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
) -> ShareRow:
    def of(spread: Spread | None) -> float | None:
        return take(spread) if spread is not None else None

    in_full = summary.checkpointed_size is not None
    return ShareRow(
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


def _percentile(name: str, part: float, scale: float, done: Sequence[ShareRow]) -> ShareRow:
    def over(value: Callable[[ShareRow], float | None]) -> float | None:
        return judge.quantile([known for row in done if (known := value(row)) is not None], part)

    return ShareRow(
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


def painted_bar(row: ShareRow, width: int, *, ascii_only: bool) -> Stripes:
    """The phases of one subtask one after the other, each in its shape and colour."""
    times = row.times
    lengths = judge.stacked([*times.parts, times.rest], row.scale, width)
    return Stripes(
        tuple(
            ((plain_shape if ascii_only else shape) * length, tone)
            for (shape, plain_shape, tone), length in zip(SHAPES, lengths, strict=True)
            if length
        )
    )


def legend(*, ascii_only: bool) -> list[Cell]:
    """What each shape stands for."""
    parts: list[Cell] = []
    for (shape, plain_shape, tone), name in zip(SHAPES, (*judge.PHASES, judge.REST), strict=True):
        parts += [((plain_shape if ascii_only else shape) * 2, tone), (f" {name}   ", "muted")]
    return parts
