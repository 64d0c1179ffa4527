"""What a metric's number says to a person: bytes, a stretch of time or a time, by its unit."""

from __future__ import annotations

import math

from flinktop.model import format as fmt
from flinktop.model.metric_units import Unit, unit

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
