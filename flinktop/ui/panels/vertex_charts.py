"""A vertex over time, and one of its subtasks: records/s, where the time goes, watermark lag."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Container
from textual.widgets import Static

from flinktop.engine.series import SeriesName, subtask_series, vertex_series
from flinktop.facts.subtasks import vertex_context
from flinktop.facts.vertices import RELIST_SECONDS, listing, vertex_of, vertex_state
from flinktop.flink.jobs import JOB
from flinktop.flink.metrics import VERTEX_METRICS
from flinktop.flink.vertices import VERTEX_BACKPRESSURE
from flinktop.model import rates, split, states, subtask_names
from flinktop.ui.live import Panel
from flinktop.ui.panels.time_chart import SECONDS, SHARE, WAITING, Measure, TimeChart

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from flinktop.ui.live import Asks

TIME_SPENT = "Time spent, %"


class VertexCharts(Panel):
    """Three charts of a vertex beside each other, under a line that says of what they are.

    Args:
        job: The id of the job.
        vertex: The id of the vertex.
        subtask: Which of its subtasks; None is the vertex as a whole.
        id: The widget's id.
    """

    DEFAULT_CSS = """
    VertexCharts { height: 1fr; }
    VertexCharts .of { height: 1; padding: 0 1; color: $text-muted; }
    VertexCharts .charts { height: 1fr; layout: horizontal; }
    VertexCharts TimeChart { width: 3fr; }
    VertexCharts .time { width: 4fr; }
    """

    def __init__(self, job: str, vertex: str, subtask: int | None = None, *, id: str | None = None) -> None:
        super().__init__(job, vertex, id=id)
        self.subtask = subtask

    def compose(self) -> ComposeResult:
        yield Static(self._of(), classes="of", markup=False)
        with Container(classes="charts"):
            yield TimeChart("Records/s", self._records, self._nothing, classes="records")
            yield TimeChart(TIME_SPENT, self._time, self._no_time, SHARE, title=self._busiest, classes="time")
            yield TimeChart(
                "Watermark lag, precision 10 s",
                lambda: (Measure("lag", self._series("lag", "lag")),),
                self._no_lag,
                SECONDS,
                classes="lag",
            )

    def choose(self, subtask: int) -> None:
        """Draw another subtask."""
        self.subtask = subtask
        if self.is_mounted:
            self.query_one(".of", Static).update(self._of())
            self.update()

    def asks(self) -> Asks:
        """What all subtasks do with their time, in one answer; of one subtask its figures."""
        if self.subtask is None:
            pressure = VERTEX_BACKPRESSURE(job=self.job, vertex=self.vertex)
            return {pressure: 0.0} if self.port.features.has(1, 13) else {}
        asks: Asks = {JOB(job=self.job): 0.0}
        context = vertex_context(self.port, self.job, self.vertex)
        if context is None:
            return asks
        if context.source:
            asks[listing(self.job, self.vertex)] = RELIST_SECONDS
        if ids := context.ids.of([self.subtask]):
            asks[VERTEX_METRICS(job=self.job, vertex=self.vertex, get=ids)] = 0.0
        return asks

    def show(self) -> None:
        for chart in self.query(TimeChart):
            chart.wants_tick = True

    def _of(self) -> str:
        if self.subtask is None:
            return "all subtasks: records/s together; time of the busiest subtask"
        known = vertex_of(self.port, self.job, self.vertex)
        return subtask_names.named(self.subtask, known[1].parallelism if known is not None else None)

    def _series(self, measure: str, of_vertex: str) -> SeriesName:
        """Where a measure of the subtask is kept, or of the vertex, where that has another name."""
        if self.subtask is None:
            return vertex_series(self.job, self.vertex, of_vertex)
        return subtask_series(self.job, self.vertex, self.subtask, measure)

    def _records(self) -> Sequence[Measure]:
        """Sums over the subtasks, or one subtask's; a source takes nothing in, a sink sends nothing."""
        known = vertex_of(self.port, self.job, self.vertex)
        ends = rates.ends(known[0]) if known is not None else rates.Ends((), ())
        chained = self.vertex in ends.chained
        found = []
        for name, metric, measure, left_out, style in (
            ("in", rates.RATE_IDS[0], "taken", ends.sources, "first"),
            ("out", rates.RATE_IDS[1], "sent", ends.sinks, "second"),
        ):
            if chained or self.vertex not in left_out:
                # Of a chain the engine keeps what the first operator sends as "in".
                of_vertex = {"taken": "out", "sent": "in"}[measure] if chained else metric
                found.append(Measure(name, self._series(measure, of_vertex), style))
        return found

    def _time(self) -> Sequence[Measure]:
        """Of the busiest subtask, or of the chosen one: the three belong together."""
        return [
            Measure(name, self._series(measure, f"split-{measure}"), style)
            for name, measure, style in (
                ("busy", "busy", "first"),
                ("bkpr", "backpressured", "second"),
                ("idle", "idle", "muted"),
            )
        ]

    def _busiest(self) -> str:
        known = vertex_of(self.port, self.job, self.vertex)
        now = self.port.split(self.job, self.vertex) if self.subtask is None else None
        if known is None or now is None:
            return TIME_SPENT
        return f"Time %, busiest {split.who(now, known[1].parallelism)}"

    def _nothing(self) -> str:
        ended = states.is_terminal(vertex_state(self.port, self.job, self.vertex))
        return "the vertex has ended" if ended else WAITING

    def _no_time(self) -> str:
        known = self.port.features.has(1, 13)
        return self._nothing() if known else "busy and backpressured time need Flink 1.13 or later"

    def _no_lag(self) -> str:
        waiting = self._nothing()
        return "no watermark has come yet" if waiting == WAITING else waiting
