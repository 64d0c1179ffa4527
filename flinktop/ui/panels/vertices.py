"""The vertices of a job: state, rates, totals, busy; and one by the TaskManagers that it runs on."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from flinktop.facts.jobs import is_gone, known_job
from flinktop.facts.vertex_parts import VertexTaskManagerFacts, concurrent_attempt, vertex_taskmanager
from flinktop.facts.vertices import VertexFacts, figures_asks, vertex_facts
from flinktop.flink.jobs import JOB
from flinktop.flink.text import clean
from flinktop.flink.vertices import VERTEX, VERTEX_TASKMANAGERS
from flinktop.model import busy, rates, states
from flinktop.model import format as fmt
from flinktop.model.ended import none_of
from flinktop.model.skew import UNEVEN
from flinktop.ui.panels.columns import figure, lag, name, number, state, text, trend
from flinktop.ui.panels.table_panel import TablePanel
from flinktop.ui.widgets.guarded_rows import GuardedRows, make_rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flinktop.engine.host import Port
    from flinktop.engine.store import Reading
    from flinktop.flink.jobs import Job
    from flinktop.flink.vertices import Vertex, VertexTaskManagers
    from flinktop.ui.live import Asks
    from flinktop.ui.widgets.columns import Column


LEAST_LINES = 5
NAME = 24  # cells of a vertex's name before its skew gets a column


def vertex_rows(job: Job, port: Port, kept: Mapping[str, VertexFacts]) -> GuardedRows[VertexFacts]:
    """Rows in the order of the job's graph; those in `kept` are reused."""
    ends = rates.ends(job)
    return make_rows(
        job.vertices,
        lambda vertex: kept.get(vertex.id) or vertex_facts(job, vertex, ends, port),
        key=lambda vertex: vertex.id,
        name=lambda vertex: vertex.name,
    )


class VerticesTable(TablePanel[VertexFacts]):
    """The vertices of one job; figures are requested for the rows on the screen, one request each."""

    ENDPOINT = JOB
    KEY = "id"
    BOX = "Vertices"
    LOADING = "loading job…"
    TABLE = "vertices"
    TABLE_ID = "vertex-rows"

    def __init__(self, job: str, *, id: str | None = None) -> None:
        super().__init__(job, id=id)
        self._rows: GuardedRows[VertexFacts] = GuardedRows()
        self._made_of: Reading[Job] | None = None
        self._ended = (False, False)
        """Whether the job has ended, and whether some vertices have: other columns are shown then."""

    def columns(self) -> Sequence[Column[VertexFacts]]:
        ended, some = self._ended
        by_count = attrgetter("parallelism")

        def parallel(row: VertexFacts) -> str:
            return row.subtasks.removeprefix("x")

        # A vertex that has ended has totals and no rates: then totals are dropped later, or never.
        rate, taken, sent = (11, 6, 6) if some else (6, 9, 10)
        if ended:
            taken = sent = 0
        tone, pressed = busy.tone, attrgetter("backpressured")
        live = not ended
        return (
            state(drop=4),
            name("VERTEX"),
            text("parallelism", "PAR", 5, parallel, sort=by_count, align="right", drop=3),
            figure("in", "IN/s", 6, lambda row: row.taken, usual=live),
            figure("out", "OUT/s", 6, lambda row: row.sent, usual=live),
            trend(
                self.port, lambda row: row.series, title="RATE, 30 m", ascii=self.ascii, drop=rate, usual=live
            ),
            figure("total_in", "IN", 6, lambda row: row.total_taken, drop=taken),
            figure("total_out", "OUT", 6, lambda row: row.total_sent, drop=sent),
            figure("bytes_in", "BYTES IN", 9, lambda row: row.bytes_taken, fmt.size, drop=5, usual=ended),
            figure("bytes_out", "BYTES OUT", 9, lambda row: row.bytes_sent, fmt.size, drop=5, usual=ended),
            number(
                "duration", "RAN", 8, lambda row: row.seconds, fmt.duration, tone="muted", drop=1, usual=ended
            ),
            figure("busy", "BUSY%", 5, lambda row: row.busy, fmt.per_mille, tone=tone, drop=1, usual=live),
            figure("backpressured", "BKPR%", 5, pressed, fmt.per_mille, tone=tone, drop=2, usual=live),
            figure("idle", "IDLE%", 5, lambda row: row.idle, fmt.per_mille, usual=False),
            lag("lag", "WM LAG", 6, lambda row: row.lag, drop=5, usual=live),
            figure(
                "skew",
                "SKEW%",
                5,
                lambda row: row.skew,
                lambda value: f"{value:.0f}",
                tone=lambda value: "warn" if value >= UNEVEN else "",
                drop=7,
                leaves=NAME,
                usual=live,
            ),
            figure("over_mean", "MAX/AVG", 7, lambda row: row.over_mean, drop=8, leaves=NAME, usual=live),
            text("id", "ID", 32, lambda row: row.id, tone="muted", sort=True, usual=False),
        )

    def asks(self) -> Asks:
        job: Job | None = self.answer
        return super().asks() | (figures_asks(self.port, job, self.visible_keys) if job is not None else {})

    def empty(self) -> str:
        job: Job | None = self.answer
        if job is None and is_gone(self.port, self.job):
            known = known_job(self.port, self.job)
            if known is not None and known.vertices:
                return (
                    f"Flink no longer has them. The job's vertices were: {clean(', '.join(known.vertices))}"
                )
        return self.why_empty(self.reading, none_of("vertices", job.state) if job is not None else "")

    def rows_of(self, answer: Job) -> Sequence[VertexFacts]:
        """Rows on the screen are made again, the others when the job has answered."""
        kept = {row.id: row for row in self._rows if row.id not in self.visible_keys}
        if self.reading is not self._made_of:
            self._made_of, kept = self.reading, {}
        finished = any(vertex.status == "FINISHED" for vertex in answer.vertices)
        ended = (states.is_terminal(answer.state), finished)
        if ended != self._ended:
            self._ended = ended
            self.table.set_columns(self.shown_columns())
        self._rows = vertex_rows(answer, self.port, kept)
        self.styles.max_height = max(LEAST_LINES, len(self._rows) + 2) + self.gutter.height
        return self._rows


