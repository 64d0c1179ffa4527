"""Messages for missing parts of a job, vertex or subtask that has just started, or has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.model import states

if TYPE_CHECKING:
    from flinktop.flink.vertices import VertexBackpressure


def no_metrics(what: str, state: str) -> str:
    """Why something ("This subtask") in this state ("" if unknown) has no metrics."""
    if states.is_terminal(state):
        return f"{what} is {state}: Flink has no metrics of it any more."
    return f"No metrics yet: they come about 10 s after {what[0].lower()}{what[1:]} has started."


def no_accumulators(state: str) -> str:
    """Why a job, vertex or attempt in this state has no accumulators; "" if the state is unknown."""
    if state == "FINISHED":
        return "No accumulators: the job's code has none."
    if states.is_terminal(state):
        return "No accumulators: the job's code has none, or they were not sent before it ended."
    return "No accumulators: the job's code has none, or they have not been sent yet (every 10 s)."


def none_of(what: str, state: str) -> str:
    """Why a job in this state has no vertices, or a vertex no subtasks."""
    if states.is_terminal(state):
        return f"No {what}: the job is {state} and never had any."
    return f"No {what} yet: the job is not running."


def has_numbers(backpressure: VertexBackpressure | None) -> bool:
    """Whether an answer about an ended vertex still has the last values of its subtasks.

    Flink drops the metrics of an ended task. From 1.13 on it answers 0 for all of them, or NaN for the busy
    time; before, the samples are valid for a while.
    """
    for one in backpressure.subtasks if backpressure is not None else ():
        sampled = one.idle_ratio is None and one.ratio is not None
        if sampled or any((one.ratio, one.busy_ratio, one.idle_ratio)):
            return True
    return False
