"""The parts of a TaskManager's or JobManager's memory: configured, used, limit."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from flinktop.flink.numbers import left, positive
from flinktop.model import format as fmt
from flinktop.model.processes import ALL_COLLECTORS, Figures, share

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from flinktop.flink.taskmanagers import GarbageCollector, TaskManagerDetails, TaskManagerMetrics
    from flinktop.model.processes import Collector

MODEL, JVM, NETWORK, GC = "memory model", "JVM", "network", "garbage collection"  # sections
_UNITS = {"": 1, "b": 1, "k": 1 << 10, "kb": 1 << 10, "m": 1 << 20, "mb": 1 << 20}
_UNITS |= {"g": 1 << 30, "gb": 1 << 30, "t": 1 << 40, "tb": 1 << 40}
_SIZE = re.compile(r"(\d{1,18})\s*([a-z]*)")


@dataclass(frozen=True, slots=True)
class Part:
    """One line: a part of the memory, or a resource in it."""

    section: str
    name: str
    depth: int = 0  # nesting depth
    configured: float | None = None  # configured bytes
    used: float | None = None
    of: float | None = None  # its limit
    unit: Literal["bytes", "count"] = "bytes"  # of `used` and `of`
    note: str = ""

    @property
    def share(self) -> float | None:
        return share(self.used, self.of)


Sections: TypeAlias = "tuple[tuple[str, Callable[[], tuple[Part, ...]]], ...]"
"""The parts by section, each computed on its own: an error in one does not affect the others."""


def taskmanager_sections(details: TaskManagerDetails, found: Figures | None) -> Sections:
    """The memory of a TaskManager; model, and managed memory and metaspace in use, from 1.12 on."""
    return (
        (MODEL, lambda: _taskmanager_model(details, found)),
        (JVM, lambda: _outside(details.metrics)),
        (NETWORK, lambda: _buffers(details)),
        (GC, lambda: _collected(details.metrics.garbage_collectors)),
    )


def _taskmanager_model(details: TaskManagerDetails, found: Figures | None) -> tuple[Part, ...]:
    model, metrics = details.memory_configuration, details.metrics
    if model is None:
        managed = Part(MODEL, "managed memory", configured=positive(details.hardware.managed_memory) or None)
        heap = _heap(0, metrics.heap_max or None, metrics.heap_used, metrics.heap_max, metrics.heap_committed)
        return heap, managed
    network_used, network = metrics.netty_shuffle_memory_used, metrics.netty_shuffle_memory_total
    heap_configured = _sum(model.framework_heap, model.task_heap)
    off_heap = _sum(model.managed_memory, model.framework_off_heap, model.task_off_heap, model.network_memory)
    found = found or Figures()
    return (
        Part(MODEL, "total process memory", configured=model.total_process_memory),
        Part(MODEL, "total Flink memory", 1, model.total_flink_memory),
        _heap(2, heap_configured, metrics.heap_used, metrics.heap_max, metrics.heap_committed),
        Part(MODEL, "framework heap", 3, model.framework_heap),
        Part(MODEL, "task heap", 3, model.task_heap),
        Part(MODEL, "off-heap", 2, off_heap),
        Part(MODEL, "managed", 3, model.managed_memory, found.managed_used, found.managed_total),
        Part(MODEL, "network", 3, model.network_memory, network_used, network),
        Part(MODEL, "framework off-heap", 3, model.framework_off_heap),
        Part(MODEL, "task off-heap", 3, model.task_off_heap),
        Part(MODEL, "JVM metaspace", 1, model.jvm_metaspace, found.metaspace_used, model.jvm_metaspace),
        Part(MODEL, "JVM overhead", 1, model.jvm_overhead),
    )


def jobmanager_sections(settings: Mapping[str, str], found: Figures | None) -> Sections:
    """The memory of the JobManager, from `/jobmanager/config` and its metrics."""
    model = (MODEL, lambda: _jobmanager_model(settings, found or Figures()))
    if found is None:
        return (model,)
    return model, (JVM, lambda: _outside(found)), (GC, lambda: _collected(found.collectors))


def _jobmanager_model(settings: Mapping[str, str], found: Figures) -> tuple[Part, ...]:
    def size(*names: str) -> float | None:
        return next(
            (parsed for name in names if (parsed := configured_size(settings.get(name, ""))) is not None),
            None,
        )

    parts = [
        Part(MODEL, "total process memory", configured=size("jobmanager.memory.process.size")),
        Part(MODEL, "total Flink memory", 1, size("jobmanager.memory.flink.size")),
        _heap(
            2,
            size("jobmanager.memory.heap.size", "jobmanager.heap.size"),
            found.heap_used,
            found.heap_max,
            found.heap_committed,
        ),
        Part(MODEL, "off-heap", 2, size("jobmanager.memory.off-heap.size")),
        Part(
            MODEL,
            "JVM metaspace",
            1,
            size("jobmanager.memory.jvm-metaspace.size"),
            found.metaspace_used,
            found.metaspace_max,
        ),
        Part(MODEL, "JVM overhead", 1, size("jobmanager.memory.jvm-overhead.max")),
    ]
    known = [part for part in parts if part.configured is not None or part.used is not None]
    if known and known[0].depth:
        # Without their totals the parts are on the top level.
        known = [replace(part, depth=0) for part in known]
    return tuple(known)


def _heap(
    depth: int, configured: float | None, used: float | None, most: float | None, committed: float | None
) -> Part:
    note = f"committed {fmt.size(committed)}" if committed is not None else ""
    return Part(MODEL, "JVM heap", depth, configured, used, most, note=note)


def _outside(metrics: TaskManagerMetrics | Figures) -> tuple[Part, ...]:
    """The JVM's memory outside the heap, with its buffers."""
    limit = metrics.non_heap_max if (metrics.non_heap_max or 0) >= 0 else None
    committed = f"committed {_size(metrics.non_heap_committed)}"
    parts = [Part(JVM, "JVM non-heap", used=metrics.non_heap_used, of=limit, note=committed)]
    # Their capacity is their size, not a limit.
    parts += [
        Part(JVM, f"{name} buffers", used=used, note=f"{_count(count)} buffers")
        for name, used, count in (
            ("direct", metrics.direct_used, metrics.direct_count),
            ("mapped", metrics.mapped_used, metrics.mapped_count),
        )
    ]
    return tuple(part for part in parts if part.used is not None)


