"""What is known of many clusters: one value for each, and of each of their jobs that a list shows."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Protocol

from msgspec import Struct
from msgspec.structs import replace

from flinktop.engine.series import cluster_series
from flinktop.facts.jobs import latest_rate
from flinktop.facts.known import Known
from flinktop.facts.verdicts import ON_SCREEN, job_verdict, order
from flinktop.flink.cluster import OVERVIEW
from flinktop.flink.errors import NotFlink, Unauthorized
from flinktop.flink.jobs import JOBS_OVERVIEW
from flinktop.judgement.finding import Kind, Severity
from flinktop.model import states
from flinktop.model.tasks import tasks

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from flinktop.engine.link import Link
    from flinktop.facts.verdicts import JobVerdict
    from flinktop.flink.jobs import JobOverview
    from flinktop.judgement.finding import Finding
    from flinktop.judgement.verdict import Verdict
    from flinktop.model.kubernetes import KubernetesState
    from flinktop.model.tasks import Tasks

AWAY_SECONDS: Final = 10.0
"""A cluster that answered is unreachable after an outage of so long: a broken connection is reopened."""
OLD_SECONDS: Final = 60.0
"""Older data of a cluster off the screen, which is asked a few times a minute, is out of date."""
UNREACHABLE: Final = "unreachable"
"""The kind of what is said of a cluster that does not answer, and was not judged to be lost (yet)."""
HEALTHY: Final = "healthy"
"""The kind of a cluster that was judged and of which there is nothing to say."""


class ClusterState(StrEnum):
    """Whether a cluster answers."""

    CONNECTING = "connecting"  # asked, and neither answered nor failed yet
    LIVE = "live"
    UNREACHABLE = "unreachable"  # it does not answer, or refuses the login, or is no Flink


class ClusterFacts(Struct, frozen=True, kw_only=True):
    """One cluster of a fleet."""

    name: str  # in the config, or its address
    label: str = ""  # its name in tables, where it can be shorter
    url: str
    state: ClusterState
    reason: str = ""  # why it is unreachable, the end of a sentence
    since: float | None = None  # for how long (s) it has been unreachable or connecting; None if live
    retry: float | None = None  # s until it is asked again; None if it is not asked by itself
    severity: Severity = Severity.OK  # of the worst that is said of it or one of its jobs
    kind: str = ""  # of that finding, or unreachable, or healthy; "" while too little is known
    words: str = ""
    job_name: str = ""  # of the job that it is about, if it is about one
    ill: int = 0  # jobs with a finding of severity warning or worse, or unknown
    jobs: Mapping[str, int] = {}  # jobs by state
    slots_used: int | None = None
    slots_total: int | None = None
    taskmanagers: int | None = None
    rate: float | None = None  # records/s that all its sources send
    age: float | None = None  # s since its newest answer
    release: str = ""
    colour: str | None = None
    group: str = ""
    read_only: bool = False
    protected: bool = False
    kubernetes: KubernetesState | None = None  # what Kubernetes knows of it

    @property
    def shown(self) -> str:
        """Its name in tables."""
        return self.label or self.name

    @property
    def old(self) -> bool:
        """Whether its figures are out of date."""
        return self.state is not ClusterState.LIVE or self.age is None or self.age > OLD_SECONDS


class FleetJob(Struct, frozen=True, kw_only=True):
    """One job of one cluster of a fleet."""

    cluster: str  # name of the cluster
    jid: str
    name: str
    state: str
    verdict: JobVerdict | None = None
    since: float | None = None  # s since 1970 by the cluster's clock: of its worst finding
    rate: float | None = None  # records/s that its sources send
    age: float | None = None  # s since it was listed last
    tasks: Tasks | None = None  # its tasks by state; None for a job that has ended or has none yet
    group: str = ""  # of its cluster
    order: tuple[Any, ...] = ()  # sort key, the worst first

    @property
    def old(self) -> bool:
        """Whether it was listed too long ago."""
        return self.age is None or self.age > OLD_SECONDS


class FleetFacts(Struct, frozen=True, kw_only=True):
    """All of them, the worst cluster and the worst job first."""

    clusters: tuple[ClusterFacts, ...] = ()
    jobs: tuple[FleetJob, ...] = ()
    rate: float | None = None  # records/s of all clusters that answer
    age: float | None = None  # s of the oldest data of a cluster that answers


class KnownCluster(Known, Protocol):
    """What is known of one cluster of several; a Port implements it structurally."""

    @property
    def failure(self) -> str | None: ...  # why its engine has ended, a sentence
    def link(self) -> Link: ...


def cluster_facts(
    known: KnownCluster,
    name: str,
    *,
    label: str = "",
    colour: str | None = None,
    group: str = "",
    protected: bool = False,
) -> ClusterFacts:
    """What is known of a cluster now."""
    link, now = known.link(), known.now()
    state, reason = _state(known, link, now)
    live = state is ClusterState.LIVE
    listed, overview = known.value(JOBS_OVERVIEW()), known.value(OVERVIEW())
    jobs = listed.jobs if listed is not None else ()
    judged = known.judged
    begun = link.answered if link.answered is not None and not _refuses(link) else link.since
    # An engine that waits for its turn to start has asked nothing yet.
    silent = None if live else max(0.0, now - begun) if begun > 0 else 0.0
    verdicts = _verdicts(known, jobs)
    worst = _worst(
        _with_pods(known, _of_state(state, reason, silent)),
        judged.findings if judged is not None else (),
        verdicts,
    )
    if worst is None and live and listed is not None and len(verdicts) == len(jobs):
        worst = _Said(Severity.OK, HEALTHY, HEALTHY if jobs else "no jobs")
    worst = worst or _Said()
    return ClusterFacts(
        name=name,
        label=label,
        url=known.connection.url,
        state=state,
        reason=reason,
        since=silent,
        retry=max(0.0, link.retry_at - now) if not live and link.retry_at is not None else None,
        severity=worst.severity,
        kind=worst.kind,
        words=worst.words,
        job_name=worst.job_name,
        ill=judged.unhealthy if judged is not None else 0,
        jobs=Counter(job.state for job in jobs),
        slots_used=overview.slots_used if overview is not None else None,
        slots_total=overview.slots_total if overview is not None else None,
        taskmanagers=overview.taskmanagers if overview is not None else None,
        rate=_rate(known) if live else None,
        age=max(0.0, now - link.answered) if link.answered is not None else None,
        release=known.features.version,
        colour=colour,
        group=group,
        read_only=known.connection.read_only,
        protected=protected,
        kubernetes=known.kubernetes,
    )


def cluster_jobs(known: KnownCluster, name: str, *, group: str = "") -> list[FleetJob]:
    """The jobs of a cluster, as it listed them last."""
    reading = known.reading(JOBS_OVERVIEW())
    if reading is None or reading.value is None:
        return []
    age = max(0.0, known.now() - reading.at) if reading.at is not None else None
    return [_job(known, name, group, job, age) for job in reading.value.jobs]


def fleet_facts(parts: Iterable[tuple[ClusterFacts, Sequence[FleetJob]]]) -> FleetFacts:
    """All clusters with their jobs, the worst first.

    The order changes when what is said of one changes; of equals, clusters stay in the given order.
    """
    found = tuple(parts)
    live = [one for one, _ in found if one.state is ClusterState.LIVE]
    rates = [one.rate for one in live if one.rate is not None]
    return FleetFacts(
        clusters=tuple(sorted((one for one, _ in found), key=urgency)),
        jobs=tuple(sorted((job for _, jobs in found for job in jobs), key=lambda job: job.order)),
        rate=sum(rates) if rates else None,
        age=max((one.age for one in live if one.age is not None), default=None),
    )


def urgency(cluster: ClusterFacts) -> tuple[int, int]:
    """The sort key of a cluster, the worst first: critical, warning, unreachable or unknown, info, ok."""
    return ON_SCREEN.index(cluster.severity), _rank(cluster.kind)


class _Said(Struct, frozen=True):
    severity: Severity = Severity.OK
    kind: str = ""
    words: str = ""
    job_name: str = ""


def _state(known: KnownCluster, link: Link, now: float) -> tuple[ClusterState, str]:
    """Whether the cluster answers, and why not."""
    if known.failure is not None:
        return ClusterState.UNREACHABLE, known.failure
    begun = link.answered is not None and now - link.since < AWAY_SECONDS
    if link.error is not None and (not begun or _refuses(link)):
        return ClusterState.UNREACHABLE, link.error.reason.rstrip(".")
    return (ClusterState.CONNECTING if link.answered is None else ClusterState.LIVE), ""


def _refuses(link: Link) -> bool:
    """Whether something answers that lets nobody in, or is no Flink: waiting does not change that."""
    return isinstance(link.error, Unauthorized | NotFlink)


def _of_state(state: ClusterState, reason: str, silent: float | None) -> _Said | None:
    """What is said of a cluster that does not answer; `silent` for how long (s)."""
    if state is ClusterState.UNREACHABLE:
        return _Said(Severity.UNKNOWN, UNREACHABLE, reason)
    if state is ClusterState.CONNECTING and silent is not None and silent >= AWAY_SECONDS:
        return _Said(Severity.UNKNOWN, UNREACHABLE, "no answer yet")
    return None


def _with_pods(known: Known, said: _Said | None) -> _Said | None:
    """What is said of a cluster that does not answer, with why by its JobManager's pod."""
    if said is None or known.kubernetes is None:
        return said
    from flinktop.judgement import pods  # noqa: PLC0415 -- few clusters are on Kubernetes

    told = pods.cluster_lost(known.kubernetes).words
    # A pod that is well does not say why.
    parts = (said.words, told) if told == pods.READY else (told, said.words)
    return replace(said, words="; ".join(filter(None, parts)))


