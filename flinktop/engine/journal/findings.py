"""Findings raised, escalated and cleared, from one round of the judge to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from flinktop.engine.journal.episodes import Episodes, placed, rounded
from flinktop.engine.journal.event import Event, EventKind
from flinktop.flink.text import clean
from flinktop.judgement.finding import OF_CLUSTER, Culprit, Kind, Severity
from flinktop.judgement.verdict import EXPLAINS
from flinktop.model import format as fmt
from flinktop.model import redaction, states

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from flinktop.judgement.finding import Finding
    from flinktop.judgement.verdict import Verdict

GRACE_MS: Final = 900_000.0
"""So long a finding of before the start may take to be found again: most must last before they are raised."""
DAY_MS: Final = 86_400_000.0
"""Of a kind that is for information alone a job has one row of the journal for what comes within a day."""

UNREAD_MS: Final = 60_000.0
"""So long the cause of a failure is waited for, from when that was seen first, before it is an event: of many
jobs that failed before the start the causes are read one after the other."""

_Name = tuple[str, Kind, str]
"""Job ("" is the cluster), kind, and what tells findings of one kind apart."""


class Open(Struct, frozen=True):
    """A finding that was raised; times are ms since 1970."""

    job: str
    kind: Kind
    part: str
    job_name: str
    severity: Severity  # the worst that it was
    raised: float
    mark: str  # of its keys, in all that becomes of it
    until: float = 0.0  # found before the start, and not found again yet: until when that is waited for


class Findings(Struct, frozen=True):
    """The findings of a cluster."""

    open: Mapping[_Name, Open] = {}
    verdicts: Mapping[str, Verdict] = {}  # of the round before, by job
    of_cluster: tuple[Finding, ...] | None = None
    closed: Mapping[_Name, str] = {}
    """The marks of those that were cleared last: one that comes back with the same mark is another."""
    episodes: Mapping[str, Episodes] = {}  # by job
    unread: Mapping[str, float] = {}
    """Since when (ms) the cause of a failure of these jobs has been waited for."""


def remembered(kept: Iterable[bytes], now: float, episodes: Mapping[str, Episodes]) -> Findings:
    """The findings that were open when flinktop looked last, as `kept` has written them; `now` in ms."""
    found: dict[_Name, Open] = {}
    for value in kept:
        try:
            one = msgspec.json.decode(value, type=Open)
        except msgspec.MsgspecError:
            continue
        found[one.job, one.kind, one.part] = replace(one, until=now + GRACE_MS)
    return Findings(found, episodes=episodes)


def kept(before: Findings, after: Findings) -> Iterator[tuple[str, bytes | None]]:
    """What is to be remembered until the next start, by key; None for what is over."""
    for name, one in after.open.items():
        if before.open.get(name) is not one:
            yield "\n".join(name), msgspec.json.encode(replace(one, until=0.0))
    for name in before.open.keys() - after.open.keys():
        yield "\n".join(name), None


def judged(
    before: Findings,
    verdicts: Mapping[str, Verdict],
    of_cluster: tuple[Finding, ...],
    now: float,
) -> tuple[Findings, tuple[Event, ...]]:
    """The findings after a round of the judge at `now` (ms since 1970)."""
    unread = {job: before.unread.get(job, now) for job, verdict in verdicts.items() if _is_unread(verdict)}
    if unread != before.unread:
        before = replace(before, unread=unread)
    waits = {job: before.verdicts.get(job) for job, since in unread.items() if now - since < UNREAD_MS}
    if waits:
        verdicts = {job: one for job in verdicts if (one := waits.get(job, verdicts[job])) is not None}
    changed = [job for job, verdict in verdicts.items() if before.verdicts.get(job) is not verdict]
    ended = [job for job in before.verdicts if job not in verdicts]
    given_up = [name for name, one in before.open.items() if 0 < one.until <= now]
    if not changed and not ended and not given_up and of_cluster is before.of_cluster:
        return before, ()
    making = _Making(before, now)
    for job in changed:
        verdict = verdicts[job]
        why = f"the job ended {verdict.state}" if states.is_terminal(verdict.state) else ""
        making.take(job, verdict.name, verdict.findings, why)
    for job in ended:
        making.take(job, before.verdicts[job].name, (), "the job is not listed any more")
        making.forget(job)
    if of_cluster is not before.of_cluster:
        making.take("", "", of_cluster)
    for name in given_up:
        making.give_up(name)
    return making.made(verdicts, of_cluster), tuple(making.events)


def _is_unread(verdict: Verdict) -> bool:
    """Whether what is found will soon be known better."""
    return any(one.unread for one in verdict.findings)


class _Making:
    """The findings after a round, while they are made, and what has happened to them."""

    def __init__(self, before: Findings, now: float) -> None:
        self.events: list[Event] = []
        self._before = before
        self._open = dict(before.open)
        self._closed = dict(before.closed)
        self._episodes = dict(before.episodes)
        self._now = now

    def made(self, verdicts: Mapping[str, Verdict], of_cluster: tuple[Finding, ...]) -> Findings:
        return replace(
            self._before,
            open=self._open,
            verdicts=verdicts,
            of_cluster=of_cluster,
            closed=self._closed,
            episodes=self._episodes,
        )

    def take(self, job: str, job_name: str, found: Iterable[Finding], why: str = "") -> None:
        """Take the findings of a job, or of the cluster; `why` those that are not there are over."""
        listed: dict[_Name, Finding] = {(job, one.kind, _part(one)): one for one in reversed(tuple(found))}
        awaited = [one.kind for one in self._open.values() if one.job == job and one.until]
        for name, finding in listed.items():
            one = self._open.get(name)
            if one is not None:
                self._still(name, one, finding)
            elif not any(finding.kind in EXPLAINS.get(kind, ()) for kind in awaited):
                self._raise(name, job_name, finding)
            # Else: what explained it before the start mostly comes next.
        explained = _explained(listed.values())
        for name, one in [(name, one) for name, one in self._open.items() if name[0] == job]:
            is_over = name not in listed and one.kind not in explained
            if is_over and (not one.until or why):
                is_loop = one.kind is Kind.RESTARTING and (job, Kind.RESTART_LOOP, "") in listed
                self._clear(name, "it is a restart loop now" if is_loop else why)

    def give_up(self, name: _Name) -> None:
        """One of before the start was not found again."""
        one = self._open.get(name)
        if one is not None and one.until:
            self._clear(name, "not found again after a restart of flinktop")

    def forget(self, job: str) -> None:
        """Forget a job that is not listed any more."""
        self._episodes.pop(job, None)
        self._closed = {name: mark for name, mark in self._closed.items() if name[0] != job}

    def _still(self, name: _Name, one: Open, finding: Finding) -> None:
        """Take one that was there before."""
        is_more, was_more = (rank < Severity.INFO.rank for rank in (finding.severity.rank, one.severity.rank))
        if is_more and not was_more:
            # What was for information alone is raised when it is more.
            self._raise(name, one.job_name, finding, again=True)
        elif finding.severity.rank < one.severity.rank:
            self._open[name] = replace(one, severity=finding.severity, until=0.0)
            words = f"now {finding.severity}: {finding.words}"
            self._tell(self._open[name], EventKind.ESCALATED, words, finding)
        elif was_more and not is_more:
            self._clear(name, "only for information now")
            self._open[name] = replace(one, severity=finding.severity, until=0.0)
        elif one.until:
            self._open[name] = replace(one, until=0.0)

    def _raise(self, name: _Name, job_name: str, finding: Finding, *, again: bool = False) -> None:
        # By Flink's times it is mostly the same for two flinktops; by ours it is rounded.
        mark = rounded(finding.since if finding.since is not None and finding.since > 0 else self._now)
        if again or self._closed.get(name, "").startswith(mark):
            mark += rounded(self._now)
        job, kind, part = name
        self._open[name] = Open(job, kind, part, job_name, finding.severity, self._now, mark)
        self._tell(self._open[name], EventKind.RAISED, finding.words, finding)

    def _clear(self, name: _Name, why: str) -> None:
        one = self._open.pop(name)
        self._closed[name] = one.mark
        lasted = fmt.duration(max(0.0, self._now - one.raised) / 1000.0)
        self._tell(one, EventKind.CLEARED, f"{one.kind} cleared after {lasted}" + (f": {why}" if why else ""))

    def _tell(self, one: Open, kind: EventKind, words: str, finding: Finding | None = None) -> None:
        name = f"{kind} {one.kind} {one.part}"
        if one.severity.rank >= Severity.INFO.rank:
            # A day of UTC is the same for everybody, whenever flinktop started.
            group = f"{name} {self._now - self._now % DAY_MS:.0f}"
        else:
            known = self._episodes.get(one.job, {})
            self._episodes[one.job], group, _ = placed(known, name, self._now)
        self.events.append(_event(one, kind, words, self._now, group=group, finding=finding))


def _explained(found: Iterable[Finding]) -> frozenset[str]:
    """The kinds that these explain: they are there, and stand in their evidence."""
    return frozenset(
        evidence.what.partition(": ")[2].partition(":")[0]
        for one in found
        for evidence in one.evidence
        if evidence.what.startswith("explains: ")
    )


def _part(finding: Finding) -> str:
    """What tells findings of one kind of a cluster apart; a job has one of each kind."""
    if finding.kind in OF_CLUSTER:
        return finding.culprit.taskmanager or ""
    if finding.kind in {Kind.JOB_LOST, Kind.JOB_MISSING}:
        # The name stands in the words; what follows it may change.
        return clean(finding.words).split(":")[1].strip() if finding.words.count(":") else ""
    return ""


def _event(
    one: Open, kind: EventKind, words: str, now: float, *, group: str, finding: Finding | None
) -> Event:
    culprit = finding.culprit if finding is not None else Culprit()
    worse = f" {one.severity}" if kind is EventKind.ESCALATED else ""
    return Event(
        at=now,
        cluster="",
        kind=kind,
        words=redaction.text(clean(words)),
        key=f"{kind} {one.job} {one.kind} {one.part} {one.mark}{worse}",
        job=one.job,
        job_name=one.job_name,
        severity=Severity.OK if kind is EventKind.CLEARED else one.severity,
        group=group,
        vertex=culprit.vertex or "",
        vertex_name=clean(culprit.vertex_name or ""),
        subtask=culprit.subtasks[0] if len(culprit.subtasks) == 1 else None,
        taskmanager=culprit.taskmanager,
        finding=str(one.kind),
        details=_details(finding, now) if finding is not None else "",
    )


def _details(finding: Finding, now: float) -> str:
    lines = []
    if finding.since is not None and 0 < finding.since < now - 1000.0:
        lines.append(f"since: {fmt.moment(finding.since / 1000.0, None)}")
    if finding.next:
        lines.append(f"next: {finding.next}")
    return "\n".join(redaction.text(clean(line)) for line in lines)
