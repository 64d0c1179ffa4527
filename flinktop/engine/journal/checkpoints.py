"""Checkpoints that failed or were slow, and savepoints."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from flinktop.engine.journal.episodes import GAP_MS, Episodes, placed
from flinktop.engine.journal.event import Event, EventKind
from flinktop.flink.text import clean, cut
from flinktop.judgement import checkpoint_record as record
from flinktop.judgement import places
from flinktop.judgement.finding import Culprit, Severity
from flinktop.model import checkpoints as model
from flinktop.model import format as fmt
from flinktop.model import redaction
from flinktop.model.median import median

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from flinktop.flink.checkpoints import Checkpoint, CheckpointStats
    from flinktop.model.look import JobLook

LEAST_SLOW_MS: Final = 1000.0
"""A checkpoint that takes less is not slow, whatever others take."""
OF_INTERVAL: Final = 0.5
"""One that takes more than this of its interval is slow."""
TIMES_MEDIAN: Final = 3.0
"""One that takes more than this times the median of the others in Flink's history is slow."""
LEAST_FOR_MEDIAN: Final = 4
WAIT_MS: Final = 20_000.0
"""So long a failed one waits for who did not acknowledge."""
INTERVALS: Final = 3.0
"""Repeats that are so many intervals apart follow each other."""
_MOST_DETAILS: Final = 4000

_Name = tuple[int, int]
"""Id and time of the trigger: a job that was recovered may count from 1 again."""


class Waiting(Struct, frozen=True):
    """A failed checkpoint of which it is not known yet who did not acknowledge."""

    checkpoint: Checkpoint
    until: float  # ms since 1970


class Checkpoints(Struct, frozen=True):
    """What is remembered of a job's checkpoints."""

    done: frozenset[_Name] = frozenset()  # of those in the newest answer: recorded, or nothing to record
    waiting: tuple[Waiting, ...] = ()
    episodes: Episodes = {}


def fresh(before: Checkpoints, stats: CheckpointStats) -> tuple[Checkpoint, ...]:
    """The ended checkpoints of an answer that are to be looked at, oldest first."""
    new = [one for one in _ended(stats) if _name(one) not in before.done]
    return tuple(sorted(new, key=lambda one: one.trigger_timestamp))


def _ended(stats: CheckpointStats) -> Iterable[Checkpoint]:
    latest = stats.latest
    found = (*stats.history, latest.failed, latest.savepoint, latest.completed)
    known = {
        _name(one): one
        for one in reversed(found)
        if one is not None and one.id >= 0 and one.status in (model.COMPLETED, model.FAILED)
    }
    return known.values()


def _name(checkpoint: Checkpoint) -> _Name:
    return checkpoint.id, checkpoint.trigger_timestamp


class Interval(Struct, frozen=True):
    """The interval of a job's checkpoints, as far as it is known."""

    is_known: bool = False
    length: int | None = None  # ms; None if they are not periodic


def answered(
    before: Checkpoints,
    stats: CheckpointStats,
    at: float,
    interval: Interval,
    look: Callable[[], JobLook | None],
) -> tuple[Checkpoints, tuple[Event, ...]]:
    """A job's checkpoints after an answer that came at `at` (ms since 1970).

    `look` makes a look at the job with this answer: only where there is something to record.
    """
    slow: dict[_Name, str] = {}
    undecided: set[_Name] = set()
    others: list[Checkpoint] = []
    for one in fresh(before, stats):
        if one.is_savepoint or one.status == model.FAILED:
            others.append(one)
        elif why := _why_slow(one, stats, interval.length):
            slow[_name(one)] = why
            others.append(one)
        elif not interval.is_known:
            # Whether it took over half of its interval is not known before a later answer.
            undecided.add(_name(one))
    done = frozenset(name for name in map(_name, _ended(stats)) if name not in undecided)
    after = Checkpoints(done, before.waiting, before.episodes)
    seen = look() if others or before.waiting else None
    if seen is None:
        return (before, ()) if others else (after, ())
    events: list[Event] = []
    waiting, episodes = list(before.waiting), before.episodes
    counted = {one.id for one in record.judged(seen)}
    for one in others:
        if one.is_savepoint:
            events.append(_savepoint(one, seen, at))
        elif one.status == model.FAILED:
            if record.counts(one) or one.id in counted:
                waiting.append(Waiting(one, at + WAIT_MS))
        else:
            episodes, group, _ = placed(episodes, "slow", _end(one, at), _gap(seen))
            events.append(_slow(one, seen, slow[_name(one)], at, group))
    after, failed = told(Checkpoints(done, tuple(waiting), episodes), seen, at)
    return after, (*events, *failed)


def told(before: Checkpoints, look: JobLook, now: float) -> tuple[Checkpoints, tuple[Event, ...]]:
    """The failed checkpoints that wait no longer at `now` (ms since 1970): it is known who was late."""
    if not before.waiting:
        return before, ()
    events: list[Event] = []
    waiting: list[Waiting] = []
    episodes = before.episodes
    for one in before.waiting:
        culprit = record.named_in(look, one.checkpoint) or record.culprit(look, one.checkpoint)
        may_come = bool(one.checkpoint.missing) and one.checkpoint.id not in look.checkpoint_details
        if culprit is None and may_come and now < one.until:
            waiting.append(one)
            continue
        name = f"failed {_digest(record.reason(one.checkpoint))}"
        at = _end(one.checkpoint, now)
        episodes, group, _ = placed(episodes, name, at, _gap(look))
        events.append(_failed(one.checkpoint, look, culprit or Culprit(), at, group))
    return Checkpoints(before.done, tuple(waiting), episodes), tuple(events)


