"""/taskmanagers: slots, memory model, heap and collectors, metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flinktop.demo.replies import processes
from flinktop.demo.replies.answer import Asked, Refusal
from flinktop.demo.replies.metrics import aggregated, plain
from flinktop.demo.specs import GIB, MIB

if TYPE_CHECKING:
    from flinktop.demo.world import Machine, Moment

CORES = 4
GONE = "org.apache.flink.runtime.resourcemanager.exceptions.UnknownTaskExecutorException"


def machine_of(moment: Moment, asked: Asked) -> Machine:
    """The TaskManager that a request names.

    Raises:
        Refusal: there is none, which Flink answers with a 500.
    """
    named = asked.ids["taskmanager"]
    found = next((one for one in moment.world.machines if one.id == named), None)
    if found is None:
        raise Refusal(500, f"{GONE}: No TaskExecutor registered under {named}.", "")
    return found


def taskmanagers(moment: Moment, _asked: Asked) -> dict[str, Any]:
    """/taskmanagers."""
    return {"taskmanagers": [_row(moment, machine) for machine in moment.world.machines]}


def _row(moment: Moment, machine: Machine) -> dict[str, Any]:
    slots = moment.world.cluster.slots_each
    used = processes.slots_of(moment, machine)
    rpc = "pekko" if moment.release.since(1, 18) else "akka"
    path = "user/rpc/taskmanager_0" if moment.release.since(1, 11) else "user/taskmanager_0"
    address = f"{machine.host}:{machine.rpc_port}"
    return moment.release.keep(
        "taskmanager",
        {
            "id": machine.id,
            "path": f"{rpc}.tcp://flink@{address}/{path}",
            "dataPort": machine.port,
            "jmxPort": -1,
            "timeSinceLastHeartbeat": moment.stamp(
                moment.seconds - (moment.seconds + machine.number * 1.7) % 10
            ),
            "slotsNumber": slots,
            "freeSlots": slots - len(used),
            "totalResource": _resource(slots, slots),
            "freeResource": _resource(slots - len(used), slots),
            "hardware": {
                "cpuCores": CORES,
                "physicalMemory": 16 * GIB,
                "freeMemory": processes.TASKMANAGER_HEAP,
                "managedMemory": processes.MANAGED,
            },
            "memoryConfiguration": {
                "frameworkHeap": 128 * MIB,
                "taskHeap": processes.TASKMANAGER_HEAP - 128 * MIB,
                "frameworkOffHeap": 128 * MIB,
                "taskOffHeap": 0,
                "networkMemory": 512 * MIB,
                "managedMemory": processes.MANAGED,
                "jvmMetaspace": 256 * MIB,
                "jvmOverhead": 768 * MIB,
                "totalFlinkMemory": processes.TASKMANAGER_HEAP + processes.MANAGED + 640 * MIB,
                "totalProcessMemory": processes.TASKMANAGER_HEAP + processes.MANAGED + 1664 * MIB,
            },
            "assignedTasks": sum(processes.tasks_in(job, subtask) for job, subtask in used),
        },
    )


def _resource(slots: int, of: int) -> dict[str, Any]:
    """So many slots' part of a TaskManager; memory in MiB."""
    return {
        "cpuCores": CORES * slots / of,
        "taskHeapMemory": (processes.TASKMANAGER_HEAP // MIB - 128) * slots // of,
        "taskOffHeapMemory": 0,
        "managedMemory": processes.MANAGED // MIB * slots // of,
        "networkMemory": 512 * slots // of,
        "extendedResources": {},
    }


def taskmanager(moment: Moment, asked: Asked) -> dict[str, Any]:
    """/taskmanagers/:taskmanagerid."""
    machine = machine_of(moment, asked)
    slots = moment.world.cluster.slots_each
    values = processes.machine_values(moment, machine)
    load = processes.load_of(moment, machine)
    heap = processes.heap_at(moment.fetched, machine.seed, processes.TASKMANAGER_HEAP, load)
    names = moment.release.keep("collectors", dict.fromkeys(processes.COLLECTORS, 0))
    collectors = []
    for name in names:
        count, spent = processes.collected(heap, name)
        collectors.append({"name": name, "count": count, "time": spent})
    memory = {
        f"{short}{end}": values[f"Status.JVM.Memory.{long}.{metric}"]
        for short, long, ends in (
            ("heap", "Heap", (("Used", "Used"), ("Committed", "Committed"), ("Max", "Max"))),
            ("nonHeap", "NonHeap", (("Used", "Used"), ("Committed", "Committed"), ("Max", "Max"))),
            ("direct", "Direct", (("Count", "Count"), ("Used", "MemoryUsed"), ("Max", "TotalCapacity"))),
            ("mapped", "Mapped", (("Count", "Count"), ("Used", "MemoryUsed"), ("Max", "TotalCapacity"))),
        )
        for end, metric in ends
    }
    allocated = [
        moment.release.keep(
            "slot",
            {
                "jobId": job.plan.id,
                "resource": _resource(1, slots),
                "assignedTasks": processes.tasks_in(job, subtask),
            },
        )
        for job, subtask in processes.slots_of(moment, machine)
    ]
    return {
        **_row(moment, machine),
        **moment.release.keep("taskmanager", {"allocatedSlots": allocated}),
        "metrics": moment.release.keep(
            "taskmanager-metrics",
            {**memory, **processes.segments(moment, machine), "garbageCollectors": collectors},
        ),
    }


def metrics(moment: Moment, asked: Asked) -> list[dict[str, str]]:
    """/taskmanagers/:taskmanagerid/metrics."""
    found = processes.machine_values(moment, machine_of(moment, asked))
    return plain(found, found, asked.get)


def all_metrics(moment: Moment, asked: Asked) -> list[dict[str, Any]]:
    """/taskmanagers/metrics."""
    named = asked.params.get("taskmanagers")
    chosen = [one for one in moment.world.machines if named is None or one.id in named.split(",")]
    if asked.get is None:
        ids = processes.machine_values(moment, chosen[0]) if chosen else {}
        return [{"id": name} for name in ids]
    return aggregated(moment, [processes.machine_values(moment, one) for one in chosen], (), asked)
