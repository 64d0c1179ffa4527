"""Machines over time: what an answer adds to the series."""

from __future__ import annotations

from flinktop.engine.recorders import Processes
from flinktop.engine.series import SeriesStore, process_series
from flinktop.flink.metrics import Metric
from flinktop.flink.process import Process

HEAP = (Metric("Status.JVM.Memory.Heap.Used", "30"), Metric("Status.JVM.Memory.Heap.Max", "40"))


def collected(milliseconds: int) -> tuple[Metric, ...]:
    return (*HEAP, Metric("Status.JVM.GarbageCollector.G1_Young_Generation.Time", str(milliseconds)))


def test_figures_of_a_process_are_kept() -> None:
    series = SeriesStore()
    ours = Processes(series)
    rate = Metric("Status.JVM.GarbageCollector.All.TimeMsPerSecond", "12.5")
    cpu = Metric("Status.JVM.CPU.Load", "0.25")
    for process in (Process(), Process("tm-1")):
        ours.arrived(process.metrics(get=["x"]), (*HEAP, rate, cpu), 10.0)
        name = process.taskmanager
        assert series.latest(process_series(name, "heap")) == (10.0, 750.0)
        assert series.latest(process_series(name, "gc")) == (10.0, 12.5)
        assert series.latest(process_series(name, "cpu")) == (10.0, 250.0)
        assert series.latest(process_series(name, "threads")) is None


def test_before_1_19_the_rate_comes_from_the_collectors_counters() -> None:
    series = SeriesStore()
    ours = Processes(series)
    for at in range(0, 60, 10):
        ours.arrived(Process("tm-1").metrics(get=["x"]), collected(at * 20), float(at))
    newest = series.latest(process_series("tm-1", "gc"))
    assert newest is not None
    assert newest[1] == 20.0


def test_counters_of_a_restarted_process_start_again() -> None:
    series = SeriesStore()
    ours = Processes(series)
    for at, counter in ((0, 0), (10, 5000), (20, 10_000), (30, 10), (40, 20), (50, 30)):
        ours.arrived(Process("tm-1").metrics(get=["x"]), collected(counter), float(at))
    newest = series.latest(process_series("tm-1", "gc"))
    assert newest is not None
    assert newest[1] == 1.0


def test_a_list_of_metric_ids_records_nothing() -> None:
    series = SeriesStore()
    Processes(series).arrived(Process("tm-1").metrics(), HEAP, 10.0)
    assert not len(series)
