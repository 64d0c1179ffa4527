"""Looks at jobs and clusters, built of little: what a test does not name is healthy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flinktop.flink.checkpoints import (
    Checkpoint,
    CheckpointConfig,
    CheckpointCounts,
    CheckpointStats,
    CheckpointVertex,
    LatestCheckpoints,
    Restored,
)
from flinktop.flink.errors import FlinkError
from flinktop.flink.exceptions import Fault, FaultHistory, JobExceptions
from flinktop.flink.features import Features
from flinktop.flink.jobs import Job, JobOverview, JobVertex, Plan, PlanInput, PlanNode
from flinktop.flink.taskmanagers import MemoryConfiguration, TaskManager
from flinktop.flink.vertices import SubtasksTimes, SubtaskTimes
from flinktop.judgement.finding import Finding
from flinktop.judgement.verdict import Memory, judge_cluster, judge_job
from flinktop.model.look import ClusterLook, JobLook, ProcessLook, Taken, VertexLook

NOW = 1_800_000_000_000.0  # ms since 1970
SECOND, MINUTE, HOUR = 1000.0, 60_000.0, 3_600_000.0
JOB = "a" * 32
SOURCE, MAP, SINK = "1" * 32, "2" * 32, "3" * 32
NAMES = {SOURCE: "Source: orders", MAP: "Map", SINK: "Sink: out"}


def release(text: str, **more: Any) -> Features:
    parts = [int(part) for part in text.split(".")]
    return Features(release=(parts[0], parts[1], 0), version=text, **more)


def ago(seconds: float) -> int:
    """A time so many seconds before now."""
    return int(NOW - seconds * SECOND)


# -- exceptions ----------------------------------------------------------------------------------------


def trace(message: str = "java.lang.IllegalStateException: cannot read amount") -> str:
    """A stack of Flink around the program's own exception."""
    own = f"{message}\n\tat com.shop.Read.map(Read.java:27)\n\tat org.apache.flink.Run.run(Run.java:1)"
    wrapper = "org.apache.flink.runtime.JobException: failed\n\tat org.apache.flink.A.b(A.java:1)"
    return f"{wrapper}\nCaused by: {own}"


def fault(seconds: float, subtask: int | None = 1, *, task: str = "Map", of: int = 4, **more: Any) -> Fault:
    """An exception so many seconds ago; subtask None is one that names no task."""
    name = f"{task} ({subtask + 1}/{of}) - execution #0" if subtask is not None else None
    return Fault(
        **{
            "exception_name": "org.apache.flink.runtime.JobException",
            "stacktrace": trace(),
            "timestamp": ago(seconds),
            "task_name": name,
            **more,
        }
    )


def history(faults: Iterable[Fault], **more: Any) -> JobExceptions:
    entries = tuple(sorted(faults, key=lambda one: -one.timestamp))
    return JobExceptions(history=FaultHistory(entries, more.pop("truncated", False)), **more)


# -- checkpoints ---------------------------------------------------------------------------------------


def done(number: int, seconds: float, *, took: float = 0.5, **more: Any) -> Checkpoint:
    """A checkpoint that completed so many seconds ago and took so many."""
    return Checkpoint(
        **{
            "id": number,
            "status": "COMPLETED",
            "trigger_timestamp": ago(seconds + took),
            "latest_ack_timestamp": ago(seconds),
            "end_to_end_duration": int(took * 1000),
            **more,
        }
    )


def broken(
    number: int, seconds: float, why: str = "Checkpoint expired before completing.", **more: Any
) -> Checkpoint:
    return Checkpoint(
        **{
            "id": number,
            "status": "FAILED",
            "trigger_timestamp": ago(seconds + 1),
            "failure_timestamp": ago(seconds),
            "failure_message": why,
            **more,
        }
    )


def under_way(number: int, seconds: float, **more: Any) -> Checkpoint:
    return Checkpoint(**{"id": number, "status": "IN_PROGRESS", "trigger_timestamp": ago(seconds), **more})


def share(vertex: str, acknowledged: int, of: int = 4, **more: Any) -> dict[str, CheckpointVertex]:
    return {vertex: CheckpointVertex(num_subtasks=of, num_acknowledged_subtasks=acknowledged, **more)}


