"""What can be read of processes as files: logs, standard output, thread dumps, results of the profiler."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from flinktop.demo.asked import NOT_FOUND, Asked, Refusal, Replies, texts
from flinktop.demo.numbers import fraction, number
from flinktop.demo.specs import DAY, HOUR
from flinktop.flink import logs, profiler

if TYPE_CHECKING:
    from flinktop.demo.world import Moment

LINES = 120  # lines that a log holds
STEP = 17.0  # seconds from one line to the next, more or less
PROFILED, PROFILED_SECONDS = -2.2 * HOUR, 30  # when each process was profiled, and for how long


def _log(moment: Moment, whose: str, kind: str) -> str:
    """The log as it stands: every line has its time, so that later ones come below."""
    lines, jobs = texts()[kind], moment.jobs
    newest, seed = int((moment.world.born + moment.seconds) / STEP), number(whose)
    found = []
    for line in range(newest - LINES, newest + 1):
        level, name, text = lines[int(fraction(seed, line, 1) ** 1.6 * len(lines))]
        job = jobs[int(fraction(seed, line, 2) * len(jobs))] if jobs else None
        told = text.format(job=job.id if job else "-", name=job.vertices[0].spec.name if job else "-")
        at = datetime.fromtimestamp(line * STEP, UTC)
        stamp = f"{at:%Y-%m-%d %H:%M:%S},{int(fraction(seed, line, 3) * 1000):03}"
        found.append(f"{stamp} {level:<5} {name:<60} [] - {told}\n")
    return "".join(found)


def _jobmanager_log(asked: Asked) -> str:
    return _log(asked.moment, "jobmanager", "jobmanager.log")


def _taskmanager_log(asked: Asked) -> str:
    return _log(asked.moment, asked.taskmanager.id, "taskmanager.log")


def _files(moment: Moment, name: str, log: str) -> dict[str, Any]:
    out = {"name": f"{name}.out", "size": 0, "mtime": moment.stamp(-DAY)}
    written = {"name": f"{name}.log", "size": len(log.encode()), "mtime": moment.stamp(moment.seconds - 3)}
    return {"logs": [out, written]}


def _file(asked: Asked, name: str, log: str) -> str:
    files = {f"{name}.log": log, f"{name}.out": ""}
    if asked.ids["file"] not in files:
        raise Refusal(NOT_FOUND, "This file does not exist in JobManager log dir.")
    return files[asked.ids["file"]]


def _taskmanager_stdout(asked: Asked) -> str:
    """From 1.18 a sentence says that there is no file."""
    found = asked.checked("taskmanager").moment.release.since(1, 18)
    return "The file STDOUT does not exist on the TaskExecutor." if found else ""


def _threads(*names: str) -> dict[str, Any]:
    waiting = (
        "WAITING on java.util.concurrent.CompletableFuture$Signaller\n"
        "\tat java.base/jdk.internal.misc.Unsafe.park(Native Method)\n"
        "\tat java.base/java.util.concurrent.locks.LockSupport.park(Unknown Source)\n"
        "\tat java.base/java.lang.Thread.run(Unknown Source)\n\n"
    )
    told = [
        {"threadName": name, "stringifiedThreadInfo": f'"{name}" Id={place} {waiting}'}
        for place, name in enumerate(names, 1)
    ]
    return {"threadInfos": told}


def _jobmanager_threads(_asked: Asked) -> dict[str, Any]:
    return _threads(
        "main", "flink-rest-server-netty-worker-thread-1", "jobmanager-io-thread-1", "Checkpoint Timer"
    )


def _taskmanager_threads(asked: Asked) -> dict[str, Any]:
    tasks = [
        f"{vertex.spec.name} ({subtask + 1}/{vertex.spec.parallelism})#{job.run.number}"
        for job, subtask in asked.moment.slots[asked.taskmanager.number]
        for vertex in job.vertices
        if subtask in vertex.subtasks
    ]
    return _threads("main", "flink-taskexecutor-io-thread-1", *tasks)


# -- the profiler (1.19+): one run on each process, some time ago ------------------------------------


def profile_of(moment: Moment, whose: str) -> str:
    """The name of the result of a process's run."""
    at = datetime.fromtimestamp(moment.stamp(PROFILED + PROFILED_SECONDS) / 1000, UTC)
    return f"{whose}_CPU_{at:%Y-%m-%d_%H_%M_%S}.html"


def _profiles(moment: Moment, whose: str) -> dict[str, Any]:
    run = {
        "status": "FINISHED",
        "mode": "CPU",
        "triggerTime": moment.stamp(PROFILED),
        "finishedTime": moment.stamp(PROFILED + PROFILED_SECONDS),
        "duration": PROFILED_SECONDS,
        "message": "Profiling Successful",
        "outputFile": profile_of(moment, whose),
        "profilingMode": "CPU",
    }
    return {"profilingList": [run]}


def _profile(asked: Asked, whose: str) -> str:
    if asked.ids["file"] != profile_of(asked.moment, whose):
        raise Refusal(NOT_FOUND, f"File does not exist: {asked.ids['file']}")
    return f"<!DOCTYPE html>\n<html><head><title>Flame graph of {whose}</title></head><body></body></html>\n"


REPLIES: Replies = {
    logs.JOBMANAGER_LOG: _jobmanager_log,
    logs.JOBMANAGER_STDOUT: lambda _: "",
    logs.JOBMANAGER_LOGS: lambda asked: _files(asked.moment, "jobmanager", _jobmanager_log(asked)),
    logs.JOBMANAGER_LOG_FILE: lambda asked: _file(asked, "jobmanager", _jobmanager_log(asked)),
    logs.JOBMANAGER_THREAD_DUMP: _jobmanager_threads,
    logs.TASKMANAGER_LOG: _taskmanager_log,
    logs.TASKMANAGER_STDOUT: _taskmanager_stdout,
    logs.TASKMANAGER_LOGS: lambda asked: _files(asked.moment, "taskmanager", _taskmanager_log(asked)),
    logs.TASKMANAGER_LOG_FILE: lambda asked: _file(asked, "taskmanager", _taskmanager_log(asked)),
    logs.TASKMANAGER_THREAD_DUMP: _taskmanager_threads,
    profiler.JOBMANAGER_PROFILER: lambda asked: _profiles(asked.moment, "JobManager"),
    profiler.JOBMANAGER_PROFILE: lambda asked: _profile(asked, "JobManager"),
    profiler.TASKMANAGER_PROFILER: lambda asked: _profiles(asked.moment, asked.taskmanager.id),
    profiler.TASKMANAGER_PROFILE: lambda asked: _profile(asked, asked.taskmanager.id),
}
