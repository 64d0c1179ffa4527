"""The axes of a chart: round limits, ticks and labels, and points made few enough to draw."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

Point = tuple[float, float]
Scale = Literal["decimal", "bytes", "whole", "seconds", "milliseconds"]

# Steps in seconds between the labels of a time axis; above a day whole days.
_TIME_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)
# Greater values would leave the range of a float on the way to a round limit, smaller ones its precision.
_HUGE, _TINY = 1e300, 1e-12
_DAY = 86400.0
_KILO = 1000
_ROWS_PER_TICK = 3
_MOST_TICKS = 5


@dataclass(frozen=True, slots=True)
class Axis:
    """Limits, and the places of the ticks with their labels."""

    low: float
    high: float
    ticks: tuple[float, ...]
    labels: tuple[str, ...]


def value_axis(
    values: Iterable[float],
    rows: int,
    label: Callable[[float], str],
    high: float | None = None,
    scale: Scale = "decimal",
) -> Axis:
    """An axis of values from 0 (or the lowest, if that is below) to a round limit above the greatest.

    Values that are not finite are ignored. `rows` is the height in lines; `high` is a fixed upper limit, such
    as 100 of a percentage; `scale` sets which steps are round.
    """
    known = [clamp(value) for value in values if math.isfinite(value)]
    greatest = clamp(high) if high is not None else max(known, default=0.0)
    least = min(known, default=0.0)
    greatest = greatest if greatest > _TINY else 0.0
    least = least if least < -_TINY else 0.0
    if greatest == least:
        greatest = 1.0
    step = _STEPS[scale]((greatest - least) / min(max(rows // _ROWS_PER_TICK, 1), _MOST_TICKS))
    first = math.floor(least / step)
    last = max(math.ceil(greatest / step - 1e-9), first + 1)
    ticks: list[float] = []
    labels: list[str] = []
    for number in range(first, last + 1):
        text = label(number * step)
        # Two ticks whose labels round to the same text share one.
        if text not in labels:
            ticks.append(number * step)
            labels.append(text)
    return Axis(first * step, last * step, tuple(ticks), tuple(labels))


def time_axis(since: float, until: float, columns: int, clock: Callable[[float], str]) -> Axis:
    """An axis of times in seconds with ticks at round times, as many as there is room for."""
    span = until - since
    room = max(columns // (max(len(clock(since)), len(clock(until))) + 4), 1)
    step: float = next((step for step in _TIME_STEPS if span / step <= room), 0)
    if not step:
        step = math.ceil(span / room / _DAY) * _DAY
    ticks = [number * step for number in range(math.ceil(since / step), math.floor(until / step) + 1)]
    return Axis(since, until, tuple(ticks), tuple(clock(tick) for tick in ticks))


def round_step(least: float) -> float:
    """The smallest of 1, 2, 2.5, 5 and 10 times a power of ten that is not below `least`."""
    power = 10.0 ** math.floor(math.log10(least))
    return next((power * factor for factor in (1, 2, 2.5, 5) if power * factor >= least), power * 10)


def _bytes_step(least: float) -> float:
    """The same in the greatest binary unit that is not above `least`."""
    unit: float = 1024.0 ** max(math.floor(math.log(least, 1024)), 0)
    step = round_step(least / unit)
    return unit * (step if step < _KILO else 1024)


def _whole_step(least: float) -> float:
    return max(1.0, math.ceil(round_step(least)))


def _seconds_step(least: float) -> float:
    """A step that a clock has, or whole days."""
    if least <= 1:
        return round_step(least)
    return next((step for step in _TIME_STEPS if step >= least), math.ceil(least / _DAY) * _DAY)


_STEPS: dict[Scale, Callable[[float], float]] = {
    "decimal": round_step,
    "bytes": _bytes_step,
    "whole": _whole_step,
    "seconds": _seconds_step,
    "milliseconds": lambda least: _seconds_step(least / 1000) * 1000,
}


def clamp(value: float) -> float:
    """The value moved into the range that can be drawn."""
    return min(max(value, -_HUGE), _HUGE)


def thin(points: Sequence[Point], across: Axis, up: Axis, columns: int) -> list[Point]:
    """The points inside the window, at most the first, lowest, highest and last in each of `columns`.

    Infinite values are dropped, NaN stays as a gap, and values beyond the limits are moved to them. The
    lowest and highest keep the shape: no spike is lost.
    """
    inside = [
        (at, min(max(value, up.low), up.high))
        for at, value in points
        if across.low <= at <= across.high and not math.isinf(value)
    ]
    if len(inside) <= columns:
        return inside
    width = (across.high - across.low) / columns
    kept: list[Point] = []
    bucket: list[Point] = []
    number = -1
    for point in inside:
        column = int((point[0] - across.low) / width)
        if column != number:
            kept.extend(_outline(bucket))
            bucket, number = [], column
        bucket.append(point)
    return kept + _outline(bucket)


def _outline(bucket: list[Point]) -> list[Point]:
    few = 4
    if len(bucket) <= few or any(math.isnan(value) for _, value in bucket):
        return bucket
    low = min(bucket, key=lambda point: point[1])
    high = max(bucket, key=lambda point: point[1])
    return sorted({bucket[0], low, high, bucket[-1]})
