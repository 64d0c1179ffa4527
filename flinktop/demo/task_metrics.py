"""The metrics of a subtask: which ids each release has, and their values."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from flinktop.demo.flow import Times, Totals, VertexPlan
from flinktop.demo.noise import between
from flinktop.demo.releases import NEWEST, OLDEST, Number
from flinktop.demo.world import METER_SECONDS, JobMoment
from flinktop.flink.numbers import LONG_MAX, LONG_MIN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Value = float | int | bool

BUFFER = 32_768
LONGEST_NAME = 80
"""Letters of an operator's name in an id."""
_FORBIDDEN = re.compile(r"[ .:,]")


@dataclass(frozen=True)
class Figures:
    """What one subtask's metrics are made of, at the last fetch; reckoned when a metric needs it."""

    job: JobMoment
    vertex: VertexPlan
    subtask: int

    @cached_property
    def total(self) -> Totals:
        """Its own part of what the vertex has exchanged since the run began."""
        return self._part(self.job.totals[self.vertex.place])

    @cached_property
    def recent(self) -> Totals:
        """Its own part of the last minute."""
        return self._part(self.job.recent[self.vertex.place])

    @cached_property
    def spent(self) -> Times:
        """Its time since the run began."""
        return self.job.times(self.vertex, self.subtask)

    @cached_property
    def lately(self) -> Times:
        """How it spends a second."""
        return self.job.lately(self.vertex, self.subtask)

    @property
    def mark_in(self) -> int:
        """The watermark that has come in, ms since 1970."""
        return self._mark(coming=True)

    @property
    def mark_out(self) -> int:
        """The watermark that it sends."""
        return self._mark(coming=False)

    @property
    def chained(self) -> int:
        """Records that went through it from operator to operator, where none crosses the network."""
        return self._chained(math.inf)

    @property
    def chained_recent(self) -> int:
        """Those of the last minute."""
        return self._chained(METER_SECONDS)

    def _part(self, totals: Totals) -> Totals:
        part = self.job.plan.part
        return Totals(
            part(self.vertex, totals.records_in, self.subtask),
            part(self.vertex, totals.records_out, self.subtask),
            part(self.vertex, totals.bytes_in, self.subtask),
            part(self.vertex, totals.bytes_out, self.subtask),
        )

    def _mark(self, *, coming: bool) -> int:
        if self.job.ended:
            return LONG_MAX
        mark = self.job.watermark(self.vertex, coming=coming)
        return LONG_MIN if mark is None else self.job.moment.stamp(mark)

    def _chained(self, ago: float) -> int:
        run, plan, fetched = self.job.run, self.job.plan, self.job.fetched
        if run is None:
            return 0
        passed = plan.chained_total(run.flows, fetched, self.vertex)
        before = plan.chained_total(run.flows, max(run.flows, fetched - ago), self.vertex)
        return plan.part(self.vertex, passed - before, self.subtask)

    def noise(self, low: float, high: float, which: int) -> float:
        """A number that changes with every fetch."""
        return between(low, high, self.vertex.seed, self.subtask, int(self.job.fetched), which)

    @property
    def pressed(self) -> float:
        """How full what waits before it is: 1 when it is not fast enough."""
        return min(1.0, max(0.0, (self.lately.busy - 850) / 100)) if self.vertex.spec.inputs else 0.0

    @property
    def blocked(self) -> float:
        """How full its output is."""
        return min(1.0, self.lately.backpressured / 600)


@dataclass(frozen=True, slots=True)
class TaskMetric:
    """One metric: from and up to which release, and its value."""

    value: Callable[[Figures], Value]
    since: Number = OLDEST
    until: Number = NEWEST
    fed: bool = False
    """Only where a vertex has inputs."""


def _per_second(amount: float) -> float:
    return amount / METER_SECONDS


