"""How the present attempt of a subtask is asked for: a HistoryServer keeps attempts by number alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.flink.vertices import ATTEMPT, SUBTASK, VERTEX, Attempt

if TYPE_CHECKING:
    from collections.abc import Callable

    from flinktop.engine.host import Port
    from flinktop.engine.store import Reading
    from flinktop.flink.endpoint import Query
    from flinktop.flink.vertices import Vertex
    from flinktop.ui.live import Panel


def present_attempt(port: Port, job: str, vertex: str, subtask: int) -> Query[Attempt] | None:
    """What tells the present attempt; None while a HistoryServer has not told the attempt's number."""
    if not port.features.history_server:
        return SUBTASK(job=job, vertex=vertex, subtask=subtask)
    detail = port.reading(VERTEX(job=job, vertex=vertex))
    if detail is None or detail.value is None:
        return None
    numbers = (one.attempt for one in detail.value.subtasks if one.subtask == subtask)
    number = next(numbers, None)
    return ATTEMPT(job=job, vertex=vertex, subtask=subtask, attempt=number) if number is not None else None


def present_reading(port: Port, job: str, vertex: str, subtask: int) -> Reading[Attempt] | None:
    """What is known of the present attempt."""
    query = present_attempt(port, job, vertex, subtask)
    return port.reading(query) if query is not None else None


def watch_present(
    panel: Panel, job: str, vertex: str, subtask: int, told: Callable[[Reading[Attempt]], None]
) -> None:
    """Keep the present attempt fresh while `panel` is seen, in its slot "subtask"."""

    def numbered(_reading: Reading[Vertex]) -> None:
        query = present_attempt(panel.port, job, vertex, subtask)
        if query is not None:
            panel.watch_query("subtask", query, told)

    if panel.port.features.history_server:
        panel.watch_query("vertex", VERTEX(job=job, vertex=vertex), numbered)
    else:
        panel.watch_query("subtask", SUBTASK(job=job, vertex=vertex, subtask=subtask), told)