def _buffers(details: TaskManagerDetails) -> tuple[Part, ...]:
    """Network buffers: memorySegments* up to 1.20, nettyShuffleMemorySegments* from 1.12 on."""
    free, total = details.metrics.segments_available, details.metrics.segments_total
    if free is None or total is None:
        return ()
    return (
        Part(NETWORK, "network buffers", used=left(total, free), of=total, unit="count", note=f"{free} free"),
    )


def _size(value: float | None) -> str:
    return fmt.size(value) if value is not None else fmt.ABSENT


def _count(value: float | None) -> str:
    return fmt.count(value) if value is not None and value >= 0 else fmt.ABSENT


def _collected(collectors: Iterable[GarbageCollector | Collector]) -> tuple[Part, ...]:
    return tuple(
        Part(
            GC,
            f"GC {one.name.replace('_', ' ')}",
            used=one.count,
            unit="count",
            note=f"{fmt.milliseconds(one.time) if one.time is not None else fmt.ABSENT} total",
        )
        for one in collectors
        # Flink's sum over the collectors (1.19+), which is listed with them.
        if one.name != ALL_COLLECTORS
    )


def configured_size(text: str) -> float | None:
    """Bytes of a size in Flink's configuration, such as "256m" or "1 gb"; None for anything else."""
    found = _SIZE.fullmatch(text.strip().lower())
    unit = _UNITS.get(found[2].removesuffix("ytes")) if found is not None else None
    return float(int(found[1]) * unit) if found is not None and unit is not None else None


def _sum(*values: int | None) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None
