"""The metrics of a subtask: all ids and their values. releases.py knows which release has which."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from flinktop.demo.flow import Totals
from flinktop.demo.numbers import between
from flinktop.demo.world import METER_SECONDS, VertexMoment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from flinktop.demo.flow import Times
    from flinktop.demo.releases import Release
    from flinktop.demo.specs import VertexSpec

Value = float | int | bool

BUFFER = 32_768
LONGEST_NAME = 80  # characters of an operator's name in an id
MOSTLY = 500  # milliseconds of a second
WITHOUT_HARM = 0.2  # share of its time for which a source can be backpressured and still keep up
FALLS_BEHIND = 0.03  # share of its rate by which a source falls behind that is backpressured all the time
_FORBIDDEN = re.compile(r"[ .:,]")


@dataclass(frozen=True)
class Figures:
    """The inputs of one subtask's metrics at the last fetch, computed on demand."""

    vertex: VertexMoment
    subtask: int

    @cached_property
    def total(self) -> Totals:
        return self._part(self.vertex.job.totals)

    @cached_property
    def recent(self) -> Totals:
        return self._part(self.vertex.job.recent)

    def _part(self, by_vertex: tuple[Totals, ...]) -> Totals:
        totals = by_vertex[self.vertex.plan.place]
        return Totals(*(self.vertex.plan.part(total, self.subtask) for total in totals))

    @cached_property
    def spent(self) -> Times:
        return self.vertex.times(self.subtask)

    @cached_property
    def lately(self) -> Times:
        """How it spends a second."""
        return self.vertex.lately(self.subtask)

    @property
    def through(self) -> int:
        """Records passed from operator to operator, perhaps without crossing the network."""
        if self.vertex.plan.chained:
            return self._chained(math.inf)
        return self.total.records_in or self.total.records_out

    @property
    def through_recent(self) -> int:
        if self.vertex.plan.chained:
            return self._chained(METER_SECONDS)
        return self.recent.records_in or self.recent.records_out

    def _chained(self, ago: float) -> int:
        job, rate = self.vertex.job, self.vertex.spec.rate
        begun, flow = job.run.flows, job.plan.flow
        records = int(rate * flow.total(begun, job.fetched))
        before = int(rate * flow.total(begun, max(begun, job.fetched - ago)))
        return self.vertex.plan.part(records - before, self.subtask)

    def noise(self, low: float, high: float, which: int) -> float:
        """A number that changes with every fetch."""
        return between(low, high, self.vertex.plan.seed, self.subtask, int(self.vertex.job.fetched), which)

    @property
    def pressed(self) -> float:
        """Usage of its input buffers: 1 if it is too slow."""
        return min(1.0, max(0.0, (self.lately.busy - 850) / 100)) if self.vertex.spec.inputs else 0.0

    @property
    def pending(self) -> int:
        """Records that its source has still to read: some at all times, and what backpressure has left."""
        spec, plan = self.vertex.spec, self.vertex.plan
        left = spec.rate * FALLS_BEHIND * max(0.0, spec.held - WITHOUT_HARM)
        behind = left * self.vertex.job.spans[0].pressure
        return int(self.noise(40, 900, 41)) + plan.part(int(behind), self.subtask)

    @property
    def emit_lag(self) -> float:
        """Seconds from an event to its emission by the source."""
        spec, stopped = self.vertex.spec, self.vertex.spec.stuck if self.subtask == 0 else None
        if stopped is not None:
            return self.vertex.job.fetched - stopped
        return spec.lag + 40 * self.blocked + self.noise(0, 0.2, 42)

    @property
    def blocked(self) -> float:
        """Usage of its output buffers."""
        return min(1.0, self.lately.backpressured / 600)


Metric = Callable[[Figures], Value]


def _counter(name: str, count: Callable[[Totals], int]) -> dict[str, Metric]:
    """A counter and Flink's rate of it."""
    return {name: lambda f: count(f.total), f"{name}PerSecond": lambda f: count(f.recent) / METER_SECONDS}


