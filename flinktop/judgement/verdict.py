"""The verdict on a job: its findings in order, and what is said of it in a word and a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from flinktop.flink.checkpoints import CHECKPOINTS
from flinktop.flink.jobs import JOB
from flinktop.flink.metrics import JOB_METRICS, SUBTASKS_METRICS, VERTEX_METRICS
from flinktop.flink.vertices import VERTEX_BACKPRESSURE
from flinktop.judgement import (
    checkpoints,
    event_time,
    failures,
    flow,
    holds,
    memory,
    operator_errors,
    restored,
    scheduling,
    sources,
    taskmanagers,
    trails,
)
from flinktop.judgement.finding import Evidence, Finding, Kind, Severity
from flinktop.judgement.holds import Held, Key  # noqa: TC001 -- the types of a Struct's fields
from flinktop.judgement.rules import applied
from flinktop.judgement.trails import Note, Trail
from flinktop.model import states

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from flinktop.flink.jobs import JobOverview
    from flinktop.judgement.ask import Ask
    from flinktop.judgement.holds import Sign
    from flinktop.judgement.rules import Rules
    from flinktop.model.look import ClusterLook, JobLook

_SUBJECTS = (failures, scheduling, checkpoints, flow, sources, event_time)
_OF_CLUSTER = (memory, taskmanagers)

EXPLAINS: Final[Mapping[Kind, frozenset[Kind]]] = {
    Kind.NO_SLOTS: frozenset({Kind.RESTARTING, Kind.SLOW_START, Kind.CHECKPOINT_OVERDUE, Kind.UNDER_SCALED}),
    Kind.FAILED: frozenset(Kind) - {Kind.FAILED},
    Kind.RESTART_LOOP: frozenset(
        {Kind.RESTARTING, Kind.SLOW_START, Kind.CHECKPOINTS_FAILING, Kind.CHECKPOINT_OVERDUE, Kind.NO_DATA}
    ),
    Kind.RESTARTING: frozenset(
        {Kind.SLOW_START, Kind.CHECKPOINTS_FAILING, Kind.CHECKPOINT_OVERDUE, Kind.CATCHING_UP}
    ),
    Kind.SLOW_START: frozenset({Kind.CHECKPOINT_OVERDUE, Kind.NO_DATA}),
    Kind.CHECKPOINTS_FAILING: frozenset({Kind.CHECKPOINT_OVERDUE, Kind.CHECKPOINT_SLOW}),
    **dict.fromkeys(
        (Kind.STALLED, Kind.BOTTLENECK, Kind.SKEW),
        frozenset(
            {
                Kind.WATERMARK_STUCK,
                Kind.SOURCE_LAG,
                Kind.CATCHING_UP,
                Kind.CHECKPOINT_OVERDUE,
                Kind.CHECKPOINT_SLOW,
                Kind.NO_DATA,
            }
        ),
    ),
    Kind.CHECKPOINT_OVERDUE: frozenset({Kind.CHECKPOINT_SLOW}),
}
"""What a kind explains of the kinds after it: that stands in its evidence and not in the list."""


_SAID_SECONDS: Final = 30.0
"""Seconds between looks at the flow of a job of which all that is seen is said."""
_OF_FLOW: Final = (VERTEX_BACKPRESSURE, SUBTASKS_METRICS, VERTEX_METRICS)


class Memory(Struct, frozen=True):
    """What must be remembered of a job or a cluster from look to look."""

    held: Mapping[Key, Held] = {}
    trails: Mapping[str, Trail] = {}


class Verdict(Struct, frozen=True, kw_only=True):
    """What is said of one job."""

    job: str  # its id
    name: str
    state: str
    severity: Severity
    kind: str  # of the first finding, or healthy, idle, starting, canceling, finished, canceled, unknown
    words: str
    findings: tuple[Finding, ...] = ()
    at: float = 0.0  # of the oldest figure that it rests on, ms since 1970


def judge_job(
    look: JobLook, before: Memory, *, one_look: bool = False, coarse: bool = False, rules: Rules = ()
) -> tuple[Verdict, Memory]:
    """The verdict after a look at a job.

    With `one_look` nobody looks again: what three fetches agree on holds. `coarse`: nothing was suspected of
    it, so it was not looked at closely. `rules` are those of the config file that are about this job.
    """
    noted = [*_records(look), *(note for subject in _SUBJECTS for note in subject.notes(look))]
    kept = trails.after(before.trails, noted, look.now)
    lasting = [note for subject in (failures, checkpoints) for note in subject.remembered(look, kept)]
    kept = trails.after(kept, lasting, look.now)
    signs = [sign for subject in _SUBJECTS for sign in subject.signs(look, kept)]
    signs += operator_errors.of_job(look)
    # What was wrong with a job while it ran is over with it.
    were_held = {} if states.is_terminal(look.state) else before.held
    unseen = (
        {*flow.unseen(look, kept), *event_time.unseen(look, kept), *restored.unseen(look, were_held)}
        if were_held
        else ()
    )
    held = holds.after(were_held, signs, look.now, one_look=one_look, unseen=unseen)
    found = ordered(applied(rules, holds.raised(held, look.now)))
    return _verdict(look, found, kept, coarse=coarse, held=held), Memory(held, kept)


def judge_held(
    listed: JobOverview, held: Mapping[Key, Held], now: float, rules: Rules = ()
) -> Verdict | None:
    """The verdict by what is remembered alone, before a job was read; None if that is no finding."""
    found = ordered(applied(rules, holds.raised(held, now)))
    if not found:
        return None
    return Verdict(
        job=listed.jid,
        name=listed.name,
        state=listed.state,
        severity=found[0].severity,
        kind=str(found[0].kind),
        words=found[0].words,
        findings=found,
        at=min(one.last for one in held.values()),
    )


def judge_cluster(
    look: ClusterLook, before: Memory, *, one_look: bool = False, rules: Rules = ()
) -> tuple[tuple[Finding, ...], Memory]:
    """The findings of the cluster itself after a look at it."""
    noted = [note for subject in _OF_CLUSTER for note in subject.notes(look)]
    kept = trails.after(before.trails, noted, look.now)
    kept = trails.after(kept, taskmanagers.losses(look, kept), look.now)
    signs: list[Sign] = [sign for subject in _OF_CLUSTER for sign in subject.signs(look, kept)]
    signs += operator_errors.of_cluster(look)
    unseen = frozenset(restored.unseen_of_cluster(look, before.held))
    held = holds.after(before.held, signs, look.now, one_look=one_look, unseen=unseen)
    return ordered(applied(rules, holds.raised(held, look.now))), Memory(held, kept)


def asks(look: JobLook, before: Memory) -> tuple[Ask, ...]:
    """The closer looks that a job needs, first those that matter most."""
    found = [ask for subject in _SUBJECTS for ask in subject.asks(look, before.trails)]
    if before.held and all(one.raised for one in before.held.values()):
        found = [
            replace(ask, every=max(ask.every, _SAID_SECONDS)) if ask.query.endpoint in _OF_FLOW else ask
            for ask in found
        ]
    return tuple(sorted(found, key=lambda ask: (ask.rank, -ask.size)))


def cluster_asks(look: ClusterLook, before: Memory) -> tuple[Ask, ...]:
    """The same for the cluster itself."""
    found = [ask for subject in _OF_CLUSTER for ask in subject.asks(look, before.trails)]
    return tuple(sorted(found, key=lambda ask: (ask.rank, -ask.size)))


def ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """What explains the others first; what is explained stands in the evidence of what explains it.

    A finding that is itself explained explains nothing in the list; its own go to what explains it.
    """
    left = sorted(findings, key=lambda one: one.kind.rank)
    kept: list[Finding] = []
    for one in left:
        cause = next(
            (
                n
                for n, known in enumerate(kept)
                if known.explains and one.kind in EXPLAINS.get(known.kind, ())
            ),
            None,
        )
        if cause is None:
            kept.append(one)
        else:
            evidence = (*kept[cause].evidence, Evidence(f"explains: {one.words}"), *one.evidence)
            kept[cause] = replace(kept[cause], evidence=evidence)
    return tuple(sorted(kept, key=lambda one: (one.severity.rank, one.kind.rank)))


# -- without a finding ---------------------------------------------------------------------------------

_RECORDS = "records"
_SETTLED_MS: Final = 60_000.0
"""A job that has run for so long has figures of its flow."""


def _records(look: JobLook) -> Iterator[Note]:
    """How many records have passed between and, in a chain, within the vertices."""
    if look.job is None:
        return
    totals = [
        number
        for one in look.vertices
        for number in (one.vertex.metrics.records_in, one.vertex.metrics.records_out)
        if number is not None
    ]
    chained = [
        taken
        for one in look.vertices
        for name, taken in one.metrics.items()
        if name.endswith((".numRecordsIn", ".numRecordsOut"))
    ]
    if len(look.vertices) == 1 and chained:
        at = min(taken.at for taken in chained)
        yield Note(_RECORDS, at, sum(taken.value.sum or 0.0 for taken in chained))
    elif len(look.vertices) > 1 and totals:
        yield Note(_RECORDS, look.job.at, sum(totals))


def _verdict(
    look: JobLook,
    found: tuple[Finding, ...],
    kept: Mapping[str, Trail],
    *,
    coarse: bool,
    held: Mapping[Key, Held],
) -> Verdict:
    first = found[0] if found else None
    unknown = None if coarse else _unknown(look)
    if unknown is not None and (first is None or first.severity.rank > Severity.UNKNOWN.rank):
        severity, kind, words = Severity.UNKNOWN, "unknown", unknown
    elif first is not None:
        severity, kind, words = first.severity, str(first.kind), first.words
    else:
        severity, kind = Severity.OK, _kind(look, kept, held)
        words = kind
    return Verdict(
        job=look.listed.jid,
        name=look.listed.name,
        state=look.state,
        severity=severity,
        kind=kind,
        words=words,
        findings=found,
        at=look.job.at if look.job is not None else look.now,
    )


_KINDS: Final[Mapping[str, str]] = {
    "FINISHED": "finished",
    "FAILED": "failed",  # where a rule of the config file hides the finding
    "CANCELED": "canceled",
    "CANCELLING": "canceling",
    "SUSPENDED": "canceled",
}


def _kind(look: JobLook, kept: Mapping[str, Trail], held: Mapping[Key, Held]) -> str:
    if look.state in _KINDS:
        return _KINDS[look.state]
    if look.state != "RUNNING" or not _has_started(look):
        return "starting"
    # Something that is about to be said may be why nothing passes; that no data comes is the same fact.
    why = any(kind is not Kind.NO_DATA for kind, _, _ in held)
    return "idle" if not why and _nothing_passes(trails.trail(kept, _RECORDS)) else "healthy"


def _nothing_passes(records: Trail) -> bool:
    """Whether no record has passed for a whole look: three fetches, or the four of a short while."""
    seen = records[-trails.LAST :]
    if seen and seen[-1].at - seen[0].at > _SHORT_WHILE_MS:
        seen = seen[-3:]
    whole = len(seen) > 1 and seen[-1].at - seen[0].at >= _WHOLE_LOOK_MS
    return whole and all(sample.value == seen[0].value for sample in seen)


def _has_started(look: JobLook) -> bool:
    """Whether all subtasks run; of a batch job, whose subtasks take turns, whether any does or did."""
    counts = {state: count for state, count in states_of(look).items() if count > 0}
    runs = counts.keys() & {"RUNNING", "FINISHED"}
    return bool(runs) if not look.streaming else counts.keys() <= {"RUNNING", "FINISHED"}


_WHOLE_LOOK_MS: Final = 20_000.0  # three fetches of Flink's metrics
_SHORT_WHILE_MS: Final = 45_000.0  # four of them, where Flink is asked as often as it has new ones


def states_of(look: JobLook) -> Mapping[str, int]:
    """Subtasks by state, in upper case."""
    tasks = look.listed.tasks
    if look.job is not None:
        tasks = {}
        for vertex in look.job.value.vertices:
            for state, count in vertex.tasks.items():
                if count:
                    tasks[state] = tasks.get(state, 0) + count
    return {state.upper(): count for state, count in tasks.items() if state.lower() != "total"}


def _unknown(look: JobLook) -> str | None:
    """What could not be read, in a sentence; None if all was."""
    if states.is_terminal(look.state):
        return None
    failed = {path: error for path, error in look.errors.items() if not _is_absence(path, look)}
    if look.job is None:
        error = failed.get(JOB.path)
        return f"unknown: it could not be read ({error.reason})" if error is not None else None
    running = look.job.value.timestamps.get("RUNNING", 0)
    if not look.streaming or look.state != "RUNNING" or not running or look.now - running < _SETTLED_MS:
        return None
    missing = flow.missing(look)
    # What was not asked for yet is not known yet; that is no reason to worry.
    if look.checkpoints is None and CHECKPOINTS.path in failed:
        missing = "its checkpoints could not be read"
    elif not look.metrics and JOB_METRICS.path in failed:
        missing = "its number of restarts could not be read"
    return f"unknown: {missing}" if missing is not None else None


def _is_absence(path: str, look: JobLook) -> bool:
    return path.endswith("/checkpoints") and look.without_checkpoints
