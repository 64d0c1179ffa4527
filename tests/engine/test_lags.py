"""The watermark lag of jobs: what is asked for it, and what becomes of the answers."""

from __future__ import annotations

import math
from typing import Any

from flinktop.engine.lags import AT_ONCE, SECONDS, WITHOUT_SECONDS, JobLag, Lags
from flinktop.engine.series import SeriesStore, job_series, vertex_series
from flinktop.engine.sweep import Sweep
from flinktop.flink.jobs import (
    JOB,
    JOBS_OVERVIEW,
    Job,
    JobOverview,
    JobsOverview,
    JobVertex,
    Plan,
    PlanInput,
    PlanNode,
)
from flinktop.flink.metrics import SUBTASKS_METRICS, AggregatedMetric
from tests.engine.scripted import Bench, polling

MARK = "currentInputWatermark"
OUT = "Source__a.currentOutputWatermark"
NONE = -9223372036854775808.0


def job(*sinks: str, state: str = "RUNNING", kind: str = "STREAMING") -> Job:
    """One source that feeds these sinks."""
    nodes = (PlanNode(id="source"), *(PlanNode(id=sink, inputs=(PlanInput(id="source"),)) for sink in sinks))
    vertices = tuple(JobVertex(id=node.id, name=node.id, status="RUNNING", parallelism=1) for node in nodes)
    return Job(jid="j", state=state, vertices=vertices, plan=Plan(type=kind, nodes=nodes))


class Watching:
    """A sweep on a scripted cluster, told of answers by hand."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.series = SeriesStore()
        self.sweep = Sweep(bench.poller, self.series, lambda: 1_700_000_000.0)
        self.told(JOBS_OVERVIEW(), JobsOverview((JobOverview(jid="j", state="RUNNING"),)))

    @property
    def lags(self) -> Lags:
        return self.sweep.lags

    def told(self, query: Any, value: Any) -> None:
        self.sweep.arrived(query, value, self.bench.clock.now())

    def job(self, job: Job) -> None:
        self.told(JOB(job="j"), job)

    def mark(self, vertex: str, mark: float, name: str = MARK) -> None:
        """An answer about a vertex, of which the lowest watermark is so many seconds behind."""
        value = mark if mark == NONE else (1_700_000_000.0 - mark) * 1000.0
        self.told(SUBTASKS_METRICS(job="j", vertex=vertex, get=(name,)), (AggregatedMetric(name, min=value),))

    def newest(self) -> float:
        point = self.series.latest(job_series("j", "lag"))
        return math.nan if point is None else point[1]


async def test_a_job_is_as_late_as_the_latest_of_its_sinks() -> None:
    async with polling() as bench:
        watching = Watching(bench)
        watching.job(job("a", "b"))
        assert watching.lags.of("j") is None
        watching.mark("a", 5.0)
        watching.mark("b", 90.0)
        assert watching.lags.of("j") == JobLag(90.0)
        watching.mark("b", 7.0)
        assert watching.lags.of("j") == JobLag(7.0)
        assert watching.newest() == 7.0
        # A vertex between source and sinks is late by itself.
        watching.mark("source", 500.0, OUT)
        assert watching.lags.of("j") == JobLag(7.0)


async def test_a_job_without_event_time_has_no_lag_and_is_polled_rarely() -> None:
    async with polling() as bench:
        watching = Watching(bench)
        watching.job(job("a", "b"))
        assert list(watching.lags.queries("j").values()) == [2 * SECONDS, 2 * SECONDS]
        watching.mark("a", NONE)
        assert watching.lags.of("j") is None
        watching.mark("b", NONE)
        assert watching.lags.of("j") == JobLag(None)
        watching.job(job("a", "b"))
        assert list(watching.lags.queries("j").values()) == [2 * WITHOUT_SECONDS, 2 * WITHOUT_SECONDS]
        watching.job(job("a", "b", kind="BATCH"))
        assert not watching.lags.queries("j")
        assert watching.lags.of("j") == JobLag(None)


async def test_a_job_that_does_not_run_has_no_lag_and_is_not_polled() -> None:
    async with polling() as bench:
        watching = Watching(bench)
        watching.job(job("a"))
        watching.mark("a", 5.0)
        watching.job(job("a", state="RESTARTING"))
        assert watching.lags.of("j") is None
        assert not watching.lags.queries("j")
        assert math.isnan(watching.newest())


async def test_one_request_a_job_in_half_a_minute_however_many_sinks_it_has() -> None:
    sinks = [f"sink{number}" for number in range(3 * AT_ONCE - 1)]
    async with polling() as bench:
        watching = Watching(bench)
        asked: set[str] = set()
        bench.cluster.default = []
        for _ in range(60):
            watching.job(job(*sinks))
            assert len(watching.lags.queries("j")) <= AT_ONCE
            asked |= {query.target for query in watching.lags.queries("j")}
            await bench.clock.advance(10.0)
        assert len(asked) == len(sinks)
        requests = [target for _, target in bench.cluster.asked if MARK in target]
        assert len(requests) <= 600 / SECONDS + AT_ONCE


async def test_the_lag_of_a_source_is_what_it_sends() -> None:
    async with polling() as bench:
        watching = Watching(bench)
        watching.job(job("a"))
        watching.mark("source", 6.0, OUT)
        point = watching.series.latest(vertex_series("j", "source", "lag"))
        assert point is not None
        assert point[1] == 6.0


async def test_where_everything_is_chained_the_lag_comes_with_the_rates() -> None:
    async with polling() as bench:
        watching = Watching(bench)
        chain = JobVertex(id="only", name="Source: a -> Sink: b", status="RUNNING", parallelism=1)
        alone = Job(jid="j", state="RUNNING", vertices=(chain,), plan=Plan(nodes=(PlanNode(id="only"),)))
        watching.job(alone)
        assert not watching.lags.queries("j")
        listed = (
            "Source__a.numRecordsOutPerSecond",
            "Sink__b.numRecordsInPerSecond",
            "Source__a.currentOutputWatermark",
            "Sink__b.currentOutputWatermark",
        )
        watching.told(
            SUBTASKS_METRICS(job="j", vertex="only"), tuple(AggregatedMetric(name) for name in listed)
        )
        bench.cluster.default = []
        await bench.clock.advance(15.0)
        targets = {target for _, target in bench.cluster.asked}
        assert any("Sink__b.currentOutputWatermark" in target for target in targets)
        assert not any("Source__a.currentOutputWatermark" in target for target in targets)
        watching.mark("only", 12.0, "Sink__b.currentOutputWatermark")
        assert watching.lags.of("j") == JobLag(12.0)
