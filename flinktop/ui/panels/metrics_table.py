"""All metrics of a process or a subtask: listed once, values asked for the rows on the screen alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct
from textual import on

from flinktop.facts.freshness import failure, is_past
from flinktop.facts.metric_scopes import count_words, is_watermark, open_mark
from flinktop.facts.subtasks import present_reading
from flinktop.facts.unanswered import missing_words
from flinktop.facts.vertices import RELIST_SECONDS
from flinktop.flink.metrics import SUBTASK_METRICS, Metric, watermark
from flinktop.flink.numbers import LONG_MAX
from flinktop.model import format as fmt
from flinktop.model.ended import no_metrics
from flinktop.model.metric_reading import reading as reading_of
from flinktop.model.metric_tree import by_operator, name_in
from flinktop.ui.panels.columns import text
from flinktop.ui.panels.table_panel import TablePanel
from flinktop.ui.widgets.columns import Column
from flinktop.ui.widgets.one_by_one import one_by_one
from flinktop.ui.widgets.table_messages import Opened

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flinktop.flink.endpoint import Query
    from flinktop.flink.machine import Machine
    from flinktop.flink.metrics import Metrics
    from flinktop.ui.live import Asks
    from flinktop.ui.widgets.columns import Cell

MOST_REQUESTS = 3
"""Requests for the values of the rows on the screen, each below Flink's limit for a request line."""


class MetricRow(Struct, frozen=True):
    """One metric, or an operator that has some."""

    metric: Metric | None = None
    """None of an operator."""
    failed: bool = False
    """Whether its value was asked for and could not be had."""
    old: bool = False
    pinned: bool = False
    operator: str = ""
    """The operator that it stands below; of the row of an operator, that itself."""
    metrics: int = 0
    """How many an operator has."""
    is_open: bool = True

    @property
    def id(self) -> str:
        """The metric's; "" of an operator."""
        return self.metric.id if self.metric is not None else ""

    @property
    def key(self) -> str:
        """Names it in the table."""
        return self.id or f"operator {self.operator}"

    @property
    def name(self) -> str:
        """As it stands in the table: without the operator that it stands below."""
        if not self.id:
            return f"{open_mark(is_open=self.is_open)} {self.operator}"
        return f"  {name_in(self.operator, self.id)}" if self.operator else self.id

    @property
    def number(self) -> float | None:
        """Its value, of a watermark in ms since 1970; None for one that says nothing."""
        if self.metric is None or not is_watermark(self.id):
            return self.metric.number if self.metric is not None else None
        mark = watermark(self.metric.value)
        return float(mark) if mark is not None and mark < LONG_MAX else None


def columns(
    offset: Callable[[], float | None], cluster_now: Callable[[], float], *, pins: bool
) -> tuple[Column[MetricRow], ...]:
    """Id, value and what it says in units; before them whether it is pinned, where metrics can be.

    Args:
        offset: Seconds from UTC in which times are written.
        cluster_now: The cluster's time (s since 1970).
        pins: Whether they can be pinned.
    """

    def value(row: MetricRow) -> Cell:
        if row.metric is None:
            return count_words(row.metrics), "muted"
        if row.metric.value is None:
            return (fmt.FAILED, "bad") if row.failed else (fmt.UNKNOWN, "muted")
        number = row.number
        if not is_watermark(row.id):
            return (fmt.as_told(number), "") if number is not None else (row.metric.value, "muted")
        if number is None:
            return "none yet" if watermark(row.metric.value) is None else "the input has ended", "muted"
        return fmt.near(number / 1000.0, offset(), cluster_now()), ""

    def in_units(row: MetricRow) -> str:
        if row.metric is None or is_watermark(row.id):
            return ""
        return reading_of(row.id, row.number, offset(), cluster_now())

    pinned: Column[MetricRow] = text(
        "pinned", "", 1, lambda row: "◆" if row.pinned else "", tone="info", blank=""
    )
    return (
        *((pinned,) if pins else ()),
        text(
            *("name", "METRIC", 20, lambda row: row.name),
            sort=lambda row: row.key.casefold(),
            flex=True,
            middle=True,
        ),
        Column("value", "RAW", 20, value, sort=lambda row: row.number, align="right", descending=True),
        text("reads", "VALUE", 11, in_units, tone="muted", blank="", align="right", drop=1),
    )


