"""A cluster that answers no more, and running jobs that went with their JobManager."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from flinktop.judgement.finding import Evidence, Finding, Kind, Severity
from flinktop.judgement.places import listed, short
from flinktop.judgement.process_figures import CPU_TIME
from flinktop.model import format as fmt
from flinktop.model import states

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from flinktop.model.look import ClusterLook

AFTER_MS: Final = 60_000.0
"""What has been gone for so long is lost."""


class Gone(Struct, frozen=True):
    """A job that ran and is not listed any more."""

    name: str
    since: float  # ms since 1970


class Running(Struct, frozen=True):
    """What must be remembered of jobs that run, and of the JobManager that ran them."""

    names: Mapping[str, str] = {}  # of those that ran at the last look, by id
    gone: Mapping[str, Gone] = {}
    processor_time: float | None = None  # ns that the JobManager has used
    restarted: float | None = None  # when that was seen to fall (ms)


def cluster_lost(answered: float, now: float, jobs: Iterable[str], error: str) -> Finding | None:
    """The finding about a cluster that answered last at `answered` and not at `now` (ms since 1970)."""
    if now - answered < AFTER_MS:
        return None
    silent = fmt.span((now - answered) / 1000.0)
    known = tuple(jobs)
    ran = f"; its last known jobs: {listed(known)}" if known else ""
    return Finding(
        kind=Kind.CLUSTER_LOST,
        severity=Severity.CRITICAL,
        words=f"cluster-lost: no answer for {silent}{ran}",
        next="look whether the JobManager runs, and what its log ends with",
        evidence=(
            Evidence("last answer ago", round((now - answered) / 1000.0), "s"),
            Evidence("error", error),
        ),
        since=answered,
    )


def lost_jobs(look: ClusterLook, before: Running) -> tuple[tuple[Finding, ...], Running]:
    """Jobs that ran, that a restarted JobManager does not list, and of whose name none runs.

    One that a person removed from a JobManager that lives on is none.
    """
    if look.jobs is None:
        return (), before
    now = look.jobs.at
    seen = {job.jid for job in look.jobs.value}
    names = {job.jid: job.name for job in look.jobs.value if not states.is_terminal(job.state)}
    left = {job: Gone(name, now) for job, name in before.names.items() if job not in seen}
    gone = {
        job: one
        for job, one in {**left, **before.gone}.items()
        if job not in seen and one.name not in names.values()
    }
    time = _processor_time(look)
    fell = time is not None and before.processor_time is not None and time < before.processor_time
    restarted = now if fell else before.restarted
    # A JobManager that was lost before the job was: its restart may be seen before or after the list.
    found = tuple(
        _finding(job, one, restarted)
        for job, one in gone.items()
        if restarted is not None and restarted >= one.since - AFTER_MS and now - one.since >= AFTER_MS
    )
    after = Running(names, gone, time if time is not None else before.processor_time, restarted)
    return found, after


def _processor_time(look: ClusterLook) -> float | None:
    jobmanager = next((one for one in look.processes if not one.id), None)
    taken = jobmanager.metrics.get(CPU_TIME) if jobmanager is not None else None
    return taken.value if taken is not None else None


def _finding(job: str, gone: Gone, restarted: float) -> Finding:
    return Finding(
        kind=Kind.JOB_LOST,
        severity=Severity.CRITICAL,
        words=f"job-lost: {short(gone.name)} ran before the JobManager restarted, and is not listed any more",
        next="submit it again from its last checkpoint; with high availability Flink recovers jobs itself",
        evidence=(Evidence("JobManager restarted at", int(restarted), "ms"),),
        since=gone.since,
        job=job,
        job_name=gone.name,
    )
