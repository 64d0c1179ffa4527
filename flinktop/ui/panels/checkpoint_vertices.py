"""One checkpoint by vertex: who acknowledged, how long it took, what was written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flinktop.facts.checkpoints import (
    ONCE,
    VertexShare,
    checkpoint_facts,
    is_off,
    seconds_between,
    vertex_names,
    vertex_share,
)
from flinktop.facts.freshness import error_of
from flinktop.flink.checkpoints import CHECKPOINT, CHECKPOINT_SUBTASKS, CHECKPOINTS
from flinktop.flink.jobs import JOB
from flinktop.model import format as fmt
from flinktop.model import subtask_names
from flinktop.ui.live import Panel
from flinktop.ui.panels.checkpoint_history import in_flight
from flinktop.ui.panels.checkpoint_lines import DROPPED, watch_checkpoint
from flinktop.ui.panels.frame import zone_offset
from flinktop.ui.widgets.one_by_one import MadeRows, one_by_one
from flinktop.ui.widgets.spark import bar
from flinktop.ui.widgets.table import Cell, Column, LiveTable

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from flinktop.engine.host import Port
    from flinktop.engine.store import Reading
    from flinktop.flink.checkpoints import Checkpoint

NAMED = 2
"""Vertices late in part of which the late subtasks are asked for: one request each."""
BAR = 12
LEAST_LINES = 5


def vertex_shares(port: Port, job: str, number: int, offset: float | None) -> MadeRows[VertexShare]:
    """A row for each vertex: late ones first, then the slowest."""
    facts, names = checkpoint_facts(port, job, number), vertex_names(port, job)

    def name(vertex: str) -> str:
        return names.get(vertex, vertex)

    rows = one_by_one(
        facts.tasks, lambda vertex: vertex_share(port, job, facts, vertex, name(vertex), offset), key=name
    )
    rows.sort(key=lambda row: (not row.missing, -(row.share.duration or 0)))
    return rows


def _acknowledged(row: VertexShare) -> Cell:
    tone = "" if not row.missing else "info" if row.under_way else "bad"
    return fmt.part(row.share.num_acknowledged_subtasks, row.share.num_subtasks), tone


def _missing(row: VertexShare) -> Cell:
    if row.missing == 0:
        return "", ""
    if row.missing is None and not row.late:
        return fmt.ABSENT, "muted"
    of = row.share.num_subtasks
    words = subtask_names.ranges(row.late, of) if row.late else f"{row.missing} of {fmt.number(of)}"
    return words, "info" if row.under_way else "bad"


def _size(value: float | None) -> Cell:
    return (fmt.size(value), "") if value is not None else (fmt.ABSENT, "muted")


def columns(*, ascii_only: bool) -> list[Column[VertexShare]]:
    """The columns; the vertex's name is the last to give way."""
    found: list[Column[VertexShare]] = [
        Column(
            "name",
            "VERTEX",
            30,
            lambda row: (row.name, "strong"),
            sort=lambda row: row.name.casefold(),
            flex=True,
        ),
        Column(
            "acknowledged",
            "ACKED",
            9,
            _acknowledged,
            sort=lambda row: -row.missing if row.missing is not None else None,
            align="right",
        ),
        Column("latest", "LATEST", 11, lambda row: (row.acknowledged_at, "muted"), align="right", drop=4),
        Column(
            "duration",
            "DURATION",
            8,
            lambda row: (
                (fmt.milliseconds(row.share.duration), "")
                if row.share.duration is not None
                else (fmt.ABSENT, "muted")
            ),
            sort=lambda row: row.share.duration,
            align="right",
            descending=True,
        ),
        Column("bar", "", BAR, lambda row: (bar(row.part, BAR, ascii=ascii_only), "first"), drop=3),
        Column(
            "written",
            "WRITTEN",
            7,
            lambda row: _size(row.share.written),
            sort=lambda row: row.share.written,
            align="right",
            descending=True,
            drop=1,
        ),
        Column(
            "full",
            "FULL",
            6,
            lambda row: _size(row.share.full_size),
            sort=lambda row: row.share.full_size,
            align="right",
            descending=True,
            drop=5,
        ),
        Column(
            "in-flight",
            "IN FLIGHT",
            13,
            lambda row: (in_flight(row.share.processed_data, row.share.persisted_data), ""),
            sort=lambda row: row.share.processed_data,
            align="right",
            descending=True,
            drop=6,
        ),
        Column("missing", "NOT ACKNOWLEDGED", 18, _missing, drop=2),
    ]
    return found


class CheckpointVertices(Panel):
    """The vertices of one checkpoint; of late ones the late subtasks are named."""

    BOX = "Vertices"
    DEFAULT_CSS = "CheckpointVertices { height: 1fr; } CheckpointVertices LiveTable { height: 1fr; }"

    def __init__(self, job: str, checkpoint: int) -> None:
        super().__init__()
        self._job = job
        self._checkpoint = checkpoint

    def compose(self) -> ComposeResult:
        """One table."""
        ascii_only = self.app.settings.ascii
        yield LiveTable(
            columns(ascii_only=ascii_only),
            row_key=lambda row: row.vertex,
            empty="loading vertices…",
            dim=lambda row: row.old,
            ascii=ascii_only,
            id="shares",
        )

    def on_mount(self) -> None:
        """Watch the details while they may change."""
        self.watch_query("job", JOB(job=self._job), self._again)
        self.watch_query("checkpoints", CHECKPOINTS(job=self._job), self._again)
        watch_checkpoint(self, self._job, self._checkpoint, self._details)
        super().on_mount()

    @property
    def table(self) -> LiveTable[VertexShare]:
        """The table itself."""
        return self.query_one(LiveTable)

    def _details(self, _reading: Reading[Checkpoint]) -> None:
        watch_checkpoint(self, self._job, self._checkpoint, self._details)
        self.tick()

    def _again(self, _reading: Reading[Any]) -> None:
        self.tick()

    def tick(self) -> None:
        """Show what is known, and ask who is late."""
        rows = vertex_shares(self.port, self._job, self._checkpoint, zone_offset(self))
        reading = self.port.reading(CHECKPOINT(job=self._job, checkpoint=self._checkpoint))
        if is_off(self.port, self._job):
            self._say("checkpoints are off for this job")
        elif (error := error_of(reading, self.port.lost)) is not None:
            facts = checkpoint_facts(self.port, self._job, self._checkpoint)
            self._say(DROPPED if facts.gone else error.reason)
        elif reading is not None and reading.value is not None:
            self._say("Flink reports no vertices")
        self.table.set_rows(rows)
        self.styles.max_height = max(LEAST_LINES, len(rows) + 2) + self.gutter.height
        self._ask_who_is_late(
            [row.vertex for row in rows if row.missing and row.share.num_acknowledged_subtasks][:NAMED]
        )

    def _say(self, words: str) -> None:
        self.table.set_empty(words)

    def _ask_who_is_late(self, vertices: list[str]) -> None:
        for slot in self.slots():
            if slot.startswith("late ") and slot.removeprefix("late ") not in vertices:
                self.drop_query(slot)
        for vertex in vertices:
            query = CHECKPOINT_SUBTASKS(job=self._job, checkpoint=self._checkpoint, vertex=vertex)
            every = seconds_between(self.port, self._job, self._checkpoint, self.port.reading(query))
            if f"late {vertex}" not in self.slots() or every == ONCE:
                self.watch_query(f"late {vertex}", query, self._again, every=every)
