"""A vertex by subtask: backpressure, on demand where measuring it costs the TaskManagers, and watermarks."""

from __future__ import annotations

import math
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from flinktop.facts.freshness import OLD_SECONDS, answered_at
from flinktop.facts.subtasks import context_asks, vertex_context
from flinktop.facts.vertex_parts import WORST_FIRST, MarkFacts, Marks, PressureFacts, pressure_facts
from flinktop.facts.vertices import listing, vertex_of, vertex_state
from flinktop.flink.metrics import VERTEX_METRICS
from flinktop.flink.numbers import LONG_MAX, LONG_MIN
from flinktop.flink.vertices import VERTEX_BACKPRESSURE, VERTEX_WATERMARKS
from flinktop.model import busy, rates, states, subtask_names, watermarks
from flinktop.model import format as fmt
from flinktop.model import lag as lags
from flinktop.model.checkpoints import stacked
from flinktop.model.ended import has_numbers
from flinktop.model.subtask_figures import ENDED, NO_WATERMARK
from flinktop.ui.panels.columns import MUTED, lag, number, text
from flinktop.ui.panels.parts import GAP, pair
from flinktop.ui.panels.table_panel import TablePanel
from flinktop.ui.widgets.columns import Column, Stripes
from flinktop.ui.widgets.guarded_rows import GuardedRows, make_row_groups, make_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from flinktop.flink.endpoint import Query
    from flinktop.flink.metrics import Metrics
    from flinktop.flink.vertices import SubtaskBackpressure, VertexBackpressure
    from flinktop.ui.live import Asks
    from flinktop.ui.panels.parts import Line
    from flinktop.ui.widgets.columns import Cell


JUST_NOW = 3.0  # seconds for which an answer counts as the requested one
LEVELS = {"ok": ("● ok", "good"), "low": ("▲ low", "warn"), "high": ("✕ high", "bad")}
SHAPES = (
    ("█", "#", "first", "busy"),
    ("▓", "+", "second", "backpressured"),
    ("░", ".", "muted", "idle"),
)
"""The times of a subtask: each with a shape, one in ASCII, and a tone."""
OVER = "The vertex has ended: Flink no longer measures its backpressure."
ON_DEMAND = (
    "Up to 1.12 Flink samples this vertex's threads 100 times,\n"
    "which costs its TaskManagers. b: start sampling"
)
MOST_REQUESTS = 3  # requests for watermarks that are fetched one by one, each below Flink's limit
MOST_ALONE = 300  # subtasks that are fetched one by one though they are not on the screen
FAR = 43_200.0  # seconds from which on a time is written with its date


def pressure_rows(answer: VertexBackpressure, *, young: bool = False) -> GuardedRows[PressureFacts]:
    """Rows by Flink's verdict, worst first, then by index; concurrent attempts below the subtask's own.

    `young`: the vertex is in its first minute.
    """

    def rows(one: SubtaskBackpressure) -> Iterator[PressureFacts]:
        yield pressure_facts(one, one.subtask, "", young=young)
        for at, other in enumerate(one.other_concurrent_attempts or ()):
            yield pressure_facts(other, one.subtask, f".{at}", young=young)

    ordered = sorted(answer.subtasks, key=lambda one: (WORST_FIRST.get(one.level, 3), one.subtask))
    return make_row_groups(ordered, rows, key=lambda one: str(one.subtask))


def time_bar(row: PressureFacts, width: int, *, ascii: bool) -> Stripes:
    """The times of a subtask, as parts of a bar; before 1.13 only its backpressure is known."""
    shares = [1000.0 * (share or 0.0) for share in (row.busy, row.backpressured, row.idle)]
    return Stripes(
        tuple(
            ((plain if ascii else shape) * length, tone)
            for (shape, plain, tone, _), length in zip(SHAPES, stacked(shares, 1000.0, width), strict=True)
            if length
        )
    )


def level_cell(level: str) -> Cell:
    """Flink's verdict: ok up to 10 %, low up to 50 %, else high."""
    return LEVELS.get(level, (level or fmt.UNKNOWN, "muted"))


