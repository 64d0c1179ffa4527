"""States of jobs: started, restarting, running again, ended, gone from Flink's list.

Flink's own times of states come with /jobs/:jobid. The list of jobs shows a change earlier, without its
time: it waits for that answer, and on a cluster where that takes too long its time is ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from flinktop.engine.journal.episodes import Episodes, placed, rounded
from flinktop.engine.journal.event import Event, EventKind
from flinktop.judgement.finding import Severity
from flinktop.model import format as fmt
from flinktop.model import states

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from flinktop.engine.journal.event import KnownJob
    from flinktop.flink.jobs import Job, JobOverview, JobsOverview

GONE_MS: Final = 60_000.0
"""A job that is not listed for so long is gone: a JobManager that takes over lists its jobs one by one."""
WAIT_MS: Final = 60_000.0
"""So long a change of state waits for Flink's own time of it."""
CACHED_MS: Final = 4_000.0
"""So long Flink may answer what it knew before."""
SLOW_START_MS: Final = 60_000.0
"""A job that ran only so long after its start waited for something."""
BEFORE_START_MS: Final = 10_000.0
"""A default scheduler creates a job within this time of its start; the adaptive one with each restart."""
PASSES_MS: Final = 5_000.0
"""A job that fails or is canceled is in between for a moment: longer than this is an event."""
_PASSING: Final = frozenset({"FAILING", "CANCELLING"})
_MOST_PENDING: Final = 4
_BEGINS: Final = frozenset({"INITIALIZING", "CREATED"})
_SEVERITIES: Final = {
    "RESTARTING": Severity.WARNING,
    "FAILING": Severity.WARNING,
    "SUSPENDED": Severity.WARNING,
    "RECONCILING": Severity.INFO,
    "CANCELLING": Severity.INFO,
    "FAILED": Severity.CRITICAL,
}


class Pending(Struct, frozen=True):
    """A change of state whose time by Flink is not known yet; times in ms since 1970."""

    state: str
    seen: float  # when an answer showed it
    at: float  # when it happened, as far as that answer tells


class Listed(Struct, frozen=True):
    """What was known last of a job that Flink lists; times in ms since 1970."""

    name: str
    state: str
    start: float
    end: float
    old: bool  # whether it was listed before flinktop looked
    entered: Mapping[str, float] = {}  # when states were entered, of those that are recorded
    pending: tuple[Pending, ...] = ()
    episodes: Episodes = {}


class Missing(Struct, frozen=True):
    """A job that had not ended and is not listed."""

    job: Listed
    since: float  # the first answer without it, ms since 1970


class Jobs(Struct, frozen=True):
    """The jobs of a cluster."""

    listed: Mapping[str, Listed] = {}  # by id
    missing: Mapping[str, Missing] = {}
    at: float | None = None  # of the newest list, ms since 1970; None before the first


def remembered(known: Iterable[KnownJob], since: float, episodes: Mapping[str, Episodes]) -> Jobs:
    """The jobs that had not ended when they were seen last, if that was not before `since` (ms)."""
    return Jobs(
        {
            one.job: Listed(
                one.name, one.state, one.start, one.end, old=True, episodes=episodes.get(one.job, {})
            )
            for one in known
            if not states.is_terminal(one.state) and one.seen >= since
        }
    )


# -- the list of jobs ----------------------------------------------------------------------------------


def listed(before: Jobs, answer: JobsOverview, at: float) -> tuple[Jobs, tuple[Event, ...]]:
    """The jobs after a list of them that came at `at` (ms since 1970)."""
    now: dict[str, Listed] = {}
    events: list[Event] = []
    for row in answer.jobs:
        known = before.listed.get(row.jid)
        if known is None and (away := before.missing.get(row.jid)) is not None:
            known = away.job
        if known is None or (known.state, known.start, known.end) != (
            row.state,
            row.start_time,
            row.end_time,
        ):
            known, found = _changed(known, row, at, before.at)
            events += found
        now[row.jid] = known
    missing = {job: one for job, one in before.missing.items() if job not in now}
    for job, known in before.listed.items():
        if job not in now and not states.is_terminal(known.state):
            missing[job] = Missing(known, at)
    return Jobs(now, missing, at), tuple(events)


