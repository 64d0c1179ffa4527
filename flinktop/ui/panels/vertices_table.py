"""The vertices of a job: state, parallelism, rates, totals, busy, backpressure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from textual import on

from flinktop.engine.series import SeriesName, vertex_series
from flinktop.flink.jobs import JOB
from flinktop.flink.metrics import SUBTASKS_METRICS
from flinktop.model import format as fmt
from flinktop.model import rates, states
from flinktop.ui.live import Panel
from flinktop.ui.panels.plain import plain_columns
from flinktop.ui.panels.shared_columns import name_column, state_column, trend_column
from flinktop.ui.widgets.table import Cell, Column, LiveTable
from flinktop.ui.widgets.table_messages import VisibleChanged

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual.app import ComposeResult

    from flinktop.engine.host import Port
    from flinktop.engine.store import Reading
    from flinktop.flink.endpoint import Query
    from flinktop.flink.jobs import Job, JobVertex
    from flinktop.flink.metrics import Aggregated

RELIST_SECONDS = 120.0
"""Between two looks at which metrics a vertex has: they change when it restarts."""
OLD_SECONDS = 30.0
LEAST_LINES = 5
HOT, WARM = 900.0, 500.0
"""ms/s of busy or backpressured time that are a lot, and worth a look."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of a vertex that may be absent in this release, or not known yet."""

    value: float | None = None
    absent: bool = False


@dataclass(frozen=True, slots=True)
class VertexRow:
    """What one line of the table says of a vertex."""

    id: str
    name: str
    state: str
    running: int
    """Subtasks that run."""
    parallelism: int
    sent: Figure
    taken: Figure
    total_sent: Figure
    total_taken: Figure
    busy: Figure
    """The hottest subtask's, ms/s."""
    backpressured: Figure
    series: SeriesName
    newest: float | None = None
    old: bool = False


def listing(job: str, vertex: str) -> Query[Aggregated]:
    """Which metrics a vertex has: constant in size, unlike the listing by subtask."""
    return SUBTASKS_METRICS(job=job, vertex=vertex)


def asking(job: str, vertex: str, listed: Aggregated) -> Query[Aggregated] | None:
    """One aggregated request for a vertex's figures; None when it has none of them (yet)."""
    ids = rates.ids_to_ask(metric.id for metric in listed)
    return SUBTASKS_METRICS(job=job, vertex=vertex, get=ids) if ids else None


def vertex_rows(job: Job, port: Port, kept: Mapping[str, VertexRow]) -> list[VertexRow]:
    """Rows in the order of the job's graph; those in `kept` are taken as they are."""
    ends = rates.ends(job)
    return [kept.get(vertex.id) or _row(job, vertex, ends, port) for vertex in job.vertices]


def _row(job: Job, vertex: JobVertex, ends: rates.Ends, port: Port) -> VertexRow:
    listed = port.reading(listing(job.jid, vertex.id))
    ids = {metric.id for metric in listed.value} if listed is not None and listed.value else None
    query = asking(job.jid, vertex.id, listed.value) if listed is not None and listed.value else None
    reading = port.reading(query) if query is not None else None
    found = rates.by_id(reading.value) if reading is not None and reading.value else {}
    flows = not states.is_terminal(vertex.status)

    def rate(metric: str) -> Figure:
        known = found.get(metric)
        return Figure(known.sum if known is not None else None, absent=not flows)

    def hottest(metric: str) -> Figure:
        known = found.get(metric)
        missing = ids is not None and bool(ids) and metric not in ids
        nan = known is not None and known.max is None
        return Figure(known.max if known is not None else None, absent=not flows or missing or nan)

    none = Figure(absent=True)
    source, sink = vertex.id in ends.sources, vertex.id in ends.sinks
    sent, taken = rate("numRecordsOutPerSecond"), rate("numRecordsInPerSecond")
    total_sent, total_taken = Figure(rates.records_sent(vertex)), Figure(rates.records_taken(vertex))
    series = vertex_series(job.jid, vertex.id, "numRecordsInPerSecond" if sink else "numRecordsOutPerSecond")
    if source and sink:
        # All in one chain: the task's counters count network exchange only and stay at 0.
        series = vertex_series(job.jid, vertex.id, "in")
        sent, taken = (
            _of_chain(port, vertex_series(job.jid, vertex.id, measure), flows=flows)
            for measure in ("in", "out")
        )
        total_sent = total_taken = none
    elif source:
        taken = total_taken = none
    elif sink:
        sent = total_sent = none
    newest = port.latest(series)
    return VertexRow(
        id=vertex.id,
        name=vertex.name,
        state=vertex.status,
        running=vertex.tasks.get("RUNNING", 0),
        parallelism=vertex.parallelism,
        sent=sent,
        taken=taken,
        total_sent=total_sent,
        total_taken=total_taken,
        busy=hottest("busyTimeMsPerSecond"),
        backpressured=hottest("backPressuredTimeMsPerSecond"),
        series=series,
        newest=newest[0] if newest is not None else None,
        old=port.link.error is not None
        or (reading is not None and reading.at is not None and port.now() - reading.at > OLD_SECONDS),
    )