class VertexPressure(TablePanel[PressureFacts]):
    """What each subtask of a vertex spends its time on (`…/backpressure`)."""

    ENDPOINT = VERTEX_BACKPRESSURE
    BOX = "Backpressure"
    TABLE = "backpressure"
    LOADING = "loading backpressure…"
    MISSING = "backpressure"

    def __init__(self, job: str, vertex: str, *, id: str | None = None) -> None:
        super().__init__(job, vertex, id=id)
        self._requested_at: float | None = None  # of the last measurement by the user (engine's clock, s)

    def columns(self) -> Sequence[Column[PressureFacts]]:
        def share(
            key: str, title: str, of: Callable[[PressureFacts], float | None], drop: int
        ) -> Column[PressureFacts]:
            return number(
                key,
                title,
                5,
                of,
                lambda value: fmt.per_mille(1000.0 * value),
                tone=lambda value: busy.tone(1000.0 * value) if key != "idle" else "",
                blank=lambda row: (fmt.UNKNOWN, "muted") if row.unmeasured else MUTED,
                drop=drop,
            )

        bar = partial(time_bar, ascii=self.ascii)
        return (
            number("subtask", "SUBTASK", 7, lambda row: row.index, str, tone="strong", descending=False),
            Column(
                "level",
                "LEVEL",
                6,
                lambda row: level_cell(row.level),
                sort=lambda row: row.backpressured,
                descending=True,
            ),
            share("backpressured", "BKPR%", lambda row: row.backpressured, 0),
            share("busy", "BUSY%", lambda row: row.busy, 1),
            share("idle", "IDLE%", lambda row: row.idle, 2),
            number("attempt", "ATTEMPT", 7, lambda row: row.attempt, str, descending=False, drop=4),
            Column("time", "TIME", 20, lambda _row: ("", ""), flex=True, drop=3, stripes=bar),
        )

    @property
    def samples(self) -> bool:
        """Whether the release samples threads to answer (up to 1.12)."""
        return not self.port.features.has(1, 13)

    @property
    def _measuring(self) -> bool:
        """Whether to poll it: where that has a cost, only until one requested measurement is there."""
        if not self.samples or self._requested_at is None:
            return not self.samples
        reading = self.reading
        if reading is None or reading.value is None or reading.at is None or reading.value.status != "ok":
            return True
        return reading.at <= self._requested_at - JUST_NOW

    @property
    def _ended(self) -> bool:
        return states.is_terminal(vertex_state(self.port, self.job, self.vertex))

    def asks(self) -> Asks:
        return super().asks() if self._measuring else {}

    def ask(self) -> None:
        """Request a measurement, where that has a cost; else it is polled anyway."""
        self._requested_at = self.port.now()
        self.update()

    def empty(self) -> str:
        if self._ended and not has_numbers(self.answer):
            return self.missing or OVER
        if self.samples and not self._measuring and self.answer is None:
            return self.missing or ON_DEMAND
        waiting = "sampling the threads: takes about 10 s" if self.samples else "no subtask has reported yet"
        return self.missing or self.why_empty(self.reading, waiting)

    def rows_of(self, answer: VertexBackpressure) -> Sequence[PressureFacts]:
        if self._ended and not has_numbers(answer):
            return ()
        age = self._age(answer)
        self.old |= self._ended or (age is not None and age > OLD_SECONDS and not self._measuring)
        at = self.reading.at if self.reading is not None else None
        young = at is not None and self.port.is_young(self.job, self.vertex, at)
        return pressure_rows(answer, young=young)

    def _age(self, answer: VertexBackpressure) -> float | None:
        return self.port.known_time() - answer.end_timestamp / 1000.0 if answer.end_timestamp else None

    def words(self) -> Sequence[Line]:
        answer: VertexBackpressure | None = self.answer
        if answer is None or (self._ended and not has_numbers(answer)):
            return ()
        age = self._age(answer)
        line: Line = [("backpressure ", "muted"), level_cell(answer.level)] if answer.level else []
        if age is not None and not self._ended:
            line += pair("   measured", f"{fmt.duration(age)} ago")
        if self._ended:
            line.append(("   the vertex has ended: these are its last numbers", "muted"))
        elif self.samples:
            line.append(("   measuring", "info") if self._measuring else ("   b: measure again", "muted"))
        if not self.samples:
            for shape, plain, tone, word in SHAPES:
                line += [GAP, ((plain if self.ascii else shape) * 2, tone), (f" {word}", "muted")]
        return ([(line[0][0].lstrip(), line[0][1]), *line[1:]],) if line else ()


