"""A vertex by TaskManager: which share of it runs where, and what that share has done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.facts.vertex_taskmanagers import (
    VertexTaskManagerFacts,
    concurrent_attempt,
    vertex_taskmanager,
)
from flinktop.flink.jobs import JOB
from flinktop.flink.vertices import VERTEX, VERTEX_TASKMANAGERS
from flinktop.model import format as fmt
from flinktop.model import rates
from flinktop.ui.panels.columns import figure, name, number, state, text
from flinktop.ui.panels.table_panel import TablePanel
from flinktop.ui.widgets.one_by_one import one_by_one

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flinktop.flink.endpoint import Query
    from flinktop.flink.vertices import Vertex, VertexTaskManagers
    from flinktop.ui.live import Asks
    from flinktop.ui.widgets.columns import Column
    from flinktop.ui.widgets.one_by_one import MadeRows


def taskmanager_rows(
    answer: VertexTaskManagers, *, source: bool, sink: bool
) -> MadeRows[VertexTaskManagerFacts]:
    """Rows in the order of Flink's answer (`…/vertices/:vertexid/taskmanagers`)."""
    return one_by_one(
        answer.taskmanagers,
        lambda one: vertex_taskmanager(one, source=source, sink=sink),
        key=lambda one: one.taskmanager_id or one.where,
    )


def concurrent_rows(vertex: Vertex, *, source: bool, sink: bool) -> MadeRows[VertexTaskManagerFacts]:
    """The attempts that run beside a subtask's own (1.16+), and where: Flink's answer leaves them out."""
    found = [
        (subtask.subtask, other)
        for subtask in vertex.subtasks
        for other in subtask.other_concurrent_attempts or ()
    ]
    return one_by_one(
        found,
        lambda one: concurrent_attempt(*one, len(vertex.subtasks), source=source, sink=sink),
        key=lambda one: f"{one[0]}.{one[1].attempt}",
    )


def columns() -> tuple[Column[VertexTaskManagerFacts], ...]:
    """The columns; where and the state are the last to give way."""
    return (
        state(),
        name("HOST"),
        text("taskmanager", "TASKMANAGER", 24, lambda row: row.taskmanager, sort=True, drop=5, middle=True),
        text(
            "counts",
            "SUBTASKS",
            12,
            lambda row: row.counts,
            sort=lambda row: row.subtasks,
            descending=True,
            drop=1,
        ),
        figure("taken", "IN", 6, lambda row: row.taken, drop=2),
        figure("sent", "OUT", 6, lambda row: row.sent, drop=2),
        figure("bytes_taken", "IN B", 6, lambda row: row.bytes_taken, fmt.size, drop=4),
        figure("bytes_sent", "OUT B", 6, lambda row: row.bytes_sent, fmt.size, drop=4),
        number("busy", "BUSY%", 5, lambda row: row.busy, fmt.per_mille, drop=3),
        number("seconds", "DURATION", 8, lambda row: row.seconds, fmt.duration, drop=3),
    )


class VertexTaskManagersTable(TablePanel[VertexTaskManagerFacts]):
    """The TaskManagers that a vertex runs on."""

    BOX = "TaskManagers"
    LOADING = "loading TaskManagers…"
    NOTHING = "it runs on no TaskManager yet"
    COLUMNS = columns()

    def source(self) -> Query[VertexTaskManagers]:
        return VERTEX_TASKMANAGERS(job=self.job, vertex=self.vertex)

    def asks(self) -> Asks:
        return {JOB(job=self.job): 0.0, **super().asks()}

    def key(self, row: VertexTaskManagerFacts) -> str:
        return row.key

    def rows_of(self, answer: VertexTaskManagers) -> Sequence[VertexTaskManagerFacts] | None:
        job = self.port.value(JOB(job=self.job))
        if job is None:
            return None
        ends = rates.ends(job)
        source, sink = self.vertex in ends.sources, self.vertex in ends.sinks
        rows = taskmanager_rows(answer, source=source, sink=sink)
        detail = self.port.value(VERTEX(job=self.job, vertex=self.vertex))
        if detail is not None:
            rows += concurrent_rows(detail, source=source, sink=sink)
        return rows
