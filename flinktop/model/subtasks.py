"""Subtasks of a vertex: rates and time from their totals, order by severity, distribution of numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from flinktop.model import states
from flinktop.model.rates import STALE_SAMPLES, Stepwise

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flinktop.flink.vertices import Attempt, IoMetrics

BANDS = (300.0, 500.0, 700.0, 900.0)  # heats (ms/s) at which a subtask moves towards the top of its table
MARGIN = 50.0  # ms/s by which a heat must leave its band before the row moves: rows should not jump
EVEN_HEAT = 400.0  # the heat of a subtask with an average share, if a release measures no time
SECOND = 1000.0


class Moved(Struct, frozen=True):
    """Rates of a subtask between two readings of its totals; None if unknown."""

    taken: float | None = None  # records/s
    sent: float | None = None  # records/s
    busy: float | None = None  # ms/s, as the next two: from 1.16 on
    backpressured: float | None = None
    idle: float | None = None


UNMOVED = Moved()


class Progress(Stepwise[Mapping[int, "Attempt"]], frozen=True):
    """The totals of all subtasks over time."""

    def moved(self, subtask: int) -> Moved:
        """Rates of one subtask over the last minute or less; unknown until its totals have changed twice."""
        if len(self.moves) < 2:  # noqa: PLR2004 -- a rate needs two ends
            return UNMOVED
        (begin, first), (end, last) = self.moves[0], self.moves[-1]
        before, after, seconds = first.get(subtask), last.get(subtask), end - begin
        if before is None or after is None or seconds <= 0 or _restarted(before, after):
            return UNMOVED
        busy, backpressured, idle = _times(before.metrics, after.metrics, seconds)
        return Moved(
            taken=_rate(before.metrics.records_in, after.metrics.records_in, seconds),
            sent=_rate(before.metrics.records_out, after.metrics.records_out, seconds),
            busy=busy,
            backpressured=backpressured,
            idle=idle,
        )


def add_reading(before: Progress | None, at: float, subtasks: Sequence[Attempt]) -> Progress:
    """Add an answer of `/jobs/:jobid/vertices/:vertexid`; the first is no change, as its time is unknown."""
    found = {one.subtask: one for one in subtasks}
    if before is None or at - before.seen > STALE_SAMPLES:
        return Progress(found, at, at)
    return before.step(at, found, moved=_sum(found.values()) != _sum(before.last.values()))


def _sum(subtasks: Iterable[Attempt]) -> tuple[float, ...]:
    """Sums that change when any subtask's totals do."""
    records = times = attempts = 0.0
    for one in subtasks:
        totals = one.metrics
        records += (totals.read_records or 0) + (totals.write_records or 0)
        times += (totals.accumulated_idle_time or 0.0) + (totals.accumulated_backpressured_time or 0.0)
        attempts += one.attempt or 0
    return records, times, attempts


def _restarted(before: Attempt, after: Attempt) -> bool:
    return before.attempt != after.attempt or before.start_time != after.start_time


def _rate(before: int | None, after: int | None, seconds: float) -> float | None:
    if before is None or after is None or after < before:
        return None
    return (after - before) / seconds


def _times(before: IoMetrics, after: IoMetrics, seconds: float) -> tuple[float | None, ...]:
    """Busy, backpressured and idle in ms/s from accumulated times (1.16+).

    The three are shares of their sum, which is exact however late the answers are. A legacy source does
    not measure its busy time: then the others are shares of the time between the answers.
    """
    idle = _passed(before.accumulated_idle_time, after.accumulated_idle_time)
    backpressured = _passed(before.accumulated_backpressured_time, after.accumulated_backpressured_time)
    busy = _passed(before.accumulated_busy_time, after.accumulated_busy_time)
    if idle is None or backpressured is None:
        return None, None, None
    whole = idle + backpressured + busy if busy is not None else seconds * SECOND
    if whole <= 0:
        return None, None, None
    shares = (busy, backpressured, idle)
    return tuple(None if one is None else min(SECOND, one / whole * SECOND) for one in shares)


def _passed(before: float | None, after: float | None) -> float | None:
    """Milliseconds between two accumulated times; busy is a remainder and sometimes falls."""
    return None if before is None or after is None else max(0.0, after - before)


# -- worst first -------------------------------------------------------------------------------------


def heat(busy: float | None, backpressured: float | None, over_mean: float | None) -> float | None:
    """The heat of a subtask, 0 to 1000: its busy or backpressured time.

    If a release measures no time (up to 1.12), it is its number of records relative to the mean.
    """
    known = [one for one in (busy, backpressured) if one is not None]
    if known:
        return max(known)
    return min(SECOND, EVEN_HEAT * over_mean) if over_mean is not None else None


def band(value: float | None, before: int | None = None) -> int:
    """The heat band of a value; near a border it stays in the previous band."""
    if value is None:
        return before or 0
    plain = sum(value >= border for border in BANDS)
    if before is None or plain == before:
        return plain
    border = BANDS[before] if plain > before else BANDS[before - 1]
    return before if abs(value - border) < MARGIN and abs(plain - before) == 1 else plain


def attention(state: str, heat_band: int, subtask: int) -> tuple[int, int, int]:
    """A sort key, worst first: failed, not running, hot, then by index; successfully ended ones are last."""
    if states.is_running(state):
        rank = 4
    elif states.is_terminal(state) and state != "FAILED":
        rank = 5
    else:
        rank = 3 - states.severity(state)
    return rank, -heat_band, subtask


# -- distribution of numbers --------------------------------------------------------------------------


class Summary(Struct, frozen=True):
    """Minimum, mean and maximum of a number over subtasks."""

    least: float
    mean: float
    most: float


def summary(values: Iterable[float | None]) -> Summary | None:
    """The summary of a number; None until it is known of every subtask."""
    known: list[float] = []
    for value in values:
        if value is None:
            return None
        known.append(value)
    return Summary(min(known), sum(known) / len(known), max(known)) if known else None
