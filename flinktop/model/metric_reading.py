"""A metric's number as text with its unit (bytes, a duration, a time).

Units follow from the metric's id: from Flink's reference of metrics, or from the name itself.
"""

from __future__ import annotations

import math
import re
from enum import Enum

from flinktop.model import format as fmt
from flinktop.model.subtask_figures import last_part


class Unit(Enum):
    """The unit of a metric's number."""

    BYTES = "bytes"
    BYTES_PER_SECOND = "bytes per second"
    NANOSECONDS = "ns"
    MILLISECONDS = "ms"
    TIMESTAMP = "ms since 1970"


_HISTOGRAM = re.compile(r"_(?:min|max|mean|median|stddev|p\d+)$")  # Flink's suffixes for statistics

_STATES = ("created", "initializing", "deploying", "running", "restarting", "failing", "cancelling")
_MILLISECONDS = (
    # Of jobs.
    *(f"{state}Time{total}" for state in _STATES for total in ("", "Total")),
    "uptime",
    "downtime",
    "allSubTasksRunningOrFinishedTime",
    "lastCheckpointDuration",
    # Of tasks. The reference has BackPressured, Flink's ids have BackPressure.
    "initializationTime",
    "mailboxLatencyMs",
    "estimatedTimeToConsumeBuffersMs",
    *(f"max{kind}BackPressure{end}TimeMs" for kind in ("Soft", "Hard") for end in ("", "d")),
    *(f"accumulate{what}TimeMs" for what in ("Busy", "BackPressured", "Idle")),
    # Of sources, their splits, and sinks.
    "currentFetchEventTimeLag",
    "currentEmitEventTimeLag",
    "watermarkLag",
    "sourceIdleTime",
    *(f"accumulated{what}TimeMs" for what in ("Active", "Paused", "Idle")),
    "millisBehindLatest",
    "sleepTimeMillis",
    "currentSendTime",
    "CurrentSendTime",
)
_NANOSECONDS = ("checkpointAlignmentTime", "checkpointStartDelayNanos", "runLoopTimeNanos")
_EXCHANGED = ("numBytesIn", "numBytesOut", "numBytesInLocal", "numBytesInRemote", "numBytesSend")
_BYTES = (
    *(f"lastCheckpoint{what}" for what in ("Size", "FullSize", "MetadataSize")),
    *(f"lastCheckpoint{what}" for what in ("ProcessedData", "PersistedData", "AlignmentBuffered")),
    "inputQueueSize",
    "outputQueueSize",
    "debloatedBufferSize",
    "logicalFileSize",
    "physicalFileSize",
    "pendingBytes",
    "averageRecordSizeBytes",
    "bytesRequestedPerFetch",
    "usedBytes",
    "remainingBytes",
    *_EXCHANGED,
)
_NAMED = {  # by the last part of the id, of jobs, tasks and operators
    **dict.fromkeys(_MILLISECONDS, Unit.MILLISECONDS),
    **dict.fromkeys(_NANOSECONDS, Unit.NANOSECONDS),
    **dict.fromkeys(_BYTES, Unit.BYTES),
    **dict.fromkeys((f"{name}PerSecond" for name in _EXCHANGED), Unit.BYTES_PER_SECOND),
    "lastCheckpointRestoreTimestamp": Unit.TIMESTAMP,
    "lastCheckpointCompletedTimestamp": Unit.TIMESTAMP,
}

_PROCESS = (  # complete ids of a JobManager and a TaskManager
    (re.compile(r"Status\.JVM\.Memory\.\w+\.(?:Used|Committed|Max|MemoryUsed|TotalCapacity)"), Unit.BYTES),
    (re.compile(r"Status\.Flink\.Memory\.Managed\.(?:Used|Total)"), Unit.BYTES),
    (re.compile(r"Status\.Shuffle\.Netty\.(?:Available|Used|Total)Memory"), Unit.BYTES),
    (re.compile(r"System\.(?:Memory\.(?:Available|Total)|Swap\.(?:Used|Total))"), Unit.BYTES),
    (re.compile(r"System\.Network\..+\.(?:Receive|Send)Rate"), Unit.BYTES_PER_SECOND),
    # The reference names no unit: the JVM reports its CPU time in ns, that of its collectors in ms.
    (re.compile(r"Status\.JVM\.CPU\.Time"), Unit.NANOSECONDS),
    (re.compile(r"Status\.JVM\.GarbageCollector\..+\.Time"), Unit.MILLISECONDS),
)
_SPELLED = (  # units at the end of a name, also of a user's metric
    (re.compile(r"(?<=[a-z])Nanos$"), Unit.NANOSECONDS),
    (re.compile(r"(?<=[a-z])(?:Ms|Millis)$"), Unit.MILLISECONDS),
)


def unit(metric: str) -> Unit | None:
    """The unit of a metric by its id; None if neither Flink's reference nor its name has one.

    A name that only resembles a unit has none: `checkpointAlignmentTime` is ns, and a user's `lastSeenTime`
    can be anything.
    """
    whole = _HISTOGRAM.sub("", metric)
    for pattern, found in _PROCESS:
        if pattern.fullmatch(whole):
            return found
    name = last_part(whole)
    if name == "latency":
        # Latency markers of sources: `latency.source_id.….operator_id.….latency`.
        return Unit.MILLISECONDS if whole.startswith("latency.") else None
    return _NAMED.get(name) or next((one for pattern, one in _SPELLED if pattern.search(name)), None)


_EARLIEST = 1e11  # ms since 1970, in 1973: every timestamp is above it, and every duration below
_NANOSECONDS_IN_ONE = 1e6
_FEW = 9.95


def reading(metric: str, value: float | None, offset: float | None, now: float) -> str:
    """A number with its unit, such as `384 MB`, `6.7 s` or `11:20:03`; "" for an unknown unit or a value < 0.

    Times are written at `offset` s from UTC (None: the local time zone); `now` is the cluster's time, s
    since 1970.
    """
    if value is None or not math.isfinite(value) or value < 0:
        return ""
    known = unit(metric)
    if known is Unit.TIMESTAMP:
        return fmt.near(value / 1000.0, offset, now) if value >= _EARLIEST else ""
    if known in (Unit.BYTES, Unit.BYTES_PER_SECOND):
        return f"{fmt.size(value)}{'/s' if known is Unit.BYTES_PER_SECOND else ''}"
    if known is Unit.NANOSECONDS:
        return _short(value / _NANOSECONDS_IN_ONE)
    return _short(value) if known is Unit.MILLISECONDS and value < _EARLIEST else ""


def _short(milliseconds: float) -> str:
    """Milliseconds; below ten with two decimals, if there are any."""
    if milliseconds < _FEW and milliseconds != int(milliseconds):
        return f"{milliseconds:.2f} ms"
    return fmt.milliseconds(milliseconds)
