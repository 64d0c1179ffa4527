"""The watermarks of a vertex by subtask: as told, as times, how late, and who holds the others back."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from textual import on

from flinktop.facts.freshness import answered_at, is_old
from flinktop.facts.subtasks import vertex_context
from flinktop.facts.unanswered import missing_words
from flinktop.facts.vertices import listing, vertex_of
from flinktop.facts.watermarks import MarkFacts, Marks, mark_text
from flinktop.flink.jobs import JOB
from flinktop.flink.metrics import VERTEX_METRICS
from flinktop.flink.vertices import VERTEX_WATERMARKS
from flinktop.model import format as fmt
from flinktop.model import lag as lags
from flinktop.model import rates, states, subtask_names, watermarks
from flinktop.ui.panels.answer_table import AnswerTable
from flinktop.ui.panels.frame import zone_offset
from flinktop.ui.panels.vertex_figures import RELIST_SECONDS
from flinktop.ui.widgets.one_by_one import MadeRows, one_by_one
from flinktop.ui.widgets.table import Cell, Column
from flinktop.ui.widgets.table_messages import VisibleChanged

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flinktop.engine.store import Reading
    from flinktop.flink.endpoint import Query
    from flinktop.flink.metrics import Metrics
    from flinktop.ui.panels.frame import Part

MOST_REQUESTS = 3
"""Requests for watermarks that have to be asked for one by one, each below Flink's limit."""
MOST_ALONE = 300
"""Subtasks that are asked for one by one though they are not on the screen."""


def mark_rows(
    known: dict[int, float],
    count: int,
    offset: float | None,
    cluster_now: float,
    *,
    old: bool,
    history: Mapping[int, lags.Points],
) -> MadeRows[MarkFacts]:
    """Rows of all subtasks, the lowest watermark first; what has not been told stands last.

    `history` has each subtask's lag over the last minutes.
    """
    marks = Marks(known, offset, cluster_now, old=old)
    indices = range(max(count, max(known, default=-1) + 1))
    rows = one_by_one(indices, lambda index: marks.facts(index, history.get(index, ())), key=str)
    rows.sort(key=lambda row: (row.mark is None, row.mark or 0.0, row.index))
    return rows


def columns() -> list[Column[MarkFacts]]:
    """The columns; the number that Flink tells is the first to give way."""

    def span(value: float | None) -> Cell:
        return (fmt.duration(value), "") if value is not None else (fmt.ABSENT, "muted")

    found: list[Column[MarkFacts]] = [
        Column(
            "subtask",
            "SUBTASK",
            7,
            lambda row: (str(row.index), "strong"),
            sort=lambda row: row.index,
            align="right",
        ),
        Column(
            "time",
            "WATERMARK",
            19,
            lambda row: (row.time, "" if row.mark is not None and math.isfinite(row.mark) else "muted"),
            sort=lambda row: row.mark,
            align="right",
        ),
        Column(
            "lag",
            "WM LAG",
            8,
            lambda row: (lags.text(row.lag), row.lag_tone) if row.lag is not None else (fmt.ABSENT, "muted"),
            sort=lambda row: row.lag,
            align="right",
            descending=True,
        ),
        Column(
            "behind",
            "BEHIND",
            8,
            lambda row: span(row.behind),
            sort=lambda row: row.behind,
            align="right",
            descending=True,
        ),
        Column("holds", "", 12, lambda row: ("holds back" if row.holds else "", "warn"), drop=1),
        Column(
            "raw",
            "RAW",
            20,
            lambda row: (row.raw, "muted"),
            sort=lambda row: row.mark,
            align="right",
            drop=2,
        ),
    ]
    return found


