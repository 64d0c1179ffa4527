"""A job over time: the job, its vertices and, expanded, their subtasks by state; rescales as rows."""

from __future__ import annotations

from dataclasses import replace
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on

from flinktop.facts.freshness import OLD_SECONDS, is_old
from flinktop.facts.jobs import job_state
from flinktop.facts.timeline import (
    TimelineRow,
    Window,
    detail_rows,
    has_rescales,
    rescale_row,
    subtask_rows,
    summary_parts,
    window_of,
)
from flinktop.flink.jobs import JOB
from flinktop.flink.rescale import RESCALE, RESCALES_HISTORY, RESCALES_SUMMARY
from flinktop.flink.vertices import SUBTASK_TIMES, VERTEX
from flinktop.model import format as fmt
from flinktop.model import states, timeline
from flinktop.model.ended import none_of
from flinktop.ui.panels.columns import number, text
from flinktop.ui.panels.subtasks_table import MANY
from flinktop.ui.panels.table_panel import TablePanel
from flinktop.ui.widgets import gantt
from flinktop.ui.widgets.columns import Column, Stripes
from flinktop.ui.widgets.fixed_rows import FixedRows
from flinktop.ui.widgets.gantt import Stretch
from flinktop.ui.widgets.guarded_rows import make_row_groups, make_rows
from flinktop.ui.widgets.messages import Opened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from flinktop.flink.jobs import Job, JobVertex
    from flinktop.flink.rescale import Rescale
    from flinktop.flink.vertices import SubtasksTimes, Vertex
    from flinktop.model.timeline import Interval
    from flinktop.ui.live import Asks
    from flinktop.ui.panels.parts import Part
    from flinktop.ui.widgets.guarded_rows import GuardedRows

SECONDS, MANY_SECONDS = 10.0, 60.0
"""Between two polls of the times of a vertex's subtasks: one answer contains all of them."""
MARKS = {False: "▸", True: "▾"}
SHAPES = {
    "CREATED": ("·", ".", "muted"),
    "SCHEDULED": ("░", ":", "muted"),
    "DEPLOYING": ("▒", "=", "info"),
    "INITIALIZING": ("▓", "%", "info"),
    "RESTARTING": ("▒", "=", "warn"),
    "RECONCILING": ("▒", "=", "warn"),
    "FINISHED": ("█", "#", "muted"),
    "CANCELED": ("█", "#", "muted"),
}
"""How states are drawn, and in ASCII; all others are full, in their tone."""
LEGEND = ("CREATED", "SCHEDULED", "DEPLOYING", "INITIALIZING", "RUNNING")
NAME = 30  # cells of a name: the bar takes the rest


def drawn(state: str, *, ascii: bool) -> tuple[str, str]:
    """The shape and the tone of a state."""
    shape, plain, tone = SHAPES.get(state, ("█", "#", states.tone(state)))
    return plain if ascii else shape, tone


def painted(row: TimelineRow, window: Window, width: int, *, ascii: bool) -> Stripes:
    """The bar of a row, or the text instead of it."""
    if row.words:
        return Stripes(((row.words, "muted"),))

    def stretch(one: Interval) -> Stretch:
        end = one.end / 1000.0 if one.end is not None else window.until
        return Stretch(one.start / 1000.0, end, *drawn(one.state, ascii=ascii))

    return gantt.bar(map(stretch, row.intervals), window.since, window.until, width, ascii=ascii)


def axis_columns(of: Sequence[Column[Any]]) -> list[Column[Window]]:
    """The columns of the line below the rows, of the same widths: only the last one has a text."""

    def axis(window: Window, width: int) -> Stripes:
        return gantt.axis(window.since, window.until, width, window.clock)

    return [
        replace(one, title="", cell=lambda _: ("", ""), sort=None, stripes=axis if one.key == "bar" else None)
        for one in of
    ]


def legend(*, ascii: bool) -> list[Part]:
    """The meaning of each shape."""
    parts: list[Part] = []
    for state in LEGEND:
        shape, tone = drawn(state, ascii=ascii)
        parts += [(shape * 2, tone), (f" {state.lower()}   ", "muted")]
    return parts


