"""The failures of a job that follow each other up to now, also those that Flink has dropped from its history.

Flink keeps 16. What each look finds is added to what was known before: when the first failure was, how many
there were since, and whether some may have come while nobody looked.
"""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from flinktop.flink.exceptions import Fault
from flinktop.judgement import failure_chain, failure_origin, failure_words, restart_counter
from flinktop.judgement.checkpoint_record import fruitless
from flinktop.judgement.failure_chain import HISTORY, RECENT_MS
from flinktop.judgement.failure_words import Beginning  # noqa: TC001 -- the types of a Struct's fields
from flinktop.judgement.finding import Evidence  # noqa: TC001 -- the same
from flinktop.judgement.trails import Note, trail
from flinktop.model import faults, states

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from flinktop.flink.exceptions import JobExceptions
    from flinktop.judgement.failure_chain import Failure
    from flinktop.judgement.trails import Trail
    from flinktop.model.look import JobLook

RESTARTING: Final = frozenset({"RESTARTING", "FAILING"})
_NAME: Final = "failures.past"
_KEPT: Final = 24
"""Failures whose exceptions are known again when Flink answers them again: more than it keeps."""
_FOLLOWS_MS: Final = 60_000.0
"""Within this time of a failure its restart begins; then it may wait for long."""
_SAME_MS: Final = 1000.0
_MOST_CAUSES: Final = 4
_MOST_OTHERS: Final = 32
_MOST_NUMBERS: Final = 64  # characters after a task's name: its subtask and attempt
_HASHED: Final = re.compile(r"#[0-9a-f]{16}(?: |$)")
_OFTEN: Final = 2
"""Restarts in ten minutes, as a mean, by which failures that nobody saw connect those before and after."""

_Id = tuple[int, str]  # of an exception: its time and its task


class Later(Struct, frozen=True):
    """A cause of later failures that is not that of the first."""

    place: str  # a hash of where it was thrown
    reason: str


class Known(Struct, frozen=True, array_like=True):
    """As much of an exception as tells whether another is of the same failure."""

    at: int  # ms since 1970
    task: str | None  # a hash with subtask and attempt
    others: tuple[str, ...] = ()  # the same of the tasks that failed with it


class PastFailures(Struct, frozen=True, kw_only=True):
    """Failures that follow each other within ten minutes. Times are ms since 1970."""

    first: Beginning
    last: float  # when the newest was
    count: int  # how many were seen
    missed: bool = False  # whether others may have come in between that nobody saw
    history: bool = True  # whether Flink keeps one: without it the counter tells how many there were
    loops: bool = False  # whether three of them in a row were a loop
    cause: tuple[Evidence, ...] = ()  # of the first
    place: str = ""  # a hash of where the first was thrown
    later: tuple[Later, ...] = ()
    faults: tuple[Known, ...] = ()  # the exceptions of the newest of them, newest first
    older: int = 0  # failures before those
    older_last: float = 0.0  # up to when these were
    restarts: float | None = None  # by the job's counter at the newest look
    earlier: PastFailures | None = None
    """Those before a time without looks, until the counter tells whether it went on failing meanwhile."""

    @property
    def gap(self) -> float | None:
        """The mean time between them (ms); None of a single one, and where others may have come."""
        whole = self.history and not self.missed and self.count > 1
        return (self.last - self.first.at) / (self.count - 1) if whole else None


def notes(look: JobLook, trails: Mapping[str, Trail]) -> Iterator[Note]:
    """What is to be remembered after a look."""
    before = of(trails)
    now = after(look, trails)
    if now is not None or before is not None:
        yield Note(_NAME, look.now, now)


def note(past: PastFailures, at: float) -> Note:
    """What was remembered before a flinktop has begun to look at `at` (ms)."""
    return Note(_NAME, at, past)


def of(trails: Mapping[str, Trail]) -> PastFailures | None:
    """What is remembered; None if there were none that have to do with now."""
    kept = trail(trails, _NAME)
    found: PastFailures | None = kept[-1].value if kept else None
    return found


def current(look: JobLook, trails: Mapping[str, Trail]) -> PastFailures | None:
    """The failures that go on; None if it has run for ten minutes since the last, or has ended."""
    kept = trail(trails, _NAME)
    past = kept[-1].value if kept and kept[-1].at == look.now else after(look, trails)
    return past if past is not None and _is_current(look, past.last, trails) else None


def has_history(look: JobLook) -> bool:
    """Whether Flink has answered with a history that tells how often the job failed."""
    if look.exceptions is None or look.exceptions.value.history is None:
        return False
    # The adaptive scheduler keeps none before 1.16.
    return look.features.has(1, 13) and (look.adaptive is not True or look.features.has(1, 16))


