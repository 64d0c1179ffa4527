"""Things that go up and down around a mean: their value at a time, and exactly how much has come by then."""

from __future__ import annotations

import math
from dataclasses import dataclass

from flinktop.demo.noise import between, fraction
from flinktop.demo.sums import in_order

PERIODS = (173.0, 311.0, 740.0, 2150.0, 86_400.0)
"""Seconds; far enough from each other that the sum never looks periodic."""
PARTS = (0.22, 0.26, 0.24, 0.16, 0.12)
"""Share of the swing that each period has."""


@dataclass(frozen=True, slots=True)
class Wave:
    """A sum of sines around 1. Its integral is a formula, so counters and rates agree to the last record."""

    sines: tuple[tuple[float, float, float], ...]
    """(amplitude, radians per second, phase)."""

    @classmethod
    def of(cls, swing: float, *parts: int) -> Wave:
        """A wave that stays within 1 - swing and 1 + swing; `parts` say which one."""
        return cls(
            tuple(
                (
                    swing * share,
                    2 * math.pi / (period * between(0.8, 1.25, *parts, order)),
                    2 * math.pi * fraction(*parts, order, 1),
                )
                for order, (period, share) in enumerate(zip(PERIODS, PARTS, strict=True))
            )
        )

    def at(self, seconds: float) -> float:
        """The value at a time."""
        return 1.0 + in_order(high * math.sin(speed * seconds + phase) for high, speed, phase in self.sines)

    def total(self, begin: float, end: float) -> float:
        """The integral from `begin` to `end`, 0 when that is no time at all."""
        if end <= begin:
            return 0.0
        swung = in_order(
            high / speed * (math.cos(speed * begin + phase) - math.cos(speed * end + phase))
            for high, speed, phase in self.sines
        )
        return max(0.0, end - begin + swung)


def sawtooth(seconds: float, period: float, phase: float = 0.0) -> float:
    """From 0 up to 1 and at once back again."""
    return (seconds / period + phase) % 1.0


def shares(weights: tuple[float, ...]) -> tuple[float, ...]:
    """Where each part of a whole ends, as a share of it; the last one ends at 1."""
    whole = in_order(weights)
    ends, reached = [0.0], 0.0
    for weight in weights[:-1]:
        reached += weight / whole if whole else 1.0 / len(weights)
        ends.append(reached)
    return (*ends, 1.0)


def part(total: int, ends: tuple[float, ...], index: int) -> int:
    """The part of a whole number that falls to one share; all of them add up to the whole."""
    return int(total * ends[index + 1]) - int(total * ends[index])
