"""All metrics of a job, a vertex, a subtask or a process: to search, to expand, to pin."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec import Struct
from msgspec.structs import replace
from textual import on

from flinktop.facts.freshness import failure, is_past, missing_words, why_empty
from flinktop.facts.jobs import job_state
from flinktop.facts.metric_scopes import (
    Sample,
    Scope,
    count_words,
    is_watermark,
    number_text,
    open_mark,
    plain_text,
)
from flinktop.facts.subtasks import current_reading
from flinktop.facts.vertices import RELIST_SECONDS, vertex_state
from flinktop.flink.jobs import JOB
from flinktop.flink.metrics import JOB_METRICS, SUBTASK_METRICS, VERTEX_METRICS, AggregatedMetric, watermark
from flinktop.flink.numbers import LONG_MAX
from flinktop.model import format as fmt
from flinktop.model import states, subtask_names
from flinktop.model.ended import no_metrics, none_of
from flinktop.model.metric_reading import reading as reading_of
from flinktop.model.metric_tree import by_operator, name_in, operator_of
from flinktop.ui.panels.columns import text
from flinktop.ui.panels.table_panel import TablePanel
from flinktop.ui.widgets.guarded_rows import make_row_groups
from flinktop.ui.widgets.messages import Opened

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from flinktop.engine.pins import Pin
    from flinktop.flink.endpoint import Query
    from flinktop.flink.jobs import Job
    from flinktop.flink.process import Process
    from flinktop.ui.live import Asks
    from flinktop.ui.panels.columns import Rest
    from flinktop.ui.panels.parts import Part
    from flinktop.ui.widgets.columns import Column

MOST_SEARCHED = 20
"""Most scopes whose metrics are listed for a search; with more, only those of expanded ones."""
_TONES = {fmt.UNKNOWN: "muted", fmt.ABSENT: "muted", fmt.FAILED: "bad"}


class ExploredRow(Struct, frozen=True):
    """A scope that has metrics, an operator in it, one metric, or that of one subtask."""

    key: str
    label: str
    depth: int  # its level in the tree: 0 is a scope
    scope: Scope
    metric: str = ""  # its whole id; "" for a scope
    subtask: int | None = None
    operator: str = ""  # of the row of an operator: its name
    words: str = ""  # of a scope: how many metrics, or why none
    sample: Sample | None = None  # the value, once it is known
    failed: bool = False  # whether it was requested and is not available
    pinned: bool = False
    old: bool = False

    @property
    def name(self) -> str:
        return f"{'  ' * self.depth}{self.label}"

    @property
    def pin(self) -> Pin | None:
        return self.scope.pin(self.metric, self.subtask) if self.metric else None

    @property
    def aggregated(self) -> bool:
        """Whether it is a metric of several subtasks."""
        return bool(self.metric) and self.scope.aggregated and self.subtask is None

    @property
    def number(self) -> float | None:
        """The value, or the greatest of several; of a watermark ms since 1970."""
        value = self.sample.value if self.sample is not None else None
        if value is None or isinstance(value, AggregatedMetric):
            return value.max if value is not None else None
        if not is_watermark(self.metric):
            return value.number
        mark = watermark(value.value)
        return float(mark) if mark is not None and mark < LONG_MAX else None


def texts(row: ExploredRow, offset: float | None, cluster_now: float) -> dict[str, str]:
    """The texts of the numeric columns, by key; `offset` from UTC (s), times in s since 1970."""
    if not row.metric:
        return {"raw": row.words}
    keys = ("min", "avg", "max", "sum") if row.aggregated else ("raw",)
    if row.sample is None:
        return dict.fromkeys(keys, fmt.FAILED if row.failed else fmt.UNKNOWN)
    value = row.sample.value
    found = {"value": reading_of(row.metric, row.number, offset, cluster_now)}
    if not isinstance(value, AggregatedMetric):
        answer = plain_text(value, offset, cluster_now) if value is not None else "not a number"
        return found | {"raw": "the input has ended" if row.scope.alone and answer == "ended" else answer}
    # A sum of times means nothing.
    total = None if is_watermark(row.metric) else value.sum
    for key, number in zip(keys, (value.min, value.avg, value.max, total), strict=True):
        found[key] = number_text(row.metric, number, offset, cluster_now)
    return found


class MetricsExplorer(TablePanel[ExploredRow]):
    """Metrics as a tree: enter expands a scope, an operator in it, and a metric by its subtasks.

    Ids are listed for expanded scopes, values are requested for rows on the screen and pinned metrics.
    Sorted by a column, metrics are ordered by their whole ids without the rows of operators.
    """

    BOX = "Metrics"
    TABLE = "metrics"
    MOST_REQUESTS: ClassVar[int] = 4
    """Requests for the values of the rows on the screen and of pinned metrics, each below Flink's limit."""
    ALONE: ClassVar[bool] = False  # whether there is only one scope, so that no metric is of several
    PINS: ClassVar[bool] = True  # whether metrics can be pinned
    scroll_asks_at_once = False
    first_ask_at_once = False

    def __init__(self, job: str = "", vertex: str = "", *, id: str | None = None) -> None:
        """The metrics of a job and all its vertices, or of one vertex."""
        super().__init__(job, vertex, id=id)
        self._opened = {"", vertex or "job"}  # keys of the expanded rows
        self._folded: set[str] = set()  # keys of the collapsed operators: they are expanded at first
        self._known: dict[tuple[str, int | None, str], Sample] = {}  # by scope, subtask and metric
        self._rows: dict[str, ExploredRow] = {}

    def columns(self) -> Sequence[Column[ExploredRow]]:
        def number(
            key: str, title: str, width: int, drop: int = 0, *, sorts: bool = False
        ) -> Column[ExploredRow]:
            def of(row: ExploredRow) -> str:
                return texts(row, self.zone_offset(), self.port.known_time()).get(key, "")

            def tone(row: ExploredRow) -> str:
                muted = key == "value" or (self.ALONE and row.number is None)
                return _TONES.get(of(row), "muted" if muted else "")

            sort = attrgetter("number") if sorts else False
            rest: Rest = {"align": "right", "descending": True, "drop": drop}
            return text(key, title, width, of, tone=tone, blank="", sort=sort, **rest)

        found: tuple[Column[ExploredRow], ...] = (
            text("pinned", "", 1, lambda row: "◆" if row.pinned else "", tone="info", blank=""),
            text(
                "metric",
                "METRIC",
                20 if self.ALONE else 24,
                lambda row: row.name,
                tone=lambda row: "" if row.metric or row.operator else "strong",
                sort=lambda row: (row.metric or row.label).casefold(),
                flex=True,
                middle=True,
            ),
            number("raw", "RAW", 20 if self.ALONE else 16, sorts=self.ALONE),
            number("min", "MIN", 9, 3),
            number("avg", "AVG", 9, 2),
            number("max", "MAX", 9, sorts=True),
            number("value", "VALUE", 11, 1),
            number("sum", "SUM", 9, 4),
        )
        of_several = ("min", "avg", "max", "sum") if self.ALONE else ()
        without = {*of_several, *(() if self.PINS else ("pinned",))}
        return tuple(column for column in found if column.key not in without)

    def matches(self, row: ExploredRow, text: str) -> bool:
        """By the metric's id, and the name of its scope, which stays above its matches."""
        words = text.casefold().split()
        ids: Iterable[str] = (row.metric,) if row.metric else self._ids(row.scope)
        if row.operator:
            ids = (one for one in ids if operator_of(one) == row.operator)
        return any(all(word in f"{one} {row.scope.name}".casefold() for word in words) for one in ids)

    def source(self) -> Query[Any]:
        return JOB(job=self.job)

    @property
    def missing(self) -> str:
        return missing_words(self.port, JOB_METRICS, "metrics")

    def empty(self) -> str:
        nothing = none_of("vertices", job_state(self.port, self.job))
        return self.missing or self.why_empty(self.reading, nothing)

    def scopes(self) -> list[Scope]:
        """The scopes that have metrics, in display order."""
        job: Job | None = self.answer
        found = [] if self.vertex else [Scope(self.job, name="the job")]
        for vertex in job.vertices if job is not None else ():
            if self.vertex in ("", vertex.id):
                found.append(Scope(self.job, vertex.id, name=vertex.name, parallelism=vertex.parallelism))
                if self.vertex and self.port.features.has(1, 20):
                    found.append(Scope(self.job, vertex.id, coordinator=True, name="on the JobManager"))
        return found

    # -- commands ------------------------------------------------------------------------------------

    @on(Opened)
    def _open(self, event: Opened) -> None:
        """Expand or collapse a row that has others below it."""
        event.stop()
        row = self._rows.get(event.key)
        if row is None or row.subtask is not None or (row.metric and row.scope.parallelism <= 0):
            return
        if row.operator:
            self._folded ^= {row.key}
        else:
            self._opened ^= {row.key if row.metric else row.scope.key}
        self.update()

    def toggle_pin(self) -> None:
        row = self.table.cursor_row
        if row is not None and row.pin is not None:
            self.app.toggle_pin(row.pin)
            self.update()

    def copied(self) -> str | None:
        row = self.table.cursor_row if self.is_mounted else None
        return row.metric or None if row is not None else None

    # -- queries --------------------------------------------------------------------------------------

    def _shown_scopes(self, scopes: list[Scope]) -> set[str]:
        """Keys of the scopes whose metrics are rows: the expanded ones; for a search all, if they are few."""
        searching = bool(self.table.filter) and len(scopes) <= MOST_SEARCHED
        return {scope.key for scope in scopes if searching or scope.key in self._opened}

    def _ids(self, scope: Scope) -> tuple[str, ...]:
        return tuple(sorted((one.id for one in self.port.value(scope.listing) or ()), key=str.casefold))

    def asks(self) -> Asks:
        """The lists of expanded scopes, and the values of the rows on the screen and of pinned metrics."""
        if self.missing:
            return {}
        scopes, asks = self.scopes(), super().asks()
        values, shown = self._values(scopes), self._shown_scopes(scopes)
        changed = {scope.key for scope, query in values if self._has_others(scope, query)}
        for scope in scopes:
            if scope.key in shown:
                again = not self._ids(scope) or scope.key in changed
                asks[scope.listing] = 0.0 if again else RELIST_SECONDS
        return asks | {query: 0.0 for _, query in values}

    def _has_others(self, scope: Scope, query: Query[Any]) -> bool:
        """Whether a scope has other metrics than those listed.

        One missing id empties a whole aggregated answer, which says nothing about the other ids.
        """
        last, listed = self.port.reading(query), self.port.reading(scope.listing)
        if not scope.aggregated or last is None or last.at is None or last.value is None or last.value:
            return False
        return listed is None or listed.at is None or listed.at < last.at

    def _values(self, scopes: list[Scope]) -> list[tuple[Scope, Query[Any]]]:
        """The requests for values, with their scopes."""
        found: list[tuple[Scope, Query[Any]]] = []
        for scope, wanted in self._wanted(scopes).items():
            over_all = sorted({metric for subtask, metric in wanted if subtask is None})
            single = sorted((subtask, metric) for subtask, metric in wanted if subtask is not None)
            found += [(scope, one) for one in (*scope.values(over_all), *scope.of_subtasks(single))]
        return found[: self.MOST_REQUESTS]

    def _take_values(self, scopes: list[Scope]) -> set[tuple[str, int | None, str]]:
        """Take the values from the answers; returns the values that are not available.

        A requested value that is missing in the answer is not a number.
        """
        failed: set[tuple[str, int | None, str]] = set()
        for scope, query in self._values(scopes):
            reading, lacks = self.port.reading(query), failure(self.port, query) is not None
            by_id = {metric.id: metric for metric in reading.value or ()} if reading is not None else {}
            for one in dict(query.params)["get"].split(","):
                index, _, metric = one.partition(".") if query.endpoint is VERTEX_METRICS else ("", "", one)
                key = (scope.key, int(index) if index else None, metric)
                if lacks:
                    failed.add(key)
                before, at = self._known.get(key), reading.at if reading is not None else None
                if by_id and at is not None and (before is None or before.at < at):
                    self._known[key] = Sample(at, by_id.get(one))
        return failed

    def _wanted(self, scopes: list[Scope]) -> dict[Scope, frozenset[tuple[int | None, str]]]:
        """By scope: (subtask or None, metric) on the screen, and pinned ones that the scope has."""
        found: dict[Scope, set[tuple[int | None, str]]] = {}
        for pin in self.app.pins_of(self.job):
            for scope in scopes:
                if (wanted := scope.part_of(pin)) is not None:
                    found.setdefault(scope, set()).add(wanted)
        for key in self.visible_keys:
            row = self._rows.get(key)
            if row is not None and row.metric:
                found.setdefault(row.scope, set()).add((row.subtask, row.metric))
        return {scope: frozenset(wanted) for scope, wanted in found.items()}

    # -- what is shown -------------------------------------------------------------------------------

    def words(self) -> Sequence[list[Part]]:
        scopes = self.scopes()
        closed = len(scopes) - len(self._shown_scopes(scopes))
        if not self.table.filter or not closed or self.missing:
            return []
        return [[(f"searched in open scopes only; enter opens the other {closed}", "muted")]]

    def rows(self) -> Sequence[ExploredRow] | None:
        if self.missing:
            return None
        scopes = self.scopes()
        shown, failed = self._shown_scopes(scopes), self._take_values(scopes)
        pins = frozenset(self.app.pins_of(self.job))

        def complete(row: ExploredRow) -> ExploredRow:
            if not row.metric:
                return row
            key = (row.scope.key, row.subtask, row.metric)
            sample = self._known.get(key)
            return replace(
                row,
                sample=sample,
                failed=key in failed,
                pinned=row.pin in pins,
                old=sample is not None and is_past(self.port, sample.at),
            )

        rows = make_row_groups(
            scopes,
            lambda scope: map(complete, self._scope_rows(scope, shown=scope.key in shown)),
            key=lambda scope: f"scope {scope.key}",
            name=lambda scope: scope.name,
        )
        self._rows = {row.key: row for row in rows}
        return rows

    def _scope_rows(self, scope: Scope, *, shown: bool) -> Iterator[ExploredRow]:
        ids = self._ids(scope) if shown else ()
        if not scope.alone:
            words = count_words(len(ids)) if ids else ""
            if shown and not ids:
                reading = self.port.reading(scope.listing)
                words = why_empty(self.port, reading, fmt.UNKNOWN, self._none(scope))
            label = f"{open_mark(is_open=shown)} {scope.name}"
            yield ExploredRow(f"scope {scope.key}", label, 0, scope, words=words)
        tree = not self.table.sort_label and scope.process is None
        depth = 0 if scope.alone else 1
        for operator, metrics in (by_operator(ids) if tree else {"": ids}).items():
            key = f"operator {scope.key} {operator}"
            is_open = not operator or key not in self._folded or bool(self.table.filter)
            if operator:
                label = f"{open_mark(is_open=is_open)} {operator}"
                words = count_words(len(metrics))
                yield ExploredRow(key, label, depth, scope, operator=operator, words=words)
            for metric in metrics if is_open else ():
                yield from self._metric_rows(scope, metric, operator, depth + bool(operator))

    def _none(self, scope: Scope) -> str:
        """Why a scope has no metrics, in a few cells."""
        of_job = job_state(self.port, self.job)
        state = vertex_state(self.port, self.job, scope.vertex) if scope.vertex else of_job
        return "none: ended" if states.is_terminal(state) else "none yet"

    def _metric_rows(self, scope: Scope, metric: str, operator: str, depth: int) -> Iterator[ExploredRow]:
        """A metric, below its operator if that has a row; and those of its subtasks if it is expanded."""
        key = f"metric {scope.key}  {metric}"
        yield ExploredRow(key, name_in(operator, metric), depth, scope, metric)
        if key in self._opened:
            for subtask in range(scope.parallelism):
                name = subtask_names.named(subtask, scope.parallelism)
                key = f"metric {scope.key} {subtask} {metric}"
                yield ExploredRow(key, name, depth + 1, scope, metric, subtask)


