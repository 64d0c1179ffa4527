"""Jobs that failed, that fail again and again, or that restart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from flinktop.flink.exceptions import EXCEPTIONS
from flinktop.flink.metrics import JOB_METRICS
from flinktop.flink.vertices import VERTEX
from flinktop.judgement import failure_chain, failure_words, places, restart_counter
from flinktop.judgement.ask import SUSPECTED, USUAL, Ask
from flinktop.judgement.checkpoint_record import fruitless
from flinktop.judgement.failure_chain import HISTORY, RECENT_MS, Failure
from flinktop.judgement.failure_origin import Origin
from flinktop.judgement.finding import Culprit, Evidence, Finding, Kind, Severity
from flinktop.judgement.holds import Sign
from flinktop.judgement.trails import Note, trail
from flinktop.model import format as fmt
from flinktop.model import states

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from flinktop.flink.exceptions import Fault, JobExceptions
    from flinktop.judgement.failure_words import Beginning
    from flinktop.judgement.trails import Trail
    from flinktop.model.look import JobLook

_FIRST: Final = "failures.first"
_WHERE: Final = "failures.where"
_RESTARTS_NOW: Final = "failures.restarting"
_RESCALE_MS: Final = 30_000.0
"""So long a rescale of the adaptive scheduler may stay in RESTARTING."""
_FOLLOWS_MS: Final = 60_000.0
"""Within this time of a failure its restart begins; then it may wait for long."""
_ONCE: Final = 86_400.0
_CACHED_MS: Final = 4000.0
"""So long Flink may answer what it knew before."""
_RESTARTING = frozenset({"RESTARTING", "FAILING"})


def notes(look: JobLook) -> Iterator[Note]:
    """The figures to remember until the next look."""
    yield from restart_counter.notes(look)
    if look.job is not None:
        yield Note(_RESTARTS_NOW, look.job.at, float(look.state == "RESTARTING"), keep=600.0)
    failed = places.failed_tasks(look) if _fails_unnamed(look) else None
    if look.job is not None and failed is not None:
        yield Note(_WHERE, look.job.at, failed, keep=1200.0)
    if look.exceptions is not None:
        chain = _current(look)
        # Without a history an answer without exceptions is only one that came too late.
        if chain or _has_history(look):
            begin = _beginning(look, chain) if chain else None
            yield Note(_FIRST, look.exceptions.at, begin, first=True)


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
        yield Ask(query, SUSPECTED, every=_ONCE if _is_read(look, _ended(look)) else 10.0)
    elif states.is_terminal(look.state) or look.state == "CANCELLING":
        return
    elif look.state != "RUNNING" or not _is_read(look, restart_counter.last(look, trails)):
        # A loop that is known is read less often than what may become one.
        yield Ask(query, SUSPECTED, every=5.0 if _looping(look, trails) is None else 30.0)
    elif restart_counter.moved(look, trails) or _current(look):
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
    chain = _current(look)
    if _has_history(look):
        times = [one.at for one in chain]
        is_loop = failure_chain.is_loop(times, lambda a, b: fruitless(look, a, b))
        return _sign(look, trails, Kind.RESTART_LOOP, chain, len(chain)) if is_loop else None
    return _looping_by_counter(look, trails, chain) if _only_counts(look) else None


def _looping_by_counter(look: JobLook, trails: Mapping[str, Trail], chain: Sequence[Failure]) -> Sign | None:
    if restart_counter.is_often(look):
        found = restart_counter.counter(look)
        restarts = int(found.value) if found is not None and found.value is not None else 0
        return _sign(look, trails, Kind.RESTART_LOOP, chain, restarts, since=float(look.listed.start_time))
    risen = failure_chain.times_chain(restart_counter.times(look, trails))
    current = bool(risen) and (look.now - risen[-1] <= RECENT_MS or look.state in _RESTARTING)
    if current and failure_chain.is_loop(risen, lambda a, b: fruitless(look, a, b)):
        return _sign(look, trails, Kind.RESTART_LOOP, chain, len(risen), since=risen[0])
    return None


def _restarting(look: JobLook, trails: Mapping[str, Trail]) -> Sign | None:
    chain = _current(look)
    if chain:
        return _sign(look, trails, Kind.RESTARTING, chain, len(chain))
    if look.adaptive is not False:
        since = _restarts_since(look, trails)
    elif look.state in _RESTARTING:
        entered = look.job.value.timestamps.get(look.state, 0) if look.job is not None else 0
        since = float(entered) if entered > 0 else look.now
    else:
        last = restart_counter.last(look, trails)
        since = last if last is not None and look.now - last <= RECENT_MS else None
    return _sign(look, trails, Kind.RESTARTING, (), 0, since=since) if since is not None else None


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


def _current(look: JobLook) -> tuple[Failure, ...]:
    """The failures that follow each other up to now; () if it has run for ten minutes since the last."""
    if look.exceptions is None or states.is_terminal(look.state):
        return ()
    found = failure_chain.chain(_failures(look, look.exceptions.value))
    if not found:
        return ()
    last = found[-1].at
    entered = look.job.value.timestamps if look.job is not None else {}
    restarted = entered.get("RESTARTING", 0)
    if look.adaptive is False and 0 <= restarted - last <= _FOLLOWS_MS:
        # Its restart may have waited for long. A rescale leaves the same mark.
        last = look.now if look.state in _RESTARTING else float(max(restarted, entered.get("RUNNING", 0)))
    return found if look.now - last <= RECENT_MS else ()


def _failures(look: JobLook, answer: JobExceptions) -> tuple[Failure, ...]:
    whole = failure_chain.restarts_whole(look)
    return failure_chain.failures(failure_chain.known(answer), whole=whole)


def _has_history(look: JobLook) -> bool:
    if look.exceptions is None or look.exceptions.value.history is None:
        return False
    # The adaptive scheduler keeps none before 1.16.
    return look.features.has(1, 13) and (look.adaptive is not True or look.features.has(1, 16))


def _only_counts(look: JobLook) -> bool:
    """Whether the counter is all that there is; a rescale counts as a restart up to 1.20."""
    if not look.features.has(1, 13) or (look.adaptive is True and not look.features.has(1, 16)):
        return True
    failed = look.exceptions is None and EXCEPTIONS.path in look.errors
    return failed and (look.adaptive is False or look.features.has(2, 0))


# -- the finding ---------------------------------------------------------------------------------------


def _beginning(look: JobLook, chain: Sequence[Failure]) -> Beginning:
    """The first failure, and whether there may have been earlier ones that Flink has not kept."""
    answer = look.exceptions.value if look.exceptions is not None else None
    entries = answer.history.entries if answer is not None and answer.history is not None else ()
    known = _failures(look, answer) if answer is not None else ()
    is_oldest = bool(known) and chain[0].at <= known[0].at
    restarts = restart_counter.counter(look)
    missing = (
        restarts is not None
        and (restarts.value or 0) > sum(len(one.faults) for one in known)
        # Its rescales count as restarts.
        and (look.adaptive is False or look.features.has(2, 0))
    )
    truncated = answer is not None and (answer.truncated or len(entries) >= HISTORY)
    cut = not _has_history(look) or (is_oldest and (truncated or missing))
    return failure_words.beginning(look, chain[0].first, cut=cut)


def _sign(
    look: JobLook,
    trails: Mapping[str, Trail],
    kind: Kind,
    chain: Sequence[Failure],
    times: int,
    *,
    since: float | None = None,
) -> Sign:
    """`times`: failures, in the history or by the counter."""
    begin = _beginning(look, chain) if chain else None
    kept = trail(trails, _FIRST)
    if kept and _belongs(kept[0].value, begin, since if since is not None else look.now):
        begin = kept[0].value
    # Flink has dropped the first of them, and those that came next are not counted.
    dropped = since is None and begin is not None and bool(chain) and begin.at < chain[0].at
    if begin is not None and since is None:
        since = begin.at
    begin = _placed(begin, trails)
    lasts = max(0.0, look.now - since) if since is not None else 0.0
    later = failure_words.later(chain)
    if kind is Kind.RESTART_LOOP:
        says = f"restart-loop: {'failed' if _has_history(look) else 'restarted'}"
        says += f"{' more than' if dropped else ''} {times} times"
        says += f" in {fmt.duration(lasts / 1000.0)}"
    else:
        says = f"restarting: {failure_words.state(look, times)}"
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
        evidence=(
            *failure_words.evidence(look, chain, times, look.now - chain[0].at if dropped else lasts, later),
            *_counted(look),
        ),
        since=since,
    )
    return Sign(finding=finding, fetched=look.now, lasted=True)


def _placed(begin: Beginning | None, trails: Mapping[str, Trail]) -> Beginning | None:
    """With the task that was seen FAILED in one of these failures, where the exception names none."""
    seen = trail(trails, _WHERE)
    unnamed = begin is not None and begin.origin is Origin.PROGRAM and begin.culprit.vertex_name is None
    if begin is None or not unnamed or not seen or seen[-1].at < begin.at:
        return begin
    return replace(begin, culprit=seen[-1].value)


def _belongs(remembered: Beginning, begin: Beginning | None, since: float) -> bool:
    """Whether a failure that was seen before is the first of those that go on now.

    Only where Flink may have dropped it: else the first of its history is the first.
    """
    if begin is None:
        return remembered.at >= since - RECENT_MS
    return begin.cut and remembered.at < begin.at


def _counted(look: JobLook) -> Iterator[Evidence]:
    restarts = restart_counter.counter(look)
    if restarts is not None and restarts.value is not None:
        yield Evidence("restarts since the job's start", int(restarts.value))