def taskmanager_rows(
    answer: VertexTaskManagers, *, source: bool, sink: bool
) -> GuardedRows[VertexTaskManagerFacts]:
    """Rows in the order of Flink's answer (`…/vertices/:vertexid/taskmanagers`)."""
    return make_rows(
        answer.taskmanagers,
        lambda one: vertex_taskmanager(one, source=source, sink=sink),
        key=lambda one: one.taskmanager_id or one.where,
    )


def concurrent_rows(vertex: Vertex, *, source: bool, sink: bool) -> GuardedRows[VertexTaskManagerFacts]:
    """The concurrent attempts of subtasks (1.16+), and their hosts: Flink's answer leaves them out."""
    found = [
        (subtask.subtask, other)
        for subtask in vertex.subtasks
        for other in subtask.other_concurrent_attempts or ()
    ]
    return make_rows(
        found,
        lambda one: concurrent_attempt(*one, len(vertex.subtasks), source=source, sink=sink),
        key=lambda one: f"{one[0]}.{one[1].attempt}",
    )


class VertexTaskManagersTable(TablePanel[VertexTaskManagerFacts]):
    """The TaskManagers that a vertex runs on."""

    ENDPOINT = VERTEX_TASKMANAGERS
    BOX = "TaskManagers"
    LOADING = "loading TaskManagers…"
    NOTHING = "it runs on no TaskManager yet"
    TABLE = "vertex_taskmanagers"
    COLUMNS = (
        state(),
        name("HOST"),
        text("taskmanager", "TASKMANAGER", 24, lambda row: row.taskmanager, sort=True, drop=5, middle=True),
        text(
            "subtasks",
            "SUBTASKS",
            12,
            lambda row: row.counts,
            sort=lambda row: row.subtasks,
            descending=True,
            drop=1,
        ),
        figure("total_in", "IN", 6, lambda row: row.taken, drop=2),
        figure("total_out", "OUT", 6, lambda row: row.sent, drop=2),
        figure("bytes_in", "IN B", 6, lambda row: row.bytes_taken, fmt.size, drop=4),
        figure("bytes_out", "OUT B", 6, lambda row: row.bytes_sent, fmt.size, drop=4),
        number("busy", "BUSY%", 5, lambda row: row.busy, fmt.per_mille, drop=3),
        number("duration", "DURATION", 8, lambda row: row.seconds, fmt.duration, drop=3),
    )

    def asks(self) -> Asks:
        return {JOB(job=self.job): 0.0, **super().asks()}

    def rows_of(self, answer: VertexTaskManagers) -> Sequence[VertexTaskManagerFacts] | None:
        job = self.port.value(JOB(job=self.job))
        if job is None:
            return None
        ends = rates.ends(job)
        source, sink = ends.is_source(self.vertex), ends.is_sink(self.vertex)
        rows = taskmanager_rows(answer, source=source, sink=sink)
        detail = self.port.value(VERTEX(job=self.job, vertex=self.vertex))
        if detail is not None:
            rows += concurrent_rows(detail, source=source, sink=sink)
        return rows
