"""A job over time: records/s, where its time goes, watermark lag, restarts, checkpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual.containers import Grid

from flinktop.engine.series import job_series
from flinktop.engine.sweep import SECONDS, restarts_query
from flinktop.flink.checkpoints import CHECKPOINTS
from flinktop.flink.errors import NotFound
from flinktop.flink.jobs import JOB
from flinktop.model import format as fmt
from flinktop.model import rates, states
from flinktop.ui.live import Panel
from flinktop.ui.panels.throughput import Throughput
from flinktop.ui.panels.time_chart import Measure, TimeChart
from flinktop.ui.panels.unanswered import why_empty
from flinktop.ui.panels.vertex_figures import VertexFigures

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from flinktop.engine.store import Reading
    from flinktop.flink.jobs import Job

FETCH_SECONDS = 10.0
"""Between two fetches of metrics by the JobManager."""


class JobChart(TimeChart):
    """One chart of a job."""

    MEASURES: ClassVar[tuple[tuple[str, str, str], ...]] = ()
    """Name in the legend, measure of the job, tone."""
    SUBJECT: ClassVar[str] = ""
    """What it draws, as it stands at the end of a sentence."""

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
            return f"the job has ended, and nothing was seen of {self.SUBJECT}"
        return self.nothing_yet()

    def nothing_yet(self) -> str:
        """Why there is nothing to draw of a job that has not ended."""
        raise NotImplementedError


class TimeSpent(JobChart):
    """How the job's busiest vertices spend their time."""

    MEASURES = (
        ("busy", "busy", "first"),
        ("backpressured", "backpressured", "second"),
        ("idle", "idle", "muted"),
    )
    BOX = "Busy, backpressured, idle %"
    SUBJECT = "its time"
    HIGH = 1000.0

    def label(self, value: float) -> str:
        """A percentage of Flink's ms/s."""
        return fmt.per_mille(value)

    def nothing_yet(self) -> str:
        """Flink's word is awaited, or never comes."""
        if not self.port.features.has(1, 16):
            return "Flink tells the time of a whole job from 1.16 on; see its vertices"
        return "comes when Flink's counters have moved twice, every 10 s"


class WatermarkLag(JobChart):
    """How far the sinks' watermarks were behind the cluster's clock when an answer told them."""

    MEASURES = (("lag", "lag", "first"),)
    BOX = "Sink watermark lag, precision 10 s"
    SUBJECT = "its lag"
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
    SUBJECT = "its restarts"
    SCALE = "whole"

    def nothing_yet(self) -> str:
        """Metrics of a job are empty at first."""
        reading = self.port.reading(restarts_query(self.job))
        return why_empty(
            self.port, reading, "asking for the restarts", "comes with the job's metrics, every 10 s"
        )


class CheckpointChart(JobChart):
    """A chart of completed checkpoints."""

    SUBJECT = "its checkpoints"

    def nothing(self) -> str:
        """Why there is nothing to draw."""
        reading = self.port.reading(CHECKPOINTS(job=self.job))
        off = reading is not None and isinstance(reading.error, NotFound)
        return "checkpoints are off for this job" if off else super().nothing()

    def nothing_yet(self) -> str:
        """None has completed."""
        return "no checkpoint has completed since this was opened"


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

    def __init__(self, job: str, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's own name for it
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
        self._news(reading)

    def _news(self, _reading: Reading[Any]) -> None:
        """Charts draw what the engine has recorded of it."""
        self.wants_tick = True

    def tick(self) -> None:
        """The charts tick by themselves, as panels of the screen do."""
