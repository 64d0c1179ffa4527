"""How full the memory of a JobManager or TaskManager is, and how much of its time is garbage collection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from flinktop.judgement.trails import Note, rates, trail
from flinktop.model import halves

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flinktop.flink.features import Features
    from flinktop.flink.taskmanagers import MemoryConfiguration
    from flinktop.judgement.trails import Trail
    from flinktop.model.look import ClusterLook, ProcessLook, Taken

HEAP, METASPACE, DIRECT, GC = "heap", "metaspace", "direct memory", "garbage collection"
HEAP_CRITICAL, METASPACE_FULL, DIRECT_FULL = 0.95, 0.95, 0.95
GC_LONG: Final = 200.0  # ms/s
_COLLECTOR = "Status.JVM.GarbageCollector."
_PAUSING: Final = (  # collectors that stop the program, of all JVMs
    "G1_Young_Generation",
    "G1_Old_Generation",
    "PS_Scavenge",
    "PS_MarkSweep",
    "Copy",
    "MarkSweepCompact",
    "ParNew",
    "ConcurrentMarkSweep",
    "Shenandoah_Pauses",
    "ZGC_Pauses",
    "ZGC_Minor_Pauses",
    "ZGC_Major_Pauses",
)
CPU_TIME: Final = "Status.JVM.CPU.Time"


class Figure(Struct, frozen=True):
    """A figure of a process and where its limit is."""

    what: str
    value: float  # a share from 0, or ms/s
    at: float  # when it was answered, ms since 1970
    used: float = 0.0  # bytes, as the next
    limit: float = 0.0


def names(features: Features, *, jobmanager: bool) -> tuple[str, ...]:
    """The metrics to request of a process; those that it does not have are left out by the server."""
    found = [halves.HEAP_USED, halves.HEAP_MAX]
    if features.has(1, 12):
        found += [halves.METASPACE_USED, halves.METASPACE_MAX]
    if features.has(1, 19):
        found.append(halves.GC_RATE)
    else:
        found += [f"{_COLLECTOR}{name}.Time" for name in _PAUSING]
    if jobmanager:
        return (*found, CPU_TIME, "numPendingTaskManagers")
    found.append(halves.DIRECT_USED)
    return (*found, halves.REQUESTED) if features.has(1, 15) else tuple(found)


def notes(process: ProcessLook, features: Features) -> Iterator[Note]:
    """What is to be remembered of a process: its time in garbage collection, the shares that are in use."""
    if not features.has(1, 19):
        times = [
            taken
            for name in _PAUSING
            if (taken := process.metrics.get(f"{_COLLECTOR}{name}.Time")) is not None
            and taken.value is not None
        ]
        if times:
            yield Note(
                f"gc.{process.id}", max(one.at for one in times), sum(one.value or 0.0 for one in times)
            )
    if not process.id:
        cpu = process.metrics.get(CPU_TIME)
        if cpu is not None and cpu.value is not None:
            yield Note(CPU_TIME, cpu.at, cpu.value)


def share(process: ProcessLook, used: str, most: str, what: str) -> Figure | None:
    """One metric as a part of another; None if either is unknown or there is no limit."""
    a, b = _value(process, used), _value(process, most)
    if a is None or b is None or b.value <= 0:
        return None
    return Figure(what, a.value / b.value, max(a.at, b.at), a.value, b.value)


class _Value(Struct, frozen=True):
    value: float
    at: float


def _value(process: ProcessLook, name: str) -> _Value | None:
    taken: Taken[float | None] | None = process.metrics.get(name)
    if taken is None or taken.value is None or taken.value < 0:
        return None
    return _Value(taken.value, taken.at)


def heap(process: ProcessLook) -> Figure | None:
    """The heap in use, of its maximum."""
    return share(process, halves.HEAP_USED, halves.HEAP_MAX, HEAP)


def metaspace(process: ProcessLook) -> Figure | None:
    """1.12+, and only where there is a limit."""
    return share(process, halves.METASPACE_USED, halves.METASPACE_MAX, METASPACE)


def direct(process: ProcessLook, model: MemoryConfiguration | None) -> Figure | None:
    """Direct memory outside the network buffers, of framework and task off-heap memory (1.12+)."""
    used = _value(process, halves.DIRECT_USED)
    if used is None or model is None or not process.id:
        return None
    parts = (model.framework_off_heap, model.task_off_heap, model.network_memory)
    if any(part is None or part < 0 for part in parts):
        return None
    limit = float((model.framework_off_heap or 0) + (model.task_off_heap or 0))
    own = used.value - float(model.network_memory or 0)
    return Figure(DIRECT, own / limit, used.at, own, limit) if limit > 0 and own >= 0 else None


def gc(process: ProcessLook, features: Features, trails: Mapping[str, Trail]) -> Figure | None:
    """Time in garbage collection; before 1.19 the lesser of the last two rates of its counter."""
    if features.has(1, 19):
        found = _value(process, halves.GC_RATE)
        return Figure(GC, found.value, found.at) if found is not None else None
    name = f"gc.{process.id}"
    found_rates = rates(trails, name, last=3)
    # Between two answers there may be one or two of Flink's fetches: one rate alone may be twice as high.
    if len(found_rates) < 2:  # noqa: PLR2004 -- two rates
        return None
    return Figure(GC, min(found_rates), trail(trails, name)[-1].at)


def model_of(look: ClusterLook, process: ProcessLook) -> MemoryConfiguration | None:
    """The configured memory of a TaskManager, by its details or by the list (1.12+)."""
    if process.details is not None and process.details.memory_configuration is not None:
        return process.details.memory_configuration
    listed = look.taskmanagers.value if look.taskmanagers is not None else ()
    return next((one.memory_configuration for one in listed if one.id == process.id), None)
