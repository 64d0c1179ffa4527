"""Backpressure of a vertex by subtask; where asking costs the TaskManagers it is asked for on demand only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.facts.backpressure import WORST_FIRST, PressureFacts, pressure_facts
from flinktop.facts.freshness import OLD_SECONDS
from flinktop.facts.vertices import vertex_state
from flinktop.flink.vertices import VERTEX_BACKPRESSURE
from flinktop.model import busy, states
from flinktop.model import format as fmt
from flinktop.model.checkpoints import stacked
from flinktop.model.ended import has_numbers
from flinktop.ui.panels.columns import MUTED, number, text
from flinktop.ui.panels.lines_panel import GAP, pair
from flinktop.ui.panels.table_panel import TablePanel
from flinktop.ui.widgets.columns import Column, Stripes
from flinktop.ui.widgets.one_by_one import each_with_its

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from flinktop.flink.endpoint import Query
    from flinktop.flink.vertices import SubtaskBackpressure, VertexBackpressure
    from flinktop.ui.live import Asks
    from flinktop.ui.panels.lines_panel import Line
    from flinktop.ui.widgets.columns import Cell
    from flinktop.ui.widgets.one_by_one import MadeRows

JUST_NOW = 3.0
"""Seconds for which an answer counts as the one that was asked for."""
LEVELS = {"ok": ("● ok", "good"), "low": ("▲ low", "warn"), "high": ("✕ high", "bad")}
SHAPES = (
    ("█", "#", "first", "busy"),
    ("▓", "+", "second", "backpressured"),
    ("░", ".", "muted", "idle"),
)
"""What a subtask does with its time: each in a shape, one of ASCII, and a tone."""
ENDED = "The vertex has ended: Flink no longer measures its backpressure."
ON_DEMAND = (
    "Up to 1.12 Flink samples this vertex's threads 100 times,\n"
    "which costs its TaskManagers. b: start sampling"
)


def pressure_rows(answer: VertexBackpressure, *, young: bool = False) -> MadeRows[PressureFacts]:
    """Rows by Flink's verdict, worst first, then by index; attempts that run beside another below it.

    `young`: the vertex is in its first minute.
    """

    def rows(one: SubtaskBackpressure) -> Iterator[PressureFacts]:
        yield pressure_facts(one, one.subtask, "", young=young)
        for at, other in enumerate(one.other_concurrent_attempts or ()):
            yield pressure_facts(other, one.subtask, f".{at}", young=young)

    ordered = sorted(answer.subtasks, key=lambda one: (WORST_FIRST.get(one.level, 3), one.subtask))
    return each_with_its(ordered, rows, key=lambda one: str(one.subtask))


def time_bar(row: PressureFacts, width: int, *, ascii: bool) -> Stripes:
    """What a subtask does with its time, as parts of a bar; before 1.13 only how much it waits is known."""
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


def columns(*, ascii: bool) -> tuple[Column[PressureFacts], ...]:
    """The columns; subtask, verdict and backpressure are the last to give way."""

    def share(
        key: str, title: str, of: Callable[[PressureFacts], float | None], drop: int
    ) -> Column[PressureFacts]:
        return number(
            *(key, title, 5, of, lambda value: fmt.per_mille(1000.0 * value)),
            tone=lambda value: busy.tone(1000.0 * value) if key != "idle" else "",
            blank=lambda row: (fmt.UNKNOWN, "muted") if row.unmeasured else MUTED,
            drop=drop,
        )

    return (
        text(
            *("subtask", "SUBTASK", 7, lambda row: str(row.index)),
            tone="strong",
            sort=lambda row: row.index,
            align="right",
        ),
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
        Column(
            "time",
            "TIME",
            20,
            lambda _row: ("", ""),
            flex=True,
            drop=3,
            stripes=lambda row, width: time_bar(row, width, ascii=ascii),
        ),
    )


class VertexPressure(TablePanel[PressureFacts]):
    """What each subtask of a vertex does with its time (`…/backpressure`)."""

    BOX = "Backpressure"
    LOADING = "loading backpressure…"
    MISSING = "backpressure"

    def __init__(self, job: str, vertex: str, *, id: str | None = None) -> None:
        super().__init__(job, vertex, id=id)
        self._asked: float | None = None
        """When the person last asked for a measurement (engine's clock, s)."""

    def columns(self) -> Sequence[Column[PressureFacts]]:
        return columns(ascii=self.ascii)

    def key(self, row: PressureFacts) -> str:
        return row.key

    def source(self) -> Query[VertexBackpressure]:
        return VERTEX_BACKPRESSURE(job=self.job, vertex=self.vertex)

    @property
    def samples(self) -> bool:
        """Whether the release samples threads to answer (up to 1.12)."""
        return not self.port.features.has(1, 13)

    @property
    def _measuring(self) -> bool:
        """Whether it is asked for: where that has a price, until one measurement has been paid for."""
        if not self.samples or self._asked is None:
            return not self.samples
        reading = self.reading
        if reading is None or reading.value is None or reading.at is None or reading.value.status != "ok":
            return True
        return reading.at <= self._asked - JUST_NOW

    @property
    def _ended(self) -> bool:
        return states.is_terminal(vertex_state(self.port, self.job, self.vertex))

    def asks(self) -> Asks:
        return super().asks() if self._measuring else {}

    def ask(self) -> None:
        """Ask, where that has a price; else it is asked for anyway."""
        self._asked = self.port.now()
        self.update()

    def empty(self) -> str:
        known = self.reading is not None and self.reading.value is not None
        if self._ended and not has_numbers(self.reading.value if self.reading is not None else None):
            return self.missing or ENDED
        if self.samples and not self._measuring and not known:
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
        answer: VertexBackpressure | None = self.reading.value if self.reading is not None else None
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
