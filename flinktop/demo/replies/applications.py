"""/applications (2.3+): each of the demo's jobs is one of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flinktop.demo.faults import FAULTS, name_of
from flinktop.demo.replies import jobmanager
from flinktop.demo.replies.answer import Asked, job_of
from flinktop.demo.replies.jobs import job_row, span

if TYPE_CHECKING:
    from flinktop.demo.world import JobMoment, Moment


def _job(moment: Moment, asked: Asked) -> JobMoment:
    return job_of(moment, Asked({"job": asked.ids["application"]}, {}))


def _name(job: JobMoment) -> str:
    return f"SingleJobApplication({job.plan.spec.name})"


def _status(job: JobMoment) -> str:
    return job.state if job.ended else "RUNNING"


def overview(moment: Moment, _asked: Asked) -> dict[str, Any]:
    """/applications/overview."""
    rows = []
    for job in moment.jobs:
        begun, ended = span(moment, job)
        rows.append(
            {
                "id": job.plan.id,
                "name": _name(job),
                "start-time": begun,
                "end-time": ended,
                "duration": (moment.now if ended < 0 else ended) - begun,
                "status": _status(job),
                "jobs": {job.state: 1},
            }
        )
    return {"applications": rows}


def application(moment: Moment, asked: Asked) -> dict[str, Any]:
    """/applications/:applicationid."""
    job = _job(moment, asked)
    begun, ended = span(moment, job)
    states = ("CREATED", "RUNNING", "FAILING", "FAILED", "CANCELING", "CANCELED", "FINISHED")
    stamps = dict.fromkeys(states, 0) | {"CREATED": begun, "RUNNING": begun}
    if job.ended:
        stamps[job.state] = ended
    return {
        "id": job.plan.id,
        "name": _name(job),
        "status": _status(job),
        "start-time": begun,
        "end-time": ended,
        "duration": (moment.now if ended < 0 else ended) - begun,
        "timestamps": stamps,
        "jobs": [job_row(moment, job)],
    }


def exceptions(moment: Moment, asked: Asked) -> dict[str, Any]:
    """/applications/:applicationid/exceptions: why it ended."""
    job = _job(moment, asked)
    entries = []
    if job.ended and job.state == "FAILED":
        trace = FAULTS[job.plan.spec.fate.fault]
        entries.append(
            {
                "exceptionName": name_of(trace),
                "stacktrace": trace,
                "timestamp": moment.stamp(job.life.over),
                "jobId": job.plan.id,
            }
        )
    return {"exceptionHistory": {"entries": entries}}


def config(moment: Moment, asked: Asked) -> list[dict[str, str]]:
    """/applications/:applicationid/jobmanager/config."""
    _job(moment, asked)
    return jobmanager.config(moment, asked)
