"""How busy jobs are: each by its hottest vertex, from whatever answers tell of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flinktop.engine.series import SeriesStore, job_series, vertex_series
from flinktop.flink.jobs import JOB, JOBS_OVERVIEW
from flinktop.flink.metrics import SUBTASKS_METRICS
from flinktop.model import busy, first_minute, rates, states

if TYPE_CHECKING:
    from collections.abc import Callable

    from flinktop.flink.endpoint import Query
    from flinktop.flink.jobs import Job, JobsOverview
    from flinktop.flink.metrics import Aggregated

METERS_HOLD = 25.0
"""Seconds for which metrics that were read once stand for a vertex: two and a half of Flink's fetches."""
POINT_SECONDS = 9.0
"""Seconds between two points of a job's series, at the least: what they are made of moves every ten."""

Times = tuple[float | None, float | None, float | None]
"""Busy, backpressured, idle time in ms/s."""


@dataclass(slots=True)
class JobLoad:
    """One running job: the busiest vertex, the most backpressured, the least idle (ms/s).

    One `/jobs/:jobid` answer (1.16+) tells the mean over each vertex's subtasks; where a vertex's own metrics
    are being read (1.13+) its hottest subtask stands for it instead. So a vertex with one hot subtask of
    many shows its true heat only while somebody looks at the job.
    """

    job: str
    series: SeriesStore
    _samples: tuple[busy.Sample, ...] = ()
    _means: dict[str, busy.Load] = field(default_factory=dict)
    _meters: dict[str, tuple[float, Times]] = field(default_factory=dict)
    """By vertex: when its metrics were read, and what they told."""
    _noted: float = float("-inf")

    def stopped(self, at: float) -> None:
        """The job does not run: it is neither busy nor idle."""
        self._samples, self._means = (), {}
        self._meters.clear()
        self._noted = float("-inf")
        for measure in ("busy", "backpressured", "idle"):
            self.series.add(job_series(self.job, measure), at, None)

    def counted(self, job: Job, at: float) -> None:
        """Take in the accumulated times of a running job."""
        told = busy.sample(job, at)
        samples = busy.sampled_on(self._samples, told) if told is not None else ()
        moved = samples != self._samples
        if moved:
            self._samples, self._means = samples, busy.loads(samples)
            for vertex, load in self._means.items():
                self.series.add(vertex_series(self.job, vertex, "mean-busy"), at, load.busy)
                self.series.add(vertex_series(self.job, vertex, "mean-backpressured"), at, load.backpressured)
        if (moved and not self._meters) or at - self._noted >= POINT_SECONDS:
            self._note(at)

    def metered(self, vertex: str, times: Times, at: float) -> None:
        """Take in the metrics of a vertex on the screen: of its hottest, and its least idle subtask."""
        self._meters[vertex] = (at, times)

    def rest(self, at: float) -> None:
        """Nothing was told for a while: the next mean begins with the newest answer, and needs no other."""
        if len(self._samples) > 1 and at - self._samples[-1].at >= busy.WINDOW:
            self._samples = self._samples[-1:]

    def _note(self, at: float) -> None:
        """Put the job together from its vertices; where nothing is known there is a gap."""
        self._noted = at
        self._meters = {vertex: told for vertex, told in self._meters.items() if at - told[0] < METERS_HOLD}
        vertices: list[Times] = [
            (load.busy, load.backpressured, load.idle)
            for vertex, load in self._means.items()
            if vertex not in self._meters
        ]
        vertices += [times for _, times in self._meters.values()]
        idle = [times[2] for times in vertices if times[2] is not None]
        for measure, value in (
            ("busy", busy.hottest(times[0] for times in vertices)),
            ("backpressured", busy.hottest(times[1] for times in vertices)),
            ("idle", min(idle, default=None)),
        ):
            self.series.add(job_series(self.job, measure), at, value)


@dataclass(slots=True)
class Loads:
    """Records how busy each job of a cluster is, as answers arrive."""

    series: SeriesStore
    is_young: Callable[[str, str, float], bool] = lambda *_: False
    """Whether an answer of a time is of a vertex's first minute (engine/starts.py)."""
    _jobs: dict[str, JobLoad] = field(default_factory=dict)

    def arrived(self, query: Query[Any], value: Any, at: float) -> None:
        """Take in one answer, if it tells something of this."""
        if query.endpoint is JOB:
            self._job(value, at)
        elif query.endpoint is JOBS_OVERVIEW:
            self._end(value, at)
        elif query.endpoint is SUBTASKS_METRICS:
            ids = dict(query.ids)
            if (load := self._jobs.get(ids["job"])) is not None:
                self._vertex(load, ids["vertex"], value, at)

    def _job(self, job: Job, at: float) -> None:
        load = self._jobs.get(job.jid)
        if states.is_running(job.state):
            if load is None:
                load = self._jobs[job.jid] = JobLoad(job.jid, self.series)
            load.counted(job, at)
        elif load is not None:
            load.stopped(at)

    def _vertex(self, load: JobLoad, vertex: str, metrics: Aggregated, at: float) -> None:
        found = rates.by_id(metrics)
        told = [found.get(name) for name in rates.TIME_IDS]
        spent, backpressured, idle = told
        if self.is_young(load.job, vertex, at) and first_minute.has_unmeasured(found, rates.TIME_IDS):
            return
        if any(metric is not None and metric.max is not None for metric in told):
            load.metered(
                vertex,
                (
                    spent.max if spent is not None else None,
                    backpressured.max if backpressured is not None else None,
                    idle.min if idle is not None else None,
                ),
                at,
            )

    def _end(self, overview: JobsOverview, at: float) -> None:
        """Jobs that have ended, or that the list no longer has, are over."""
        live = {job.jid for job in overview.jobs if not states.is_terminal(job.state)}
        for job in [job for job in self._jobs if job not in live]:
            self._jobs.pop(job).stopped(at)
        for load in self._jobs.values():
            load.rest(at)
