"""Which jobs are kept in sight when nobody looks at them, and what is recorded of all jobs over time."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flinktop.engine.series import SeriesStore, cluster_series, job_series, vertex_series
from flinktop.flink.checkpoints import CHECKPOINT_CONFIG, CHECKPOINTS
from flinktop.flink.jobs import JOB, JOBS_OVERVIEW, Job, JobsOverview
from flinktop.flink.metrics import JOB_METRICS, SUBTASKS_METRICS
from flinktop.model import rates, states

if TYPE_CHECKING:
    from flinktop.engine.poller import Poller
    from flinktop.flink.endpoint import Query
    from flinktop.flink.jobs import JobVertex
    from flinktop.flink.metrics import Aggregated

SECONDS = 10.0
"""The most often that a job's figures are asked for in passing: Flink's metrics move no faster."""
RARELY = 600.0
"""Seconds between looks at what hardly ever changes: a job's checkpoint configuration."""
METERS_HOLD = 25.0
"""Seconds for which meters that were read once stand for a job's rate: two and a half of Flink's fetches."""
SUM_SECONDS = 9.0
"""Seconds between two points of the cluster's own series, at the least: its parts move every ten."""

RESTART_IDS = ("numRestarts", "fullRestarts")
"""Restarts of a job: the first from 1.10, the second up to 1.20; plain metrics skip unknown ids."""


def job_query(job: str) -> Query[Job]:
    """A job with its vertices and plan."""
    return JOB(job=job)


def restarts_query(job: str) -> Query[Any]:
    """How often a job has restarted."""
    return JOB_METRICS(job=job, get=RESTART_IDS)


def figures_of(job: str) -> tuple[Query[Any], ...]:
    """What a row of the jobs table is made of, but for what `/jobs/overview` says."""
    return job_query(job), CHECKPOINTS(job=job), restarts_query(job)


@dataclass(frozen=True, slots=True)
class Coverage:
    """What the cluster's records/s are the sum of."""

    known: int = 0
    """Jobs whose rate is in the sum."""
    live: int = 0
    """Jobs that have not ended."""
    oldest: float | None = None
    """When the oldest part was seen (engine's clock, s)."""


