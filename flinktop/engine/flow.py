"""The records/s of one job, put together from whatever answers tell of it."""

from collections.abc import Container

from msgspec import Struct, field

from flinktop.engine.series import SeriesStore, job_series, vertex_series
from flinktop.flink.jobs import Job
from flinktop.model import rates

METERS_HOLD = 25.0
"""Seconds for which meters that were read once stand for a job's rate: two and a half of Flink's fetches."""
MEASURES = ("in", "out")


class JobFlow(Struct):
    """One running job's rate: "in" is what its sources send, "out" what its sinks take in.

    One `/jobs/:jobid` answer gives both: how far the counters of its ends have moved. While all its ends are
    on the screen their own meters are used instead: they are exact, and the job then says the same as its
    vertices do. Vertices that are source and sink in one count nothing there: their operators are read.
    """

    job: str
    series: SeriesStore
    ends: rates.Ends = field(default_factory=lambda: rates.Ends((), ()))
    _counters: dict[str, rates.Counted] = field(default_factory=dict)
    _rest: dict[str, float | None] = field(default_factory=dict)
    """By measure: the rate of the ends that are not chained."""
    _chains: dict[str, tuple[float | None, float | None]] = field(default_factory=dict)
    """By chained vertex: what it sends and takes in."""
    _meters: dict[str, tuple[float, float | None, float | None]] = field(default_factory=dict)
    """By vertex: when its meters were read, what it sends and takes in."""
    _metered_at: float = float("-inf")
    _closely: dict[tuple[str, str], rates.Counted | float] = field(default_factory=dict)
    """By vertex and metric, of those in their first minute, whose meters are no rates yet: how its counter
    has moved, or when it was not there yet."""
    _began: tuple[int, ...] = ()  # when its ends were started (ms since 1970)

    def stopped(self, at: float) -> None:
        """The job lives and does not run: nothing flows, and that is known."""
        self._begin()
        self._rest.clear()
        self._chains.clear()
        for measure in MEASURES:
            self.series.add(job_series(self.job, measure), at, 0.0)

    def ended(self, at: float) -> None:
        """The job is over: nothing more is known of it."""
        for measure in MEASURES:
            self.series.add(job_series(self.job, measure), at, None)

    def take_counters(self, job: Job, at: float, young: Container[str] = ()) -> None:
        """Take in the counters of a running job, of which some vertices may be in their first minute."""
        self.ends = rates.ends(job)
        began = tuple(
            vertex.start_time
            for vertex in job.vertices
            if vertex.id in self.ends.sources or vertex.id in self.ends.sinks
        )
        if began != self._began:
            # Counters that have overtaken those of the run before would make a rate of the two.
            self._began = began
            self._begin()
        self._count_closely(job, at, young)
        totals = rates.totals(job)
        self._count("in", totals.sent, at)
        self._count("out", totals.taken, at)

    def _begin(self) -> None:
        """What was counted and metered is of an earlier run."""
        self._counters.clear()
        self._meters.clear()
        self._closely.clear()
        self._metered_at = float("-inf")

    def _count_closely(self, job: Job, at: float, young: Container[str]) -> None:
        for vertex in job.vertices:
            if vertex.id in self.ends.chained:
                continue
            counters = (vertex.metrics.records_in, vertex.metrics.records_out)
            for metric, counter in zip(rates.RATE_IDS, counters, strict=True):
                if vertex.id in young:
                    rate = self.young_rate((vertex.id, metric), counter, at)
                    self.series.add(vertex_series(self.job, vertex.id, metric), at, rate)
                else:
                    self._closely.pop((vertex.id, metric), None)

    def young_rate(self, of: tuple[str, str], counter: int | None, at: float) -> float | None:
        """The rate of a vertex's counter that is in its first minute; None while it is not known."""
        before = self._closely.get(of)
        if counter is None:
            self._closely[of] = at
            return None
        counted, unknown = (before, None) if isinstance(before, rates.Counted) else (None, before)
        counted = self._closely[of] = rates.add_frequent_reading(counted, unknown, at, counter)
        return rates.mean_rate(counted)

    def take_meters(self, vertex: str, sent: float | None, taken: float | None, at: float) -> None:
        """Take in the meters of a vertex that is on the screen."""
        self._meters[vertex] = (at, sent, taken)
        fresh = {name: meters for name, meters in self._meters.items() if at - meters[0] < METERS_HOLD}
        if self.ends.chained or not all(name in fresh for name in (*self.ends.sources, *self.ends.sinks)):
            return
        coming = rates.total([fresh[name][1] for name in self.ends.sources])
        going = rates.total([fresh[name][2] for name in self.ends.sinks])
        if coming is not None and going is not None:
            self._metered_at = at
            self.series.add(job_series(self.job, "in"), at, coming)
            self.series.add(job_series(self.job, "out"), at, going)

    def take_chain(self, vertex: str, sent: float | None, taken: float | None, at: float) -> None:
        """Take in what the operators of a vertex tell in which everything is chained."""
        self._chains[vertex] = (sent, taken)
        for measure, value in zip(MEASURES, (sent, taken), strict=True):
            self.series.add(vertex_series(self.job, vertex, measure), at, value)
            self._put_together(measure, at)

    def _count(self, measure: str, counter: int | None, at: float) -> None:
        if counter is None:
            return
        before = self._counters.get(measure)
        self._counters[measure] = after = rates.add_reading(before, at, counter)
        if not after.moves and (before is None or before.moves):
            # (Re)started: what it did before is not what it does now.
            self._rest[measure] = None
            self._put_together(measure, at)
        moved = before is not None and after.moves != before.moves
        if moved and at - self._metered_at >= METERS_HOLD and (rate := rates.mean_rate(after)) is not None:
            self._rest[measure] = rate
            self._put_together(measure, at)

    def _put_together(self, measure: str, at: float) -> None:
        """The counted ends and the chained vertices, when all of them are known."""
        chained = self.ends.chained
        parts = [self._chains.get(vertex, (None, None))[MEASURES.index(measure)] for vertex in chained]
        if len(chained) < len(self.ends.sources if measure == "in" else self.ends.sinks):
            parts.append(self._rest.get(measure))
        self.series.add(job_series(self.job, measure), at, rates.total(parts))
