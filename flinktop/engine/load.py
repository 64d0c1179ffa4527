"""How busy jobs are, each by its busiest vertex, from whichever answers contain it."""

from collections.abc import Callable
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from flinktop.engine.flow import METERS_HOLD
from flinktop.engine.series import SeriesStore, job_series, vertex_series
from flinktop.flink.endpoint import Query
from flinktop.flink.jobs import JOB, JOBS_OVERVIEW, Job, JobsOverview
from flinktop.flink.metrics import SUBTASKS_METRICS, Aggregated
from flinktop.flink.vertices import VERTEX_BACKPRESSURE, VertexBackpressure
from flinktop.model import busy, first_minute, rates, split, states
from flinktop.model.split import Split, Times

TURN_SECONDS = 10.0  # between two requests for subtasks, of the vertices in turn
MEASURES = ("busy", "backpressured")  # of a job: the maximum over its vertices
SPLIT = ("split-busy", "split-backpressured", "split-idle")
"""Of a job or a vertex: all three of its busiest subtask."""
POINT_SECONDS = 9.0
"""Minimum seconds between two points of a job's series: the metrics change every ten."""


class Busiest(Struct, frozen=True):
    """The busiest vertex of a job now."""

    vertex: str
    split: Split
    since: float | None = None
    """Since when subtasks are known, if only means of vertices were before (engine's clock, s)."""


class JobLoad(Struct):
    """One running job: the highest busy and backpressured time of its vertices, and its busiest subtask.

    `/jobs/:jobid` (1.16+) has the mean over each vertex's subtasks; where a vertex's own metrics are polled
    (1.13+) its busiest subtask is used instead. So a vertex with one busy subtask among many shows that only
    while the job is on the screen. The split of one subtask's time comes from …/backpressure, which has all
    subtasks of a vertex; without it the mean of the busiest vertex is used.
    """

    job: str
    series: SeriesStore
    busiest: Busiest | None = None
    _samples: tuple[busy.Sample, ...] = ()
    _means: dict[str, busy.Load] = field(default_factory=dict)
    _meters: dict[str, tuple[float, float | None, float | None]] = field(default_factory=dict)
    """By vertex: when its metrics were read, and the highest busy and backpressured time of a subtask."""
    splits: dict[str, tuple[float, Split]] = field(default_factory=dict)
    """By vertex: when its subtasks were read, and the split of the busiest one."""
    _noted: float = float("-inf")
    _split_at: float = float("-inf")  # when the busiest subtask was last known

    def stopped(self, at: float) -> None:
        """The job does not run: record gaps."""
        self._samples, self._means = (), {}
        self._meters.clear()
        self.splits.clear()
        self._noted = self._split_at = float("-inf")
        for measure in MEASURES:
            self.series.add(job_series(self.job, measure), at, None)
        self._note_split(None, at)

    def take_counters(self, job: Job, at: float) -> None:
        """Record the accumulated times of a running job."""
        running = {vertex.id for vertex in job.vertices if states.is_running(vertex.status)}
        self.splits = {vertex: known for vertex, known in self.splits.items() if vertex in running}
        sample = busy.sample(job, at)
        samples = busy.add_sample(self._samples, sample) if sample is not None else ()
        moved = samples != self._samples
        if moved:
            self._samples, self._means = samples, busy.loads(samples)
            for vertex, load in self._means.items():
                self.series.add(vertex_series(self.job, vertex, "mean-busy"), at, load.busy)
                self.series.add(vertex_series(self.job, vertex, "mean-backpressured"), at, load.backpressured)
            if at - self._split_at >= METERS_HOLD:
                self._note_mean(at)
        if (moved and not self._meters) or at - self._noted >= POINT_SECONDS:
            self._note(at)

    def take_meters(self, vertex: str, spent: float | None, backpressured: float | None, at: float) -> None:
        """Record the metrics of a vertex on the screen: the maxima of its subtasks."""
        self._meters[vertex] = (at, spent, backpressured)

    def take_split(self, vertex: str, known: Split | None, at: float) -> None:
        """Record how the busiest subtask of a vertex splits its time; None: no subtask measures it."""
        for measure, value in zip(SPLIT, _times(known), strict=True):
            self.series.add(vertex_series(self.job, vertex, measure), at, value)
        if known is None:
            self.splits.pop(vertex, None)
            return
        self.splits[vertex] = (at, known)
        # The others are read in turn.
        hold = METERS_HOLD + TURN_SECONDS * len(self.splits)
        fresh = {one: split for one, (seen, split) in self.splits.items() if at - seen < hold}
        hottest = max(fresh, key=lambda one: (fresh[one].busy, one))
        if hottest == vertex:
            before = self.busiest
            since = None if before is None else at if before.split.subtask is None else before.since
            self._split_at = at
            self._note_split(Busiest(vertex, known, since), at)
        elif self.busiest is not None and self.busiest.vertex == vertex:
            # Another one is busier now: it is polled next.
            self.busiest = replace(self.busiest, vertex=hottest, split=fresh[hottest])

    def drop_old_samples(self, at: float) -> None:
        """After a pause in answers, keep only the newest sample: the next mean starts there."""
        if len(self._samples) > 1 and at - self._samples[-1].at >= busy.WINDOW:
            self._samples = self._samples[-1:]

    def _note(self, at: float) -> None:
        """Record the maxima over the job's vertices; a gap where nothing is known."""
        self._noted = at
        self._meters = {vertex: read for vertex, read in self._meters.items() if at - read[0] < METERS_HOLD}
        vertices: list[tuple[float | None, float | None]] = [
            (load.busy, load.backpressured)
            for vertex, load in self._means.items()
            if vertex not in self._meters
        ]
        vertices += [(spent, backpressured) for _, spent, backpressured in self._meters.values()]
        for number, measure in enumerate(MEASURES):
            value = busy.hottest(times[number] for times in vertices)
            self.series.add(job_series(self.job, measure), at, value)

    def _note_mean(self, at: float) -> None:
        """Record the mean subtask of the busiest vertex; vertices without busy time are left out."""
        known = {
            vertex: Split(load.busy, load.backpressured, load.idle)
            for vertex, load in self._means.items()
            if load.busy is not None
        }
        vertex = max(known, key=lambda one: (known[one].busy, one), default=None)
        self._note_split(Busiest(vertex, known[vertex]) if vertex is not None else None, at)

    def _note_split(self, busiest: Busiest | None, at: float) -> None:
        self.busiest = busiest
        times = _times(busiest.split if busiest is not None else None)
        for measure, value in zip(SPLIT, times, strict=True):
            self.series.add(job_series(self.job, measure), at, value)


