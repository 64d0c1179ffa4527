"""Keeps the figures of the vertices that a panel shows fresh."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flinktop.facts.vertices import expected_ids, figures_query, is_empty, listing
from flinktop.flink.metrics import SUBTASKS_METRICS
from flinktop.model import rates, states

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from flinktop.engine.store import Reading
    from flinktop.flink.jobs import Job, JobVertex
    from flinktop.ui.live import Panel

RELIST_SECONDS = 120.0
"""Between two looks at which metrics a vertex has that lacks some of those a row is made of."""


class VertexFigures:
    """Keeps the figures of some vertices of one job fresh, on behalf of the panel that shows them."""

    def __init__(self, panel: Panel, job: str, news: Callable[[Reading[Any]], None]) -> None:
        """Ask through `panel`; `news` is called whenever one of its vertices has answered."""
        self._panel = panel
        self._job = job
        self._news = news

    def follow(self, job: Job, wanted: Iterable[str], every: float = 0.0) -> None:
        """Ask for the figures of these vertices, as far as they are alive, and of no others.

        Args:
            job: The job as it is now.
            wanted: Ids of its vertices.
            every: Seconds between two requests for one vertex; 0 is as often as Flink's metrics move.
        """
        live = {vertex.id: vertex for vertex in job.vertices if not states.is_terminal(vertex.status)}
        asked = [live[vertex] for vertex in dict.fromkeys(wanted) if vertex in live]
        slots = {f"{kind} {vertex.id}" for kind in ("ids", "figures") for vertex in asked}
        for slot in self._panel.slots():
            if slot.partition(" ")[0] in ("ids", "figures") and slot not in slots:
                self._panel.drop_query(slot)
        sources = rates.ends(job).sources
        for vertex in asked:
            self._ask(vertex, every, source=vertex.id in sources)

    def _ask(self, vertex: JobVertex, every: float, *, source: bool) -> None:
        """The figures; where that comes back empty, and of a source, also which metrics there are."""
        panel, port = self._panel, self._panel.port
        query = figures_query(port, self._job, vertex, source=source)
        listed = listing(self._job, vertex.id)
        if query is None:
            # It has just started and has no metrics, or none of those: look again soon.
            panel.drop_query(f"figures {vertex.id}")
            panel.watch_query(f"ids {vertex.id}", listed, self._news)
            return
        figures, names = port.reading(query), port.reading(listed)
        expected = SUBTASKS_METRICS(
            job=self._job, vertex=vertex.id, get=expected_ids(port.features, source=source)
        )
        if source:
            # Flink's first listing is often empty.
            again = RELIST_SECONDS if names is not None and names.value else 0.0
            panel.watch_query(f"ids {vertex.id}", listed, self._news, every=again)
        elif query == expected and not is_empty(figures):
            panel.drop_query(f"ids {vertex.id}")
        else:
            # An id may come or go again.
            again = RELIST_SECONDS if figures is None or figures.value else 0.0
            panel.watch_query(f"ids {vertex.id}", listed, self._news, every=again)
        panel.watch_query(f"figures {vertex.id}", query, self._news, every=every)
