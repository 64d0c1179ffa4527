"""Recorders of answers over time: how busy jobs are, processes, checkpoints, faults, subtasks."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

from msgspec import Struct, field

from flinktop.engine.load import Loads
from flinktop.engine.seen_checkpoints import SeenCheckpoints
from flinktop.engine.seen_faults import SeenFaults
from flinktop.engine.series import (
    OpenedJobs,
    SeriesName,
    SeriesStore,
    cluster_series,
    process_series,
    subtask_series,
)
from flinktop.flink.endpoint import Query
from flinktop.flink.metrics import (
    JOBMANAGER_METRICS,
    TASKMANAGER_METRICS,
    TASKMANAGERS_METRICS,
    VERTEX_METRICS,
    Metrics,
)
from flinktop.model import first_minute, heap, processes, rates
from flinktop.model.subtask_figures import ENDED, by_subtask

MOST_COUNTED = 2000  # processes whose garbage collection counters are kept


class Recorders:
    """All recorders of answers besides the sweep and the pins."""

    def __init__(
        self, series: SeriesStore, opened: OpenedJobs, is_young: Callable[[str, str, float], bool]
    ) -> None:
        self.loads = Loads(series, is_young)
        self.processes = Processes(series)
        self.checkpoints = SeenCheckpoints(series, opened)
        self.faults = SeenFaults(opened)
        self._series = series
        self._is_young = is_young

    def of(
        self, query: Query[Any], value: Any, at: float, *, cluster_now: float, behind: float | None
    ) -> tuple[tuple[str, Callable[[], None]], ...]:
        """Names and calls that record an answer that came at `at` (engine's clock, s).

        `cluster_now` is the cluster's own time then (s since 1970); `behind` is how many seconds the engine's
        clock is behind that, None while the cluster's time is unknown.
        """
        subtasks = partial(record_subtasks, self._series, is_young=self._is_young)
        return (
            ("loads", partial(self.loads.arrived, query, value, at)),
            ("processes", partial(self.processes.arrived, query, value, at)),
            ("faults", partial(self.faults.arrived, query, value, at)),
            ("checkpoints", partial(self.checkpoints.arrived, query, value, at, behind)),
            ("subtasks", partial(subtasks, query, value, at, cluster_now)),
        )


class Processes(Struct):
    """Heap and garbage collection of the cluster (model/heap.py) and of processes on the screen."""

    series: SeriesStore
    _collected: dict[SeriesName, rates.Counted] = field(default_factory=dict)

    def arrived(self, query: Query[Any], value: Any, at: float) -> None:
        if "get" not in dict(query.params):
            return
        if query.endpoint in (JOBMANAGER_METRICS, TASKMANAGER_METRICS):
            self._process(dict(query.ids).get("taskmanager"), value, at)
        elif query.endpoint is TASKMANAGERS_METRICS and value:
            fullest = heap.heap(value)
            self.series.add(cluster_series("heap"), at, 1000.0 * fullest.share if fullest else None)
            name = cluster_series("gc")
            self.series.add(name, at, self._gc(name, heap.gc_rate(value), heap.gc_time(value), at))

    def _process(self, taskmanager: str | None, metrics: Metrics, at: float) -> None:
        found = processes.figures(metrics)
        name = process_series(taskmanager, "gc")
        for measure, number in (
            ("heap", 1000.0 * found.heap if found.heap is not None else None),
            ("cpu", 1000.0 * found.cpu if found.cpu is not None else None),
            ("threads", found.threads),
            ("gc", self._gc(name, found.gc_rate, found.gc_time, at)),
        ):
            if number is not None:
                self.series.add(process_series(taskmanager, measure), at, number)

    def _gc(self, name: SeriesName, rate: float | None, time: int | None, at: float) -> float | None:
        """Garbage collection, ms/s; before 1.19 from the collectors' counters."""
        if rate is not None or time is None:
            return rate
        if name not in self._collected and len(self._collected) >= MOST_COUNTED:
            del self._collected[next(iter(self._collected))]
        counted = self._collected[name] = rates.add_reading(self._collected.get(name), at, time)
        return rates.mean_rate(counted)


def record_subtasks(
    series: SeriesStore,
    query: Query[Any],
    value: Any,
    at: float,
    cluster_now: float,
    *,
    is_young: Callable[[str, str, float], bool] = lambda *_: False,
) -> None:
    """Record an answer with metrics of subtasks; lags are relative to `cluster_now` (s since 1970)."""
    if query.endpoint is not VERTEX_METRICS or "get" not in dict(query.params):
        return
    ids = dict(query.ids)
    vertex = ids["job"], ids["vertex"]
    young = is_young(*vertex, at)
    for subtask, figures in by_subtask(value).items():
        known = first_minute.known(figures) if young else figures
        for measure, number in known.items():
            if measure != "watermark":
                series.add(subtask_series(*vertex, subtask, measure), at, number)
            elif number is not None and math.isfinite(number):
                lag = rates.watermark_lag(number, cluster_now)
                series.add(subtask_series(*vertex, subtask, "lag"), at, lag)
            elif number == ENDED:
                series.add(subtask_series(*vertex, subtask, "lag"), at, None)
