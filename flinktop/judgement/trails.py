"""The last values of figures that only tell something when they are compared with what they were."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LAST: Final = 4
"""Samples that are always kept: three gaps between fetches of Flink's metrics."""
MOST: Final = 32
"""Samples of a figure that are kept in all."""


class Sample(Struct, frozen=True):
    """A value and when Flink had it (ms since 1970)."""

    at: float
    value: Any  # a number, or one number for each subtask


class Note(Struct, frozen=True):
    """A figure to remember; `keep` is for how long changes of it matter (s)."""

    name: str
    at: float
    value: Any
    keep: float = 0.0
    first: bool = False  # whether the first value is kept too, until there is None


Trail = tuple[Sample, ...]  # oldest first


def after(before: Mapping[str, Trail], notes: Iterable[Note], now: float) -> dict[str, Trail]:
    """The trails with what a look at `now` (ms) noted; figures that it did not note are kept for a while."""
    found = {name: trail for name, trail in before.items() if now - trail[-1].at <= _FORGOTTEN}
    for note in notes:
        trail = found.get(note.name, ())
        if trail and note.at <= trail[-1].at:
            continue
        if note.first and note.value is None:
            found.pop(note.name, None)
            continue
        trail = (*trail, Sample(note.at, note.value))
        kept = (*_changes(trail[:-LAST], now - note.keep * 1000.0), *trail[-LAST:])[-MOST:]
        found[note.name] = (trail[0], *kept[1:]) if note.first else kept
    return found


_FORGOTTEN: Final = 900_000.0  # ms


def noted_at(known: float, now: float) -> float:
    """When to note what was known at a time (ms) before flinktop was started, for looks from `now` on.

    Before all that they will note, and not so long before that it is forgotten by then.
    """
    return max(min(known, now - 1.0), now - 2.0 * _FORGOTTEN / 3.0)


def _changes(trail: Trail, since: float) -> Trail:
    """Of samples since a time those at which the value was new."""
    kept: list[Sample] = []
    for sample in trail:
        if sample.at >= since and (not kept or sample.value != kept[-1].value):
            kept.append(sample)
    return tuple(kept)


def trail(trails: Mapping[str, Trail], name: str) -> Trail:
    """What is remembered of a figure, oldest first; () if nothing is."""
    return trails.get(name, ())


def risen(trails: Mapping[str, Trail], name: str) -> float | None:
    """How much a counter has risen since the fetch before; None if that is unknown or it fell (a restart)."""
    last = trail(trails, name)[-2:]
    if len(last) < 2:  # noqa: PLR2004 -- two ends of a gap
        return None
    before, now = last[0].value, last[1].value
    if before is None or now is None or now < before:
        return None
    return float(now - before)


def gaps(trails: Mapping[str, Trail], name: str, last: int = LAST) -> tuple[float, ...]:
    """The differences between the last samples, oldest first; () where one is unknown."""
    values = [sample.value for sample in trail(trails, name)[-last:]]
    if any(value is None for value in values):
        return ()
    return tuple(float(b - a) for a, b in pairwise(values))


def rates(trails: Mapping[str, Trail], name: str, last: int = LAST) -> tuple[float, ...]:
    """The same a second, for counters; () where one is unknown or fell."""
    samples = trail(trails, name)[-last:]
    found = []
    for a, b in pairwise(samples):
        if a.value is None or b.value is None or b.value < a.value:
            return ()
        found.append(1000.0 * float(b.value - a.value) / (b.at - a.at))
    return tuple(found)
