"""All metrics of something: listed once, values asked for the rows on the screen alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from textual import on

from flinktop.facts.freshness import failure, is_past
from flinktop.facts.metric_scopes import count_words, open_mark
from flinktop.facts.subtasks import present_reading
from flinktop.facts.unanswered import missing_words, why_empty
from flinktop.flink.metrics import SUBTASK_METRICS, watermark
from flinktop.flink.numbers import LONG_MAX
from flinktop.model import format as fmt
from flinktop.model.ended import no_metrics
from flinktop.model.metric_reading import reading as reading_of
from flinktop.model.metric_tree import by_operator, name_in
from flinktop.model.subtask_figures import last_part
from flinktop.ui.live import Panel
from flinktop.ui.panels.frame import zone_offset
from flinktop.ui.panels.vertex_figures import RELIST_SECONDS
from flinktop.ui.widgets.one_by_one import one_by_one
from flinktop.ui.widgets.table import Cell, Column, LiveTable
from flinktop.ui.widgets.table_messages import Opened, VisibleChanged

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from flinktop.engine.store import Reading
    from flinktop.flink.endpoint import Query
    from flinktop.flink.metrics import Metric, Metrics

ASKING = "loading…"
MOST_REQUESTS = 3
"""Requests for the values of the rows on the screen, each below Flink's limit for a request line."""


@dataclass(frozen=True, slots=True)
class MetricRow:
    """One metric, or an operator that has some."""

    id: str
    """"" of an operator."""
    text: str
    """Its value as it is written; "…" before it came, "!" where it could not be had."""
    number: float | None
    old: bool = False
    reads: str = ""
    """Its number in units, where its name tells which."""
    pinned: bool = False
    operator: str = ""
    """The operator that it stands below; of the row of an operator, that itself."""
    mark: str = ""
    """Of the row of an operator: whether it is open."""

    @property
    def key(self) -> str:
        """Names it in the table."""
        return self.id or f"operator {self.operator}"

    @property
    def name(self) -> str:
        """As it stands in the table: without the operator that it stands below."""
        if not self.id:
            return f"{self.mark} {self.operator}"
        return f"  {name_in(self.operator, self.id)}" if self.operator else self.id


def metric_row(metric: Metric, offset: float | None, cluster_now: float, *, old: bool) -> MetricRow:
    """One row; a value is written as Flink tells it, a watermark as a time."""
    if metric.value is None:
        return MetricRow(metric.id, fmt.UNKNOWN, None)
    if last_part(metric.id).endswith("Watermark"):
        mark = watermark(metric.value)
        if mark is None:
            return MetricRow(metric.id, "none yet", None, old)
        if mark >= LONG_MAX:
            return MetricRow(metric.id, "the input has ended", None, old)
        return MetricRow(metric.id, fmt.near(mark / 1000.0, offset, cluster_now), float(mark), old)
    number = metric.number
    text = fmt.as_told(number) if number is not None else metric.value
    return MetricRow(metric.id, text, number, old, reading_of(metric.id, number, offset, cluster_now))


def columns(*, pins: bool, ascii_only: bool) -> list[Column[MetricRow]]:
    """Id, value and what it says in units; before them whether it is pinned, where metrics can be."""

    def value(row: MetricRow) -> Cell:
        if row.text == fmt.FAILED:
            return fmt.FAILED, "bad"
        if row.text == fmt.UNKNOWN:
            return ("~" if ascii_only else fmt.UNKNOWN), "muted"
        return row.text, "" if row.number is not None else "muted"

    mark = "*" if ascii_only else "◆"
    found: list[Column[MetricRow]] = [
        Column(
            "name",
            "METRIC",
            20,
            lambda row: (row.name, ""),
            sort=lambda row: row.key.casefold(),
            flex=True,
            middle=True,
        ),
        Column("value", "RAW", 20, value, sort=lambda row: row.number, align="right", descending=True),
        Column("reads", "VALUE", 11, lambda row: (row.reads, "muted"), align="right", drop=1),
    ]
    if pins:
        found.insert(0, Column("pinned", "", 1, lambda row: (mark if row.pinned else "", "info")))
    return found