def after(look: JobLook, trails: Mapping[str, Trail]) -> PastFailures | None:
    """What is known after a look: what was remembered, with what Flink answers now."""
    before = of(trails)
    if states.is_terminal(look.state):
        return None
    if look.exceptions is None:
        return before
    answer, restarts = look.exceptions.value, _restarts(look)
    if before is not None and before.earlier is not None and restarts is not None:
        earlier = before.earlier
        is_one = _is_connected(look, earlier, _answered(answer, earlier))
        before = earlier if is_one else replace(before, earlier=None)
    full = _answered(answer, before)
    if before is not None and _is_connected(look, before, full):
        begins = min(full)[0]
        before = replace(
            before, faults=(), older=before.count, older_last=begins - 1.0, last=begins, missed=True
        )
    known = {key: _fault(_known(one)) for key, one in full.items()}
    remembered = (
        {(one.at, one.task or ""): _fault(one) for one in before.faults} if before is not None else {}
    )
    found = failure_chain.failures((remembered | known).values(), whole=failure_chain.restarts_whole(look))
    chain = failure_chain.chain(found)
    if not chain or not _is_current(look, chain[-1].at, trails):
        return None
    if before is not None and before.last < chain[0].at - _SAME_MS:
        # They have nothing to do with each other; what came between them may not have been seen.
        is_gap = _is_gap(before, full) and min(full)[0] >= chain[0].at
        is_first = is_gap if before.faults else chain[0] is found[0]
        begun = _begun(look, chain, full, is_first=is_first)
        is_open = restarts is None and before.restarts is not None
        return replace(begun, earlier=replace(before, earlier=None)) if is_open else begun
    if before is None:
        return _begun(look, chain, full, is_first=chain[0] is found[0])
    return _continued(look, before, chain, full)


def _begun(
    look: JobLook, chain: Sequence[Failure], full: Mapping[_Id, Fault], *, is_first: bool
) -> PastFailures:
    """The first of them is new; `is_first`: whether Flink tells of none before it."""
    fault = full.get(_id(chain[0].first), chain[0].first)
    begin = failure_words.beginning(look, fault, cut=_is_cut(look, full, is_first=is_first))
    place = _place(fault)
    return _bounded(
        PastFailures(
            first=begin,
            last=chain[-1].at,
            count=len(chain),
            history=has_history(look),
            loops=_is_loop(look, chain),
            cause=tuple(failure_words.cause_evidence(fault)),
            place=place,
            later=_later((), place, begin.reason, chain, full),
            restarts=_restarts(look),
        ),
        look,
        chain,
        frozenset(),
    )


def _continued(
    look: JobLook, before: PastFailures, chain: Sequence[Failure], full: Mapping[_Id, Fault]
) -> PastFailures:
    """Failures go on that began before this look."""
    head = chain[0]
    if not before.older and _id(head.first) in full and before.first.at >= head.at - _SAME_MS:
        # Flink still has the first of them, and may tell more of it by now.
        fresh = _begun(look, chain, full, is_first=True)
        first = replace(fresh.first, cut=fresh.first.cut and before.first.cut)
        before = replace(before, first=first, cause=fresh.cause, place=fresh.place)
    seen = frozenset((one.at, one.task or "") for one in before.faults)
    restarts = _restarts(look)
    return _bounded(
        replace(
            before,
            last=chain[-1].at,
            count=before.older + len(chain),
            missed=before.missed or _is_gap(before, full),
            history=has_history(look),
            loops=before.loops or _is_loop(look, chain),
            later=_later(before.later, before.place, before.first.reason, chain, full),
            restarts=restarts if restarts is not None else before.restarts,
        ),
        look,
        chain,
        seen,
    )


def _bounded(
    past: PastFailures, look: JobLook, chain: Sequence[Failure], seen: frozenset[_Id]
) -> PastFailures:
    """With the exceptions that must be known again; of those before them only the number is kept."""
    kept, left = chain[-_KEPT:], chain[:-_KEPT]
    answer = look.exceptions.value if look.exceptions is not None else None
    entries = answer.history.entries if answer is not None and answer.history is not None else None
    # A root exception that the history has not yet may have another time there.
    lasting = None if entries is None else seen | {_id(one) for one in entries}
    found = [fault for failure in kept for fault in failure.faults]
    return replace(
        past,
        faults=tuple(_known(one) for one in reversed(found) if lasting is None or _id(one) in lasting),
        older=past.older + len(left),
        older_last=max(
            (float(one.timestamp) for each in left for one in each.faults), default=past.older_last
        ),
    )


# -- what Flink answers --------------------------------------------------------------------------------


