"""A vertex by TaskManager: which share of it runs where, and what that share has done."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from flinktop.facts.figure import ABSENT, Figure
from flinktop.facts.freshness import is_old
from flinktop.flink.jobs import JOB
from flinktop.flink.vertices import VERTEX, VERTEX_TASKMANAGERS, VertexTaskManager
from flinktop.model import format as fmt
from flinktop.model import rates, states, subtask_names
from flinktop.ui.panels.answer_table import AnswerTable
from flinktop.ui.panels.plain import plain_columns
from flinktop.ui.panels.shared_columns import state_column
from flinktop.ui.panels.subtask_columns import said
from flinktop.ui.widgets.one_by_one import one_by_one
from flinktop.ui.widgets.table import Column

if TYPE_CHECKING:
    from collections.abc import Callable

    from flinktop.engine.store import Reading
    from flinktop.flink.endpoint import Query
    from flinktop.flink.jobs import Job
    from flinktop.flink.vertices import Attempt, Vertex, VertexTaskManagers
    from flinktop.ui.widgets.one_by_one import MadeRows

NOWHERE = "not on a TaskManager yet"


@dataclass(frozen=True, slots=True)
class MachineRow:
    """One TaskManager's share of a vertex."""

    key: str
    machine: str
    """Its id; "" before 1.10."""
    name: str
    """Host and port."""
    state: str
    counts: str
    """Its subtasks by state."""
    subtasks: int
    taken: Figure
    sent: Figure
    bytes_taken: Figure
    bytes_sent: Figure
    busy: float | None
    """Share of their time that its subtasks were busy since they began, 0 to 1; from 1.16."""
    seconds: float | None
    old: bool = False


def machine_rows(told: VertexTaskManagers, *, source: bool, sink: bool, old: bool) -> MadeRows[MachineRow]:
    """Rows in the order of Flink's answer (`…/vertices/:vertexid/taskmanagers`)."""
    return one_by_one(
        told.taskmanagers,
        lambda one: _row(one, source=source, sink=sink, old=old),
        key=lambda one: one.taskmanager_id or one.where,
    )


def beside_rows(vertex: Vertex, *, source: bool, sink: bool, old: bool) -> MadeRows[MachineRow]:
    """The attempts that run beside a subtask's own (1.16+), and where: Flink's answer leaves them out."""

    def row(told: tuple[int, Attempt]) -> MachineRow:
        subtask, one = told
        name = f"{one.where or NOWHERE}  {subtask_names.named(subtask, len(vertex.subtasks))}"
        share = VertexTaskManager(
            host=one.where,
            status=one.status,
            start_time=one.start_time,
            end_time=one.end_time,
            duration=one.duration,
            metrics=one.metrics,
            status_counts={one.status: 1},
            taskmanager_id=one.taskmanager_id,
        )
        made = _row(share, source=source, sink=sink, old=old)
        key = f"{made.key} {subtask}.{one.attempt}"
        return replace(made, key=key, name=name, counts=f"attempt {fmt.number(one.attempt)}")

    found = [
        (subtask.subtask, other)
        for subtask in vertex.subtasks
        for other in subtask.other_concurrent_attempts or ()
    ]
    return one_by_one(found, row, key=lambda told: f"{told[0]}.{told[1].attempt}")


def machine_of(key: str) -> str:
    """The TaskManager's id of a row; before 1.10 its host."""
    return key.partition(" ")[0]


def _row(one: VertexTaskManager, *, source: bool, sink: bool, old: bool) -> MachineRow:
    totals = one.metrics
    counts = {state: count for state, count in one.status_counts.items() if count}
    spent = (
        totals.accumulated_busy_time,
        totals.accumulated_backpressured_time,
        totals.accumulated_idle_time,
    )
    whole = sum(part for part in spent if part is not None)
    return MachineRow(
        key=one.taskmanager_id or one.where,
        machine=one.taskmanager_id or "",
        name=one.where or NOWHERE,
        state=one.status,
        counts="  ".join(
            f"{count} {state.lower()}"
            for state, count in sorted(counts.items(), key=lambda pair: -states.severity(pair[0]))
        ),
        subtasks=sum(counts.values()),
        taken=ABSENT if source else Figure(totals.records_in),
        sent=ABSENT if sink else Figure(totals.records_out),
        bytes_taken=ABSENT if source else Figure(totals.bytes_in),
        bytes_sent=ABSENT if sink else Figure(totals.bytes_out),
        busy=spent[0] / whole if spent[0] is not None and whole > 0 else None,
        seconds=one.duration / 1000.0 if one.duration >= 0 else None,
        old=old,
    )


