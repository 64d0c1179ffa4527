"""Heaps and garbage collection over time: of the cluster, and of the processes that are on a screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from flinktop.engine.series import SeriesStore, cluster_series, process_series
from flinktop.flink.metrics import JOBMANAGER_METRICS, TASKMANAGER_METRICS, TASKMANAGERS_METRICS
from flinktop.model import heap, processes, rates

if TYPE_CHECKING:
    from flinktop.flink.endpoint import Query

MOST_COUNTED = 2000
"""Processes whose collections are counted."""


class Processes(Struct):
    """Records "heap" and "cpu" (0 to 1000, per mille), "gc" (ms/s) and "threads" of what is asked for."""

    series: SeriesStore
    _collected: dict[str | None, rates.Counted] = field(default_factory=dict)

    def arrived(self, query: Query[Any], value: Any, at: float) -> None:
        if query.endpoint not in (JOBMANAGER_METRICS, TASKMANAGER_METRICS) or "get" not in dict(query.params):
            return
        taskmanager = dict(query.ids).get("taskmanager")
        found = processes.figures(value)
        for measure, part in (("heap", found.heap), ("cpu", found.cpu)):
            if part is not None:
                self.series.add(process_series(taskmanager, measure), at, 1000.0 * part)
        if found.threads is not None:
            self.series.add(process_series(taskmanager, "threads"), at, found.threads)
        rate = found.gc_rate
        if rate is None and found.gc_time is not None:
            rate = self._counted(taskmanager, at, found.gc_time)
        if rate is not None:
            self.series.add(process_series(taskmanager, "gc"), at, rate)

    def _counted(self, taskmanager: str | None, at: float, time: int) -> float | None:
        """ms/s by the collectors' counters, before 1.19."""
        if taskmanager not in self._collected and len(self._collected) >= MOST_COUNTED:
            del self._collected[next(iter(self._collected))]
        counted = self._collected[taskmanager] = rates.count_on(self._collected.get(taskmanager), at, time)
        return rates.mean_rate(counted)


class Heaps(Struct):
    """Records the cluster's "heap" (0 to 1000 of the limit, per mille) and "gc" (ms/s); see model/heap.py."""

    series: SeriesStore
    _collected: rates.Counted | None = None

    def arrived(self, query: Query[Any], value: Any, at: float) -> None:
        if query.endpoint is not TASKMANAGERS_METRICS or "get" not in dict(query.params) or not value:
            return
        fullest = heap.heap(value)
        self.series.add(cluster_series("heap"), at, 1000.0 * fullest.share if fullest is not None else None)
        rate = heap.gc_rate(value)
        if rate is None and (time := heap.gc_time(value)) is not None:
            self._collected = rates.count_on(self._collected, at, time)
            rate = rates.mean_rate(self._collected)
        self.series.add(cluster_series("gc"), at, rate)
