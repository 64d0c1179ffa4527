"""The watermark lag of each running job: how late its sinks are, asked for in passing."""

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
WITHOUT_SECONDS = 300.0  # the same for a job that has no event time: it hardly ever will
AT_ONCE = 4  # sinks of a job that are asked for in turn; of more of them these change every two minutes


class JobLag(Struct, frozen=True):
    """How far the latest of a job's sinks is behind; None: none of them has a watermark."""

    seconds: float | None


class _Sinks(Struct):
    """What is known of one running job."""

    queries: Mapping[Query[Any], float] = field(default_factory=dict)  # what is asked for, and how often (s)
    lags: dict[str, float | None] = field(default_factory=dict)
    """By sink: its newest lag (s); None has no watermark."""
    all: tuple[str, ...] = ()


def lag_queries(job: str, sinks: tuple[str, ...], at: float, every: float) -> dict[Query[Any], float]:
    """What to ask for at a time (s), and how often each: one request in `every` seconds in the mean."""
    turns = -(-len(sinks) // AT_ONCE)
    turn = int(at // (AT_ONCE * every)) % max(turns, 1)
    chosen = sinks[turn * AT_ONCE : (turn + 1) * AT_ONCE]
    # Of many each is asked once while its turn lasts.
    seconds = 2 * AT_ONCE * every if turns > 1 else every * len(chosen)
    return {SUBTASKS_METRICS(job=job, vertex=sink, get=(rates.WATERMARK_ID,)): seconds for sink in chosen}


class Lags(Struct):
    """Asks for the sinks of running jobs in the background, on the engine's loop; `of` is for any thread.

    A vertex in which everything is chained has no input: what its last operator sends stands for it, and
    comes with its rates.
    """

    poller: Poller
    series: SeriesStore
    _jobs: dict[str, _Sinks] = field(default_factory=dict)

    def running(self, job: Job, ends: rates.Ends, at: float) -> None:
        """Ask for the sinks of a job that runs; a batch job has no use for watermarks."""
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
        """Take in how far a vertex is behind (s); None has no watermark."""
        self.series.add(vertex_series(job, vertex, "lag"), at, lag)
        known = self._jobs.get(job)
        if known is not None and vertex in known.all:
            known.lags = {**known.lags, vertex: lag}
            of_job = self.of(job)
            self.series.add(job_series(job, "lag"), at, of_job.seconds if of_job is not None else None)

    def of(self, job: str) -> JobLag | None:
        """The lag of a running job: its latest sink's, as what is late comes late there; None: not known."""
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
