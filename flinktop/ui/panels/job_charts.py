"""A job over time: records/s, where its time goes, watermark lag, restarts, checkpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual.containers import Grid

from flinktop.engine.series import job_series
from flinktop.engine.sweep import SECONDS, restarts_query
from flinktop.facts.unanswered import why_empty
from flinktop.flink.checkpoints import CHECKPOINTS
from flinktop.flink.errors import NotFound
from flinktop.flink.jobs import JOB
from flinktop.flink.vertices import VERTEX_BACKPRESSURE
from flinktop.model import format as fmt
from flinktop.model import rates, split, states
from flinktop.ui.live import Panel
from flinktop.ui.panels.frame import zone_offset
from flinktop.ui.panels.throughput import Throughput
from flinktop.ui.panels.time_chart import Measure, TimeChart
from flinktop.ui.panels.vertex_figures import VertexFigures

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from flinktop.engine.store import Reading
    from flinktop.flink.jobs import Job

FETCH_SECONDS = 10.0
"""Between two fetches of metrics by the JobManager."""
WIDE = 100
"""Cells from which on there is room to say what a line was made of before."""


class JobChart(TimeChart):
    """One chart of a job."""

    MEASURES: ClassVar[tuple[tuple[str, str, str], ...]] = ()
    """Name in the legend, measure of the job, tone."""

    def __init__(self, job: str) -> None:
        super().__init__()
        self.job = job

    def measures(self) -> tuple[Measure, ...]:
        """The job's series."""
        return tuple(
            Measure(name, job_series(self.job, measure), style) for name, measure, style in self.MEASURES
        )

    def nothing(self) -> str:
        """Why there is nothing to draw."""
        job = self.port.reading(JOB(job=self.job))
        if job is not None and job.value is not None and states.is_terminal(job.value.state):
            return "the job has ended: no data recorded"
        return self.nothing_yet()

    def nothing_yet(self) -> str:
        """Why there is nothing to draw of a job that has not ended."""
        raise NotImplementedError


class TimeSpent(JobChart):
    """How the busiest subtask of the busiest vertex spends its time."""

    MEASURES = (
        ("busy", "split-busy", "first"),
        ("backpressured", "split-backpressured", "second"),
        ("idle", "split-idle", "muted"),
    )
    BOX = "Busy, backpressured, idle %"
    HIGH = 1000.0

    def title(self) -> str:
        """Whose time it is now."""
        job, now = self.port.reading(JOB(job=self.job)), self.port.busiest(self.job)
        known = job.value.vertices if job is not None and job.value is not None else ()
        vertex = next((one for one in known if now is not None and one.id == now.vertex), None)
        if now is None or vertex is None:
            return self.BOX
        return f"Time %, busiest: {split.who(now.split, vertex.parallelism)} of {vertex.name}"

    def detail(self) -> str:
        """Until when single subtasks were not known."""
        now = self.port.busiest(self.job)
        if now is None or now.since is None or self.size.width < WIDE:
            return ""
        at = self.port.cluster_time() - self.port.now() + now.since
        return f"until {fmt.clock(at, zone_offset(self))[:5]} means of a vertex"

    def label(self, value: float) -> str:
        """A percentage of Flink's ms/s."""
        return fmt.per_mille(value)

    def nothing_yet(self) -> str:
        """Flink's word is awaited, or never comes."""
        if not self.port.features.has(1, 13):
            return "busy and backpressured time need Flink 1.13 or later"
        return "waiting for metrics (Flink updates them every 10 s)"


class WatermarkLag(JobChart):
    """How far the sinks' watermarks were behind the cluster's clock when an answer told them."""

    MEASURES = (("lag", "lag", "first"),)
    BOX = "Sink watermark lag, precision 10 s"
    SCALE = "seconds"

    def label(self, value: float) -> str:
        """A stretch of time."""
        return fmt.span(value)

    def nothing_yet(self) -> str:
        """No watermark has come."""
        return "no watermark has come to a sink yet"


