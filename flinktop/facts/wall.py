"""What a wall screen shows of one cluster or of many: what is wrong, since when, and what does not answer."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from flinktop.facts.fleet import UNREACHABLE, ClusterFacts, ClusterState, FleetFacts, FleetJob
from flinktop.facts.verdicts import ON_SCREEN
from flinktop.judgement.finding import Finding, Kind, Severity
from flinktop.model import states

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

    from flinktop.engine.series import Points


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
    known: bool = False  # whether any cluster has answered, so that there is something to count
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


def wall(facts: FleetFacts, findings: Mapping[str, Sequence[Finding]], now: float) -> WallFacts:
    """The wall of these clusters at `now` (s since 1970).

    `findings` are those of each cluster itself, by its name. While some clusters answer, nothing is said of
    jobs of the others; if none does, what was known of them last.
    """
    away = [one for one in facts.clusters if is_away(one)]
    seen = [one for one in facts.clusters if one not in away] or away
    many = len(facts.clusters) > 1
    lines = [
        *_unhealthy_jobs(facts.jobs, {one.name for one in seen}, many=many),
        *(line for one in seen for line in _of_cluster(one, findings.get(one.name, ()), many=many)),
        *_unreachable(away, now),
    ]
    blind = seen == away
    lines.sort(key=lambda line: (not (blind and line.kind == UNREACHABLE), *_rank(line)))
    live = [one for one in seen if one.state is ClusterState.LIVE]
    by_state = sum((Counter(one.jobs) for one in seen), Counter[str]())
    not_ended = {state: count for state, count in by_state.items() if not states.is_terminal(state)}
    names = {one.name for one in live}
    return WallFacts(
        lines=tuple(lines),
        jobs=sum(not_ended.values()),
        running=not_ended.get("RUNNING", 0),
        unhealthy=sum(one.ill for one in seen),
        clusters=len(facts.clusters),
        answering=len(live),
        connecting=tuple(
            one.name for one in seen if one.state is ClusterState.CONNECTING and one not in away
        ),
        unjudged=sum(
            one.verdict is None and not states.is_terminal(one.state)
            for one in facts.jobs
            if one.cluster in names
        ),
        listed=all(one.kind or one.jobs for one in live),
        known=any(one.age is not None for one in seen),
        rate=facts.rate,
        age=facts.age,
    )


def is_away(cluster: ClusterFacts) -> bool:
    """Whether a cluster does not answer; one that is asked for the first time has a while for that."""
    slow = cluster.state is ClusterState.CONNECTING and cluster.kind == UNREACHABLE
    return slow or cluster.state is ClusterState.UNREACHABLE


def _rank(line: WallLine) -> tuple[int, int]:
    """The worst severity first, then the order of causes; that some cluster can't be seen before warnings."""
    known = line.kind in _KINDS
    if line.kind == UNREACHABLE:
        return ON_SCREEN.index(Severity.CRITICAL), len(_KINDS)
    return ON_SCREEN.index(line.severity), Kind(line.kind).rank if known else len(_KINDS)


_KINDS: Final = frozenset(map(str, Kind))


def is_unhealthy(severity: Severity) -> bool:
    """Whether it is shown on the wall: what is only worth knowing is not."""
    return severity.rank < Severity.INFO.rank


def _unhealthy_jobs(jobs: Iterable[FleetJob], clusters: Container[str], *, many: bool) -> Iterator[WallLine]:
    for one in jobs:
        verdict = one.verdict if one.cluster in clusters else None
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


def _unreachable(clusters: Sequence[ClusterFacts], now: float) -> Iterator[WallLine]:
    """One line for all clusters that do not answer: dozens of them must not hide the others."""
    if not clusters:
        return
    single = clusters[0] if len(clusters) == 1 else None
    longest = max((one.since for one in clusters if one.since is not None), default=None)
    yield WallLine(
        name=single.name if single is not None else "",
        severity=Severity.CRITICAL,
        kind=UNREACHABLE,
        words=(single.reason or single.words) if single is not None else "",
        since=now - longest if longest is not None else None,
        clusters=tuple(one.name for one in clusters),
    )


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
