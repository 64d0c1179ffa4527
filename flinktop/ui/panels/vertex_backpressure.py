"""Backpressure of a vertex by subtask; where asking costs the TaskManagers it is asked for on demand only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.facts.backpressure import WORST_FIRST, PressureFacts, pressure_facts
from flinktop.facts.freshness import OLD_SECONDS, is_old
from flinktop.facts.unanswered import missing_words
from flinktop.facts.vertices import vertex_state
from flinktop.flink.vertices import VERTEX_BACKPRESSURE
from flinktop.model import format as fmt
from flinktop.model import states
from flinktop.model.busy import HOT, WARM
from flinktop.model.checkpoints import stacked
from flinktop.model.ended import has_numbers
from flinktop.ui.panels.answer_table import AnswerTable
from flinktop.ui.widgets.columns import Stripes
from flinktop.ui.widgets.one_by_one import each_with_its
from flinktop.ui.widgets.table import Cell, Column

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flinktop.engine.store import Reading
    from flinktop.flink.endpoint import Query
    from flinktop.flink.vertices import SubtaskBackpressure, VertexBackpressure
    from flinktop.ui.panels.frame import Part
    from flinktop.ui.widgets.one_by_one import MadeRows

JUST_NOW = 3.0
"""Seconds for which an answer counts as the one that was asked for."""
LEVELS = {"ok": ("● ok", "good"), "low": ("▲ low", "warn"), "high": ("✕ high", "bad")}
SHAPES = (("█", "#", "first"), ("▓", "+", "second"), ("░", ".", "muted"))
"""Busy, backpressured, idle: each in a shape and a tone."""


def pressure_rows(told: VertexBackpressure, *, old: bool, young: bool = False) -> MadeRows[PressureFacts]:
    """Rows by Flink's verdict, worst first, then by index; attempts that run beside another below it.

    `young`: the vertex is in its first minute.
    """

    def rows(one: SubtaskBackpressure) -> Iterator[PressureFacts]:
        yield pressure_facts(one, one.subtask, "", old=old, young=young)
        for number, other in enumerate(one.other_concurrent_attempts or ()):
            yield pressure_facts(other, one.subtask, f".{number}", old=old, young=young)

    ordered = sorted(told.subtasks, key=lambda one: (WORST_FIRST.get(one.level, 3), one.subtask))
    return each_with_its(ordered, rows, key=lambda one: str(one.subtask))


def time_bar(row: PressureFacts, width: int, *, ascii_only: bool) -> Stripes:
    """What a subtask does with its time, as parts of a bar; before 1.13 only how much it waits is known."""
    shares = [row.busy or 0.0, row.backpressured or 0.0, row.idle or 0.0]
    lengths = stacked([1000.0 * share for share in shares], 1000.0, width)
    return Stripes(
        tuple(
            ((plain if ascii_only else shape) * length, tone)
            for (shape, plain, tone), length in zip(SHAPES, lengths, strict=True)
            if length
        )
    )


def level_cell(level: str) -> Cell:
    """Flink's verdict: ok up to 10 %, low up to 50 %, else high."""
    return LEVELS.get(level, (level or fmt.UNKNOWN, "muted"))


