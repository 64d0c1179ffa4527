"""One checkpoint by vertex: who acknowledged, how long it took, what was written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.facts.checkpoints import (
    VertexShare,
    checkpoint_facts,
    details_asks,
    is_off,
    subtasks_asks,
    vertex_names,
    vertex_share,
)
from flinktop.flink.checkpoints import CHECKPOINT, CHECKPOINTS
from flinktop.flink.jobs import JOB
from flinktop.model import format as fmt
from flinktop.model import subtask_names
from flinktop.ui.panels.checkpoint_lines import DROPPED, OFF, acknowledged_tone, size_columns
from flinktop.ui.panels.columns import number, text
from flinktop.ui.panels.table_panel import TablePanel
from flinktop.ui.widgets.columns import Column
from flinktop.ui.widgets.one_by_one import MadeRows, one_by_one
from flinktop.ui.widgets.spark import bar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flinktop.engine.host import Port
    from flinktop.ui.live import Asks
    from flinktop.ui.widgets.columns import Cell

NAMED = 2
"""Vertices late in part of which the late subtasks are asked for: one request each."""
BAR = 12
LEAST_LINES = 5


def vertex_shares(port: Port, job: str, number: int) -> MadeRows[VertexShare]:
    """A row for each vertex: late ones first, then the slowest."""
    facts, names = checkpoint_facts(port, job, number), vertex_names(port, job)

    def name(vertex: str) -> str:
        return names.get(vertex, vertex)

    rows = one_by_one(
        facts.tasks, lambda vertex: vertex_share(port, job, facts, vertex, name(vertex)), key=name
    )
    rows.sort(key=lambda row: (not row.missing, -(row.share.duration or 0)))
    return rows


def _missing(row: VertexShare) -> Cell:
    if row.missing == 0:
        return "", ""
    if row.missing is None and not row.late:
        return fmt.ABSENT, "muted"
    of = row.share.num_subtasks
    words = subtask_names.ranges(row.late, of) if row.late else f"{row.missing} of {fmt.number(of)}"
    return words, acknowledged_tone(1, under_way=row.under_way)


def columns(
    port: Port, offset: Callable[[], float | None], *, ascii: bool
) -> tuple[Column[VertexShare], ...]:
    """The columns; the vertex's name is the last to give way."""

    def latest(row: VertexShare) -> str:
        at = row.share.acknowledged_at
        return fmt.near(at / 1000.0, offset(), port.known_time()) if at is not None else ""

    return (
        text("name", "VERTEX", 30, lambda row: row.name, tone="strong", sort=True, flex=True),
        text(
            *("acknowledged", "ACKED", 9),
            lambda row: fmt.part(row.share.num_acknowledged_subtasks, row.share.num_subtasks),
            tone=lambda row: acknowledged_tone(row.missing, under_way=row.under_way),
            sort=lambda row: -row.missing if row.missing is not None else None,
            align="right",
        ),
        text("latest", "LATEST", 11, latest, tone="muted", align="right", drop=4),
        number("duration", "DURATION", 8, lambda row: row.share.duration, fmt.milliseconds),
        Column("bar", "", BAR, lambda row: (bar(row.part, BAR, ascii=ascii), "first"), drop=3),
        *size_columns(lambda row: row.share, drops=(1, 5, 6)),
        Column("missing", "NOT ACKNOWLEDGED", 18, _missing, drop=2),
    )


class CheckpointVertices(TablePanel[VertexShare]):
    """The vertices of one checkpoint; of late ones the late subtasks are named."""

    BOX = "Vertices"
    LOADING = "loading vertices…"
    NOTHING = "Flink reports no vertices"
    TABLE_ID = "shares"

    def __init__(self, job: str, checkpoint: int) -> None:
        super().__init__(job)
        self.checkpoint = checkpoint

    def columns(self) -> Sequence[Column[VertexShare]]:
        return columns(self.port, self.zone_offset, ascii=self.ascii)

    def key(self, row: VertexShare) -> str:
        return row.vertex

    def asks(self) -> Asks:
        """The details while they may change, and who is late."""
        place = self.port, self.job, self.checkpoint
        asked: Asks = {JOB(job=self.job): 0.0, CHECKPOINTS(job=self.job): 0.0, **details_asks(*place)}
        in_part = (row.vertex for row in self.rows() if row.missing and row.share.num_acknowledged_subtasks)
        for vertex in list(in_part)[:NAMED]:
            asked |= subtasks_asks(*place, vertex)
        return asked

    def rows(self) -> MadeRows[VertexShare]:
        rows = vertex_shares(self.port, self.job, self.checkpoint)
        self.styles.max_height = max(LEAST_LINES, len(rows) + 2) + self.gutter.height
        return rows

    def empty(self) -> str:
        if is_off(self.port, self.job):
            return OFF
        if checkpoint_facts(self.port, self.job, self.checkpoint).gone:
            return DROPPED
        return self.why_empty(self.port.reading(CHECKPOINT(job=self.job, checkpoint=self.checkpoint)))
