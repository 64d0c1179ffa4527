"""Jobs that come and go, and the series that their answers make, on a clock that tests move."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import Any

from flinktop.engine.poller import BACKGROUND_A_MINUTE
from flinktop.engine.series import SeriesStore, cluster_series, job_series, vertex_series
from flinktop.engine.sweep import Coverage, Sweep, figures_of
from flinktop.flink.metrics import SUBTASKS_METRICS
from tests.engine.scripted import Answer, Bench, Cluster, polling
from tests.manual_clock import ManualClock

RATES = ("numRecordsInPerSecond", "numRecordsOutPerSecond")


@dataclass
class Flow:
    """One scripted job: its sources send `sent` records a second, its sinks take in `taken`."""

    name: str
    sent: float = 0.0
    taken: float = 0.0
    state: str = "RUNNING"
    chain: str = ""
    """The vertex's name when everything is chained into one."""
    operators: dict[str, float | None] = field(default_factory=dict)
    """Rates of that vertex's operators by the metric's id; None is a NaN."""
    born: float = 1000.0

    def row(self) -> dict[str, Any]:
        return {"jid": self.name, "name": self.name, "state": self.state}

    def detail(self, now: float) -> dict[str, Any]:
        # Flink fetches counters every 10 s.
        at = (now - self.born) // 10 * 10
        if self.chain:
            vertices = [_vertex("only", self.chain, 0, 0)]
            nodes: list[dict[str, Any]] = [{"id": "only"}]
        else:
            vertices = [
                _vertex("source", "source", int(self.sent * at), 0),
                _vertex("sink", "sink", 0, int(self.taken * at)),
            ]
            nodes = [{"id": "source"}, {"id": "sink", "inputs": [{"id": "source"}]}]
        return {
            "jid": self.name,
            "name": self.name,
            "state": self.state,
            "now": int(now * 1000),
            "vertices": vertices,
            "plan": {"nodes": nodes},
        }


def _vertex(vertex: str, name: str, sent: int, taken: int) -> dict[str, Any]:
    counters = {"write-records": sent, "read-records": taken}
    complete = {f"{name}-complete": True for name in counters}
    return {"id": vertex, "name": name, "status": "RUNNING", "metrics": {**counters, **complete}}


class Jobs(Cluster):
    """A cluster whose jobs a test adds, changes and takes away."""

    def __init__(self, clock: ManualClock, *flows: Flow) -> None:
        super().__init__(clock)
        self.flows = {flow.name: flow for flow in flows}
        self.write()

    def write(self) -> None:
        """Answer for the jobs as they are now."""
        self.answers = {"jobs/overview": lambda: {"jobs": [flow.row() for flow in self.flows.values()]}}
        for flow in self.flows.values():
            for query in figures_of(flow.name):
                self.answers[query.target] = []
            self.answers[f"jobs/{flow.name}"] = partial(self._detail, flow)
            self.answers[f"jobs/{flow.name}/checkpoints"] = {"history": []}
            self.answers[f"jobs/{flow.name}/checkpoints/config"] = {"interval": 5000}
            metrics = SUBTASKS_METRICS(job=flow.name, vertex="only")
            self.answers[metrics.target] = [{"id": name} for name in (*RATES, *flow.operators)]
            for first in flow.operators:
                for second in flow.operators:
                    ids = tuple(dict.fromkeys((first, second)))
                    asked = SUBTASKS_METRICS(job=flow.name, vertex="only", get=ids)
                    self.answers[asked.target] = partial(_metrics, flow, ids)

    def _detail(self, flow: Flow) -> Answer:
        return flow.detail(self.clock.now())

    def count(self, target: str) -> int:
        return len(self.times(target))


def _metrics(flow: Flow, ids: tuple[str, ...]) -> Answer:
    return [{"id": name, "sum": "NaN" if (rate := flow.operators[name]) is None else rate} for name in ids]


@dataclass
class Swept:
    """A sweep that runs on a scripted cluster."""

    jobs: Jobs
    bench: Bench
    sweep: Sweep
    series: SeriesStore

    def rate(self, job: str, measure: str) -> float | None:
        latest = self.series.latest(job_series(job, measure))
        return latest[1] if latest is not None else None

    async def wait(self, seconds: float) -> None:
        await self.bench.clock.advance(seconds)


