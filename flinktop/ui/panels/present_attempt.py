"""Keeps the present attempt of a subtask fresh: a HistoryServer keeps attempts by number alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.facts.subtasks import present_attempt
from flinktop.flink.vertices import SUBTASK, VERTEX, Attempt

if TYPE_CHECKING:
    from collections.abc import Callable

    from flinktop.engine.store import Reading
    from flinktop.flink.vertices import Vertex
    from flinktop.ui.live import Panel


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
