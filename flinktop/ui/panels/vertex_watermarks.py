"""The watermarks of a vertex by subtask: as told, as times, how late, and who holds the others back."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from flinktop.facts.freshness import answered_at
from flinktop.facts.subtasks import context_asks, vertex_context
from flinktop.facts.vertices import listing, vertex_of
from flinktop.facts.watermarks import MarkFacts, Marks
from flinktop.flink.metrics import VERTEX_METRICS
from flinktop.flink.numbers import LONG_MAX, LONG_MIN
from flinktop.flink.vertices import VERTEX_WATERMARKS
from flinktop.model import format as fmt
from flinktop.model import lag as lags
from flinktop.model import rates, states, subtask_names, watermarks
from flinktop.model.subtask_figures import ENDED, NO_WATERMARK
from flinktop.ui.panels.columns import lag, number, text
from flinktop.ui.panels.lines_panel import pair
from flinktop.ui.panels.table_panel import TablePanel
from flinktop.ui.widgets.one_by_one import MadeRows, one_by_one

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from flinktop.flink.endpoint import Query
    from flinktop.flink.metrics import Metrics
    from flinktop.ui.live import Asks
    from flinktop.ui.panels.lines_panel import Line
    from flinktop.ui.widgets.columns import Column

MOST_REQUESTS = 3
"""Requests for watermarks that have to be asked for one by one, each below Flink's limit."""
MOST_ALONE = 300
"""Subtasks that are asked for one by one though they are not on the screen."""
FAR = 43_200.0
"""Seconds from which on a time is written with its date."""


def mark_rows(
    known: Mapping[int, float], count: int, cluster_now: float, history: Mapping[int, lags.Points]
) -> MadeRows[MarkFacts]:
    """Rows of all subtasks, the lowest watermark first; what has not been told stands last.

    `history` has each subtask's lag over the last minutes.
    """
    marks = Marks(known, cluster_now)
    indices = range(max(count, max(known, default=-1) + 1))
    rows = one_by_one(indices, lambda index: marks.facts(index, history.get(index, ())), key=str)
    rows.sort(key=lambda row: (row.mark is None, row.mark or 0.0, row.index))
    return rows


def mark_text(mark: float | None, offset: float | None, cluster_now: float) -> str:
    """A watermark as a time, with its date where it is far from now."""
    if mark is None:
        return fmt.UNKNOWN
    if math.isinf(mark):
        return "the input has ended" if mark == ENDED else "none yet"
    far = abs(mark / 1000.0 - cluster_now) > FAR
    return (fmt.moment if far else fmt.clock)(mark / 1000.0, offset)


def raw_text(mark: float | None) -> str:
    """A watermark as Flink tells it."""
    if mark is None:
        return fmt.UNKNOWN
    return str(LONG_MIN if mark == NO_WATERMARK else LONG_MAX if mark == ENDED else int(mark))


def columns(
    offset: Callable[[], float | None], cluster_now: Callable[[], float]
) -> tuple[Column[MarkFacts], ...]:
    """The columns; the number that Flink tells is the first to give way."""
    return (
        text(
            *("subtask", "SUBTASK", 7, lambda row: str(row.index)),
            tone="strong",
            sort=lambda row: row.index,
            align="right",
        ),
        text(
            *("time", "WATERMARK", 19, lambda row: mark_text(row.mark, offset(), cluster_now())),
            tone=lambda row: "" if row.mark is not None and math.isfinite(row.mark) else "muted",
            sort=lambda row: row.mark,
            align="right",
        ),
        lag("lag", "WM LAG", 8, lambda row: row.lag),
        number("behind", "BEHIND", 8, lambda row: row.behind, fmt.duration),
        text("holds", "", 12, lambda row: "holds back" if row.holds else "", tone="warn", blank="", drop=1),
        text(
            *("raw", "RAW", 20, lambda row: raw_text(row.mark)),
            tone="muted",
            sort=lambda row: row.mark,
            align="right",
            drop=2,
        ),
    )