class MetricsList(TablePanel[MetricRow]):
    """Metrics in the order of their ids, those of operators below their names. Subclasses say whose.

    Sorted by a column, metrics stand by their whole ids without the rows of their operators.
    """

    BOX = "Metrics"
    TABLE_ID = "metric-rows"
    PINS: ClassVar[bool] = False
    """Whether they can be pinned."""
    OPERATORS: ClassVar[bool] = False
    """Whether some are those of operators."""
    scroll_asks_at_once = False

    def __init__(self, job: str = "", vertex: str = "", *, id: str | None = None) -> None:
        super().__init__(job, vertex, id=id)
        self._known: dict[str, tuple[float, Metric]] = {}
        """By id: when a value came, and the value."""
        self._folded: set[str] = set()
        """Operators that are closed: they are open at first."""
        self._ids_of: dict[str, list[str]] = {}
        """The metrics of each operator, by the key of its row."""

    def pinned(self) -> frozenset[str]:
        """The ids of those that are pinned."""
        return frozenset()

    def metrics(self, get: Sequence[str] | None = None) -> Query[Metrics]:
        """What lists the metrics, or tells the values of these."""
        raise NotImplementedError

    def columns(self) -> Sequence[Column[MetricRow]]:
        return columns(self.zone_offset, self.port.known_time, pins=self.PINS)

    def source(self) -> Query[Metrics]:
        return self.metrics()

    def key(self, row: MetricRow) -> str:
        return row.key

    def asks(self) -> Asks:
        """What there is, and the values of the rows on the screen and of what is pinned."""
        if self.missing:
            return {}
        listed = self.reading is not None and bool(self.reading.value)
        # A subtask that has just started has none: look again soon.
        asks: Asks = {self.source(): RELIST_SECONDS if listed else 0.0}
        return asks | dict.fromkeys(self._values(), 0.0)

    def _values(self) -> Sequence[Query[Metrics]]:
        visible = (key for key in self.visible_keys if key not in self._ids_of)
        wanted = sorted({*visible, *self.pinned()})
        return self.metrics(wanted).parts()[:MOST_REQUESTS] if wanted else ()

    def _take_values(self) -> set[str]:
        """Take in what was answered; gives the ids of those whose values could not be had."""
        failed: set[str] = set()
        for query in self._values():
            reading = self.port.reading(query)
            if failure(self.port, query) is not None:
                failed.update(dict(query.params)["get"].split(","))
            if reading is None or reading.at is None:
                continue
            for metric in reading.value or ():
                before = self._known.get(metric.id)
                if before is None or before[0] < reading.at:
                    self._known[metric.id] = (reading.at, metric)
        return failed

    def rows_of(self, answer: Metrics) -> Sequence[MetricRow]:
        failed, pinned, now = self._take_values(), self.pinned(), self.port.now()
        by_id = {metric.id: metric for metric in answer}
        tree = self.OPERATORS and not self.table.sort_label
        grouped = by_operator(by_id) if tree else {"": sorted(by_id, key=str.casefold)}
        self._ids_of = {f"operator {operator}": ids for operator, ids in grouped.items()}

        def row(place: tuple[str, str]) -> MetricRow:
            operator, one = place
            if not one:
                count = len(grouped[operator])
                return MetricRow(operator=operator, metrics=count, is_open=self._is_open(operator))
            at, metric = self._known.get(one, (now, by_id[one]))
            return MetricRow(metric, one in failed, is_past(self.port, at), one in pinned, operator)

        places = [
            (operator, one)
            for operator, ids in grouped.items()
            for one in ("", *(ids if self._is_open(operator) else ()))
            if operator or one
        ]
        return one_by_one(places, row, key=lambda place: place[1] or f"operator {place[0]}")

    def _is_open(self, operator: str) -> bool:
        return operator not in self._folded or bool(self.table.filter)

    def matches(self, row: MetricRow, text: str) -> bool:
        """By the metric's id; an operator stands above what was found of it."""
        words = text.casefold().split()
        ids = [row.id] if row.id else self._ids_of.get(row.key, [])
        return any(all(word in one.casefold() for word in words) for one in ids)

    @on(Opened)
    def _open(self, event: Opened) -> None:
        """Open or close an operator."""
        if event.key in self._ids_of:
            event.stop()
            self._folded ^= {event.key.removeprefix("operator ")}
            self.draw()


class MetricsTable(MetricsList):
    """The metrics of one subtask."""

    PINS = True
    OPERATORS = True
    MISSING = "metrics"

    def __init__(self, job: str, vertex: str, subtask: int, *, id: str | None = None) -> None:
        super().__init__(job, vertex, id=id)
        self._subtask = subtask

    def empty(self) -> str:
        attempt = present_reading(self.port, self.job, self.vertex, self._subtask)
        state = attempt.value.status if attempt is not None and attempt.value is not None else ""
        return self.missing or self.why_empty(self.reading, no_metrics("This subtask", state))

    def metric_here(self) -> str | None:
        """The id of the metric that the cursor is on."""
        row = self.table.cursor_row
        return row.id or None if row is not None else None

    def metrics(self, get: Sequence[str] | None = None) -> Query[Metrics]:
        return SUBTASK_METRICS(job=self.job, vertex=self.vertex, subtask=self._subtask, get=get)

    def pinned(self) -> frozenset[str]:
        own = (self.vertex, self._subtask)
        pins = self.app.pins_of(self.job)
        return frozenset(pin.metric for pin in pins if (pin.vertex, pin.subtask) == own)


class ProcessMetrics(MetricsList):
    """The metrics of one process."""

    NOTHING = no_metrics("This process", "")

    def __init__(self, process: Machine, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._process = process

    def metrics(self, get: Sequence[str] | None = None) -> Query[Metrics]:
        return self._process.metrics(get=get)

    @property
    def missing(self) -> str:
        what = f"metrics of {self._process.all_of_them}"
        return missing_words(self.port, self.metrics().endpoint, what)
