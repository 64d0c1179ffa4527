"""Polls all jobs in the background, and records what their answers contain over time."""

import math
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from flinktop.engine.flow import JobFlow
from flinktop.engine.lags import Lags
from flinktop.engine.poller import Poller
from flinktop.engine.series import SeriesStore, cluster_series, job_series, vertex_series
from flinktop.flink.checkpoints import CHECKPOINT_CONFIG, CHECKPOINTS
from flinktop.flink.endpoint import Query
from flinktop.flink.exceptions import EXCEPTIONS
from flinktop.flink.jobs import JOB, JOBS_OVERVIEW, Job, JobsOverview, JobVertex
from flinktop.flink.metrics import JOB_METRICS, SUBTASKS_METRICS, Aggregated, AggregatedMetric, Metrics
from flinktop.flink.numbers import LONG_MAX
from flinktop.model import first_minute, rates, states
from flinktop.model.subtask_figures import OUTPUT_WATERMARK, last_part, output_watermark

if TYPE_CHECKING:
    from flinktop.engine.new_jobs import NewJobs

SECONDS = 10.0  # between background requests for a job's figures: Flink's metrics change no faster
FEW = 20  # jobs of which each is asked often enough; of more, the judge watches sums
RARELY = 600.0  # seconds between requests for what hardly changes: a job's checkpoint configuration
FAULT_SECONDS = 60.0  # between requests for the exceptions of a restarting job: answers can be large
CALM_SECONDS = 900.0  # exceptions are no longer polled after so long without a restart
SUM_SECONDS = 9.0
"""Minimum seconds between two points of the cluster's series: its parts change every ten."""

RESTART_IDS = ("numRestarts", "fullRestarts")
"""Restarts of a job: the first from 1.10 on, the second up to 1.20; Flink ignores unknown ids here."""


def restarts_query(job: str) -> Query[Any]:
    """The query for a job's number of restarts."""
    return JOB_METRICS(job=job, get=RESTART_IDS)


def restarts_in(metrics: Metrics) -> float | None:
    """A job's number of restarts, by the metric of its release; None if that is no valid count."""
    known = [metric.number for metric in metrics if metric.id in RESTART_IDS]
    return max((number for number in known if number is not None and 0 <= number <= LONG_MAX), default=None)


def figures_of(job: str) -> tuple[Query[Any], ...]:
    """The queries for a row of the jobs table, besides `/jobs/overview`."""
    return JOB(job=job), CHECKPOINTS(job=job), restarts_query(job)


class Coverage(Struct, frozen=True):
    """How much of the cluster the sum of records/s covers."""

    known: int = 0  # jobs whose rate is in the sum
    live: int = 0  # jobs that have not ended
    oldest: float | None = None  # time of the oldest part (engine's clock, s)