class VertexWatermarks(TablePanel[MarkFacts]):
    """Watermarks by subtask: `…/watermarks` (1.10+); of sources, and in 1.9, metrics of each subtask."""

    BOX = "Watermarks"
    LOADING = "loading watermarks…"
    MISSING = "watermarks"
    scroll_asks_at_once = False

    def __init__(self, job: str, vertex: str, *, id: str | None = None) -> None:
        super().__init__(job, vertex, id=id)
        self._marks: dict[int, float] = {}
        self._history: dict[int, lags.Points] = {}
        """By subtask: its lag over the last minutes."""
        self._now = 0.0
        """The cluster's time (s since 1970) when it was answered."""

    def columns(self) -> Sequence[Column[MarkFacts]]:
        return columns(self.zone_offset, lambda: self._now)

    def key(self, row: MarkFacts) -> str:
        return str(row.index)

    def source(self) -> Query[Any]:
        return next(iter(self._queries() or ()), listing(self.job, self.vertex))

    def _queries(self) -> tuple[Query[Metrics], ...] | None:
        """What tells the watermarks; () where there are none, None while that is not known."""
        known = vertex_of(self.port, self.job, self.vertex)
        context = vertex_context(self.port, self.job, self.vertex)
        if known is None or context is None:
            return None
        if not context.source and self.port.features.has(1, 10):
            return (VERTEX_WATERMARKS(job=self.job, vertex=self.vertex),)
        mark = next((one for one in context.ids.ids if one.endswith("Watermark")), None)
        if mark is None:
            listed = self.port.reading(listing(self.job, self.vertex))
            return () if listed is not None and listed.value else None
        count = known[1].parallelism
        asked = range(count) if count <= MOST_ALONE else sorted(int(key) for key in self.visible_keys)
        ids = [f"{index}.{mark}" for index in asked]
        return VERTEX_METRICS(job=self.job, vertex=self.vertex, get=ids).parts()[:MOST_REQUESTS]

    def asks(self) -> Asks:
        if self.missing:
            return {}
        return context_asks(self.port, self.job, self.vertex) | dict.fromkeys(self._queries() or (), 0.0)

    def _take_in(self) -> None:
        """Remember what has been answered: of many subtasks those on the screen are asked for alone."""
        for query in self._queries() or ():
            reading = self.port.reading(query)
            if reading is None or not reading.value or reading.at is None:
                continue
            found = watermarks.marks(reading.value)
            self._marks |= found
            at = answered_at(self.port, reading)
            for index, mark in found.items():
                if (late := rates.watermark_lag(mark, at)) is not None:
                    self._history[index] = lags.remembered(self._history.get(index, ()), reading.at, late)

    def empty(self) -> str:
        known = vertex_of(self.port, self.job, self.vertex)
        if self.missing:
            return self.missing
        if self._queries() == ():
            return "no operator of this vertex has a watermark"
        ended = known is not None and states.is_terminal(known[1].status)
        waiting = "no watermarks yet: they come with Flink's metrics"
        return self.why_empty(self.reading, "the vertex has ended" if ended else waiting)

    def rows(self) -> Sequence[MarkFacts] | None:
        self._take_in()
        self._now = answered_at(self.port, self.reading)
        known = vertex_of(self.port, self.job, self.vertex)
        if known is None or not self._marks:
            return None
        count = known[1].parallelism
        self._marks = {index: mark for index, mark in self._marks.items() if index < count}
        return mark_rows(self._marks, count, self._now, self._history)

    def words(self) -> Sequence[Line]:
        if not self._marks:
            return ()
        return (
            self.one_line("low watermark", self._lowest),
            self.one_line("which subtask holds the others back", self._held),
        )

    @property
    def _parallelism(self) -> int | None:
        known = vertex_of(self.port, self.job, self.vertex)
        return known[1].parallelism if known is not None else None

    def _lowest(self) -> Line:
        """The lowest, and how late it is."""
        slowest = min(self._marks, key=lambda index: self._marks[index])
        lowest = self._marks[slowest]
        line = pair("low watermark", mark_text(lowest, self.zone_offset(), self._now))
        if (late := rates.watermark_lag(lowest, self._now)) is not None:
            line += pair("   lag", lags.words(late), lags.tone(self._history.get(slowest, ())))
        if len(self._marks) != self._parallelism:
            line.append(("   of the loaded ones", "muted"))
        return line

    def _held(self) -> Line:
        """Who holds the others back; [] for nobody."""
        held = watermarks.held(self._marks)
        if held is None:
            return []
        who = subtask_names.named(held.subtask, self._parallelism)
        who += f" and {held.others} more" if held.others else ""
        verb = "hold" if held.others else "holds"
        behind = (
            f", {fmt.duration(held.behind)} behind the foremost"
            if math.isfinite(held.behind)
            else ": no watermark there yet"
        )
        return [(f"{who} {verb} the others back{behind}", "warn" if held.behind >= lags.LATE else "")]
