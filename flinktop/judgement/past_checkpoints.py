"""The checkpoints of a job that failed in a row, also those that Flink has dropped from its ten."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from flinktop.judgement import checkpoint_record as record
from flinktop.judgement.trails import Note, trail
from flinktop.model import checkpoints as model
from flinktop.model import states

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from flinktop.flink.checkpoints import Checkpoint
    from flinktop.judgement.trails import Trail
    from flinktop.model.look import JobLook

_NAME: Final = "checkpoints.failed"
_KEPT: Final = 64
"""Numbers that are known again when Flink answers them again: more than its history has."""


class PastCheckpoints(Struct, frozen=True, kw_only=True):
    """The checkpoints that failed since the last that completed."""

    numbers: tuple[int, ...]  # of the newest, in ascending order
    older: int = 0  # how many there were before those
    seen: int = 0  # the highest number in Flink's history that was not in progress
    since: float | None = None  # when the first failed; ms since 1970
    cut: bool = False  # whether others may have failed before the first
    missed: bool = False  # whether others may have failed in between that nobody saw

    @property
    def count(self) -> int:
        """How many were seen."""
        return self.older + len(self.numbers)


def notes(look: JobLook, trails: Mapping[str, Trail]) -> Iterator[Note]:
    """What is to be remembered after a look."""
    before = of(trails)
    now = _after(look, before)
    if now is not None or before is not None:
        yield note(now, look.now)


def note(past: PastCheckpoints | None, at: float) -> Note:
    """The note at `at` (ms) of what is remembered."""
    return Note(_NAME, at, past)


def of(trails: Mapping[str, Trail]) -> PastCheckpoints | None:
    """What is remembered; None if none has failed since the last that completed."""
    kept = trail(trails, _NAME)
    found: PastCheckpoints | None = kept[-1].value if kept else None
    return found


def failed_in_a_row(look: JobLook) -> tuple[Checkpoint, ...]:
    """Of Flink's history those that failed since the last that completed, newest first."""
    found: list[Checkpoint] = []
    last = record.last_completed(look)
    for one in record.judged(look):
        if one.status == model.COMPLETED or (last is not None and one.id < last.id):
            break
        if one.status == model.FAILED:
            found.append(one)
    return tuple(found)


def _after(look: JobLook, before: PastCheckpoints | None) -> PastCheckpoints | None:
    if states.is_terminal(look.state):
        return None
    if look.checkpoints is None:
        return before
    history = {one.id: one for one in look.checkpoints.value.history if one.id >= 0}
    last = record.last_completed(look)
    if before is not None and last is not None and last.id >= before.numbers[0]:
        before = None
    failed = failed_in_a_row(look)
    if before is None:
        return _begun(look, failed, history) if failed else None
    new = {one.id for one in failed if one.id > before.numbers[0] or not before.older}
    numbers = sorted({*before.numbers, *new})
    left = max(0, len(numbers) - _KEPT)
    return replace(
        before,
        numbers=tuple(numbers[left:]),
        older=before.older + left,
        seen=max(before.seen, _settled(history)),
        missed=before.missed or (bool(history) and min(history) > before.seen + 1),
    )


def _begun(look: JobLook, failed: Sequence[Checkpoint], history: Mapping[int, Checkpoint]) -> PastCheckpoints:
    oldest = failed[-1]
    cut = bool(history) and oldest.id == min(history) and oldest.id > 1
    return PastCheckpoints(
        numbers=tuple(sorted(one.id for one in failed)),
        seen=_settled(history),
        since=_since(look, oldest, cut=cut),
        cut=cut,
    )


def _settled(history: Mapping[int, Checkpoint]) -> int:
    return max((number for number, one in history.items() if not model.is_under_way(one)), default=0)


def _since(look: JobLook, oldest: Checkpoint, *, cut: bool) -> float | None:
    """When the first of them failed; where Flink has dropped it, when one completed last or it started."""
    if cut:
        last = record.last_completed(look)
        ended = model.ended_at(last) if last is not None else None
        running = look.job.value.timestamps.get("RUNNING") if look.job is not None else None
        return _time(ended) or _time(running)
    return _time(oldest.failure_timestamp) or _time(oldest.trigger_timestamp)


def _time(value: int | None) -> float | None:
    return float(value) if value is not None and value > 0 else None
