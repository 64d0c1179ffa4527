"""What is known of the watermarks of a vertex's subtasks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from msgspec import Struct

from flinktop.facts.figure import ABSENT, Figure
from flinktop.model import lag as lags
from flinktop.model import rates, watermarks

if TYPE_CHECKING:
    from collections.abc import Mapping


class MarkFacts(Struct, frozen=True):
    """One subtask."""

    index: int
    mark: float | None
    """ms since 1970; -inf has not come, inf is the end of the input, None is not known."""
    lag: Figure
    """Seconds behind the cluster's clock when the answer came."""
    behind: float | None
    """Seconds behind the foremost subtask."""
    holds: bool
    """Whether it holds the others back."""


class Marks:
    """The watermarks of all subtasks of a vertex, at a time of the cluster (s since 1970)."""

    def __init__(self, known: Mapping[int, float], cluster_now: float) -> None:
        self._known, self._now = known, cluster_now
        self._held = watermarks.held(known)
        self._foremost = max((mark for mark in known.values() if math.isfinite(mark)), default=None)
        self._lowest = min(known.values(), default=None)

    def facts(self, index: int, history: lags.Points) -> MarkFacts:
        """One subtask; `history` is its lag over the last minutes."""
        mark = self._known.get(index)
        finite = mark is not None and math.isfinite(mark)
        lag = rates.watermark_lag(mark, self._now) if finite else None
        return MarkFacts(
            index=index,
            mark=mark,
            lag=Figure(lag, tone=lags.tone(history)) if lag is not None else ABSENT,
            behind=(self._foremost - mark) / 1000.0
            if finite and self._foremost is not None and mark is not None
            else None,
            holds=self._held is not None and mark == self._lowest,
        )
