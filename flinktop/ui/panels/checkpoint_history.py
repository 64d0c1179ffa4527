"""A job's checkpoints and savepoints, newest first, those that Flink has dropped too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.facts.checkpoints import ONCE
from flinktop.flink.checkpoints import CHECKPOINT, CHECKPOINTS
from flinktop.flink.jobs import JOB
from flinktop.model import checkpoints as judge
from flinktop.model import format as fmt
from flinktop.ui.panels.checkpoint_lines import acknowledged_tone, size_columns, why_empty
from flinktop.ui.panels.columns import number, text
from flinktop.ui.panels.table_panel import TablePanel
from flinktop.ui.widgets.columns import Column, Stripes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flinktop.engine.host import Port
    from flinktop.engine.seen_checkpoints import SeenCheckpoint
    from flinktop.ui.live import Asks
    from flinktop.ui.widgets.columns import Cell

GONE = "dropped by Flink"
UNSEEN = "▲ UNKNOWN"
"""The state of one that was in progress when it was told last."""


def is_under_way(row: SeenCheckpoint) -> bool:
    """Whether it may still complete."""
    return judge.is_under_way(row.checkpoint) and not row.gone


def history_rows(port: Port, job: str) -> list[SeenCheckpoint]:
    """Those in progress first, then newest first."""
    return sorted(port.checkpoints(job), key=lambda row: not is_under_way(row))


def _state(row: SeenCheckpoint) -> Cell:
    if row.gone and judge.is_under_way(row.checkpoint):
        return UNSEEN, "warn"
    return judge.state(row.checkpoint.status), judge.tone(row.checkpoint.status)


def _files(row: SeenCheckpoint) -> str:
    if row.checkpoint.status != judge.COMPLETED:
        return ""
    return "discarded" if row.checkpoint.discarded else "kept"


def _note(row: SeenCheckpoint) -> list[Cell]:
    """That Flink has dropped it, why it failed or where it lies."""
    one = row.checkpoint
    parts: list[Cell] = [(GONE, "stale")] if row.gone else []
    if one.status == judge.FAILED:
        parts.append((one.failure_message or "Flink gave no reason", "bad"))
    elif one.external_path:
        parts.append((one.external_path, "muted"))
    return parts


def _painted_note(row: SeenCheckpoint, width: int) -> Stripes:
    """The note in its column; of a path the end is shown, which tells checkpoints apart."""
    runs: list[Cell] = []
    for said, tone in _note(row):
        if runs:
            runs.append(("  ", ""))
        room = max(width - sum(len(text) for text, _ in runs), 0)
        is_path = said == row.checkpoint.external_path
        runs.append((judge.tail(said, room) if is_path else said, tone))
    return Stripes(tuple(runs))


def columns(port: Port, offset: Callable[[], float | None]) -> tuple[Column[SeenCheckpoint], ...]:
    """The columns; what tells one checkpoint from another, how it went and how long it took stay longest."""

    def seconds(row: SeenCheckpoint) -> float | None:
        triggered = row.checkpoint.trigger_timestamp
        return max(0.0, port.known_time() - triggered / 1000.0) if triggered >= 0 else None

    def triggered(row: SeenCheckpoint) -> str:
        return fmt.near(row.checkpoint.trigger_timestamp / 1000.0, offset(), port.known_time())

    def took(row: SeenCheckpoint) -> str:
        so_far = seconds(row)
        if not is_under_way(row):
            lasted: float | None = row.checkpoint.duration
        else:
            # To the second: a tenth would repaint the line at every look.
            lasted = int(so_far) * 1000.0 if so_far is not None else None
        return fmt.milliseconds(lasted) if lasted is not None else ""

    def missing(row: SeenCheckpoint) -> int | None:
        return -row.checkpoint.missing if row.checkpoint.missing is not None else None

    return (
        number("id", "ID", 6, lambda row: row.checkpoint.id, str, tone="strong"),
        Column("state", "STATE", 13, _state, sort=lambda row: row.checkpoint.status),
        text("type", "TYPE", 10, lambda row: judge.kind(row.checkpoint), sort=True, drop=3),
        text(
            *("triggered", "TRIGGERED", 11, triggered),
            sort=lambda row: row.checkpoint.trigger_timestamp,
            align="right",
            descending=True,
            drop=4,
        ),
        number("age", "AGE", 5, seconds, fmt.span, tone="muted", sorts=False, drop=6),
        text(
            *("acknowledged", "ACKED", 9),
            lambda row: fmt.part(row.checkpoint.num_acknowledged_subtasks, row.checkpoint.num_subtasks),
            tone=lambda row: acknowledged_tone(row.checkpoint.missing, under_way=is_under_way(row)),
            sort=missing,
            align="right",
            drop=5,
        ),
        text(
            *("duration", "DURATION", 8, took),
            tone=lambda row: "info" if is_under_way(row) else "",
            sort=lambda row: row.checkpoint.duration,
            align="right",
            descending=True,
            drop=1,
        ),
        *size_columns(lambda row: row.checkpoint, drops=(2, 7, 9)),
        text(
            "files", "FILES", 9, _files, tone=lambda row: "muted" if row.checkpoint.discarded else "", drop=8
        ),
        Column(
            *("name", "PATH OR REASON", 16),
            lambda row: ("  ".join(text for text, _ in _note(row)), ""),
            flex=True,
            stripes=_painted_note,
        ),
    )


class CheckpointHistory(TablePanel["SeenCheckpoint"]):
    """Every checkpoint seen of one job; the details of failed ones on the screen are fetched once."""

    BOX = "History"
    LOADING = "loading checkpoints…"
    NOTHING = "no checkpoint yet"
    TABLE_ID = "checkpoints"

    def columns(self) -> Sequence[Column[SeenCheckpoint]]:
        return columns(self.port, self.zone_offset)

    def key(self, row: SeenCheckpoint) -> str:
        return str(row.checkpoint.id)

    def is_dim(self, row: SeenCheckpoint) -> bool:
        return row.gone

    def asks(self) -> Asks:
        """The history, and the details of the failed ones on the screen, one after the other, each once.

        Flink drops them with its history of ten; who did not acknowledge is then known no more.
        """
        asked: Asks = {CHECKPOINTS(job=self.job): 0.0, JOB(job=self.job): 0.0}
        wanted = next((key for key in self.visible_keys if self._lacks_details(key)), None)
        return asked | ({CHECKPOINT(job=self.job, checkpoint=wanted): ONCE} if wanted is not None else {})

    def rows(self) -> Sequence[SeenCheckpoint] | None:
        # A job that Flink has long forgotten keeps its last picture.
        return history_rows(self.port, self.job) or None

    def empty(self) -> str:
        return why_empty(self.port, self.job, self.LOADING, self.NOTHING)

    def _lacks_details(self, key: str) -> bool:
        seen = next((one for one in self.port.checkpoints(self.job) if str(one.checkpoint.id) == key), None)
        if seen is None or seen.gone or seen.checkpoint.status != judge.FAILED or seen.checkpoint.tasks:
            return False
        asked = self.port.reading(CHECKPOINT(job=self.job, checkpoint=key))
        return asked is None or (asked.value is None and asked.error is None)
