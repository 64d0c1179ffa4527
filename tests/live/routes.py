"""The GETs of Flink's REST API that need nothing but ids, each with the release that brought it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Route:
    """A template with `:ids`, a query, and the first release that has it."""

    endpoint: str
    since: tuple[int, int] = (1, 9)
    query: str = ""


CLUSTER = (
    Route("/config"),
    Route("/overview"),
    Route("/jobmanager/config"),
    Route("/jobmanager/environment", (1, 16)),
    Route("/jobmanager/metrics"),
    Route(
        "/jobmanager/metrics",
        query="get=Status.JVM.Memory.Heap.Used,Status.JVM.Memory.Heap.Max,Status.JVM.Memory.NonHeap.Max,"
        "Status.JVM.CPU.Load,Status.JVM.CPU.Time,Status.JVM.Threads.Count,numRunningJobs,no.such.metric",
    ),
    Route("/jobmanager/log"),
    Route("/jobmanager/stdout"),
    Route("/jobmanager/logs", (1, 11)),
    Route("/jobmanager/logs/:filename", (1, 11)),
    Route("/jobmanager/thread-dump", (1, 15)),
    Route("/datasets", (1, 11)),
    Route("/taskmanagers"),
    Route("/jobs"),
    Route("/jobs/overview"),
    Route("/jars"),
    Route("/applications/overview", (2, 3)),
)

TASKMANAGER = (
    Route("/taskmanagers/:taskmanagerid"),
    Route("/taskmanagers/:taskmanagerid/metrics"),
    Route(
        "/taskmanagers/:taskmanagerid/metrics",
        query="get=Status.JVM.Memory.Heap.Used,Status.JVM.Memory.Heap.Max,Status.JVM.Memory.NonHeap.Max,"
        "Status.JVM.CPU.Load,Status.JVM.CPU.Time,Status.JVM.Threads.Count,no.such.metric",
    ),
    Route("/taskmanagers/:taskmanagerid/log"),
    Route("/taskmanagers/:taskmanagerid/stdout"),
    Route("/taskmanagers/:taskmanagerid/logs", (1, 11)),
    Route("/taskmanagers/:taskmanagerid/logs/:filename", (1, 11)),
    Route("/taskmanagers/:taskmanagerid/thread-dump", (1, 11)),
)

# Asked for every job.
JOB = (
    Route("/jobs/:jobid"),
    Route("/jobs/:jobid/status", (1, 16)),
    Route("/jobs/:jobid/plan"),
    Route("/jobs/:jobid/config"),
    Route("/jobs/:jobid/exceptions"),
    Route("/jobs/:jobid/accumulators"),
    Route("/jobs/:jobid/execution-result"),
)

# Asked for one.
JOB_MORE = (
    Route("/jobs/:jobid/exceptions", (1, 10), "maxExceptions=1"),
    Route("/jobs/:jobid/accumulators", query="includeSerializedValue=true"),
    Route("/jobs/:jobid/checkpoints/config"),
    Route("/jobs/:jobid/resource-requirements", (1, 18)),
    Route("/jobs/:jobid/jobmanager/config", (1, 16)),
    Route("/jobs/:jobid/jobmanager/environment", (1, 16)),
    Route("/jobs/:jobid/jobmanager/log-url", (1, 16)),
    Route("/jobs/:jobid/taskmanagers/:taskmanagerid/log-url", (1, 16)),
    Route("/jobs/:jobid/rescales/config", (2, 3)),
    Route("/jobs/:jobid/rescales/overview", (2, 3)),
    Route("/jobs/:jobid/rescales/history", (2, 3)),
    Route("/jobs/:jobid/rescales/summary", (2, 3)),
)

VERTEX = (
    Route("/jobs/:jobid/vertices/:vertexid"),
    Route("/jobs/:jobid/vertices/:vertexid/backpressure"),
    Route("/jobs/:jobid/vertices/:vertexid/subtasktimes"),
    Route("/jobs/:jobid/vertices/:vertexid/taskmanagers"),
)

VERTEX_MORE = (
    Route("/jobs/:jobid/vertices/:vertexid/accumulators"),
    Route("/jobs/:jobid/vertices/:vertexid/subtasks/accumulators"),
    Route("/jobs/:jobid/vertices/:vertexid/watermarks", (1, 10)),
    Route("/jobs/:jobid/vertices/:vertexid/flamegraph", (1, 13)),
    Route("/jobs/:jobid/vertices/:vertexid/flamegraph", (1, 13), "type=on_cpu"),
    Route("/jobs/:jobid/vertices/:vertexid/flamegraph", (1, 13), "type=off_cpu"),
    Route("/jobs/:jobid/vertices/:vertexid/flamegraph", (1, 17), "type=full&subtaskindex=0"),
)

SUBTASK = (
    Route("/jobs/:jobid/vertices/:vertexid/subtasks/:subtaskindex"),
    Route("/jobs/:jobid/vertices/:vertexid/subtasks/:subtaskindex/attempts/:attempt"),
    Route("/jobs/:jobid/vertices/:vertexid/subtasks/:subtaskindex/attempts/:attempt/accumulators"),
)
