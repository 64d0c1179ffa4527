"""All metrics of a job, of its vertices, their operators and subtasks: to look for, to open, to pin."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from textual import on

from flinktop.engine.pins import COORDINATOR
from flinktop.facts.freshness import is_past
from flinktop.facts.metric_scopes import (
    Sample,
    Scope,
    count_words,
    is_watermark,
    number_text,
    open_mark,
    plain_text,
)
from flinktop.facts.unanswered import missing_words, why_empty
from flinktop.facts.vertices import job_state, vertex_state
from flinktop.flink.jobs import JOB
from flinktop.flink.metrics import JOB_METRICS, VERTEX_METRICS, AggregatedMetric
from flinktop.model import format as fmt
from flinktop.model import states, subtask_names
from flinktop.model.ended import none_of
from flinktop.model.metric_reading import reading as reading_of
from flinktop.model.metric_tree import by_operator, name_in, operator_of
from flinktop.ui.panels.answer_table import AnswerTable
from flinktop.ui.panels.frame import zone_offset
from flinktop.ui.panels.vertex_figures import RELIST_SECONDS
from flinktop.ui.widgets.one_by_one import each_with_its
from flinktop.ui.widgets.table import Cell, Column
from flinktop.ui.widgets.table_messages import Opened, VisibleChanged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from flinktop.engine.pins import Pin
    from flinktop.engine.store import Reading
    from flinktop.flink.endpoint import Query
    from flinktop.flink.jobs import Job

MOST_REQUESTS = 4
"""Requests for the values of the rows on the screen and of pinned metrics, each below Flink's limit."""
MOST_SEARCHED = 20
"""Things whose metrics are listed so that a search finds them; with more, those that are opened."""


@dataclass(frozen=True, slots=True)
class ExploredRow:
    """Something that has metrics, an operator in it, one metric, or that of one subtask."""

    key: str
    label: str
    depth: int
    """How many rows it stands below: 0 is what has metrics."""
    scope: Scope
    metric: str = ""
    """Its whole id; "" for what has metrics."""
    subtask: int | None = None
    pinned: bool = False
    value: str = ""
    low: str = ""
    mean: str = ""
    high: str = ""
    total: str = ""
    reads: str = ""
    """In units, where the metric's name tells which: the value, or the greatest of several."""
    order: float | None = None
    old: bool = False
    operator: str = ""
    """Of the row of an operator: its name."""

    @property
    def name(self) -> str:
        """As it stands in the table."""
        return f"{'  ' * self.depth}{self.label}"

    @property
    def pin(self) -> Pin | None:
        """The metric as a pin."""
        return self.scope.pin(self.metric, self.subtask) if self.metric else None


def columns() -> list[Column[ExploredRow]]:
    """The columns; the metric and its value are the last to give way."""

    def number(key: str, title: str, width: int, drop: int) -> Column[ExploredRow]:
        def cell(row: ExploredRow) -> Cell:
            text: str = getattr(row, key)
            tone = "muted" if text in (fmt.UNKNOWN, fmt.ABSENT) else "bad" if text == fmt.FAILED else ""
            return text, tone

        sort: Callable[[ExploredRow], Any] | None = (lambda row: row.order) if key == "high" else None
        return Column(key, title, width, cell, sort=sort, align="right", descending=True, drop=drop)

    return [
        Column("pinned", "", 1, lambda row: ("◆" if row.pinned else "", "info")),
        Column(
            "name",
            "METRIC",
            24,
            lambda row: (row.name, "strong" if row.depth == 0 else ""),
            sort=lambda row: (row.metric or row.label).casefold(),
            flex=True,
            middle=True,
        ),
        number("value", "RAW", 16, 0),
        number("low", "MIN", 9, 3),
        number("mean", "AVG", 9, 2),
        number("high", "MAX", 9, 0),
        Column("reads", "VALUE", 11, lambda row: (row.reads, "muted"), align="right", drop=1),
        number("total", "SUM", 9, 4),
    ]


