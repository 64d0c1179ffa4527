"""A job over time: records/s, where its time goes, watermark lag, restarts, checkpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Grid

from flinktop.engine.series import job_series
from flinktop.engine.sweep import SECONDS, restarts_query
from flinktop.facts.jobs import job_state
from flinktop.facts.unanswered import why_empty
from flinktop.facts.vertices import figures_asks, vertex_of
from flinktop.flink.checkpoints import CHECKPOINTS
from flinktop.flink.errors import NotFound
from flinktop.flink.jobs import JOB
from flinktop.flink.vertices import VERTEX_BACKPRESSURE
from flinktop.model import format as fmt
from flinktop.model import rates, split, states
from flinktop.ui.live import Panel
from flinktop.ui.panels import time_chart
from flinktop.ui.panels.throughput import ENDED, Throughput
from flinktop.ui.panels.time_chart import WAITING, Measure, TimeChart

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.app import ComposeResult

    from flinktop.engine.store import Reading
    from flinktop.flink.endpoint import Query
    from flinktop.flink.jobs import Job
    from flinktop.flink.vertices import VertexBackpressure
    from flinktop.ui.live import Asks

FETCH_SECONDS = 10.0
"""Between two fetches of metrics by the JobManager."""
WIDE = 100
"""Cells from which on there is room to say what a line was made of before."""
TIME_SPENT = "Busy, backpressured, idle %"


class JobCharts(Panel):
    """Everything about a job that is kept over time, in charts that are drawn every few seconds."""

    DEFAULT_CSS = """
    JobCharts { height: 1fr; }
    JobCharts Grid { grid-size: 2 3; grid-gutter: 0 1; height: 1fr; }
    """

    def __init__(self, job: str, *, id: str | None = None) -> None:
        super().__init__(job, id=id)
        self._turn: Asks = {}
        """Who is asked whether it is the busiest, from one answer of the job to the next."""
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
                    *("Checkpoint duration", "duration", "checkpoint-duration"),
                    *(time_chart.MILLISECONDS, self._no_checkpoint),
                ),
                ("Checkpoint size", "written", "checkpoint-size", time_chart.BYTES, self._no_checkpoint),
            ):
                yield TimeChart(box, self._measures((name, measure, "first")), nothing, unit)

    def _measures(self, *lines: tuple[str, str, str]) -> Callable[[], Sequence[Measure]]:
        """Lines by name in the legend, measure of the job, tone."""
        found = [Measure(name, job_series(self.job, measure), style) for name, measure, style in lines]
        return lambda: found

    def asks(self) -> Asks:
        """What the series are made of.

        The sinks' watermarks come at one request in ten seconds however many sinks there are.
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
        """Ask who is the busiest: its vertex, and another in turn, each at most once in ten seconds."""
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
        """Whose time it is now."""
        now = self.port.busiest(self.job)
        known = vertex_of(self.port, self.job, now.vertex) if now is not None else None
        if now is None or known is None:
            return TIME_SPENT
        return f"Time %, busiest: {split.who(now.split, known[1].parallelism)} of {known[1].name}"

    def _means_until(self, width: int) -> str:
        """Until when single subtasks were not known."""
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
