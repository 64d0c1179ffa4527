"""/jobs/:jobid/exceptions: why its runs ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flinktop.demo.faults import FAULTS, name_of
from flinktop.demo.life import Run, culprit
from flinktop.demo.replies.answer import Asked, job_of

if TYPE_CHECKING:
    from flinktop.demo.world import JobMoment, Moment

GIVEN_UP = "org.apache.flink.runtime.JobException: Recovery is suppressed by NoRestartBackoffTimeStrategy"
_SCHEDULER = (
    "org.apache.flink.runtime.executiongraph.failover.ExecutionFailureHandler.handleFailure"
    "(ExecutionFailureHandler.java:219)"
)
USUAL = 20
"""Entries that are told unless more are asked for (1.10+)."""


def exceptions(moment: Moment, asked: Asked) -> dict[str, Any]:
    """The history, and up to 1.20 the failure of the present execution."""
    job = job_of(moment, asked)
    most = asked.params.get("maxExceptions", "")
    runs = job.life.faults(moment.seconds)
    told = runs[: int(most) if most.isdigit() else USUAL]
    trace = FAULTS.get(job.plan.spec.fate.fault, "")
    # Once it runs again the execution has no failure of its own.
    present = bool(runs) and job.state != "RUNNING"
    document = {
        "root-exception": trace if present else None,
        "timestamp": moment.stamp(runs[0].ends) if present else None,
        "all-exceptions": [_old(moment, job, runs[0], trace)] if present else [],
        "truncated": False,
        "exceptionHistory": {
            "entries": [_entry(moment, job, run, trace) for run in told],
            "truncated": len(told) < len(runs),
        },
    }
    return moment.release.keep("exceptions", document)


def _place(job: JobMoment, run: Run) -> tuple[str, int]:
    vertex = job.plan.vertices[job.plan.spec.fate.culprit]
    subtask = culprit(job.life, run, vertex.spec.parallelism)
    return f"{vertex.spec.name} ({subtask + 1}/{vertex.spec.parallelism})", subtask


def _old(moment: Moment, job: JobMoment, run: Run, trace: str) -> dict[str, Any]:
    task, subtask = _place(job, run)
    machine = job.machine(subtask)
    document = {
        "exception": trace,
        "task": task,
        "location": machine.endpoint,
        "endpoint": machine.endpoint,
        "timestamp": moment.stamp(run.ends),
        "taskManagerId": machine.id,
    }
    return moment.release.keep("old-fault", document)


def _entry(moment: Moment, job: JobMoment, run: Run, trace: str) -> dict[str, Any]:
    last = job.ended and job.state == "FAILED" and run.ends >= job.life.over
    caused = _task_fault(moment, job, run, trace)
    if not last:
        return {**caused, "concurrentExceptions": []}
    # A failure that nothing restarts after is told by the scheduler, the task's own beside it.
    given_up = f"{GIVEN_UP}\n\tat {_SCHEDULER}\nCaused by: {trace}"
    told = {name: value for name, value in caused.items() if name in ("timestamp", "failureLabels")}
    return {
        "exceptionName": name_of(given_up),
        "stacktrace": given_up,
        **told,
        "concurrentExceptions": [caused],
    }


def _task_fault(moment: Moment, job: JobMoment, run: Run, trace: str) -> dict[str, Any]:
    task, subtask = _place(job, run)
    machine = job.machine(subtask)
    document = {
        "exceptionName": name_of(trace),
        "stacktrace": trace,
        "timestamp": moment.stamp(run.ends),
        "failureLabels": {},
        "taskName": task,
        "location": machine.endpoint,
        "endpoint": machine.endpoint,
        "taskManagerId": machine.id,
    }
    return moment.release.keep("fault", document)
