"""How busy jobs are and how full the TaskManagers' heaps, recorded as answers arrive."""

from __future__ import annotations

import math

import pytest

from flinktop.engine.flow import METERS_HOLD
from flinktop.engine.load import Loads
from flinktop.engine.recorders import Processes
from flinktop.engine.series import SeriesName, SeriesStore, cluster_series, job_series, vertex_series
from flinktop.flink.jobs import JOB, JOBS_OVERVIEW, Job, JobOverview, JobsOverview, JobVertex
from flinktop.flink.metrics import SUBTASKS_METRICS, TASKMANAGERS_METRICS, AggregatedMetric
from flinktop.flink.vertices import VERTEX_BACKPRESSURE, IoMetrics, SubtaskBackpressure, VertexBackpressure
from flinktop.model import rates
from flinktop.model.heap import GC_RATE, MAX, USED

Times = tuple[float, float, float | None]


class Watching:
    """A recorder and what it has recorded."""

    def __init__(self) -> None:
        self.series = SeriesStore()
        self.loads = Loads(self.series)

    def job(self, at: float, state: str = "RUNNING", **vertices: Times) -> None:
        """The job's vertices with the idle, backpressured and busy time of their one subtask so far (ms)."""
        found = tuple(
            JobVertex(
                id=name,
                status="RUNNING",
                parallelism=1,
                metrics=IoMetrics(
                    accumulated_idle_time=idle,
                    accumulated_backpressured_time=backpressured,
                    accumulated_busy_time=busy,
                ),
            )
            for name, (idle, backpressured, busy) in vertices.items()
        )
        self.loads.arrived(JOB(job="j"), Job(jid="j", state=state, vertices=found), at)

    def metrics(self, at: float, vertex: str, busy: float, backpressured: float, idle: float) -> None:
        """The hottest subtask's."""
        told = zip(rates.TIME_IDS, (busy, backpressured, idle), strict=True)
        answer = tuple(AggregatedMetric(name, min=value, max=value) for name, value in told)
        self.loads.arrived(SUBTASKS_METRICS(job="j", vertex=vertex, get=rates.TIME_IDS), answer, at)

    def list(self, at: float, *jobs: JobOverview) -> None:
        self.loads.arrived(JOBS_OVERVIEW(), JobsOverview(jobs), at)

    def newest(self, name: SeriesName) -> float | None:
        point = self.series.latest(name)
        return None if point is None or math.isnan(point[1]) else point[1]

    def job_times(self) -> tuple[float | None, ...]:
        """Busy and backpressured, each of the hottest vertex."""
        return tuple(self.newest(job_series("j", name)) for name in ("busy", "backpressured"))

    def split(self, vertex: str | None = None) -> tuple[float | None, ...]:
        """Busy, backpressured and idle of the busiest subtask, of the job or of a vertex."""
        names = ("split-busy", "split-backpressured", "split-idle")
        if vertex is None:
            return tuple(self.newest(job_series("j", name)) for name in names)
        return tuple(self.newest(vertex_series("j", vertex, name)) for name in names)

    def pressure(self, at: float, vertex: str, *subtasks: tuple[float | None, float, float]) -> None:
        """Shares of busy, backpressured and idle time of the vertex's subtasks, 0 to 1."""
        told = tuple(
            SubtaskBackpressure(index, ratio=backpressured, busy_ratio=spent, idle_ratio=idle)
            for index, (spent, backpressured, idle) in enumerate(subtasks)
        )
        answer = VertexBackpressure(status="ok", subtasks=told)
        self.loads.arrived(VERTEX_BACKPRESSURE(job="j", vertex=vertex), answer, at)

    def busiest(self) -> tuple[str, int | None] | None:
        """Vertex and subtask."""
        found = self.loads.busiest("j")
        return (found.vertex, found.split.subtask) if found is not None else None


def test_a_job_is_as_busy_as_its_busiest_vertex_and_as_backpressured_as_another() -> None:
    watching = Watching()
    watching.job(0.0, source=(0, 0, 0), sink=(0, 0, 0))
    assert watching.job_times() == (None, None)
    watching.job(10.0, source=(0, 9000, 1000), sink=(2000, 0, 8000))
    assert watching.job_times() == (800.0, 900.0)
    assert watching.newest(vertex_series("j", "source", "mean-busy")) == 100.0
    assert watching.newest(vertex_series("j", "sink", "mean-backpressured")) == 0.0


