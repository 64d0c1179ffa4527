"""Logs, standard output and thread dumps of the demo's processes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from flinktop.demo.noise import fraction, number
from flinktop.demo.replies.answer import NOT_FOUND, Asked, Refusal
from flinktop.demo.replies.processes import slots_of
from flinktop.demo.replies.taskmanagers import machine_of

if TYPE_CHECKING:
    from flinktop.demo.world import Moment

LINES = 120
"""Lines that a log holds."""
STEP = 17.0
"""Seconds from one line to the next, more or less."""

_RUNTIME = "org.apache.flink.runtime"
_COORDINATOR = f"{_RUNTIME}.checkpoint.CheckpointCoordinator"
_JOBMANAGER = (
    ("INFO ", _COORDINATOR, "Triggering checkpoint for job {job}."),
    (
        "INFO ",
        _COORDINATOR,
        "Completed checkpoint for job {job} (1843210 bytes, checkpointDuration=1320 ms).",
    ),
    (
        "INFO ",
        f"{_RUNTIME}.executiongraph.ExecutionGraph",
        "{name} (1/4) switched from INITIALIZING to RUNNING.",
    ),
    (
        "WARN ",
        f"{_RUNTIME}.checkpoint.CheckpointFailureManager",
        "Failed to trigger or complete checkpoint for job {job}. (0 consecutive failed attempts so far)",
    ),
)
_TASKMANAGER = (
    (
        "INFO ",
        "org.apache.flink.connector.kafka.source.reader.KafkaSourceReader",
        "Committing offsets for checkpoint of {name}.",
    ),
    ("INFO ", f"{_RUNTIME}.taskmanager.Task", "{name} (2/4)#0 switched from INITIALIZING to RUNNING."),
    (
        "INFO ",
        "org.apache.flink.state.rocksdb.snapshot.RocksIncrementalSnapshotStrategy",
        "Finished asynchronous snapshot for {name}.",
    ),
    (
        "WARN ",
        "org.apache.kafka.clients.NetworkClient",
        "[Consumer clientId={job}] Connection to node 3 could not be established. Broker may be down.",
    ),
)
"""Level, logger and text of what is written, the usual first."""


def _written(moment: Moment, whose: str, lines: tuple[tuple[str, str, str], ...]) -> str:
    """The log as it stands: every line has its time, so that later ones come below."""
    newest = int((moment.world.born + moment.seconds) / STEP)
    seed = number(whose)
    jobs = moment.jobs or ()
    found = []
    for line in range(newest - LINES, newest + 1):
        level, name, text = lines[int(fraction(seed, line, 1) ** 1.6 * len(lines))]
        job = jobs[int(fraction(seed, line, 2) * len(jobs))].plan if jobs else None
        told = text.format(job=job.id if job else "-", name=job.vertices[0].spec.name if job else "-")
        at = datetime.fromtimestamp(line * STEP, UTC)
        found.append(
            f"{at:%Y-%m-%d %H:%M:%S},{int(fraction(seed, line, 3) * 1000):03} {level} {name:<60} [] - {told}"
        )
    return "\n".join(found) + "\n"


def jobmanager_log(moment: Moment, _asked: Asked) -> str:
    """/jobmanager/log."""
    return _written(moment, "jobmanager", _JOBMANAGER)


def jobmanager_stdout(_moment: Moment, _asked: Asked) -> str:
    """/jobmanager/stdout: nothing was written there."""
    return ""


def _files(moment: Moment, name: str, log: str) -> dict[str, Any]:
    rows = (
        {"name": f"{name}.out", "size": 0, "mtime": moment.stamp(-86_400.0)},
        {"name": f"{name}.log", "size": len(log.encode()), "mtime": moment.stamp(moment.seconds - 3)},
    )
    return {"logs": [moment.release.keep("log-file", row) for row in rows]}


def jobmanager_logs(moment: Moment, asked: Asked) -> dict[str, Any]:
    """/jobmanager/logs (1.11+)."""
    return _files(moment, "jobmanager", jobmanager_log(moment, asked))


def jobmanager_file(moment: Moment, asked: Asked) -> str:
    """/jobmanager/logs/:filename (1.11+)."""
    return _file(asked, "jobmanager", jobmanager_log(moment, asked))


def _file(asked: Asked, name: str, log: str) -> str:
    files = {f"{name}.log": log, f"{name}.out": ""}
    if asked.ids["file"] not in files:
        raise Refusal(NOT_FOUND, "This file does not exist in JobManager log dir.")
    return files[asked.ids["file"]]


def jobmanager_threads(_moment: Moment, _asked: Asked) -> dict[str, Any]:
    """/jobmanager/thread-dump (1.15+)."""
    return _threads(
        ("main", "flink-rest-server-netty-worker-thread-1", "jobmanager-io-thread-1", "Checkpoint Timer")
    )


def _threads(names: tuple[str, ...]) -> dict[str, Any]:
    told = [
        {
            "threadName": name,
            "stringifiedThreadInfo": (
                f'"{name}" Id={place + 1} WAITING on java.util.concurrent.CompletableFuture$Signaller\n'
                "\tat java.base/jdk.internal.misc.Unsafe.park(Native Method)\n"
                "\tat java.base/java.util.concurrent.locks.LockSupport.park(Unknown Source)\n"
                "\tat java.base/java.lang.Thread.run(Unknown Source)\n\n"
            ),
        }
        for place, name in enumerate(names)
    ]
    return {"threadInfos": told}


def machine_log(moment: Moment, asked: Asked) -> str:
    """/taskmanagers/:id/log."""
    return _written(moment, machine_of(moment, asked).id, _TASKMANAGER)


def machine_stdout(moment: Moment, asked: Asked) -> str:
    """/taskmanagers/:id/stdout: from 1.18 a sentence says that there is no file."""
    machine_of(moment, asked)
    return "The file STDOUT does not exist on the TaskExecutor." if moment.release.since(1, 18) else ""


def machine_logs(moment: Moment, asked: Asked) -> dict[str, Any]:
    """/taskmanagers/:id/logs (1.11+)."""
    return _files(moment, "taskmanager", machine_log(moment, asked))


def machine_file(moment: Moment, asked: Asked) -> str:
    """/taskmanagers/:id/logs/:filename (1.11+)."""
    return _file(asked, "taskmanager", machine_log(moment, asked))


def machine_threads(moment: Moment, asked: Asked) -> dict[str, Any]:
    """/taskmanagers/:id/thread-dump (1.11+): a thread for each task."""
    machine = machine_of(moment, asked)
    tasks = [
        f"{vertex.spec.name} ({subtask + 1}/{vertex.spec.parallelism})#{job.restarts}"
        for job, subtask in slots_of(moment, machine)
        for vertex in job.plan.vertices
        if subtask < vertex.spec.parallelism
    ]
    return _threads(("main", "flink-taskexecutor-io-thread-1", *tasks))