def columns(*, ascii_only: bool) -> list[Column[MachineRow]]:
    """The columns; where and the state are the last to give way."""

    def number(
        key: str, title: str, drop: int, write: Callable[[float | None], str] = fmt.count
    ) -> Column[MachineRow]:
        return Column(
            key,
            title,
            6,
            lambda row: said(getattr(row, key), write),
            sort=lambda row: getattr(row, key).value,
            align="right",
            descending=True,
            drop=drop,
        )

    found: list[Column[MachineRow]] = [
        state_column(ascii_only=ascii_only),
        Column("name", "HOST", 16, lambda row: (row.name, "strong"), sort=lambda row: row.name, flex=True),
        Column(
            "machine",
            "TASKMANAGER",
            24,
            lambda row: (row.machine, "") if row.machine else (fmt.ABSENT, "muted"),
            sort=lambda row: row.machine,
            drop=5,
            middle=True,
        ),
        Column(
            "counts",
            "SUBTASKS",
            12,
            lambda row: (row.counts, ""),
            sort=lambda row: row.subtasks,
            descending=True,
            drop=1,
        ),
        number("taken", "IN", 2),
        number("sent", "OUT", 2),
        number("bytes_taken", "IN B", 4, fmt.size),
        number("bytes_sent", "OUT B", 4, fmt.size),
        Column(
            "busy",
            "BUSY%",
            5,
            lambda row: (
                (fmt.per_mille(row.busy * 1000), "") if row.busy is not None else (fmt.ABSENT, "muted")
            ),
            sort=lambda row: row.busy,
            align="right",
            descending=True,
            drop=3,
        ),
        Column(
            "seconds",
            "DURATION",
            8,
            lambda row: (fmt.duration(row.seconds) if row.seconds is not None else fmt.ABSENT, ""),
            sort=lambda row: row.seconds,
            align="right",
            descending=True,
            drop=3,
        ),
    ]
    return plain_columns(found) if ascii_only else found


class VertexMachines(AnswerTable[MachineRow]):
    """The TaskManagers that a vertex runs on."""

    BOX = "TaskManagers"
    ASKING = "loading TaskManagers…"

    def __init__(self, job: str, vertex: str, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's own name for it
        super().__init__(id=id)
        self._job = job
        self._vertex = vertex

    def columns(self, *, ascii_only: bool) -> list[Column[MachineRow]]:
        """The columns."""
        return columns(ascii_only=ascii_only)

    def row_key(self, row: MachineRow) -> str:
        """The TaskManager, and of an attempt beside another which one it is."""
        return row.key

    @property
    def _query(self) -> Query[VertexTaskManagers]:
        return VERTEX_TASKMANAGERS(job=self._job, vertex=self._vertex)

    def on_mount(self) -> None:
        """Watch the job, for the vertex's place in it, and the TaskManagers."""
        self.watch_query("job", JOB(job=self._job), self._job_told)
        self.watch_query("machines", self._query, self._told)
        super().on_mount()

    def _job_told(self, _reading: Reading[Job]) -> None:
        self.tick()

    def _told(self, _reading: Reading[VertexTaskManagers]) -> None:
        self.tick()

    def tick(self) -> None:
        """What grows old is greyed."""
        reading = self.port.reading(self._query)
        self.explain(reading, "it runs on no TaskManager yet")
        job = self.port.reading(JOB(job=self._job))
        if reading is None or reading.value is None or job is None or job.value is None:
            return
        ends = rates.ends(job.value)
        source, sink = self._vertex in ends.sources, self._vertex in ends.sinks
        old = is_old(self.port, reading)
        rows = machine_rows(reading.value, source=source, sink=sink, old=old)
        detail = self.port.reading(VERTEX(job=self._job, vertex=self._vertex))
        if detail is not None and detail.value is not None:
            rows += beside_rows(detail.value, source=source, sink=sink, old=old)
        self.table.set_rows(rows)
