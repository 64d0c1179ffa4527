"""Jobs that failed, that fail again and again, or that restart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from flinktop.flink.exceptions import EXCEPTIONS
from flinktop.flink.metrics import JOB_METRICS
from flinktop.flink.vertices import VERTEX
from flinktop.judgement import failure_chain, failure_words, past_failures, places, restart_counter
from flinktop.judgement.ask import SUSPECTED, USUAL, Ask
from flinktop.judgement.checkpoint_record import fruitless
from flinktop.judgement.failure_chain import RECENT_MS
from flinktop.judgement.failure_origin import Origin
from flinktop.judgement.finding import Culprit, Evidence, Finding, Kind, Severity
from flinktop.judgement.holds import Sign
from flinktop.judgement.past_failures import RESTARTING, has_history
from flinktop.judgement.trails import Note, trail
from flinktop.model import format as fmt
from flinktop.model import states

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flinktop.flink.exceptions import Fault
    from flinktop.judgement.failure_words import Beginning
    from flinktop.judgement.past_failures import PastFailures
    from flinktop.judgement.trails import Trail
    from flinktop.model.look import JobLook

_WHERE: Final = "failures.where"
_WHERE_SECONDS: Final = 1200.0
_RESTARTS_NOW: Final = "failures.restarting"
_RESCALE_MS: Final = 30_000.0
"""So long a rescale of the adaptive scheduler may stay in RESTARTING."""
_ONCE: Final = 86_400.0
_CACHED_MS: Final = 4000.0
"""So long Flink may answer what it knew before."""
_JUST_ENDED_MS: Final = 30_000.0


def notes(look: JobLook) -> Iterator[Note]:
    """The figures to remember until the next look."""
    yield from restart_counter.notes(look)
    if look.job is not None:
        yield Note(_RESTARTS_NOW, look.job.at, float(look.state == "RESTARTING"), keep=600.0)
    failed = places.failed_tasks(look) if _fails_unnamed(look) else None
    if look.job is not None and failed is not None:
        yield where_note(failed, look.job.at)


def remembered(look: JobLook, trails: Mapping[str, Trail]) -> Iterator[Note]:
    """What is remembered of the failures that follow each other; `trails` are those with `notes`."""
    yield from restart_counter.run_notes(look, trails, lambda a, b: fruitless(look, a, b))
    yield from past_failures.notes(look, trails)


def where(trails: Mapping[str, Trail]) -> Culprit | None:
    """The task that was seen FAILED last, where the exceptions may name none."""
    seen = trail(trails, _WHERE)
    found: Culprit | None = seen[-1].value if seen else None
    return found


def where_note(found: Culprit, at: float) -> Note:
    """The note of that at `at` (ms)."""
    return Note(_WHERE, at, found, keep=_WHERE_SECONDS)


def signs(look: JobLook, trails: Mapping[str, Trail]) -> Iterator[Sign]:
    """What this look shows."""
    if look.state == "FAILED":
        yield _failed(look)
    if states.is_terminal(look.state) or look.state == "CANCELLING":
        return
    found = _looping(look, trails) or _restarting(look, trails)
    if found is not None:
        yield found


def asks(look: JobLook, trails: Mapping[str, Trail]) -> Iterator[Ask]:
    """The closer looks that are wanted."""
    failed = places.failed_tasks(look) if _fails_unnamed(look) else None
    if failed is not None and failed.vertex is not None:
        every = _ONCE if look.state == "FAILED" else 10.0
        yield Ask(VERTEX(job=look.listed.jid, vertex=failed.vertex), SUSPECTED, every=every)
    query = EXCEPTIONS(job=look.listed.jid)
    if look.state == "FAILED":
        yield Ask(query, SUSPECTED, every=_ONCE if _is_read(look, _ended(look)) else _unread_every(look))
    elif states.is_terminal(look.state) or look.state == "CANCELLING":
        return
    elif look.state != "RUNNING" or not _is_read(look, restart_counter.last(look, trails)):
        # A loop that is known is read less often than what may become one.
        yield Ask(query, SUSPECTED, every=5.0 if _looping(look, trails) is None else 30.0)
    elif restart_counter.moved(look, trails) or past_failures.current(look, trails):
        yield Ask(query, SUSPECTED, every=30.0)
    elif look.exceptions is None and _may_have_failed(look):
        yield Ask(query, USUAL, every=300.0)


def _may_have_failed(look: JobLook) -> bool:
    """Whether a job that runs has failed before, as far as its counter tells."""
    counted = restart_counter.counter(look)
    return bool(counted.value) if counted is not None else JOB_METRICS.path in look.errors


def _fails_unnamed(look: JobLook) -> bool:
    """Whether a failure is there whose task only the tasks' states tell.

    Of the adaptive scheduler it may be each; of a job that was given up the cause that stands first is that.
    """
    if look.state == "FAILED":
        return True
    return look.adaptive is not False and look.state in {"RESTARTING", "FAILING"}


def _unread_every(look: JobLook) -> float:
    """How often (s) the cause of a job's end is asked for.

    The first answer after the end may come from Flink's cache, without it.
    """
    ended = _ended(look)
    return _CACHED_MS / 1000.0 if ended is not None and look.now - ended < _JUST_ENDED_MS else 10.0


def _is_read(look: JobLook, since: float | None) -> bool:
    """Whether the exceptions were answered so long after something that they tell of it."""
    if since is None:
        return True
    return look.exceptions is not None and look.exceptions.at > since + _CACHED_MS


# -- it ended FAILED -----------------------------------------------------------------------------------


def _failed(look: JobLook) -> Sign:
    fault = _last_fault(look)
    begin = failure_words.beginning(look, fault, cut=False) if fault is not None else None
    ended = _ended(look)
    unread = begin is None and not _is_read(look, ended)
    past = look.replaced or look.features.history_server
    if begin is not None:
        words = f"failed: {failure_words.who(look, begin)}"
    elif unread:
        words = "failed: the job ended FAILED"
    else:
        words = "failed: the job ended FAILED; Flink keeps no exception of it"
    evidence = list(failure_words.cause_evidence(fault)) if fault is not None else []
    if look.replaced:
        evidence.append(Evidence("a job of the same name has started later"))
    finding = Finding(
        kind=Kind.FAILED,
        severity=Severity.INFO if past else Severity.CRITICAL,
        words=words,
        next=failure_words.next_step(begin),
        culprit=begin.culprit if begin is not None else Culprit(),
        evidence=tuple(evidence),
        since=ended,
        unread=unread,
    )
    return Sign(finding=finding, fetched=look.now, lasted=True)


def _ended(look: JobLook) -> float | None:
    ended = look.job.value.timestamps.get("FAILED", 0) if look.job is not None else 0
    ended = ended if ended > 0 else look.listed.end_time
    return float(ended) if ended > 0 else None


def _last_fault(look: JobLook) -> Fault | None:
    """The exception that ended the job: the newest."""
    found = failure_chain.known(look.exceptions.value) if look.exceptions is not None else ()
    return max(found, key=lambda one: one.timestamp, default=None)


# -- it fails again and again --------------------------------------------------------------------------


def _looping(look: JobLook, trails: Mapping[str, Trail]) -> Sign | None:
    past = past_failures.current(look, trails)
    if has_history(look) or (look.exceptions is None and past is not None and past.history):
        loops = past is not None and past.loops
        return _sign(look, trails, Kind.RESTART_LOOP, past, past.count) if past and loops else None
    return _looping_by_counter(look, trails, past) if _only_counts(look) else None


def _looping_by_counter(look: JobLook, trails: Mapping[str, Trail], past: PastFailures | None) -> Sign | None:
    if restart_counter.is_often(look):
        found = restart_counter.counter(look)
        restarts = int(found.value) if found is not None and found.value is not None else 0
        return _sign(look, trails, Kind.RESTART_LOOP, past, restarts, since=float(look.listed.start_time))
    run = restart_counter.run(trails)
    if run is not None and run.loops and (look.now - run.last <= RECENT_MS or look.state in RESTARTING):
        return _sign(look, trails, Kind.RESTART_LOOP, past, run.count, since=run.first)
    return None


def _restarting(look: JobLook, trails: Mapping[str, Trail]) -> Sign | None:
    past = past_failures.current(look, trails)
    if past is not None:
        return _sign(look, trails, Kind.RESTARTING, past, past.count)
    if look.adaptive is not False:
        since = _restarts_since(look, trails)
    elif look.state in RESTARTING:
        entered = look.job.value.timestamps.get(look.state, 0) if look.job is not None else 0
        since = float(entered) if entered > 0 else look.now
    else:
        last = restart_counter.last(look, trails)
        since = last if last is not None and look.now - last <= RECENT_MS else None
    return _sign(look, trails, Kind.RESTARTING, None, 0, since=since) if since is not None else None


def _restarts_since(look: JobLook, trails: Mapping[str, Trail]) -> float | None:
    """Since when the adaptive scheduler restarts; None if not, or so briefly that it may be a rescale."""
    if look.state == "FAILING":
        return look.now
    if look.state != "RESTARTING":
        return None
    since = look.now
    for sample in reversed(trail(trails, _RESTARTS_NOW)):
        if not sample.value:
            break
        since = sample.at
    known = look.job.value.timestamps if look.job is not None else {}
    # The adaptive scheduler cancels its tasks in that state, and shows the times of those.
    entered = known.get("RESTARTING", 0) or known.get("CANCELLING", 0)
    since = min(since, float(entered)) if entered > 0 else since
    return since if look.now - since > _RESCALE_MS else None


def _only_counts(look: JobLook) -> bool:
    """Whether the counter is all that there is; a rescale counts as a restart up to 1.20."""
    if not look.features.has(1, 13) or (look.adaptive is True and not look.features.has(1, 16)):
        return True
    failed = look.exceptions is None and EXCEPTIONS.path in look.errors
    return failed and (look.adaptive is False or look.features.has(2, 0))


# -- the finding ---------------------------------------------------------------------------------------


def _sign(
    look: JobLook,
    trails: Mapping[str, Trail],
    kind: Kind,
    past: PastFailures | None,
    times: int,
    *,
    since: float | None = None,
) -> Sign:
    """`times`: failures, those seen or by the counter; `since`: when it began, if the counter tells that."""
    begin = past.first if past is not None else None
    missed = since is None and past is not None and past.missed
    if begin is not None and since is None:
        since = begin.at
    begin = _placed(begin, trails)
    lasts = max(0.0, look.now - since) if since is not None else 0.0
    later = tuple(one.reason for one in past.later) if past is not None else ()
    if kind is Kind.RESTART_LOOP:
        says = f"restart-loop: {'failed' if past is not None and past.history else 'restarted'}"
        says += f"{' more than' if missed else ''} {times} times"
        says += f" in {fmt.duration(lasts / 1000.0)}"
    else:
        says = f"restarting: {failure_words.state(look, times, missed=missed)}"
    if begin is not None:
        says += f"; {failure_words.ordinal(begin, times)}{failure_words.who(look, begin)}"
    if later:
        says += f"; later also {later[0]}"
    finding = Finding(
        kind=kind,
        severity=Severity.CRITICAL if kind is Kind.RESTART_LOOP else Severity.WARNING,
        words=says,
        next=failure_words.next_step(begin),
        culprit=begin.culprit if begin is not None else Culprit(),
        evidence=(*_evidence(look, past, times, lasts), *_counted(look)),
        since=since,
    )
    return Sign(finding=finding, fetched=look.now, lasted=True)


def _evidence(look: JobLook, past: PastFailures | None, times: int, lasts: float) -> Iterator[Evidence]:
    """How many failures, how often, whether of one cause; `lasts` in ms."""
    if times:
        yield Evidence("failures" if past is not None else "restarts", times)
    if times > 1:
        yield Evidence("within", round(lasts / 1000.0), "s")
    if past is None:
        return
    if past.gap is not None:
        yield Evidence("mean time between failures", round(past.gap / 1000.0, 1), "s")
    if past.count > 1:
        yield Evidence("causes", "different" if past.later else "all the same")
    yield Evidence("last failure ago", max(0, round((look.now - past.last) / 1000.0)), "s")
    yield from past.cause
    for one in past.later[:3]:
        yield Evidence("later cause", one.reason)


def _placed(begin: Beginning | None, trails: Mapping[str, Trail]) -> Beginning | None:
    """With the task that was seen FAILED in one of these failures, where the exception names none."""
    seen = trail(trails, _WHERE)
    unnamed = begin is not None and begin.origin is Origin.PROGRAM and begin.culprit.vertex_name is None
    if begin is None or not unnamed or not seen or seen[-1].at < begin.at:
        return begin
    return replace(begin, culprit=seen[-1].value)


def _counted(look: JobLook) -> Iterator[Evidence]:
    restarts = restart_counter.counter(look)
    if restarts is not None and restarts.value is not None:
        yield Evidence("restarts since the job's start", int(restarts.value))
