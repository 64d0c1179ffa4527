"""The subtasks of a vertex, worst first: state, where, rates, totals, busy, watermark; and their extremes."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from textual import on
from textual.message import Message

from flinktop.facts.freshness import answered_at, failure
from flinktop.facts.subtasks import SubtaskFacts, SubtaskHistory, VertexContext, matches, vertex_context
from flinktop.facts.unanswered import why_empty
from flinktop.facts.vertices import figures_reading, job_state, listing, vertex_of
from flinktop.flink.jobs import JOB
from flinktop.flink.metrics import VERTEX_METRICS
from flinktop.flink.vertices import VERTEX
from flinktop.model import first_minute, rates, states
from flinktop.model.ended import none_of
from flinktop.ui.live import Panel
from flinktop.ui.panels.frame import zone_offset
from flinktop.ui.panels.subtask_columns import SummaryRow, columns, summary_columns
from flinktop.ui.panels.subtask_summary import ALL, FEW, SOME, ages, summary_rows
from flinktop.ui.panels.vertex_figures import RELIST_SECONDS
from flinktop.ui.widgets.fixed_rows import FixedRows
from flinktop.ui.widgets.one_by_one import MadeRows, one_by_one
from flinktop.ui.widgets.table import LiveTable
from flinktop.ui.widgets.table_messages import VisibleChanged

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.app import ComposeResult

    from flinktop.engine.store import Reading
    from flinktop.flink.endpoint import Query
    from flinktop.flink.jobs import Job
    from flinktop.flink.metrics import Aggregated, Metrics
    from flinktop.flink.vertices import Vertex
    from flinktop.ui.widgets.columns import Cell
    from flinktop.ui.widgets.one_by_one import OddRow

MANY = 500
"""Subtasks from which their answer, 650 bytes each, is asked for less often."""
MANY_SECONDS = 10.0
MOST_REQUESTS = 3
"""Requests for the figures of the rows on the screen, each below Flink's limit for a request line."""
LOW = 40
"""Lines of a screen below which there is no room for quantiles."""
PLENTY = (200, 60)
"""From this size on all quantiles and sums are shown."""


class Together(Message):
    """The rows of all subtasks that run while all of them are on the screen, else ()."""

    def __init__(self, panel: Panel, rows: tuple[SubtaskFacts, ...]) -> None:
        super().__init__()
        # Of a sender that is the screen itself, whose tick this may be, it would not get there.
        self.set_sender(panel)
        self.rows = rows