def _times(split: Split | None) -> Times:
    return (split.busy, split.backpressured, split.idle) if split is not None else (None, None, None)


class Loads(Struct):
    """Records how busy each job of a cluster is, as answers arrive."""

    series: SeriesStore
    is_young: Callable[[str, str, float], bool] = lambda *_: False
    """Whether an answer at a time is from a vertex's first minute (engine/sweep.py)."""
    _jobs: dict[str, JobLoad] = field(default_factory=dict)

    def arrived(self, query: Query[Any], value: Any, at: float) -> None:
        if query.endpoint is JOB:
            self._job(value, at)
        elif query.endpoint is JOBS_OVERVIEW:
            self._end(value, at)
        elif query.endpoint in (SUBTASKS_METRICS, VERTEX_BACKPRESSURE):
            ids = dict(query.ids)
            if (load := self._jobs.get(ids["job"])) is not None:
                take_in = self._vertex if query.endpoint is SUBTASKS_METRICS else self._split
                take_in(load, ids["vertex"], value, at)

    def busiest(self, job: str) -> Busiest | None:
        load = self._jobs.get(job)
        return load.busiest if load is not None else None

    def split_of(self, job: str, vertex: str) -> Split | None:
        """How the busiest subtask of a vertex split its time at the last read."""
        load = self._jobs.get(job)
        known = load.splits.get(vertex) if load is not None else None
        return known[1] if known is not None else None

    def _job(self, job: Job, at: float) -> None:
        if states.is_running(job.state):
            self._jobs.setdefault(job.jid, JobLoad(job.jid, self.series)).take_counters(job, at)
        elif (load := self._jobs.get(job.jid)) is not None:
            load.stopped(at)

    def _vertex(self, load: JobLoad, vertex: str, metrics: Aggregated, at: float) -> None:
        found = rates.by_id(metrics)
        if self.is_young(load.job, vertex, at) and first_minute.has_unmeasured(found, rates.TIME_IDS):
            return
        busy_time, backpressured = (found[name].max if name in found else None for name in rates.TIME_IDS[:2])
        if busy_time is not None or backpressured is not None:
            load.take_meters(vertex, busy_time, backpressured, at)

    def _split(self, load: JobLoad, vertex: str, pressure: VertexBackpressure, at: float) -> None:
        if pressure.status != "ok":
            return
        young = self.is_young(load.job, vertex, at)
        load.take_split(vertex, split.busiest(pressure, young=young), at)
        hottest = split.most(pressure, young=young)
        if any(value is not None for value in hottest):
            load.take_meters(vertex, *hottest, at)

    def _end(self, overview: JobsOverview, at: float) -> None:
        """Drop jobs that have ended or are no longer listed."""
        live = {job.jid for job in overview.jobs if not states.is_terminal(job.state)}
        for job in [job for job in self._jobs if job not in live]:
            self._jobs.pop(job).stopped(at)
        for load in self._jobs.values():
            load.drop_old_samples(at)
