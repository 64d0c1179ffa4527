"""A job over time, a vertex, and one of its subtasks: records/s, busy time, lag, checkpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Container, Grid
from textual.widgets import Static

from flinktop.engine.series import SeriesName, job_series, subtask_series, vertex_series
from flinktop.engine.sweep import SECONDS, restarts_query
from flinktop.facts.freshness import why_empty
from flinktop.facts.jobs import job_state
from flinktop.facts.subtasks import vertex_context
from flinktop.facts.vertices import RELIST_SECONDS, figures_asks, listing, vertex_of, vertex_state
from flinktop.flink.checkpoints import CHECKPOINTS
from flinktop.flink.errors import NotFound
from flinktop.flink.jobs import JOB
from flinktop.flink.metrics import VERTEX_METRICS
from flinktop.flink.vertices import VERTEX_BACKPRESSURE
from flinktop.model import format as fmt
from flinktop.model import rates, split, states, subtask_names
from flinktop.ui.live import Panel
from flinktop.ui.panels import time_chart
from flinktop.ui.panels.time_chart import ENDED, WAITING, Measure, Throughput, TimeChart

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.app import ComposeResult

    from flinktop.engine.store import Reading
    from flinktop.flink.endpoint import Query
    from flinktop.flink.jobs import Job
    from flinktop.flink.vertices import VertexBackpressure
    from flinktop.ui.live import Asks


FETCH_SECONDS = 10.0  # between two fetches of metrics by the JobManager
WIDE = 100  # cells from which on there is room to say what a line was computed from before
TIME_SPENT = "Busy, backpressured, idle %"
TIME_OF_ONE = "Time spent, %"


class JobCharts(Panel):
    """Everything recorded about a job over time, in charts that are redrawn every few seconds."""

    DEFAULT_CSS = """
    JobCharts { height: 1fr; }
    JobCharts Grid { grid-size: 2 3; grid-gutter: 0 1; height: 1fr; }
    """

    def __init__(self, job: str, *, id: str | None = None) -> None:
        super().__init__(job, id=id)
        self._turn: Asks = {}
        """The vertex that is checked for being the busiest, between two answers of the job."""
        self._turned_at: Reading[Job] | None = None

    def compose(self) -> ComposeResult:
        with Grid():
            yield Throughput(self.job)
            yield TimeChart(
                TIME_SPENT,
                self._measures(
                    ("busy", "split-busy", "first"),
                    ("backpressured", "split-backpressured", "second"),
                    ("idle", "split-idle", "muted"),
                ),
                self._no_time,
                time_chart.SHARE,
                title=self._busiest,
                detail=self._means_until,
            )
            for box, name, measure, unit, nothing in (
                ("Sink watermark lag, precision 10 s", "lag", "lag", time_chart.SECONDS, self._no_lag),
                ("Restarts", "restarts", "restarts", time_chart.WHOLE, self._no_restarts),
                (
                    "Checkpoint duration",
                    "duration",
                    "checkpoint-duration",
                    time_chart.MILLISECONDS,
                    self._no_checkpoint,
                ),
                ("Checkpoint size", "written", "checkpoint-size", time_chart.BYTES, self._no_checkpoint),
            ):
                yield TimeChart(box, self._measures((name, measure, "first")), nothing, unit)

    def _measures(self, *lines: tuple[str, str, str]) -> Callable[[], Sequence[Measure]]:
        """Lines by name in the legend, measure of the job, tone."""
        found = [Measure(name, job_series(self.job, measure), style) for name, measure, style in lines]
        return lambda: found

    def asks(self) -> Asks:
        """The sources of the series.

        The sinks' watermarks take one request in ten seconds however many sinks there are.
        """
        asks: Asks = {
            JOB(job=self.job): 0.0,
            CHECKPOINTS(job=self.job): 0.0,
            restarts_query(self.job): SECONDS,
        }
        job = self.port.value(JOB(job=self.job))
        if job is None:
            return asks
        sinks = rates.ends(job).sinks
        figures = figures_asks(self.port, job, sinks, FETCH_SECONDS * max(1, len(sinks)))
        if (reading := self.port.reading(JOB(job=self.job))) is not self._turned_at:
            self._turned_at, self._turn = reading, self._busy_asks(job)
        return asks | figures | self._turn

    def _busy_asks(self, job: Job) -> Asks:
        """Find the busiest vertex: poll it, and another in turn, each at most once in ten seconds."""
        if not self.port.features.has(1, 13):
            return {}
        running = {
            vertex.id: VERTEX_BACKPRESSURE(job=self.job, vertex=vertex.id)
            for vertex in job.vertices
            if states.is_running(vertex.status)
        }
        known = {vertex for vertex, query in running.items() if self._answered(query)}
        busiest, turn = self.port.busiest(self.job), int(self.port.now() // FETCH_SECONDS)
        wanted = split.in_turn(tuple(running), busiest.vertex if busiest else None, known, turn)
        return {running[vertex]: FETCH_SECONDS for vertex in wanted}

    def _answered(self, query: Query[VertexBackpressure]) -> bool:
        reading = self.port.reading(query)
        return reading is not None and (reading.value is not None or reading.error is not None)

    def _busiest(self) -> str:
        now = self.port.busiest(self.job)
        known = vertex_of(self.port, self.job, now.vertex) if now is not None else None
        if now is None or known is None:
            return TIME_SPENT
        return f"Time %, busiest: {split.who(now.split, known[1].parallelism)} of {known[1].name}"

    def _means_until(self, width: int) -> str:
        """Until when there were no figures of single subtasks."""
        now = self.port.busiest(self.job)
        if now is None or now.since is None or width < WIDE:
            return ""
        at = self.port.cluster_time() - self.port.now() + now.since
        return f"until {fmt.clock(at, self.zone_offset())[:5]} means of a vertex"

    def _ended(self) -> str:
        return ENDED if states.is_terminal(job_state(self.port, self.job)) else ""

    def _no_time(self) -> str:
        known = self.port.features.has(1, 13)
        return self._ended() or (WAITING if known else "busy and backpressured time need Flink 1.13 or later")

    def _no_lag(self) -> str:
        return self._ended() or "no watermark has come to a sink yet"

    def _no_restarts(self) -> str:
        # Metrics of a job are empty at first.
        reading = self.port.reading(restarts_query(self.job))
        return self._ended() or why_empty(self.port, reading, "loading restarts…", WAITING)

    def _no_checkpoint(self) -> str:
        reading = self.port.reading(CHECKPOINTS(job=self.job))
        if reading is not None and isinstance(reading.error, NotFound):
            return "checkpoints are off for this job"
        return self._ended() or "no checkpoint has completed since flinktop opened this job"


class VertexCharts(Panel):
    """Three charts of a vertex side by side, under a line that names their subject."""

    DEFAULT_CSS = """
    VertexCharts { height: 1fr; }
    VertexCharts .of { height: 1; padding: 0 1; color: $text-muted; }
    VertexCharts .charts { height: 1fr; layout: horizontal; }
    VertexCharts TimeChart { width: 3fr; }
    VertexCharts .time { width: 4fr; }
    """

    def __init__(self, job: str, vertex: str, subtask: int | None = None, *, id: str | None = None) -> None:
        super().__init__(job, vertex, id=id)
        self.chosen = subtask

    def compose(self) -> ComposeResult:
        yield Static(self._of(), classes="of", markup=False)
        with Container(classes="charts"):
            yield TimeChart("Records/s", self._records, self._nothing, classes="records")
            yield TimeChart(
                TIME_OF_ONE, self._time, self._no_time, time_chart.SHARE, title=self._busiest, classes="time"
            )
            yield TimeChart(
                "Watermark lag, precision 10 s",
                lambda: (Measure("lag", self._series("lag", "lag")),),
                self._no_lag,
                time_chart.SECONDS,
                classes="lag",
            )

    def choose(self, subtask: int) -> None:
        self.chosen = subtask
        if self.is_mounted:
            self.query_one(".of", Static).update(self._of())
            self.update()

    def asks(self) -> Asks:
        """The times of all subtasks, in one answer; of one subtask its figures."""
        if self.chosen is None:
            pressure = VERTEX_BACKPRESSURE(job=self.job, vertex=self.vertex)
            return {pressure: 0.0} if self.port.features.has(1, 13) else {}
        asks: Asks = {JOB(job=self.job): 0.0}
        context = vertex_context(self.port, self.job, self.vertex)
        if context is None:
            return asks
        if context.source:
            asks[listing(self.job, self.vertex)] = RELIST_SECONDS
        if ids := context.ids.of([self.chosen]):
            asks[VERTEX_METRICS(job=self.job, vertex=self.vertex, get=ids)] = 0.0
        return asks

    def show(self) -> None:
        for chart in self.query(TimeChart):
            chart.wants_tick = True

    def _of(self) -> str:
        if self.chosen is None:
            return "all subtasks: records/s together; time of the busiest subtask"
        known = vertex_of(self.port, self.job, self.vertex)
        return subtask_names.named(self.chosen, known[1].parallelism if known is not None else None)

    def _series(self, measure: str, of_vertex: str) -> SeriesName:
        """The series of a measure of the subtask, or of the vertex, where it has another name."""
        if self.chosen is None:
            return vertex_series(self.job, self.vertex, of_vertex)
        return subtask_series(self.job, self.vertex, self.chosen, measure)

    def _records(self) -> Sequence[Measure]:
        """Sums over the subtasks, or one subtask's; a source has no input, a sink no output."""
        known = vertex_of(self.port, self.job, self.vertex)
        ends = rates.ends(known[0]) if known is not None else rates.Ends((), ())
        chained = self.vertex in ends.chained
        found = []
        for name, metric, measure, left_out, style in (
            ("in", rates.RATE_IDS[0], "taken", ends.sources, "first"),
            ("out", rates.RATE_IDS[1], "sent", ends.sinks, "second"),
        ):
            if chained or self.vertex not in left_out:
                # Of a chain the engine records what the first operator sends as "in".
                of_vertex = {"taken": "out", "sent": "in"}[measure] if chained else metric
                found.append(Measure(name, self._series(measure, of_vertex), style))
        return found

    def _time(self) -> Sequence[Measure]:
        """Times of the busiest subtask, or of the chosen one: the three belong together."""
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
        now = self.port.split(self.job, self.vertex) if self.chosen is None else None
        if known is None or now is None:
            return TIME_OF_ONE
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
