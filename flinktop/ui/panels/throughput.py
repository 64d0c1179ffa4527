"""Throughput over time: of the cluster, and of one job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.engine.series import SeriesName, cluster_series, job_series
from flinktop.flink.jobs import JOB, JOBS_OVERVIEW
from flinktop.model import format as fmt
from flinktop.model import states
from flinktop.ui.live import Panel
from flinktop.ui.panels.frame import zone_offset
from flinktop.ui.widgets.chart import Chart, Line

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from flinktop.engine.sweep import Coverage

WINDOWS = (120.0, 300.0, 900.0)
"""Seconds shown: the shortest that holds everything known, so that a fresh start is not an empty chart."""
OLD_SECONDS = 30.0
"""A part of the sum older than this is worth a word."""
WAITING = "rates come when Flink's counters have moved twice, every 10 s"
TO_THE_SECOND = 300.0
"""Windows up to this (s) have their times to the second."""


def window(oldest: float | None, now: float) -> float:
    """How many seconds to show when the oldest point is of `oldest`."""
    age = now - oldest if oldest is not None else 0.0
    return next((seconds for seconds in WINDOWS if age <= seconds), WINDOWS[-1])


def coverage_title(coverage: Coverage, now: float) -> str:
    """What the cluster's chart is the sum of: of how many jobs, and how old its oldest part is."""
    if not coverage.live:
        return "records/s, whole cluster"
    jobs = "job" if coverage.live == 1 else "jobs"
    words = f"records/s, {coverage.known} of {coverage.live} {jobs}"
    if coverage.oldest is not None and now - coverage.oldest > OLD_SECONDS:
        words += f", oldest part {fmt.duration(now - coverage.oldest)} old"
    return words


class Throughput(Panel):
    """Records/s that sources send and that sinks take in, drawn over the last minutes."""

    DEFAULT_CSS = """
    Throughput { height: 1fr; }
    Throughput Chart { height: 1fr; }
    Throughput Chart:focus { background: $foreground 4%; }
    """

    def __init__(self, job: str | None = None) -> None:
        """Draw one job, or the whole cluster."""
        super().__init__()
        self._job = job

    def compose(self) -> ComposeResult:
        """One chart."""
        chart = Chart(ascii=self.app.settings.ascii)
        chart.can_focus = True  # so that tab comes here and z gives it the whole screen
        yield chart

    def series(self, measure: str) -> SeriesName:
        """Where a measure is kept: "in" or "out"."""
        return cluster_series(measure) if self._job is None else job_series(self._job, measure)

    def _nothing(self) -> str:
        """Why there is nothing to draw."""
        if self._job is None:
            reading = self.port.reading(JOBS_OVERVIEW())
            if reading is None or reading.value is None:
                return "asking for the jobs" if reading is None or reading.error is None else ""
            return WAITING if self.port.coverage.live else "no job is running"
        job = self.port.reading(JOB(job=self._job))
        ended = job is not None and job.value is not None and states.is_terminal(job.value.state)
        return "the job has ended, and nothing was seen of its flow" if ended else WAITING

    def tick(self) -> None:
        """Hand the chart what is known; it redraws when that moves it by a column."""
        chart, port = self.query_one(Chart), self.port
        now, offset = port.now(), zone_offset(self)
        # Drawn over the cluster's own time, so that the axis has round times; whole seconds, so that a late
        # answer does not shift the picture.
        ahead = round(port.cluster_time() - now)
        points = {measure: port.points(self.series(measure), now - WINDOWS[-1]) for measure in ("in", "out")}
        seconds = window(min((known[0][0] for known in points.values() if known), default=None), now)
        title = coverage_title(port.coverage, now) if self._job is None else "records/s"
        chart.set_title(f"{title}, {fmt.duration(seconds)}")
        chart.set_empty(self._nothing())
        chart.set_lines(
            [
                Line(measure, tuple((at + ahead, value) for at, value in points[measure]), style)
                for measure, style in (("in", "good"), ("out", "info"))
            ],
            since=now + ahead - seconds,
            until=now + ahead,
            label=fmt.count,
            clock=lambda at: fmt.clock(at, offset)[: 8 if seconds <= TO_THE_SECOND else 5],
        )
