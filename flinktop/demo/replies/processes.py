"""What a JVM of the demo's cluster tells of itself: memory, garbage collection, threads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flinktop.demo.noise import between
from flinktop.demo.releases import NEWEST, OLDEST, Number
from flinktop.demo.specs import GIB, MIB
from flinktop.demo.sums import in_order
from flinktop.demo.waves import Wave, sawtooth

if TYPE_CHECKING:
    from flinktop.demo.world import JobMoment, Machine, Moment

TASKMANAGER_HEAP = int(2.75 * GIB)
JOBMANAGER_HEAP = GIB
SEGMENT = 32 * 1024
SEGMENTS = 16_384
"""Network buffers of a TaskManager."""
MANAGED = 3 * GIB
COLLECTORS = ("G1_Young_Generation", "G1_Old_Generation", "G1_Concurrent_GC", "All")
BORN = 60 * 86_400.0
"""Seconds before the demo opened that the processes were started."""

_SPANS: dict[str, tuple[Number, Number]] = {
    "Memory.Metaspace": ((1, 12), NEWEST),
    "Status.Flink.Memory": ((1, 12), NEWEST),
    "Status.Network": (OLDEST, (1, 20)),
    "Netty.UsedMemory": ((1, 12), NEWEST),
    "Netty.AvailableMemory": ((1, 12), NEWEST),
    "Netty.TotalMemory": ((1, 12), NEWEST),
    "Netty.RequestedMemoryUsage": ((1, 15), NEWEST),
    "FileDescriptor": ((2, 1), NEWEST),
    "GarbageCollector.All": ((1, 19), NEWEST),
    "G1_Concurrent_GC": ((2, 0), NEWEST),
    "TimeMsPerSecond": ((1, 19), NEWEST),
}
_ALWAYS = ("Netty.AvailableMemorySegments", "Netty.TotalMemorySegments")


@dataclass(frozen=True, slots=True)
class Heap:
    """A heap at one time, in bytes, and the collections that made room."""

    used: int
    committed: int
    most: int
    young: int
    old: int
    young_ms: int
    old_ms: int
    ms_per_second: float


def heap_at(seconds: float, seed: int, most: int, load: float) -> Heap:
    """A heap that fills and is collected, the faster the busier (`load` 0 to 1) its process is."""
    period = 64.0 / (0.4 + 2.2 * load)
    floor = 0.22 + 0.2 * load + 0.05 * Wave.of(0.5, seed, 1).at(seconds)
    used = floor + (0.34 - 0.1 * load) * sawtooth(seconds, period, between(0, 1, seed, 2))
    lived = seconds + BORN
    young = int(lived / period)
    old = int(lived / 26_000)
    pause = 18 + 40 * load
    return Heap(
        int(most * used), int(most * 0.8), most, young, old, int(young * pause), old * 310,
        round(pause / period, 4),
    )  # fmt: skip


def load_of(moment: Moment, machine: Machine) -> float:
    """How busy a TaskManager is: its subtasks' working time beside that of all its slots."""
    spent = 0.0
    for job, subtask in slots_of(moment, machine):
        spent += in_order(
            vertex.spec.busy * vertex.loads[subtask]
            for vertex in job.plan.vertices
            if subtask < vertex.spec.parallelism
        )
    return min(1.0, spent / (2.5 * moment.world.cluster.slots_each))


def slots_of(moment: Moment, machine: Machine) -> tuple[tuple[JobMoment, int], ...]:
    """The slots in use on a TaskManager: the job and the number of the subtasks in it."""
    return moment.slots[machine.number]


def tasks_in(job: JobMoment, subtask: int) -> int:
    """Tasks that share a slot."""
    return sum(subtask < parallelism for parallelism in job.plan.shape)


def segments_used(moment: Moment, machine: Machine) -> int:
    """Network buffers in use on a TaskManager."""
    return min(SEGMENTS, sum(90 * tasks_in(job, subtask) for job, subtask in slots_of(moment, machine)))


def machine_values(moment: Moment, machine: Machine) -> dict[str, float | int]:
    """All metrics of a TaskManager."""
    load, seconds = load_of(moment, machine), moment.fetched
    used = segments_used(moment, machine)
    free = SEGMENTS - used
    found: dict[str, float | int] = {
        **_jvm(seconds, machine.seed, heap_at(seconds, machine.seed, TASKMANAGER_HEAP, load), load),
        "Status.Flink.Memory.Managed.Total": MANAGED,
        "Status.Flink.Memory.Managed.Used": MANAGED
        * len(slots_of(moment, machine))
        // moment.world.cluster.slots_each,
        "Status.Network.AvailableMemorySegments": free,
        "Status.Network.TotalMemorySegments": SEGMENTS,
        "Status.Shuffle.Netty.AvailableMemorySegments": free,
        "Status.Shuffle.Netty.UsedMemorySegments": used,
        "Status.Shuffle.Netty.TotalMemorySegments": SEGMENTS,
        "Status.Shuffle.Netty.AvailableMemory": free * SEGMENT,
        "Status.Shuffle.Netty.UsedMemory": used * SEGMENT,
        "Status.Shuffle.Netty.TotalMemory": SEGMENTS * SEGMENT,
        "Status.Shuffle.Netty.RequestedMemoryUsage": used * 100 // SEGMENTS,
    }
    return _of_release(moment, found)


