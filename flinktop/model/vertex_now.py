"""The state of a vertex, from the newer of two answers: the job's and the subtasks'."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct

from flinktop.model import states

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flinktop.flink.jobs import JobVertex
    from flinktop.flink.vertices import Vertex


class VertexNow(Struct, frozen=True):
    """The latest known state of a vertex."""

    state: str
    tasks: Mapping[str, int]  # subtasks by state
    seconds: float | None  # how long it has been running, or ran
    behind: float = 0.0  # seconds by which the subtasks' answer is older, if its state differs


def vertex_now(
    vertex: JobVertex, at: float, subtasks: Vertex | None = None, subtasks_at: float | None = None
) -> VertexNow:
    """The newer of two answers: `/jobs/:jobid` of time `at` (s) and `/jobs/:jobid/vertices/:vertexid`."""
    seconds = vertex.duration / 1000.0 if vertex.duration >= 0 else None
    by_job = VertexNow(vertex.status, _in_order(vertex.tasks), seconds)
    if subtasks is None or subtasks_at is None or not subtasks.subtasks:
        return by_job
    by_subtasks = of_subtasks(subtasks)
    if subtasks_at >= at:
        return by_subtasks
    if by_subtasks.state == by_job.state:
        return by_job
    return VertexNow(by_job.state, by_job.tasks, by_job.seconds, at - subtasks_at)


def of_subtasks(vertex: Vertex) -> VertexNow:
    """The vertex's state from its subtasks, combined as in Flink."""
    tasks = _in_order(Counter(one.status for one in vertex.subtasks))
    state = states.of_vertex(tasks)
    starts = [one.start_time for one in vertex.subtasks if one.start_time > 0]
    ends = [one.end_time for one in vertex.subtasks]
    over = all(states.is_terminal(one.status) for one in vertex.subtasks) and min(ends) > 0
    until = max(ends) if over else vertex.now
    seconds = max(0.0, (until - min(starts)) / 1000.0) if starts and until > 0 else None
    return VertexNow(state, tasks, seconds)


def _in_order(tasks: Mapping[str, int]) -> dict[str, int]:
    """States with at least one subtask, in the usual order."""
    order = {state: at for at, state in enumerate(states.TASK_STATES)}
    there = sorted(
        (state for state, count in tasks.items() if count), key=lambda one: order.get(one, len(order))
    )
    return {state: tasks[state] for state in there}