class Sweep:
    """Polls the jobs that have not ended in the background and records their series."""

    def __init__(self, poller: Poller, series: SeriesStore, cluster_time: Callable[[], float]) -> None:
        """Poll with `poller`, record in `series`; `cluster_time` (s since 1970) is for watermark lags."""
        self.poller = poller
        self.series = series
        self.cluster_time = cluster_time
        self.live: set[str] = set()
        self.coverage = Coverage()
        self.lags = Lags(poller, series)
        self.starts = Starts()
        self._faults = FaultWatch(poller)
        self._flows: dict[str, JobFlow] = {}
        self._chained: dict[tuple[str, str], JobVertex] = {}
        """Fully chained vertices, by job and vertex id."""
        self._extra: dict[str, set[Query[Any]]] = {}
        """By job: background queries for fully chained vertices only."""

    @cached_property
    def new_jobs(self) -> "NewJobs":
        """Watches the newest jobs; imported with the first list of jobs, after the first paint."""
        from flinktop.engine.new_jobs import NewJobs  # noqa: PLC0415

        return NewJobs(self.poller, self.cluster_time, few=FEW, row_seconds=SECONDS)

    @property
    def of_operators(self) -> set[Query[Any]]:
        """The queries of the operators of fully chained vertices."""
        return set().union(*self._extra.values())

    def start(self) -> None:
        self.poller.add_background(JOBS_OVERVIEW(), SECONDS)

    def off_screen(self) -> None:
        """The cluster has left the screen: from now on the pace says what is asked."""
        if "new_jobs" in self.__dict__:
            self.new_jobs.leave()

    def arrived(self, query: Query[Any], value: Any, at: float) -> None:
        endpoint = query.endpoint
        if endpoint is JOBS_OVERVIEW:
            self._jobs(value, at)
        elif endpoint is JOB:
            self._job(value, at)
        elif endpoint is JOB_METRICS:
            self._restarts(dict(query.ids)["job"], value, at)
        elif endpoint is SUBTASKS_METRICS:
            ids = dict(query.ids)
            if any(name == "get" for name, _ in query.params):
                self._vertex(ids["job"], ids["vertex"], value, at)
            elif (ids["job"], ids["vertex"]) in self._chained:
                self._ask_operators(ids["job"], ids["vertex"], value)

    def _jobs(self, overview: JobsOverview, at: float) -> None:
        running = [job for job in overview.jobs if not states.is_terminal(job.state)]
        listed = [job.jid for job in running]
        live = set(listed)
        for job in (one for one in listed if one not in self.live):
            for query in figures_of(job):
                self.poller.add_background(query, SECONDS)
            self.poller.add_background(CHECKPOINT_CONFIG(job=job), RARELY)
        for job in self.live - live:
            for query in (*figures_of(job), CHECKPOINT_CONFIG(job=job), *self._extra.pop(job, ())):
                self.poller.remove_background(query)
            self.lags.stopped(job, at)
            if (flow := self._flows.pop(job, None)) is not None:
                flow.ended(at)
        self._faults.ended(self.live - live)
        self._chained = {key: vertex for key, vertex in self._chained.items() if key[0] in live}
        self.live = live
        self.new_jobs.listed(running)
        self._sum(at)

    def _job(self, job: Job, at: float) -> None:
        if job.jid not in self.live:
            return
        flow = self._flows.setdefault(job.jid, JobFlow(job.jid, self.series))
        if not states.is_running(job.state):
            flow.stopped(at)
            self.lags.stopped(job.jid, at)
            return
        self.starts.arrived(job, at)
        young = {one.id for one in job.vertices if self.starts.is_young(job.jid, one.id, at)}
        flow.take_counters(job, at, young)
        self.lags.running(job, flow.ends, at)
        for vertex in job.vertices:
            if vertex.id in flow.ends.chained and (job.jid, vertex.id) not in self._chained:
                self._chained[job.jid, vertex.id] = vertex
                # Flink's first listing is often empty; once complete, it is polled rarely.
                self._add_background(job.jid, SUBTASKS_METRICS(job=job.jid, vertex=vertex.id), SECONDS)

    def _ask_operators(self, job: str, vertex: str, listed: Aggregated) -> None:
        chain, have = self._chained[job, vertex], [metric.id for metric in listed]
        ids = rates.chained_ids(chain, have)
        if ids is not None:
            mark = output_watermark(chain.name, have)
            sent, taken = ids.counters
            counters = rates.ids_to_request(have, (sent, *taken))
            wanted = tuple(dict.fromkeys((*ids.all, *counters, *((mark,) if mark is not None else ()))))
            self._add_background(job, SUBTASKS_METRICS(job=job, vertex=vertex), RARELY)
            self._add_background(job, SUBTASKS_METRICS(job=job, vertex=vertex, get=wanted), SECONDS)

    def _add_background(self, job: str, query: Query[Any], every: float) -> None:
        self._extra.setdefault(job, set()).add(query)
        self.poller.add_background(query, every)

    def _vertex(self, job: str, vertex: str, metrics: Aggregated, at: float) -> None:
        found = rates.by_id(metrics)
        flow = self._flows.get(job)
        young = self.starts.is_young(job, vertex, at)
        if flow is not None and (job, vertex) in self._chained:
            self._chain(flow, vertex, found, at, young=young)
        elif flow is not None and not young and all(name in found for name in rates.RATE_IDS):
            taken_in, sent = (found[name].sum for name in rates.RATE_IDS)
            flow.take_meters(vertex, sent, taken_in, at)
        for name, metric in found.items():
            if name in rates.RATE_IDS and not young:
                self.series.add(vertex_series(job, vertex, name), at, metric.sum)
        mark = self._mark(flow, vertex, found)
        if mark is not None:
            then = self.cluster_time() - (self.poller.clock.now() - at)
            self.lags.vertex(job, vertex, rates.watermark_lag(mark.min, then), at)

    def _chain(
        self, flow: JobFlow, vertex: str, found: dict[str, AggregatedMetric], at: float, *, young: bool
    ) -> None:
        """Record the rates of a fully chained vertex: from meters, or in its first minute from counters."""
        ids = rates.chained_ids(self._chained[flow.job, vertex], found)
        if ids is None:
            return
        sent, taken = found[ids.sent].sum, _sum(found, ids.taken)
        if young:
            counter, counters = ids.counters
            sent = flow.young_rate((vertex, "in"), _whole(_sum(found, (counter,))), at)
            taken = flow.young_rate((vertex, "out"), _whole(_sum(found, counters)), at)
        flow.take_chain(vertex, sent, taken, at)

    @staticmethod
    def _mark(
        flow: JobFlow | None, vertex: str, found: dict[str, AggregatedMetric]
    ) -> AggregatedMetric | None:
        """A vertex's input watermark; of one without inputs its last operator's output watermark."""
        if flow is None or not flow.ends.is_source(vertex):
            return found.get(rates.WATERMARK_ID)
        sent = [metric for name, metric in found.items() if last_part(name) == OUTPUT_WATERMARK]
        # Of several operators it is unknown which is the last.
        return sent[0] if len(sent) == 1 else None

    def _restarts(self, job: str, metrics: Metrics, at: float) -> None:
        """Record a job's number of restarts."""
        if job in self.live:
            most = restarts_in(metrics)
            self._faults.restarts(job, most, at)
            self.series.add(job_series(job, "restarts"), at, most)

    def _sum(self, at: float) -> None:
        """Record the cluster's records/s: the sum over its jobs with a known rate."""
        for measure in ("out", "in"):
            newest = (self.series.latest(job_series(job, measure)) for job in self.live)
            known = [point for point in newest if point is not None and not math.isnan(point[1])]
            last = self.series.latest(cluster_series(measure))
            if (known or not self.live) and (last is None or at - last[0] >= SUM_SECONDS):
                self.series.add(cluster_series(measure), at, sum(value for _, value in known))
            self.coverage = Coverage(
                len(known), len(self.live), min((seen for seen, _ in known), default=None)
            )


