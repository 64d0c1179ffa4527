"""How much time the charts show: what a person chose, or the shortest that holds everything known."""

from __future__ import annotations

import math

EVERYTHING = math.inf
CHOICES = (300.0, 900.0, 1800.0, 3600.0, 10800.0, EVERYTHING)
"""Seconds that a person can choose; series keep about three hours."""
AUTOMATIC = (120.0, 300.0, 900.0)
"""Seconds while nobody has chosen: a fresh start is not an empty chart."""


def stepped(chosen: float | None, by: int) -> float:
    """The next longer or shorter choice; from None, the automatic one, on from its longest."""
    at = CHOICES.index(AUTOMATIC[-1] if chosen is None else chosen)
    return CHOICES[min(max(at + by, 0), len(CHOICES) - 1)]


def window(chosen: float | None, oldest: float | None, now: float) -> float:
    """How many seconds to show when the oldest point that is kept is of `oldest`."""
    age = now - oldest if oldest is not None else 0.0
    if chosen is None:
        return next((seconds for seconds in AUTOMATIC if age <= seconds), AUTOMATIC[-1])
    return max(age, CHOICES[0]) if chosen == EVERYTHING else chosen


def reach(chosen: float | None) -> float:
    """How many seconds of points are of use at the most."""
    return AUTOMATIC[-1] if chosen is None else chosen
