"""Scopes of metrics: the job, its vertices, their coordinators on the JobManager; with their queries."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from flinktop.engine.pins import ALL, COORDINATOR, Pin
from flinktop.flink.metrics import (
    JM_OPERATOR_METRICS,
    JOB_METRICS,
    SUBTASK_METRICS,
    SUBTASKS_METRICS,
    VERTEX_METRICS,
    AggregatedMetric,
    Metric,
    watermark,
)
from flinktop.flink.numbers import LONG_MAX
from flinktop.model import format as fmt
from flinktop.model.subtask_figures import last_part

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flinktop.flink.endpoint import Query
    from flinktop.flink.process import Process

ROUND = 1000.0  # from here on decimals are dropped
LONGEST = 9  # maximum cells of a number shown with all digits


class Scope(Struct, frozen=True):
    """Something that has metrics."""

    job: str = ""
    vertex: str = ""  # id; "" for the job itself
    coordinator: bool = False  # whether it is the vertex's part that runs on the JobManager (1.20+)
    name: str = ""  # untrusted text
    parallelism: int = 0
    subtask: int | None = None  # the index, for the metrics of one subtask only
    process: Process | None = None

    @property
    def alone(self) -> bool:
        """Whether it is the only scope on its screen: one subtask or a process."""
        return self.subtask is not None or self.process is not None

    @property
    def key(self) -> str:
        return "" if self.alone else f"{self.vertex}{'/jm' if self.coordinator else ''}" or "job"

    @property
    def aggregated(self) -> bool:
        """Whether its metrics are aggregated over its subtasks."""
        return bool(self.vertex) and not self.coordinator and not self.alone

    @property
    def listing(self) -> Query[Any]:
        return self._query(None)

    def values(self, ids: Sequence[str]) -> tuple[Query[Any], ...]:
        return self._query(list(ids)).parts() if ids else ()

    def of_subtasks(self, ids: Iterable[tuple[int, str]]) -> tuple[Query[Any], ...]:
        wanted = [f"{subtask}.{metric}" for subtask, metric in ids]
        return VERTEX_METRICS(job=self.job, vertex=self.vertex, get=wanted).parts() if wanted else ()

    def pin(self, metric: str, subtask: int | None = None) -> Pin:
        """The pin for a metric of this scope or of one of its subtasks."""
        subtask = self.subtask if subtask is None else subtask
        if subtask is not None:
            return Pin(self.job, self.vertex, subtask, metric)
        return Pin(self.job, self.vertex, COORDINATOR if self.coordinator else ALL, metric)

    def part_of(self, pin: Pin) -> tuple[int | None, str] | None:
        """The subtask (or None) and metric to request for a pin; None for a pin of another scope."""
        if pin.vertex != self.vertex or (pin.subtask == COORDINATOR) != self.coordinator:
            return None
        if self.subtask is not None:
            return (None, pin.metric) if pin.subtask == self.subtask else None
        return (pin.subtask if pin.subtask >= 0 else None), pin.metric

    def _query(self, get: list[str] | None) -> Query[Any]:
        if self.process is not None:
            return self.process.metrics(get=get)
        if self.subtask is not None:
            return SUBTASK_METRICS(job=self.job, vertex=self.vertex, subtask=self.subtask, get=get)
        if not self.vertex:
            return JOB_METRICS(job=self.job, get=get)
        endpoint = JM_OPERATOR_METRICS if self.coordinator else SUBTASKS_METRICS
        return endpoint(job=self.job, vertex=self.vertex, get=get)


class Sample(Struct, frozen=True):
    """The value of one metric in an answer."""

    at: float  # engine's clock, s
    value: Metric | AggregatedMetric | None  # None: it was missing in the answer, as it is no number


def open_mark(*, is_open: bool) -> str:
    """The mark before a row that has others below it."""
    return "▾" if is_open else "▸"


def count_words(metrics: int) -> str:
    """The number of metrics, in words."""
    return "1 metric" if metrics == 1 else f"{metrics} metrics"


def is_watermark(metric: str) -> bool:
    """Whether a metric's value is a time."""
    return last_part(metric).endswith("Watermark")


def number_text(metric: str, value: float | None, offset: float | None, cluster_now: float) -> str:
    """A number with all digits, or rounded if it is long; a watermark as a time."""
    if value is None:
        return fmt.ABSENT
    if is_watermark(metric):
        mark = watermark(value)
        if mark is None:
            return "none yet"
        return "ended" if mark >= LONG_MAX else fmt.near(mark / 1000.0, offset, cluster_now)
    text = fmt.exact_number(round(value) if abs(value) >= ROUND and math.isfinite(value) else value)
    return text if len(text) <= LONGEST else fmt.count(value)


def plain_text(metric: Metric, offset: float | None, cluster_now: float) -> str:
    """A single value: a number with all digits, a watermark as a time, or Flink's text."""
    if is_watermark(metric.id):
        mark = watermark(metric.value)
        return "none yet" if mark is None else number_text(metric.id, float(mark), offset, cluster_now)
    number = metric.number
    return fmt.exact_number(number) if number is not None else metric.value or fmt.ABSENT
