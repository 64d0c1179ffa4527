"""What a metric's number says to a person: bytes, a stretch of time or a time, told by its name."""

from __future__ import annotations

import math
import re

from flinktop.model import format as fmt
from flinktop.model.subtask_figures import last_part

_HISTOGRAM = re.compile(r"_(?:max|mean|median|min|stddev|p\d+)$")
_SIZE = re.compile(
    r"^lastCheckpoint(?:Full|Metadata)?Size$|^lastCheckpoint(?:Persisted|Processed)Data$"
    r"|^lastCheckpointAlignmentBuffered$|^(?:input|output)QueueSize$|BufferSize$"
    r"|^(?:Available|Total|Used)Memory$|Bytes"
)
"""A name that just ends in Size may count things: a mailbox's, or those of somebody's own program."""
_MEMORY = re.compile(r"\.Memory\.\w+\.(?:Used|Committed|Max|Total|MemoryUsed|TotalCapacity)$")
_NANOSECONDS = re.compile(r"Nanos$|\.CPU\.Time$")
"""The JVM tells its CPU time in ns, that of its collectors in ms."""
_MILLISECONDS = re.compile(r"(?:Time|Duration|Ms|TimeLag)$|^(?:up|down)time$|^watermarkLag$")
_TIMESTAMP = re.compile(r"Timestamp$")
_EARLIEST = 1e11
"""Milliseconds since 1970, in 1973: below it a timestamp is none, and above it a stretch of time is none."""
_NANOSECONDS_IN_ONE = 1e6
_FEW = 9.95


def reading(metric: str, value: float | None, offset: float | None, now: float) -> str:
    """A number in units, as `384 MB`, `6.7 s` or `11:20:03`; "" where its name tells none and below 0.

    Args:
        metric: Its id, with the operator or the group before its name.
        value: As Flink told it.
        offset: Seconds from UTC in which times are written; None is this machine's zone.
        now: The cluster's time, s since 1970.
    """
    if value is None or not math.isfinite(value) or value < 0:
        return ""
    whole = _HISTOGRAM.sub("", metric)
    name = last_part(whole)
    if _MEMORY.search(whole) or _SIZE.search(name):
        return f"{fmt.size(value)}{'/s' if name.endswith('PerSecond') else ''}"
    if _NANOSECONDS.search(whole):
        return _short(value / _NANOSECONDS_IN_ONE)
    if _TIMESTAMP.search(name):
        return fmt.near(value / 1000.0, offset, now) if value >= _EARLIEST else ""
    if _MILLISECONDS.search(name) and value < _EARLIEST:
        return _short(value)
    return ""


def _short(milliseconds: float) -> str:
    """Below ten milliseconds with two decimals, where there are any."""
    if milliseconds < _FEW and milliseconds != int(milliseconds):
        return f"{milliseconds:.2f} ms"
    return fmt.milliseconds(milliseconds)
