"""JobManager and TaskManagers over time: how full their heaps are, how long they collect garbage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from flinktop.engine.series import SeriesStore, machine_series
from flinktop.flink.metrics import JOBMANAGER_METRICS, TASKMANAGER_METRICS
from flinktop.model import machines, rates

if TYPE_CHECKING:
    from flinktop.flink.endpoint import Query

MOST_COUNTED = 2000
"""Machines whose collections are counted."""


class Machines(Struct):
    """Records "heap" and "cpu" (0 to 1000, per mille), "gc" (ms/s) and "threads" of what is asked for."""

    series: SeriesStore
    _collected: dict[str | None, rates.Counted] = field(default_factory=dict)

    def arrived(self, query: Query[Any], value: Any, at: float) -> None:
        if query.endpoint not in (JOBMANAGER_METRICS, TASKMANAGER_METRICS) or "get" not in dict(query.params):
            return
        machine = dict(query.ids).get("taskmanager")
        found = machines.figures(value)
        for measure, part in (("heap", found.heap), ("cpu", found.cpu)):
            if part is not None:
                self.series.add(machine_series(machine, measure), at, 1000.0 * part)
        if found.threads is not None:
            self.series.add(machine_series(machine, "threads"), at, found.threads)
        rate = found.gc_rate
        if rate is None and found.gc_time is not None:
            rate = self._counted(machine, at, found.gc_time)
        if rate is not None:
            self.series.add(machine_series(machine, "gc"), at, rate)

    def _counted(self, machine: str | None, at: float, time: int) -> float | None:
        """ms/s by the collectors' counters, before 1.19."""
        if machine not in self._collected and len(self._collected) >= MOST_COUNTED:
            del self._collected[next(iter(self._collected))]
        counted = self._collected[machine] = rates.count_on(self._collected.get(machine), at, time)
        return rates.mean_rate(counted)
