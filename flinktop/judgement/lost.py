"""A cluster that answers no more, and running jobs that went with their JobManager."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 -- the type of a Struct's fields
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from flinktop.judgement import pods
from flinktop.judgement.finding import Evidence, Finding, Kind, Severity
from flinktop.judgement.places import listed, short
from flinktop.judgement.process_figures import CPU_TIME
from flinktop.model import format as fmt
from flinktop.model import states

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flinktop.model.kubernetes import KubernetesState
    from flinktop.model.look import ClusterLook

AFTER_MS: Final = 60_000.0
"""What has been gone for so long is lost."""
SAME_MS: Final = 600_000.0
"""A cluster that nobody has looked at for longer may be another one, at the same address."""
_DAY_MS: Final = 86_400_000.0


class Gone(Struct, frozen=True):
    """A job that ran and is not listed any more. Times are ms since 1970."""

    name: str
    since: float  # the first answer without it
    last: float  # the last one with it


class Running(Struct, frozen=True):
    """What must be remembered of jobs that run, and of the JobManager that ran them."""

    names: Mapping[str, str] = {}  # of those that ran at the last look, by id
    gone: Mapping[str, Gone] = {}
    processor_time: float | None = None  # ns that the JobManager has used
    restarted: float | None = None  # when that was seen to fall (ms)
    at: float = 0.0  # when the jobs were listed (ms since 1970)
    taskmanagers: tuple[str, ...] = ()  # their ids
    same: bool | None = True
    """Whether it is known to be the same cluster as before a time without looks; None if that is open."""


def after_absence(before: Running, now: float) -> Running:
    """What is remembered, where nobody has looked until `now` (ms since 1970)."""
    return replace(before, same=before.same if now - before.at <= SAME_MS else None)


def cluster_lost(
    answered: float,
    now: float,
    jobs: Iterable[str],
    error: str,
    *,
    asked: float | None = None,
    kubernetes: KubernetesState | None = None,
) -> Finding | None:
    """The finding about a cluster that answered last at `answered` and not at `now` (ms since 1970).

    `asked`: since when it has been asked in vain, if nobody looked at it before; see AFTER_MS. `kubernetes`
    is what Kubernetes knows of the cluster.
    """
    since = answered if asked is None else max(answered, asked)
    if now - since < AFTER_MS:
        return None
    known = tuple(jobs)
    words = f"cluster-lost: no answer for {fmt.span((now - since) / 1000.0)}"
    if since - answered > AFTER_MS:
        words += f", the last one came {fmt.span((now - answered) / 1000.0)} ago"
    finding = Finding(
        kind=Kind.CLUSTER_LOST,
        severity=Severity.CRITICAL,
        words=words + (f"; its last known jobs: {listed(known)}" if known else ""),
        next="look whether the JobManager runs, and what its log ends with",
        evidence=(
            Evidence("last answer ago", round((now - answered) / 1000.0), "s"),
            Evidence("error", error),
        ),
        since=answered,
    )
    return pods.cluster_lost(kubernetes).added(finding)


def lost_jobs(
    look: ClusterLook, before: Running, *, one_look: bool = False
) -> tuple[tuple[Finding, ...], Running]:
    """Jobs that ran, that a restarted JobManager does not list, and of whose name none runs.

    One that a person removed from a JobManager that lives on is none. With `one_look` nobody looks again:
    what ran over a minute ago is lost.
    """
    if look.jobs is None:
        return (), before
    now, same = look.jobs.at, _is_same(look, before)
    seen = {job.jid for job in look.jobs.value}
    names = {job.jid: job.name for job in look.jobs.value if not states.is_terminal(job.state)}
    left = {job: Gone(name, now, before.at) for job, name in before.names.items() if job not in seen}
    gone = {
        job: one
        for job, one in {**left, **before.gone}.items()
        if job not in seen and one.name not in names.values() and now - one.last <= _DAY_MS
    }
    if same is False:
        gone, same = {}, True
    time = _processor_time(look)
    fell = time is not None and before.processor_time is not None and time < before.processor_time
    after = Running(
        names=names,
        gone=gone,
        processor_time=time if time is not None else before.processor_time,
        restarted=now if fell else before.restarted,
        at=now,
        taskmanagers=_taskmanagers(look) or before.taskmanagers,
        same=same,
    )
    return still_lost(after, now, one_look=one_look), after


def still_lost(running: Running, now: float, *, one_look: bool = False) -> tuple[Finding, ...]:
    """The lost jobs by what is remembered, at `now` (ms since 1970)."""
    restarted = running.restarted
    if restarted is None or not running.same:
        return ()
    # A JobManager that was lost before the job was: its restart may be seen before or after the list.
    return tuple(
        _finding(job, one, now, restarted)
        for job, one in running.gone.items()
        if restarted >= one.since - AFTER_MS and now - (one.last if one_look else one.since) >= AFTER_MS
    )


def _is_same(look: ClusterLook, before: Running) -> bool | None:
    """Whether it is the cluster of before: its TaskManagers keep their ids when a JobManager restarts."""
    now = _taskmanagers(look)
    if before.same is not None or not now:
        return before.same
    return not set(now).isdisjoint(before.taskmanagers)


def _taskmanagers(look: ClusterLook) -> tuple[str, ...]:
    listed = look.taskmanagers.value if look.taskmanagers is not None else ()
    return tuple(sorted(one.id for one in listed))


def _processor_time(look: ClusterLook) -> float | None:
    jobmanager = next((one for one in look.processes if not one.id), None)
    taken = jobmanager.metrics.get(CPU_TIME) if jobmanager is not None else None
    return taken.value if taken is not None else None


def _finding(job: str, gone: Gone, now: float, restarted: float) -> Finding:
    words = f"job-lost: {short(gone.name)} ran before the JobManager restarted, and is not listed any more"
    unseen = gone.since - gone.last > AFTER_MS
    if unseen:
        words += f"; it was seen last {fmt.span((now - gone.last) / 1000.0)} ago"
    return Finding(
        kind=Kind.JOB_LOST,
        severity=Severity.CRITICAL,
        words=words,
        next="submit it again from its last checkpoint; with high availability Flink recovers jobs itself",
        evidence=(Evidence("JobManager restarted at", int(restarted), "ms"),),
        since=gone.last if unseen else gone.since,
        job=job,
        job_name=gone.name,
    )
