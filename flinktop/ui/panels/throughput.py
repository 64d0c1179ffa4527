"""Throughput over time: of the cluster, and of one job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.engine.series import SeriesName, cluster_series, job_series
from flinktop.model import format as fmt
from flinktop.ui.live import Panel
from flinktop.ui.panels.frame import zone_offset
from flinktop.ui.widgets.chart import Chart, Line

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from flinktop.engine.sweep import Coverage

WINDOW = 900.0
"""Seconds shown."""
OLD_SECONDS = 30.0
"""A part of the sum older than this is worth a word."""
WAITING = "the first rates come after two looks, 10 s apart"


def coverage_title(coverage: Coverage, now: float) -> str:
    """What the cluster's chart is the sum of: of how many jobs, and how old its oldest part is."""
    if not coverage.live:
        return "records/s, whole cluster, 15 min"
    jobs = "job" if coverage.live == 1 else "jobs"
    words = f"records/s, {coverage.known} of {coverage.live} {jobs}, 15 min"
    if coverage.oldest is not None and now - coverage.oldest > OLD_SECONDS:
        words += f", oldest part {fmt.duration(now - coverage.oldest)} old"
    return words


class Throughput(Panel):
    """Records/s that sources send and that sinks take in, drawn over 15 minutes."""

    DEFAULT_CSS = "Throughput { height: 1fr; } Throughput Chart { height: 1fr; }"

    def __init__(self, job: str | None = None) -> None:
        """Draw one job, or the whole cluster."""
        super().__init__()
        self._job = job

    def compose(self) -> ComposeResult:
        """One chart."""
        yield Chart(ascii=self.app.settings.ascii)

    def series(self, measure: str) -> SeriesName:
        """Where a measure is kept: "in" or "out"."""
        return cluster_series(measure) if self._job is None else job_series(self._job, measure)

    def tick(self) -> None:
        """Hand the chart what is known; it redraws when that moves it by a column."""
        chart, port = self.query_one(Chart), self.port
        now, offset = port.now(), zone_offset(self)
        ahead = port.cluster_time() - now
        if self._job is None:
            chart.set_title(coverage_title(port.coverage, now))
            chart.set_empty(WAITING if port.coverage.live else "no job is running")
        else:
            chart.set_title("records/s, 15 min")
            chart.set_empty(WAITING)
        chart.set_lines(
            [
                Line("in", port.points(self.series("in"), now - WINDOW), "good"),
                Line("out", port.points(self.series("out"), now - WINDOW), "info"),
            ],
            since=now - WINDOW,
            until=now,
            label=fmt.count,
            clock=lambda at: fmt.clock(at + ahead, offset)[:5],
        )
