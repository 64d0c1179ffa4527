"""A job over time: the job, its vertices and, opened, their subtasks by state; rescales as rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual import on

from flinktop.facts.freshness import is_old
from flinktop.facts.rescales import detail_rows, has_rescales, rescale_row, summary_parts
from flinktop.facts.timeline import TimelineRow, Window, state_words, subtask_rows, window_of
from flinktop.facts.vertices import job_state
from flinktop.flink.jobs import JOB
from flinktop.flink.rescale import RESCALE, RESCALES_HISTORY, RESCALES_SUMMARY
from flinktop.flink.vertices import SUBTASK_TIMES, VERTEX
from flinktop.model import states, timeline
from flinktop.model.ended import none_of
from flinktop.ui.panels.answer_table import AnswerTable
from flinktop.ui.panels.frame import zone_offset
from flinktop.ui.panels.subtasks_table import MANY
from flinktop.ui.panels.timeline_rows import axis_columns, columns, legend
from flinktop.ui.widgets.fixed_rows import FixedRows
from flinktop.ui.widgets.one_by_one import each_with_its, one_by_one
from flinktop.ui.widgets.table_messages import Opened

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from flinktop.engine.store import Reading
    from flinktop.flink.jobs import Job, JobVertex
    from flinktop.flink.rescale import Rescale
    from flinktop.flink.vertices import SubtasksTimes, Vertex
    from flinktop.ui.widgets.table import Column

SECONDS, MANY_SECONDS = 10.0, 60.0
"""Between two looks at the times of a vertex's subtasks: one answer tells of all of them."""
MARKS = {False: "▸", True: "▾"}


class TimelineTable(AnswerTable[TimelineRow]):
    """Rows over time, with an axis below them."""

    BOX = "Timeline"
    TITLE = "VERTEX"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.window = Window(0.0, 1.0, 0.0)
        """What is drawn."""
        self._made: dict[str, tuple[SubtasksTimes, Vertex | None, bool, list[TimelineRow]]] = {}
        """By vertex: the rows of its subtasks, and what they were made of; there may be thousands."""

    def subtasks(
        self, told: SubtasksTimes, job: str, vertex: str, indent: str, *, old: bool
    ) -> list[TimelineRow]:
        """The rows of a vertex's subtasks, made anew when something else is told of them."""
        reading = self.port.reading(VERTEX(job=job, vertex=vertex))
        detail = reading.value if reading is not None else None
        made = self._made.get(vertex)
        if made is None or made[0] is not told or made[1] is not detail or made[2] is not old:
            rows = subtask_rows(told, detail, vertex, indent, old=old)
            made = self._made[vertex] = (told, detail, old, rows)
        return made[3]

    def columns(self) -> list[Column[TimelineRow]]:
        """The columns."""
        return columns(self.TITLE, lambda: self.window, ascii_only=self.ascii)

    def row_key(self, row: TimelineRow) -> str:
        """What it is and its id."""
        return row.key

    def matches(self, row: TimelineRow, text: str) -> bool:
        """By name and state; a bar has no words."""
        return all(
            word in row.label.casefold() or word in row.state.casefold() for word in text.casefold().split()
        )

    def compose(self) -> ComposeResult:
        """The table, and the axis."""
        yield from super().compose()
        ascii_only = self.app.settings.ascii
        yield FixedRows[Window](axis_columns(self.TITLE, ascii_only=ascii_only), ascii=ascii_only)

    def show_rows(self, rows: list[TimelineRow], window: Window) -> None:
        """Show these rows in this window, with its axis below them."""
        moved = window != self.window
        self.window = window
        self.table.set_rows(rows)
        if moved:
            self.table.look_again()
        self.query_one(FixedRows).set_rows([window] if rows else [])


