"""What a line says of one subtask in one checkpoint, or of all of them, and the bar of its phases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.facts.checkpoint_subtasks import SubtaskShare, subtask_share
from flinktop.model import checkpoints as judge
from flinktop.ui.widgets.columns import Stripes
from flinktop.ui.widgets.one_by_one import one_by_one

if TYPE_CHECKING:
    from flinktop.flink.checkpoints import CheckpointSubtasks
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


def share_rows(share: CheckpointSubtasks, *, under_way: bool, offset: float | None) -> MadeRows[SubtaskShare]:
    """A row for each subtask: those that have not acknowledged first, then the slowest.

    Rests on `…/checkpoints/details/:checkpointid/subtasks/:vertexid`; times in ms, sizes in bytes.
    """
    times = {subtask.index: judge.phase_times(subtask) for subtask in share.subtasks}
    scale = max((one.length for one in times.values()), default=0.0)
    rows = one_by_one(
        share.subtasks,
        lambda subtask: subtask_share(
            subtask, times[subtask.index], scale, under_way=under_way, offset=offset
        ),
        key=lambda subtask: str(subtask.index),
    )
    rows.sort(key=lambda row: (row.times.total is not None, -(row.times.total or 0.0), row.index))
    return rows


def painted_bar(row: SubtaskShare, width: int, *, ascii_only: bool) -> Stripes:
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