class SubtasksTable(Panel):
    """The subtasks of one vertex; figures are asked for the rows on the screen alone."""

    BOX = "Subtasks"
    DEFAULT_CSS = """
    SubtasksTable { height: 1fr; }
    SubtasksTable LiveTable { height: 1fr; }
    """

    def __init__(self, job: str, vertex: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._job = job
        self._vertex = vertex
        self._visible: tuple[str, ...] = ()
        self._asked: tuple[int, ...] = ()
        self._rows: dict[int, SubtaskFacts] = {}
        self._not_made: dict[str, OddRow] = {}
        self._beside: dict[int, list[SubtaskFacts]] = {}
        """By subtask: the attempts that run beside its own."""
        self._vertex_context = VertexContext()
        self._changed: set[int] = set()
        """Subtasks of which something has come that is not shown yet."""
        self._batching = False
        self._below: list[SummaryRow] = []
        self._made_of: tuple[object, ...] = ()
        """When the answers came that the lines below are made of."""
        self._together: tuple[SubtaskFacts, ...] = ()
        """The rows that the screen knows to be all."""

    def compose(self) -> ComposeResult:
        """The table, and the lines below it."""
        ascii_only = self.app.settings.ascii
        yield LiveTable(
            columns(),
            row_key=lambda row: row.key,
            match=matches,
            dim=lambda row: row.old,
            ascii=ascii_only,
            id="subtask-rows",
        )
        yield FixedRows[SummaryRow](summary_columns(), ascii=ascii_only)

    def on_mount(self) -> None:
        """Watch the job, for the place of the vertex in it, and the vertex."""
        self.watch_query("job", JOB(job=self._job), self._job_told)
        self.watch_query("vertex", self._query, self._vertex_told, every=self._every())
        super().on_mount()

    @cached_property
    def _history(self) -> SubtaskHistory:
        """What has been told so far."""
        return SubtaskHistory(self.port, self._job, self._vertex)

    @property
    def table(self) -> LiveTable[SubtaskFacts]:
        """The table itself."""
        return self.query_one(LiveTable)

    @property
    def _visible_subtasks(self) -> set[int]:
        """The subtasks of the rows on the screen."""
        return {int(key.partition(".")[0]) for key in self._visible}

    @property
    def _query(self) -> Query[Vertex]:
        return VERTEX(job=self._job, vertex=self._vertex)

    def _every(self) -> float:
        """Seconds between two looks at all subtasks: a big answer is asked for as often as metrics move."""
        reading = self.port.reading(self._query)
        many = reading is not None and reading.value is not None and len(reading.value.subtasks) > MANY
        return MANY_SECONDS if many else 0.0

    # -- news ----------------------------------------------------------------------------------------

    def facts_changed(self, changes: frozenset[Query[Any]]) -> None:
        """Take all news in, then show them at once."""
        self._batching = True
        try:
            super().facts_changed(changes)
        finally:
            self._batching = False
        self._show_changed()

    def tick(self) -> None:
        """What grows old is greyed; rows that have come into sight are asked for."""
        self._follow()
        if (reading := self.port.reading(self._query)) is not None:
            self._history.take_totals(reading)
        self._changed |= self._visible_subtasks
        self._show_changed()

    def _job_told(self, _reading: Reading[Job]) -> None:
        context = vertex_context(self.port, self._job, self._vertex, zone_offset(self))
        if context is not None and context != self._vertex_context:
            self._vertex_context = context
            self._changed |= self._history.attempts.keys()
            if context.source:
                self.watch_query("ids", listing(self._job, self._vertex), self._listed, every=self._relist())
            self._follow()
        self._show_changed()

    def _relist(self) -> float:
        known = self.port.reading(listing(self._job, self._vertex))
        return RELIST_SECONDS if known is not None and known.value else 0.0

    def _listed(self, _reading: Reading[Aggregated]) -> None:
        self.watch_query("ids", listing(self._job, self._vertex), self._listed, every=self._relist())
        known = self.port.reading(JOB(job=self._job))
        if known is not None:
            self._job_told(known)

    def _vertex_told(self, reading: Reading[Vertex]) -> None:
        self._history.take_totals(reading)
        if reading.value is None:
            self.table.set_empty(why_empty(self.port, reading, "loading subtasks…"))
            return
        self.watch_query("vertex", self._query, self._vertex_told, every=self._every())
        self.table.set_empty(none_of("subtasks", job_state(self.port, self._job)))
        self._changed |= self._history.attempts.keys()
        self._show_changed()

    def _figures_told(self, reading: Reading[Metrics]) -> None:
        self._changed |= self._history.take_figures(reading)
        self._show_changed()

    # -- what is shown -------------------------------------------------------------------------------

    def _show_changed(self) -> None:
        """Make the rows anew of which something has come, and put all in order."""
        if self._batching:
            return
        if self._vertex_context.offset != (offset := zone_offset(self)):
            self._vertex_context = replace(self._vertex_context, offset=offset)
            self._changed |= self._history.attempts.keys()
        attempts = self._history.attempts
        made = one_by_one(
            (attempts[index] for index in self._changed if index in attempts),
            lambda attempt: self._history.facts(attempt, self._vertex_context),
            key=lambda attempt: str(attempt.subtask),
        )
        fresh = {row.index: row for row in made}
        self._not_made = {key: row for key, row in self._not_made.items() if int(key) not in self._changed}
        self._not_made |= {row.key: row for row in made.odd}
        self._changed.clear()
        different = made.odd or any(self._rows.get(index) != row for index, row in fresh.items())
        beside = {
            index: one
            for index, row in fresh.items()
            if (one := self._history.beside(row, self._vertex_context))
        }
        kept_beside = {
            index: rows
            for index, rows in self._beside.items()
            if index not in fresh and index in self._history.attempts
        }
        different = different or self._beside != (kept_beside | beside)
        self._beside = kept_beside | beside
        if different or self._rows.keys() != self._history.attempts.keys():
            kept = {index: row for index, row in self._rows.items() if index in self._history.attempts}
            self._rows = {
                index: row for index, row in (kept | fresh).items() if str(index) not in self._not_made
            }
            ordered = sorted(self._rows.values(), key=lambda row: row.attention)
            with_beside = [one for row in ordered for one in (row, *self._beside.get(row.index, ()))]
            self.table.set_rows(MadeRows(with_beside, self._not_made.values()))
        self._sum_up()
        shown = self._lines()
        below = [row for row in self._below if row.label in shown]
        self.query_one(FixedRows).set_rows(below)
        count = len(self._rows) + sum(len(rows) for rows in self._beside.values())
        self.styles.max_height = 1 + max(1, count) + len(below) + self.gutter.height

    def _lines(self) -> tuple[str, ...]:
        """Which lines there is room for below the rows."""
        size = self.screen.size
        if size.width >= PLENTY[0] and size.height >= PLENTY[1]:
            return ALL
        return SOME if size.height >= LOW else FEW

    def _sum_up(self) -> None:
        """The lines below, made anew when one of the answers they are made of has come."""
        reading = self.port.reading(self._query)
        if reading is None or reading.value is None:
            return
        known = vertex_of(self.port, self._job, self._vertex)
        if known is None:
            return
        query, figures = figures_reading(self.port, self._job, known[1], source=self._vertex_context.source)
        failed = failure(self.port, query) is not None
        rows = self._all_on_screen()
        self._tell(rows)
        summed = figures.at if figures is not None else None
        said = {} if rows else self._ages(summed)
        made_of = (reading.at, summed, self._vertex_context, failed, rows, said)
        if made_of == self._made_of:
            return
        self._made_of = made_of
        self._below = summary_rows(
            list(self._history.attempts.values()),
            reading.value.aggregated,
            rates.by_id(figures.value or ()) if figures is not None else {},
            self._vertex_context,
            answered_at(self.port, figures),
            failed=failed,
            rows=rows,
            counted={measure: self._history.rates_of(measure) for measure in first_minute.RATES}
            if summed is not None and self.port.is_young(self._job, self._vertex, summed)
            else None,
        )
        self._below = [
            replace(row, cells={**row.cells, "host": said[row.label]}) if row.label in said else row
            for row in self._below
        ]

    def _tell(self, rows: tuple[SubtaskFacts, ...]) -> None:
        """Tell the screen: what else it says of the vertex is of the same answer then."""
        if rows != self._together:
            self._together = rows
            self.post_message(Together(self, rows))

    def stop_watching(self) -> None:
        """Rows that are not seen grow old."""
        super().stop_watching()
        self._tell(())

    def _all_on_screen(self) -> tuple[SubtaskFacts, ...]:
        """The rows of all subtasks that run, where all of them are on the screen; else ()."""
        attempts = self._history.attempts
        if len(attempts) > MANY:
            return ()
        running = [index for index, one in attempts.items() if not states.is_terminal(one.status)]
        if not set(running) <= set(self._asked) or not self._rows.keys() >= set(running):
            return ()
        return tuple(self._rows[index] for index in sorted(running))

    def _ages(self, summed: float | None) -> dict[str, Cell]:
        """Of which time the sums are and of which the rows on the screen, where those differ."""
        visible = [index for index in self._visible_subtasks if index in self._asked]
        shown = self._history.read_at(visible)
        if summed is None or shown is None:
            return {}
        now = self.port.now()
        return ages(now - summed, now - shown, len(self._history.attempts))

    # -- what is asked -------------------------------------------------------------------------------

    @on(VisibleChanged)
    def _scrolled(self, event: VisibleChanged) -> None:
        self._visible = event.keys
        if self._asked:
            # At the next second: someone who scrolls passes many rows.
            self.wants_tick = True
        else:
            self._follow()

    def _follow(self) -> None:
        """Ask for the figures of the rows on the screen that run, in as few requests as there can be."""
        running = [
            index
            for index in self._visible_subtasks
            if index in self._history.attempts
            and not states.is_terminal(self._history.attempts[index].status)
        ]
        enough = set(running) <= set(self._asked) and len(self._asked) <= 2 * len(running)
        asked = self._asked if enough else tuple(sorted(running))
        queries = self._queries(asked)
        self._asked = asked if queries else ()
        for slot in self.slots():
            if slot.startswith("figures ") and int(slot.partition(" ")[2]) >= len(queries):
                self.drop_query(slot)
        for number, query in enumerate(queries):
            self.watch_query(f"figures {number}", query, self._figures_told)

    def _queries(self, asked: Iterable[int]) -> tuple[Query[Metrics], ...]:
        ids = self._vertex_context.ids.of(asked)
        if not ids:
            return ()
        return VERTEX_METRICS(job=self._job, vertex=self._vertex, get=ids).parts()[:MOST_REQUESTS]
