"""Accumulators, the counters that a job's own code keeps: of the job, a vertex, its subtasks, an attempt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flinktop.facts.freshness import is_old
from flinktop.facts.subtasks import present_reading
from flinktop.facts.unanswered import missing_words
from flinktop.facts.vertices import job_state, vertex_state
from flinktop.flink.jobs import JOB_ACCUMULATORS
from flinktop.flink.vertices import ATTEMPT_ACCUMULATORS, SUBTASKS_ACCUMULATORS, VERTEX_ACCUMULATORS
from flinktop.model import format as fmt
from flinktop.model import subtask_names
from flinktop.model.ended import no_accumulators
from flinktop.ui.panels.answer_table import AnswerTable
from flinktop.ui.panels.present_attempt import watch_present
from flinktop.ui.widgets.one_by_one import MadeRows, one_by_one
from flinktop.ui.widgets.table import Cell, Column

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flinktop.engine.store import Reading
    from flinktop.flink.accumulators import UserAccumulator
    from flinktop.flink.endpoint import Query

SECONDS = 10.0
"""Between two looks: TaskManagers send accumulators with their heartbeats, every 10 s."""
NEVER_AGAIN = 600.0
"""Seconds between two looks at the accumulators of an attempt that is over."""


@dataclass(frozen=True, slots=True)
class AccumulatorRow:
    """One accumulator."""

    key: str
    of: str
    """What it is of: the vertex, a subtask, an attempt."""
    at: int
    """Where that stands among the others."""
    where: str
    name: str
    type: str
    value: str
    serialized: int | None = None
    """Bytes of the value as it is handed to the program that submitted the job."""
    old: bool = False

    @property
    def number(self) -> float | None:
        """Its value, where that is a number."""
        try:
            return float(self.value)
        except ValueError:
            return None


def rows_of(
    told: Iterable[UserAccumulator], of: str, at: int, *, where: str = "", old: bool = False
) -> MadeRows[AccumulatorRow]:
    """Rows of the accumulators of one thing, by name."""
    return one_by_one(
        sorted(told, key=lambda one: one.name.casefold()),
        lambda one: AccumulatorRow(f"{at} {one.name}", of, at, where, one.name, one.type, one.value, old=old),
        key=lambda one: f"{at} {one.name}",
        name=lambda one: one.name,
    )


def columns(of: str, *, serialized: bool) -> list[Column[AccumulatorRow]]:
    """The columns; name and value are the last to give way.

    Args:
        of: Title of what each is of; "" where all are of the same.
        serialized: Whether the size of the serialized value is told.
        ascii_only: Whether our own shapes are ASCII.
    """
    found: list[Column[AccumulatorRow]] = [
        Column(
            "name",
            "ACCUMULATOR",
            20,
            lambda row: (row.name, "strong"),
            sort=lambda row: row.name.casefold(),
            flex=True,
        ),
        Column(
            "value",
            "VALUE",
            20,
            lambda row: (row.value, ""),
            sort=lambda row: row.number,
            align="right",
            descending=True,
        ),
        Column("type", "TYPE", 18, lambda row: (row.type, "muted"), sort=lambda row: row.type, drop=1),
    ]
    if of:
        found[:0] = [
            Column("of", of, 14, lambda row: (row.of, ""), sort=lambda row: row.at),
            Column(
                "where",
                "HOST",
                20,
                _where,
                sort=lambda row: row.where,
                drop=2,
            ),
        ]
    if serialized:
        found.append(
            Column(
                "serialized",
                "SERIALIZED",
                10,
                lambda row: (
                    (fmt.size(row.serialized), "muted")
                    if row.serialized is not None
                    else (fmt.ABSENT, "muted")
                ),
                sort=lambda row: row.serialized,
                align="right",
                descending=True,
                drop=3,
            )
        )
    return found


def _where(row: AccumulatorRow) -> Cell:
    return (row.where, "") if row.where else (fmt.ABSENT, "muted")


class Accumulators(AnswerTable[AccumulatorRow]):
    """What all tables of accumulators have in common."""

    BOX = "Accumulators"
    ASKING = "loading accumulators…"
    OF = ""
    SERIALIZED = False

    def columns(self) -> list[Column[AccumulatorRow]]:
        """The columns."""
        return columns(self.OF, serialized=self.SERIALIZED)

    def row_key(self, row: AccumulatorRow) -> str:
        """What it is of, and its name."""
        return row.key

    def copied(self) -> str | None:
        """The selected accumulator's name and value."""
        row = self.table.cursor_row if self.is_mounted else None
        return f"{row.name}\t{row.value}" if row is not None else None

    def _told(self, _reading: Reading[Any]) -> None:
        self.tick()