class VertexWatermarks(AnswerTable[MarkFacts]):
    """Watermarks by subtask: `…/watermarks` (1.10+); of sources, and in 1.9, metrics of each subtask."""

    BOX = "Watermarks"
    ASKING = "loading watermarks…"

    def __init__(self, job: str, vertex: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._job = job
        self._vertex = vertex
        self._visible: tuple[str, ...] = ()
        self._told: dict[int, float] = {}
        self._readings: tuple[Reading[Metrics], ...] = ()
        self._history: dict[int, lags.Points] = {}
        """By subtask: its lag over the last minutes."""

    def columns(self) -> list[Column[MarkFacts]]:
        """The columns."""
        return columns()

    def row_key(self, row: MarkFacts) -> str:
        """The index."""
        return str(row.index)

    def on_mount(self) -> None:
        """Watch the job, for the vertex's place in it."""
        self.watch_query("job", JOB(job=self._job), self._news)
        super().on_mount()

    def _news(self, _reading: Reading[Any]) -> None:
        self._follow()
        self.tick()

    def _queries(self) -> tuple[Query[Metrics], ...] | None:
        """What tells the watermarks; () where there are none, None while that is not known."""
        known = vertex_of(self.port, self._job, self._vertex)
        context = vertex_context(self.port, self._job, self._vertex, 0.0)
        if known is None or context is None:
            return None
        if not context.source and self.port.features.has(1, 10):
            return (VERTEX_WATERMARKS(job=self._job, vertex=self._vertex),)
        mark = next((one for one in context.ids.ids if one.endswith("Watermark")), None)
        if mark is None:
            listed = self.port.reading(listing(self._job, self._vertex))
            return () if listed is not None and listed.value else None
        count = known[1].parallelism
        asked = range(count) if count <= MOST_ALONE else sorted(int(key) for key in self._visible)
        ids = [f"{index}.{mark}" for index in asked]
        return VERTEX_METRICS(job=self._job, vertex=self._vertex, get=ids).parts()[:MOST_REQUESTS]

    def _follow(self) -> None:
        if self.port.features.history_server:
            return
        context = vertex_context(self.port, self._job, self._vertex, 0.0)
        if context is not None and context.source:
            listed = self.port.reading(listing(self._job, self._vertex))
            every = RELIST_SECONDS if listed is not None and listed.value else 0.0
            slot = self._slots.get("ids")
            if slot is None or slot.every != every:
                self.watch_query("ids", listing(self._job, self._vertex), self._news, every=every)
        queries = self._queries() or ()
        for slot_name in self.slots():
            if slot_name.startswith("marks ") and int(slot_name.partition(" ")[2]) >= len(queries):
                self.drop_query(slot_name)
        for number, query in enumerate(queries):
            self.watch_query(f"marks {number}", query, self._marks_told)

    def _marks_told(self, reading: Reading[Metrics]) -> None:
        if reading.value and reading.at is not None:
            found = watermarks.marks(reading.value)
            self._told |= found
            at = answered_at(self.port, reading)
            for index, mark in found.items():
                if (lag := rates.watermark_lag(mark, at)) is not None:
                    self._history[index] = lags.remembered(self._history.get(index, ()), reading.at, lag)
        self.tick()

    @on(VisibleChanged)
    def _scrolled(self, event: VisibleChanged) -> None:
        self._visible = event.keys
        self.wants_tick = True

    def tick(self) -> None:
        """Lags are as of the answer; rows that have come into sight are asked for."""
        if self.port.features.history_server:
            self.table.set_empty(missing_words(self.port, VERTEX_WATERMARKS, "watermarks"))
            return
        known = vertex_of(self.port, self._job, self._vertex)
        if known is not None and known[1].parallelism > MOST_ALONE:
            self._follow()
        queries = self._queries()
        if queries == ():
            self.table.set_empty("no operator of this vertex has a watermark")
            return
        readings = [self.port.reading(query) for query in queries or ()]
        # Of a vertex without inputs first comes which metrics it has.
        first = readings[0] if readings else self.port.reading(listing(self._job, self._vertex))
        ended = known is not None and states.is_terminal(known[1].status)
        self.explain(
            first, "the vertex has ended" if ended else "no watermarks yet: they come with Flink's metrics"
        )
        if known is None or not self._told:
            return
        count = known[1].parallelism
        self._told = {index: mark for index, mark in self._told.items() if index < count}
        offset, now = zone_offset(self), answered_at(self.port, first)
        whole = len(self._told) == count
        self.set_words(
            [
                line
                for line in (
                    self.one_line("low watermark", lambda: self._lowest(offset, now, whole=whole)),
                    self.one_line("which subtask holds the others back", self._held),
                )
                if line
            ]
        )
        old = is_old(self.port, first)
        self.table.set_rows(mark_rows(self._told, count, offset, now, old=old, history=self._history))

    def _lowest(self, offset: float | None, now: float, *, whole: bool) -> list[Part]:
        """The lowest, and how late it is."""
        lowest = min(self._told.values())
        parts: list[Part] = [
            ("low watermark ", "muted"),
            (mark_text(lowest, offset, now), ""),
        ]
        lag = rates.watermark_lag(lowest, now)
        if lag is not None:
            slowest = min(self._told, key=lambda index: self._told[index])
            parts += [("   lag ", "muted"), (lags.words(lag), lags.tone(self._history.get(slowest, ())))]
        if not whole:
            parts.append(("   of the loaded ones", "muted"))
        return parts

    def _held(self) -> list[Part]:
        """Who holds the others back; [] for nobody."""
        held = watermarks.held(self._told)
        if held is None:
            return []
        known = vertex_of(self.port, self._job, self._vertex)
        who = subtask_names.named(held.subtask, known[1].parallelism if known is not None else None)
        who += f" and {held.others} more" if held.others else ""
        verb = "hold" if held.others else "holds"
        behind = (
            f", {fmt.duration(held.behind)} behind the foremost"
            if math.isfinite(held.behind)
            else ": no watermark there yet"
        )
        return [(f"{who} {verb} the others back{behind}", "warn" if held.behind >= lags.LATE else "")]
