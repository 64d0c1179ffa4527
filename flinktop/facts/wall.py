"""What a wall screen shows of one cluster or of many: what is wrong, since when, and what does not answer."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Final, Protocol

from msgspec import Struct

from flinktop.engine.series import cluster_series
from flinktop.facts.fleet import ClusterFacts, ClusterState, FleetFacts, FleetJob
from flinktop.facts.known import Known
from flinktop.facts.verdicts import ON_SCREEN, job_verdict
from flinktop.flink.errors import LoginRefused, NotFlink, Unauthorized
from flinktop.flink.jobs import JOBS_OVERVIEW
from flinktop.judgement.finding import Finding, Kind, Severity
from flinktop.model import states

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from flinktop.engine.link import Link
    from flinktop.engine.series import Points

UNREACHABLE: Final = "unreachable"
"""The kind of a line about clusters that do not answer."""
LOST_SECONDS: Final = 15.0
"""A cluster that answered before and does not for longer is unreachable; until then its data only ages."""


class WallLine(Struct, frozen=True, kw_only=True):
    """One thing that is wrong: with a job, with a cluster, or with several clusters that do not answer."""

    name: str  # of the job, or of the cluster; "" for several clusters
    cluster: str = ""  # of a job of a fleet: the name of its cluster
    severity: Severity
    kind: str
    words: str = ""  # a sentence that begins with the kind, or why a cluster does not answer
    since: float | None = None  # s since 1970
    clusters: tuple[str, ...] = ()  # those that do not answer


class WallFacts(Struct, frozen=True, kw_only=True):
    """All of a wall screen, the worst first."""

    lines: tuple[WallLine, ...] = ()
    jobs: int = 0  # that have not ended
    running: int = 0
    unhealthy: int = 0  # jobs with a finding of severity warning or worse, or unknown; with those that ended
    clusters: int = 0
    answering: int = 0  # clusters
    connecting: tuple[str, ...] = ()  # clusters that have neither answered nor failed yet
    unjudged: int = 0  # jobs that have not ended and have no verdict yet
    listed: bool = False  # whether the jobs of every cluster that answers are known
    rate: float | None = None  # records/s that all sources send
    age: float | None = None  # s of the oldest data of a cluster that answers

    @property
    def blind(self) -> bool:
        """Whether no cluster can be seen: all that is shown of jobs is of before."""
        return bool(self.clusters) and not self.answering and not self.connecting

    @property
    def well(self) -> bool:
        """Whether nothing is wrong, and everything is known that this takes."""
        return not self.lines and not self.connecting and self.listed and not self.unjudged


class Watched(Known, Protocol):
    """A cluster with its connection: a Port."""

    def link(self) -> Link: ...


def wall(facts: FleetFacts, findings: Mapping[str, Sequence[Finding]]) -> WallFacts:
    """The wall of these clusters; `findings` are those of each cluster itself, by its name."""
    clusters, many = facts.clusters, len(facts.clusters) > 1
    lines = [
        *_unhealthy_jobs(facts.jobs, many=many),
        *(
            line
            for one in clusters
            if one.state is ClusterState.LIVE or not many
            for line in _of_cluster(one, findings.get(one.name, ()), many=many)
        ),
    ]
    lines.sort(key=_rank)
    away = [one for one in clusters if one.state is ClusterState.UNREACHABLE]
    by_state = sum((Counter(one.jobs) for one in clusters), Counter[str]())
    live = {state: count for state, count in by_state.items() if not states.is_terminal(state)}
    return WallFacts(
        lines=(*_unreachable(away), *lines),
        jobs=sum(live.values()),
        running=live.get("RUNNING", 0),
        unhealthy=sum(one.ill for one in clusters),
        clusters=len(clusters),
        answering=sum(one.state is ClusterState.LIVE for one in clusters),
        connecting=tuple(one.name for one in clusters if one.state is ClusterState.CONNECTING),
        unjudged=sum(one.verdict is None and not states.is_terminal(one.state) for one in facts.jobs),
        listed=all(one.kind for one in clusters if one.state is ClusterState.LIVE),
        rate=facts.rate,
        age=facts.age,
    )


def _rank(line: WallLine) -> tuple[int, int]:
    """The worst severity first, then the order of causes."""
    known = line.kind in _KINDS
    return ON_SCREEN.index(line.severity), Kind(line.kind).rank if known else len(_KINDS)


_KINDS: Final = frozenset(map(str, Kind))


def is_unhealthy(severity: Severity) -> bool:
    """Whether it is shown on the wall: what is only worth knowing is not."""
    return severity.rank < Severity.INFO.rank


def _unhealthy_jobs(jobs: Iterable[FleetJob], *, many: bool) -> Iterator[WallLine]:
    for one in jobs:
        verdict = one.verdict
        if verdict is not None and is_unhealthy(verdict.severity):
            yield WallLine(
                name=one.name,
                cluster=one.cluster if many else "",
                severity=verdict.severity,
                kind=verdict.kind,
                words=verdict.words,
                since=one.since,
            )


def _of_cluster(cluster: ClusterFacts, findings: Iterable[Finding], *, many: bool) -> Iterator[WallLine]:
    """What is wrong with the cluster itself, and with jobs that it does not list."""
    for one in findings:
        if not is_unhealthy(one.severity) or one.kind is Kind.CLUSTER_LOST:
            # A line of its own says which clusters do not answer.
            continue
        yield WallLine(
            name=one.job_name or cluster.name,
            cluster=cluster.name if one.job_name and many else "",
            severity=one.severity,
            kind=str(one.kind),
            words=one.words,
            since=one.since / 1000.0 if one.since is not None else None,
        )


def _unreachable(clusters: Sequence[ClusterFacts]) -> Iterator[WallLine]:
    """One line for all clusters that do not answer: it comes first, and must not hide the others."""
    if not clusters:
        return
    known = [one.since for one in clusters if one.since is not None]
    yield WallLine(
        name=clusters[0].name if len(clusters) == 1 else "",
        severity=Severity.CRITICAL,
        kind=UNREACHABLE,
        words=clusters[0].reason if len(clusters) == 1 else "",
        since=min(known, default=None),
        clusters=tuple(one.name for one in clusters),
    )


# -- of one cluster ------------------------------------------------------------------------------------


def of_one(known: Watched, name: str) -> FleetFacts:
    """One cluster as a fleet of one: of its jobs the unhealthy ones, and those without a verdict."""
    state, since, reason = _reach(known)
    listed, judged = known.value(JOBS_OVERVIEW()), known.judged
    jobs = tuple(_jobs(known, name))
    said = [one.verdict for one in jobs if one.verdict is not None]
    live = state is ClusterState.LIVE
    newest, answered = known.latest(cluster_series("in")), known.link().answered
    rate = newest[1] if live and newest is not None and newest[1] == newest[1] else None
    age = known.now() - answered if live and answered is not None else None
    worst = min(said, key=lambda one: one.severity.rank, default=None)
    kind = "healthy" if listed is not None and judged is not None else ""
    cluster = ClusterFacts(
        name=name,
        url=known.connection.url,
        state=state,
        reason=reason,
        since=since,
        severity=worst.severity if worst is not None else Severity.OK,
        kind=worst.kind if worst is not None else kind,
        words=worst.words if worst is not None else kind,
        ill=len(said),
        jobs=Counter(one.state for one in listed.jobs) if listed is not None else {},
        rate=rate,
        age=age,
    )
    return FleetFacts(clusters=(cluster,), jobs=jobs, rate=rate, age=age)


def _reach(known: Watched) -> tuple[ClusterState, float | None, str]:
    """Whether a cluster answers; since when it does not (s since 1970), and why."""
    link, now = known.link(), known.now()
    if link.error is None:
        return (ClusterState.LIVE if link.answered is not None else ClusterState.CONNECTING), None, ""
    refused = isinstance(link.error, Unauthorized | NotFlink)
    if link.answered is not None and not refused and now - link.since < LOST_SECONDS:
        return ClusterState.LIVE, None, ""
    silent = now - (link.answered if link.answered is not None else link.since)
    again = "; press r to try again" if isinstance(link.error, LoginRefused) else ""
    return ClusterState.UNREACHABLE, known.cluster_time() - silent, f"{link.error.reason}{again}"


def _jobs(known: Known, cluster: str) -> Iterator[FleetJob]:
    """The unhealthy jobs, the worst first, then those that have not ended and have no verdict yet."""
    verdicts = known.judged.verdicts if known.judged is not None else {}
    found = [one for one in verdicts.values() if is_unhealthy(one.severity)]
    for one in sorted(found, key=lambda one: (one.severity.rank, one.name, one.job)):
        first = one.findings[0] if one.findings and one.findings[0].kind == one.kind else None
        yield FleetJob(
            cluster=cluster,
            jid=one.job,
            name=one.name,
            state=one.state,
            verdict=job_verdict(known, one.job),
            since=first.since / 1000.0 if first is not None and first.since is not None else None,
        )
    listed = known.value(JOBS_OVERVIEW())
    for job in listed.jobs if listed is not None else ():
        if job.jid not in verdicts and not states.is_terminal(job.state):
            yield FleetJob(cluster=cluster, jid=job.jid, name=job.name, state=job.state)


# -- over time -----------------------------------------------------------------------------------------


HELD_SECONDS: Final = 60.0
"""For so long a cluster's last rate counts: one that is not on the screen is asked a few times a minute."""


def sums(series: Iterable[Points], since: float, until: float, columns: int) -> list[float | None]:
    """The sum of several series in so many equal columns of time; None where none of them is known.

    A series counts in a column with the mean of its points there, or for a while with the one before.
    """
    found: list[float | None] = [None] * columns
    step = (until - since) / columns
    held = math.ceil(HELD_SECONDS / step)
    for points in series:
        parts: dict[int, list[float]] = {}
        for at, value in points:
            column = math.floor((at - since) / step)
            if 0 <= column < columns and math.isfinite(value):
                parts.setdefault(column, []).append(value)
        last, age = 0.0, held + 1
        for column in range(columns):
            values = parts.get(column)
            last, age = (sum(values) / len(values), 0) if values else (last, age + 1)
            if age <= held:
                before = found[column]
                found[column] = (before if before is not None else 0.0) + last
    return found