class TimelineTable(TablePanel[TimelineRow]):
    """Rows over time, with an axis below them."""

    BOX = "Timeline"
    TABLE = "job_timeline"
    TITLE = "VERTEX"
    OLD: ClassVar[float] = OLD_SECONDS  # seconds after which an answer is old

    def __init__(self, job: str, vertex: str = "", *, id: str | None = None) -> None:
        super().__init__(job, vertex, id=id)
        self.window = Window(0.0, 1.0, 0.0)  # what is drawn
        self._made: dict[str, tuple[SubtasksTimes, Vertex | None, list[TimelineRow]]] = {}
        """By vertex: the rows of its subtasks, and what they were made of; there may be thousands."""

    def subtasks(self, times: SubtasksTimes, vertex: str, indent: str) -> list[TimelineRow]:
        """The rows of a vertex's subtasks, made again when their data change."""
        detail = self.port.value(VERTEX(job=self.job, vertex=vertex))
        made = self._made.get(vertex)
        if made is None or made[0] is not times or made[1] is not detail:
            made = self._made[vertex] = (times, detail, subtask_rows(times, detail, vertex, indent))
        return made[2]

    def columns(self) -> Sequence[Column[TimelineRow]]:
        def started(row: TimelineRow) -> str:
            if row.start is None:
                return "" if row.words else fmt.ABSENT
            return fmt.near(row.start, self.window.offset, self.window.until)

        def bar(row: TimelineRow, width: int) -> Stripes:
            return painted(row, self.window, width, ascii=self.ascii)

        def spent(row: TimelineRow) -> float | None:
            return row.seconds(self.window.until)

        tone = attrgetter("tone")
        return (
            text("name", self.TITLE, NAME, lambda row: row.label, sort=True),
            text("state", "STATE", 14, lambda row: row.state, tone=tone, blank="", sort=True, drop=2),
            text(
                "started",
                "STARTED",
                11,
                started,
                tone=lambda row: "muted" if row.start is None else "",
                blank="",
                sort=lambda row: row.start,
                align="right",
                drop=1,
            ),
            number("duration", "DURATION", 8, spent, fmt.duration, blank=("", ""), drop=3),
            Column("bar", "OVER TIME", 24, lambda _row: ("", ""), flex=True, stripes=bar),
        )

    def is_dim(self, row: TimelineRow) -> bool:
        # An expanded rescale no longer changes; its texts stay true.
        return not row.words and is_old(self.port, self.reading, self.OLD)

    def matches(self, row: TimelineRow, text: str) -> bool:
        """By name and state; a bar has no text."""
        return all(
            word in row.label.casefold() or word in row.state.casefold() for word in text.casefold().split()
        )

    def compose(self) -> ComposeResult:
        yield from super().compose()
        yield FixedRows[Window](axis_columns(self.shown_columns()), ascii=self.ascii)

    def show(self) -> None:
        super().show()
        self.query_one(FixedRows).set_rows([self.window] if self.table.shown_keys() else [])

    def words(self) -> Sequence[list[Part]]:
        return [legend(ascii=self.ascii)] if self.answer is not None else []

    def set_window(self, bounds: list[float], ended: float | None) -> None:
        """Draw from the first of these times (s since 1970) to now, or to the end."""
        chosen = self.app.chart_window
        self.window = window_of(bounds, self.port.known_time(), chosen, self.zone_offset(), ended=ended)