def jobmanager_values(moment: Moment) -> dict[str, float | int]:
    """All metrics of the JobManager."""
    live = sum(not job.ended for job in moment.jobs)
    load = min(1.0, 0.05 + live / 400)
    total = len(moment.world.machines) * moment.world.cluster.slots_each
    used = sum(job.plan.spec.slots for job in moment.jobs if not job.ended)
    seed = moment.world.seed
    found: dict[str, float | int] = {
        **_jvm(moment.fetched, seed, heap_at(moment.fetched, seed, JOBMANAGER_HEAP, load), load),
        "numRegisteredTaskManagers": len(moment.world.machines),
        "numRunningJobs": live,
        "taskSlotsTotal": total,
        "taskSlotsAvailable": total - used,
    }
    return _of_release(moment, found)


def _of_release(moment: Moment, found: dict[str, float | int]) -> dict[str, float | int]:
    number = moment.release.number

    def has(name: str) -> bool:
        if name.endswith(_ALWAYS):
            return True
        return all(first <= number <= last for part, (first, last) in _SPANS.items() if part in name)

    return {name: value for name, value in found.items() if has(name)}


def _jvm(seconds: float, seed: int, heap: Heap, load: float) -> dict[str, float | int]:
    wave = Wave.of(0.3, seed, 4)
    lived = seconds + BORN
    loaded = int(18_000 + 900 * load)
    found: dict[str, float | int] = {
        "Status.JVM.CPU.Load": round(min(1.0, (0.04 + 0.7 * load) * wave.at(seconds)), 6),
        "Status.JVM.CPU.Time": int(1e9 * (0.1 + 2.8 * load) * lived),
        "Status.JVM.ClassLoader.ClassesLoaded": loaded,
        "Status.JVM.ClassLoader.ClassesUnloaded": int(lived / 40_000),
        "Status.JVM.Memory.Heap.Used": heap.used,
        "Status.JVM.Memory.Heap.Committed": heap.committed,
        "Status.JVM.Memory.Heap.Max": heap.most,
        "Status.JVM.Memory.NonHeap.Used": 148 * MIB + loaded * 900,
        "Status.JVM.Memory.NonHeap.Committed": 190 * MIB,
        "Status.JVM.Memory.NonHeap.Max": 744 * MIB,
        "Status.JVM.Memory.Metaspace.Used": 74 * MIB + loaded * 700,
        "Status.JVM.Memory.Metaspace.Committed": 102 * MIB,
        "Status.JVM.Memory.Metaspace.Max": 256 * MIB,
        "Status.JVM.Memory.Direct.Count": SEGMENTS + 60,
        "Status.JVM.Memory.Direct.MemoryUsed": SEGMENTS * SEGMENT + 9 * MIB,
        "Status.JVM.Memory.Direct.TotalCapacity": SEGMENTS * SEGMENT + 9 * MIB,
        "Status.JVM.Memory.Mapped.Count": 0,
        "Status.JVM.Memory.Mapped.MemoryUsed": 0,
        "Status.JVM.Memory.Mapped.TotalCapacity": 0,
        "Status.JVM.Threads.Count": int(60 + 90 * load),
        "Status.JVM.FileDescriptor.Open": int(210 + 160 * load),
        "Status.JVM.FileDescriptor.Max": 1_048_576,
    }
    for name in COLLECTORS:
        count, spent = collected(heap, name)
        found[f"Status.JVM.GarbageCollector.{name}.Count"] = count
        found[f"Status.JVM.GarbageCollector.{name}.Time"] = spent
        share = heap.ms_per_second if name in ("All", "G1_Young_Generation") else 0.0
        found[f"Status.JVM.GarbageCollector.{name}.TimeMsPerSecond"] = share
    return found


def collected(heap: Heap, name: str) -> tuple[int, int]:
    """Collections of one collector so far, and the ms they took."""
    known = {
        "G1_Young_Generation": (heap.young, heap.young_ms),
        "G1_Old_Generation": (heap.old, heap.old_ms),
        "G1_Concurrent_GC": (heap.old * 2, heap.old * 24),
    }
    if name == "All":
        return sum(count for count, _ in known.values()), sum(spent for _, spent in known.values())
    return known[name]


def segments(moment: Moment, machine: Machine) -> dict[str, Any]:
    """Network buffers as /taskmanagers/:id tells them."""
    used = segments_used(moment, machine)
    return {
        "memorySegmentsAvailable": SEGMENTS - used,
        "memorySegmentsTotal": SEGMENTS,
        "nettyShuffleMemorySegmentsAvailable": SEGMENTS - used,
        "nettyShuffleMemorySegmentsUsed": used,
        "nettyShuffleMemorySegmentsTotal": SEGMENTS,
        "nettyShuffleMemoryAvailable": (SEGMENTS - used) * SEGMENT,
        "nettyShuffleMemoryUsed": used * SEGMENT,
        "nettyShuffleMemoryTotal": SEGMENTS * SEGMENT,
    }
