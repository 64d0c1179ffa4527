"""A vertex by TaskManager: which share of it runs where, and what that share has done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.facts.freshness import is_old
from flinktop.facts.vertex_taskmanagers import (
    VertexTaskManagerFacts,
    concurrent_attempt,
    vertex_taskmanager,
)
from flinktop.flink.jobs import JOB
from flinktop.flink.vertices import VERTEX, VERTEX_TASKMANAGERS
from flinktop.model import format as fmt
from flinktop.model import rates
from flinktop.ui.panels.answer_table import AnswerTable
from flinktop.ui.panels.shared_columns import state_column
from flinktop.ui.panels.subtask_columns import said
from flinktop.ui.widgets.one_by_one import one_by_one
from flinktop.ui.widgets.table import Column

if TYPE_CHECKING:
    from collections.abc import Callable

    from flinktop.engine.store import Reading
    from flinktop.flink.endpoint import Query
    from flinktop.flink.jobs import Job
    from flinktop.flink.vertices import Vertex, VertexTaskManagers
    from flinktop.ui.widgets.one_by_one import MadeRows


def machine_rows(
    told: VertexTaskManagers, *, source: bool, sink: bool, old: bool
) -> MadeRows[VertexTaskManagerFacts]:
    """Rows in the order of Flink's answer (`…/vertices/:vertexid/taskmanagers`)."""
    return one_by_one(
        told.taskmanagers,
        lambda one: vertex_taskmanager(one, source=source, sink=sink, old=old),
        key=lambda one: one.taskmanager_id or one.where,
    )


def beside_rows(vertex: Vertex, *, source: bool, sink: bool, old: bool) -> MadeRows[VertexTaskManagerFacts]:
    """The attempts that run beside a subtask's own (1.16+), and where: Flink's answer leaves them out."""
    found = [
        (subtask.subtask, other)
        for subtask in vertex.subtasks
        for other in subtask.other_concurrent_attempts or ()
    ]
    return one_by_one(
        found,
        lambda one: concurrent_attempt(*one, len(vertex.subtasks), source=source, sink=sink, old=old),
        key=lambda one: f"{one[0]}.{one[1].attempt}",
    )


def columns() -> list[Column[VertexTaskManagerFacts]]:
    """The columns; where and the state are the last to give way."""

    def number(
        key: str, title: str, drop: int, write: Callable[[float | None], str] = fmt.count
    ) -> Column[VertexTaskManagerFacts]:
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

    found: list[Column[VertexTaskManagerFacts]] = [
        state_column(),
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
    return found


class VertexMachines(AnswerTable[VertexTaskManagerFacts]):
    """The TaskManagers that a vertex runs on."""

    BOX = "TaskManagers"
    ASKING = "loading TaskManagers…"

    def __init__(self, job: str, vertex: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._job = job
        self._vertex = vertex

    def columns(self) -> list[Column[VertexTaskManagerFacts]]:
        """The columns."""
        return columns()

    def row_key(self, row: VertexTaskManagerFacts) -> str:
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
