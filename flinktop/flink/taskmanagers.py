"""TaskManagers: slots, memory model, heap and garbage collectors."""

from msgspec import Struct, field

from flinktop.flink.endpoint import Endpoint
from flinktop.flink.numbers import Count, Id, Measure, Time, Unset, left, positive


class Hardware(Struct, frozen=True, rename="camel"):
    """The machine and the JVM's limits, in bytes."""

    cpu_cores: Unset = -1
    physical_memory: Unset = -1
    free_memory: Unset = -1  # the JVM's maximal heap, despite its name
    managed_memory: Unset = -1


class Resource(Struct, frozen=True, rename="camel"):
    """The resources of slots (1.11+); memory in MiB."""

    cpu_cores: Measure = -1.0
    task_heap_memory: Unset = -1
    task_off_heap_memory: Unset = -1
    managed_memory: Unset = -1
    network_memory: Unset = -1
    extended_resources: dict[str, Measure] = {}


class MemoryConfiguration(Struct, frozen=True, rename="camel"):
    """Flink's memory model in bytes (1.12+)."""

    framework_heap: Unset | None = None
    task_heap: Unset | None = None
    framework_off_heap: Unset | None = None
    task_off_heap: Unset | None = None
    network_memory: Unset | None = None
    managed_memory: Unset | None = None
    jvm_metaspace: Unset | None = None
    jvm_overhead: Unset | None = None
    total_flink_memory: Unset | None = None
    total_process_memory: Unset | None = None


class TaskManager(Struct, frozen=True, rename="camel"):
    """One TaskManager in the list."""

    id: Id
    path: str = ""
    data_port: Unset = -1
    jmx_port: Unset = -1  # 1.12+
    last_heartbeat: Time = field(name="timeSinceLastHeartbeat", default=-1)  # time of it (ms since 1970)
    slots_number: Count | None = None
    free_slots: Count | None = None
    total_resource: Resource | None = None
    free_resource: Resource | None = None
    hardware: Hardware = Hardware()
    memory_configuration: MemoryConfiguration | None = None
    blocked: bool = False  # 1.16+, left out by the server when false
    assigned_tasks: Count | None = None  # 2.3+

    @property
    def slots_used(self) -> int | None:
        return left(self.slots_number, self.free_slots)


class TaskManagers(Struct, frozen=True):
    """GET /taskmanagers."""

    taskmanagers: tuple[TaskManager, ...] = ()


class GarbageCollector(Struct, frozen=True):
    """Number of collections so far, and ms spent in them."""

    name: str = ""
    count: Unset | None = None
    time: Unset | None = None


class TaskManagerMetrics(Struct, frozen=True, rename="camel"):
    """Memory in bytes; a maximum of -1 is unlimited (see the properties)."""

    heap_used: Unset | None = None
    heap_committed: Unset | None = None
    heap_max: Unset | None = None
    non_heap_used: Unset | None = None
    non_heap_committed: Unset | None = None
    non_heap_max: Unset = -1
    direct_count: Unset | None = None
    direct_used: Unset | None = None
    direct_max: Unset | None = None
    mapped_count: Unset | None = None
    mapped_used: Unset | None = None
    mapped_max: Unset | None = None
    memory_segments_available: Unset | None = None  # up to 1.20, as the next; later the netty ones
    memory_segments_total: Unset | None = None
    netty_shuffle_memory_segments_available: Unset | None = None  # 1.12+, as the next five
    netty_shuffle_memory_segments_used: Unset | None = None
    netty_shuffle_memory_segments_total: Unset | None = None
    netty_shuffle_memory_available: Unset | None = None
    netty_shuffle_memory_used: Unset | None = None
    netty_shuffle_memory_total: Unset | None = None
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
    assigned_tasks: Count | None = None


class TaskManagerDetails(TaskManager, frozen=True, rename="camel"):
    """GET /taskmanagers/:taskmanagerid."""

    id: str = ""
    metrics: TaskManagerMetrics = TaskManagerMetrics()
    allocated_slots: tuple[AllocatedSlot, ...] | None = None


def _first(new: int | None, old: int | None) -> int | None:
    return new if new is not None else old


TASKMANAGERS = Endpoint("taskmanagers", TaskManagers)
TASKMANAGER = Endpoint("taskmanagers/{taskmanager}", TaskManagerDetails, named=("id", "taskmanager"))
