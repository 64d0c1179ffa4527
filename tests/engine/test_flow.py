"""A job's records/s from counters, meters and chained vertices together."""

from __future__ import annotations

import math

from flinktop.engine.flow import JobFlow
from flinktop.engine.series import SeriesStore, job_series, vertex_series
from flinktop.flink.jobs import Job, JobVertex, Plan, PlanInput, PlanNode
from flinktop.flink.vertices import IoMetrics


def a_job(moved: int = 0) -> Job:
    """Two vertices with all in one chain, and a pipeline of two beside them, as a STATEMENT SET makes."""
    counters = IoMetrics(
        write_records=moved, write_records_complete=True, read_records=moved, read_records_complete=True
    )
    names = ("chain 1", "chain 2", "source", "sink")
    return Job(
        jid="a",
        state="RUNNING",
        vertices=tuple(JobVertex(id=name, name=name, metrics=counters) for name in names),
        plan=Plan(
            nodes=(
                PlanNode(id="chain 1"),
                PlanNode(id="chain 2"),
                PlanNode(id="source"),
                PlanNode(id="sink", inputs=(PlanInput(id="source"),)),
            )
        ),
    )


def latest(series: SeriesStore, measure: str) -> float | None:
    point = series.latest(job_series("a", measure))
    return None if point is None or math.isnan(point[1]) else point[1]


def test_all_chains_and_the_rest_are_one_sum() -> None:
    series = SeriesStore()
    flow = JobFlow("a", series)
    for at in (0, 10, 20, 30):
        flow.take_counters(a_job(at * 7), float(at))
    assert latest(series, "in") is None
    flow.take_chain("chain 1", 100.0, 90.0, 31.0)
    assert latest(series, "in") is None
    flow.take_chain("chain 2", 900.0, 800.0, 31.0)
    assert (latest(series, "in"), latest(series, "out")) == (1007.0, 897.0)
    assert series.latest(vertex_series("a", "chain 2", "in")) == (31.0, 900.0)


def test_a_part_that_becomes_unknown_makes_the_whole_unknown() -> None:
    series = SeriesStore()
    flow = JobFlow("a", series)
    for at in (0, 10, 20, 30):
        flow.take_counters(a_job(at * 7), float(at))
    flow.take_chain("chain 1", 100.0, 90.0, 31.0)
    flow.take_chain("chain 2", 900.0, 800.0, 31.0)
    flow.take_chain("chain 1", None, None, 41.0)
    assert latest(series, "in") is None


def test_meters_count_only_when_every_end_has_them() -> None:
    series = SeriesStore()
    flow = JobFlow("a", series)
    job = a_job()
    pipeline = Job(jid="a", state="RUNNING", vertices=job.vertices[2:], plan=Plan(nodes=job.plan.nodes[2:]))
    flow.take_counters(pipeline, 0.0)
    flow.take_meters("source", 55.0, 0.0, 1.0)
    assert latest(series, "in") is None
    flow.take_meters("sink", 0.0, 44.0, 2.0)
    assert (latest(series, "in"), latest(series, "out")) == (55.0, 44.0)
