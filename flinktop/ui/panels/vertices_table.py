"""The vertices of a job: state, parallelism, rates, totals, busy, backpressure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from textual import on

from flinktop.facts.unanswered import why_empty
from flinktop.facts.vertices import VertexFacts, vertex_facts
from flinktop.flink.jobs import JOB
from flinktop.model import format as fmt
from flinktop.model import rates, states
from flinktop.model.busy import HOT, WARM
from flinktop.model.ended import none_of
from flinktop.model.skew import UNEVEN
from flinktop.ui.live import Panel
from flinktop.ui.panels.shared_columns import lag_cell, name_column, state_column, trend_column
from flinktop.ui.panels.vertex_figures import VertexFigures
from flinktop.ui.widgets.one_by_one import one_by_one
from flinktop.ui.widgets.table import Cell, Column, LiveTable
from flinktop.ui.widgets.table_messages import VisibleChanged

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from textual.app import ComposeResult

    from flinktop.engine.host import Port
    from flinktop.engine.store import Reading
    from flinktop.facts.figure import Figure
    from flinktop.flink.endpoint import Query
    from flinktop.flink.jobs import Job
    from flinktop.flink.metrics import Aggregated
    from flinktop.ui.widgets.one_by_one import MadeRows

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


def _count(figure: Figure) -> Cell:
    if figure.absent or figure.value is None:
        return figure.blank
    return fmt.count(figure.value), ""


def _size(figure: Figure) -> Cell:
    if figure.absent or figure.value is None:
        return figure.blank
    return fmt.size(figure.value), ""


def _percent(figure: Figure) -> Cell:
    if figure.absent or figure.value is None:
        return figure.blank
    tone = "bad" if figure.value >= HOT else "warn" if figure.value >= WARM else ""
    return fmt.per_mille(figure.value), tone


def _skew(figure: Figure) -> Cell:
    if figure.absent or figure.value is None:
        return figure.blank
    return f"{figure.value:.0f}", "warn" if figure.value >= UNEVEN else ""


def number(
    key: str, title: str, width: int, drop: int, said: Callable[[Figure], Cell] = _count
) -> Column[VertexFacts]:
    """A column of one of the figures of a vertex."""
    return Column(
        key,
        title,
        width,
        lambda row: said(getattr(row, key)),
        sort=lambda row: getattr(row, key).value,
        align="right",
        descending=True,
        drop=drop,
    )


def _first_columns() -> list[Column[VertexFacts]]:
    return [
        state_column(drop=4),
        name_column("VERTEX"),
        Column(
            "parallelism",
            "PAR",
            5,
            lambda row: (
                # Of an adaptive batch job it is decided when the vertex before it has ended.
                fmt.UNKNOWN
                if row.parallelism < 0
                else str(row.parallelism)
                if row.running in (0, row.parallelism) or row.state != "RUNNING"
                else f"{row.running}/{row.parallelism}",
                "",
            ),
            sort=lambda row: row.parallelism,
            align="right",
            drop=3,
        ),
    ]


def columns(port: Port, *, some_ended: bool = False, ascii_only: bool) -> list[Column[VertexFacts]]:
    """The columns; the vertex's name is the last to give way.

    `some_ended`: a vertex that has ended has totals and no rates, so that totals give way later.
    """
    return [
        *_first_columns(),
        number("taken", "IN/s", 6, 0),
        number("sent", "OUT/s", 6, 0),
        trend_column(
            port,
            lambda row: row.series,
            title="RATE, 30 m",
            ascii_only=ascii_only,
            drop=11 if some_ended else 6,
        ),
        number("total_taken", "IN", 6, 6 if some_ended else 9),
        number("total_sent", "OUT", 6, 6 if some_ended else 10),
        number("busy", "BUSY%", 5, 1, _percent),
        number("backpressured", "BKPR%", 5, 2, _percent),
        number("lag", "WM LAG", 6, 5, lag_cell),
        replace(number("skew", "SKEW%", 5, 7, _skew), leaves=NAME),
        replace(number("over_mean", "MAX/AVG", 7, 8), leaves=NAME),
    ]


def ended_columns() -> list[Column[VertexFacts]]:
    """Those of a job that has ended: what its vertices have handled, and how long they took."""

    def bytes_column(key: str, title: str, value: Callable[[VertexFacts], Figure]) -> Column[VertexFacts]:
        return Column(
            key,
            title,
            9,
            lambda row: _size(value(row)),
            sort=lambda row: value(row).value,
            align="right",
            descending=True,
            drop=5,
        )

    return [
        *_first_columns(),
        number("total_taken", "IN", 6, 0),
        number("total_sent", "OUT", 6, 0),
        bytes_column("bytes_taken", "BYTES IN", lambda row: row.bytes_taken),
        bytes_column("bytes_sent", "BYTES OUT", lambda row: row.bytes_sent),
        Column(
            "seconds",
            "RAN",
            8,
            lambda row: (fmt.duration(row.seconds) if row.seconds is not None else fmt.ABSENT, "muted"),
            sort=lambda row: row.seconds,
            align="right",
            descending=True,
            drop=1,
        ),
    ]


class VerticesTable(Panel):
    """The vertices of one job; figures are asked for the rows on the screen, one request each."""

    DEFAULT_CSS = "VerticesTable { height: 1fr; } VerticesTable LiveTable { height: 1fr; }"
    BOX = "Vertices"

    def __init__(self, job: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._job = job
        self._figures = VertexFigures(self, job, self._again)
        self._visible: tuple[str, ...] = ()
        self._rows: Sequence[VertexFacts] = ()
        self._ended = (False, False)
        """Whether the job has ended, and whether some vertices have: other columns are shown then."""

    def compose(self) -> ComposeResult:
        """One table."""
        yield LiveTable(
            columns(self.port, ascii_only=self.app.settings.ascii),
            row_key=lambda row: row.id,
            dim=lambda row: row.old,
            ascii=self.app.settings.ascii,
            id="vertex-rows",
        )

    def on_mount(self) -> None:
        """Watch the job."""
        self.watch_query("job", JOB(job=self._job), self._show_job)
        super().on_mount()

    @property
    def table(self) -> LiveTable[VertexFacts]:
        """The table itself."""
        return self.query_one(LiveTable)

    def facts_changed(self, changes: frozenset[Query[Any]]) -> None:
        """Show all news at once: the vertices on the screen answer one by one, and there is one table."""
        changed = [slot for slot in self._slots.values() if slot.query in changes]
        if changed:
            self._show(next((slot for slot in changed if slot.query.endpoint is JOB), changed[0]))

    def _show_job(self, reading: Reading[Job], kept: Mapping[str, VertexFacts] | None = None) -> None:
        if reading.value is None:
            self.table.set_empty(why_empty(self.port, reading, "loading job…"))
            return
        if not reading.value.vertices:
            self.table.set_empty(none_of("vertices", reading.value.state))
        self._choose_columns(reading.value)
        rows = vertex_rows(reading.value, self.port, kept or {})
        self._rows = rows
        self.table.set_rows(rows)
        self.styles.max_height = max(LEAST_LINES, len(rows) + 2) + self.gutter.height
        self._follow()

    def _choose_columns(self, job: Job) -> None:
        """Rates of what runs, totals of what has ended."""
        finished = any(vertex.status == "FINISHED" for vertex in job.vertices)
        ended = (states.is_terminal(job.state), finished)
        if ended != self._ended:
            self._ended = ended
            ascii_only = self.app.settings.ascii
            self.table.set_columns(
                ended_columns()
                if ended[0]
                else columns(self.port, some_ended=ended[1], ascii_only=ascii_only)
            )

    def tick(self) -> None:
        """What grows old is greyed."""
        self._show_visible()

    def _again(self, _reading: Reading[Aggregated]) -> None:
        """Figures have come: those of rows on the screen, as no others are asked for."""
        self._show_visible()

    def _show_visible(self) -> None:
        reading = self.port.reading(JOB(job=self._job))
        if reading is not None:
            self._show_job(reading, {row.id: row for row in self._rows if row.id not in self._visible})

    @on(VisibleChanged)
    def _scrolled(self, event: VisibleChanged) -> None:
        self._visible = event.keys
        self._follow()

    def _follow(self) -> None:
        """Ask for the figures of the vertices that are on the screen and alive, and of nothing else."""
        reading = self.port.reading(JOB(job=self._job))
        if reading is not None and reading.value is not None:
            self._figures.follow(reading.value, self._visible)