class Restarts(JobChart):
    """How often the job has restarted."""

    MEASURES = (("restarts", "restarts", "first"),)
    BOX = "Restarts"
    SCALE = "whole"

    def nothing_yet(self) -> str:
        """Metrics of a job are empty at first."""
        reading = self.port.reading(restarts_query(self.job))
        return why_empty(
            self.port, reading, "loading restarts…", "waiting for metrics (Flink updates them every 10 s)"
        )


class CheckpointChart(JobChart):
    """A chart of completed checkpoints."""

    def nothing(self) -> str:
        """Why there is nothing to draw."""
        reading = self.port.reading(CHECKPOINTS(job=self.job))
        off = reading is not None and isinstance(reading.error, NotFound)
        return "checkpoints are off for this job" if off else super().nothing()

    def nothing_yet(self) -> str:
        """None has completed."""
        return "no checkpoint has completed since flinktop opened this job"


class CheckpointDuration(CheckpointChart):
    """End-to-end durations."""

    MEASURES = (("duration", "checkpoint-duration", "first"),)
    BOX = "Checkpoint duration"
    SCALE = "milliseconds"

    def label(self, value: float) -> str:
        """Given in ms."""
        return fmt.milliseconds(value)


class CheckpointSize(CheckpointChart):
    """Bytes written."""

    MEASURES = (("written", "checkpoint-size", "first"),)
    BOX = "Checkpoint size"
    SCALE = "bytes"

    def label(self, value: float) -> str:
        """Bytes."""
        return fmt.size(value)


class JobCharts(Panel):
    """Everything about a job that is kept over time."""

    DEFAULT_CSS = """
    JobCharts { height: 1fr; }
    JobCharts Grid { grid-size: 2 3; grid-gutter: 0 1; height: 1fr; }
    """

    def __init__(self, job: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._job = job
        self._figures = VertexFigures(self, job, self._news)

    def compose(self) -> ComposeResult:
        """Six charts, two beside each other."""
        with Grid():
            yield Throughput(self._job)
            yield TimeSpent(self._job)
            yield WatermarkLag(self._job)
            yield Restarts(self._job)
            yield CheckpointDuration(self._job)
            yield CheckpointSize(self._job)

    def on_mount(self) -> None:
        """Watch what the series are made of."""
        self.watch_query("job", JOB(job=self._job), self._follow)
        self.watch_query("checkpoints", CHECKPOINTS(job=self._job), self._news)
        self.watch_query("restarts", restarts_query(self._job), self._news, every=SECONDS)
        super().on_mount()

    def _follow(self, reading: Reading[Job]) -> None:
        """Read the sinks' watermarks, at one request in ten seconds however many they are."""
        if reading.value is not None:
            sinks = rates.ends(reading.value).sinks
            self._figures.follow(reading.value, sinks, every=FETCH_SECONDS * max(1, len(sinks)))
            self._follow_time(reading.value)
        self._news(reading)

    def _follow_time(self, job: Job) -> None:
        """Ask who is the busiest: its vertex, and another in turn, each at most once in ten seconds."""
        wanted: tuple[str, ...] = ()
        if self.port.features.has(1, 13):
            running = [vertex.id for vertex in job.vertices if states.is_running(vertex.status)]
            busiest, known = (
                self.port.busiest(self._job),
                {vertex for vertex in running if self._asked(vertex)},
            )
            turn = int(self.port.now() // FETCH_SECONDS)
            wanted = split.in_turn(running, busiest.vertex if busiest else None, known, turn)
        for slot in self.slots():
            if slot.startswith("time ") and slot.removeprefix("time ") not in wanted:
                self.drop_query(slot)
        for vertex in wanted:
            query = VERTEX_BACKPRESSURE(job=self._job, vertex=vertex)
            self.watch_query(f"time {vertex}", query, self._news, every=FETCH_SECONDS)

    def _asked(self, vertex: str) -> bool:
        reading = self.port.reading(VERTEX_BACKPRESSURE(job=self._job, vertex=vertex))
        return reading is not None and (reading.value is not None or reading.error is not None)

    def _news(self, _reading: Reading[Any]) -> None:
        """Charts draw what the engine has recorded of it."""
        self.wants_tick = True

    def tick(self) -> None:
        """The charts tick by themselves, as panels of the screen do."""