def _changed(
    known: Listed | None, row: JobOverview, at: float, looked: float | None
) -> tuple[Listed, tuple[Event, ...]]:
    """A job that is new or has changed. `looked` is the time of the list before; None if it is the first."""
    events: list[Event] = []
    again = known is not None and known.start > 0 and row.start_time > known.start
    if known is None or again:
        events.append(_started(row, at, again=again))
    before = known if known is not None and not again else None
    after = Listed(
        name=row.name,
        state=row.state,
        start=float(row.start_time),
        end=float(row.end_time),
        old=known.old if known is not None else looked is None,
        entered=before.entered if before is not None else {},
        pending=before.pending if before is not None else (),
        episodes=known.episodes if known is not None else {},
    )
    if before is not None and before.state == row.state:
        return after, tuple(events)
    if states.is_terminal(row.state):
        events.append(_ended(row, at))
    elif _is_told(before, row.state):
        moved = float(row.last_modification)
        is_new = looked is not None and looked < moved <= at
        pending = (*after.pending, Pending(row.state, at, moved if is_new else at))
        after = replace(after, pending=pending[-_MOST_PENDING:])
    return after, tuple(events)


def _is_told(before: Listed | None, state: str) -> bool:
    """Whether a state is an event: not how a job begins, nor that it runs after that."""
    if state in _BEGINS:
        return False
    return state != "RUNNING" or (before is not None and before.state not in _BEGINS)


def _started(row: JobOverview, at: float, *, again: bool) -> Event:
    known = row.start_time > 0
    return Event(
        at=float(row.start_time) if known else at,
        cluster="",
        kind=EventKind.JOB_STARTED,
        words="job started again, recovered by another JobManager" if again else "job started",
        key=f"started {row.jid} {row.start_time if known else rounded(at)}",
        job=row.jid,
        job_name=row.name,
    )


def _ended(row: JobOverview, at: float) -> Event:
    known = row.end_time > 0
    lasted = (row.end_time - row.start_time) / 1000.0 if known and row.start_time > 0 else None
    return Event(
        at=float(row.end_time) if known else at,
        cluster="",
        kind=EventKind.JOB_ENDED,
        words=f"job ended {row.state}" + (f" after {fmt.duration(lasted)}" if lasted is not None else ""),
        key=f"ended {row.jid} {row.end_time if known else rounded(at)}",
        job=row.jid,
        job_name=row.name,
        severity=_SEVERITIES.get(row.state, Severity.OK),
    )


def gone(before: Jobs, now: float) -> tuple[Jobs, tuple[Event, ...]]:
    """The jobs after what waited long enough at `now` (ms since 1970): jobs that are gone, states."""
    events: list[Event] = []
    over = {job: one for job, one in before.missing.items() if now - one.since >= GONE_MS}
    for job, one in over.items():
        events.append(
            Event(
                at=one.since,
                cluster="",
                kind=EventKind.JOB_GONE,
                words=f"job is not listed any more; it was {one.job.state or fmt.UNKNOWN}",
                key=f"gone {job} {one.job.start:.0f}",
                job=job,
                job_name=one.job.name,
                severity=Severity.WARNING,
            )
        )
    changed: dict[str, Listed] = {}
    for job, known in before.listed.items():
        if known.pending and now - known.pending[0].seen >= WAIT_MS:
            late = tuple(one for one in known.pending if now - one.seen >= WAIT_MS)
            changed[job], found = _unexplained(job, known, late)
            events += found
    if not over and not changed:
        return before, ()
    missing = {job: one for job, one in before.missing.items() if job not in over}
    return replace(before, listed={**before.listed, **changed}, missing=missing), tuple(events)


# -- one job -------------------------------------------------------------------------------------------