def _sum(found: dict[str, AggregatedMetric], ids: Iterable[str]) -> float | None:
    """The sum of these metrics over all subtasks; None while one of them is unknown."""
    return rates.total([metric.sum if (metric := found.get(name)) is not None else None for name in ids])


def _whole(counter: float | None) -> int | None:
    return int(counter) if counter is not None else None


class FaultWatch(Struct):
    """Polls the exceptions of jobs that restart, so that the first one of a restart loop is kept.

    Flink keeps only 16 (`web.exception-history-size`), in a loop for a few minutes.
    """

    poller: Poller
    _restarts: dict[str, float] = field(default_factory=dict)
    _restarted: dict[str, float] = field(default_factory=dict)
    """By job: when it last restarted (engine's clock, s)."""

    def restarts(self, job: str, count: float | None, at: float) -> None:
        """Record a job's number of restarts; None is unknown."""
        if count is None:
            return
        before = self._restarts.get(job, 0.0)
        self._restarts[job] = count
        if count > before:
            self._restarted[job] = at
            self.poller.add_background(EXCEPTIONS(job=job), FAULT_SECONDS)
        elif job in self._restarted and at - self._restarted[job] > CALM_SECONDS:
            self._stop_asking(job)

    def ended(self, jobs: Iterable[str]) -> None:
        """Stop polling these jobs: they have ended."""
        for job in jobs:
            self._restarts.pop(job, None)
            if job in self._restarted:
                self._stop_asking(job)

    def _stop_asking(self, job: str) -> None:
        del self._restarted[job]
        self.poller.remove_background(EXCEPTIONS(job=job))


class Starts(Struct):
    """Which vertices are in their first minute: Flink's meters of them are too low or unmeasured.

    Written by the engine's thread; `is_young` is for any thread.
    """

    _until: dict[tuple[str, str], float] = field(default_factory=dict)
    """By job and vertex: when its first minute ends (engine's clock, s)."""

    def arrived(self, job: Job, at: float) -> None:
        """Record when the vertices of a running job started to run."""
        for key in [key for key, until in self._until.items() if until <= at]:
            del self._until[key]
        for vertex in job.vertices:
            age = first_minute.age(job, vertex)
            if age is not None and age < first_minute.MINUTE:
                key = job.jid, vertex.id
                self._until[key] = max(self._until.get(key, at), at + first_minute.MINUTE - age)

    def is_young(self, job: str, vertex: str, at: float) -> bool:
        """Whether an answer that came at `at` (engine's clock, s) is of a vertex's first minute."""
        return at < self._until.get((job, vertex), at)
