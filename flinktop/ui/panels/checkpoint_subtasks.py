"""One vertex's share of a checkpoint by subtask, with its phases drawn as bars on one scale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.widgets import Static

from flinktop.facts.checkpoint_subtasks import SubtaskShare, statistics_of
from flinktop.facts.checkpoints import checkpoint_facts, seconds_between
from flinktop.facts.freshness import error_of
from flinktop.flink.checkpoints import CHECKPOINT_SUBTASKS
from flinktop.flink.errors import NotFound
from flinktop.model import checkpoints as judge
from flinktop.model import format as fmt
from flinktop.ui.live import Panel
from flinktop.ui.panels.checkpoint_history import in_flight
from flinktop.ui.panels.checkpoint_lines import DROPPED, watch_checkpoint
from flinktop.ui.panels.checkpoint_shares import legend, painted_bar, share_rows
from flinktop.ui.panels.frame import assemble, zone_offset
from flinktop.ui.widgets.fixed_rows import FixedRows
from flinktop.ui.widgets.one_by_one import MadeRows
from flinktop.ui.widgets.table import Cell, Column, LiveTable

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult

    from flinktop.engine.host import Port
    from flinktop.engine.store import Reading
    from flinktop.flink.checkpoints import CheckpointSubtasks
    from flinktop.flink.endpoint import Query

TALL = 32
"""Rows of a screen that has room for percentiles."""


def _time(value: float | None, tone: str = "") -> Cell:
    return (fmt.milliseconds(value), tone) if value is not None else (fmt.ABSENT, "muted")


def _size(value: float | None) -> Cell:
    return (fmt.size(value), "") if value is not None else (fmt.ABSENT, "muted")


def _phase(number: int) -> Callable[[SubtaskShare], Cell]:
    def cell(row: SubtaskShare) -> Cell:
        value = row.times.parts[number]
        is_longest = row.index >= 0 and judge.longest(row.times)[0] == judge.PHASES[number] and bool(value)
        return _time(value, "strong" if is_longest else "")

    return cell


def _milliseconds_of(number: int) -> Callable[[SubtaskShare], float | None]:
    return lambda row: row.times.parts[number]


def _acknowledged(row: SubtaskShare, now: float) -> Cell:
    if row.index < 0:
        return "", ""
    at = row.acknowledged_at
    return (fmt.near(at / 1000.0, row.offset, now) if at is not None else fmt.ABSENT), "muted"


def columns(now: Callable[[], float], *, ascii_only: bool) -> list[Column[SubtaskShare]]:
    """The columns of subtasks and of the statistics under them; `now` gives the cluster's time (s)."""
    phases: list[Column[SubtaskShare]] = [
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
    found: list[Column[SubtaskShare]] = [
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
        Column("acknowledged", "ACKED", 11, lambda row: _acknowledged(row, now()), align="right", drop=5),
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
    return found


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
    CheckpointShares Static { height: 1; padding: 0 1; }
    """

    def __init__(self, job: str, checkpoint: int, vertex: str = "", *, id: str | None = None) -> None:
        """Show this vertex, or none yet."""
        super().__init__(id=id)
        self._job = job
        self._checkpoint = checkpoint
        self._vertex = vertex
        self._shown_for: tuple[object, ...] = ()
        """What the rows on the screen were made of."""

    def compose(self) -> ComposeResult:
        """What the shapes stand for, the table, the statistics."""
        ascii_only = self.app.settings.ascii
        yield Static(assemble(legend(ascii_only=ascii_only)), markup=False)
        yield LiveTable(
            columns(self.port.known_time, ascii_only=ascii_only),
            row_key=lambda row: row.name,
            ascii=ascii_only,
            id="subtasks",
        )
        yield FixedRows(columns(self.port.known_time, ascii_only=ascii_only), ascii=ascii_only)

    def on_mount(self) -> None:
        """Watch the subtasks while they may change."""
        watch_checkpoint(self, self._job, self._checkpoint, self._details)
        self._follow()
        super().on_mount()

    @property
    def table(self) -> LiveTable[SubtaskShare]:
        """The table itself."""
        return self.query_one(LiveTable)

    def show_vertex(self, vertex: str) -> None:
        """Show another vertex."""
        if vertex != self._vertex:
            self._vertex = vertex
            self._follow()
            self.tick()

    def _details(self, _reading: Reading[Any]) -> None:
        watch_checkpoint(self, self._job, self._checkpoint, self._details)
        self._follow()
        self.tick()

    def _told(self, _reading: Reading[CheckpointSubtasks]) -> None:
        self._follow()
        self.tick()

    def _query(self) -> Query[CheckpointSubtasks]:
        return CHECKPOINT_SUBTASKS(job=self._job, checkpoint=self._checkpoint, vertex=self._vertex)

    def _follow(self) -> None:
        if self._vertex:
            every = subtasks_every(self.port, self._job, self._checkpoint, self._vertex)
            self.watch_query("subtasks", self._query(), self._told, every=every)

    def tick(self) -> None:
        """Show what is known, if that is something else than what is shown."""
        reading = self.port.reading(self._query()) if self._vertex else None
        share = reading.value if reading is not None else None
        told = checkpoint_facts(self.port, self._job, self._checkpoint).checkpoint
        under_way = told is None or judge.is_under_way(told)
        offset, tall = zone_offset(self), self.screen.size.height >= TALL
        # Thousands of rows are made of one answer: not at every look.
        made_of = (self._vertex, id(share), under_way, offset, tall)
        if share is None:
            self._say_why(reading)
        if made_of == self._shown_for:
            return
        self._shown_for = made_of
        rows = share_rows(share, under_way=under_way, offset=offset) if share else MadeRows[SubtaskShare]()
        self.table.set_rows(rows)
        statistics: FixedRows[SubtaskShare] = self.query_one(FixedRows)
        statistics.set_rows(statistics_of(share, rows, percentiles=tall) if share else [])

    def _say_why(self, reading: Reading[CheckpointSubtasks] | None) -> None:
        words = "loading subtasks…" if self._vertex else ""
        if (error := error_of(reading, self.port.lost)) is not None:
            words = DROPPED if isinstance(error, NotFound) else error.reason
        self.table.set_empty(words)