_IN_POOL = TaskMetric(lambda f: round(f.pressed, 4))
_OUT_POOL = TaskMetric(lambda f: round(0.08 + 0.9 * f.blocked, 4))
_IN_QUEUE = TaskMetric(lambda f: int(f.pressed * 48 + f.noise(0, 2, 31)))
_OUT_QUEUE = TaskMetric(lambda f: int(f.blocked * 22 + f.noise(0, 2, 32)))

_INPUT = {
    "numBytesInLocal": TaskMetric(lambda f: f.total.bytes_in // 4),
    "numBytesInLocalPerSecond": TaskMetric(lambda f: _per_second(f.recent.bytes_in // 4)),
    "numBytesInRemote": TaskMetric(lambda f: f.total.bytes_in - f.total.bytes_in // 4),
    "numBytesInRemotePerSecond": TaskMetric(
        lambda f: _per_second(f.recent.bytes_in - f.recent.bytes_in // 4)
    ),
    "numBuffersInLocal": TaskMetric(lambda f: f.total.bytes_in // 4 // BUFFER),
    "numBuffersInLocalPerSecond": TaskMetric(lambda f: _per_second(f.recent.bytes_in // 4 // BUFFER)),
    "numBuffersInRemote": TaskMetric(lambda f: f.total.bytes_in * 3 // 4 // BUFFER),
    "numBuffersInRemotePerSecond": TaskMetric(lambda f: _per_second(f.recent.bytes_in * 3 // 4 // BUFFER)),
}

_QUEUES = {
    "inPoolUsage": _IN_POOL,
    "inputExclusiveBuffersUsage": _IN_POOL,
    "inputFloatingBuffersUsage": _IN_POOL,
    "inputQueueLength": _IN_QUEUE,
    "outPoolUsage": _OUT_POOL,
    "outputQueueLength": _OUT_QUEUE,
    "inputQueueSize": TaskMetric(lambda f: int(f.pressed * 48 * BUFFER), (1, 15)),
    "outputQueueSize": TaskMetric(lambda f: int(f.blocked * 22 * BUFFER), (1, 15)),
}


def _latency(share: float) -> TaskMetric:
    """Milliseconds that mail waits for the task's thread."""
    return TaskMetric(lambda f: round(share * (1 + 90 * (f.lately.busy / 1000) ** 6), 3), (1, 16))


TASK_METRICS: dict[str, TaskMetric] = {
    "numRecordsIn": TaskMetric(lambda f: f.total.records_in),
    "numRecordsInPerSecond": TaskMetric(lambda f: _per_second(f.recent.records_in)),
    "numRecordsOut": TaskMetric(lambda f: f.total.records_out),
    "numRecordsOutPerSecond": TaskMetric(lambda f: _per_second(f.recent.records_out)),
    "numBytesIn": TaskMetric(lambda f: f.total.bytes_in),
    "numBytesInPerSecond": TaskMetric(lambda f: _per_second(f.recent.bytes_in)),
    "numBytesOut": TaskMetric(lambda f: f.total.bytes_out),
    "numBytesOutPerSecond": TaskMetric(lambda f: _per_second(f.recent.bytes_out)),
    "numBuffersOut": TaskMetric(lambda f: f.total.bytes_out // BUFFER),
    "numBuffersOutPerSecond": TaskMetric(lambda f: _per_second(f.recent.bytes_out // BUFFER)),
    **_INPUT,
    **{f"Shuffle.Netty.Input.{name}": metric for name, metric in _INPUT.items()},
    **{
        f"Shuffle.Netty.{'Output' if name.startswith('out') else 'Input'}.Buffers.{name}": metric
        for name, metric in _QUEUES.items()
    },
    **{
        f"buffers.{name}": TaskMetric(metric.value, metric.since, (1, 20)) for name, metric in _QUEUES.items()
    },
    "idleTimeMsPerSecond": TaskMetric(lambda f: round(f.lately.idle), (1, 11)),
    "busyTimeMsPerSecond": TaskMetric(
        lambda f: float(1000 - round(f.lately.idle) - round(f.lately.backpressured)), (1, 13)
    ),
    "backPressuredTimeMsPerSecond": TaskMetric(lambda f: round(f.lately.backpressured), (1, 13)),
    "softBackPressuredTimeMsPerSecond": TaskMetric(lambda f: round(f.lately.backpressured), (1, 15)),
    "hardBackPressuredTimeMsPerSecond": TaskMetric(lambda _: 0, (1, 15)),
    "maxSoftBackPressureTimeMs": TaskMetric(lambda f: round(f.lately.backpressured / 4), (1, 15)),
    "maxHardBackPressureTimeMs": TaskMetric(lambda _: 0, (1, 15)),
    "isBackPressured": TaskMetric(lambda f: f.lately.backpressured > 500, (1, 10)),  # noqa: PLR2004 -- mostly
    "accumulateBusyTimeMs": TaskMetric(lambda f: float(int(f.spent.busy)), (1, 16)),
    "accumulateBackPressuredTimeMs": TaskMetric(lambda f: int(f.spent.backpressured), (1, 16)),
    "accumulateIdleTimeMs": TaskMetric(lambda f: int(f.spent.idle), (1, 16)),
    "changelogBusyTimeMsPerSecond": TaskMetric(lambda _: 0, (1, 18)),
    "initializationTime": TaskMetric(lambda f: round(between(30, 400, f.vertex.seed, f.subtask)), (1, 18)),
    "checkpointStartDelayNanos": TaskMetric(
        lambda f: int(f.noise(4e6, 9e7, 33) * (1 + 60 * f.pressed)), (1, 11)
    ),
    "checkpointAlignmentTime": TaskMetric(lambda f: int(f.noise(1e6, 4e7, 34)), fed=True),
    "currentInputWatermark": TaskMetric(lambda f: f.mark_in, fed=True),
    "mailboxMailsPerSecond": TaskMetric(lambda f: round(f.noise(0.5, 9, 35), 3), (1, 16)),
    "mailboxQueueSize": TaskMetric(lambda f: int(f.noise(0, 3, 36)), (1, 16)),
    **{
        f"mailboxLatencyMs_{name}": _latency(share)
        for name, share in (
            ("min", 0.0), ("max", 2.6), ("mean", 0.4), ("median", 0.3), ("stddev", 0.2), ("p75", 0.5),
            ("p90", 0.8), ("p95", 1.1), ("p98", 1.5), ("p99", 1.9), ("p999", 2.4),
        )
    },
    "numFiredTimers": TaskMetric(lambda f: f.total.records_in // 40, (1, 20)),
    "numFiredTimersPerSecond": TaskMetric(lambda f: _per_second(f.recent.records_in // 40), (1, 20)),
}  # fmt: skip
"""By id, without a subtask before it."""


@dataclass(frozen=True, slots=True)
class OperatorMetric:
    """A metric of one operator in a chain; `first` and `last` say where it stands."""

    value: Callable[[Figures, bool, bool], Value]
    since: Number = OLDEST
    where: str = "all"
    """all, source, fed (not a source) or writer."""


def _into(f: Figures, first: bool, _last: bool) -> int:  # noqa: FBT001 -- the places of a chain
    if first and not f.vertex.spec.inputs:
        return 0
    return _through(f)


def _through(f: Figures) -> int:
    return f.chained if f.vertex.chained else f.total.records_in or f.total.records_out


def _through_recent(f: Figures) -> int:
    return f.chained_recent if f.vertex.chained else f.recent.records_in or f.recent.records_out


def _out_of(f: Figures, _first: bool, last: bool) -> int:  # noqa: FBT001
    return f.total.records_out if last else _through(f)


def _into_rate(f: Figures, first: bool, _last: bool) -> float:  # noqa: FBT001
    return 0.0 if first and not f.vertex.spec.inputs else _per_second(_through_recent(f))


def _out_rate(f: Figures, _first: bool, last: bool) -> float:  # noqa: FBT001
    return _per_second(f.recent.records_out if last else _through_recent(f))


def _emit_lag(f: Figures) -> int:
    """Milliseconds from an event to its being sent by the source."""
    return round(1000 * (f.vertex.spec.lag + 40 * f.blocked) + f.noise(0, 200, 42))


OPERATOR_METRICS: dict[str, OperatorMetric] = {
    "numRecordsIn": OperatorMetric(_into),
    "numRecordsInPerSecond": OperatorMetric(_into_rate),
    "numRecordsOut": OperatorMetric(_out_of),
    "numRecordsOutPerSecond": OperatorMetric(_out_rate),
    "numBytesIn": OperatorMetric(lambda f, first, _: f.total.bytes_in if first else 0, (1, 20)),
    "numBytesInPerSecond": OperatorMetric(
        lambda f, first, _: _per_second(f.recent.bytes_in if first else 0), (1, 20)
    ),
    "numBytesOut": OperatorMetric(lambda f, _, last: f.total.bytes_out if last else 0, (1, 20)),
    "numBytesOutPerSecond": OperatorMetric(
        lambda f, _, last: _per_second(f.recent.bytes_out if last else 0), (1, 20)
    ),
    "currentOutputWatermark": OperatorMetric(lambda f, _first, _last: f.mark_out),
    "currentInputWatermark": OperatorMetric(lambda f, _first, _last: f.mark_in, where="fed"),
    "pendingRecords": OperatorMetric(
        lambda f, _first, _last: int(f.noise(40, 900, 41) * (1 + 900 * f.blocked)), (1, 14), "source"
    ),
    "currentEmitEventTimeLag": OperatorMetric(
        lambda f, _first, _last: _emit_lag(f),
        (1, 14),
        "source",
    ),
    "numRecordsSend": OperatorMetric(lambda f, _first, _last: _through(f), (1, 15), "writer"),
    "numRecordsSendErrors": OperatorMetric(lambda _f, _first, _last: 0, (1, 15), "writer"),
    "numBytesSend": OperatorMetric(lambda f, _first, _last: f.total.bytes_in, (1, 15), "writer"),
}
"""By the part of the id behind the operator's name."""


def task_ids(number: Number, vertex: VertexPlan) -> tuple[str, ...]:
    """All ids that a subtask of the vertex has in a release."""
    fed = bool(vertex.spec.inputs)
    own = [
        name
        for name, metric in TASK_METRICS.items()
        if metric.since <= number <= metric.until and (fed or not metric.fed)
    ]
    for place, operator in enumerate(vertex.spec.operators):
        own.extend(
            f"{metric_name(operator)}.{name}"
            for name, metric in OPERATOR_METRICS.items()
            if metric.since <= number and _has(vertex, place, metric.where)
        )
    return tuple(own)


def metric_name(operator: str) -> str:
    """An operator's name as ids have it."""
    return _FORBIDDEN.sub("_", operator[:LONGEST_NAME])


def values(found: Figures, ids: Iterable[str]) -> dict[str, Value]:
    """Values of those ids that the subtask has."""
    told: dict[str, Value] = {}
    chain: dict[str, int] = {}
    for name in ids:
        metric = TASK_METRICS.get(name)
        if metric is not None:
            told[name] = metric.value(found)
            continue
        chain = chain or {metric_name(one): at for at, one in enumerate(found.vertex.spec.operators)}
        last = len(chain) - 1
        operator, _, end = name.rpartition(".")
        of_operator = OPERATOR_METRICS.get(end)
        if of_operator is not None and operator in chain:
            told[name] = of_operator.value(found, chain[operator] == 0, chain[operator] == last)
    return told


def _has(vertex: VertexPlan, place: int, where: str) -> bool:
    first_of_source = place == 0 and not vertex.spec.inputs
    if where == "source":
        return first_of_source
    if where == "writer":
        return vertex.spec.operators[place].endswith("Writer")
    return where == "all" or not first_of_source
