"""Accumulators, the counters that a job's own code keeps: of the job, a vertex, its subtasks, an attempt."""

from __future__ import annotations

from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec import Struct

from flinktop.facts.freshness import is_old
from flinktop.facts.jobs import job_state
from flinktop.facts.subtasks import current_asks, current_reading
from flinktop.facts.vertices import vertex_state
from flinktop.flink.jobs import JOB_ACCUMULATORS
from flinktop.flink.vertices import ATTEMPT_ACCUMULATORS, SUBTASKS_ACCUMULATORS, VERTEX_ACCUMULATORS
from flinktop.model import format as fmt
from flinktop.model import subtask_names
from flinktop.model.ended import no_accumulators
from flinktop.ui.panels.columns import number, text
from flinktop.ui.panels.table_panel import TablePanel
from flinktop.ui.widgets.guarded_rows import GuardedRows, make_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from flinktop.engine.store import Reading
    from flinktop.flink.endpoint import Query
    from flinktop.flink.jobs import JobAccumulators
    from flinktop.flink.vertices import Attempt, UserAccumulator, VertexAccumulators
    from flinktop.ui.live import Asks
    from flinktop.ui.widgets.columns import Column

NEVER_AGAIN = 600.0  # seconds between two polls of the accumulators of a finished attempt


class AccumulatorRow(Struct, frozen=True):
    """One accumulator."""

    key: str
    of: str  # its owner: the vertex, a subtask, an attempt
    at: int  # the position of its owner among the others
    where: str
    name: str
    type: str
    value: str
    serialized: int | None  # bytes of the value as it is handed to the program that submitted the job
    old: bool

    @property
    def number(self) -> float | None:
        try:
            return float(self.value)
        except ValueError:
            return None


def rows_of(
    accumulators: Iterable[UserAccumulator],
    of: str = "",
    at: int = 0,
    *,
    where: str = "",
    encoded: Mapping[str, str] | None = None,
    old: bool = False,
) -> GuardedRows[AccumulatorRow]:
    """Rows of the accumulators of one thing, by name; `encoded`: serialized values by name, in base64."""

    def row(one: UserAccumulator) -> AccumulatorRow:
        value = (encoded or {}).get(one.name)
        serialized = len(value.rstrip("=")) * 3 // 4 if value is not None else None
        return AccumulatorRow(
            f"{at} {one.name}", of, at, where, one.name, one.type, one.value, serialized, old
        )

    return make_rows(
        sorted(accumulators, key=lambda one: one.name.casefold()),
        row,
        key=lambda one: f"{at} {one.name}",
        name=lambda one: one.name,
    )


class Accumulators(TablePanel[AccumulatorRow]):
    """What all tables of accumulators share."""

    BOX = "Accumulators"
    TABLE = "accumulators"
    LOADING = "loading accumulators…"
    # TaskManagers send accumulators with their heartbeats, every 10 s.
    EVERY = 10.0
    OF: ClassVar[str] = ""  # title of the column of owners; "" where all have the same
    SERIALIZED: ClassVar[bool] = False  # whether the size of the serialized value is reported

    def columns(self) -> Sequence[Column[AccumulatorRow]]:
        found: list[Column[AccumulatorRow]] = [
            text("accumulator", "ACCUMULATOR", 20, lambda row: row.name, tone="strong", sort=True, flex=True),
            text(
                "value",
                "VALUE",
                20,
                lambda row: row.value,
                blank="",
                sort=lambda row: row.number,
                align="right",
                descending=True,
            ),
            text("type", "TYPE", 18, lambda row: row.type, tone="muted", blank="", sort=True, drop=1),
        ]
        if self.OF:
            found[:0] = [
                text("scope", self.OF, 14, lambda row: row.of, sort=lambda row: row.at),
                text("host", "HOST", 20, lambda row: row.where, sort=True, drop=2),
            ]
        if self.SERIALIZED:
            size = attrgetter("serialized")
            found.append(number("serialized", "SERIALIZED", 10, size, fmt.size, tone="muted", drop=3))
        return found

    def copied(self) -> str | None:
        row = self.table.cursor_row if self.is_mounted else None
        return f"{row.name}\t{row.value}" if row is not None else None