def _gap(look: JobLook) -> float:
    config = look.checkpoint_config.value if look.checkpoint_config is not None else None
    interval = config.interval if config is not None else None
    return max(GAP_MS, INTERVALS * interval) if interval is not None else GAP_MS


def _end(checkpoint: Checkpoint, at: float) -> float:
    """When it ended; when it was triggered, or seen, where Flink does not tell (ms since 1970)."""
    ended = model.ended_at(checkpoint)
    if ended is not None and ended > 0:
        return float(ended)
    return float(checkpoint.trigger_timestamp) if checkpoint.trigger_timestamp > 0 else at


def _digest(reason: str) -> str:
    """Equal for reasons that differ only in their numbers."""
    same = "".join("#" if letter.isdigit() else letter for letter in reason)
    while "##" in same:
        same = same.replace("##", "#")
    return blake2b(same.encode("utf-8", "replace"), digest_size=8).hexdigest()


# -- slow ----------------------------------------------------------------------------------------------


def _why_slow(checkpoint: Checkpoint, stats: CheckpointStats, interval: int | None) -> str:
    """Why a completed checkpoint is slow; "" if it is not."""
    took = checkpoint.duration
    if took is None or took < LEAST_SLOW_MS:
        return ""
    if interval is not None and took > OF_INTERVAL * interval:
        return f"over half of its interval of {fmt.exact(interval)}"
    others = [
        one.duration
        for one in stats.history
        if one.status == model.COMPLETED
        and not one.is_savepoint
        and one.duration is not None
        and one.id != checkpoint.id
    ]
    if len(others) < LEAST_FOR_MEDIAN:
        return ""
    usual = median(others)
    if took <= TIMES_MEDIAN * usual:
        return ""
    return f"the median of the others is {fmt.milliseconds(usual)}"


def _slow(checkpoint: Checkpoint, look: JobLook, why: str, at: float, group: str) -> Event:
    took = fmt.milliseconds(checkpoint.duration)
    event = _event(
        checkpoint, look, at, EventKind.CHECKPOINT_SLOW, f"{_title(checkpoint)} took {took}; {why}"
    )
    return replace(event, severity=Severity.INFO, group=group)


# -- failed --------------------------------------------------------------------------------------------


def _failed(checkpoint: Checkpoint, look: JobLook, culprit: Culprit, at: float, group: str) -> Event:
    reason = record.reason(checkpoint)
    words = f"{_title(checkpoint)} failed: {reason}"
    who = places.words(culprit, places.parallelism(look, culprit.vertex))
    if who:
        words += f"; not acknowledged by {who}"
    elif checkpoint.missing and checkpoint.num_subtasks:
        words += f"; {checkpoint.missing} of {checkpoint.num_subtasks} subtasks did not acknowledge"
    event = _event(checkpoint, look, at, EventKind.CHECKPOINT_FAILED, words)
    return replace(
        event,
        severity=Severity.WARNING,
        group=group,
        vertex=culprit.vertex or "",
        vertex_name=culprit.vertex_name or "",
        subtask=culprit.subtasks[0] if len(culprit.subtasks) == 1 else None,
        details=_message(checkpoint),
    )


def _message(checkpoint: Checkpoint) -> str:
    """The whole of what Flink says of a failure."""
    return cut(redaction.text(clean(checkpoint.failure_message or "")), _MOST_DETAILS)


# -- savepoints ----------------------------------------------------------------------------------------


def _savepoint(checkpoint: Checkpoint, look: JobLook, at: float) -> Event:
    if checkpoint.status == model.FAILED:
        words = f"{_title(checkpoint)} failed: {record.reason(checkpoint)}"
        event = _event(checkpoint, look, at, EventKind.SAVEPOINT, words)
        return replace(event, severity=Severity.WARNING, details=_message(checkpoint))
    path = redaction.text(clean(checkpoint.external_path or ""))
    words = f"{_title(checkpoint)} completed" + (f": {path}" if path else "")
    took = checkpoint.duration
    details = f"duration: {fmt.milliseconds(took)}" if took is not None else ""
    return replace(_event(checkpoint, look, at, EventKind.SAVEPOINT, words), details=details)


# -- what they share -----------------------------------------------------------------------------------


def _title(checkpoint: Checkpoint) -> str:
    return model.title(checkpoint)


def _event(checkpoint: Checkpoint, look: JobLook, at: float, kind: EventKind, words: str) -> Event:
    job = look.listed.jid
    return Event(
        at=_end(checkpoint, at),
        cluster="",
        kind=kind,
        words=redaction.text(clean(words)),
        key=f"{kind} {job} {checkpoint.id} {checkpoint.trigger_timestamp}",
        job=job,
        job_name=look.listed.name,
        checkpoint=checkpoint.id,
    )