@asynccontextmanager
async def sweeping(*flows: Flow) -> AsyncIterator[Swept]:
    jobs = Jobs(ManualClock(), *flows)
    async with polling(jobs) as bench:
        series = SeriesStore()
        sweep = Sweep(bench.poller, series, bench.clock.wall)
        bench.poller.arrived = sweep.arrived
        sweep.start()
        yield Swept(jobs, bench, sweep, series)


async def test_a_live_job_is_polled_and_an_ended_one_is_not() -> None:
    async with sweeping(Flow("a"), Flow("b", state="FINISHED")) as swept:
        await swept.wait(30)
        assert swept.sweep.live == {"a"}
        assert swept.jobs.count("jobs/a") >= 2
        assert swept.jobs.count("jobs/a/checkpoints/config") == 1
        assert swept.jobs.count("jobs/b") == 0


async def test_a_new_job_is_polled_and_a_removed_one_is_not() -> None:
    async with sweeping(Flow("a", sent=5, taken=5)) as swept:
        await swept.wait(60)
        swept.jobs.flows["b"] = Flow("b")
        del swept.jobs.flows["a"]
        swept.jobs.write()
        await swept.wait(20)
        before = swept.jobs.count("jobs/a")
        await swept.wait(60)
        assert swept.sweep.live == {"b"}
        assert swept.jobs.count("jobs/b") >= 2
        assert swept.jobs.count("jobs/a") == before
        rate = swept.rate("a", "in")
        assert rate is not None
        assert math.isnan(rate)


async def test_rates_of_a_job_come_from_its_counters() -> None:
    async with sweeping(Flow("a", sent=50.0, taken=20.0)) as swept:
        await swept.wait(120)
        sent, taken = swept.rate("a", "in"), swept.rate("a", "out")
        assert sent is not None
        assert abs(sent - 50.0) <= 5.0
        assert taken is not None
        assert abs(taken - 20.0) <= 2.0
        since = swept.series.points(job_series("a", "in"))
        assert 5 <= len(since) <= 13


async def test_a_job_that_does_not_run_has_a_rate_of_zero() -> None:
    async with sweeping(Flow("a", sent=50.0, taken=20.0)) as swept:
        await swept.wait(120)
        swept.jobs.flows["a"].state = "RESTARTING"
        await swept.wait(30)
        assert (swept.rate("a", "in"), swept.rate("a", "out")) == (0.0, 0.0)


async def test_a_restarted_job_is_counted_from_its_new_start() -> None:
    async with sweeping(Flow("a", sent=50.0, taken=20.0)) as swept:
        await swept.wait(120)
        swept.jobs.flows["a"].born = swept.bench.clock.now()
        swept.jobs.flows["a"].sent = 10.0
        await swept.wait(120)
        points = swept.series.points(job_series("a", "in"))
        assert abs(points[-1][1] - 10.0) <= 1.0
        assert not any(value < 0 for _, value in points)


CHAINED = Flow(
    "a",
    chain="Source: x -> Sink: y",
    operators={
        "Source__x.numRecordsOutPerSecond": 30.0,
        "Source__x.numRecordsInPerSecond": 99.0,
        "Sink__y.numRecordsInPerSecond": 28.0,
        "Sink__y.numRecordsOutPerSecond": 99.0,
    },
)


async def test_a_job_that_runs_again_is_unknown_until_its_counters_have_moved() -> None:
    flow = Flow("a", sent=50.0, taken=50.0, state="RESTARTING")
    async with sweeping(flow) as swept:
        await swept.wait(15)
        assert swept.rate("a", "in") == 0.0
        flow.state, flow.born = "RUNNING", swept.bench.clock.now()
        await swept.wait(12)
        gap = swept.rate("a", "in")
        assert gap is not None
        assert math.isnan(gap)
        await swept.wait(30)
        assert swept.rate("a", "in") == 50.0


