"""The watermark lag of each running job: how late its sinks are, polled in the background."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from flinktop.engine.poller import Poller
from flinktop.engine.series import SeriesStore, job_series, vertex_series
from flinktop.flink.endpoint import Query
from flinktop.flink.jobs import Job
from flinktop.flink.metrics import SUBTASKS_METRICS
from flinktop.model import rates

SECONDS = 30.0  # between two requests for the lag of one job
WITHOUT_SECONDS = 300.0  # the same for a job without event time: it will hardly ever get any
AT_ONCE = 4  # sinks of a job that are polled at a time; of more sinks another four every two minutes


class JobLag(Struct, frozen=True):
    """Lag of the latest sink of a job; None: no sink has a watermark."""

    seconds: float | None


class _Sinks(Struct):
    """The sinks of one running job."""

    queries: Mapping[Query[Any], float] = field(default_factory=dict)  # with their intervals (s)
    lags: dict[str, float | None] = field(default_factory=dict)
    """By sink: its newest lag (s); None: no watermark."""
    all: tuple[str, ...] = ()


def lag_queries(job: str, sinks: tuple[str, ...], at: float, every: float) -> dict[Query[Any], float]:
    """The queries at a time (s) and their intervals: one request per `every` seconds on average."""
    turns = -(-len(sinks) // AT_ONCE)
    turn = int(at // (AT_ONCE * every)) % max(turns, 1)
    chosen = sinks[turn * AT_ONCE : (turn + 1) * AT_ONCE]
    # With many sinks each is polled once during its turn.
    seconds = 2 * AT_ONCE * every if turns > 1 else every * len(chosen)
    return {SUBTASKS_METRICS(job=job, vertex=sink, get=(rates.WATERMARK_ID,)): seconds for sink in chosen}


class Lags(Struct):
    """Polls the sinks of running jobs in the background, on the engine's loop; `of` is for any thread.

    A fully chained vertex has no input: its last operator's output watermark is used, which comes with its
    rates.
    """

    poller: Poller
    series: SeriesStore
    _jobs: dict[str, _Sinks] = field(default_factory=dict)

    def running(self, job: Job, ends: rates.Ends, at: float) -> None:
        """Poll the sinks of a running job; a batch job has no watermarks."""
        known = self._jobs.setdefault(job.jid, _Sinks())
        known.all = () if job.plan.type == "BATCH" else ends.sinks
        known.lags = {sink: lag for sink, lag in known.lags.items() if sink in known.all}
        fed = tuple(sink for sink in known.all if sink not in ends.chained)
        without = (lag := self.of(job.jid)) is not None and lag.seconds is None
        wanted = lag_queries(job.jid, fed, at, WITHOUT_SECONDS if without else SECONDS)
        if wanted != known.queries:
            for query in known.queries.keys() - wanted.keys():
                self.poller.remove_background(query)
            for query, every in wanted.items():
                if known.queries.get(query) != every:
                    self.poller.add_background(query, every)
            known.queries = wanted

    def stopped(self, job: str, at: float) -> None:
        """The job does not run: its sinks have no lag."""
        known = self._jobs.pop(job, None)
        if known is not None:
            for query in known.queries:
                self.poller.remove_background(query)
            self.series.add(job_series(job, "lag"), at, None)

    def vertex(self, job: str, vertex: str, lag: float | None, at: float) -> None:
        """Record the lag of a vertex (s); None: no watermark."""
        self.series.add(vertex_series(job, vertex, "lag"), at, lag)
        known = self._jobs.get(job)
        if known is not None and vertex in known.all:
            known.lags = {**known.lags, vertex: lag}
            of_job = self.of(job)
            self.series.add(job_series(job, "lag"), at, of_job.seconds if of_job is not None else None)

    def of(self, job: str) -> JobLag | None:
        """The lag of a running job: that of its latest sink; None: not known."""
        known = self._jobs.get(job)
        if known is None:
            return None
        late = [lag for lag in known.lags.values() if lag is not None]
        if late:
            return JobLag(max(late))
        return JobLag(None) if len(known.lags) == len(known.all) else None

    def queries(self, job: str) -> Mapping[Query[Any], float]:
        known = self._jobs.get(job)
        return known.queries if known is not None else {}
