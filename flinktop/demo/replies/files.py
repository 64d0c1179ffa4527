"""Files of processes: logs, standard output, thread dumps, results of the profiler."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from flinktop.demo.numbers import fraction, number
from flinktop.demo.replies.jobs import failure_of
from flinktop.demo.request import NOT_FOUND, Refusal, Replies, Request, texts
from flinktop.demo.specs import DAY, HOUR
from flinktop.flink import logs, profiler

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flinktop.demo.world import Moment

LINES = 120  # lines of a log
STEP = 17.0  # approximate seconds between two lines
TASK = "org.apache.flink.runtime.taskmanager.Task"
PROFILED, PROFILED_SECONDS = -2.2 * HOUR, 30  # when each process was profiled, and for how long


def _kind(request: Request) -> str:
    return "taskmanager" if "taskmanager" in request.ids else "jobmanager"


def _log(request: Request) -> str:
    """The log at this time: each line has a fixed time, so later lines are appended."""
    kind, moment = _kind(request), request.moment
    lines, jobs = texts()[f"{kind}.log"], moment.jobs
    seed = number(request.taskmanager.id if kind == "taskmanager" else kind)
    newest = int((moment.world.born + moment.seconds) / STEP)
    found = []
    for line in range(newest - LINES, newest + 1):
        level, name, text = lines[int(fraction(seed, line, 1) ** 1.6 * len(lines))]
        job = jobs[int(fraction(seed, line, 2) * len(jobs))] if jobs else None
        words = text.format(job=job.id if job else "-", name=job.vertices[0].spec.name if job else "-")
        at = line * STEP + int(fraction(seed, line, 3) * 1000) / 1000
        found.append((at, _entry(at, level, name, words)))
    if kind == "taskmanager":
        found += _failures(request, (newest - LINES) * STEP)
    return "".join(entry for _, entry in sorted(found))


def _failures(request: Request, since: float) -> Iterator[tuple[float, str]]:
    """The failures of tasks on this TaskManager since a time (s since 1970), each with that time."""
    for job in request.moment.jobs:
        for run in job.life.faults(job.run, request.moment.seconds) if job.spec.fate.fault else ():
            failure = failure_of(job, run)
            at = failure["timestamp"] / 1000
            if at < since:
                break
            if failure["taskManagerId"] == request.taskmanager.id:
                words = (
                    f"{failure['taskName']}#{run.number} switched from RUNNING to FAILED with failure cause:"
                )
                yield at, _entry(at, "WARN", TASK, f"{words}\n{failure['stacktrace'].rstrip()}")


def _entry(at: float, level: str, name: str, words: str) -> str:
    """An entry of a log in Flink's own pattern; `at` in s since 1970."""
    stamp = datetime.fromtimestamp(at, UTC)
    return f"{stamp:%Y-%m-%d %H:%M:%S},{stamp.microsecond // 1000:03} {level:<5} {name:<60} [] - {words}\n"


def _files(request: Request) -> dict[str, Any]:
    kind, moment, size = _kind(request), request.moment, len(_log(request).encode())
    out = {"name": f"{kind}.out", "size": 0, "mtime": moment.stamp(-DAY)}
    return {"logs": [out, {"name": f"{kind}.log", "size": size, "mtime": moment.stamp(moment.seconds - 3)}]}


def _file(request: Request) -> str:
    files = {f"{_kind(request)}.log": _log(request), f"{_kind(request)}.out": ""}
    if request.ids["file"] not in files:
        raise Refusal(NOT_FOUND, "This file does not exist in JobManager log dir.")
    return files[request.ids["file"]]


def _taskmanager_stdout(request: Request) -> str:
    """From 1.18 a sentence says that there is no file."""
    found = request.checked("taskmanager").moment.release.since(1, 18)
    return "The file STDOUT does not exist on the TaskExecutor." if found else ""


def _threads(request: Request) -> dict[str, Any]:
    """The threads of every process, and on a TaskManager one for each task."""
    names = list(texts()["threads"][_kind(request)])
    if _kind(request) == "taskmanager":
        names += [
            f"{vertex.spec.name} ({subtask + 1}/{vertex.spec.parallelism})#{job.run.number}"
            for job, subtask in request.moment.slots[request.taskmanager.number]
            for vertex in job.vertices
            if subtask in vertex.subtasks
        ]
    waiting = "\n".join((*texts()["threads"]["waiting"], "", ""))
    rows = [
        {"threadName": name, "stringifiedThreadInfo": f'"{name}" Id={place} {waiting}'}
        for place, name in enumerate(names, 1)
    ]
    return {"threadInfos": rows}


# -- the profiler (1.19+): one run on each process, some time ago --------------------------------------


def _whose(request: Request) -> str:
    return request.taskmanager.id if "taskmanager" in request.ids else "JobManager"


def profile_of(moment: Moment, whose: str) -> str:
    """The file name of the result of a process's run."""
    at = datetime.fromtimestamp(moment.stamp(PROFILED + PROFILED_SECONDS) / 1000, UTC)
    return f"{whose}_CPU_{at:%Y-%m-%d_%H_%M_%S}.html"


def _profiles(request: Request) -> dict[str, Any]:
    stamp = request.moment.stamp
    run = {
        "status": "FINISHED",
        "mode": "CPU",
        "triggerTime": stamp(PROFILED),
        "finishedTime": stamp(PROFILED + PROFILED_SECONDS),
        "duration": PROFILED_SECONDS,
        "message": "Profiling Successful",
        "outputFile": profile_of(request.moment, _whose(request)),
        "profilingMode": "CPU",
    }
    return {"profilingList": [run]}


def _profile(request: Request) -> str:
    if request.ids["file"] != profile_of(request.moment, whose := _whose(request)):
        raise Refusal(NOT_FOUND, f"File does not exist: {request.ids['file']}")
    return f"<!DOCTYPE html>\n<html><head><title>Flame graph of {whose}</title></head><body></body></html>\n"


REPLIES: Replies = {
    logs.JOBMANAGER_LOG: _log,
    logs.JOBMANAGER_STDOUT: lambda _: "",
    logs.JOBMANAGER_LOGS: _files,
    logs.JOBMANAGER_LOG_FILE: _file,
    logs.JOBMANAGER_THREAD_DUMP: _threads,
    logs.TASKMANAGER_LOG: _log,
    logs.TASKMANAGER_STDOUT: _taskmanager_stdout,
    logs.TASKMANAGER_LOGS: _files,
    logs.TASKMANAGER_LOG_FILE: _file,
    logs.TASKMANAGER_THREAD_DUMP: _threads,
    profiler.JOBMANAGER_PROFILER: _profiles,
    profiler.JOBMANAGER_PROFILE: _profile,
    profiler.TASKMANAGER_PROFILER: _profiles,
    profiler.TASKMANAGER_PROFILE: _profile,
}
