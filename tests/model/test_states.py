"""States of jobs and tasks: every one that Flink has, and those that it may bring."""

from __future__ import annotations

import pytest

from flinktop.model import states

JOB_STATES = {
    # state: (ended for good, severity, tone)
    "INITIALIZING": (False, 1, "info"),
    "CREATED": (False, 1, "info"),
    "RUNNING": (False, 0, "good"),
    "FAILING": (False, 3, "bad"),
    "FAILED": (True, 3, "bad"),
    "CANCELLING": (False, 1, "info"),
    "CANCELED": (True, 0, "muted"),
    "FINISHED": (True, 0, "muted"),
    "RESTARTING": (False, 2, "warn"),
    "SUSPENDED": (True, 2, "warn"),
    "RECONCILING": (False, 2, "warn"),
}
TASK_STATES = ("SCHEDULED", "DEPLOYING", "INITIALIZING", "CANCELING", "RECONCILING")
UNKNOWN = ("", "PAUSED", "running", "作业")


@pytest.mark.parametrize(("state", "verdict"), JOB_STATES.items())
def test_job_states(state: str, verdict: tuple[bool, int, str]) -> None:
    assert (states.is_terminal(state), states.severity(state), states.tone(state)) == verdict


def test_records_flow_in_a_running_job_alone() -> None:
    assert [state for state in (*JOB_STATES, *TASK_STATES, *UNKNOWN) if states.is_running(state)] == [
        "RUNNING"
    ]


@pytest.mark.parametrize("state", UNKNOWN)
def test_an_unknown_state_lives_and_asks_for_a_little_attention(state: str) -> None:
    assert not states.is_terminal(state)
    assert (states.severity(state), states.tone(state)) == (1, "info")


def test_marks_tell_the_tones_apart_without_colour() -> None:
    marks: dict[str, set[str]] = {}
    for state in (*JOB_STATES, *TASK_STATES, *UNKNOWN):
        mark = states.mark(state)
        assert len(mark) == 1
        marks.setdefault(states.tone(state), set()).add(mark)
    assert len(marks) == 5
    assert sorted(len(shapes) for shapes in marks.values()) == [1] * 5
    assert len(set.union(*marks.values())) == 5