class MetricsList(Panel):
    """Metrics in the order of their ids, those of operators below their names. Subclasses say whose.

    Sorted by a column, metrics stand by their whole ids without the rows of their operators.
    """

    BOX = "Metrics"
    DEFAULT_CSS = "MetricsList { height: 1fr; } MetricsList LiveTable { height: 1fr; }"
    PINS: ClassVar[bool] = False
    """Whether they can be pinned."""
    OPERATORS: ClassVar[bool] = False
    """Whether some are those of operators."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._visible: tuple[str, ...] = ()
        self._asked: tuple[str, ...] = ()
        self._told: dict[str, tuple[float, Metric]] = {}
        """By id: when a value came, and the value."""
        self._folded: set[str] = set()
        """Operators that are closed: they are open at first."""
        self._ids_of: dict[str, list[str]] = {}
        """The metrics of each operator, by the key of its row."""

    def compose(self) -> ComposeResult:
        """One table."""
        ascii_only = self.app.settings.ascii
        yield LiveTable(
            columns(pins=self.PINS, ascii_only=ascii_only),
            row_key=lambda row: row.key,
            match=self._matches,
            dim=lambda row: row.old,
            ascii=ascii_only,
            empty=ASKING,
            id="metric-rows",
        )

    def absent(self) -> str:
        """Why there can be none on this cluster, as a sentence; "" where there may be."""
        return ""

    def none(self) -> str:
        """What it means that there are none, as a sentence."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """Watch which metrics there are, where there are any."""
        if absent := self.absent():
            self.table.set_empty(absent)
        else:
            self.watch_query("ids", self._listing, self._listed)
        super().on_mount()

    @property
    def table(self) -> LiveTable[MetricRow]:
        """The table itself."""
        return self.query_one(LiveTable)

    def pinned(self) -> frozenset[str]:
        """The ids of those that are pinned."""
        return frozenset()

    def metrics(self, get: Sequence[str] | None = None) -> Query[Metrics]:
        """What lists the metrics, or tells the values of these."""
        raise NotImplementedError

    @property
    def _listing(self) -> Query[Metrics]:
        return self.metrics()

    def _listed(self, reading: Reading[Metrics]) -> None:
        # A subtask that has just started has none: look again soon.
        self.watch_query("ids", self._listing, self._listed, every=RELIST_SECONDS if reading.value else 0.0)
        self.table.set_empty(why_empty(self.port, reading, ASKING, self.none()))
        self._show_metrics()
        if not self._asked:
            self._follow()

    def _values(self, reading: Reading[Metrics]) -> None:
        if reading.at is not None:
            self._told |= {metric.id: (reading.at, metric) for metric in reading.value or ()}
        self._show_metrics()

    def tick(self) -> None:
        """What grows old is greyed; rows that have come into sight are asked for."""
        self._follow()
        self._show_metrics()

    def _show_metrics(self) -> None:
        reading = self.port.reading(self._listing)
        listed = reading.value if reading is not None and reading.value is not None else ()
        offset, now, cluster_now = zone_offset(self), self.port.now(), self.port.known_time()
        pinned, failed = self.pinned(), self._failed_ids()

        def row(metric: Metric) -> MetricRow:
            at, known = self._told.get(metric.id, (now, metric))
            made = metric_row(known, offset, cluster_now, old=is_past(self.port, at))
            if known.value is None and metric.id in failed:
                made = replace(made, text=fmt.FAILED)
            return replace(made, pinned=True) if metric.id in pinned else made

        by_id = {metric.id: metric for metric in listed}
        tree = self.OPERATORS and not self.table.sort_label
        grouped = by_operator(by_id) if tree else {"": sorted(by_id, key=str.casefold)}
        self._ids_of = {f"operator {operator}": ids for operator, ids in grouped.items()}

        def made(place: tuple[str, str]) -> MetricRow:
            operator, one = place
            return replace(row(by_id[one]), operator=operator) if one else self._operator_row(operator)

        places = [
            (operator, one)
            for operator, ids in grouped.items()
            for one in ("", *(ids if self._is_open(operator) else ()))
            if operator or one
        ]
        self.table.set_rows(one_by_one(places, made, key=lambda place: place[1] or f"operator {place[0]}"))

    def _is_open(self, operator: str) -> bool:
        return operator not in self._folded or bool(self.table.filter)

    def _operator_row(self, operator: str) -> MetricRow:
        words = count_words(len(self._ids_of[f"operator {operator}"]))
        mark = open_mark(is_open=self._is_open(operator))
        return MetricRow("", words, None, operator=operator, mark=mark)

    def _matches(self, row: MetricRow, text: str) -> bool:
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
            self._show_metrics()

    def _failed_ids(self) -> frozenset[str]:
        """The metrics whose values were asked for and could not be had."""
        queries = self.metrics(self._asked).parts()[:MOST_REQUESTS] if self._asked else ()
        failed = [query for query in queries if failure(self.port, query) is not None]
        return frozenset(one for query in failed for one in dict(query.params)["get"].split(","))

    @on(VisibleChanged)
    def _scrolled(self, event: VisibleChanged) -> None:
        self._visible = event.keys
        if self._asked:
            # At the next second: someone who scrolls passes many rows.
            self.wants_tick = True
        else:
            self._follow()

    def _follow(self) -> None:
        """Ask for the values of the rows on the screen, and of what is pinned."""
        visible = (key for key in self._visible if key not in self._ids_of)
        wanted = tuple(sorted({*visible, *self.pinned()}))
        if wanted == self._asked:
            return
        self._asked = wanted
        queries = self.metrics(wanted).parts()[:MOST_REQUESTS] if wanted else ()
        for slot in self.slots():
            if slot.startswith("values ") and int(slot.partition(" ")[2]) >= len(queries):
                self.drop_query(slot)
        for number, query in enumerate(queries):
            self.watch_query(f"values {number}", query, self._values)


class MetricsTable(MetricsList):
    """The metrics of one subtask."""

    PINS = True
    OPERATORS = True

    def __init__(self, job: str, vertex: str, subtask: int, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._ids: dict[str, str | int] = {"job": job, "vertex": vertex, "subtask": subtask}

    def absent(self) -> str:
        """A HistoryServer has none."""
        return missing_words(self.port, SUBTASK_METRICS, "metrics")

    def none(self) -> str:
        """It has not told any yet, or has ended."""
        job, vertex, subtask = self._ids.values()
        attempt = present_reading(self.port, str(job), str(vertex), int(subtask))
        state = attempt.value.status if attempt is not None and attempt.value is not None else ""
        return no_metrics("This subtask", state)

    def metric_here(self) -> str | None:
        """The id of the metric that the cursor is on."""
        row = self.table.cursor_row
        return row.id or None if row is not None else None

    def metrics(self, get: Sequence[str] | None = None) -> Query[Metrics]:
        """The subtask's."""
        return SUBTASK_METRICS(**self._ids, get=get)

    def pinned(self) -> frozenset[str]:
        """Those of this subtask."""
        ids = self._ids
        pins = self.app.pins_of(str(ids["job"]))
        of_this = (pin for pin in pins if (pin.vertex, pin.subtask) == (ids["vertex"], ids["subtask"]))
        return frozenset(pin.metric for pin in of_this)