def columns(*, ascii_only: bool) -> list[Column[PressureFacts]]:
    """The columns; subtask, verdict and backpressure are the last to give way."""

    def share(key: str, title: str, drop: int) -> Column[PressureFacts]:
        def cell(row: PressureFacts) -> Cell:
            value: float | None = getattr(row, key)
            if value is None:
                return fmt.UNKNOWN if row.unmeasured else fmt.ABSENT, "muted"
            hot = (
                ""
                if key == "idle"
                else "bad"
                if value * 1000 >= HOT
                else "warn"
                if value * 1000 >= WARM
                else ""
            )
            return fmt.per_mille(value * 1000), hot

        return Column(
            key, title, 5, cell, sort=lambda row: getattr(row, key), align="right", descending=True, drop=drop
        )

    found: list[Column[PressureFacts]] = [
        Column(
            "subtask",
            "SUBTASK",
            7,
            lambda row: (str(row.index), "strong"),
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
        share("backpressured", "BKPR%", 0),
        share("busy", "BUSY%", 1),
        share("idle", "IDLE%", 2),
        Column(
            "attempt",
            "ATTEMPT",
            7,
            lambda row: (str(row.attempt), "") if row.attempt is not None else (fmt.ABSENT, "muted"),
            sort=lambda row: row.attempt,
            align="right",
            drop=4,
        ),
        Column(
            "time",
            "TIME",
            20,
            lambda _row: ("", ""),
            flex=True,
            drop=3,
            stripes=lambda row, width: time_bar(row, width, ascii_only=ascii_only),
        ),
    ]
    return found


class VertexPressure(AnswerTable[PressureFacts]):
    """What each subtask of a vertex does with its time (`…/backpressure`)."""

    BOX = "Backpressure"
    ASKING = "loading backpressure…"

    def __init__(self, job: str, vertex: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._job = job
        self._vertex = vertex

    def columns(self) -> list[Column[PressureFacts]]:
        """The columns."""
        return columns(ascii_only=self.ascii)

    def row_key(self, row: PressureFacts) -> str:
        """Index, and number of an attempt beside it."""
        return row.key

    @property
    def _query(self) -> Query[VertexBackpressure]:
        return VERTEX_BACKPRESSURE(job=self._job, vertex=self._vertex)

    @property
    def samples(self) -> bool:
        """Whether the release samples threads to answer (up to 1.12)."""
        return not self.port.features.has(1, 13)

    @property
    def _absent(self) -> str:
        return missing_words(self.port, VERTEX_BACKPRESSURE, "backpressure")

    def on_mount(self) -> None:
        """Watch it, unless asking has a price."""
        super().on_mount()
        if not self.samples and not self._absent:
            self.watch_query("pressure", self._query, self._told)
        self.tick()

    def ask(self) -> None:
        """Ask, where that has a price; else it is asked for anyway."""
        if self.samples and not self._absent:
            self.drop_query("pressure")
            self.watch_query("pressure", self._query, self._told)
        self.tick()

    def _told(self, reading: Reading[VertexBackpressure]) -> None:
        value = reading.value
        fresh = reading.at is not None and self.port.now() - reading.at < JUST_NOW
        if self.samples and value is not None and value.status == "ok" and fresh:
            # One measurement has been paid for.
            self.drop_query("pressure")
        self.tick()

    def tick(self) -> None:
        """The measurement grows old."""
        if self._absent:
            self.table.set_empty(self._absent)
            return
        reading = self.port.reading(self._query)
        told = reading.value if reading is not None else None
        asked = "pressure" in self.slots()
        ended = states.is_terminal(vertex_state(self.port, self._job, self._vertex))
        if ended and not has_numbers(told):
            self.set_words([])
            self.table.set_empty("The vertex has ended: Flink no longer measures its backpressure.")
            self.table.set_rows([])
            return
        if self.samples and not asked and told is None:
            self.table.set_empty(
                "Up to 1.12 Flink samples this vertex's threads 100 times,\n"
                "which costs its TaskManagers. b: start sampling"
            )
            return
        self.explain(reading, self._nothing())
        if reading is None or told is None:
            return
        age = self.port.known_time() - told.end_timestamp / 1000.0 if told.end_timestamp else None
        old = ended or is_old(self.port, reading) or (age is not None and age > OLD_SECONDS and not asked)
        self.set_words([self._head(told, age, asked=asked, ended=ended)])
        young = reading.at is not None and self.port.is_young(self._job, self._vertex, reading.at)
        self.table.set_rows(pressure_rows(told, old=old, young=young))

    def _nothing(self) -> str:
        return "sampling the threads: takes about 10 s" if self.samples else "no subtask has reported yet"

    def _head(self, told: VertexBackpressure, age: float | None, *, asked: bool, ended: bool) -> list[Part]:
        parts: list[Part] = []
        if told.level:
            parts += [("backpressure ", "muted"), level_cell(told.level)]
        if age is not None and not ended:
            parts += [("   measured ", "muted"), (f"{fmt.duration(age)} ago", "")]
        if ended:
            parts.append(("   the vertex has ended: these are its last numbers", "muted"))
        elif self.samples:
            parts.append(("   measuring" if asked else "   b: measure again", "info" if asked else "muted"))
        if not self.samples:
            marks = [(plain if self.app.settings.ascii else shape) * 2 for shape, plain, _ in SHAPES]
            for mark, (_, _, tone), word in zip(
                marks, SHAPES, ("busy", "backpressured", "idle"), strict=True
            ):
                parts += [("   ", ""), (mark, tone), (f" {word}", "muted")]
        return [(parts[0][0].lstrip(), parts[0][1]), *parts[1:]] if parts else []
