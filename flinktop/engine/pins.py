"""Metrics that the user has pinned: their values, from any answer that contains them."""

from collections.abc import Iterable
from typing import Any

from msgspec import Struct, field

from flinktop.engine.series import SeriesName, SeriesStore
from flinktop.flink.endpoint import Query
from flinktop.flink.metrics import (
    JM_OPERATOR_METRICS,
    JOB_METRICS,
    SUBTASK_METRICS,
    SUBTASKS_METRICS,
    VERTEX_METRICS,
)
from flinktop.flink.numbers import subtask_index

ALL, COORDINATOR = -1, -2
"""Instead of a subtask index: all subtasks, aggregated; the coordinator on the JobManager (1.20+)."""
AGGREGATES = ("max", "avg", "min", "sum")
VALUE = "value"


class Pin(Struct, frozen=True, order=True):
    """One metric of a job, of a vertex, or of one subtask."""

    job: str
    vertex: str  # id; "" for the job itself
    subtask: int  # its index, or ALL, or COORDINATOR
    metric: str  # its id, without the subtask prefix


def pin_series(pin: Pin, measure: str = VALUE) -> SeriesName:
    """The series of a pinned metric; `measure` is one of AGGREGATES for all subtasks, else VALUE."""
    return ("pin", pin.job, pin.vertex, str(pin.subtask), pin.metric, measure)


class Pins(Struct):
    """Records pinned metrics from answers that contain them; sends no requests."""

    series: SeriesStore
    _pinned: frozenset[Pin] = field(default_factory=frozenset)
    _jobs: frozenset[str] = field(default_factory=frozenset)

    def keep(self, pins: Iterable[Pin]) -> None:
        """Record these pins only from now on; from any thread."""
        pinned = frozenset(pins)
        self._pinned, self._jobs = pinned, frozenset(pin.job for pin in pinned)

    def arrived(self, query: Query[Any], value: Any, at: float) -> None:
        ids = dict(query.ids)
        job = ids.get("job", "")
        if job not in self._jobs or not value or "get" not in dict(query.params):
            return
        vertex = ids.get("vertex", "")
        if query.endpoint is SUBTASKS_METRICS:
            for metric in value:
                pin = Pin(job, vertex, ALL, metric.id)
                if pin in self._pinned:
                    for measure in AGGREGATES:
                        self.series.add(pin_series(pin, measure), at, getattr(metric, measure))
            return
        for metric in value:
            recorded = _pin(query, job, vertex, metric.id)
            if recorded is not None and recorded in self._pinned:
                self.series.add(pin_series(recorded), at, metric.number)


def _pin(query: Query[Any], job: str, vertex: str, metric: str) -> Pin | None:
    """The pin for a metric in an answer of plain (not aggregated) metrics."""
    if query.endpoint is JOB_METRICS:
        return Pin(job, "", ALL, metric)
    if query.endpoint is JM_OPERATOR_METRICS:
        return Pin(job, vertex, COORDINATOR, metric)
    if query.endpoint is SUBTASK_METRICS:
        return Pin(job, vertex, int(dict(query.ids)["subtask"]), metric)
    if query.endpoint is VERTEX_METRICS:
        first, _, name = metric.partition(".")
        index = subtask_index(first)
        return Pin(job, vertex, index, name) if index is not None else None
    return None
