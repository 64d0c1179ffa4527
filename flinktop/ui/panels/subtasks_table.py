"""The subtasks of a vertex, worst first: state, host, rates, totals, busy, watermark; and their extremes."""

from __future__ import annotations

import dataclasses
import math
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING

from msgspec.structs import replace
from textual.message import Message

from flinktop.facts.freshness import answered_at, failure
from flinktop.facts.jobs import job_state
from flinktop.facts.subtasks import (
    SubtaskFacts,
    SubtaskHistory,
    VertexContext,
    context_asks,
    matches,
    vertex_context,
)
from flinktop.facts.vertices import figures_reading, vertex_of
from flinktop.flink.metrics import VERTEX_METRICS
from flinktop.flink.vertices import VERTEX
from flinktop.model import busy, first_minute, rates, states
from flinktop.model import format as fmt
from flinktop.model.ended import none_of
from flinktop.model.subtask_figures import ENDED
from flinktop.ui.panels.columns import figure, lag, near, number, state, text
from flinktop.ui.panels.subtask_summary import (
    ALL,
    FEW,
    SOME,
    SummaryRow,
    ages,
    summary_columns,
    summary_rows,
)
from flinktop.ui.panels.table_panel import TablePanel
from flinktop.ui.widgets.fixed_rows import FixedRows
from flinktop.ui.widgets.guarded_rows import GuardedRows, make_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from textual.app import ComposeResult

    from flinktop.engine.store import Reading
    from flinktop.facts.freshness import Figure
    from flinktop.flink.endpoint import Query
    from flinktop.flink.metrics import Metrics
    from flinktop.flink.vertices import Attempt
    from flinktop.ui.live import Asks, Panel
    from flinktop.ui.widgets.columns import Cell, Column

MANY = 500  # subtasks from which on their answer, 650 bytes each, is requested less often
MANY_SECONDS = 10.0
MOST_REQUESTS = 3
"""Requests for the figures of the rows on the screen, each below Flink's limit for a request line."""
LOW = 40  # lines of a screen below which there is no room for quantiles
PLENTY = (200, 60)  # from this size on all quantiles and sums are shown


def _metered(column: Column[SubtaskFacts]) -> Column[SubtaskFacts]:
    """The column of a figure that may be older than the rest of its row."""

    def cell(row: SubtaskFacts) -> Cell:
        shown, tone = column.cell(row)
        known = row.stale and column.sort is not None and column.sort(row) is not None
        return shown, "stale" if known else tone

    return dataclasses.replace(column, cell=cell)


def _started(row: SubtaskFacts) -> int | None:
    return row.detail.start_time if row.detail.start_time > 0 else None


class AllRowsShown(Message):
    """The rows of all running subtasks while all of them are on the screen, else ()."""

    def __init__(self, panel: Panel, rows: tuple[SubtaskFacts, ...]) -> None:
        super().__init__()
        # With the screen as sender, whose tick this may be, the message would not get there.
        self.set_sender(panel)
        self.rows = rows


