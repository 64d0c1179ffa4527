"""Which TaskManager is short of memory, as far as figures over all of them can tell."""

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
FULL = 0.9  # a heap fuller than this is worth a look: collections will come often
GC_LONG, GC_WARM = 200.0, 100.0  # ms/s of garbage collection: too much, and worth a look


def ids_to_ask(known: Iterable[str]) -> tuple[str, ...]:
    """Those metrics that tell of heap and garbage collection; before 1.19 one counter per collector."""
    have = sorted(known)
    heap = tuple(name for name in (USED, MAX) if name in have)
    if GC_RATE in have:
        return (*heap, GC_RATE)
    return (*heap, *(name for name in have if name.startswith(_GC) and name.endswith(_GC_TIME)))


class Heap(Struct, frozen=True):
    """How full the heaps are."""

    share: float  # used of maximal heap, 0 to 1
    worst: bool  # whether it is the fullest TaskManager's; else it is that of all together


def heap(metrics: Aggregated) -> Heap | None:
    """The fullest heap (`/taskmanagers/metrics`, aggregated over TaskManagers); None where it is not known.

    The answer tells the most used and the limits, not which used belongs to which limit. Where all limits are
    the same that is the fullest heap; where they differ nobody can tell it without asking each TaskManager,
    and it is how full all heaps are together.
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
    """ms/s that the worst TaskManager collects garbage; None before 1.19."""
    rate = rates.by_id(metrics).get(GC_RATE)
    return rate.max if rate is not None else None


def gc_time(metrics: Aggregated) -> int | None:
    """Milliseconds in all collectors so far, each of the TaskManager that spent most in it; None from 1.19.

    The rate of this counter is that of the TaskManager that has collected longest so far. It is the worst
    one's where that has always been the same; of one that has only begun to collect it tells nothing.
    """
    found = rates.by_id(metrics)
    times = [metric.max for name, metric in found.items() if name.startswith(_GC) and name.endswith(_GC_TIME)]
    known = [time for time in times if time is not None]
    return int(sum(known)) if known and GC_RATE not in found else None


def gc_tone(rate: float) -> str:
    """The style of ms/s in garbage collection."""
    return "bad" if rate >= GC_LONG else "warn" if rate >= GC_WARM else ""
