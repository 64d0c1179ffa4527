"""Findings raised, escalated and cleared, from one round of the judge to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from flinktop.engine.journal.episodes import Episodes, placed, rounded
from flinktop.engine.journal.event import Event, EventKind
from flinktop.flink.text import clean
from flinktop.judgement.finding import OF_CLUSTER, Kind, Severity
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

    @property
    def waits(self) -> bool:
        """Whether some of before the start were not found again yet."""
        return any(one.until for one in self.open.values())


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
    changed = [job for job, verdict in verdicts.items() if before.verdicts.get(job) is not verdict]
    ended = [job for job in before.verdicts if job not in verdicts]
    over = any(0 < one.until <= now for one in before.open.values()) if before.waits else False
    if not changed and not ended and not over and of_cluster is before.of_cluster:
        return before, ()
    events: list[Event] = []
    after = Findings(dict(before.open), verdicts, of_cluster, dict(before.closed), dict(before.episodes))
    for job in changed:
        verdict = verdicts[job]
        why = f"the job ended {verdict.state}" if states.is_terminal(verdict.state) else ""
        events += _told(after, job, verdict.name, verdict.findings, now, why=why)
    for job in ended:
        events += _told(after, job, before.verdicts[job].name, (), now, why="the job is not listed any more")
        _forget(after, job)
    if of_cluster is not before.of_cluster:
        events += _told(after, "", "", of_cluster, now)
    if over:
        events += _given_up(after, now)
    return after, tuple(events)


def _forget(after: Findings, job: str) -> None:
    """Forget a job that is not listed any more; `after` is being made."""
    episodes: dict[str, Episodes] = after.episodes  # type: ignore[assignment]  # made by the caller
    closed: dict[_Name, str] = after.closed  # type: ignore[assignment]  # as well
    episodes.pop(job, None)
    for name in [name for name in closed if name[0] == job]:
        del closed[name]


def _told(
    after: Findings, job: str, job_name: str, found: Iterable[Finding], now: float, *, why: str = ""
) -> Iterator[Event]:
    """The changes of one job's findings, or of the cluster's; `after` is being made, and is changed."""
    known: dict[_Name, Open] = after.open  # type: ignore[assignment]  # made above
    listed: dict[_Name, Finding] = {(job, one.kind, _part(one)): one for one in reversed(tuple(found))}
    explained = frozenset(
        evidence.what.partition(": ")[2].partition(":")[0]
        for one in listed.values()
        for evidence in one.evidence
        if evidence.what.startswith("explains: ")
    )
    awaited = [one.kind for one in known.values() if one.job == job and one.until]
    for name, finding in listed.items():
        one = known.get(name)
        if one is None and any(finding.kind in EXPLAINS.get(kind, ()) for kind in awaited):
            continue  # what explained it before the start mostly comes next
        if one is None:
            known[name] = one = _opened(after, name, job_name, finding, now)
            yield _event(after, one, EventKind.RAISED, finding.words, now, finding=finding)
        elif finding.severity.rank < Severity.INFO.rank <= one.severity.rank:
            # What was for information alone is raised when it is more.
            known[name] = one = _opened(after, name, job_name, finding, now, again=True)
            yield _event(after, one, EventKind.RAISED, finding.words, now, finding=finding)
        elif finding.severity.rank < one.severity.rank:
            known[name] = replace(one, severity=finding.severity, until=0.0)
            words = f"now {finding.severity}: {finding.words}"
            yield _event(after, known[name], EventKind.ESCALATED, words, now, finding=finding)
        elif one.severity.rank < Severity.INFO.rank <= finding.severity.rank:
            # It says so still, and is no reason to worry any more.
            yield _cleared(after, one, now, "only for information now")
            known[name] = replace(one, severity=finding.severity, until=0.0)
        elif one.until:
            known[name] = replace(one, until=0.0)
    for name, one in [(name, one) for name, one in known.items() if name[0] == job]:
        is_over = name not in listed and one.kind not in explained
        if is_over and (not one.until or why or now >= one.until):
            del known[name]
            is_loop = one.kind is Kind.RESTARTING and (job, Kind.RESTART_LOOP, "") in listed
            yield _cleared(after, one, now, "it is a restart loop now" if is_loop else why)


def _given_up(after: Findings, now: float) -> Iterator[Event]:
    """Those of before the start that were not found again."""
    known: dict[_Name, Open] = after.open  # type: ignore[assignment]  # made by the caller
    for name, one in [(name, one) for name, one in known.items() if 0 < one.until <= now]:
        del known[name]
        yield _cleared(after, one, now, "not found again after a restart of flinktop")


def _part(finding: Finding) -> str:
    """What tells findings of one kind of a cluster apart; a job has one of each kind."""
    if finding.kind in OF_CLUSTER:
        return finding.culprit.taskmanager or ""
    if finding.kind in {Kind.JOB_LOST, Kind.JOB_MISSING}:
        # The name stands in the words; what follows it may change.
        return clean(finding.words).split(":")[1].strip() if finding.words.count(":") else ""
    return ""


def _opened(
    after: Findings, name: _Name, job_name: str, finding: Finding, now: float, *, again: bool = False
) -> Open:
    # By Flink's times it is mostly the same for two flinktops; by ours it is rounded.
    mark = rounded(finding.since if finding.since is not None and finding.since > 0 else now)
    if again or after.closed.get(name, "").startswith(mark):
        mark += rounded(now)
    return Open(name[0], finding.kind, name[2], job_name, finding.severity, now, mark)


def _cleared(after: Findings, one: Open, now: float, why: str) -> Event:
    closed: dict[_Name, str] = after.closed  # type: ignore[assignment]  # made by the caller
    closed[one.job, one.kind, one.part] = one.mark
    lasted = fmt.duration(max(0.0, now - one.raised) / 1000.0)
    words = f"{one.kind} cleared after {lasted}" + (f": {why}" if why else "")
    return _event(after, one, EventKind.CLEARED, words, now)


def _event(
    after: Findings, one: Open, kind: EventKind, words: str, now: float, *, finding: Finding | None = None
) -> Event:
    culprit = finding.culprit if finding is not None else None
    episodes: dict[str, Episodes] = after.episodes  # type: ignore[assignment]  # made by the caller
    for_information = one.severity.rank >= Severity.INFO.rank
    name = f"{kind} {one.kind} {one.part}"
    if for_information:
        # A day of UTC is the same for everybody, whenever flinktop started.
        group = f"{name} {now - now % DAY_MS:.0f}"
    else:
        episodes[one.job], group, _ = placed(episodes.get(one.job, {}), name, now)
    severity = one.severity if kind is not EventKind.CLEARED else Severity.OK
    worse = f" {one.severity}" if kind is EventKind.ESCALATED else ""
    return Event(
        at=now,
        cluster="",
        kind=kind,
        words=redaction.text(clean(words)),
        key=f"{kind} {one.job} {one.kind} {one.part} {one.mark}{worse}",
        job=one.job,
        job_name=one.job_name,
        severity=severity,
        group=group,
        vertex=(culprit.vertex or "") if culprit is not None else "",
        vertex_name=clean(culprit.vertex_name or "") if culprit is not None else "",
        subtask=culprit.subtasks[0] if culprit is not None and len(culprit.subtasks) == 1 else None,
        taskmanager=culprit.taskmanager if culprit is not None else None,
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
