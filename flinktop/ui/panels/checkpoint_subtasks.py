"""One vertex's share of a checkpoint by subtask, with its phases drawn as bars on one scale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flinktop.flink.checkpoints import CHECKPOINT_SUBTASKS
from flinktop.flink.errors import NotFound
from flinktop.model import checkpoints as judge
from flinktop.model import format as fmt
from flinktop.ui.live import Panel
from flinktop.ui.panels.checkpoint_facts import (
    DROPPED,
    checkpoint_facts,
    seconds_between,
    watch_checkpoint,
)
from flinktop.ui.panels.checkpoint_history import in_flight
from flinktop.ui.panels.checkpoint_shares import ShareRow, painted_bar, share_rows, summary_rows
from flinktop.ui.panels.frame import zone_offset
from flinktop.ui.panels.plain import plain, plain_columns
from flinktop.ui.widgets.fixed_rows import FixedRows
from flinktop.ui.widgets.table import Cell, Column, LiveTable

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult

    from flinktop.engine.host import Port
    from flinktop.engine.store import Reading
    from flinktop.flink.checkpoints import CheckpointSubtasks

TALL = 32
"""Rows of a screen that has room for percentiles."""


def _time(value: float | None, tone: str = "") -> Cell:
    return (fmt.milliseconds(value), tone) if value is not None else (fmt.ABSENT, "muted")


def _size(value: float | None) -> Cell:
    return (fmt.size(value), "") if value is not None else (fmt.ABSENT, "muted")


def _phase(number: int) -> Callable[[ShareRow], Cell]:
    def cell(row: ShareRow) -> Cell:
        value = row.times.parts[number]
        is_longest = row.index >= 0 and judge.longest(row.times)[0] == judge.PHASES[number] and bool(value)
        return _time(value, "strong" if is_longest else "")

    return cell


def _milliseconds_of(number: int) -> Callable[[ShareRow], float | None]:
    return lambda row: row.times.parts[number]


def columns(*, ascii_only: bool) -> list[Column[ShareRow]]:
    """The columns of subtasks and of the statistics under them."""
    phases: list[Column[ShareRow]] = [
        Column(
            key,
            title,
            7,
            _phase(number),
            sort=_milliseconds_of(number),
            align="right",
            descending=True,
            drop=1,
        )
        for number, (key, title) in enumerate(
            (("start", "START"), ("alignment", "ALIGN"), ("sync", "SYNC"), ("async", "ASYNC"))
        )
    ]
    found: list[Column[ShareRow]] = [
        Column("shape", "", 1, lambda row: (row.state[:1], row.tone)),
        Column(
            "subtask",
            "SUBTASK",
            7,
            lambda row: (row.name, "strong"),
            sort=lambda row: row.index,
            align="right",
        ),
        Column(
            "state", "STATE", 9, lambda row: (row.state[2:], row.tone), sort=lambda row: row.state, drop=4
        ),
        Column(
            "phases",
            "PHASES",
            22,
            lambda _row: ("", ""),
            flex=True,
            stripes=lambda row, width: painted_bar(row, width, ascii_only=ascii_only),
        ),
        *phases,
        Column(
            "total",
            "TOTAL",
            7,
            lambda row: _time(row.times.total),
            sort=lambda row: row.times.total,
            align="right",
            descending=True,
        ),
        Column(
            "acknowledged", "ACKED", 10, lambda row: (row.acknowledged_at, "muted"), align="right", drop=5
        ),
        Column(
            "written",
            "WRITTEN",
            7,
            lambda row: _size(row.written),
            sort=lambda row: row.written,
            align="right",
            descending=True,
            drop=3,
        ),
        Column(
            "full",
            "FULL",
            6,
            lambda row: _size(row.full),
            sort=lambda row: row.full,
            align="right",
            descending=True,
            drop=6,
        ),
        Column(
            "in-flight",
            "IN FLIGHT",
            13,
            lambda row: (in_flight(row.processed, row.persisted), ""),
            sort=lambda row: row.processed,
            align="right",
            descending=True,
            drop=7,
        ),
        Column("kind", "BARRIERS", 9, lambda row: (row.kind, ""), sort=lambda row: row.kind, drop=8),
    ]
    return plain_columns(found) if ascii_only else found


def subtasks_every(port: Port, job: str, checkpoint: int, vertex: str) -> float:
    """Seconds between two looks at the subtasks: they change only while the checkpoint is in progress."""
    query = CHECKPOINT_SUBTASKS(job=job, checkpoint=checkpoint, vertex=vertex)
    return seconds_between(port, job, checkpoint, port.reading(query))


class CheckpointShares(Panel):
    """The subtasks of one vertex in one checkpoint, and statistics that stay while they scroll."""

    BOX = "Subtasks"
    DEFAULT_CSS = """
    CheckpointShares { height: 1fr; layout: vertical; }
    CheckpointShares LiveTable { height: 1fr; }
    """

    def __init__(self, job: str, checkpoint: int, vertex: str) -> None:
        super().__init__()
        self._job = job
        self._checkpoint = checkpoint
        self._vertex = vertex

    def compose(self) -> ComposeResult:
        """The table, the statistics."""
        ascii_only = self.app.settings.ascii
        yield LiveTable(
            columns(ascii_only=ascii_only),
            row_key=lambda row: row.name,
            empty="asking for the subtasks",
            ascii=ascii_only,
            id="subtasks",
        )
        yield FixedRows(columns(ascii_only=ascii_only), ascii=ascii_only)

    def on_mount(self) -> None:
        """Watch the subtasks while they may change."""
        watch_checkpoint(self, self._job, self._checkpoint, self._details)
        self._follow()
        super().on_mount()

    @property
    def table(self) -> LiveTable[ShareRow]:
        """The table itself."""
        return self.query_one(LiveTable)

    def on_resize(self) -> None:
        """Percentiles are shown where there is room for them."""
        self.shielded(self._show_subtasks)

    def _details(self, _reading: Reading[Any]) -> None:
        watch_checkpoint(self, self._job, self._checkpoint, self._details)
        self._follow()
        self._show_subtasks()

    def _told(self, _reading: Reading[CheckpointSubtasks]) -> None:
        self._follow()
        self._show_subtasks()

    def _follow(self) -> None:
        query = CHECKPOINT_SUBTASKS(job=self._job, checkpoint=self._checkpoint, vertex=self._vertex)
        every = subtasks_every(self.port, self._job, self._checkpoint, self._vertex)
        self.watch_query("subtasks", query, self._told, every=every)

    def _show_subtasks(self) -> None:
        query = CHECKPOINT_SUBTASKS(job=self._job, checkpoint=self._checkpoint, vertex=self._vertex)
        reading = self.port.reading(query)
        if reading is None:
            return
        if reading.value is None:
            if reading.error is not None:
                words = DROPPED if isinstance(reading.error, NotFound) else reading.error.reason
                self.table.set_empty(plain(words) if self.app.settings.ascii else words)
            return
        told = checkpoint_facts(self.port, self._job, self._checkpoint).told
        under_way = told is None or judge.is_under_way(told)
        rows = share_rows(
            reading.value, under_way=under_way, now=self.port.known_time(), offset=zone_offset(self)
        )
        self.table.set_rows(rows)
        statistics: FixedRows[ShareRow] = self.query_one(FixedRows)
        statistics.set_rows(summary_rows(reading.value, rows, percentiles=self.screen.size.height >= TALL))