def test_the_split_of_a_job_is_of_one_vertex_that_measures_its_busy_time() -> None:
    watching = Watching()
    # A legacy source is never idle in its own words, and does not know when it is busy.
    watching.job(0.0, source=(0, 0, None), middle=(0, 0, 0), sink=(0, 0, 0))
    watching.job(10.0, source=(0, 9000, None), middle=(9900, 0, 100), sink=(9990, 0, 10))
    assert [round(value or 0.0) for value in watching.split()] == [10, 0, 990]
    assert watching.busiest() == ("middle", None)
    # The three belong together, though another is backpressured more and idle less.
    watching.job(20.0, source=(0, 18_000, None), middle=(9900, 1000, 9100), sink=(9990, 9000, 1010))
    assert [round(value or 0.0) for value in watching.split()] == [455, 50, 495]


def test_the_split_is_of_the_busiest_subtask_of_the_busiest_vertex() -> None:
    watching = Watching()
    watching.job(0.0, a=(0, 0, 0), b=(0, 0, 0))
    watching.pressure(1.0, "a", (0.15, 0.0, 0.85), (0.94, 0.05, 0.01))
    assert watching.split() == watching.split("a") == (940.0, 50.0, 10.0)
    assert watching.busiest() == ("a", 1)
    watching.pressure(2.0, "b", (0.3, 0.7, 0.0), (0.2, 0.0, 0.8))
    assert watching.split("b") == (300.0, 700.0, 0.0)
    assert watching.split() == (940.0, 50.0, 10.0)
    # It cools down, and another is the busiest: what that does is asked for next.
    watching.pressure(11.0, "a", (0.1, 0.0, 0.9), (0.1, 0.0, 0.9))
    assert watching.busiest() == ("b", 0)
    watching.pressure(12.0, "b", (0.4, 0.6, 0.0), (0.2, 0.0, 0.8))
    assert watching.split() == (400.0, 600.0, 0.0)
    # Each of the two that the overview has is of its own subtask.
    watching.job(13.0, a=(0, 0, 0), b=(0, 0, 0))
    assert watching.job_times() == (400.0, 600.0)
    # Legacy sources take no part.
    watching.pressure(13.0, "source", (None, 0.9, 0.0))
    assert watching.busiest() == ("b", 0)
    assert watching.split("source") == (None, None, None)


def test_means_of_vertices_are_used_until_subtasks_are_known() -> None:
    watching = Watching()
    watching.job(0.0, a=(0, 0, 0))
    watching.job(10.0, a=(7000, 0, 3000))
    assert watching.split() == (300.0, 0.0, 700.0)
    watching.pressure(15.0, "a", (0.9, 0.0, 0.1))
    watching.job(20.0, a=(14_000, 0, 6000))
    found = watching.loads.busiest("j")
    assert found is not None
    assert (found.split.busy, found.since) == (900.0, 15.0)
    watching.job(20.0 + METERS_HOLD, a=(28_000, 0, 12_000))
    assert watching.split()[0] == pytest.approx(300.0)


def test_answers_between_two_fetches_add_nothing() -> None:
    watching = Watching()
    for at in range(0, 61, 3):
        fetched = at // 10 * 10_000
        watching.job(float(at), v=(0, 0, fetched))
    assert watching.job_times() == (1000.0, 0.0)
    assert len(watching.series.points(job_series("j", "busy"))) <= 8


def test_a_visible_vertex_has_the_figures_of_its_busiest_subtask() -> None:
    watching = Watching()
    watching.job(0.0, a=(0, 0, 0), b=(0, 0, 0))
    watching.job(10.0, a=(9000, 0, 1000), b=(7000, 0, 3000))
    assert watching.job_times()[0] == 300.0
    watching.metrics(12.0, "a", busy=950.0, backpressured=0.0, idle=50.0)
    watching.job(20.0, a=(18_000, 0, 2000), b=(14_000, 0, 6000))
    assert watching.job_times() == (950.0, 0.0)
    watching.job(20.0 + METERS_HOLD, a=(36_000, 0, 4000), b=(28_000, 0, 12_000))
    assert watching.job_times()[0] == pytest.approx(300.0)