class MetricsTable(MetricsExplorer):
    """The metrics of one subtask."""

    TABLE_ID = "metric-rows"
    MOST_REQUESTS = 3
    ALONE = True
    first_ask_at_once = True

    def __init__(self, job: str, vertex: str, subtask: int, *, id: str | None = None) -> None:
        super().__init__(job, vertex, id=id)
        self._scope = Scope(job, vertex, subtask=subtask)

    def source(self) -> Query[Any]:
        return self._scope.listing

    def scopes(self) -> list[Scope]:
        return [self._scope]

    @property
    def missing(self) -> str:
        return missing_words(self.port, SUBTASK_METRICS, "metrics")

    def nothing(self) -> str:
        """The text for an empty list."""
        attempt = current_reading(self.port, self.job, self.vertex, self._scope.subtask or 0)
        state = attempt.value.status if attempt is not None and attempt.value is not None else ""
        return no_metrics("This subtask", state)

    def empty(self) -> str:
        return self.missing or self.why_empty(self.reading, self.nothing())


class ProcessMetrics(MetricsTable):
    """The metrics of one process."""

    PINS = False

    def __init__(self, process: Process, *, id: str | None = None) -> None:
        super().__init__("", "", 0, id=id)
        self._process = process
        self._scope = Scope(process=process)

    @property
    def missing(self) -> str:
        return missing_words(self.port, self.source().endpoint, f"metrics of {self._process.plural}")

    def nothing(self) -> str:
        return no_metrics("This process", "")
