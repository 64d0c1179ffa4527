"""What a job's completed checkpoints have in common: least, mean, most and percentiles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flinktop.facts.checkpoints import CheckpointMeasure, measures, not_reported
from flinktop.flink.checkpoints import CHECKPOINTS
from flinktop.flink.jobs import JOB
from flinktop.model import format as fmt
from flinktop.ui.live import Panel
from flinktop.ui.panels.answer_table import Words
from flinktop.ui.panels.checkpoint_lines import why_empty
from flinktop.ui.widgets.celltext import wrap
from flinktop.ui.widgets.table import Cell, Column, LiveTable

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult

    from flinktop.engine.store import Reading

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


def _cell(statistic: str) -> Callable[[CheckpointMeasure], Cell]:
    def cell(row: CheckpointMeasure) -> Cell:
        value = getattr(row.spread, statistic) if row.spread is not None else None
        if value is None:
            return fmt.ABSENT, "muted"
        return (fmt.milliseconds(value) if row.is_time else fmt.size(value)), ""

    return cell


def columns() -> list[Column[CheckpointMeasure]]:
    """The measure and its statistics."""
    found: list[Column[CheckpointMeasure]] = [
        Column("name", "MEASURE", 21, lambda row: (row.name, "strong"), flex=True),
        *(Column(key, title, 7, _cell(key), align="right", drop=drop) for key, title, drop in STATISTICS),
    ]
    return found


class CheckpointSummary(Panel):
    """The summary that Flink keeps of a job's completed checkpoints (`…/checkpoints`)."""

    BOX = "Completed checkpoints"
    DEFAULT_CSS = "CheckpointSummary { height: 1fr; } CheckpointSummary LiveTable { height: 1fr; }"

    def __init__(self, job: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._job = job

    def compose(self) -> ComposeResult:
        """One table, under what this release does not tell."""
        ascii_only = self.app.settings.ascii
        yield Words(ascii_only=ascii_only)
        yield LiveTable(columns(), row_key=lambda row: row.name, ascii=ascii_only)

    def on_mount(self) -> None:
        """Watch the history, which brings the summary."""
        self.watch_query("checkpoints", CHECKPOINTS(job=self._job), self._show_summary)
        self.watch_query("job", JOB(job=self._job), self._show_summary)
        super().on_mount()

    def on_resize(self) -> None:
        """Another width may need another number of lines."""
        self.shielded(self.show_again)

    def _show_summary(self, _reading: Reading[Any]) -> None:
        reading = self.port.reading(CHECKPOINTS(job=self._job))
        table: LiveTable[CheckpointMeasure] = self.query_one(LiveTable)
        nothing = why_empty(self.port, self._job, "loading checkpoints…", "no checkpoint has completed yet")
        table.set_empty(nothing)
        table.set_rows(measures(reading.value) if reading is not None and reading.value is not None else [])
        told = reading.value if reading is not None else None
        said = not_reported(told) if told is not None else ""
        if said:
            said = f"{said}; this cluster runs {self.port.features.version}."
        lines = wrap(said, self.content_size.width - 2, MOST_WORDS) if said else []
        self.query_one(Words).set_lines([[(line, "muted")] for line in lines])
