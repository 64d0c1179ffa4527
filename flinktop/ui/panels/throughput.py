"""Throughput over time: of the cluster, and of one job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.engine.series import cluster_series, job_series
from flinktop.facts.freshness import OLD_SECONDS
from flinktop.facts.unanswered import why_empty
from flinktop.flink.jobs import JOB, JOBS_OVERVIEW
from flinktop.model import format as fmt
from flinktop.model import states
from flinktop.ui.panels.time_chart import Measure, TimeChart

if TYPE_CHECKING:
    from flinktop.engine.sweep import Coverage

HISTORY = "a HistoryServer keeps no rates of the jobs that have ended"
WAITING = "waiting for rates (Flink updates its counters every 10 s)"


def coverage_words(coverage: Coverage, now: float) -> str:
    """What the cluster's chart is the sum of: of how many jobs, and how old its oldest part is."""
    if not coverage.live:
        return ""
    jobs = "job" if coverage.live == 1 else "jobs"
    words = f"{coverage.known} of {coverage.live} {jobs}"
    if coverage.oldest is not None and now - coverage.oldest > OLD_SECONDS:
        words += f", slowest value {fmt.duration(now - coverage.oldest)} old"
    return words


class Throughput(TimeChart):
    """Records/s that sources send and that sinks take in."""

    DEFAULT_CSS = "Throughput { height: 1fr; }"
    BOX = "Records/s"

    def __init__(self, job: str | None = None, *, id: str | None = None) -> None:
        """Draw one job, or the whole cluster."""
        super().__init__(id=id)
        self._job = job

    def measures(self) -> tuple[Measure, ...]:
        """What comes in, what goes out; where no job can run there is neither, and no zero."""
        job = self._job
        if job is None and self.port.features.history_server:
            return ()
        return tuple(
            Measure(name, cluster_series(name) if job is None else job_series(job, name), style)
            for name, style in (("in", "first"), ("out", "second"))
        )

    def detail(self) -> str:
        """Of how many jobs."""
        return coverage_words(self.port.coverage, self.port.now()) if self._job is None else ""

    def nothing(self) -> str:
        """Why there is nothing to draw."""
        if self._job is None:
            if self.port.features.history_server:
                return HISTORY
            reading = self.port.reading(JOBS_OVERVIEW())
            if reading is None or reading.value is None:
                # Of a lost cluster the frame says why.
                return "" if self.port.lost is not None else why_empty(self.port, reading, "loading jobs…")
            return WAITING if self.port.coverage.live else "no job is running"
        job = self.port.reading(JOB(job=self._job))
        ended = job is not None and job.value is not None and states.is_terminal(job.value.state)
        return "the job has ended: no data recorded" if ended else WAITING