def stats(
    entries: Sequence[Checkpoint] = (),
    *,
    total: int | None = None,
    restored: Restored | None = None,
    completed: Checkpoint | None = None,
) -> CheckpointStats:
    """Flink's history, the newest first."""
    found = tuple(sorted(entries, key=lambda one: -one.id))
    newest = next((one for one in found if one.status == "COMPLETED" and not one.is_savepoint), None)
    return CheckpointStats(
        counts=CheckpointCounts(total=len(found) if total is None else total),
        latest=LatestCheckpoints(completed=completed or newest, restored=restored),
        history=found,
    )


CONFIG = CheckpointConfig(mode="exactly_once", interval=10_000, min_pause=0, timeout=600_000)

# -- jobs ----------------------------------------------------------------------------------------------


def vertex(
    number: str = MAP,
    tasks: Mapping[str, int] | None = None,
    *,
    inputs: Sequence[str] = (),
    times: Iterable[SubtaskTimes] | None = None,
    times_at: float = NOW,
    strategy: str = "HASH",
    **more: Any,
) -> VertexLook:
    counts = dict(tasks) if tasks is not None else {"RUNNING": 4}
    return VertexLook(
        vertex=JobVertex(
            **{
                "id": number,
                "name": NAMES.get(number, number),
                "parallelism": sum(counts.values()),
                "tasks": counts,
                "start_time": ago(7200),
                **more,
            }
        ),
        node=PlanNode(id=number, inputs=tuple(PlanInput(id=one, ship_strategy=strategy) for one in inputs)),
        inputs=tuple(inputs),
        times=Taken(SubtasksTimes(subtasks=tuple(times)), times_at) if times is not None else None,
    )


def times(index: int, **entered: float) -> SubtaskTimes:
    """When a subtask entered its states, in seconds ago."""
    return SubtaskTimes(subtask=index, timestamps={state: ago(seconds) for state, seconds in entered.items()})


def line(**changed: VertexLook) -> tuple[VertexLook, ...]:
    """A source, a map and a sink; each may be given otherwise."""
    return (
        changed.get("source") or vertex(SOURCE),
        changed.get("map") or vertex(MAP, inputs=(SOURCE,)),
        changed.get("sink") or vertex(SINK, inputs=(MAP,)),
    )


def job(
    state: str = "RUNNING",
    *,
    vertices: Sequence[VertexLook] | None = None,
    since: Mapping[str, float] | None = None,
    started: float = 7200,
    faults: Iterable[Fault] | None = None,
    exceptions: JobExceptions | None = None,
    checkpoints: CheckpointStats | None = None,
    config: CheckpointConfig | None = CONFIG,
    counters: Mapping[str, float] | None = None,
    batch: bool = False,
    now: float = NOW,
    features: Features | None = None,
    **more: Any,
) -> JobLook:
    """A job of 1.20 with the default scheduler; `since`: when it entered its states, in seconds ago."""
    found = line() if vertices is None else tuple(vertices)
    entered = {"CREATED": started, "RUNNING": started - 1} if since is None else since
    listed = JobOverview(
        jid=JOB,
        name="orders",
        state=state,
        start_time=ago(started),
        end_time=ago(5) if state in {"FAILED", "FINISHED", "CANCELED"} else -1,
    )
    known = Job(
        jid=JOB,
        name="orders",
        state=state,
        now=int(now),
        start_time=ago(started),
        timestamps={name: ago(seconds) for name, seconds in entered.items()},
        vertices=tuple(one.vertex for one in found),
        plan=Plan(
            type="BATCH" if batch else "STREAMING",
            nodes=tuple(one.node for one in found if one.node is not None),
        ),
    )
    if exceptions is None and faults is not None:
        exceptions = history(faults)
    if checkpoints is None:
        checkpoints = stats([done(number, 5 + 10 * (9 - number)) for number in range(1, 10)])
    given: dict[str, Any] = {
        "adaptive": False,
        "free_slots": 4,
        "checkpoints": Taken(checkpoints, now),
        "checkpoint_config": Taken(config, now) if config is not None else None,
        "exceptions": Taken(exceptions, now) if exceptions is not None else None,
        "metrics": {name: Taken(value, now) for name, value in (counters or {"numRestarts": 0.0}).items()},
        "job": Taken(known, now),
        **more,
    }
    return JobLook(listed=listed, now=now, features=features or release("1.20"), vertices=found, **given)


