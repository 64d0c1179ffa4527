"""How often a job has restarted, by its counter: what is left where Flink keeps no history of exceptions."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from flinktop.judgement.failure_chain import (
    LOOP,
    RECENT_MS,
    is_loop,
    known,
    restarts_whole,
)
from flinktop.judgement.trails import Note, noted_at, trail

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from flinktop.judgement.trails import Trail
    from flinktop.model.look import JobLook, Taken

_NAME: Final = "restarts"
_KEEP_SECONDS: Final = 1200.0
_MOST_AT_ONCE: Final = 16
_RUN: Final = "restarts.run"
_OFTEN: Final = 2
"""Restarts in ten minutes, as a mean, by which those that nobody saw connect those before and after."""


class Run(Struct, frozen=True):
    """Restarts that follow each other within ten minutes, by the counter. Times are ms since 1970."""

    first: float
    last: float
    count: int
    counted: float  # the counter's value …
    at: float  # … and when it was read
    times: tuple[float, ...] = ()  # of the last, as many as may be a loop
    loops: bool = False  # whether three of them in a row were one


def counter(look: JobLook) -> Taken[float | None] | None:
    """The restarts since the job's start, without rescales (2.0+); None if unknown.

    Under the adaptive scheduler of earlier releases a rescale counts as a restart.
    """
    found = next(
        (
            taken
            for name in ("numRestarts", "fullRestarts")
            if (taken := look.metrics.get(name)) is not None and taken.value is not None
        ),
        None,
    )
    if found is None or found.value is None:
        return None
    rescales = look.metrics.get("numRescales")
    if rescales is None or rescales.value is None:
        return found
    return type(found)(max(0.0, found.value - rescales.value), min(found.at, rescales.at))


def notes(look: JobLook) -> Iterator[Note]:
    """The figures to remember until the next look."""
    found = counter(look)
    if found is not None:
        yield Note(_NAME, found.at, found.value, keep=_KEEP_SECONDS)


def times(look: JobLook, trails: Mapping[str, Trail]) -> tuple[float, ...]:
    """When the counter rose (ms since 1970, ascending), once for each restart.

    Of a job whose subtasks restart apart from each other a lost TaskManager restarts many at once: there all
    that came between two answers is one.
    """
    most = _MOST_AT_ONCE if restarts_whole(look) else 1
    found: list[float] = []
    for before, after in pairwise(trail(trails, _NAME)):
        if before.value is None or after.value is None or after.value < before.value:
            found.clear()  # another JobManager counts from 0
        else:
            found += [after.at] * min(int(after.value - before.value), most)
    return tuple(found)


def run_notes(
    look: JobLook, trails: Mapping[str, Trail], fruitless: Callable[[float, float], bool]
) -> Iterator[Note]:
    """The restarts that go on, to be remembered; see `failure_chain.is_loop` for `fruitless`."""
    before, now = run(trails), _run(look, trails, fruitless)
    if now is not None or before is not None:
        yield Note(_RUN, look.now, now)


def remembered(found: Run, now: float) -> Iterator[Note]:
    """What was remembered when flinktop was ended, as notes for looks from `now` (ms) on."""
    at = noted_at(found.at, now)
    yield Note(_RUN, at, found)
    if now - found.at <= RECENT_MS:  # of later ones it is not known when they were
        yield Note(_NAME, at, found.counted, keep=_KEEP_SECONDS)


def run(trails: Mapping[str, Trail]) -> Run | None:
    """The restarts that go on by the counter, also those that its trail has lost; None if there are none."""
    kept = trail(trails, _RUN)
    found: Run | None = kept[-1].value if kept else None
    return found


def _run(look: JobLook, trails: Mapping[str, Trail], fruitless: Callable[[float, float], bool]) -> Run | None:
    before, found = run(trails), counter(look)
    if found is None or found.value is None or (before is not None and found.at <= before.at):
        return before
    if before is not None and _is_connected(before, found.value, found.at):
        # Nobody looked meanwhile. How many there were the counter tells, and not when.
        more = int(found.value - before.counted)
        return replace(before, count=before.count + more, last=found.at, counted=found.value, at=found.at)
    risen = times(look, trails)
    for at in risen if before is None else [at for at in risen if at > before.at]:
        if before is None or at - before.last > RECENT_MS:
            before = Run(at, at, 0, found.value, found.at)
        last = (*before.times, at)[-LOOP:]
        loops = before.loops or is_loop(last, fruitless)
        before = replace(before, last=at, count=before.count + 1, times=last, loops=loops)
    return replace(before, counted=found.value, at=found.at) if before is not None else None


def _is_connected(before: Run, value: float, at: float) -> bool:
    """Whether restarts went on through a time without looks that would part them."""
    between = at - before.at
    return between > RECENT_MS and (value - before.counted) * RECENT_MS >= _OFTEN * between


def moved(look: JobLook, trails: Mapping[str, Trail]) -> bool:
    """Whether it has risen within ten minutes."""
    found = times(look, trails)
    return bool(found) and look.now - found[-1] <= RECENT_MS


def is_often(look: JobLook) -> bool:
    """Whether by one look it restarts three times in ten minutes, as a mean since its start."""
    found = counter(look)
    started = look.listed.start_time
    if found is None or found.value is None or started <= 0 or look.now <= started:
        return False
    restarts = found.value
    return (
        restarts_whole(look)
        and restarts >= LOOP
        and restarts * RECENT_MS / (look.now - started) >= LOOP
        and restarted_lately(look)
    )


def restarted_at(look: JobLook) -> float | None:
    """When it restarted last (ms since 1970), as far as one look tells; None if it never did.

    Not for the adaptive scheduler: its rescales leave the same marks.
    """
    found = counter(look)
    job = look.job.value if look.job is not None else None
    if job is None:
        up = look.metrics.get("uptime")
        known_up = up is not None and up.value is not None and found is not None and bool(found.value)
        return up.at - up.value if known_up and up is not None and up.value is not None else None
    marks = []
    if job.timestamps.get("RESTARTING", 0) > 0:
        marks += [job.timestamps["RESTARTING"], job.timestamps.get("RUNNING", 0)]
    if look.exceptions is not None:
        marks += [fault.timestamp for fault in known(look.exceptions.value)]
    if found is not None and found.value and not look.features.has(1, 10):
        # In 1.9 a job stays RUNNING while it restarts; then only its tasks start anew.
        marks += [one.start_time for one in job.vertices]
    return float(max(marks)) if marks and max(marks) > 0 else None


def last(look: JobLook, trails: Mapping[str, Trail]) -> float | None:
    """When it restarted last, by one look or by the counter; None if that is not known."""
    known_times = (restarted_at(look), *times(look, trails)[-1:])
    return max((at for at in known_times if at is not None), default=None)


def restarted_lately(look: JobLook) -> bool:
    """Whether it restarts now, or did within ten minutes."""
    if look.state in {"RESTARTING", "FAILING"}:
        return True
    at = restarted_at(look)
    return at is not None and look.now - at <= RECENT_MS
