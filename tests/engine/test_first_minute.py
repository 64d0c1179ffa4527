"""What is recorded of vertices in their first minute, when Flink's meters are no rates yet."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from flinktop.engine.load import Loads
from flinktop.engine.series import SeriesStore, job_series, vertex_series
from flinktop.engine.sweep import Starts, Sweep
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
from flinktop.flink.vertices import IoMetrics
from flinktop.model import rates
from tests.engine.scripted import polling

RATE = 600
FETCH, POLL, METER = 10, 3, 60.0
SENT = rates.RATE_IDS[1]
PLAN = Plan(nodes=(PlanNode(id="a"), PlanNode(id="b", inputs=(PlanInput(id="a"),))))
ALONE = Plan(nodes=(PlanNode(id="only"),))
CHAIN = "Source: a -> Sink: b"


@dataclass
class Run:
    """A job that sends 600 records/s from its start on, as Flink tells of it."""

    sweep: Sweep
    series: SeriesStore
    alone: bool = False
    born: float = 0.0
    loads: Loads = field(init=False)

    def __post_init__(self) -> None:
        self.loads = Loads(self.series, self.sweep.starts.is_young)
        self.sweep.arrived(JOBS_OVERVIEW(), JobsOverview((JobOverview(jid="j", state="RUNNING"),)), 0.0)
        if self.alone:
            self._told(Run._job(self, 0.0), 0.0)
            listed = [
                "Source__a.numRecordsOutPerSecond",
                "Source__a.numRecordsOut",
                "Sink__b.numRecordsInPerSecond",
                "Sink__b.numRecordsIn",
            ]
            query = SUBTASKS_METRICS(job="j", vertex="only")
            self.sweep.arrived(query, tuple(AggregatedMetric(name) for name in listed), 0.0)

    def go_on(self, since: float, seconds: int) -> None:
        """Poll the job every three seconds, and the metrics of its vertices every ten."""
        for step in range(seconds):
            at = since + step
            if step % POLL == 0:
                self._told(self._job(at), at)
            if step % FETCH == 0:
                self._metrics(at)

    def restarted(self, at: float) -> None:
        """A new attempt begins."""
        self.born = at

    def rate(self, vertex: str, metric: str = SENT) -> list[float]:
        points = self.series.points(vertex_series("j", vertex, metric))
        return [value for _, value in points if not math.isnan(value)]

    def of_job(self) -> list[float]:
        points = self.series.points(job_series("j", "in"))
        return [value for _, value in points if not math.isnan(value)]

    def _fetched(self, at: float) -> float:
        """Seconds that the attempt has been counted for, at the JobManager's last fetch."""
        return at // FETCH * FETCH - self.born

    def _job(self, at: float) -> Job:
        passed = self._fetched(at)
        totals = IoMetrics(
            write_records=int(RATE * passed),
            read_records=int(RATE * passed),
            write_records_complete=passed > 0,
            read_records_complete=passed > 0,
        )
        start = int(self.born * 1000) + 1
        names = {"only": CHAIN} if self.alone else {"a": "a", "b": "b"}
        vertices = tuple(
            JobVertex(
                id=key,
                name=name,
                status="RUNNING",
                parallelism=1,
                start_time=start,
                tasks={"RUNNING": 1},
                metrics=IoMetrics() if self.alone else totals,
            )
            for key, name in names.items()
        )
        plan = ALONE if self.alone else PLAN
        return Job(jid="j", state="RUNNING", now=int(at * 1000) + 1, vertices=vertices, plan=plan)

    def _told(self, job: Job, at: float) -> None:
        self.sweep.arrived(JOB(job="j"), job, at)
        self.loads.arrived(JOB(job="j"), job, at)

    def _metrics(self, at: float) -> None:
        passed = max(0.0, self._fetched(at))
        meter, counter = RATE * min(passed, METER) / METER, RATE * passed
        if self.alone:
            found = {
                "Source__a.numRecordsOutPerSecond": meter,
                "Sink__b.numRecordsInPerSecond": meter,
                "Source__a.numRecordsOut": counter,
                "Sink__b.numRecordsIn": counter,
            }
            answers = {"only": found}
        else:
            found = dict.fromkeys(rates.RATE_IDS, meter) | dict.fromkeys(rates.TIME_IDS, 0.0)
            found[rates.TIME_IDS[0]] = 1000.0
            answers = {"a": found, "b": found}
        for vertex, values in answers.items():
            query = SUBTASKS_METRICS(job="j", vertex=vertex, get=tuple(values))
            answer = tuple(
                AggregatedMetric(name, min=value, max=value, avg=value, sum=value)
                for name, value in values.items()
            )
            self.sweep.arrived(query, answer, at)
            self.loads.arrived(query, answer, at)


