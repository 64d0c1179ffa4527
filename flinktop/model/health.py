"""Whether a checkpoint is overdue, and the order of jobs with which nothing is wrong."""

from __future__ import annotations

from flinktop.model import states

OVERDUE_INTERVALS = 3.0  # intervals since the last completed checkpoint, as in Flink's documentation
OVERDUE_AT_LEAST = 30.0  # seconds, for checkpoint intervals of a second or two

STALLED = 2  # rank of a job without running tasks: the same as of a restarting job


def overdue(age: float | None, interval: float | None) -> bool:
    """Whether the last completed checkpoint is too old for the job's checkpoint interval (both in s)."""
    if age is None or interval is None:
        return False
    return age > max(OVERDUE_INTERVALS * interval, OVERDUE_AT_LEAST)


def calm_rank(state: str, *, stalled: bool = False) -> int:
    """The place of a job without findings: one that starts or stops, then running ones, then ended ones.

    A job that has just failed has no verdict yet; one that is `stalled` is RUNNING without a running task.
    """
    if state == "FAILED":
        return 0
    if stalled:
        return STALLED
    if state == "RUNNING":
        return 5
    return 6 if states.is_terminal(state) else 4 - states.severity(state)
