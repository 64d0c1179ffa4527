"""TaskManagers: slots, memory model, heap and garbage collectors."""

from msgspec import Struct, field

from flinktop.flink.endpoint import Endpoint
from flinktop.flink.numbers import positive


class Hardware(Struct, frozen=True, rename="camel"):
    """The machine and the JVM's limits, in bytes."""

    cpu_cores: int = 0
    physical_memory: int = 0
    free_memory: int = 0
    """The JVM's maximal heap, whatever its name says."""
    managed_memory: int = 0


class Resource(Struct, frozen=True, rename="camel"):
    """What slots are made of (1.11+); memory in MiB."""

    cpu_cores: float = 0.0
    task_heap_memory: int = 0
    task_off_heap_memory: int = 0
    managed_memory: int = 0
    network_memory: int = 0
    extended_resources: dict[str, float] = {}


class MemoryConfiguration(Struct, frozen=True, rename="camel"):
    """Flink's memory model in bytes (1.12+)."""

    framework_heap: int | None = None
    task_heap: int | None = None
    framework_off_heap: int | None = None
    task_off_heap: int | None = None
    network_memory: int | None = None
    managed_memory: int | None = None
    jvm_metaspace: int | None = None
    jvm_overhead: int | None = None
    total_flink_memory: int | None = None
    total_process_memory: int | None = None


class TaskManager(Struct, frozen=True, rename="camel"):
    """One TaskManager in the list."""

    id: str
    path: str = ""
    data_port: int = -1
    jmx_port: int = -1
    """1.12+."""
    last_heartbeat: int = field(name="timeSinceLastHeartbeat", default=0)
    """When the last heartbeat came (ms since 1970), whatever the name in JSON says."""
    slots_number: int = 0
    free_slots: int = 0
    total_resource: Resource | None = None
    free_resource: Resource | None = None
    hardware: Hardware = Hardware()
    memory_configuration: MemoryConfiguration | None = None
    blocked: bool = False
    """1.16+, left out by the server when false."""
    assigned_tasks: int | None = None
    """2.3+."""


class TaskManagers(Struct, frozen=True):
    """GET /taskmanagers."""

    taskmanagers: tuple[TaskManager, ...] = ()


class GarbageCollector(Struct, frozen=True):
    """Collections so far and ms spent in them."""

    name: str = ""
    count: int = 0
    time: int = 0


class TaskManagerMetrics(Struct, frozen=True, rename="camel"):
    """Memory in bytes; a maximum of -1 is unlimited (see the properties)."""

    heap_used: int = 0
    heap_committed: int = 0
    heap_max: int = 0
    non_heap_used: int = 0
    non_heap_committed: int = 0
    non_heap_max: int = -1
    direct_count: int = 0
    direct_used: int = 0
    direct_max: int = 0
    mapped_count: int = 0
    mapped_used: int = 0
    mapped_max: int = 0
    memory_segments_available: int | None = None
    """Up to 1.20, as the next; later the netty ones."""
    memory_segments_total: int | None = None
    netty_shuffle_memory_segments_available: int | None = None
    """1.12+, as the next five."""
    netty_shuffle_memory_segments_used: int | None = None
    netty_shuffle_memory_segments_total: int | None = None
    netty_shuffle_memory_available: int | None = None
    netty_shuffle_memory_used: int | None = None
    netty_shuffle_memory_total: int | None = None
    garbage_collectors: tuple[GarbageCollector, ...] = ()

    @property
    def non_heap_limit(self) -> int | None:
        """None: unlimited."""
        return positive(self.non_heap_max)

    @property
    def segments_available(self) -> int | None:
        """Free network buffers, in any release."""
        return _first(self.netty_shuffle_memory_segments_available, self.memory_segments_available)

    @property
    def segments_total(self) -> int | None:
        """Network buffers, in any release."""
        return _first(self.netty_shuffle_memory_segments_total, self.memory_segments_total)


class AllocatedSlot(Struct, frozen=True, rename="camel"):
    """A slot in use (1.13+)."""

    job_id: str = ""
    resource: Resource = Resource()
    assigned_tasks: int | None = None


class TaskManagerDetails(TaskManager, frozen=True, rename="camel"):
    """GET /taskmanagers/:taskmanagerid."""

    id: str = ""
    metrics: TaskManagerMetrics = TaskManagerMetrics()
    allocated_slots: tuple[AllocatedSlot, ...] | None = None


def _first(new: int | None, old: int | None) -> int | None:
    return new if new is not None else old


TASKMANAGERS = Endpoint("taskmanagers", TaskManagers)
TASKMANAGER = Endpoint("taskmanagers/{taskmanager}", TaskManagerDetails)
