"""What a job's completed checkpoints have in common: least, mean, most and percentiles."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from flinktop.facts.checkpoints import CheckpointMeasure, measures, not_reported
from flinktop.flink.checkpoints import CHECKPOINTS
from flinktop.flink.jobs import JOB
from flinktop.model import format as fmt
from flinktop.ui.panels.checkpoint_lines import why_empty
from flinktop.ui.panels.columns import text
from flinktop.ui.panels.table_panel import TablePanel
from flinktop.ui.widgets.celltext import wrap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flinktop.flink.checkpoints import CheckpointStats
    from flinktop.flink.endpoint import Query
    from flinktop.ui.live import Asks
    from flinktop.ui.panels.parts import Part
    from flinktop.ui.widgets.columns import Column

STATISTICS = (
    ("min", "MIN", 0),
    ("avg", "AVG", 0),
    ("max", "MAX", 0),
    ("p50", "P50", 1),
    ("p90", "P90", 3),
    ("p95", "P95", 4),
    ("p99", "P99", 2),
    ("p999", "P99.9", 5),
)
"""Field, title, and which goes first where there is no room; the percentiles from 1.14."""
MOST_WORDS = 3
"""Lines of a sentence above the table."""


def _statistic(field: str, row: CheckpointMeasure) -> str:
    value = getattr(row.spread, field) if row.spread is not None else None
    if value is None:
        return ""
    return fmt.milliseconds(value) if row.is_time else fmt.size(value)


def columns() -> tuple[Column[CheckpointMeasure], ...]:
    """The measure and its statistics."""
    name: Column[CheckpointMeasure] = text(
        "name", "MEASURE", 21, lambda row: row.name, tone="strong", flex=True
    )
    return (
        name,
        *(
            text(field, title, 7, partial(_statistic, field), align="right", drop=drop)
            for field, title, drop in STATISTICS
        ),
    )


class CheckpointSummary(TablePanel[CheckpointMeasure]):
    """The summary that Flink keeps of a job's completed checkpoints, under what the release lacks."""

    BOX = "Completed checkpoints"
    LOADING = "loading checkpoints…"
    NOTHING = "no checkpoint has completed yet"
    FADES = False

    def columns(self) -> Sequence[Column[CheckpointMeasure]]:
        return columns()

    def source(self) -> Query[CheckpointStats]:
        return CHECKPOINTS(job=self.job)

    def asks(self) -> Asks:
        return super().asks() | {JOB(job=self.job): 0.0}

    def key(self, row: CheckpointMeasure) -> str:
        return row.name

    def rows_of(self, answer: CheckpointStats) -> Sequence[CheckpointMeasure]:
        return measures(answer)

    def empty(self) -> str:
        return why_empty(self.port, self.job, self.LOADING, self.NOTHING)

    def words(self) -> Sequence[list[Part]]:
        said = not_reported(self.answer) if self.answer is not None else ""
        if not said:
            return ()
        said = f"{said}; this cluster runs {self.port.features.version}."
        return [[(line, "muted")] for line in wrap(said, self.content_size.width - 2, MOST_WORDS)]