def findings(look: JobLook, before: Memory | None = None, **more: Any) -> tuple[Finding, ...]:
    """What one look at a job finds."""
    verdict, _ = judge_job(look, before or Memory(), **more)
    return verdict.findings


def kinds(found: Iterable[Finding]) -> list[str]:
    return [str(one.kind) for one in found]


def watched(looks: Iterable[JobLook]) -> tuple[tuple[Finding, ...], Memory]:
    """What the last of several looks finds."""
    found: tuple[Finding, ...] = ()
    memory = Memory()
    for look in looks:
        verdict, memory = judge_job(look, memory)
        found = verdict.findings
    return found, memory


# -- clusters ------------------------------------------------------------------------------------------

MB = 1024.0 * 1024.0
MODEL = MemoryConfiguration(
    framework_off_heap=int(128 * MB),
    task_off_heap=0,
    network_memory=int(64 * MB),
    jvm_metaspace=int(256 * MB),
)


def taskmanager(
    number: str, *, slots: int = 4, free: int = 2, heartbeat: float = 3, **more: Any
) -> TaskManager:
    return TaskManager(
        **{
            "id": number,
            "path": f"pekko.tcp://flink@{number}:6122/user/rpc/taskmanager_0",
            "data_port": 41001,
            "last_heartbeat": ago(heartbeat),
            "slots_number": slots,
            "free_slots": free,
            "memory_configuration": MODEL,
            **more,
        }
    )


def process(number: str = "", at: float = NOW, jobs: tuple[str, ...] = (), **figures: float) -> ProcessLook:
    """A TaskManager, or the JobManager without a name; figures in MB, by the names below."""
    known = {
        "heap": ("Status.JVM.Memory.Heap.Used", MB),
        "heap_max": ("Status.JVM.Memory.Heap.Max", MB),
        "metaspace": ("Status.JVM.Memory.Metaspace.Used", MB),
        "metaspace_max": ("Status.JVM.Memory.Metaspace.Max", MB),
        "direct": ("Status.JVM.Memory.Direct.MemoryUsed", MB),
        "gc": ("Status.JVM.GarbageCollector.All.TimeMsPerSecond", 1.0),
        "gc_time": ("Status.JVM.GarbageCollector.G1_Young_Generation.Time", 1.0),
        "requested": ("Status.Shuffle.Netty.RequestedMemoryUsage", 1.0),
        "cpu": ("Status.JVM.CPU.Time", 1.0),
    }
    values = {"heap": 100.0, "heap_max": 1000.0, **figures}
    return ProcessLook(
        id=number,
        jobs=jobs,
        metrics={
            known[name][0]: Taken(value * known[name][1] if value >= 0 else value, at)
            for name, value in values.items()
        },
    )


def cluster(
    *processes: ProcessLook,
    taskmanagers: Iterable[TaskManager] | None = None,
    now: float = NOW,
    features: Features | None = None,
    **more: Any,
) -> ClusterLook:
    listed = (
        tuple(taskmanagers)
        if taskmanagers is not None
        else tuple(taskmanager(one.id) for one in processes if one.id)
    )
    return ClusterLook(
        now=now,
        features=features or release("1.20"),
        taskmanagers=Taken(listed, now),
        processes=processes,
        **more,
    )


def watched_cluster(
    looks: Iterable[ClusterLook], *, one_look: bool = False
) -> tuple[tuple[Finding, ...], Memory]:
    """What the last of several looks at a cluster finds."""
    found: tuple[Finding, ...] = ()
    memory = Memory()
    for look in looks:
        found, memory = judge_cluster(look, memory, one_look=one_look)
    return found, memory


def refused(path: str) -> dict[str, FlinkError]:
    """The errors of a look of which one request failed."""
    return {path: FlinkError("GET", path, "no answer")}
