"""The records/s of one job, computed from whichever answers contain them."""

from collections.abc import Container

from msgspec import Struct, field

from flinktop.engine.series import SeriesStore, job_series, vertex_series
from flinktop.flink.jobs import Job
from flinktop.model import rates

METERS_HOLD = 25.0
"""Seconds for which meters that were read once give a job's rate: two and a half of Flink's fetches."""
MEASURES = ("in", "out")


class JobFlow(Struct):
    """One running job's rate: "in" is what its sources send, "out" is what its sinks receive.

    Both come from the counters of sources and sinks in `/jobs/:jobid`. While all of these are on the screen
    their own meters are used instead: they are exact, and the job then shows the same as its vertices.
    Vertices that are source and sink in one have no such counters: their operators are read.
    """

    job: str
    series: SeriesStore
    ends: rates.Ends = field(default_factory=lambda: rates.Ends((), ()))
    _counters: dict[str, rates.Counted] = field(default_factory=dict)
    _unchained: dict[str, float | None] = field(default_factory=dict)
    """By measure: the rate of the sources or sinks that are not fully chained."""
    _chains: dict[str, tuple[float | None, float | None]] = field(default_factory=dict)
    """By fully chained vertex: records/s sent and received."""
    _meters: dict[str, tuple[float, float | None, float | None]] = field(default_factory=dict)
    """By vertex: when its meters were read, records/s sent and received."""
    _metered_at: float = float("-inf")
    _young: dict[tuple[str, str], rates.Counted | float] = field(default_factory=dict)
    """By vertex and metric, for vertices in their first minute, whose meters are no rates yet: how the
    counter has moved, or when it was last missing."""
    _began: tuple[int, ...] = ()  # when its sources and sinks were started (ms since 1970)

    def stopped(self, at: float) -> None:
        """The job has not ended but does not run: its rate is known to be 0."""
        self._begin()
        self._unchained.clear()
        self._chains.clear()
        for measure in MEASURES:
            self.series.add(job_series(self.job, measure), at, 0.0)

    def ended(self, at: float) -> None:
        """The job has ended: its rate is unknown from now on."""
        for measure in MEASURES:
            self.series.add(job_series(self.job, measure), at, None)

    def take_counters(self, job: Job, at: float, young: Container[str] = ()) -> None:
        """Record the counters of a running job; vertices in `young` are in their first minute."""
        self.ends = rates.ends(job)
        began = tuple(
            vertex.start_time
            for vertex in job.vertices
            if self.ends.is_source(vertex.id) or self.ends.is_sink(vertex.id)
        )
        if began != self._began:
            # Counters of two runs must not be mixed in one rate.
            self._began = began
            self._begin()
        self._count_young(job, at, young)
        totals = rates.totals(job)
        self._count("in", totals.sent, at)
        self._count("out", totals.taken, at)

    def _begin(self) -> None:
        """Forget counters and meters: they are of an earlier run."""
        self._counters.clear()
        self._meters.clear()
        self._young.clear()
        self._metered_at = float("-inf")

    def _count_young(self, job: Job, at: float, young: Container[str]) -> None:
        for vertex in job.vertices:
            if vertex.id in self.ends.chained:
                continue
            counters = (vertex.metrics.records_in, vertex.metrics.records_out)
            for metric, counter in zip(rates.RATE_IDS, counters, strict=True):
                if vertex.id in young:
                    rate = self.young_rate((vertex.id, metric), counter, at)
                    self.series.add(vertex_series(self.job, vertex.id, metric), at, rate)
                else:
                    self._young.pop((vertex.id, metric), None)

    def young_rate(self, of: tuple[str, str], counter: int | None, at: float) -> float | None:
        """The rate of a vertex in its first minute, from its counter; None while it is not known."""
        before = self._young.get(of)
        if counter is None:
            self._young[of] = at
            return None
        counted, unknown = (before, None) if isinstance(before, rates.Counted) else (None, before)
        counted = self._young[of] = rates.add_frequent_reading(counted, unknown, at, counter)
        return rates.mean_rate(counted)

    def take_meters(self, vertex: str, sent: float | None, taken: float | None, at: float) -> None:
        """Record the meters of a vertex that is on the screen."""
        self._meters[vertex] = (at, sent, taken)
        fresh = {name: meters for name, meters in self._meters.items() if at - meters[0] < METERS_HOLD}
        if self.ends.chained or not all(name in fresh for name in (*self.ends.sources, *self.ends.sinks)):
            return
        received = rates.total([fresh[name][1] for name in self.ends.sources])
        emitted = rates.total([fresh[name][2] for name in self.ends.sinks])
        if received is not None and emitted is not None:
            self._metered_at = at
            self.series.add(job_series(self.job, "in"), at, received)
            self.series.add(job_series(self.job, "out"), at, emitted)

    def take_chain(self, vertex: str, sent: float | None, taken: float | None, at: float) -> None:
        """Record the rates of the operators of a fully chained vertex."""
        self._chains[vertex] = (sent, taken)
        for measure, value in zip(MEASURES, (sent, taken), strict=True):
            self.series.add(vertex_series(self.job, vertex, measure), at, value)
            self._add_sum(measure, at)

    def _count(self, measure: str, counter: int | None, at: float) -> None:
        if counter is None:
            return
        before = self._counters.get(measure)
        self._counters[measure] = after = rates.add_reading(before, at, counter)
        if not after.moves and (before is None or before.moves):
            # (Re)started: the earlier rate is no longer true.
            self._unchained[measure] = None
            self._add_sum(measure, at)
        moved = before is not None and after.moves != before.moves
        if moved and at - self._metered_at >= METERS_HOLD and (rate := rates.mean_rate(after)) is not None:
            self._unchained[measure] = rate
            self._add_sum(measure, at)

    def _add_sum(self, measure: str, at: float) -> None:
        """Add the sum of all sources or sinks, chained or not, to the series; a gap while one is unknown."""
        chained = self.ends.chained
        parts = [self._chains.get(vertex, (None, None))[MEASURES.index(measure)] for vertex in chained]
        if len(chained) < len(self.ends.sources if measure == "in" else self.ends.sinks):
            parts.append(self._unchained.get(measure))
        self.series.add(job_series(self.job, measure), at, rates.total(parts))
