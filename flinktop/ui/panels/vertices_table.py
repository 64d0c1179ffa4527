"""The vertices of a job: state, parallelism, rates, totals, busy, backpressure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.facts.vertices import VertexFacts, figures_asks, vertex_facts
from flinktop.flink.jobs import JOB
from flinktop.model import busy, rates, states
from flinktop.model import format as fmt
from flinktop.model.ended import none_of
from flinktop.model.skew import UNEVEN
from flinktop.ui.panels.columns import figure, lag, name, number, state, text, trend
from flinktop.ui.panels.table_panel import TablePanel
from flinktop.ui.widgets.one_by_one import MadeRows, one_by_one

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flinktop.engine.host import Port
    from flinktop.engine.store import Reading
    from flinktop.flink.endpoint import Query
    from flinktop.flink.jobs import Job
    from flinktop.ui.live import Asks
    from flinktop.ui.widgets.columns import Column

LEAST_LINES = 5
NAME = 24
"""Cells that a vertex's name has before its skew gets a column."""


def vertex_rows(job: Job, port: Port, kept: Mapping[str, VertexFacts]) -> MadeRows[VertexFacts]:
    """Rows in the order of the job's graph; those in `kept` are taken as they are."""
    ends = rates.ends(job)
    return one_by_one(
        job.vertices,
        lambda vertex: kept.get(vertex.id) or vertex_facts(job, vertex, ends, port),
        key=lambda vertex: vertex.id,
        name=lambda vertex: vertex.name,
    )


def _parallelism(row: VertexFacts) -> str:
    if row.parallelism < 0:
        # Of an adaptive batch job it is decided when the vertex before it has ended.
        return fmt.UNKNOWN
    if row.running in (0, row.parallelism) or row.state != "RUNNING":
        return str(row.parallelism)
    return f"{row.running}/{row.parallelism}"


def _first_columns() -> tuple[Column[VertexFacts], ...]:
    return (
        state(drop=4),
        name("VERTEX"),
        text("parallelism", "PAR", 5, _parallelism, sort=lambda row: row.parallelism, align="right", drop=3),
    )


def columns(port: Port, *, some_ended: bool = False, ascii: bool) -> tuple[Column[VertexFacts], ...]:
    """The columns; the vertex's name is the last to give way.

    `some_ended`: a vertex that has ended has totals and no rates, so that totals give way later.
    """
    return (
        *_first_columns(),
        figure("taken", "IN/s", 6, lambda row: row.taken),
        figure("sent", "OUT/s", 6, lambda row: row.sent),
        trend(port, lambda row: row.series, title="RATE, 30 m", ascii=ascii, drop=11 if some_ended else 6),
        figure("total_taken", "IN", 6, lambda row: row.total_taken, drop=6 if some_ended else 9),
        figure("total_sent", "OUT", 6, lambda row: row.total_sent, drop=6 if some_ended else 10),
        figure("busy", "BUSY%", 5, lambda row: row.busy, fmt.per_mille, tone=busy.tone, drop=1),
        figure(
            *("backpressured", "BKPR%", 5, lambda row: row.backpressured, fmt.per_mille),
            tone=busy.tone,
            drop=2,
        ),
        lag("lag", "WM LAG", 6, lambda row: row.lag, drop=5),
        figure(
            *("skew", "SKEW%", 5, lambda row: row.skew, lambda value: f"{value:.0f}"),
            tone=lambda value: "warn" if value >= UNEVEN else "",
            drop=7,
            leaves=NAME,
        ),
        figure("over_mean", "MAX/AVG", 7, lambda row: row.over_mean, drop=8, leaves=NAME),
    )


def ended_columns() -> tuple[Column[VertexFacts], ...]:
    """Those of a job that has ended: what its vertices have handled, and how long they took."""
    return (
        *_first_columns(),
        figure("total_taken", "IN", 6, lambda row: row.total_taken),
        figure("total_sent", "OUT", 6, lambda row: row.total_sent),
        figure("bytes_taken", "BYTES IN", 9, lambda row: row.bytes_taken, fmt.size, drop=5),
        figure("bytes_sent", "BYTES OUT", 9, lambda row: row.bytes_sent, fmt.size, drop=5),
        number("seconds", "RAN", 8, lambda row: row.seconds, fmt.duration, tone="muted", drop=1),
    )


class VerticesTable(TablePanel[VertexFacts]):
    """The vertices of one job; figures are asked for the rows on the screen, one request each."""

    BOX = "Vertices"
    LOADING = "loading job…"
    TABLE_ID = "vertex-rows"

    def __init__(self, job: str, *, id: str | None = None) -> None:
        super().__init__(job, id=id)
        self._rows: MadeRows[VertexFacts] = MadeRows()
        self._made_of: Reading[Job] | None = None
        self._ended = (False, False)
        """Whether the job has ended, and whether some vertices have: other columns are shown then."""

    def columns(self) -> Sequence[Column[VertexFacts]]:
        ended, some = self._ended
        return ended_columns() if ended else columns(self.port, some_ended=some, ascii=self.ascii)

    def source(self) -> Query[Job]:
        return JOB(job=self.job)

    def key(self, row: VertexFacts) -> str:
        return row.id

    def asks(self) -> Asks:
        job: Job | None = self.answer
        return super().asks() | (figures_asks(self.port, job, self.visible_keys) if job is not None else {})

    def empty(self) -> str:
        job: Job | None = self.answer
        return self.why_empty(self.reading, none_of("vertices", job.state) if job is not None else "")

    def rows_of(self, answer: Job) -> Sequence[VertexFacts]:
        """Rows on the screen are made anew, the others when the job has answered."""
        kept = {row.id: row for row in self._rows if row.id not in self.visible_keys}
        if self.reading is not self._made_of:
            self._made_of, kept = self.reading, {}
        finished = any(vertex.status == "FINISHED" for vertex in answer.vertices)
        ended = (states.is_terminal(answer.state), finished)
        if ended != self._ended:
            self._ended = ended
            self.table.set_columns(self.columns())
        self._rows = vertex_rows(answer, self.port, kept)
        self.styles.max_height = max(LEAST_LINES, len(self._rows) + 2) + self.gutter.height
        return self._rows
