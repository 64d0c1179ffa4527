"""The time split of subtasks: busy, backpressured and idle of the same subtask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from flinktop.model import first_minute, subtask_names

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from flinktop.flink.vertices import SubtaskBackpressure, VertexBackpressure

Times = tuple[float | None, float | None, float | None]  # busy, backpressured and idle time in ms/s


class Split(Struct, frozen=True):
    """The time of one subtask, or of the mean subtask of a vertex (ms/s)."""

    busy: float
    backpressured: float
    idle: float
    subtask: int | None = None  # None: the mean of a vertex's subtasks


def times(one: SubtaskBackpressure) -> Times:
    """A subtask's ratios in ms/s; busy and idle from 1.13 on."""
    busy, backpressured, idle = (
        None if share is None else 1000.0 * share for share in (one.busy_ratio, one.ratio, one.idle_ratio)
    )
    return busy, backpressured, idle


def busiest(answer: VertexBackpressure, *, young: bool = False) -> Split | None:
    """The time split of a vertex's busiest subtask (1.13+); None if none measures its busy time.

    A legacy source has no busy time and reports itself as never idle: it is ignored. So is, in the first
    minute of a vertex (`young`), a subtask that has not been measured.
    """
    known = [
        Split(busy, backpressured, idle, one.subtask)
        for one in answer.subtasks
        for busy, backpressured, idle in (times(one),)
        if busy is not None and backpressured is not None and idle is not None
        if not (young and first_minute.is_unmeasured(busy, backpressured, idle))
    ]
    # Of equal ones the first, so that the name does not change with every answer.
    return max(known, key=lambda split: (round(split.busy), -(split.subtask or 0)), default=None)


def most(answer: VertexBackpressure, *, young: bool = False) -> tuple[float | None, float | None]:
    """The greatest busy time and the greatest backpressured time, perhaps of two subtasks (ms/s)."""
    known = [
        (busy, backpressured)
        for busy, backpressured, idle in map(times, answer.subtasks)
        if not (young and first_minute.is_unmeasured(busy, backpressured, idle))
    ]
    busiest = max((busy for busy, _ in known if busy is not None), default=None)
    return busiest, max((pressed for _, pressed in known if pressed is not None), default=None)


def who(split: Split, parallelism: int) -> str:
    """Whose time it is."""
    if split.subtask is None:
        return "mean subtask"
    return subtask_names.named(split.subtask, parallelism)


FIRST = 8  # vertices that are all requested at once at the start


def in_turn(
    vertices: Sequence[str], busiest: str | None, known: Container[str], turn: int
) -> tuple[str, ...]:
    """The vertices to request: the busiest known one, and another one in each turn (of 10 s)."""
    first = [vertex for vertex in vertices[:FIRST] if vertex not in known]
    others = [vertex for vertex in vertices if vertex != busiest]
    extra = first or ([others[turn % len(others)]] if others else [])
    now = [busiest] if busiest is not None and busiest in vertices else []
    return tuple(dict.fromkeys([*now, *extra]))
