"""A job's checkpoints and savepoints, including those that Flink has dropped: newest first, and over time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from flinktop.facts.checkpoints import ONCE, completed_points, durations, ends, failed_points
from flinktop.facts.jobs import job_state
from flinktop.flink.checkpoints import CHECKPOINT, CHECKPOINTS
from flinktop.flink.jobs import JOB
from flinktop.model import checkpoints as judge
from flinktop.model import format as fmt
from flinktop.model import states
from flinktop.ui.live import Asks, Panel
from flinktop.ui.panels.checkpoint_lines import acknowledged_column, size_columns, why_empty
from flinktop.ui.panels.columns import near, number, text
from flinktop.ui.panels.table_panel import TablePanel
from flinktop.ui.panels.time_chart import BYTES, EVERYTHING, MILLISECONDS, TimeChart
from flinktop.ui.widgets.chart import Line
from flinktop.ui.widgets.columns import Column, Stripes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.app import ComposeResult

    from flinktop.engine.host import Port
    from flinktop.engine.seen_checkpoints import SeenCheckpoint
    from flinktop.flink.checkpoints import Checkpoint
    from flinktop.ui.panels.time_chart import Unit
    from flinktop.ui.widgets.columns import Cell


DROPPED = "dropped by Flink"
UNSEEN = "▲ UNKNOWN"  # the state of one that was in progress when it was last reported
LEAST_WINDOW = 120.0
MARGIN = 1.03
"""The window is longer than its contents by more than a column, as charts move by whole columns."""


def is_under_way(row: SeenCheckpoint) -> bool:
    """Whether it may still complete."""
    return judge.is_under_way(row.checkpoint) and not row.dropped


def history_rows(port: Port, job: str) -> list[SeenCheckpoint]:
    """Checkpoints in progress first, then newest first."""
    return sorted(port.checkpoints(job), key=lambda row: not is_under_way(row))


def _state(row: SeenCheckpoint) -> Cell:
    if row.dropped and judge.is_under_way(row.checkpoint):
        return UNSEEN, "warn"
    return judge.state(row.checkpoint.status), judge.tone(row.checkpoint.status)


def _files(row: SeenCheckpoint) -> str:
    if row.checkpoint.status != judge.COMPLETED:
        return ""
    return "discarded" if row.checkpoint.discarded else "kept"


def _note(row: SeenCheckpoint) -> list[Cell]:
    """That Flink has dropped it, why it failed or where it is stored."""
    one = row.checkpoint
    parts: list[Cell] = [(DROPPED, "stale")] if row.dropped else []
    if one.status == judge.FAILED:
        parts.append((one.failure_message or "Flink gave no reason", "bad"))
    elif one.external_path:
        parts.append((one.external_path, "muted"))
    return parts


def _painted_note(row: SeenCheckpoint, width: int) -> Stripes:
    """The note in its column; of a path the end is shown, which differs between checkpoints."""
    runs: list[Cell] = []
    for words, tone in _note(row):
        if runs:
            runs.append(("  ", ""))
        room = max(width - sum(len(text) for text, _ in runs), 0)
        is_path = words == row.checkpoint.external_path
        runs.append((judge.tail(words, room) if is_path else words, tone))
    return Stripes(tuple(runs))


class CheckpointHistory(TablePanel["SeenCheckpoint"]):
    """Every checkpoint seen of one job; the details of failed ones on the screen are fetched once."""

    BOX = "History"
    LOADING = "loading checkpoints…"
    NOTHING = "no checkpoint yet"
    TABLE = "checkpoints"
    TABLE_ID = "checkpoints"

    def columns(self) -> Sequence[Column[SeenCheckpoint]]:
        def seconds(row: SeenCheckpoint) -> float | None:
            triggered = row.checkpoint.trigger_timestamp
            return max(0.0, self.port.known_time() - triggered / 1000.0) if triggered >= 0 else None

        def took(row: SeenCheckpoint) -> str:
            so_far = seconds(row)
            if not is_under_way(row):
                lasted: float | None = row.checkpoint.duration
            else:
                # Whole seconds: a tenth would repaint the line at every update.
                lasted = int(so_far) * 1000.0 if so_far is not None else None
            return fmt.milliseconds(lasted) if lasted is not None else ""

        def of(row: SeenCheckpoint) -> Checkpoint:
            return row.checkpoint

        return (
            number("id", "ID", 6, lambda row: row.checkpoint.id, str, tone="strong"),
            Column("state", "STATE", 13, _state, sort=lambda row: row.checkpoint.status),
            text("type", "TYPE", 10, lambda row: judge.kind(row.checkpoint), sort=True, drop=3),
            near(
                "triggered",
                "TRIGGERED",
                lambda row: row.checkpoint.trigger_timestamp,
                self.near,
                descending=True,
                drop=4,
            ),
            number("age", "AGE", 5, seconds, fmt.span, tone="muted", sorts=False, drop=6),
            acknowledged_column(of, is_under_way, drop=5),
            text(
                "duration",
                "DURATION",
                8,
                took,
                tone=lambda row: "info" if is_under_way(row) else "",
                sort=lambda row: row.checkpoint.duration,
                align="right",
                descending=True,
                drop=1,
            ),
            *size_columns(of, drops=(2, 7, 9)),
            text(
                "files",
                "FILES",
                9,
                _files,
                tone=lambda row: "muted" if row.checkpoint.discarded else "",
                drop=8,
            ),
            Column(
                "path",
                "PATH OR REASON",
                16,
                lambda row: ("  ".join(text for text, _ in _note(row)), ""),
                flex=True,
                stripes=_painted_note,
            ),
        )

    def key(self, row: SeenCheckpoint) -> str:
        return str(row.checkpoint.id)

    def is_dim(self, row: SeenCheckpoint) -> bool:
        return row.dropped

    def asks(self) -> Asks:
        """The history, and the details of the failed ones on the screen, one after the other, each once.

        Flink drops them with its history of ten; after that it is not known who did not acknowledge.
        """
        queries: Asks = {CHECKPOINTS(job=self.job): 0.0, JOB(job=self.job): 0.0}
        wanted = next((key for key in self.visible_keys if self._lacks_details(key)), None)
        return queries | ({CHECKPOINT(job=self.job, checkpoint=wanted): ONCE} if wanted is not None else {})

    def rows(self) -> Sequence[SeenCheckpoint] | None:
        # A job that Flink has long forgotten keeps its last rows.
        return history_rows(self.port, self.job) or None

    def empty(self) -> str:
        return why_empty(self.port, self.job, self.LOADING, self.NOTHING)

    def _lacks_details(self, key: str) -> bool:
        seen = next((one for one in self.port.checkpoints(self.job) if str(one.checkpoint.id) == key), None)
        if seen is None or seen.dropped or seen.checkpoint.status != judge.FAILED or seen.checkpoint.tasks:
            return False
        details = self.port.reading(CHECKPOINT(job=self.job, checkpoint=key))
        return details is None or (details.value is None and details.error is None)


class CheckpointTrend(TimeChart):
    """One chart over all recorded checkpoints of a job."""

    DEFAULT_CSS = "CheckpointTrend { height: 1fr; width: 1fr; }"
    TO_THE_SECOND = 600.0

    def __init__(self, job: str, box: str, lines: Callable[[Port, str], list[Line]], unit: Unit) -> None:
        super().__init__(box, tuple, self._why_none, unit, job=job)
        self._made = lines

    def asks(self) -> Asks:
        return {CHECKPOINTS(job=self.job): 0.0, JOB(job=self.job): 0.0}

    def picture(self) -> tuple[list[Line], float, float]:
        lines = self._made(self.port, self.job)
        since, until = self._span(*ends(self.port, self.job))
        seen = any(since <= at <= until for line in lines for at, _ in line.points)
        return lines if seen else [], since, until

    def heading(self, window: str) -> tuple[str, str]:
        return ", ".join(filter(None, ("" if self.boxed else self.BOX, window))), ""

    def _why_none(self) -> str:
        known = bool(self.port.checkpoints(self.job))
        nothing = "no checkpoint has completed in this time" if known else "no checkpoint has completed yet"
        return why_empty(self.port, self.job, "loading checkpoints…", nothing)

    def _span(self, oldest: float | None, newest: float | None) -> tuple[float, float]:
        """Start and end of the chart: up to now, or the last checkpoint of a job that has ended.

        Everything recorded is shown while the user has not chosen a window: checkpoints are few.
        """
        ended = states.is_terminal(job_state(self.port, self.job))
        until = newest if ended and newest is not None else float(round(self.port.cluster_time()))
        chosen = self.app.chart_window
        if chosen is None or chosen == EVERYTHING:
            age = until - oldest if oldest is not None else 0.0
            return until - max(LEAST_WINDOW, math.ceil(age * MARGIN)), until
        return until - chosen, until


def duration_lines(port: Port, job: str) -> list[Line]:
    """Completed checkpoints as a line, failed ones as strokes up to the time of failure (ms)."""
    lines = [Line("end to end", tuple(durations(port, job)), "first")]
    if failed := failed_points(port, job):
        lines.append(Line("failed", tuple(failed), "bad"))
    return lines


def size_lines(port: Port, job: str) -> list[Line]:
    """Bytes that completed checkpoints wrote."""
    points = completed_points(port, job, "checkpoint-size", lambda one: one.written)
    return [Line("written", tuple(points), "first")]


class CheckpointTrends(Panel):
    """Durations and sizes over the same time."""

    DEFAULT_CSS = "CheckpointTrends { height: 1fr; layout: horizontal; }"

    def compose(self) -> ComposeResult:
        yield CheckpointTrend(self.job, "Duration", duration_lines, MILLISECONDS)
        yield CheckpointTrend(self.job, "Size", size_lines, BYTES)
