"""What is known of the watermarks of a vertex's subtasks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from msgspec import Struct

from flinktop.flink.numbers import LONG_MAX, LONG_MIN
from flinktop.model import format as fmt
from flinktop.model import lag as lags
from flinktop.model import rates, watermarks
from flinktop.model.subtask_figures import ENDED, NO_WATERMARK

if TYPE_CHECKING:
    from collections.abc import Mapping

FAR = 43_200.0
"""Seconds from which on a time is written with its date."""


class MarkFacts(Struct, frozen=True):
    """One subtask."""

    index: int
    mark: float | None
    """ms since 1970; -inf has not come, inf is the end of the input, None is not known."""
    raw: str
    time: str
    lag: float | None
    """Seconds behind the cluster's clock when the answer came, and the style of that."""
    lag_tone: str
    behind: float | None
    """Seconds behind the foremost subtask."""
    holds: bool
    """Whether it holds the others back."""
    old: bool = False


class Marks:
    """The watermarks of all subtasks of a vertex, at a time of the cluster (s since 1970)."""

    def __init__(
        self, known: Mapping[int, float], offset: float | None, cluster_now: float, *, old: bool
    ) -> None:
        self._known, self._offset, self._now, self._old = known, offset, cluster_now, old
        self._held = watermarks.held(known)
        self._foremost = max((mark for mark in known.values() if math.isfinite(mark)), default=None)
        self._lowest = min(known.values(), default=None)

    def facts(self, index: int, history: lags.Points) -> MarkFacts:
        """One subtask; `history` is its lag over the last minutes."""
        mark = self._known.get(index)
        finite = mark is not None and math.isfinite(mark)
        return MarkFacts(
            index=index,
            mark=mark,
            raw=_raw(mark),
            time=mark_text(mark, self._offset, self._now),
            lag=rates.watermark_lag(mark, self._now) if finite else None,
            lag_tone=lags.tone(history),
            behind=(self._foremost - mark) / 1000.0
            if finite and self._foremost is not None and mark is not None
            else None,
            holds=self._held is not None and mark == self._lowest,
            old=self._old,
        )


def _raw(mark: float | None) -> str:
    if mark is None:
        return fmt.UNKNOWN
    return str(LONG_MIN if mark == NO_WATERMARK else LONG_MAX if mark == ENDED else int(mark))


def mark_text(mark: float | None, offset: float | None, cluster_now: float) -> str:
    """A watermark as a time, with its date where it is far from now."""
    if mark is None:
        return fmt.UNKNOWN
    if math.isinf(mark):
        return "the input has ended" if mark == ENDED else "none yet"
    return (
        fmt.moment(mark / 1000.0, offset)
        if abs(mark / 1000.0 - cluster_now) > FAR
        else fmt.clock(mark / 1000.0, offset)
    )