class JobTimeline(TimelineTable):
    """The vertices of a job; enter expands one to its subtasks, and a rescale to its details."""

    ENDPOINT = JOB
    LOADING = "loading job…"

    def __init__(self, job: str, *, id: str | None = None) -> None:
        super().__init__(job, id=id)
        self._opened: set[str] = set()  # keys of the expanded rows

    def asks(self) -> Asks:
        queries, job = super().asks(), self.answer
        if job is None:
            return queries
        if has_rescales(self.port, job):
            queries |= {RESCALES_HISTORY(job=self.job): SECONDS, RESCALES_SUMMARY(job=self.job): SECONDS}
        # Concurrent attempts exist only in batch jobs, from 1.16 on.
        speculative = (job.job_type or job.plan.type) == "BATCH" and self.port.features.has(1, 16)
        many = {vertex.id for vertex in job.vertices if vertex.parallelism > MANY}
        for kind, _, name in (key.partition(" ") for key in sorted(self._opened)):
            if kind == "rescale":
                queries[RESCALE(job=self.job, rescale=name)] = SECONDS
                continue
            every = MANY_SECONDS if name in many else SECONDS
            queries[SUBTASK_TIMES(job=self.job, vertex=name)] = every
            if speculative:
                queries[VERTEX(job=self.job, vertex=name)] = every
        return queries

    @on(Opened)
    def _open(self, event: Opened) -> None:
        """Expand a vertex or a rescale, or collapse it again; the screen opens subtasks."""
        if event.key.partition(" ")[0] in ("vertex", "rescale"):
            event.stop()
            self._opened ^= {event.key}
            self.update()

    def empty(self) -> str:
        state = self.answer.state if self.answer is not None else ""
        return self.why_empty(self.reading, none_of("vertices", state))

    def words(self) -> Sequence[list[Part]]:
        rescales = self.answer is not None and has_rescales(self.port, self.answer)
        return [*super().words(), summary_parts(self.port, self.job) if rescales else []]

    def rows_of(self, answer: Job) -> GuardedRows[TimelineRow]:
        known = has_rescales(self.port, answer)
        rescales = (self.port.value(RESCALES_HISTORY(job=self.job)) or ()) if known else ()
        # From the first start of a vertex or a rescale to now, or to the job's end.
        bounds = [vertex.start_time / 1000.0 for vertex in answer.vertices if vertex.start_time > 0]
        bounds += [at / 1000.0 for one in rescales for at in (one.start, one.end) if at is not None]
        over = answer.end_time > 0 and states.is_terminal(answer.state)
        self.set_window(bounds, answer.end_time / 1000.0 if over else None)
        rows = make_rows(
            (answer,) if answer.vertices else (),
            lambda job: TimelineRow.of("job", job.name, job.state, timeline.intervals(job.timestamps)),
            key=lambda _: "job",
            name=lambda job: job.name,
        )
        rows += make_row_groups(
            answer.vertices,
            self._vertex_rows,
            key=lambda vertex: f"vertex {vertex.id}",
            name=lambda vertex: vertex.name,
        )
        rows += make_row_groups(rescales, self._rescale_rows, key=lambda one: f"rescale {one.rescale_uuid}")
        return rows

    def _vertex_rows(self, vertex: JobVertex) -> list[TimelineRow]:
        key = f"vertex {vertex.id}"
        opened = key in self._opened
        rows = [
            TimelineRow.of(key, f"{MARKS[opened]} {vertex.name}", vertex.status, timeline.of_vertex(vertex))
        ]
        times = self.port.value(SUBTASK_TIMES(job=self.job, vertex=vertex.id)) if opened else None
        if times is not None:
            rows += self.subtasks(times, vertex.id, "    ")
        return rows

    def _rescale_rows(self, one: Rescale) -> list[TimelineRow]:
        opened = f"rescale {one.rescale_uuid}" in self._opened
        rows = [rescale_row(one, MARKS[opened])]
        details = self.port.value(RESCALE(job=self.job, rescale=one.rescale_uuid)) if opened else None
        if details is not None:
            rows += detail_rows(details)
        return rows


class VertexTimeline(TimelineTable):
    """The subtasks of one vertex by their states."""

    ENDPOINT = SUBTASK_TIMES
    TITLE = "SUBTASK"
    OLD = MANY_SECONDS * 2

    def asks(self) -> Asks:
        many = self.answer is not None and len(self.answer.subtasks) > MANY
        return dict.fromkeys(super().asks(), MANY_SECONDS if many else SECONDS)

    def empty(self) -> str:
        return self.why_empty(self.reading, none_of("subtasks", job_state(self.port, self.job)))

    def rows_of(self, answer: SubtasksTimes) -> list[TimelineRow]:
        whole = timeline.span(timeline.intervals(one.timestamps) for one in answer.subtasks)
        if whole is None:
            return []
        start, end = whole
        self.set_window([start / 1000.0], end / 1000.0 if end is not None else None)
        return self.subtasks(answer, self.vertex, "")
