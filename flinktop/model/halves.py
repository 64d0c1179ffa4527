"""Finding the fullest of many TaskManagers: figures of all, then of halves, down to single ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from flinktop.flink.metrics import TASKMANAGERS_METRICS, AggregatedMetric

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flinktop.flink.endpoint import Query
    from flinktop.flink.features import Features

EACH: Final = 4
"""Up to so many TaskManagers are asked one by one."""
OLD_MS: Final = 120_000.0
"""How long it stays true which half is the fuller one."""
_ROOM: Final = 2400  # bytes of ids in a request line of 4096

HEAP_USED, HEAP_MAX = "Status.JVM.Memory.Heap.Used", "Status.JVM.Memory.Heap.Max"
METASPACE_USED, METASPACE_MAX = "Status.JVM.Memory.Metaspace.Used", "Status.JVM.Memory.Metaspace.Max"
GC_RATE = "Status.JVM.GarbageCollector.All.TimeMsPerSecond"  # 1.19+
REQUESTED = "Status.Shuffle.Netty.RequestedMemoryUsage"  # 1.15+
DIRECT_USED = "Status.JVM.Memory.Direct.MemoryUsed"


def whole(ids: Iterable[str]) -> tuple[str, ...]:
    """All TaskManagers, in an order that stays the same; an id with a comma can't be asked for."""
    return tuple(sorted({one for one in ids if one and "," not in one}))


def parts(group: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """The halves of a group, or more parts if they would not fit in a request; () of a single one."""
    if len(group) <= 1:
        return ()
    most = (len(group) + 1) // 2
    found: list[list[str]] = [[]]
    size = 0
    for one in group:
        length = len(quote(one, safe=":")) + 1
        full = len(found[-1]) >= most and len(found) * most < len(group)
        if found[-1] and (full or size + length > _ROOM):
            found.append([])
            size = 0
        found[-1].append(one)
        size += length
    return tuple(tuple(part) for part in found)


def query(
    group: tuple[str, ...], everything: tuple[str, ...], features: Features
) -> Query[tuple[AggregatedMetric, ...]]:
    """The request for a group, of metrics that its release has: one unknown metric empties the answer."""
    names = [HEAP_USED, HEAP_MAX, DIRECT_USED]
    if features.has(1, 12):
        names += [METASPACE_USED, METASPACE_MAX]
    if features.has(1, 15):
        names.append(REQUESTED)
    if features.has(1, 19):
        names.append(GC_RATE)
    return TASKMANAGERS_METRICS(
        taskmanagers=None if group == everything else group, get=names, agg=("min", "max")
    )