_INPUT = {
    **_counter("numBytesInLocal", lambda t: t.bytes_in // 4),
    **_counter("numBytesInRemote", lambda t: t.bytes_in - t.bytes_in // 4),
    **_counter("numBuffersInLocal", lambda t: t.bytes_in // 4 // BUFFER),
    **_counter("numBuffersInRemote", lambda t: t.bytes_in * 3 // 4 // BUFFER),
}
_QUEUES: dict[str, Metric] = {
    **dict.fromkeys(
        ("inPoolUsage", "inputExclusiveBuffersUsage", "inputFloatingBuffersUsage"),
        lambda f: round(f.pressed, 4),
    ),
    "inputQueueLength": lambda f: int(f.pressed * 48 + f.noise(0, 2, 31)),
    "outPoolUsage": lambda f: round(0.08 + 0.9 * f.blocked, 4),
    "outputQueueLength": lambda f: int(f.blocked * 22 + f.noise(0, 2, 32)),
    "inputQueueSize": lambda f: int(f.pressed * 48 * BUFFER),
    "outputQueueSize": lambda f: int(f.blocked * 22 * BUFFER),
}


def _latency(share: float) -> Metric:
    """Milliseconds that mail waits for the task's thread."""
    return lambda f: round(share * (1 + 90 * (f.lately.busy / 1000) ** 6), 3)


LATENCIES = {
    "min": 0.0, "max": 2.6, "mean": 0.4, "median": 0.3, "stddev": 0.2, "p75": 0.5, "p90": 0.8, "p95": 1.1,
    "p98": 1.5, "p99": 1.9, "p999": 2.4,
}  # fmt: skip
TASK_METRICS: dict[str, Metric] = {
    **_counter("numRecordsIn", lambda t: t.records_in),
    **_counter("numRecordsOut", lambda t: t.records_out),
    **_counter("numBytesIn", lambda t: t.bytes_in),
    **_counter("numBytesOut", lambda t: t.bytes_out),
    **_counter("numBuffersOut", lambda t: t.bytes_out // BUFFER),
    **_INPUT,
    **{f"Shuffle.Netty.Input.{name}": metric for name, metric in _INPUT.items()},
    **{
        f"Shuffle.Netty.{'Output' if name.startswith('out') else 'Input'}.Buffers.{name}": metric
        for name, metric in _QUEUES.items()
    },
    **{f"buffers.{name}": metric for name, metric in _QUEUES.items()},
    "idleTimeMsPerSecond": lambda f: round(f.lately.idle),
    "busyTimeMsPerSecond": lambda f: float(1000 - round(f.lately.idle) - round(f.lately.backpressured)),
    "backPressuredTimeMsPerSecond": lambda f: round(f.lately.backpressured),
    "softBackPressuredTimeMsPerSecond": lambda f: round(f.lately.backpressured),
    "hardBackPressuredTimeMsPerSecond": lambda _: 0,
    "maxSoftBackPressureTimeMs": lambda f: round(f.lately.backpressured / 4),
    "maxHardBackPressureTimeMs": lambda _: 0,
    "isBackPressured": lambda f: f.lately.backpressured > MOSTLY,
    "accumulateBusyTimeMs": lambda f: float(int(f.spent.busy)),
    "accumulateBackPressuredTimeMs": lambda f: int(f.spent.backpressured),
    "accumulateIdleTimeMs": lambda f: int(f.spent.idle),
    "changelogBusyTimeMsPerSecond": lambda _: 0,
    "initializationTime": lambda f: round(between(30, 400, f.vertex.plan.seed, f.subtask)),
    "checkpointStartDelayNanos": lambda f: int(f.noise(4e6, 9e7, 33) * (1 + 60 * f.pressed)),
    "checkpointAlignmentTime": lambda f: int(f.noise(1e6, 4e7, 34)),
    "currentInputWatermark": lambda f: f.vertex.watermark(f.subtask, coming=True),
    "mailboxMailsPerSecond": lambda f: round(f.noise(0.5, 9, 35), 3),
    "mailboxQueueSize": lambda f: int(f.noise(0, 3, 36)),
    **{f"mailboxLatencyMs_{name}": _latency(share) for name, share in LATENCIES.items()},
    **_counter("numFiredTimers", lambda t: t.records_in // 40),
}
INPUT_METRICS = ("checkpointAlignmentTime", "currentInputWatermark")  # not for sources

OperatorMetric = Callable[[Figures, bool, bool], Value]  # whether it is first, last in its chain -> value


OPERATOR_METRICS: dict[str, OperatorMetric] = {  # by the part of the id after the operator's name
    "numRecordsIn": lambda f, first, _: 0 if first and not f.vertex.spec.inputs else f.through,
    "numRecordsInPerSecond": lambda f, first, _: (
        0.0 if first and not f.vertex.spec.inputs else f.through_recent / METER_SECONDS
    ),
    "numRecordsOut": lambda f, _, last: f.total.records_out if last else f.through,
    "numRecordsOutPerSecond": lambda f, _, last: (
        (f.recent.records_out if last else f.through_recent) / METER_SECONDS
    ),
    "numBytesIn": lambda f, first, _: f.total.bytes_in if first else 0,
    "numBytesInPerSecond": lambda f, first, _: f.recent.bytes_in / METER_SECONDS if first else 0.0,
    "numBytesOut": lambda f, _, last: f.total.bytes_out if last else 0,
    "numBytesOutPerSecond": lambda f, _, last: f.recent.bytes_out / METER_SECONDS if last else 0.0,
    "currentOutputWatermark": lambda f, *_: f.vertex.watermark(f.subtask, coming=False),
    "currentInputWatermark": lambda f, *_: f.vertex.watermark(f.subtask, coming=True),
    "pendingRecords": lambda f, *_: f.pending,
    "currentEmitEventTimeLag": lambda f, *_: round(1000 * f.emit_lag),
    "numRecordsSend": lambda f, *_: f.through,
    "numRecordsSendErrors": lambda *_: 0,
    "numBytesSend": lambda f, *_: f.total.bytes_in,
}
OF_SOURCES = ("pendingRecords", "currentEmitEventTimeLag")
OF_WRITERS = ("numRecordsSend", "numRecordsSendErrors", "numBytesSend")


def task_ids(release: Release, spec: VertexSpec) -> Iterator[str]:
    """All ids of a vertex's subtask in a release."""
    for name in TASK_METRICS:
        if release.has(name.replace("_", ".")) and (spec.inputs or name not in INPUT_METRICS):
            yield name
    for place, operator in enumerate(spec.operators):
        source = place == 0 and not spec.inputs
        for name in OPERATOR_METRICS:
            if name in OF_SOURCES:
                own = source
            elif name in OF_WRITERS:
                own = operator.endswith("Writer")
            else:
                own = not source or name != "currentInputWatermark"
            if own and release.has(name) and release.has(f"operator/{name}"):
                yield f"{metric_name(operator)}.{name}"


def metric_name(operator: str) -> str:
    """An operator's name as in ids."""
    return _FORBIDDEN.sub("_", operator[:LONGEST_NAME])


def values(found: Figures, ids: Iterable[str]) -> dict[str, Value]:
    """Values of ids that the subtask has."""
    measured: dict[str, Value] = {}
    chain: dict[str, int] = {}
    for name in ids:
        if name in TASK_METRICS:
            measured[name] = TASK_METRICS[name](found)
            continue
        chain = chain or {metric_name(one): at for at, one in enumerate(found.vertex.spec.operators)}
        operator, _, end = name.rpartition(".")
        place = chain[operator]
        measured[name] = OPERATOR_METRICS[end](found, place == 0, place == len(chain) - 1)
    return measured