def mark_rows(
    known: Mapping[int, float], count: int, cluster_now: float, history: Mapping[int, lags.Points]
) -> GuardedRows[MarkFacts]:
    """Rows of all subtasks, the lowest watermark first; unknown ones last.

    `history` has each subtask's lag over the last minutes.
    """
    marks = Marks(known, cluster_now)
    indices = range(max(count, max(known, default=-1) + 1))
    rows = make_rows(indices, lambda index: marks.facts(index, history.get(index, ())), key=str)
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
    """A watermark as Flink sends it."""
    if mark is None:
        return fmt.UNKNOWN
    return str(LONG_MIN if mark == NO_WATERMARK else LONG_MAX if mark == ENDED else int(mark))


class VertexWatermarks(TablePanel[MarkFacts]):
    """Watermarks by subtask: `…/watermarks` (1.10+); of sources, and in 1.9, metrics of each subtask."""

    KEY = "index"
    BOX = "Watermarks"
    TABLE = "watermarks"
    LOADING = "loading watermarks…"
    MISSING = "watermarks"
    scroll_asks_at_once = False

    def __init__(self, job: str, vertex: str, *, id: str | None = None) -> None:
        super().__init__(job, vertex, id=id)
        self._marks: dict[int, float] = {}
        self._history: dict[int, lags.Points] = {}  # by subtask: its lag over the last minutes
        self._now = 0.0  # the cluster's time (s since 1970) of the answer

    def columns(self) -> Sequence[Column[MarkFacts]]:
        def held(row: MarkFacts) -> str:
            return "holds back" if row.holds else ""

        by_mark = attrgetter("mark")
        return (
            number("subtask", "SUBTASK", 7, lambda row: row.index, str, tone="strong", descending=False),
            text(
                "watermark",
                "WATERMARK",
                19,
                lambda row: mark_text(row.mark, self.zone_offset(), self._now),
                tone=lambda row: "" if row.mark is not None and math.isfinite(row.mark) else "muted",
                sort=by_mark,
                align="right",
            ),
            lag("lag", "WM LAG", 8, lambda row: row.lag),
            number("behind", "BEHIND", 8, lambda row: row.behind, fmt.duration),
            text("holds", "", 12, held, tone="warn", blank="", drop=1),
            text(
                "raw",
                "RAW",
                20,
                lambda row: raw_text(row.mark),
                tone="muted",
                sort=by_mark,
                align="right",
                drop=2,
            ),
        )

    def source(self) -> Query[Any]:
        return next(iter(self._queries() or ()), listing(self.job, self.vertex))

    def _queries(self) -> tuple[Query[Metrics], ...] | None:
        """The queries for the watermarks; () where there are none, None while that is not known."""
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
        indexes = range(count) if count <= MOST_ALONE else sorted(int(key) for key in self.visible_keys)
        ids = [f"{index}.{mark}" for index in indexes]
        return VERTEX_METRICS(job=self.job, vertex=self.vertex, get=ids).parts()[:MOST_REQUESTS]

    def asks(self) -> Asks:
        if self.missing:
            return {}
        return context_asks(self.port, self.job, self.vertex) | dict.fromkeys(self._queries() or (), 0.0)

    def _take_in(self) -> None:
        """Record the answers: of many subtasks only those on the screen are requested."""
        for query in self._queries() or ():
            reading = self.port.reading(query)
            if reading is None or not reading.value or reading.at is None:
                continue
            found = watermarks.marks(reading.value)
            self._marks |= found
            at = answered_at(self.port, reading)
            for index, mark in found.items():
                if (late := rates.watermark_lag(mark, at)) is not None:
                    self._history[index] = lags.add_point(self._history.get(index, ()), reading.at, late)

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
        slowest = min(self._marks, key=lambda index: self._marks[index])
        lowest = self._marks[slowest]
        line = pair("low watermark", mark_text(lowest, self.zone_offset(), self._now))
        if (late := rates.watermark_lag(lowest, self._now)) is not None:
            line += pair("   lag", lags.words(late), lags.tone(self._history.get(slowest, ())))
        if len(self._marks) != self._parallelism:
            line.append(("   of the loaded ones", "muted"))
        return line

    def _held(self) -> Line:
        """Which subtask holds the others back; [] for none."""
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