class MetricsExplorer(AnswerTable[ExploredRow]):
    """Metrics as a tree: enter opens what has metrics, an operator in it, and a metric by its subtasks.

    Ids are listed for what is open, values are asked for the rows on the screen and for what is pinned.
    Sorted by a column, metrics stand by their whole ids without the rows of their operators.
    """

    BOX = "Metrics"
    ASKING = "loading…"

    def __init__(self, job: str, vertex: str = "", *, id: str | None = None) -> None:
        """The metrics of a job and all its vertices, or of one vertex."""
        super().__init__(id=id)
        self._job = job
        self._vertex = vertex
        self._opened = {vertex or "job"}
        """Keys of the rows that are open."""
        self._folded: set[str] = set()
        """Keys of the operators that are closed: they are open at first."""
        self._visible: tuple[str, ...] = ()
        self._told: dict[tuple[str, int | None, str], Sample] = {}
        """By scope, subtask and metric."""
        self._refused: set[tuple[str, int | None, str]] = set()
        """Those of which the newest request failed."""
        self._rows: dict[str, ExploredRow] = {}
        self._stale_lists: set[str] = set()
        """Keys of what has other metrics now: it was asked for one that is gone."""

    def columns(self) -> list[Column[ExploredRow]]:
        """The columns."""
        return columns()

    def row_key(self, row: ExploredRow) -> str:
        """What it is."""
        return row.key

    def matches(self, row: ExploredRow, text: str) -> bool:
        """By the metric's id, and the name of what has it; that stands above what was found of it."""
        words = text.casefold().split()
        ids: Iterable[str] = (row.metric,) if row.metric else self._ids(row.scope)
        if row.operator:
            ids = (one for one in ids if operator_of(one) == row.operator)
        return any(all(word in f"{one} {row.scope.name}".casefold() for word in words) for one in ids)

    def on_mount(self) -> None:
        """Watch the job, for its vertices."""
        self.watch_query("job", JOB(job=self._job), self._news)
        super().on_mount()

    def scopes(self) -> list[Scope]:
        """What has metrics, in the order in which it stands."""
        reading = self.port.reading(JOB(job=self._job))
        job: Job | None = reading.value if reading is not None else None
        found = [] if self._vertex else [Scope(self._job, name="the job")]
        for vertex in job.vertices if job is not None else ():
            if self._vertex in ("", vertex.id):
                found.append(Scope(self._job, vertex.id, name=vertex.name, parallelism=vertex.parallelism))
                if self._vertex and self.port.features.has(1, 20):
                    found.append(Scope(self._job, vertex.id, coordinator=True, name="on the JobManager"))
        return found

    # -- commands ------------------------------------------------------------------------------------

    @on(Opened)
    def _open(self, event: Opened) -> None:
        """Open or close a row that has others below it."""
        event.stop()
        row = self._rows.get(event.key)
        if row is None or row.subtask is not None or (row.metric and row.scope.parallelism <= 0):
            return
        if row.operator:
            self._folded ^= {row.key}
        else:
            self._opened ^= {row.key if row.metric else row.scope.key}
        self.tick()

    def toggle_pin(self) -> None:
        """Pin the selected metric, or no longer."""
        row = self.table.cursor_row
        if row is not None and row.pin is not None:
            self.app.toggle_pin(row.pin)
            self.tick()

    def copied(self) -> str | None:
        """The id of the selected metric."""
        row = self.table.cursor_row if self.is_mounted else None
        return row.metric or None if row is not None else None

    # -- news ----------------------------------------------------------------------------------------

    def _news(self, _reading: Reading[Any]) -> None:
        self.tick()

    def _listed(self, _reading: Reading[Any]) -> None:
        self._stale_lists.clear()
        self.tick()

    def _take(self, scope: Scope, asked: Iterable[tuple[int | None, str]], reading: Reading[Any]) -> None:
        """Take values in; what was asked for and is not among them is no number."""
        keys = {(scope.key, subtask, metric) for subtask, metric in asked}
        if reading.value is None or reading.at is None:
            self._refused |= keys if reading.error is not None else set()
            self.tick()
            return
        self._refused -= keys
        by_id = {metric.id: metric for metric in reading.value}
        found = {
            (subtask, metric): by_id.get(metric if subtask is None else f"{subtask}.{metric}")
            for subtask, metric in asked
        }
        # One id that is gone empties a whole aggregated answer: that says nothing of the others.
        if not by_id and scope.aggregated:
            self._stale_lists.add(scope.key)
        if by_id:
            for (subtask, metric), told in found.items():
                self._told[scope.key, subtask, metric] = Sample(reading.at, told)
        self.tick()

    @on(VisibleChanged)
    def _scrolled(self, event: VisibleChanged) -> None:
        self._visible = event.keys
        # At the next second: someone who scrolls passes many rows.
        self.wants_tick = True

    # -- what is asked -------------------------------------------------------------------------------

    def _shown_scopes(self, scopes: list[Scope]) -> set[str]:
        """Keys of those whose metrics are rows: the opened ones; to a search, all where they are few."""
        searching = bool(self.table.filter) and len(scopes) <= MOST_SEARCHED
        return {scope.key for scope in scopes if searching or scope.key in self._opened}

    def _ids(self, scope: Scope) -> tuple[str, ...]:
        reading = self.port.reading(scope.listing)
        known = reading.value if reading is not None and reading.value is not None else ()
        return tuple(sorted((metric.id for metric in known), key=str.casefold))

    def _follow(self, scopes: list[Scope]) -> None:
        """List what is open; ask for the rows on the screen and for what is pinned."""
        wanted: dict[str, tuple[Any, Any, float]] = {}
        shown = self._shown_scopes(scopes)
        for scope in scopes:
            if scope.key in shown:
                again = not self._ids(scope) or scope.key in self._stale_lists
                every = 0.0 if again else RELIST_SECONDS
                wanted[f"ids {scope.key}"] = (scope.listing, self._listed, every)
        number = 0
        for scope, asked in self._asked(scopes).items():
            over_all = sorted({metric for subtask, metric in asked if subtask is None})
            single = sorted((subtask, metric) for subtask, metric in asked if subtask is not None)
            for query in (*scope.values(over_all), *scope.of_subtasks(single)):
                if number < MOST_REQUESTS:
                    wanted[f"values {number}"] = (query, self._taker(scope, query), 0.0)
                    number += 1
        for slot in self.slots():
            if slot != "job" and slot not in wanted:
                self.drop_query(slot)
        for slot, (query, handler, every) in wanted.items():
            before = self._slots.get(slot)
            if before is None or before.query != query or before.every != every:
                self.watch_query(slot, query, handler, every=every)

    def _taker(self, scope: Scope, query: Query[Any]) -> Callable[[Reading[Any]], None]:
        wanted = dict(query.params)["get"].split(",")
        if query.endpoint is VERTEX_METRICS:
            pairs = (one.partition(".") for one in wanted)
            asked: list[tuple[int | None, str]] = [(int(index), metric) for index, _, metric in pairs]
        else:
            asked = [(None, metric) for metric in wanted]
        return lambda reading: self._take(scope, asked, reading)

    def _asked(self, scopes: list[Scope]) -> dict[Scope, frozenset[tuple[int | None, str]]]:
        """By scope: (subtask or None, metric) on the screen, and pinned ones that the scope has."""
        found: dict[Scope, set[tuple[int | None, str]]] = {}
        by_pin = {(scope.vertex, scope.coordinator): scope for scope in scopes}
        for pin in self.app.pins_of(self._job):
            scope = by_pin.get((pin.vertex, pin.subtask == COORDINATOR))
            if scope is not None:
                found.setdefault(scope, set()).add((pin.subtask if pin.subtask >= 0 else None, pin.metric))
        for key in self._visible:
            row = self._rows.get(key)
            if row is not None and row.metric:
                found.setdefault(row.scope, set()).add((row.subtask, row.metric))
        return {scope: frozenset(asked) for scope, asked in found.items()}

    # -- what is shown -------------------------------------------------------------------------------

    def tick(self) -> None:
        """What grows old is greyed; rows that have come into sight are asked for."""
        if absent := missing_words(self.port, JOB_METRICS, "metrics"):
            self.table.set_empty(absent)
            return
        scopes = self.scopes()
        self._follow(scopes)
        self.explain(
            self.port.reading(JOB(job=self._job)), none_of("vertices", job_state(self.port, self._job))
        )
        shown = self._shown_scopes(scopes)
        pins = frozenset(self.app.pins_of(self._job))
        rows = each_with_its(
            scopes,
            lambda scope: self._scope_rows(scope, pins, shown=scope.key in shown),
            key=lambda scope: f"scope {scope.key}",
            name=lambda scope: scope.name,
        )
        self._rows = {row.key: row for row in rows}
        closed = len(scopes) - len(shown)
        self.set_words(
            [[(f"searched in open scopes only; enter opens the other {closed}", "muted")]]
            if self.table.filter and closed
            else []
        )
        self.table.set_rows(rows)

    def _scope_rows(self, scope: Scope, pins: frozenset[Pin], *, shown: bool) -> list[ExploredRow]:
        ids = self._ids(scope) if shown else ()
        reading = self.port.reading(scope.listing) if shown else None
        words = count_words(len(ids)) if ids else ""
        if shown and not ids:
            words = why_empty(self.port, reading, fmt.UNKNOWN, self._none(scope))
        label = f"{open_mark(is_open=shown)} {scope.name}"
        rows = [ExploredRow(f"scope {scope.key}", label, 0, scope, value=words)]
        if self.table.sort_label:
            return rows + [row for metric in ids for row in self._metric_rows(scope, metric, "", pins)]
        for operator, metrics in by_operator(ids).items():
            key = f"operator {scope.key} {operator}"
            is_open = not operator or key not in self._folded or bool(self.table.filter)
            if operator:
                label = f"{open_mark(is_open=is_open)} {operator}"
                words = count_words(len(metrics))
                rows.append(ExploredRow(key, label, 1, scope, operator=operator, value=words))
            for metric in metrics if is_open else ():
                rows += self._metric_rows(scope, metric, operator, pins)
        return rows

    def _none(self, scope: Scope) -> str:
        """Why something has no metrics, in a few cells."""
        of_job = job_state(self.port, self._job)
        state = vertex_state(self.port, self._job, scope.vertex) if scope.vertex else of_job
        return "none: ended" if states.is_terminal(state) else "none yet"

    def _metric_rows(
        self, scope: Scope, metric: str, operator: str, pins: frozenset[Pin]
    ) -> Iterator[ExploredRow]:
        """A metric, below its operator where that has a row; and those of its subtasks where it is open."""
        depth = 2 if operator else 1
        key = f"metric {scope.key}  {metric}"
        bare = ExploredRow(key, name_in(operator, metric), depth, scope, metric)
        yield self._row(bare, pins)
        if key in self._opened:
            for subtask in range(scope.parallelism):
                key = f"metric {scope.key} {subtask} {metric}"
                name = subtask_names.named(subtask, scope.parallelism)
                one = ExploredRow(key, name, depth + 1, scope, metric, subtask)
                yield self._row(one, pins)

    def _row(self, bare: ExploredRow, pins: frozenset[Pin]) -> ExploredRow:
        """The row with its values, as far as they are known."""
        scope, metric, subtask = bare.scope, bare.metric, bare.subtask
        told = self._told.get((scope.key, subtask, metric))
        row = replace(bare, pinned=scope.pin(metric, subtask) in pins)
        if told is None:
            blank = fmt.FAILED if (scope.key, subtask, metric) in self._refused else fmt.UNKNOWN
            if not scope.aggregated or subtask is not None:
                return replace(row, value=blank)
            return replace(row, low=blank, mean=blank, high=blank, total=blank)
        old = is_past(self.port, told.at)
        offset, now = zone_offset(self), self.port.known_time()
        value = told.value
        if isinstance(value, AggregatedMetric):
            low, mean, high, total = (
                number_text(metric, one, offset, now)
                # Times add up to nothing.
                for one in (value.min, value.avg, value.max, None if is_watermark(metric) else value.sum)
            )
            reads = reading_of(metric, value.max, offset, now)
            return replace(
                row, low=low, mean=mean, high=high, total=total, reads=reads, order=value.max, old=old
            )
        if value is None:
            return replace(row, value="not a number", old=old)
        reads = reading_of(metric, value.number, offset, now)
        text = plain_text(value, offset, now)
        return replace(row, value=text, reads=reads, order=value.number, old=old)