def about(values: list[float]) -> bool:
    """A fetch is seen up to one poll late."""
    return all(0.75 * RATE <= value <= 1.35 * RATE for value in values)


async def test_rates_of_the_first_minute_are_differences_of_counters() -> None:
    async with polling() as bench:
        run = Run(Sweep(bench.poller, series := SeriesStore(), bench.clock.wall), series)
        run.go_on(0.0, 120)
        assert len(run.rate("a")) >= 8
        assert about(run.rate("a"))
        assert about(run.rate("b", rates.RATE_IDS[0]))
        assert run.of_job()
        assert about(run.of_job())


async def test_a_job_in_one_vertex_is_counted_by_its_operators() -> None:
    async with polling() as bench:
        run = Run(Sweep(bench.poller, series := SeriesStore(), bench.clock.wall), series, alone=True)
        run.go_on(0.0, 120)
        assert len(run.of_job()) >= 8
        assert about(run.of_job())


async def test_a_restart_loop_has_no_rate_of_zero() -> None:
    async with polling() as bench:
        run = Run(Sweep(bench.poller, series := SeriesStore(), bench.clock.wall), series)
        at = 0.0
        for _ in range(6):
            run.restarted(at)
            run.go_on(at, 50)
            at += 50
        assert run.rate("a")
        assert about(run.rate("a"))
        assert about(run.of_job())


async def test_counters_of_two_attempts_are_not_mixed_in_a_rate() -> None:
    async with polling() as bench:
        run = Run(Sweep(bench.poller, series := SeriesStore(), bench.clock.wall), series)
        run.go_on(0.0, 41)
        run.restarted(60.0)
        # Nobody looks for a while: the new attempt has counted more than the first had.
        run.go_on(160.0, 60)
        assert about(run.of_job())


async def test_time_that_is_not_measured_yet_is_unknown() -> None:
    async with polling() as bench:
        run = Run(Sweep(bench.poller, series := SeriesStore(), bench.clock.wall), series)
        run.go_on(0.0, 55)
        assert series.latest(job_series("j", "busy")) is None
        run.go_on(70.0, 30)
        # Whoever says so after a minute is busy.
        newest = series.latest(job_series("j", "busy"))
        assert newest is not None
        assert newest[1] == 1000.0


def test_a_minute_begins_when_the_last_task_has_started() -> None:
    starts = Starts()

    def told(at: float, running: int, *, started: float = 0.0) -> None:
        tasks = {"RUNNING": running, "INITIALIZING": 2 - running}
        vertex = JobVertex(id="v", parallelism=2, start_time=int(started * 1000) + 1, tasks=tasks)
        starts.arrived(Job(jid="j", state="RUNNING", now=int(at * 1000) + 1, vertices=(vertex,)), at)

    told(100.0, 1)
    assert starts.is_young("j", "v", 159.0)
    told(150.0, 1)
    assert starts.is_young("j", "v", 209.0)
    told(160.0, 2)
    assert starts.is_young("j", "v", 209.0)
    assert not starts.is_young("j", "v", 211.0)
    told(220.0, 2)
    assert not starts.is_young("j", "v", 221.0)
    told(300.0, 2, started=290.0)
    assert starts.is_young("j", "v", 349.0)
    assert not starts.is_young("j", "v", 351.0)
    assert not starts.is_young("j", "other", 301.0)