class JobAccumulatorsTable(Accumulators):
    """Those of a whole job, merged over its tasks (`/jobs/:jobid/accumulators`)."""

    SERIALIZED = True

    def __init__(self, job: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._job = job
        self._query = JOB_ACCUMULATORS(job=job, includeSerializedValue=True)

    def on_mount(self) -> None:
        """Watch them."""
        self.watch_query("accumulators", self._query, self._told, every=SECONDS)
        super().on_mount()

    def tick(self) -> None:
        """What grows old is greyed."""
        reading = self.port.reading(self._query)
        self.explain(reading, no_accumulators(job_state(self.port, self._job)))
        if reading is None or reading.value is None:
            return
        told = reading.value
        rows = rows_of(
            (*told.job_accumulators, *told.user_task_accumulators), "", 0, old=is_old(self.port, reading)
        )
        sizes = told.serialized_user_task_accumulators
        sized = one_by_one(
            rows,
            lambda row: _with_size(row, sizes.get(row.name)),
            key=lambda row: row.key,
            name=lambda row: row.name,
        )
        self.table.set_rows(MadeRows(sized, (*rows.odd, *sized.odd)))


class VertexAccumulatorsTable(Accumulators):
    """Those of a vertex, then those of each of its subtasks."""

    OF = "SCOPE"

    def __init__(self, job: str, vertex: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._ids = (job, vertex)
        self._whole = VERTEX_ACCUMULATORS(job=job, vertex=vertex)
        self._parts = SUBTASKS_ACCUMULATORS(job=job, vertex=vertex)

    def on_mount(self) -> None:
        """Watch both, where there are any."""
        if absent := missing_words(self.port, VERTEX_ACCUMULATORS, "accumulators of single vertices"):
            self.table.set_empty(absent)
            super().on_mount()
            return
        self.watch_query("whole", self._whole, self._told, every=SECONDS)
        self.watch_query("parts", self._parts, self._told, every=SECONDS)
        super().on_mount()

    def tick(self) -> None:
        """What grows old is greyed."""
        if not self.slots():
            return
        whole, parts = self.port.reading(self._whole), self.port.reading(self._parts)
        self.explain(whole, no_accumulators(vertex_state(self.port, *self._ids)))
        rows: MadeRows[AccumulatorRow] = MadeRows()
        if whole is not None and whole.value is not None:
            rows += rows_of(whole.value.user_accumulators, "the vertex", -1, old=is_old(self.port, whole))
        if parts is not None and parts.value is not None:
            old = is_old(self.port, parts)
            for one in parts.value.subtasks:
                of = subtask_names.named(one.subtask, parts.value.parallelism)
                rows += rows_of(one.user_accumulators, of, one.subtask, where=one.where, old=old)
        if whole is not None and whole.value is not None:
            self.table.set_rows(rows)


class AttemptAccumulatorsTable(Accumulators):
    """Those of the present attempt of a subtask, and of the one before it as long as Flink knows that."""

    OF = "ATTEMPT"

    def __init__(self, job: str, vertex: str, subtask: int, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._ids = (job, vertex, subtask)

    def on_mount(self) -> None:
        """Watch which attempt is the present one."""
        watch_present(self, *self._ids, self._attempt_told)
        super().on_mount()

    def _attempts(self) -> list[int]:
        """The present attempt and the one before."""
        reading = present_reading(self.port, *self._ids)
        present = reading.value.attempt if reading is not None and reading.value is not None else None
        return [number for number in (present, present - 1) if number >= 0] if present is not None else []

    def _none(self) -> str:
        reading = present_reading(self.port, *self._ids)
        return no_accumulators(
            reading.value.status if reading is not None and reading.value is not None else ""
        )

    def _of(self, attempt: int) -> Query[Any]:
        job, vertex, subtask = self._ids
        return ATTEMPT_ACCUMULATORS(job=job, vertex=vertex, subtask=subtask, attempt=attempt)

    def _attempt_told(self, _reading: Reading[Any]) -> None:
        for slot, attempt in zip(("present", "before"), self._attempts(), strict=False):
            every = SECONDS if slot == "present" else NEVER_AGAIN
            self.watch_query(slot, self._of(attempt), self._told, every=every)
        self.tick()

    def tick(self) -> None:
        """What grows old is greyed."""
        attempts = self._attempts()
        if not attempts:
            self.explain(present_reading(self.port, *self._ids), "")
            return
        self.explain(self.port.reading(self._of(attempts[0])), self._none())
        rows: MadeRows[AccumulatorRow] = MadeRows()
        for attempt in attempts:
            reading = self.port.reading(self._of(attempt))
            if reading is not None and reading.value is not None:
                old = attempt == attempts[0] and is_old(self.port, reading)
                rows += rows_of(reading.value.user_accumulators, f"attempt {attempt}", -attempt, old=old)
        self.table.set_rows(rows)


def _with_size(row: AccumulatorRow, encoded: str | None) -> AccumulatorRow:
    """The row with how many bytes its base64 stands for."""
    if encoded is None:
        return row
    bare = encoded.rstrip("=")
    return AccumulatorRow(
        row.key, row.of, row.at, row.where, row.name, row.type, row.value, len(bare) * 3 // 4, row.old
    )