def _answered(answer: JobExceptions, before: PastFailures | None) -> dict[_Id, Fault]:
    """The exceptions that are not counted yet, or must be known again; those without a time are left out."""
    since = before.older_last if before is not None else 0.0
    return {_id(one): one for one in failure_chain.known(answer) if one.timestamp > max(0.0, since)}


def _is_gap(before: PastFailures, full: Mapping[_Id, Fault]) -> bool:
    """Whether Flink has dropped all that were known, and so may have dropped others since."""
    if not full or not before.history or not before.faults:
        return False
    return min(full)[0] > max(one.at for one in before.faults)


def _is_connected(look: JobLook, before: PastFailures, full: Mapping[_Id, Fault]) -> bool:
    """Whether it went on failing between those remembered and those that Flink still has, by the counter."""
    restarts = _restarts(look)
    if restarts is None or before.restarts is None or not full or not _is_truncated(look):
        return False
    between = min(full)[0] - before.last
    return between > RECENT_MS and (restarts - before.restarts) * RECENT_MS >= _OFTEN * between


def _is_truncated(look: JobLook) -> bool:
    """Whether Flink may have dropped exceptions, as its history is full."""
    answer = look.exceptions.value if look.exceptions is not None else None
    if answer is None or answer.history is None:
        return True
    return answer.truncated or len(answer.history.entries) >= HISTORY


def _is_cut(look: JobLook, full: Mapping[_Id, Fault], *, is_first: bool) -> bool:
    """Whether there may have been failures before the first that Flink tells of."""
    if not has_history(look):
        return True
    restarts = _restarts(look)
    missing = restarts is not None and restarts > len(full)
    return is_first and (_is_truncated(look) or missing)


def _restarts(look: JobLook) -> float | None:
    """The job's restarts by its counter; None where rescales count, too."""
    found = restart_counter.counter(look)
    is_told = look.adaptive is False or look.features.has(2, 0)
    return found.value if found is not None and is_told else None


def _is_loop(look: JobLook, chain: Sequence[Failure]) -> bool:
    return failure_chain.is_loop([one.at for one in chain], lambda a, b: fruitless(look, a, b))


def _is_current(look: JobLook, last: float, trails: Mapping[str, Trail]) -> bool:
    """Whether it has not run for ten minutes since its last failure."""
    entered = look.job.value.timestamps if look.job is not None else {}
    restarted = entered.get("RESTARTING", 0)
    if look.adaptive is False and 0 <= restarted - last <= _FOLLOWS_MS:
        # Its restart may have waited for long. A rescale leaves the same mark.
        last = look.now if look.state in RESTARTING else float(max(restarted, entered.get("RUNNING", 0)))
    # Without a history not every failure is seen.
    unseen = look.exceptions is not None and not has_history(look) and restart_counter.moved(look, trails)
    return unseen or look.now - last <= RECENT_MS


# -- what is kept of them ------------------------------------------------------------------------------


def _later(
    before: Sequence[Later],
    place: str,
    reason: str,
    chain: Sequence[Failure],
    full: Mapping[_Id, Fault],
) -> tuple[Later, ...]:
    """The causes of later failures that are not that of the first, each once, with its newest reason."""
    found = {one.place: one.reason for one in before}
    for failure in chain[1:] if before or _id(chain[0].first) in full else chain:
        fault = full.get(_id(failure.first))
        if fault is not None and (its := _place(fault)) != place:
            found[its] = failure_origin.reason(failure_origin.root(fault))
    kept: dict[str, str] = {}
    for its, why in found.items():
        if why != reason and why not in kept.values():
            kept[its] = why
    return tuple(Later(*one) for one in list(kept.items())[:_MOST_CAUSES])


def _place(fault: Fault) -> str:
    return _hash(faults.place(failure_origin.root(fault)))


def _known(fault: Fault) -> Known:
    others = [_short(one.task_name) for one in fault.concurrent_exceptions]
    return Known(fault.timestamp, _short(fault.task_name), tuple(filter(None, others))[:_MOST_OTHERS])


def _fault(known: Known) -> Fault:
    others = tuple(Fault(task_name=one) for one in known.others)
    return Fault(timestamp=known.at, task_name=known.task, concurrent_exceptions=others)


def _id(fault: Fault) -> _Id:
    return fault.timestamp, _short(fault.task_name) or ""


def _short(name: str | None) -> str | None:
    """A task's name as a hash, with its subtask and attempt; names may be long, and hold secrets."""
    task = faults.task(name)
    if name is None or task is None or _HASHED.match(name):
        return name
    return f"#{_hash(task.name)} {name[len(task.name) :].strip()[-_MOST_NUMBERS:]}".rstrip()


def _hash(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
