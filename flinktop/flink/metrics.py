"""Metrics: plain ones as text, and aggregated numbers of subtasks, TaskManagers or jobs."""

import contextlib

from msgspec import Struct

from flinktop.flink.endpoint import SUBTASK_PARTS, Endpoint
from flinktop.flink.numbers import LONG_MAX, LONG_MIN, Figure, Id, Known, known

_MIN_AS_FLOAT, _MAX_AS_FLOAT = float(LONG_MIN), float(LONG_MAX)


class Metric(Struct, frozen=True):
    """A metric's id, and its value as text if requested with `get`."""

    id: Id
    value: Figure | None = None

    @property
    def number(self) -> float | None:
        """The value as a number; None for NaN, "n/a", text, an infinite number or no value."""
        with contextlib.suppress(ValueError, TypeError):
            return known(float(self.value or ""))
        return None


class AggregatedMetric(Known, frozen=True):
    """A metric aggregated over subtasks, TaskManagers or jobs; a single NaN makes it unknown (None)."""

    id: Id
    min: float | None = None
    max: float | None = None
    avg: float | None = None
    sum: float | None = None
    skew: float | None = None  # per cent, 1.20+; a 400 in older releases


def watermark(value: str | float | None) -> int | None:
    """A watermark in ms since 1970; None for Long.MIN (none yet) and for anything but a number.

    Long.MAX stays: the input has ended. Long.MIN and Long.MAX rounded to a float are recognized, too.
    """
    try:
        number = int(value) if value is not None else LONG_MIN
    except (ValueError, OverflowError):
        return None
    if number <= _MIN_AS_FLOAT or number > _MAX_AS_FLOAT:
        return None
    return min(number, LONG_MAX)


Metrics = tuple[Metric, ...]
Aggregated = tuple[AggregatedMetric, ...]

# The server fetches metrics at most every 10 s; the request that triggers the fetch gets the old ones.
EVERY = 10.0

JOB_METRICS = Endpoint("jobs/{job}/metrics", Metrics, every=EVERY)
# Its list of names has about a hundred for each subtask, more with chained operators.
VERTEX_METRICS = Endpoint(
    "jobs/{job}/vertices/{vertex}/metrics", Metrics, every=EVERY, most_parts=3 * SUBTASK_PARTS // 2
)
SUBTASK_METRICS = Endpoint("jobs/{job}/vertices/{vertex}/subtasks/{subtask}/metrics", Metrics, every=EVERY)
JM_OPERATOR_METRICS = Endpoint(
    "jobs/{job}/vertices/{vertex}/jm-operator-metrics", Metrics, every=EVERY, since=(1, 20)
)
JOBMANAGER_METRICS = Endpoint("jobmanager/metrics", Metrics, every=EVERY)
TASKMANAGER_METRICS = Endpoint("taskmanagers/{taskmanager}/metrics", Metrics, every=EVERY)
# Aggregated: [] for the whole request if one id in `get` is unknown everywhere.
# Some are requested in the background for charts; a list of ids can be long.
SUBTASKS_METRICS = Endpoint(
    "jobs/{job}/vertices/{vertex}/subtasks/metrics", Aggregated, every=EVERY, brief=lambda _: None
)
JOBS_METRICS = Endpoint("jobs/metrics", Aggregated, every=EVERY)
TASKMANAGERS_METRICS = Endpoint("taskmanagers/metrics", Aggregated, every=EVERY)
