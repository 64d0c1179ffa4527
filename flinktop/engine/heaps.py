"""How full the TaskManagers' heaps are and how long they collect garbage, over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from flinktop.engine.series import SeriesStore, cluster_series
from flinktop.flink.metrics import TASKMANAGERS_METRICS
from flinktop.model import heap, rates

if TYPE_CHECKING:
    from flinktop.flink.endpoint import Query


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
