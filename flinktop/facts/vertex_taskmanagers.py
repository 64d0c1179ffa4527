"""What is known of a TaskManager's share of a vertex."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from flinktop.facts.figure import ABSENT, Figure
from flinktop.flink.vertices import Attempt, VertexTaskManager
from flinktop.model import format as fmt
from flinktop.model import states, subtask_names

NOWHERE = "not on a TaskManager yet"


class VertexTaskManagerFacts(Struct, frozen=True):
    """One TaskManager's share of a vertex."""

    key: str
    taskmanager: str
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
    """What of their time its subtasks were busy since they began, in ms/s; from 1.16."""
    seconds: float | None


def vertex_taskmanager(one: VertexTaskManager, *, source: bool, sink: bool) -> VertexTaskManagerFacts:
    """One TaskManager in `…/vertices/:vertexid/taskmanagers`."""
    totals = one.metrics
    counts = {state: count for state, count in one.status_counts.items() if count}
    busy = totals.accumulated_busy_time
    whole = (busy or 0) + (totals.accumulated_backpressured_time or 0) + (totals.accumulated_idle_time or 0)
    return VertexTaskManagerFacts(
        key=one.taskmanager_id or one.where,
        taskmanager=one.taskmanager_id or "",
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
        busy=1000.0 * busy / whole if busy is not None and whole > 0 else None,
        seconds=one.duration / 1000.0 if one.duration >= 0 else None,
    )


def concurrent_attempt(
    subtask: int, one: Attempt, of: int, *, source: bool, sink: bool
) -> VertexTaskManagerFacts:
    """An attempt that runs beside a subtask's own; `of` is the number of subtasks."""
    name = f"{one.where or NOWHERE}  {subtask_names.named(subtask, of)}"
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
    made = vertex_taskmanager(share, source=source, sink=sink)
    key = f"{made.key} {subtask}.{one.attempt}"
    return replace(made, key=key, name=name, counts=f"attempt {fmt.number(one.attempt)}")


def taskmanager_of(key: str) -> str:
    """The TaskManager's id of a row; before 1.10 its host."""
    return key.partition(" ")[0]