def detailed(known: Listed, job: Job, at: float) -> tuple[Listed, tuple[Event, ...]]:
    """A listed job after /jobs/:jobid that came at `at` (ms since 1970), with Flink's times of its states."""
    entered = {state: float(since) for state, since in job.timestamps.items() if since > 0}
    if job.state == "RESTARTING" and "RESTARTING" not in entered and "CANCELLING" in entered:
        # The adaptive scheduler has no time of that state: it begins by canceling the tasks.
        entered["RESTARTING"] = entered.pop("CANCELLING")
    for state in _PASSING:
        since = entered.get(state, 0.0)
        if since > known.entered.get(state, 0.0) and job.state == state and at - since < PASSES_MS:
            del entered[state]  # it is said when it lasts
    if entered == known.entered and not known.pending:
        return known, ()
    new = {state: since for state, since in entered.items() if since > known.entered.get(state, 0.0)}
    events: list[Event] = []
    after = replace(known, entered={**known.entered, **entered})
    for state, since in sorted(new.items(), key=lambda one: one[1]):
        words = _words(known, job, entered, state, since)
        if words:
            after, event = _state(job.jid, after, state, since, words, exact=True)
            events.append(event)
    settled = tuple(one for one in after.pending if at >= one.seen + CACHED_MS or one.state in new)
    waiting = tuple(one for one in after.pending if one not in settled)
    told = tuple(one for one in settled if _is_dated(one, entered) or one.state in _PASSING)
    after, found = _unexplained(
        job.jid, replace(after, pending=settled), tuple(one for one in settled if one not in told)
    )
    return replace(after, pending=waiting), (*events, *found)


def _is_dated(pending: Pending, entered: Mapping[str, float]) -> bool:
    """Whether Flink's times tell of a change of state; a later entry into the same state does, too."""
    return entered.get(pending.state, 0.0) > pending.at - WAIT_MS


def _unexplained(job: str, known: Listed, late: tuple[Pending, ...]) -> tuple[Listed, tuple[Event, ...]]:
    """States that were seen and of which Flink gives no time."""
    events: list[Event] = []
    for one in late:
        words = "job runs again" if one.state == "RUNNING" else f"job is {one.state}"
        known, event = _state(job, known, one.state, one.at, words, exact=False)
        events.append(event)
    return replace(known, pending=tuple(one for one in known.pending if one not in late)), tuple(events)


def _state(
    job: str, known: Listed, state: str, at: float, words: str, *, exact: bool
) -> tuple[Listed, Event]:
    episodes, group, _ = placed(known.episodes, f"state {state}", at)
    event = Event(
        at=at,
        cluster="",
        kind=EventKind.JOB_STATE,
        words=words,
        key=f"state {job} {state} {f'{at:.0f}' if exact else rounded(at)}",
        job=job,
        job_name=known.name,
        severity=_SEVERITIES.get(state, Severity.OK),
        group=group,
    )
    return replace(known, episodes=episodes), event


def _words(known: Listed, job: Job, entered: Mapping[str, float], state: str, since: float) -> str:
    """What is said of a state that was entered; "" for what is said elsewhere, or of no interest."""
    if state == "RUNNING":
        return _runs(known, job, entered, since)
    has_passed = state in _PASSING and job.state != state
    if state in _BEGINS or states.is_terminal(state) or has_passed:
        return ""
    return f"job is {state}"


def _runs(known: Listed, job: Job, entered: Mapping[str, float], since: float) -> str:
    restarted, ran = entered.get("RESTARTING", 0.0), known.entered.get("RUNNING", 0.0)
    if not restarted and known.entered.get("RESTARTING", 0.0) > ran:
        restarted = known.entered["RESTARTING"]  # the adaptive scheduler has it only while it lasts
    if 0 < restarted <= since:
        return f"job runs again after {fmt.milliseconds(since - restarted)}"
    if ran:
        return "job runs again"
    created = entered.get("CREATED", 0.0)
    if restarted or job.start_time <= 0 or since - job.start_time < SLOW_START_MS:
        return ""
    if 0 < created <= job.start_time + BEFORE_START_MS:
        return f"job runs, {fmt.milliseconds(since - job.start_time)} after it was started"
    return ""
