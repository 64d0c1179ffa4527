"""What asks for attention first: the order of a table of jobs, and whether a checkpoint is overdue."""

from __future__ import annotations

from msgspec import Struct

from flinktop.model import busy, states

OVERDUE_INTERVALS = 3.0  # intervals since the last completed checkpoint, as Flink's own guides say
OVERDUE_AT_LEAST = 30.0  # seconds: intervals of a second or two don't make a job ill

STALLED = 2  # the rank of a job of which no task runs: that of one that restarts


def overdue(age: float | None, interval: float | None) -> bool:
    """Whether the last completed checkpoint is too old for the job's checkpoint interval (both in s)."""
    if age is None or interval is None:
        return False
    return age > max(OVERDUE_INTERVALS * interval, OVERDUE_AT_LEAST)


class Condition(Struct, frozen=True):
    """What is known of a job when it is weighed against others."""

    state: str
    restarts: int | None = None
    overdue: bool = False
    busy: float | None = None  # of its hottest vertex, ms/s; None where it is not known
    stalled: bool = False  # whether it is said to run, and not one of its tasks does


def attention(condition: Condition) -> tuple[int, int, int, int]:
    """A sort key, most in need of attention first.

    Failed, failing, restarting and stalled jobs; then jobs under way; then running ones by overdue
    checkpoints, restarts and heat, in steps, so that rows don't change places with every answer; jobs that
    have ended well come last.
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