class JobTimeline(TimelineTable):
    """The vertices of a job; enter opens one by its subtasks, and a rescale by what it did."""

    ASKING = "loading job…"

    def __init__(self, job: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._job = job
        self._opened: set[str] = set()
        """Keys of the rows that are opened."""

    def on_mount(self) -> None:
        """Watch the job."""
        self.watch_query("job", JOB(job=self._job), self._job_told)
        super().on_mount()

    def _job_told(self, reading: Reading[Job]) -> None:
        if reading.value is not None and has_rescales(self.port, reading.value):
            self.watch_query("history", RESCALES_HISTORY(job=self._job), self._told, every=SECONDS)
            self.watch_query("summary", RESCALES_SUMMARY(job=self._job), self._told, every=SECONDS)
        self.tick()

    def _told(self, _reading: Reading[Any]) -> None:
        self.tick()

    @on(Opened)
    def _open(self, event: Opened) -> None:
        """Open a vertex or a rescale, or close it again; a subtask is opened by the screen."""
        kind, _, name = event.key.partition(" ")
        if kind not in ("vertex", "rescale"):
            return
        event.stop()
        if event.key in self._opened:
            self._opened.remove(event.key)
            self.drop_query(event.key)
            self.drop_query(f"attempts {event.key}")
        else:
            self._opened.add(event.key)
            self._ask(event.key, kind, name)
        self.tick()

    def _ask(self, key: str, kind: str, name: str) -> None:
        if kind == "vertex":
            times = SUBTASK_TIMES(job=self._job, vertex=name)
            self.watch_query(key, times, self._told, every=self._every(name))
            if self._is_speculative():
                attempts = VERTEX(job=self._job, vertex=name)
                self.watch_query(f"attempts {key}", attempts, self._told, every=self._every(name))
        else:
            self.watch_query(key, RESCALE(job=self._job, rescale=name), self._told, every=SECONDS)

    def _is_speculative(self) -> bool:
        """Whether attempts may run beside others: of batch jobs alone, from 1.16 on."""
        reading = self.port.reading(JOB(job=self._job))
        job = reading.value if reading is not None else None
        batch = job is not None and (job.job_type or job.plan.type) == "BATCH"
        return batch and self.port.features.has(1, 16)

    def _every(self, vertex: str) -> float:
        reading = self.port.reading(JOB(job=self._job))
        known = reading.value.vertices if reading is not None and reading.value is not None else ()
        many = any(one.id == vertex and one.parallelism > MANY for one in known)
        return MANY_SECONDS if many else SECONDS

    def tick(self) -> None:
        """What lasts grows longer."""
        reading = self.port.reading(JOB(job=self._job))
        known = reading.value if reading is not None else None
        self.explain(reading, none_of("vertices", known.state if known is not None else ""))
        if reading is None or reading.value is None:
            return
        job = reading.value
        ascii_only = self.app.settings.ascii
        history = self.port.reading(RESCALES_HISTORY(job=self._job)) if has_rescales(self.port, job) else None
        rescales = history.value or () if history is not None else ()
        words = [legend(ascii_only=ascii_only)]
        if has_rescales(self.port, job):
            words.append(summary_parts(self.port, self._job))
        self.set_words(words)
        window = self._window(job, rescales)
        old = is_old(self.port, reading)
        rows = one_by_one(
            (job,) if job.vertices else (),
            lambda job: self._job_row(job, old=old),
            key=lambda _: "job",
            name=lambda job: job.name,
        )
        rows += each_with_its(
            job.vertices,
            lambda vertex: self._vertex_rows(vertex, old=old),
            key=lambda vertex: f"vertex {vertex.id}",
            name=lambda vertex: vertex.name,
        )
        rows += each_with_its(
            rescales,
            lambda one: self._rescale_rows(one, old=old),
            key=lambda one: f"rescale {one.rescale_uuid}",
        )
        self.show_rows(rows, window)

    def _window(self, job: Job, rescales: tuple[Rescale, ...]) -> Window:
        """From the first start of a vertex or a rescale to now, or to the job's end."""
        bounds = [vertex.start_time / 1000.0 for vertex in job.vertices if vertex.start_time > 0]
        bounds += [at / 1000.0 for one in rescales for at in (one.start, one.end) if at is not None]
        over = job.end_time / 1000.0 if job.end_time > 0 and states.is_terminal(job.state) else None
        return window_of(bounds, self.port.known_time(), self.app.chart_window, zone_offset(self), ended=over)

    def _job_row(self, job: Job, *, old: bool) -> TimelineRow:
        return TimelineRow(
            "job",
            job.name,
            state_words(job.state),
            states.tone(job.state),
            timeline.intervals(job.timestamps),
            old=old,
        )

    def _vertex_rows(self, vertex: JobVertex, *, old: bool) -> list[TimelineRow]:
        key = f"vertex {vertex.id}"
        opened = key in self._opened
        mark = MARKS[opened]
        rows = [
            TimelineRow(
                key,
                f"{mark} {vertex.name}",
                state_words(vertex.status),
                states.tone(vertex.status),
                timeline.of_vertex(vertex),
                old=old,
            )
        ]
        if opened:
            times = self.port.reading(SUBTASK_TIMES(job=self._job, vertex=vertex.id))
            if times is not None and times.value is not None:
                rows += self.subtasks(times.value, self._job, vertex.id, "    ", old=old)
        return rows

    def _rescale_rows(self, one: Rescale, *, old: bool) -> list[TimelineRow]:
        key = f"rescale {one.rescale_uuid}"
        opened = key in self._opened
        mark = MARKS[opened]
        rows = [rescale_row(one, mark, old=old)]
        details = self.port.reading(RESCALE(job=self._job, rescale=one.rescale_uuid)) if opened else None
        if details is not None and details.value is not None:
            rows += detail_rows(details.value, old=old)
        return rows


class VertexTimeline(TimelineTable):
    """The subtasks of one vertex by their states."""

    TITLE = "SUBTASK"
    ASKING = "loading…"

    def __init__(self, job: str, vertex: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._job = job
        self._vertex = vertex
        self._query = SUBTASK_TIMES(job=job, vertex=vertex)

    def on_mount(self) -> None:
        """Watch the times."""
        self.watch_query("times", self._query, self._told, every=SECONDS)
        super().on_mount()

    def _told(self, reading: Reading[SubtasksTimes]) -> None:
        many = reading.value is not None and len(reading.value.subtasks) > MANY
        self.watch_query("times", self._query, self._told, every=MANY_SECONDS if many else SECONDS)
        self.tick()

    def tick(self) -> None:
        """What lasts grows longer."""
        reading = self.port.reading(self._query)
        self.explain(reading, none_of("subtasks", job_state(self.port, self._job)))
        if reading is None or reading.value is None:
            return
        whole = timeline.span(timeline.intervals(one.timestamps) for one in reading.value.subtasks)
        if whole is None:
            return
        start, end = whole
        ascii_only = self.app.settings.ascii
        window = window_of(
            [start / 1000.0],
            self.port.known_time(),
            self.app.chart_window,
            zone_offset(self),
            ended=end / 1000.0 if end is not None else None,
        )
        self.set_words([legend(ascii_only=ascii_only)])
        old = is_old(self.port, reading, MANY_SECONDS * 2)
        self.show_rows(self.subtasks(reading.value, self._job, self._vertex, "", old=old), window)
