"""Metrics of a JobManager or TaskManager, and the problems that they show."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from flinktop.model import format as fmt
from flinktop.model import heap

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flinktop.flink.metrics import Metrics
    from flinktop.flink.taskmanagers import TaskManager

HEARTBEAT_LATE, HEARTBEAT_LOST = 20.0, 50.0  # s; heartbeat.interval is 10, heartbeat.timeout 50
FULL, NEARLY_FULL = 0.9, 0.75  # shares of a limit that need attention
SCARCE = 0.95  # share of the network buffers in use from which on tasks wait for one
LOADED = 0.9  # share of the machine's processors

_MADE_UP = re.compile(r"[0-9a-f]{32}|.+:\d+-[0-9a-f]{6}")  # generated ids of TaskManagers
_JVM, _NETTY = "Status.JVM.", "Status.Shuffle.Netty."
_GC = f"{_JVM}GarbageCollector."
ALL_COLLECTORS = "All"  # Flink's name for the sum over all garbage collectors, from 1.19 on
ROW = (  # names of the figures in a row of the TaskManagers table
    "heap_used",
    "heap_max",
    "managed_used",
    "managed_total",
    "network_used",
    "network_total",
    "segments_free",
    "segments",
    "cpu",
    "threads",
    "gc_rate",
)


class Collector(Struct, frozen=True):
    """A garbage collector: collections so far, ms spent in them, and current ms/s (1.19+)."""

    name: str
    count: float | None = None
    time: float | None = None
    rate: float | None = None


def _metric(name: str) -> Any:
    return field(name=name, default=None)


class Figures(Struct, frozen=True):
    """Metrics of a process (`…/metrics?get=`) in bytes. None: not available, or no limit."""

    heap_used: float | None = _metric(f"{_JVM}Memory.Heap.Used")
    heap_committed: float | None = _metric(f"{_JVM}Memory.Heap.Committed")
    heap_max: float | None = _metric(f"{_JVM}Memory.Heap.Max")
    non_heap_used: float | None = _metric(f"{_JVM}Memory.NonHeap.Used")
    non_heap_committed: float | None = _metric(f"{_JVM}Memory.NonHeap.Committed")
    non_heap_max: float | None = _metric(f"{_JVM}Memory.NonHeap.Max")
    metaspace_used: float | None = _metric(f"{_JVM}Memory.Metaspace.Used")  # 1.12+, as the next
    metaspace_max: float | None = _metric(f"{_JVM}Memory.Metaspace.Max")
    direct_used: float | None = _metric(f"{_JVM}Memory.Direct.MemoryUsed")
    direct_capacity: float | None = _metric(f"{_JVM}Memory.Direct.TotalCapacity")
    direct_count: float | None = _metric(f"{_JVM}Memory.Direct.Count")
    mapped_used: float | None = _metric(f"{_JVM}Memory.Mapped.MemoryUsed")
    mapped_capacity: float | None = _metric(f"{_JVM}Memory.Mapped.TotalCapacity")
    mapped_count: float | None = _metric(f"{_JVM}Memory.Mapped.Count")
    managed_used: float | None = _metric(
        "Status.Flink.Memory.Managed.Used"
    )  # TaskManagers, 1.12+, as the next
    managed_total: float | None = _metric("Status.Flink.Memory.Managed.Total")
    network_used: float | None = _metric(
        f"{_NETTY}UsedMemory"
    )  # TaskManagers, 1.12+, as the next; before only their number is reported
    network_total: float | None = _metric(f"{_NETTY}TotalMemory")
    segments_free: float | None = _metric(f"{_NETTY}AvailableMemorySegments")
    segments: float | None = _metric(f"{_NETTY}TotalMemorySegments")
    requested: float | None = _metric(f"{_NETTY}RequestedMemoryUsage")  # per cent (1.15+): some wait over 100
    cpu: float | None = _metric(f"{_JVM}CPU.Load")  # 0 to 1, of all processors of the machine
    threads: float | None = _metric(f"{_JVM}Threads.Count")
    files: float | None = _metric(f"{_JVM}FileDescriptor.Open")  # file descriptors (2.1+), as the next
    files_max: float | None = _metric(f"{_JVM}FileDescriptor.Max")
    gc_rate: float | None = _metric(heap.GC_RATE)  # ms/s in all collectors (1.19+)
    collectors: tuple[Collector, ...] = ()

    @property
    def heap(self) -> float | None:
        return share(self.heap_used, self.heap_max)

    @property
    def managed(self) -> float | None:
        return share(self.managed_used, self.managed_total)

    @property
    def network(self) -> float | None:
        """Share of the network buffers in use, in every release."""
        if self.segments is None or self.segments_free is None:
            return share(self.network_used, self.network_total)
        return share(self.segments - self.segments_free, self.segments)

    @property
    def metaspace(self) -> float | None:
        return share(self.metaspace_used, self.metaspace_max)

    @property
    def counts_gc(self) -> bool:
        """Whether it has metrics of garbage collection: a rate, or times from which to compute one."""
        return self.gc_rate is not None or self.gc_time is not None

    @property
    def gc_time(self) -> int | None:
        times = [one.time for one in self.collectors if one.time is not None]
        return int(sum(times)) if times else None


_IDS = {
    name: metric
    for name, metric in zip(Figures.__struct_fields__, Figures.__struct_encode_fields__, strict=True)
    if name != "collectors"
}


def share(used: float | None, most: float | None) -> float | None:
    """Part of a whole; None if one is unknown or there is no limit."""
    return used / most if used is not None and most is not None and most > 0 else None


def figures(metrics: Metrics) -> Figures:
    """The figures in an answer."""
    found = {metric.id: metric.number for metric in metrics}
    values = {name: found.get(metric) for name, metric in _IDS.items()}
    # -1 is a missing maximum, or a load that the JVM can't measure.
    known = {name: value for name, value in values.items() if value is not None and value >= 0}
    return Figures(**known, collectors=_collectors(found))


def _collectors(found: dict[str, float | None]) -> tuple[Collector, ...]:
    names = {metric.removeprefix(_GC).rpartition(".")[0] for metric in found if metric.startswith(_GC)}
    return tuple(
        Collector(
            name,
            found.get(f"{_GC}{name}.Count"),
            found.get(f"{_GC}{name}.Time"),
            found.get(f"{_GC}{name}.TimeMsPerSecond"),
        )
        for name in sorted(names - {ALL_COLLECTORS})
    )


def ids_to_request(listed: Iterable[str], names: Iterable[str] = tuple(_IDS)) -> tuple[str, ...]:
    """The available metrics to request: those of the named figures, and the collectors'."""
    have = sorted(listed)
    wanted = {_IDS[name] for name in names}
    return tuple(metric for metric in have if metric in wanted or metric.startswith(_GC))