class JobAccumulatorsTable(Accumulators):
    """The accumulators of a whole job, merged over its tasks (`/jobs/:jobid/accumulators`)."""

    SERIALIZED = True

    def source(self) -> Query[JobAccumulators]:
        return JOB_ACCUMULATORS(job=self.job, includeSerializedValue=True)

    def empty(self) -> str:
        return self.why_empty(self.reading, no_accumulators(job_state(self.port, self.job)))

    def rows_of(self, answer: JobAccumulators) -> Sequence[AccumulatorRow]:
        both = (*answer.job_accumulators, *answer.user_task_accumulators)
        return rows_of(both, encoded=answer.serialized_user_task_accumulators, old=self.old)


class VertexAccumulatorsTable(Accumulators):
    """The accumulators of a vertex, then those of each of its subtasks."""

    ENDPOINT = VERTEX_ACCUMULATORS
    OF = "SCOPE"
    MISSING = "accumulators of single vertices"

    def asks(self) -> Asks:
        parts = SUBTASKS_ACCUMULATORS(job=self.job, vertex=self.vertex)
        return {} if self.missing else {**super().asks(), parts: self.EVERY}

    def empty(self) -> str:
        nothing = no_accumulators(vertex_state(self.port, self.job, self.vertex))
        return self.missing or self.why_empty(self.reading, nothing)

    def rows_of(self, answer: VertexAccumulators) -> Sequence[AccumulatorRow]:
        rows = rows_of(answer.user_accumulators, "the vertex", -1, old=self.old)
        parts = self.port.reading(SUBTASKS_ACCUMULATORS(job=self.job, vertex=self.vertex))
        if parts is not None and parts.value is not None:
            old = is_old(self.port, parts)
            for one in parts.value.subtasks:
                of = subtask_names.named(one.subtask, parts.value.parallelism)
                rows += rows_of(one.user_accumulators, of, one.subtask, where=one.where, old=old)
        return rows


class AttemptAccumulatorsTable(Accumulators):
    """The accumulators of a subtask's current attempt, and of the previous one while Flink knows it."""

    OF = "ATTEMPT"

    @property
    def _present(self) -> Reading[Attempt] | None:
        return current_reading(self.port, self.job, self.vertex, self.subtask)

    def _queries(self) -> dict[int, Query[Any]]:
        """The queries for the current attempt and the previous one, by attempt number."""
        present = self._present
        number = present.value.attempt if present is not None and present.value is not None else None
        if number is None:
            return {}
        of = partial(ATTEMPT_ACCUMULATORS, job=self.job, vertex=self.vertex, subtask=self.subtask)
        return {one: of(attempt=one) for one in (number, number - 1) if one >= 0}

    def source(self) -> Query[Any] | None:
        return next(iter(self._queries().values()), None)

    def asks(self) -> Asks:
        before = dict.fromkeys(self._queries().values(), NEVER_AGAIN)
        return {**current_asks(self.port, self.job, self.vertex, self.subtask), **before, **super().asks()}

    def empty(self) -> str:
        present = self._present
        if not self._queries():
            return self.why_empty(present)
        state = present.value.status if present is not None and present.value is not None else ""
        return self.why_empty(self.reading, no_accumulators(state))

    def rows(self) -> Sequence[AccumulatorRow] | None:
        queries = self._queries()
        rows: GuardedRows[AccumulatorRow] = GuardedRows()
        for attempt, query in queries.items():
            reading = self.port.reading(query)
            if reading is not None and reading.value is not None:
                old = self.old and attempt == max(queries)
                rows += rows_of(reading.value.user_accumulators, f"attempt {attempt}", -attempt, old=old)
        return rows if queries else None
