"""Throughput over time: of the cluster, and of one job; heap and garbage collection of the cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.engine.series import cluster_series, job_series
from flinktop.facts.freshness import OLD_SECONDS
from flinktop.facts.jobs import job_state
from flinktop.facts.unanswered import why_empty
from flinktop.flink.jobs import JOBS_OVERVIEW
from flinktop.model import format as fmt
from flinktop.model import states
from flinktop.ui.panels.time_chart import SHARE, Measure, TimeChart

if TYPE_CHECKING:
    from collections.abc import Sequence

WAITING = "waiting for rates (Flink updates its counters every 10 s)"
ENDED = "the job has ended: no data recorded"


class Throughput(TimeChart):
    """Records/s that sources send and that sinks take in: of a job, or of the whole cluster."""

    def __init__(self, job: str = "", *, id: str | None = None) -> None:
        super().__init__("Records/s", self._rates, self._why_none, detail=self._coverage, job=job, id=id)

    def _rates(self) -> Sequence[Measure]:
        if not self.job and self.port.features.history_server:
            # Where no job can run there is neither, and no zero.
            return ()
        return [
            Measure(name, job_series(self.job, name) if self.job else cluster_series(name), style)
            for name, style in (("in", "first"), ("out", "second"))
        ]

    def _coverage(self, _width: int) -> str:
        """What the cluster's chart is the sum of: of how many jobs, and how old its oldest part is."""
        coverage, now = self.port.coverage, self.port.now()
        if self.job or not coverage.live:
            return ""
        words = f"{coverage.known} of {coverage.live} {'job' if coverage.live == 1 else 'jobs'}"
        if coverage.oldest is not None and now - coverage.oldest > OLD_SECONDS:
            words += f", slowest value {fmt.duration(now - coverage.oldest)} old"
        return words

    def _why_none(self) -> str:
        if self.job:
            return ENDED if states.is_terminal(job_state(self.port, self.job)) else WAITING
        if self.port.features.history_server:
            return "a HistoryServer keeps no rates of the jobs that have ended"
        reading = self.port.reading(JOBS_OVERVIEW())
        if reading is None or reading.value is None:
            # Of a lost cluster the frame says why.
            return "" if self.port.lost is not None else why_empty(self.port, reading, "loading jobs…")
        return WAITING if self.port.coverage.live else "no job is running"


def heap_chart() -> TimeChart:
    """How full the fullest heap is, and the share of time that goes into collecting (model/heap.py)."""
    measures = (
        Measure("heap", cluster_series("heap")),
        # ms/s are thousandths as well.
        Measure("GC", cluster_series("gc"), "second"),
    )
    return TimeChart(
        "Heap and GC, %", lambda: measures, lambda: "loading TaskManagers' memory…", SHARE, id="heap"
    )
