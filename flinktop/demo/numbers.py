"""Deterministic pseudo-random numbers: hashes, and waves with exact integrals."""

from __future__ import annotations

import hashlib
import math
import zlib
from functools import reduce
from operator import add
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_ALL = (1 << 64) - 1
PERIODS = ((173.0, 0.22), (311.0, 0.26), (740.0, 0.24), (2150.0, 0.16), (86_400.0, 0.12))
"""Of a wave: periods in s, so different that the sum never looks periodic, and shares of the swing."""


def fraction(*parts: int) -> float:
    """A number from 0 up to 1, always the same for the same parts."""
    mixed = 0x9E3779B97F4A7C15
    for part in parts:
        mixed = (mixed ^ (part & _ALL)) & _ALL
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _ALL
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _ALL
        mixed ^= mixed >> 31
    return mixed / (_ALL + 1)


def between(low: float, high: float, *parts: int) -> float:
    """A number from `low` up to `high`."""
    return low + (high - low) * fraction(*parts)


def number(text: str) -> int:
    """A number for a text, for use as a part in `fraction`."""
    return zlib.crc32(text.encode("utf-8", "replace"))


def identity(*parts: object, digits: int = 32) -> str:
    """Hexadecimal digits like Flink's ids."""
    text = "/".join(map(str, parts)).encode("utf-8", "replace")
    return hashlib.blake2b(text, digest_size=32).hexdigest()[:digits]


def java_sum(numbers: Iterable[float]) -> float:
    """The sum, rounded after each addition as in Java; `sum` is more precise from Python 3.12 on."""
    total: float = reduce(add, numbers, 0)
    return total


class Wave(Struct, frozen=True):
    """A sum of sines around 1. Its integral is a formula, so counters and rates match exactly."""

    sines: tuple[tuple[float, float, float], ...]  # (amplitude, radians per second, phase)

    @classmethod
    def of(cls, swing: float, *parts: int) -> Wave:
        """A wave between 1 - swing and 1 + swing; `parts` identify it."""
        sines = []
        for order, (period, share) in enumerate(PERIODS):
            speed = 2 * math.pi / (period * between(0.8, 1.25, *parts, order))
            sines.append((swing * share, speed, 2 * math.pi * fraction(*parts, order, 1)))
        return cls(tuple(sines))

    def at(self, seconds: float) -> float:
        return 1.0 + java_sum(high * math.sin(speed * seconds + phase) for high, speed, phase in self.sines)

    def total(self, begin: float, end: float) -> float:
        """The integral from `begin` to `end`; 0 if the range is empty."""
        if end <= begin:
            return 0.0
        swung = java_sum(
            high / speed * (math.cos(speed * begin + phase) - math.cos(speed * end + phase))
            for high, speed, phase in self.sines
        )
        return max(0.0, end - begin + swung)


def shares(weights: Sequence[float]) -> tuple[float, ...]:
    """The cumulative share at the end of each part of a whole; the last one is 1."""
    whole = java_sum(weights)
    ends, reached = [0.0], 0.0
    for weight in weights[:-1]:
        reached += weight / whole if whole else 1.0 / len(weights)
        ends.append(reached)
    return (*ends, 1.0)


def part(total: int, ends: Sequence[float], index: int) -> int:
    """One part of an integer split by cumulative shares; all parts add up to the total."""
    return int(total * ends[index + 1]) - int(total * ends[index])