async def test_a_job_in_one_vertex_is_read_from_its_operators() -> None:
    async with sweeping(CHAINED) as swept:
        await swept.wait(40)
        assert (swept.rate("a", "in"), swept.rate("a", "out")) == (30.0, 28.0)
        listing = SUBTASKS_METRICS(job="a", vertex="only")
        assert swept.jobs.count(listing.target) == 1
        ids = ("Source__x.numRecordsOutPerSecond", "Sink__y.numRecordsInPerSecond")
        assert swept.jobs.count(SUBTASKS_METRICS(job="a", vertex="only", get=ids).target) >= 2


async def test_a_missing_operator_metric_is_a_gap() -> None:
    flow = Flow(
        "a", chain=CHAINED.chain, operators={**CHAINED.operators, "Sink__y.numRecordsInPerSecond": None}
    )
    async with sweeping(flow) as swept:
        await swept.wait(40)
        assert swept.rate("a", "in") == 30.0
        assert swept.rate("a", "out") is None


async def test_operators_are_no_longer_polled_when_the_job_has_ended() -> None:
    async with sweeping(CHAINED) as swept:
        await swept.wait(40)
        swept.jobs.flows.clear()
        swept.jobs.write()
        await swept.wait(20)
        swept.jobs.asked.clear()
        await swept.wait(60)
        assert {target for _, target in swept.jobs.asked} == {"jobs/overview"}


async def test_the_clusters_rate_is_the_sum_of_known_rates() -> None:
    restarting = Flow("c", state="RESTARTING")
    async with sweeping(
        Flow("a", sent=50.0, taken=20.0), Flow("b", sent=30.0, taken=30.0), restarting
    ) as swept:
        await swept.wait(15)
        assert swept.sweep.coverage.live == 3
        assert swept.sweep.coverage.known < 3
        await swept.wait(165)
        assert swept.sweep.coverage.known == 3
        oldest = swept.sweep.coverage.oldest
        assert oldest is not None
        assert swept.bench.clock.now() - oldest <= 30
        for measure, expected in (("in", 80.0), ("out", 50.0)):
            latest = swept.series.latest(cluster_series(measure))
            assert latest is not None
            assert abs(latest[1] - expected) <= 0.1 * expected
        at = [moment for moment, _ in swept.series.points(cluster_series("in"))]
        assert all(later - earlier >= 9 for earlier, later in pairwise(at))


async def test_an_empty_cluster_has_a_rate_of_zero() -> None:
    async with sweeping() as swept:
        await swept.wait(30)
        assert swept.sweep.coverage == Coverage(0, 0, None)
        latest = swept.series.latest(cluster_series("in"))
        assert latest is not None
        assert latest[1] == 0.0


async def test_many_jobs_stay_within_the_background_budget() -> None:
    async with sweeping(*(Flow(f"j{number}", sent=5.0) for number in range(300))) as swept:
        await swept.wait(60)
        swept.jobs.asked.clear()
        await swept.wait(120)
        assert len(swept.jobs.asked) <= 2 * BACKGROUND_A_MINUTE + 2
        assert swept.jobs.most_in_flight <= 2


async def test_metrics_of_a_vertex_on_screen_become_series() -> None:
    async with sweeping(Flow("a")) as swept:
        query = SUBTASKS_METRICS(job="a", vertex="v", get=("numRecordsInPerSecond", "busyTimeMsPerSecond"))
        swept.jobs.answers[query.target] = [
            {"id": "numRecordsInPerSecond", "sum": 12.0, "max": 7.0},
            {"id": "busyTimeMsPerSecond", "sum": 1200.0, "max": 700.0},
        ]
        swept.bench.poller.watch(query)
        await swept.wait(25)
        rates = swept.series.points(vertex_series("a", "v", "numRecordsInPerSecond"))
        assert [value for _, value in rates] == [12.0] * 3


async def test_a_first_listing_that_is_empty_is_repeated_soon() -> None:
    async with sweeping(CHAINED) as swept:
        listing = SUBTASKS_METRICS(job="a", vertex="only").target
        full = swept.jobs.answers[listing]
        swept.jobs.answers[listing] = []
        await swept.wait(15)
        assert swept.rate("a", "in") is None
        swept.jobs.answers[listing] = full
        await swept.wait(30)
        assert swept.rate("a", "in") == 30.0
