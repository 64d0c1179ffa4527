"""What is recorded of subtasks while their rows are seen."""

from __future__ import annotations

import math

from flinktop.engine.recorders import record_subtasks
from flinktop.engine.series import SeriesStore, subtask_series
from flinktop.flink.metrics import SUBTASKS_METRICS, VERTEX_METRICS, AggregatedMetric, Metric
from flinktop.model.rates import RATE_IDS, TIME_IDS

CLUSTER_NOW = 1_700_000_010.0


def points(series: SeriesStore, measure: str, subtask: int = 3) -> list[float]:
    return [value for _, value in series.points(subtask_series("j", "v", subtask, measure))]


def test_each_measure_of_each_subtask_is_a_series() -> None:
    series = SeriesStore()
    ids = ["3.numRecordsInPerSecond", "3.busyTimeMsPerSecond", "4.numRecordsInPerSecond"]
    query = VERTEX_METRICS(job="j", vertex="v", get=ids)
    answer = tuple(Metric(name, value) for name, value in zip(ids, ("12", "NaN", "7"), strict=True))
    record_subtasks(series, query, answer, 5.0, CLUSTER_NOW)
    assert points(series, "taken") == [12.0]
    assert points(series, "taken", 4) == [7.0]
    assert points(series, "busy") == []


def test_a_lag_is_behind_the_clusters_clock_and_ends_with_the_input() -> None:
    series = SeriesStore()
    query = VERTEX_METRICS(job="j", vertex="v", get=["3.currentInputWatermark"])
    for at, value in enumerate(("-9223372036854775808", "1700000000000", "9223372036854775807")):
        record_subtasks(series, query, (Metric("3.currentInputWatermark", value),), float(at), CLUSTER_NOW)
    first, last = points(series, "lag")
    assert first == 10.0
    assert math.isnan(last)


def test_in_its_first_minute_nothing_is_recorded_that_is_not_measured_yet() -> None:
    series = SeriesStore()
    ids = [f"{subtask}.{name}" for subtask in (3, 4) for name in (*RATE_IDS, *TIME_IDS)]
    values = ("66", "66", "1000", "0", "0", "66", "66", "300", "100", "600")
    query = VERTEX_METRICS(job="j", vertex="v", get=ids)
    answer = tuple(Metric(name, value) for name, value in zip(ids, values, strict=True))
    record_subtasks(series, query, answer, 5.0, CLUSTER_NOW, is_young=lambda *_: True)
    assert points(series, "taken") == points(series, "sent") == points(series, "taken", 4) == []
    assert points(series, "busy") == points(series, "idle") == []
    # Whoever has been measured says so before the minute is over.
    assert (points(series, "busy", 4), points(series, "idle", 4)) == ([300.0], [600.0])


def test_listings_and_other_answers_are_not_recorded() -> None:
    series = SeriesStore()
    record_subtasks(
        series, VERTEX_METRICS(job="j", vertex="v"), (Metric("3.numRecordsInPerSecond"),), 1.0, CLUSTER_NOW
    )
    query = SUBTASKS_METRICS(job="j", vertex="v", get=["numRecordsInPerSecond"])
    record_subtasks(series, query, (AggregatedMetric("numRecordsInPerSecond", sum=3.0),), 1.0, CLUSTER_NOW)
    assert len(series) == 0
