"""Watermarks of a vertex's subtasks, and the subtask that holds the others back."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from msgspec import Struct

from flinktop.flink.numbers import subtask_index
from flinktop.model.subtask_figures import ENDED, NO_WATERMARK, watermark_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from flinktop.flink.metrics import Metric


class Held(Struct, frozen=True):
    """The subtask that holds a vertex back."""

    subtask: int  # the subtask with the lowest watermark; the lowest index of several
    behind: float  # seconds behind the highest watermark; infinite without a watermark
    others: int  # number of others that are as low


def marks(metrics: Iterable[Metric]) -> dict[int, float]:
    """Watermarks in ms since 1970 by subtask; -inf is none yet (Long.MIN), inf the end of the input."""
    found: dict[int, float] = {}
    for metric in metrics:
        index = subtask_index(metric.id.partition(".")[0])
        if index is not None and metric.value is not None:
            found[index] = watermark_of(metric)
    return found


def held(by_subtask: Mapping[int, float]) -> Held | None:
    """The subtask that holds the others back; None if all are equal, or none has a watermark."""
    if len(by_subtask) < 2 or max(by_subtask.values()) == NO_WATERMARK:  # noqa: PLR2004 -- a single one holds nothing back
        return None
    lowest = min(by_subtask.values())
    # The end of the input is no time to be behind of.
    foremost = max((mark for mark in by_subtask.values() if math.isfinite(mark)), default=lowest)
    if lowest in (foremost, ENDED):
        return None
    last = [subtask for subtask, mark in by_subtask.items() if mark == lowest]
    return Held(min(last), (foremost - lowest) / 1000.0, len(last) - 1)