def _of_chain(port: Port, series: SeriesName, *, flows: bool) -> Figure:
    newest = port.latest(series)
    known = newest is not None and newest[1] == newest[1]
    return Figure(newest[1] if newest is not None and known else None, absent=not flows)


def _count(figure: Figure) -> Cell:
    if figure.absent:
        return fmt.ABSENT, "muted"
    return fmt.count(figure.value), "" if figure.value is not None else "muted"


def _percent(figure: Figure) -> Cell:
    if figure.absent:
        return fmt.ABSENT, "muted"
    if figure.value is None:
        return fmt.UNKNOWN, "muted"
    tone = "bad" if figure.value >= HOT else "warn" if figure.value >= WARM else ""
    return fmt.per_mille(figure.value), tone


def columns(port: Port, *, ascii_only: bool) -> list[Column[VertexRow]]:
    """The columns; the vertex's name is the last to give way."""

    def number(
        key: str, title: str, width: int, of: str, drop: int, *, percent: bool = False
    ) -> Column[VertexRow]:
        return Column(
            key,
            title,
            width,
            lambda row: (_percent if percent else _count)(getattr(row, of)),
            sort=lambda row: getattr(row, of).value,
            align="right",
            descending=True,
            drop=drop,
        )

    found = [
        state_column(ascii_only=ascii_only, drop=4),
        name_column("VERTEX"),
        Column(
            "parallelism",
            "PAR",
            5,
            lambda row: (
                str(row.parallelism)
                if row.running in (0, row.parallelism) or row.state != "RUNNING"
                else f"{row.running}/{row.parallelism}",
                "",
            ),
            sort=lambda row: row.parallelism,
            align="right",
            drop=3,
        ),
        number("in", "IN/s", 6, "taken", 0),
        number("out", "OUT/s", 6, "sent", 0),
        trend_column(port, lambda row: row.series, ascii_only=ascii_only, drop=6),
        number("total-in", "IN", 6, "total_taken", 7),
        number("total-out", "OUT", 6, "total_sent", 8),
        number("busy", "BUSY%", 5, "busy", 1, percent=True),
        number("backpressured", "BKPR%", 5, "backpressured", 2, percent=True),
    ]
    return plain_columns(found) if ascii_only else found


class VerticesTable(Panel):
    """The vertices of one job; figures are asked for the rows on the screen, one request each."""

    DEFAULT_CSS = "VerticesTable { height: 1fr; } VerticesTable LiveTable { height: 1fr; }"

    def __init__(self, job: str) -> None:
        super().__init__()
        self._job = job
        self._visible: tuple[str, ...] = ()
        self._rows: list[VertexRow] = []

    def compose(self) -> ComposeResult:
        """One table."""
        yield LiveTable(
            columns(self.port, ascii_only=self.app.settings.ascii),
            row_key=lambda row: row.id,
            dim=lambda row: row.old,
            ascii=self.app.settings.ascii,
            id="vertices",
        )

    def on_mount(self) -> None:
        """Watch the job."""
        self.watch_query("job", JOB(job=self._job), self._show_job)
        super().on_mount()

    @property
    def table(self) -> LiveTable[VertexRow]:
        """The table itself."""
        return self.query_one(LiveTable)

    def facts_changed(self, changes: frozenset[Query[Any]]) -> None:
        """Show all news at once: the vertices on the screen answer one by one, and there is one table."""
        changed = [slot for slot in self._slots.values() if slot.query in changes]
        if changed:
            self._show(next((slot for slot in changed if slot.query.endpoint is JOB), changed[0]))

    def _show_job(self, reading: Reading[Job], kept: Mapping[str, VertexRow] | None = None) -> None:
        if reading.value is None:
            self.table.set_empty("" if reading.error is not None else "asking for the job")
            return
        if not reading.value.vertices:
            self.table.set_empty("no vertices yet: the job is not running")
        rows = vertex_rows(reading.value, self.port, kept or {})
        self._rows = rows
        self.table.set_rows(rows)
        self.styles.max_height = max(LEAST_LINES, len(rows) + 2)
        self._follow()

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
        vertices = reading.value.vertices if reading is not None and reading.value is not None else ()
        live = {vertex.id for vertex in vertices if not states.is_terminal(vertex.status)}
        wanted = [vertex for vertex in self._visible if vertex in live]
        for slot in self.slots():
            if slot != "job" and slot.partition(" ")[2] not in wanted:
                self.drop_query(slot)
        for vertex in wanted:
            self._ask(vertex)

    def _ask(self, vertex: str) -> None:
        """First which metrics the vertex has, then those of them that a row shows."""
        listed = self.port.reading(listing(self._job, vertex))
        query = asking(self._job, vertex, listed.value) if listed is not None and listed.value else None
        figures = self.port.reading(query) if query is not None else None
        # An empty answer: an id is gone, or the vertex has just started and has none. List them again soon.
        known = figures is None or bool(figures.value)
        every = RELIST_SECONDS if query is not None and known else 0.0
        self.watch_query(f"ids {vertex}", listing(self._job, vertex), self._again, every=every)
        if query is not None:
            self.watch_query(f"figures {vertex}", query, self._again)