def _verdicts(known: Known, jobs: Iterable[JobOverview]) -> list[Verdict]:
    return [verdict for job in jobs if (verdict := known.verdict(job.jid)) is not None]


def _worst(away: _Said | None, findings: Iterable[Finding], verdicts: Iterable[Verdict]) -> _Said | None:
    """What is said of a cluster: the worst of what is known of it and of its jobs; None if all is well."""
    said = [] if away is None else [away]
    said += [_Said(one.severity, str(one.kind), one.words, one.job_name) for one in findings]
    said += [_Said(one.severity, one.kind, one.words, one.name) for one in verdicts]
    ill = (one for one in said if one.severity is not Severity.OK)
    return min(ill, key=lambda one: (ON_SCREEN.index(one.severity), _rank(one.kind)), default=None)


def _rank(kind: str) -> int:
    """The rank of a kind among the causes; after all of them where it is no finding's."""
    return _RANKS.get(kind, len(_RANKS))


_RANKS: Final[Mapping[str, int]] = {str(kind): kind.rank for kind in Kind}


def _rate(known: Known) -> float | None:
    newest = known.latest(cluster_series("in"))
    return newest[1] if newest is not None and newest[1] == newest[1] else None


def _job(known: Known, cluster: str, group: str, job: JobOverview, age: float | None) -> FleetJob:
    verdict = known.verdict(job.jid)
    first = verdict.findings[0].since if verdict is not None and verdict.findings else None
    ended = states.is_terminal(job.state)
    return FleetJob(
        cluster=cluster,
        jid=job.jid,
        name=job.name,
        state=job.state,
        verdict=job_verdict(known, job.jid),
        since=first / 1000.0 if first is not None and first > 0 else None,
        rate=None if ended else latest_rate(known, job.jid, "in"),
        age=age,
        tasks=None if ended else tasks(job.tasks),
        group=group,
        order=(*order(job, verdict), cluster),
    )
