"""Intervals of states, from the times at which each state was entered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from flinktop.model import states

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from flinktop.flink.jobs import JobVertex
    from flinktop.flink.vertices import Attempt


_ORDER = (
    "INITIALIZING",
    "CREATED",
    "SCHEDULED",
    "DEPLOYING",
    "RUNNING",
    "FAILING",
    "CANCELLING",
    "RESTARTING",
)
"""The order of states that were entered in the same millisecond; a task is INITIALIZING later."""


class Interval(Struct, frozen=True):
    """One state; times in ms since 1970."""

    state: str
    start: float
    end: float | None  # None while it lasts; a last state has the end of its start


def intervals(entered: Mapping[str, int]) -> tuple[Interval, ...]:
    """The states in the order in which they were entered (ms since 1970; 0: never)."""
    order = sorted((at, _rank(state), state) for state, at in entered.items() if at > 0)
    found: list[Interval] = []
    for number, (at, _, state) in enumerate(order):
        following = order[number + 1][0] if number + 1 < len(order) else None
        if following is None and states.is_terminal(state):
            following = at
        found.append(Interval(state, at, following))
    return tuple(found)


def _rank(state: str) -> int:
    return _ORDER.index(state) if state in _ORDER else len(_ORDER)


def of_vertex(vertex: JobVertex) -> tuple[Interval, ...]:
    """A vertex's interval in `/jobs/:jobid`: from its first subtask's start to its last one's end."""
    if vertex.start_time <= 0:
        return ()
    end: float | None = vertex.end_time if vertex.end_time > 0 else None
    if end is None and states.is_terminal(vertex.status):
        end = vertex.start_time + max(vertex.duration, 0)
    return (Interval(vertex.status, vertex.start_time, end),)


STAGES = ("DEPLOYING", "INITIALIZING", "RUNNING")  # an attempt passes through these in this order


def of_attempt(attempt: Attempt) -> tuple[Interval, ...]:
    """The states of an attempt, from its start and the time spent in each state (1.16+)."""
    if attempt.start_time <= 0:
        return ()
    spent = attempt.status_duration or {}
    found: list[Interval] = []
    at = float(attempt.start_time)
    for state in STAGES:
        if (milliseconds := spent.get(state, 0)) > 0:
            found.append(Interval(state, at, at + milliseconds))
            at += milliseconds
    if states.is_terminal(attempt.status):
        end = float(attempt.end_time) if attempt.end_time > 0 else at
        return (*found, Interval(attempt.status, end, end))
    if found and found[-1].state == attempt.status:
        return (*found[:-1], Interval(attempt.status, found[-1].start, None))
    return (*found, Interval(attempt.status, at, None))


def span(rows: Iterable[Iterable[Interval]]) -> tuple[float, float | None] | None:
    """The first start and the last end (ms since 1970), None while one lasts; None without intervals."""
    all_of_them = [one for row in rows for one in row]
    if not all_of_them:
        return None
    ends = [one.end for one in all_of_them]
    known = [end for end in ends if end is not None]
    return min(one.start for one in all_of_them), None if len(known) < len(ends) else max(known)