@dataclass(slots=True)
class Sweep:
    """Keeps residents for the jobs that live, and turns answers into series.

    One `/jobs/:jobid` answer gives a job's records/s: deltas of what its sources have sent and its sinks
    have taken in. A job chained into a single vertex counts nothing there and is read from its operators.
    """

    poller: Poller
    series: SeriesStore
    live: set[str] = field(default_factory=set)
    coverage: Coverage = field(default_factory=Coverage)
    _sent: dict[str, rates.Counted] = field(default_factory=dict)
    _taken: dict[str, rates.Counted] = field(default_factory=dict)
    _ends: dict[str, rates.Ends] = field(default_factory=dict)
    _meters: dict[str, dict[str, tuple[float, float | None, float | None]]] = field(default_factory=dict)
    """By job and vertex: when its meters were read, what it sends and takes in."""
    _metered: dict[str, float] = field(default_factory=dict)
    """When a job's rate was last taken from meters."""
    _chained: dict[str, JobVertex] = field(default_factory=dict)
    _extra: dict[str, tuple[Query[Any], ...]] = field(default_factory=dict)

    def start(self) -> None:
        """Ask for the list of jobs from now on."""
        self.poller.reside(JOBS_OVERVIEW(), SECONDS)

    def arrived(self, query: Query[Any], value: Any, at: float) -> None:
        """Take in one answer."""
        endpoint = query.endpoint
        if endpoint is JOBS_OVERVIEW:
            self._jobs(value, at)
        elif endpoint is JOB:
            self._job(value, at)
        elif endpoint is SUBTASKS_METRICS:
            ids = dict(query.ids)
            if any(name == "get" for name, _ in query.params):
                self._vertex(ids["job"], ids["vertex"], value, at)
            elif ids["job"] in self._chained:
                self._ask_operators(ids["job"], value)

    def _jobs(self, overview: JobsOverview, at: float) -> None:
        live = {job.jid for job in overview.jobs if not states.is_terminal(job.state)}
        for job in live - self.live:
            for query in figures_of(job):
                self.poller.reside(query, SECONDS)
            self.poller.reside(CHECKPOINT_CONFIG(job=job), RARELY)
        for job in self.live - live:
            for query in (*figures_of(job), CHECKPOINT_CONFIG(job=job), *self._extra.pop(job, ())):
                self.poller.leave(query)
            self._sent.pop(job, None)
            self._taken.pop(job, None)
            self._chained.pop(job, None)
            self._ends.pop(job, None)
            self._meters.pop(job, None)
            self._metered.pop(job, None)
            self.series.add(job_series(job, "in"), at, None)
            self.series.add(job_series(job, "out"), at, None)
        self.live = live
        self._sum(at)

    def _job(self, job: Job, at: float) -> None:
        if not states.is_running(job.state):
            self._sent.pop(job.jid, None)
            self._taken.pop(job.jid, None)
            if job.jid in self.live:
                # Nothing flows through a job that is not running: that is known, and it is none.
                self.series.add(job_series(job.jid, "in"), at, 0.0)
                self.series.add(job_series(job.jid, "out"), at, 0.0)
            return
        if chained := rates.ends(job).chained:
            self._ask_ids(job, chained[0])
            return
        self._ends[job.jid] = rates.ends(job)
        found = rates.totals(job)
        self._add_rate(self._sent, job_series(job.jid, "in"), job.jid, found.sent, at)
        self._add_rate(self._taken, job_series(job.jid, "out"), job.jid, found.taken, at)

    def _add_rate(
        self,
        counters: dict[str, rates.Counted],
        name: tuple[str, ...],
        job: str,
        counter: int | None,
        at: float,
    ) -> None:
        if counter is None:
            return
        before = counters.get(job)
        counters[job] = after = rates.count_on(before, at, counter)
        if not after.moves and (before is None or before.moves):
            # (Re)started: what it did before is not what it does now.
            self.series.add(name, at, None)
        moved = before is not None and after.moves != before.moves
        rate = rates.mean_rate(after) if moved else None
        if rate is not None and at - self._metered.get(job, -METERS_HOLD) >= METERS_HOLD:
            self.series.add(name, at, rate)

    def _ask_ids(self, job: Job, vertex: str) -> None:
        if job.jid in self._chained:
            return
        self._chained[job.jid] = next(one for one in job.vertices if one.id == vertex)
        listing = SUBTASKS_METRICS(job=job.jid, vertex=vertex)
        self._extra[job.jid] = (listing,)
        self.poller.reside(listing, RARELY)

    def _ask_operators(self, job: str, listed: Aggregated) -> None:
        vertex = self._chained[job]
        ids = rates.chained_ids(vertex, (metric.id for metric in listed))
        if ids is None:
            return
        query = SUBTASKS_METRICS(job=job, vertex=vertex.id, get=ids.all)
        if query not in self._extra[job]:
            self._extra[job] = (*self._extra[job], query)
            self.poller.reside(query, SECONDS)

    def _vertex(self, job: str, vertex: str, metrics: Aggregated, at: float) -> None:
        found = rates.by_id(metrics)
        chained = self._chained.get(job)
        if chained is not None and chained.id == vertex:
            ids = rates.chained_ids(chained, found)
            if ids is not None:
                taken = [found[metric].sum for metric in ids.taken]
                total = sum(value for value in taken if value is not None) if None not in taken else None
                self.series.add(job_series(job, "in"), at, found[ids.sent].sum)
                self.series.add(job_series(job, "out"), at, total)
        if all(name in found for name in rates.RATE_IDS):
            taken_in, sent = (found[name].sum for name in rates.RATE_IDS)
            self._meters.setdefault(job, {})[vertex] = (at, sent, taken_in)
            self._from_meters(job, at)
        for name, metric in found.items():
            if name in rates.RATE_IDS:
                self.series.add(vertex_series(job, vertex, name), at, metric.sum)
            elif name in rates.TIME_IDS:
                self.series.add(vertex_series(job, vertex, name), at, metric.max)

    def _from_meters(self, job: str, at: float) -> None:
        """A job whose sources and sinks are on the screen has its rate from their own meters.

        They are exact, and the job then says the same as its vertices do.
        """
        ends = self._ends.get(job)
        if ends is None or ends.chained:
            return
        known = self._meters[job]
        fresh = {vertex: meters for vertex, meters in known.items() if at - meters[0] < METERS_HOLD}
        if not all(vertex in fresh for vertex in (*ends.sources, *ends.sinks)):
            return
        sent = [fresh[vertex][1] for vertex in ends.sources]
        taken = [fresh[vertex][2] for vertex in ends.sinks]
        for measure, values in (("in", sent), ("out", taken)):
            if all(value is not None for value in values):
                total = sum(value for value in values if value is not None)
                self.series.add(job_series(job, measure), at, total)
                self._metered[job] = at

    def _sum(self, at: float) -> None:
        """The cluster's records/s: the sum of what is known of its jobs."""
        for measure in ("out", "in"):
            newest = (self.series.latest(job_series(job, measure)) for job in self.live)
            known = [point for point in newest if point is not None and not math.isnan(point[1])]
            last = self.series.latest(cluster_series(measure))
            if (known or not self.live) and (last is None or at - last[0] >= SUM_SECONDS):
                self.series.add(cluster_series(measure), at, sum(value for _, value in known))
            self.coverage = Coverage(
                len(known), len(self.live), min((seen for seen, _ in known), default=None)
            )
