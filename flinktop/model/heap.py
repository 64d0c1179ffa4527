"""Memory pressure of TaskManagers, from aggregated metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from flinktop.model import rates

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flinktop.flink.metrics import Aggregated

USED, MAX = "Status.JVM.Memory.Heap.Used", "Status.JVM.Memory.Heap.Max"
_GC = "Status.JVM.GarbageCollector."
GC_RATE = f"{_GC}All.TimeMsPerSecond"  # ms/s in all collectors of a TaskManager (1.19+)
_GC_TIME = ".Time"
FULL = 0.9  # above this share of a heap, garbage collections will be frequent
GC_LONG, GC_WARM = 200.0, 100.0  # ms/s of garbage collection: too much, and noticeable


def ids_to_request(known: Iterable[str]) -> tuple[str, ...]:
    """The metrics of heap and garbage collection; before 1.19 one counter per collector."""
    have = sorted(known)
    heap = tuple(name for name in (USED, MAX) if name in have)
    if GC_RATE in have:
        return (*heap, GC_RATE)
    return (*heap, *(name for name in have if name.startswith(_GC) and name.endswith(_GC_TIME)))


class Heap(Struct, frozen=True):
    """Heap usage."""

    share: float  # used / maximal heap, 0 to 1
    worst: bool  # whether it is the fullest TaskManager's; else that of all TaskManagers together


def heap(metrics: Aggregated) -> Heap | None:
    """The fullest heap (`/taskmanagers/metrics`, aggregated over TaskManagers); None if unknown.

    The answer has the greatest used heap and the limits, not which heap has which limit. With equal limits
    that is the fullest heap; otherwise it is unknown without a request per TaskManager, and the usage of all
    heaps together is returned.
    """
    found = rates.by_id(metrics)
    used, most = found.get(USED), found.get(MAX)
    if used is None or most is None or used.max is None or most.max is None or most.max <= 0:
        return None
    if most.min == most.max:
        return Heap(used.max / most.max, worst=True)
    if used.sum is None or not most.sum or most.sum < 0:
        return None
    return Heap(used.sum / most.sum, worst=False)


def gc_rate(metrics: Aggregated) -> float | None:
    """Garbage collection of the worst TaskManager in ms/s; None before 1.19."""
    rate = rates.by_id(metrics).get(GC_RATE)
    return rate.max if rate is not None else None


def gc_time(metrics: Aggregated) -> int | None:
    """Milliseconds so far, summed over each collector's worst TaskManager; None from 1.19.

    The rate of this counter is that of the TaskManager with the most garbage collection in total. That is
    the worst one only if it has always been the same; a new problem elsewhere is not visible.
    """
    found = rates.by_id(metrics)
    times = [metric.max for name, metric in found.items() if name.startswith(_GC) and name.endswith(_GC_TIME)]
    known = [time for time in times if time is not None]
    return int(sum(known)) if known and GC_RATE not in found else None


def gc_tone(rate: float) -> str:
    """The style of ms/s in garbage collection."""
    return "bad" if rate >= GC_LONG else "warn" if rate >= GC_WARM else ""
