"""The columns of the subtasks table."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from flinktop.model import busy
from flinktop.model import format as fmt
from flinktop.model.subtask_figures import ENDED
from flinktop.ui.panels.columns import figure, lag, number, state, text

if TYPE_CHECKING:
    from collections.abc import Callable

    from flinktop.facts.figure import Figure
    from flinktop.facts.subtasks import SubtaskFacts
    from flinktop.ui.widgets.columns import Cell, Column


def columns(
    offset: Callable[[], float | None], cluster_now: Callable[[], float]
) -> tuple[Column[SubtaskFacts], ...]:
    """The columns; index, state and rates are the last to give way."""

    def mark(value: float) -> str:
        if math.isinf(value):
            return "ended" if value == ENDED else "none"
        return fmt.near(value / 1000.0, offset(), cluster_now())

    def percent(
        key: str, title: str, of: Callable[[SubtaskFacts], Figure], drop: int
    ) -> Column[SubtaskFacts]:
        tone = busy.tone if key != "idle" else None
        return _metered(figure(key, title, 5, of, fmt.per_mille, tone=tone, drop=drop))

    return (
        text(
            *("index", "#", 4, lambda row: row.key), tone="strong", sort=lambda row: row.index, align="right"
        ),
        state(),
        text(
            *("attempt", "ATTEMPT", 7, lambda row: fmt.number(row.attempt)),
            tone=lambda row: "warn" if row.attempt else "muted",
            sort=lambda row: row.attempt,
            align="right",
            descending=True,
            drop=6,
        ),
        text("host", "HOST", 16, lambda row: row.host, sort=lambda row: row.host, drop=3, flex=True),
        _metered(figure("taken", "IN/s", 6, lambda row: row.taken)),
        _metered(figure("sent", "OUT/s", 6, lambda row: row.sent)),
        figure("total_taken", "IN", 6, lambda row: row.total_taken, drop=5),
        figure("total_sent", "OUT", 6, lambda row: row.total_sent, drop=5),
        figure("bytes_taken", "BYTES IN", 9, lambda row: row.bytes_taken, fmt.size, drop=11),
        figure("bytes_sent", "BYTES OUT", 9, lambda row: row.bytes_sent, fmt.size, drop=11),
        percent("busy", "BUSY%", lambda row: row.busy, 1),
        percent("backpressured", "BKPR%", lambda row: row.backpressured, 1),
        percent("idle", "IDLE%", lambda row: row.idle, 8),
        _metered(figure("watermark", "WATERMARK", 11, lambda row: row.mark, mark, descending=False, drop=9)),
        _metered(lag("lag", "WM LAG", 6, lambda row: row.lag, drop=2)),
        number("seconds", "IN STATE", 8, lambda row: row.detail.seconds, fmt.span, tone="muted", drop=7),
    )


def _metered(column: Column[SubtaskFacts]) -> Column[SubtaskFacts]:
    """The column of something that may be older than the rest of its row."""

    def cell(row: SubtaskFacts) -> Cell:
        shown, tone = column.cell(row)
        known = row.stale and column.sort is not None and column.sort(row) is not None
        return shown, "stale" if known else tone

    return replace(column, cell=cell)