class SubtasksTable(TablePanel[SubtaskFacts]):
    """The subtasks of one vertex; figures are requested only for the rows on the screen."""

    ENDPOINT = VERTEX
    BOX = "Subtasks"
    LOADING = "loading subtasks…"
    TABLE = "subtasks"
    TABLE_ID = "subtask-rows"
    # Scrolling passes many rows.
    scroll_asks_at_once = False

    def __init__(self, job: str, vertex: str, *, id: str | None = None) -> None:
        super().__init__(job, vertex, id=id)
        self._requested: tuple[int, ...] = ()
        self._rows: dict[int, SubtaskFacts] = {}
        self._vertex_context = VertexContext()
        self._taken: dict[Query[Metrics], Reading[Metrics]] = {}  # the figures in the rows
        self._rows_of: tuple[object, ...] = ()  # the inputs of rows that are not on the screen
        self._below: list[SummaryRow] = []
        self._below_of: tuple[object, ...] = ()  # the inputs of the lines below
        self._together: tuple[SubtaskFacts, ...] = ()  # the rows that the screen knows as all of them

    def compose(self) -> ComposeResult:
        yield from super().compose()
        yield FixedRows[SummaryRow](summary_columns(self.shown_columns()), ascii=self.ascii)

    def columns(self) -> Sequence[Column[SubtaskFacts]]:
        def mark(value: float) -> str:
            if math.isinf(value):
                return "ended" if value == ENDED else "none"
            return self.near(value)

        def share(
            key: str, title: str, of: Callable[[SubtaskFacts], Figure], drop: int
        ) -> Column[SubtaskFacts]:
            tone = busy.tone if key != "idle" else None
            return _metered(figure(key, title, 5, of, fmt.per_mille, tone=tone, drop=drop))

        return (
            text(
                "subtask", "#", 4, lambda row: row.key, tone="strong", sort=attrgetter("index"), align="right"
            ),
            state(),
            text(
                "attempt",
                "ATTEMPT",
                7,
                lambda row: fmt.number(row.attempt),
                tone=lambda row: "warn" if row.attempt else "muted",
                sort=lambda row: row.attempt,
                align="right",
                descending=True,
                drop=6,
            ),
            text("host", "HOST", 16, lambda row: row.host, sort=lambda row: row.host, drop=3, flex=True),
            _metered(figure("in", "IN/s", 6, lambda row: row.taken)),
            _metered(figure("out", "OUT/s", 6, lambda row: row.sent)),
            figure("total_in", "IN", 6, lambda row: row.total_taken, drop=5),
            figure("total_out", "OUT", 6, lambda row: row.total_sent, drop=5),
            figure("bytes_in", "BYTES IN", 9, lambda row: row.bytes_taken, fmt.size, drop=11),
            figure("bytes_out", "BYTES OUT", 9, lambda row: row.bytes_sent, fmt.size, drop=11),
            share("busy", "BUSY%", lambda row: row.busy, 1),
            share("backpressured", "BKPR%", lambda row: row.backpressured, 1),
            share("idle", "IDLE%", lambda row: row.idle, 8),
            _metered(
                figure("watermark", "WATERMARK", 11, attrgetter("mark"), mark, descending=False, drop=9)
            ),
            _metered(lag("lag", "WM LAG", 6, lambda row: row.lag, drop=2)),
            number("in_state", "IN STATE", 8, lambda row: row.detail.seconds, fmt.span, tone="muted", drop=7),
            text(
                "taskmanager",
                "TASKMANAGER",
                24,
                lambda row: row.detail.taskmanager_id or "",
                sort=True,
                middle=True,
                usual=False,
            ),
            near("started", "STARTED", _started, self.near, descending=True, usual=False),
        )

    def matches(self, row: SubtaskFacts, text: str) -> bool:
        return matches(row, text)

    @cached_property
    def _history(self) -> SubtaskHistory:
        return SubtaskHistory(self.port, self.job, self.vertex)

    @property
    def _visible_subtasks(self) -> set[int]:
        return {int(key.partition(".")[0]) for key in self.visible_keys}

    # -- queries -------------------------------------------------------------------------------------

    def asks(self) -> Asks:
        """The vertex, and the figures of the running rows on the screen, in as few requests as possible."""
        self._vertex_context = vertex_context(self.port, self.job, self.vertex) or self._vertex_context
        attempts = self._history.attempts
        shown = self._visible_subtasks & attempts.keys()
        running = [index for index in shown if not states.is_terminal(attempts[index].status)]
        enough = set(running) <= set(self._requested) and len(self._requested) <= 2 * len(running)
        requested = self._requested if enough else tuple(sorted(running))
        queries = self._queries(requested)
        self._requested = requested if queries else ()
        # A big answer is requested only as often as metrics move.
        every = MANY_SECONDS if len(attempts) > MANY else 0.0
        asks = context_asks(self.port, self.job, self.vertex) | dict.fromkeys(super().asks(), every)
        return asks | dict.fromkeys(queries, 0.0)

    def _queries(self, subtasks: Iterable[int]) -> tuple[Query[Metrics], ...]:
        ids = self._vertex_context.ids.of(subtasks)
        if not ids:
            return ()
        return VERTEX_METRICS(job=self.job, vertex=self.vertex, get=ids).parts()[:MOST_REQUESTS]

    # -- what is shown -------------------------------------------------------------------------------

    def show(self) -> None:
        super().show()
        self._sum_up()
        lines = self._lines()
        below = [row for row in self._below if row.label in lines]
        self.query_one(FixedRows).set_rows(below)
        count = sum(1 + len(row.detail.other_concurrent_attempts or ()) for row in self._rows.values())
        self.styles.max_height = 1 + max(1, count) + len(below) + self.gutter.height

    def empty(self) -> str:
        return self.why_empty(self.reading, none_of("subtasks", job_state(self.port, self.job)))

    def rows(self) -> Sequence[SubtaskFacts] | None:
        """Rows on the screen are made again, the others when the vertex has answered."""
        history, reading, context = self._history, self.reading, self._vertex_context
        if reading is None:
            return None
        history.take_totals(reading)
        self._take_figures()
        rows_of = (reading, context, history.failed)
        kept = {} if rows_of != self._rows_of else self._rows
        self._rows_of, shown = rows_of, self._visible_subtasks

        def row(attempt: Attempt) -> SubtaskFacts:
            index = attempt.subtask
            return history.facts(attempt, context) if index in shown or index not in kept else kept[index]

        made = make_rows(history.attempts.values(), row, key=lambda attempt: str(attempt.subtask))
        self._rows = {one.index: one for one in made}
        made.sort(key=lambda one: one.attention)
        if reading.value is None:
            return None
        with_others = [one for own in made for one in (own, *history.concurrent(own))]
        return GuardedRows(with_others, made.failed)

    def _take_figures(self) -> None:
        taken = {}
        for query in self._queries(self._requested):
            reading = self.port.reading(query)
            if reading is not None:
                taken[query] = reading
                if reading is not self._taken.get(query):
                    self._history.take_figures(reading)
        self._taken = taken

    def _lines(self) -> tuple[str, ...]:
        size = self.screen.size
        if size.width >= PLENTY[0] and size.height >= PLENTY[1]:
            return ALL
        return SOME if size.height >= LOW else FEW

    def _sum_up(self) -> None:
        """The lines below, made again when one of their answers has arrived."""
        reading, history, context = self.reading, self._history, self._vertex_context
        known = vertex_of(self.port, self.job, self.vertex)
        if reading is None or reading.value is None or known is None:
            return
        query, figures = figures_reading(self.port, self.job, known[1], source=context.source)
        failed = failure(self.port, query) is not None
        rows = self._all_on_screen()
        self._notify_screen(rows)
        summed = figures.at if figures is not None else None
        age_cells = {} if rows else self._ages(summed)
        below_of = (reading.at, summed, context, failed, rows, age_cells)
        if below_of == self._below_of:
            return
        self._below_of = below_of
        young = summed is not None and self.port.is_young(self.job, self.vertex, summed)
        self._below = [
            replace(row, cells={**row.cells, "host": age_cells[row.label]}) if row.label in age_cells else row
            for row in summary_rows(
                list(history.attempts.values()),
                reading.value.aggregated,
                rates.by_id(figures.value or ()) if figures is not None else {},
                context,
                answered_at(self.port, figures),
                failed=failed,
                rows=rows,
                counted={one: history.rates_of(one) for one in first_minute.RATES} if young else None,
            )
        ]

    def _notify_screen(self, rows: tuple[SubtaskFacts, ...]) -> None:
        """Notify the screen, so that its other texts about the vertex use the same answer."""
        if rows != self._together:
            self._together = rows
            self.post_message(AllRowsShown(self, rows))

    def stop_watching(self) -> None:
        """Rows that are hidden grow old."""
        super().stop_watching()
        self._notify_screen(())

    def _all_on_screen(self) -> tuple[SubtaskFacts, ...]:
        """The rows of all running subtasks, if all of them are on the screen; else ()."""
        attempts = self._history.attempts
        if len(attempts) > MANY:
            return ()
        running = {index for index, one in attempts.items() if not states.is_terminal(one.status)}
        if not running <= set(self._requested) or not self._rows.keys() >= running:
            return ()
        return tuple(self._rows[index] for index in sorted(running))

    def _ages(self, summed: float | None) -> dict[str, Cell]:
        """The age of the sums and of the rows on the screen, if those differ."""
        shown = self._history.read_at(self._visible_subtasks & set(self._requested))
        if summed is None or shown is None:
            return {}
        now = self.port.now()
        return ages(now - summed, now - shown, len(self._history.attempts))
