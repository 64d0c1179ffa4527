"""Sort key of a table of jobs, and whether a checkpoint is overdue."""

from __future__ import annotations

from msgspec import Struct

from flinktop.model import busy, states

OVERDUE_INTERVALS = 3.0  # intervals since the last completed checkpoint, as in Flink's documentation
OVERDUE_AT_LEAST = 30.0  # seconds, for checkpoint intervals of a second or two

STALLED = 2  # rank of a job without running tasks: the same as of a restarting job


def overdue(age: float | None, interval: float | None) -> bool:
    """Whether the last completed checkpoint is too old for the job's checkpoint interval (both in s)."""
    if age is None or interval is None:
        return False
    return age > max(OVERDUE_INTERVALS * interval, OVERDUE_AT_LEAST)


class Condition(Struct, frozen=True):
    """The facts about a job that determine its order."""

    state: str
    restarts: int | None = None
    overdue: bool = False
    busy: float | None = None  # of its hottest vertex, ms/s; None if unknown
    stalled: bool = False  # whether it is RUNNING without a single running task


def attention(condition: Condition) -> tuple[int, int, int, int]:
    """A sort key: jobs that need attention come first.

    Failed, failing, restarting and stalled jobs; then jobs in transition; then running ones by overdue
    checkpoints, restarts and heat, in steps, so that rows don't move with every answer; successfully ended
    jobs come last.
    """
    if condition.state == "FAILED":
        rank = 0
    elif condition.stalled:
        rank = STALLED
    elif condition.state == "RUNNING":
        rank = 5
    elif states.is_terminal(condition.state):
        rank = 6
    else:
        rank = 4 - states.severity(condition.state)
    return (rank, 0 if condition.overdue else 1, -(condition.restarts or 0), -busy.heat(condition.busy))