def test_an_old_release_has_it_only_from_metrics_of_vertices() -> None:
    watching = Watching()
    loads = watching.loads
    old = Job(jid="j", state="RUNNING", vertices=(JobVertex(id="a", status="RUNNING", parallelism=1),))
    loads.arrived(JOB(job="j"), old, 0.0)
    assert watching.job_times() == (None, None)
    watching.metrics(1.0, "a", busy=700.0, backpressured=10.0, idle=290.0)
    loads.arrived(JOB(job="j"), old, 10.0)
    assert watching.job_times() == (700.0, 10.0)
    loads.arrived(JOB(job="j"), old, 60.0)
    assert watching.job_times() == (None, None)


@pytest.mark.parametrize("state", ["RESTARTING", "CANCELLING", "FAILED"])
def test_a_job_that_does_not_run_is_neither_busy_nor_idle(state: str) -> None:
    watching = Watching()
    watching.job(0.0, v=(0, 0, 0))
    watching.job(10.0, v=(0, 0, 10_000))
    assert watching.job_times()[0] == 1000.0
    watching.job(20.0, state, v=(0, 0, 10_000))
    assert watching.job_times() == (None, None)


def test_after_a_restart_it_is_known_after_two_answers() -> None:
    watching = Watching()
    watching.job(0.0, v=(0, 0, 50_000))
    watching.job(10.0, v=(0, 0, 60_000))
    watching.job(20.0, "RESTARTING", v=(0, 0, 60_000))
    watching.job(30.0, v=(0, 0, 100))
    assert watching.job_times() == (None, None)
    watching.job(40.0, v=(5000, 0, 5100))
    assert watching.job_times() == (500.0, 0.0)


@pytest.mark.parametrize("listed", [(), (JobOverview("j", state="FINISHED"),)])
def test_an_ended_job_leaves_a_gap(listed: tuple[JobOverview, ...]) -> None:
    watching = Watching()
    watching.job(0.0, v=(0, 0, 0))
    watching.job(10.0, v=(0, 0, 10_000))
    watching.list(12.0, JobOverview("j", state="RUNNING"))
    assert watching.job_times()[0] == 1000.0
    watching.list(20.0, *listed)
    assert watching.job_times() == (None, None)


def metric(name: str, value: float) -> AggregatedMetric:
    return AggregatedMetric(name, value, value, value, value)


def test_heap_and_collection_over_time() -> None:
    series = SeriesStore()
    query = TASKMANAGERS_METRICS(get=(USED, MAX, GC_RATE))
    heaps = Processes(series)
    heaps.arrived(query, (metric(USED, 30.0), metric(MAX, 120.0), metric(GC_RATE, 7.0)), 5.0)
    assert series.latest(cluster_series("heap")) == (5.0, 250.0)
    assert series.latest(cluster_series("gc")) == (5.0, 7.0)


def test_before_1_19_the_rate_comes_from_a_counter() -> None:
    series = SeriesStore()
    young = "Status.JVM.GarbageCollector.G1_Young_Generation.Time"
    query = TASKMANAGERS_METRICS(get=(USED, MAX, young))
    heaps = Processes(series)
    for at in range(0, 60, 10):
        heaps.arrived(
            query, (metric(USED, 1.0), metric(MAX, 2.0), metric(young, 1000.0 + 30 * at)), float(at)
        )
    rate = series.latest(cluster_series("gc"))
    assert rate is not None
    assert rate[1] == pytest.approx(30.0)


def test_an_empty_answer_or_a_listing_records_nothing() -> None:
    series = SeriesStore()
    heaps = Processes(series)
    heaps.arrived(TASKMANAGERS_METRICS(get=(USED,)), (), 1.0)
    heaps.arrived(TASKMANAGERS_METRICS(), (AggregatedMetric(USED),), 1.0)
    assert len(series) == 0


def test_of_an_unpolled_job_one_sample_is_kept_without_changing_figures() -> None:
    rested, other = Watching(), Watching()
    for watching in (rested, other):
        for at in range(0, 61, 10):
            watching.job(float(at), v=(500.0 * at, 0, 500.0 * at))
    rested.list(130.0, JobOverview("j", state="RUNNING"))
    assert len(rested.loads._jobs["j"]._samples) == 1
    assert len(other.loads._jobs["j"]._samples) > 2
    for watching in (rested, other):
        watching.job(200.0, v=(500.0 * 60, 0, 500.0 * 60 + 140_000))
    assert rested.job_times() == other.job_times() == (1000.0, 0.0)
