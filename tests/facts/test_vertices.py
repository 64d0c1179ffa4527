"""What is known of a vertex now, and what has to be asked for it."""

from __future__ import annotations

import pytest

from flinktop.engine.series import vertex_series
from flinktop.engine.store import Reading
from flinktop.facts.freshness import ABSENT, OLD_SECONDS, Figure
from flinktop.facts.vertices import (
    VertexFacts,
    expected_ids,
    figures_query,
    figures_reading,
    listing,
    vertex_facts,
)
from flinktop.flink.errors import Unreachable
from flinktop.flink.features import Features
from flinktop.flink.jobs import Job, JobVertex
from flinktop.flink.metrics import SUBTASKS_METRICS, Aggregated, AggregatedMetric
from flinktop.flink.vertices import IoMetrics
from flinktop.model.rates import Ends
from tests.facts.given import Given

JOB = Job("j", "orders", "RUNNING")
VERTEX = JobVertex("v", "map", parallelism=2, status="RUNNING")
TOTALS = IoMetrics(read_records=5, read_records_complete=True, write_records=6, write_records_complete=True)
GONE = Unreachable("GET", "http://flink.test", "nothing listens there")
IN, OUT, BUSY = "numRecordsInPerSecond", "numRecordsOutPerSecond", "busyTimeMsPerSecond"
MARK = "Source__clicks.currentOutputWatermark"


def ends_of(kind: str) -> Ends:
    return Ends(("v",) if "source" in kind else ("a",), ("v",) if "sink" in kind else ("z",))


def answered(known: Given, *metrics: AggregatedMetric, kind: str = "") -> None:
    query = figures_query(known, "j", VERTEX, source="source" in kind)
    assert query is not None
    known.answer(query, metrics)


def facts(known: Given, kind: str = "", vertex: JobVertex = VERTEX) -> VertexFacts:
    return vertex_facts(JOB, vertex, ends_of(kind), known)


def metric(name: str, value: float, low: float = 0.0) -> AggregatedMetric:
    return AggregatedMetric(name, min=low, max=value, avg=value / 2, sum=value)


def test_before_an_answer_all_is_unknown() -> None:
    found = facts(Given())
    assert found.sent == found.taken == found.busy == found.idle == Figure()
    assert not found.old


def test_figures_that_cannot_be_fetched_are_failed() -> None:
    known = Given()
    query = figures_query(known, "j", VERTEX, source=False)
    assert query is not None
    known.readings[query] = Reading(error=GONE)
    found = facts(known)
    assert found.sent == found.busy == found.idle == found.lag == Figure(failed=True)


@pytest.mark.parametrize(
    ("kind", "sent", "taken"),
    [("", 20.0, 10.0), ("source", 20.0, None), ("sink", None, 10.0)],
)
def test_its_rates_are_sums_and_its_ends_have_one(kind: str, sent: float | None, taken: float | None) -> None:
    known = Given()
    answered(known, metric(IN, 10.0), metric(OUT, 20.0), kind=kind)
    found = facts(known, kind)
    assert (found.sent.value, found.taken.value) == (sent, taken)
    assert (found.sent.absent, found.taken.absent) == (sent is None, taken is None)
    assert found.series == vertex_series("j", "v", IN if kind == "sink" else OUT)


def test_a_full_chain_is_counted_by_the_engine() -> None:
    known = Given()
    answered(known, metric(IN, 0.0), metric(OUT, 0.0), kind="source sink")
    known.series.add(vertex_series("j", "v", "in"), known.now(), 7.0)
    found = facts(known, "source sink")
    assert (found.sent.value, found.taken.value) == (7.0, None)
    assert found.total_sent == found.total_taken == ABSENT


def test_times_are_of_the_busiest_subtask_and_idle_of_the_least_idle() -> None:
    known = Given()
    answered(known, metric(BUSY, 900.0), metric("idleTimeMsPerSecond", 800.0, low=50.0))
    found = facts(known)
    assert (found.busy.value, found.idle.value) == (900.0, 50.0)
    # Not in the answer: the release lacks it.
    assert found.backpressured.absent


def test_in_its_first_minute_meters_are_no_rates() -> None:
    known = Given(young=frozenset("v"))
    answered(known, metric(IN, 10.0), metric(OUT, 0.3))
    known.series.add(vertex_series("j", "v", OUT), known.now(), 18.0)
    found = facts(known)
    assert (found.sent.value, found.taken) == (18.0, Figure())


def test_how_unevenly_records_are_spread() -> None:
    known = Given()
    answered(known, AggregatedMetric(IN, min=1.0, max=9.0, avg=3.0, sum=9.0, skew=60.0))
    found = facts(known)
    assert (found.skew.value, found.over_mean.value) == (60.0, 3.0)
    alone = JobVertex("v", "map", parallelism=1, status="RUNNING")
    assert facts(known, vertex=alone).skew == facts(known, vertex=alone).over_mean == ABSENT


def test_an_ended_vertex_has_totals_only() -> None:
    ended = JobVertex("v", "map", parallelism=2, status="FINISHED", metrics=TOTALS)
    found = facts(Given(), vertex=ended)
    assert (found.total_taken.value, found.total_sent.value) == (5, 6)
    assert found.sent.absent
    assert found.busy.absent
    assert found.lag == ABSENT


async def test_its_figures_grow_old() -> None:
    known = Given()
    answered(known, metric(IN, 10.0))
    assert not facts(known).old
    await known.clock.advance(OLD_SECONDS + 1)
    assert facts(known).old
    assert facts(Given(lost=GONE)).old


def test_how_far_its_watermark_was_behind_when_the_answer_came() -> None:
    known = Given()
    now = known.cluster_time() * 1000
    answered(known, AggregatedMetric("currentInputWatermark", min=now - 4000, max=now))
    assert facts(known).lag.value == pytest.approx(4.0)
    answered(known, metric(IN, 1.0))
    assert facts(known).lag.absent


def test_the_query_depends_on_the_release_and_the_vertexs_metrics() -> None:
    assert BUSY not in expected_ids(Features(release=(1, 12, 7)), source=False)
    known = Given()
    expected = figures_query(known, "j", VERTEX, source=False)
    assert expected == SUBTASKS_METRICS(job="j", vertex="v", get=expected_ids(known.features, source=False))
    # One id that the vertex lacks empties the whole answer.
    nothing: Aggregated = ()
    known.answer(expected, nothing)
    assert figures_query(known, "j", VERTEX, source=False) is None
    known.answer(listing("j", "v"), (AggregatedMetric(IN),))
    assert figures_query(known, "j", VERTEX, source=False) == SUBTASKS_METRICS(job="j", vertex="v", get=(IN,))


def test_until_a_source_has_a_watermark_its_earlier_answer_is_used() -> None:
    known = Given()
    answered(known, metric(OUT, 20.0), kind="source")
    known.answer(listing("j", "v"), (AggregatedMetric(OUT), AggregatedMetric(MARK)))
    query, reading = figures_reading(known, "j", VERTEX, source=True)
    assert query is not None
    assert MARK in str(query)
    assert reading is not None
    assert facts(known, "source").sent.value == 20.0
    assert facts(known, "source").lag == Figure()