class Problem(Struct, frozen=True):
    """A problem of a process that needs attention."""

    words: str
    bad: bool  # else it is only noticeable


def problems(
    taskmanager: TaskManager, found: Figures | None, gc: float | None, heartbeat: float | None
) -> tuple[Problem, ...]:
    """The problems, worst first; `gc` in ms/s, `heartbeat` in s since the last one."""
    rows: list[Problem] = []
    if heartbeat is not None and heartbeat >= HEARTBEAT_LATE:
        rows.append(Problem(f"no heartbeat for {fmt.duration(heartbeat)}", heartbeat >= HEARTBEAT_LOST))
    if taskmanager.blocked:
        rows.append(Problem("blocked: takes no new tasks", bad=False))
    if found is not None:
        rows += _full(found)
    if gc is not None and gc >= heap.GC_WARM:
        rows.append(Problem(f"GC {gc:.0f} ms/s", gc >= heap.GC_LONG))
    return tuple(sorted(rows, key=lambda one: not one.bad))


def _full(found: Figures) -> list[Problem]:
    rows: list[Problem] = []
    for name, part in (("heap", found.heap), ("metaspace", found.metaspace)):
        if part is not None and part >= FULL:
            rows.append(Problem(f"{name} {fmt.share(part)} full", part >= SCARCE))
    if found.requested is not None and found.requested > 100:  # noqa: PLR2004 -- per cent
        rows.append(Problem(f"network buffers {found.requested:.0f} % requested", bad=True))
    elif found.network is not None and found.network >= SCARCE:
        rows.append(Problem(f"network buffers {fmt.share(found.network)} used", bad=False))
    if found.cpu is not None and found.cpu >= LOADED:
        rows.append(Problem(f"CPU {fmt.share(found.cpu)}", bad=False))
    return rows


def tone(part: float | None, *, full: float = FULL, warm: float = NEARLY_FULL) -> str:
    """The style of a share of a limit."""
    if part is None:
        return ""
    return "bad" if part >= full else "warn" if part >= warm else ""


def heartbeat_age(last: int, now: float) -> float | None:
    """Seconds since a heartbeat (ms since 1970) by the cluster's clock; None if there was none."""
    if last <= 0 or not math.isfinite(now):
        return None
    return max(0.0, now - last / 1000.0)


def heartbeat_tone(age: float) -> str:
    """The style of the seconds since a heartbeat."""
    return "bad" if age >= HEARTBEAT_LOST else "warn" if age >= HEARTBEAT_LATE else ""


def address(taskmanager: TaskManager) -> str:
    """Host and port from its RPC path; "" if unknown."""
    _, at, rest = taskmanager.path.partition("@")
    return rest.partition("/")[0] if at else ""


def is_name(taskmanager: str) -> bool:
    """Whether an id is a name: on Kubernetes the pod's, on YARN the container's.

    Elsewhere it is `taskmanager.resource-id` if set, else generated: 32 hex digits up to 1.10, later host,
    port and six digits.
    """
    return _MADE_UP.fullmatch(taskmanager) is None


def name(taskmanager: TaskManager) -> str:
    """Its display name: the id if that is a name, else the address."""
    where = address(taskmanager)
    return taskmanager.id if is_name(taskmanager.id) or taskmanager.id.startswith(where) else where


def names(taskmanager: TaskManager) -> tuple[str, ...]:
    """Its name, and the id or address if the name does not contain it."""
    first = name(taskmanager)
    return (first, *(one for one in (taskmanager.id, address(taskmanager)) if one not in first))
