"""/config, /overview, /jars; /taskmanagers and /jobmanager: slots, memory, metrics, configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from flinktop.demo.numbers import Wave, between, identity, java_sum
from flinktop.demo.releases import COMMITS
from flinktop.demo.replies.metrics import aggregated, plain
from flinktop.demo.request import Refusal, missing, texts
from flinktop.demo.specs import DAY, GIB, MIB
from flinktop.flink import (
    applications,
    checkpoints,
    cluster,
    jars,
    jobmanager,
    metrics,
    rescale,
    taskmanagers,
)

if TYPE_CHECKING:
    from flinktop.demo.request import Replies, Request
    from flinktop.demo.world import JobMoment, Moment, TaskManager

ADDRESS = "http://flink-jobmanager:8081"
CORES = 4
TASKMANAGER_HEAP = int(2.75 * GIB)
JOBMANAGER_HEAP = GIB
SEGMENT, SEGMENTS = 32 * 1024, 16_384  # bytes of a network buffer, and buffers of a TaskManager
MANAGED = 3 * GIB
COLLECTORS = ("G1_Young_Generation", "G1_Old_Generation", "G1_Concurrent_GC", "All")
BORN = 60 * DAY  # seconds before the demo opened at which the processes were started

Values = dict[str, float | int]


# -- metrics of processes ------------------------------------------------------------------------------


def _jvm(seconds: float, seed: int, heap: int, load: float) -> Values:
    """A JVM whose heap fills and is collected, more often with a higher `load` (0 to 1)."""
    period = 64.0 / (0.4 + 2.2 * load)
    floor = 0.22 + 0.2 * load + 0.05 * Wave.of(0.5, seed, 1).at(seconds)
    filled = (seconds / period + between(0, 1, seed, 2)) % 1.0
    lived, loaded = seconds + BORN, int(18_000 + 900 * load)
    found: Values = {
        "CPU.Load": round(min(1.0, (0.04 + 0.7 * load) * Wave.of(0.3, seed, 4).at(seconds)), 6),
        "CPU.Time": int(1e9 * (0.1 + 2.8 * load) * lived),
        "ClassLoader.ClassesLoaded": loaded,
        "ClassLoader.ClassesUnloaded": int(lived / 40_000),
        "Memory.Heap.Used": int(heap * (floor + (0.34 - 0.1 * load) * filled)),
        "Memory.Heap.Committed": int(heap * 0.8),
        "Memory.Heap.Max": heap,
        "Memory.NonHeap.Used": 148 * MIB + loaded * 900,
        "Memory.NonHeap.Committed": 190 * MIB,
        "Memory.NonHeap.Max": 744 * MIB,
        "Memory.Metaspace.Used": 74 * MIB + loaded * 700,
        "Memory.Metaspace.Committed": 102 * MIB,
        "Memory.Metaspace.Max": 256 * MIB,
        "Memory.Direct.Count": SEGMENTS + 60,
        "Memory.Direct.MemoryUsed": SEGMENTS * SEGMENT + 9 * MIB,
        "Memory.Direct.TotalCapacity": SEGMENTS * SEGMENT + 9 * MIB,
        "Memory.Mapped.Count": 0,
        "Memory.Mapped.MemoryUsed": 0,
        "Memory.Mapped.TotalCapacity": 0,
        "Threads.Count": int(60 + 90 * load),
        "FileDescriptor.Open": int(210 + 160 * load),
        "FileDescriptor.Max": 1_048_576,
    }
    pause, old, young = 18 + 40 * load, int(lived / 26_000), int(lived / period)
    collected = (young, old, old * 2), (int(young * pause), old * 310, old * 24)
    share = round(pause / period, 4)
    for place, name in enumerate(COLLECTORS):
        for end, each in zip(("Count", "Time"), collected, strict=True):
            found[f"GarbageCollector.{name}.{end}"] = (*each, sum(each))[place]
        found[f"GarbageCollector.{name}.TimeMsPerSecond"] = (share, 0.0, 0.0, share)[place]
    return {f"Status.JVM.{name}": value for name, value in found.items()}


def _taskmanager_values(moment: Moment, taskmanager: TaskManager) -> Values:
    slots, each = moment.slots[taskmanager.number], moment.world.cluster.slots_each
    spent = 0.0
    for job, subtask in slots:
        vertices = [one for one in job.plan.vertices if subtask < one.spec.parallelism]
        spent += java_sum(vertex.spec.busy * vertex.loads[subtask] for vertex in vertices)
    used, free = _segments(moment, taskmanager)
    found = {
        **_jvm(moment.fetched, taskmanager.seed, TASKMANAGER_HEAP, min(1.0, spent / (2.5 * each))),
        "Status.Flink.Memory.Managed.Total": MANAGED,
        "Status.Flink.Memory.Managed.Used": MANAGED * len(slots) // each,
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
    return moment.release.own(found)


def _jobmanager_values(moment: Moment) -> Values:
    live, (total, free) = sum(not job.ended for job in moment.jobs), moment.slot_counts
    found = {
        **_jvm(moment.fetched, moment.world.seed, JOBMANAGER_HEAP, min(1.0, 0.05 + live / 400)),
        "numRegisteredTaskManagers": len(moment.world.taskmanagers),
        "numRunningJobs": live,
        "taskSlotsTotal": total,
        "taskSlotsAvailable": free,
    }
    return moment.release.own(found)


def _tasks_in(job: JobMoment, subtask: int) -> int:
    """Number of tasks that share a slot."""
    return sum(subtask < parallelism for parallelism in job.plan.shape)


def _segments(moment: Moment, taskmanager: TaskManager) -> tuple[int, int]:
    """Network buffers in use, and free ones."""
    used = sum(90 * _tasks_in(job, subtask) for job, subtask in moment.slots[taskmanager.number])
    return min(SEGMENTS, used), SEGMENTS - min(SEGMENTS, used)


# -- TaskManagers ------------------------------------------------------------------------------------


def _row(moment: Moment, taskmanager: TaskManager) -> dict[str, Any]:
    each, used = moment.world.cluster.slots_each, moment.slots[taskmanager.number]
    rpc = "pekko" if moment.release.since(1, 18) else "akka"
    path = "user/rpc/taskmanager_0" if moment.release.since(1, 11) else "user/taskmanager_0"
    silent = (moment.seconds + taskmanager.number * 1.7) % 10
    return {
        "id": taskmanager.id,
        "path": f"{rpc}.tcp://flink@{taskmanager.host}:{taskmanager.rpc_port}/{path}",
        "dataPort": taskmanager.port,
        "jmxPort": -1,
        "timeSinceLastHeartbeat": moment.stamp(moment.seconds - silent),
        "slotsNumber": each,
        "freeSlots": each - len(used),
        "totalResource": _resource(each, each),
        "freeResource": _resource(each - len(used), each),
        "hardware": texts()["hardware"],
        "memoryConfiguration": texts()["memory"],
        "assignedTasks": sum(_tasks_in(job, subtask) for job, subtask in used),
    }


def _resource(slots: int, of: int) -> dict[str, Any]:
    """The share of some slots in a TaskManager; memory in MiB."""
    return {
        "cpuCores": CORES * slots / of,
        "taskHeapMemory": (TASKMANAGER_HEAP // MIB - 128) * slots // of,
        "taskOffHeapMemory": 0,
        "managedMemory": MANAGED // MIB * slots // of,
        "networkMemory": 512 * slots // of,
        "extendedResources": {},
    }


def _taskmanager(request: Request) -> dict[str, Any]:
    moment, taskmanager = request.moment, request.taskmanager
    values = _taskmanager_values(moment, taskmanager)
    of_heap = (("Used", "Used"), ("Committed", "Committed"), ("Max", "Max"))
    of_buffers = (("Count", "Count"), ("Used", "MemoryUsed"), ("Max", "TotalCapacity"))
    pools = (("heap", of_heap), ("nonHeap", of_heap), ("direct", of_buffers), ("mapped", of_buffers))
    memory = {
        f"{pool}{end}": values[f"Status.JVM.Memory.{pool[0].upper()}{pool[1:]}.{metric}"]
        for pool, ends in pools
        for end, metric in ends
    }
    collectors = [
        {
            "name": name,
            "count": values[f"Status.JVM.GarbageCollector.{name}.Count"],
            "time": values[f"Status.JVM.GarbageCollector.{name}.Time"],
        }
        for name in COLLECTORS
        if moment.release.has(name)
    ]
    used, free = _segments(moment, taskmanager)
    counts = {"Available": free, "Used": used, "Total": SEGMENTS}
    return {
        **_row(moment, taskmanager),
        "allocatedSlots": [
            {
                "jobId": job.id,
                "resource": _resource(1, moment.world.cluster.slots_each),
                "assignedTasks": _tasks_in(job, subtask),
            }
            for job, subtask in moment.slots[taskmanager.number]
        ],
        "metrics": {
            **memory,
            "memorySegmentsAvailable": free,
            "memorySegmentsTotal": SEGMENTS,
            **{f"nettyShuffleMemorySegments{end}": count for end, count in counts.items()},
            **{f"nettyShuffleMemory{end}": count * SEGMENT for end, count in counts.items()},
            "garbageCollectors": collectors,
        },
    }


def _all_metrics(request: Request) -> list[dict[str, Any]]:
    chosen = [one for one in request.moment.world.taskmanagers if request.wants("taskmanagers", one.id)]
    # Listed as those of the first one.
    chosen = chosen[: 1 if request.get is None else None]
    return aggregated([_taskmanager_values(request.moment, one) for one in chosen], request)


# -- the JobManager ----------------------------------------------------------------------------------

RENAMED = {  # options, and their names up to 1.19
    "state.backend.type": "state.backend",
    "execution.checkpointing.dir": "state.checkpoints.dir",
    "execution.checkpointing.savepoint-dir": "state.savepoints.dir",
}


def _configuration(moment: Moment) -> list[dict[str, str]]:
    own = {"taskmanager.numberOfTaskSlots": str(moment.world.cluster.slots_each)}
    renamed = {} if moment.release.since(1, 20) else RENAMED
    options = texts()["configuration"] | own
    return [{"key": renamed.get(key, key), "value": value} for key, value in options.items()]


def _environment(moment: Moment) -> dict[str, Any]:
    java = "21/21.0.8+9-LTS" if moment.release.since(2, 0) else "17/17.0.16+8"
    return {
        "jvm": {
            "version": f"OpenJDK 64-Bit Server VM - Eclipse Adoptium - {java}",
            "arch": "amd64",
            "options": texts()["jvm options"],
        },
        "classpath": [f"/opt/flink/lib/{jar}-{moment.release.version}.jar" for jar in texts()["lib"]],
    }


def _url(request: Request, process: str) -> dict[str, str]:
    request.checked("job")
    return {"url": f"{ADDRESS}/#/{process}/logs"}


# -- the cluster -------------------------------------------------------------------------------------


def _config(request: Request) -> dict[str, Any]:
    version = request.moment.release.version
    return {**texts()["web"], "flink-version": version, "flink-revision": " @ ".join(COMMITS[version])}


def _overview(request: Request) -> dict[str, Any]:
    moment = request.moment
    ends = [job.state for job in moment.jobs if job.ended]
    total, free = moment.slot_counts
    return {
        "taskmanagers": len(moment.world.taskmanagers),
        "slots-total": total,
        "slots-available": free,
        "jobs-running": len(moment.jobs) - len(ends),
        "jobs-finished": ends.count("FINISHED"),
        "jobs-cancelled": ends.count("CANCELED"),
        "jobs-failed": ends.count("FAILED"),
        "flink-version": moment.release.version,
        "flink-commit": COMMITS[moment.release.version][0],
    }


def _jars(request: Request) -> dict[str, Any]:
    files = []
    for name, entry, days in texts()["jars"]:
        uuid = UUID(identity("jar", request.moment.world.seed, name))
        files.append(
            {
                "id": f"{uuid}_{name}",
                "name": name,
                "uploaded": request.moment.stamp(-days * DAY),
                "entry": [{"name": entry, "description": None}],
            }
        )
    return {"address": ADDRESS, "files": files}


def _no_operation(request: Request) -> Any:
    """The demo is read-only, so there are no operations."""
    raise missing(texts()["no operation"].format(**request.ids))


def _no_savepoint(request: Request) -> Any:
    raise missing(texts()["no savepoint"].format(**request.ids))


def _no_rescaling(_request: Request) -> Any:
    raise Refusal(503, "Rescaling is temporarily disabled. See FLINK-12312.")


REPLIES: Replies = {
    cluster.CONFIG: _config,
    cluster.OVERVIEW: _overview,
    cluster.DATASETS: lambda _: {"dataSets": []},
    cluster.DATASET_DELETION: _no_operation,
    checkpoints.CHECKPOINT_STATUS: _no_operation,
    checkpoints.SAVEPOINT_STATUS: _no_savepoint,
    checkpoints.DISPOSAL_STATUS: _no_operation,
    rescale.RESCALING_STATUS: _no_rescaling,
    jars.JARS: _jars,
    applications.APPLICATION_CONFIG: lambda request: _configuration(request.job.moment),
    taskmanagers.TASKMANAGERS: lambda request: {
        "taskmanagers": [
            _row(request.moment, taskmanager) for taskmanager in request.moment.world.taskmanagers
        ]
    },
    taskmanagers.TASKMANAGER: _taskmanager,
    metrics.TASKMANAGER_METRICS: lambda request: plain(
        _taskmanager_values(request.moment, request.taskmanager), request
    ),
    metrics.TASKMANAGERS_METRICS: _all_metrics,
    metrics.JOBMANAGER_METRICS: lambda request: plain(_jobmanager_values(request.moment), request),
    jobmanager.JOBMANAGER_CONFIG: lambda request: _configuration(request.moment),
    jobmanager.JOBMANAGER_ENVIRONMENT: lambda request: _environment(request.moment),
    jobmanager.JOB_JOBMANAGER_CONFIG: lambda request: _configuration(request.job.moment),
    jobmanager.JOB_JOBMANAGER_ENVIRONMENT: lambda request: _environment(request.job.moment),
    jobmanager.JOB_JOBMANAGER_LOG_URL: lambda request: _url(request, "job-manager"),
    jobmanager.JOB_TASKMANAGER_LOG_URL: lambda request: _url(
        request, f"task-manager/{request.taskmanager.id}"
    ),
}
