"""Try all of them: see the package."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from time import process_time
from typing import Any

from tests.growth.functions import FUNCTIONS, STARTS
from tests.growth.patterns import beginnings, compiled, hostile, used

STEP = 10
SMALLEST = 500
"""Letters that the shortest texts have at the least."""
TIMES_A_STEP = 40
"""So many times the time for ten times the text at the most: 10 is linear, 100 quadratic."""
FLOOR = 0.004
"""Seconds of which no matter is made."""
KEPT = 3
"""Texts that are tried in the larger sizes: those that took longest."""

Work = Callable[[str], object]


def faster(name: str, work: Work, starts: Sequence[str], largest: int) -> str | None:
    """What grows faster than its text, in words; None for what does not."""
    size = largest
    while size >= SMALLEST * STEP:
        size //= STEP
    smallest = size
    before: dict[int, float] = {}
    chosen: frozenset[int] | None = None
    while size <= largest:
        times: dict[int, float] = {}
        for number, text in enumerate(hostile(starts, size)):
            if chosen is not None and number not in chosen:
                continue
            most = TIMES_A_STEP * max(before.get(number, 1.0), FLOOR / STEP) + FLOOR
            times[number] = seconds = _time(work, text)
            if seconds > most and (seconds := _time(work, text)) > most:
                return (
                    f"{name}: {size:,} letters of {text[:16]!r}…{text[-4:]!r} took {seconds:.3f} s, "
                    f"a tenth of them {before.get(number, 0.0):.4f} s"
                )
        if size > smallest:
            chosen = frozenset(sorted(times, key=lambda number: -times[number])[:KEPT])
        before = times
        size *= STEP
    return None


def _time(work: Work, text: str) -> float:
    began = process_time()
    work(text)
    return process_time() - began


def ways(name: str, pattern: re.Pattern[Any]) -> Iterable[tuple[str, Work]]:
    """How the package uses a pattern."""
    binary = isinstance(pattern.pattern, bytes)

    def on(method: Callable[..., object]) -> Work:
        return (lambda text: method(text.encode("latin-1", "replace"))) if binary else method

    for way in used(name):
        if way == "sub":
            yield way, on(lambda text: pattern.sub(b"" if binary else "", text))
        elif way == "finditer":
            yield way, on(lambda text: sum(1 for _ in pattern.finditer(text)))
        else:
            yield way, on(getattr(pattern, way))


def main(largest: int, *, every: bool, of: str) -> int:
    """Print what grows too fast; its number is the exit code."""
    found: list[str] = []
    tried = 0
    for name, pattern in compiled(of):
        starts = beginnings(pattern)
        for way, work in ways(name, pattern):
            tried += 1
            named = f"{name}: {way} {pattern.pattern!r}"
            found += filter(None, [faster(named, work, starts if every else starts[-1:], largest)])
    for name, work in FUNCTIONS.items() if of == "flinktop" else ():
        tried += 1
        found += filter(None, [faster(name, work, STARTS, largest)])
    sys.stdout.write("\n".join([*found, f"{tried} tried up to {largest:,} letters", ""]))
    return min(len(found), 100)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Whether patterns and functions are linear.")
    parser.add_argument("largest", type=int, help="letters of the longest text")
    parser.add_argument("--every", action="store_true", help="every beginning of what a pattern matches")
    parser.add_argument("--of", default="flinktop", help="the package or module whose patterns are tried")
    asked = parser.parse_args()
    sys.exit(main(asked.largest, every=asked.every, of=asked.of))
