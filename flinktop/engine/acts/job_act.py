"""What acts on a job share: what they say of it, and when it is in no state for them."""

from typing import Any

from flinktop.engine.acts.act import Line, where_lines
from flinktop.engine.acts.facts import Facts, JobFacts
from flinktop.flink.checkpoints import CHECKPOINTS
from flinktop.flink.decode import read
from flinktop.flink.endpoint import Query
from flinktop.flink.errors import NotFound
from flinktop.flink.http import Http
from flinktop.flink.jobs import EXECUTION_RESULT, JOB, JOBS, JOBS_OVERVIEW
from flinktop.model import format as written

OLD_CHECKPOINT = 600.0
"""Seconds after which a last completed checkpoint is told with a warning."""
CANCELLING_OFF = "the cluster's operator has switched cancelling off (web.cancel.enable: false)"


def no_job(facts: Facts) -> str | None:
    """Why there is no live job to act on; None when there is one."""
    if facts.job_missing:
        return "the cluster does not know this job any more"
    if facts.job is None:
        return "the state of this job is not known yet"
    if facts.job.ended:
        return f"the job has ended ({facts.job.state})"
    if facts.under_way:
        return f"{facts.under_way[0]} of this job is in progress"
    return None


def no_snapshot(facts: Facts) -> str | None:
    """Why no savepoint or checkpoint can be taken of the job; None when one can."""
    reason = no_job(facts)
    if reason is not None or facts.job is None:
        return reason
    if facts.job.state != "RUNNING":
        return f"the job is {facts.job.state}: it must be RUNNING"
    if facts.job.batch:
        return "a batch job has no state to save"
    waiting, total = facts.job.not_running
    if waiting:
        return f"{waiting} of {total} subtasks are not running yet"
    return None


def job_lines(facts: Facts, *, loses_since: bool) -> tuple[Line, ...]:
    """Cluster, job, id, state and the age of the last completed checkpoint.

    Args:
        facts: what is known.
        loses_since: the act throws away what came since that checkpoint.
    """
    lines = where_lines(facts)
    if facts.job is None:
        return lines
    return (
        *lines,
        Line("job", facts.job.name or "(no name)"),
        Line("id", facts.job.id),
        Line("state", facts.job.state or written.UNKNOWN),
        _last_good(facts.job, loses_since=loses_since),
    )


def _last_good(job: JobFacts, *, loses_since: bool) -> Line:
    what = "last savepoint" if job.last_good_is_savepoint else "last checkpoint"
    if job.last_good is not None:
        old = loses_since and job.last_good > OLD_CHECKPOINT
        return Line(what, f"{written.duration(job.last_good)} ago", "warn" if old else "")
    if job.checkpointing is False:
        return Line(what, "none: checkpointing is off for this job", "bad" if loses_since else "")
    if job.checkpointing:
        return Line(what, "none so far", "bad" if loses_since else "")
    return Line(what, written.UNKNOWN)


async def state_of(http: Http, job: str) -> str | None:
    """The job's state by GET /jobs, which no cache delays; None when it is not there.

    Raises:
        FlinkError: the cluster does not answer.
    """
    for one in (await read(http, JOBS())).value.jobs:
        if one.id == job:
            return one.status
    return None


async def why_it_failed(http: Http, job: str) -> str | None:
    """The deepest cause of a job that has FAILED, by its execution result.

    Raises:
        FlinkError: the cluster does not answer.
    """
    try:
        result = (await read(http, EXECUTION_RESULT(job=job))).value.job_execution_result
    except NotFound:
        return None
    cause = result.failure_cause if result is not None else None
    return cause.sentence if cause is not None else None


def job_queries(job: str) -> tuple[Query[Any], ...]:
    """What an act on a job changes."""
    return JOBS_OVERVIEW(), JOB(job=job), CHECKPOINTS(job=job)
