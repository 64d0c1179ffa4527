"""Heap and garbage collection of the worst TaskManager, from figures over all of them."""

from __future__ import annotations

import pytest

from flinktop.flink.metrics import AggregatedMetric
from flinktop.model.heap import GC_RATE, MAX, USED, Heap, gc_rate, gc_time, gc_tone, heap, ids_to_request

YOUNG = "Status.JVM.GarbageCollector.G1_Young_Generation.Time"
OLD = "Status.JVM.GarbageCollector.G1_Old_Generation.Time"


def metric(name: str, *values: float) -> AggregatedMetric:
    return AggregatedMetric(name, min(values), max(values), sum(values) / len(values), sum(values))


def test_metrics_requested_from_1_19_on() -> None:
    assert ids_to_request([OLD, GC_RATE, MAX, "Status.JVM.CPU.Load", USED]) == (USED, MAX, GC_RATE)


def test_before_that_each_collector_has_a_counter() -> None:
    assert ids_to_request([YOUNG, "Status.JVM.GarbageCollector.G1_Old_Generation.Count", OLD, USED, MAX]) == (
        USED,
        MAX,
        OLD,
        YOUNG,
    )


def test_nothing_is_requested_from_a_cluster_without_metrics() -> None:
    assert ids_to_request([]) == ()


def test_equal_limits_identify_the_fullest_heap() -> None:
    assert heap((metric(USED, 10.0, 90.0), metric(MAX, 100.0, 100.0))) == Heap(0.9, worst=True)


def test_different_limits_give_only_the_total_usage() -> None:
    assert heap((metric(USED, 10.0, 90.0), metric(MAX, 100.0, 300.0))) == Heap(0.25, worst=False)


@pytest.mark.parametrize(
    "told", [(), (metric(USED, 1.0),), (metric(MAX, 1.0),), (metric(USED, 1.0), metric(MAX, -1.0))]
)
def test_unreported_values_are_unknown(told: tuple[AggregatedMetric, ...]) -> None:
    assert heap(told) is None


def test_one_nan_among_many_makes_it_unknown() -> None:
    assert heap((AggregatedMetric(USED), metric(MAX, 1.0))) is None


def test_the_rate_of_collection_is_the_worst_ones() -> None:
    assert gc_rate((metric(GC_RATE, 3.0, 40.0),)) == 40.0
    assert gc_time((metric(GC_RATE, 3.0), metric(YOUNG, 3.0))) is None


def test_before_1_19_there_are_counters() -> None:
    assert gc_rate((metric(YOUNG, 3.0, 40.0),)) is None
    assert gc_time((metric(YOUNG, 3.0, 40.0), metric(OLD, 2.0, 1.0))) == 42
    assert gc_time(()) is None


@pytest.mark.parametrize(("rate", "style"), [(0.0, ""), (99.0, ""), (100.0, "warn"), (200.0, "bad")])
def test_long_collections_are_marked(rate: float, style: str) -> None:
    assert gc_tone(rate) == style
