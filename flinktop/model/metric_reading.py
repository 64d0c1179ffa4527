"""What a metric's number says to a person: its unit, and the number in it (bytes, a stretch of time, a time).

Units are by the metric's id: as Flink's reference of metrics gives them, or as its own name says.
"""

from __future__ import annotations

import math
import re
from enum import Enum

from flinktop.model import format as fmt
from flinktop.model.subtask_figures import last_part


class Unit(Enum):
    """What a metric's number counts."""

    BYTES = "bytes"
    BYTES_PER_SECOND = "bytes per second"
    NANOSECONDS = "ns"
    MILLISECONDS = "ms"
    TIMESTAMP = "ms since 1970"


_HISTOGRAM = re.compile(r"_(?:min|max|mean|median|stddev|p\d+)$")  # Flink's endings for its figures

_STATES = ("created", "initializing", "deploying", "running", "restarting", "failing", "cancelling")
_MILLISECONDS = (
    # A job's.
    *(f"{state}Time{total}" for state in _STATES for total in ("", "Total")),
    *("uptime", "downtime", "allSubTasksRunningOrFinishedTime", "lastCheckpointDuration"),
    # A task's. The reference writes BackPressured, Flink's ids have BackPressure.
    *("initializationTime", "mailboxLatencyMs", "estimatedTimeToConsumeBuffersMs"),
    *(f"max{kind}BackPressure{end}TimeMs" for kind in ("Soft", "Hard") for end in ("", "d")),
    *(f"accumulate{what}TimeMs" for what in ("Busy", "BackPressured", "Idle")),
    # A source's, its splits', and a sink's.
    *("currentFetchEventTimeLag", "currentEmitEventTimeLag", "watermarkLag", "sourceIdleTime"),
    *(f"accumulated{what}TimeMs" for what in ("Active", "Paused", "Idle")),
    *("millisBehindLatest", "sleepTimeMillis", "currentSendTime", "CurrentSendTime"),
)
_NANOSECONDS = ("checkpointAlignmentTime", "checkpointStartDelayNanos", "runLoopTimeNanos")
_EXCHANGED = ("numBytesIn", "numBytesOut", "numBytesInLocal", "numBytesInRemote", "numBytesSend")
_BYTES = (
    *(f"lastCheckpoint{what}" for what in ("Size", "FullSize", "MetadataSize")),
    *(f"lastCheckpoint{what}" for what in ("ProcessedData", "PersistedData", "AlignmentBuffered")),
    *("inputQueueSize", "outputQueueSize", "debloatedBufferSize", "logicalFileSize", "physicalFileSize"),
    *("pendingBytes", "averageRecordSizeBytes", "bytesRequestedPerFetch", "usedBytes", "remainingBytes"),
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

_PROCESS = (  # whole ids of a JobManager and a TaskManager
    (re.compile(r"Status\.JVM\.Memory\.\w+\.(?:Used|Committed|Max|MemoryUsed|TotalCapacity)"), Unit.BYTES),
    (re.compile(r"Status\.Flink\.Memory\.Managed\.(?:Used|Total)"), Unit.BYTES),
    (re.compile(r"Status\.Shuffle\.Netty\.(?:Available|Used|Total)Memory"), Unit.BYTES),
    (re.compile(r"System\.(?:Memory\.(?:Available|Total)|Swap\.(?:Used|Total))"), Unit.BYTES),
    (re.compile(r"System\.Network\..+\.(?:Receive|Send)Rate"), Unit.BYTES_PER_SECOND),
    # The reference names no unit: the JVM tells its CPU time in ns, that of its collectors in ms.
    (re.compile(r"Status\.JVM\.CPU\.Time"), Unit.NANOSECONDS),
    (re.compile(r"Status\.JVM\.GarbageCollector\..+\.Time"), Unit.MILLISECONDS),
)
_SPELLED = (  # units that end a name, also one of somebody's own program
    (re.compile(r"(?<=[a-z])Nanos$"), Unit.NANOSECONDS),
    (re.compile(r"(?<=[a-z])(?:Ms|Millis)$"), Unit.MILLISECONDS),
)


def unit(metric: str) -> Unit | None:
    """The unit of a metric by its id; None where neither Flink's reference nor its name says one.

    A name that only sounds like one says none: `checkpointAlignmentTime` is ns, and a program's own
    `lastSeenTime` can be anything.
    """
    whole = _HISTOGRAM.sub("", metric)
    for pattern, found in _PROCESS:
        if pattern.fullmatch(whole):
            return found
    name = last_part(whole)
    if name == "latency":
        # Markers that sources send, as `latency.source_id.….operator_id.….latency`.
        return Unit.MILLISECONDS if whole.startswith("latency.") else None
    return _NAMED.get(name) or next((one for pattern, one in _SPELLED if pattern.search(name)), None)


_EARLIEST = 1e11  # ms since 1970, in 1973: no timestamp is below it, and no duration above it
_NANOSECONDS_IN_ONE = 1e6
_FEW = 9.95


def reading(metric: str, value: float | None, offset: float | None, now: float) -> str:
    """A number in units, as `384 MB`, `6.7 s` or `11:20:03`; "" where its unit is not known and below 0.

    Times are written at `offset` s from UTC (None: this machine's zone); `now` is the cluster's time, s since
    1970.
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
    """Below ten milliseconds with two decimals, where there are any."""
    if milliseconds < _FEW and milliseconds != int(milliseconds):
        return f"{milliseconds:.2f} ms"
    return fmt.milliseconds(milliseconds)
