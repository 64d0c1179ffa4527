"""Pinned metrics are recorded from whatever answers tell of them, and nothing else is."""

from __future__ import annotations

from flinktop.engine.pins import ALL, COORDINATOR, Pin, Pins, pin_series
from flinktop.engine.series import SeriesStore
from flinktop.flink.metrics import (
    JM_OPERATOR_METRICS,
    JOB_METRICS,
    SUBTASK_METRICS,
    SUBTASKS_METRICS,
    VERTEX_METRICS,
    AggregatedMetric,
    Metric,
)

JOB, VERTEX = "j" * 32, "v" * 32
OF_JOB = Pin(JOB, "", ALL, "uptime")
OF_VERTEX = Pin(JOB, VERTEX, ALL, "busy")
OF_SUBTASK = Pin(JOB, VERTEX, 3, "Op.busy")
OF_COORDINATOR = Pin(JOB, VERTEX, COORDINATOR, "Src.splits")


def recorded() -> tuple[SeriesStore, Pins]:
    series = SeriesStore()
    pins = Pins(series)
    pins.keep([OF_JOB, OF_VERTEX, OF_SUBTASK, OF_COORDINATOR])
    return series, pins


def test_each_kind_of_answer_is_recorded_for_its_pin() -> None:
    series, pins = recorded()
    pins.arrived(JOB_METRICS(job=JOB, get="uptime"), (Metric("uptime", "5"),), 1.0)
    pins.arrived(
        SUBTASKS_METRICS(job=JOB, vertex=VERTEX, get="busy"), (AggregatedMetric("busy", 1, 4, 2, 8),), 1.0
    )
    pins.arrived(VERTEX_METRICS(job=JOB, vertex=VERTEX, get="3.Op.busy"), (Metric("3.Op.busy", "7"),), 1.0)
    pins.arrived(
        JM_OPERATOR_METRICS(job=JOB, vertex=VERTEX, get="Src.splits"), (Metric("Src.splits", "9"),), 1.0
    )
    assert series.latest(pin_series(OF_JOB)) == (1.0, 5.0)
    assert series.latest(pin_series(OF_SUBTASK)) == (1.0, 7.0)
    assert series.latest(pin_series(OF_COORDINATOR)) == (1.0, 9.0)
    told = {name: series.latest(pin_series(OF_VERTEX, name)) for name in ("min", "max", "avg", "sum")}
    assert told == {"min": (1.0, 1.0), "max": (1.0, 4.0), "avg": (1.0, 2.0), "sum": (1.0, 8.0)}


def test_answers_of_one_subtask_are_recorded_for_its_pins_too() -> None:
    series, pins = recorded()
    query = SUBTASK_METRICS(job=JOB, vertex=VERTEX, subtask=3, get="Op.busy")
    pins.arrived(query, (Metric("Op.busy", "7"),), 2.0)
    assert series.latest(pin_series(OF_SUBTASK)) == (2.0, 7.0)


def test_what_is_not_pinned_is_not_recorded() -> None:
    series, pins = recorded()
    pins.arrived(JOB_METRICS(job=JOB, get="other"), (Metric("other", "5"),), 1.0)
    pins.arrived(JOB_METRICS(job="x" * 32, get="uptime"), (Metric("uptime", "5"),), 1.0)
    pins.arrived(JOB_METRICS(job=JOB), (Metric("uptime"),), 1.0)
    pins.arrived(VERTEX_METRICS(job=JOB, vertex=VERTEX, get="4.Op.busy"), (Metric("4.Op.busy", "7"),), 1.0)
    assert len(series) == 0


def test_what_is_no_longer_pinned_is_no_longer_recorded() -> None:
    series, pins = recorded()
    pins.keep([])
    pins.arrived(JOB_METRICS(job=JOB, get="uptime"), (Metric("uptime", "5"),), 1.0)
    assert len(series) == 0
