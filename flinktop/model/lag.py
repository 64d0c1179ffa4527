"""Watermark lag: precision, text and style."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

from flinktop.model import format as fmt

if TYPE_CHECKING:
    from collections.abc import Sequence

    Points = Sequence[tuple[float, float]]  # (s, lag in s), oldest first; NaN is a gap

PRECISION = 10.0  # seconds that Flink's metrics may be old in an answer; a lag seems longer by them
LATE, VERY_LATE = 60.0, 600.0  # seconds from which on a growing lag is amber, and red
GROWS_FOR = 120.0  # seconds of growth before a lag is coloured: a constant lag is by design
REACH = 900.0  # seconds of points used to detect growth: older ones are irrelevant


def text(seconds: float | None) -> str:
    """A lag in five cells; "<" its precision if below it."""
    return f"<{PRECISION:.0f} s" if _below(seconds) else fmt.span(seconds)


def words(seconds: float | None) -> str:
    """A lag in a line of text, with its precision if that matters."""
    if _below(seconds):
        return text(seconds)
    exact = seconds is not None and seconds < LATE
    return f"{fmt.duration(seconds)}{f' ±{PRECISION:.0f} s' if exact else ''}"


def tone(points: Points) -> str:
    """The style of the newest lag: "warn" above one minute, "bad" above ten, "" unless it grows."""
    if not points or not points[-1][1] >= LATE or not growing(points):
        return ""
    return "bad" if points[-1][1] >= VERY_LATE else "warn"


def growing(points: Points) -> bool:
    """Whether a lag has grown through the last two minutes, by more than its precision."""
    known = [point for point in points if not math.isnan(point[1])]
    if not known or math.isnan(points[-1][1]):
        return False
    at, newest = known[-1]
    before = [point for point in known if at - REACH <= point[0] <= at - GROWS_FOR]
    if not before:
        return False
    since = [value for seen, value in known if seen >= before[-1][0]]
    halfway = next(value for seen, value in reversed(known) if seen <= at - GROWS_FOR / 2)
    return (
        newest - since[0] > PRECISION
        and newest - halfway > PRECISION / 2
        and all(later > earlier - PRECISION for earlier, later in pairwise(since))
    )


def add_point(points: Points, at: float, lag: float) -> Points:
    """The points with a new one, limited to what `tone` needs; the same answer is added only once."""
    kept = tuple(point for point in points if at - REACH <= point[0] < at)
    return (*kept, (at, lag))


def _below(seconds: float | None) -> bool:
    return seconds is not None and seconds < PRECISION
