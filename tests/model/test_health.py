"""What asks for attention first, and which checkpoint is overdue."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flinktop.model.health import Condition, attention, overdue

STATES = st.sampled_from(
    ["FAILED", "FAILING", "RESTARTING", "SUSPENDED", "CREATED", "RUNNING", "FINISHED", "CANCELED", "PAUSED"]
)
CONDITIONS = st.builds(
    Condition,
    STATES,
    st.none() | st.integers(0, 1000),
    st.booleans(),
    st.none() | st.floats(0, 1000),
)


@pytest.mark.parametrize(
    ("age", "interval", "late"),
    [
        (None, 60, False),
        (1e9, None, False),
        (179, 60, False),
        (181, 60, True),
        (29, 1, False),
        (31, 1, True),
        (31, 10, True),
        (math.inf, 60, True),
        (0, 0, False),
    ],
)
def test_overdue(age: float | None, interval: float | None, late: bool) -> None:  # noqa: FBT001 -- pytest's parameter
    assert overdue(age, interval) is late


def test_worst_first() -> None:
    worst_first = [
        Condition("FAILED"),
        Condition("FAILING"),
        Condition("RESTARTING", restarts=6),
        Condition("RESTARTING"),
        Condition("CREATED"),
        Condition("RUNNING", overdue=True, restarts=1),
        Condition("RUNNING", overdue=True),
        Condition("RUNNING", restarts=212),
        Condition("RUNNING", restarts=6),
        Condition("RUNNING", busy=1000),
        Condition("RUNNING", busy=600),
        Condition("RUNNING"),
        Condition("FINISHED"),
    ]
    mixed = [*worst_first[::2], *worst_first[1::2]]
    assert sorted(mixed, key=attention) == worst_first


def test_a_state_that_is_not_known_yet_stands_before_running_jobs() -> None:
    assert attention(Condition("PAUSED")) < attention(Condition("RUNNING", overdue=True, restarts=9))


def test_unknown_values_sort_after_known_problems() -> None:
    assert attention(Condition("RUNNING", restarts=1)) < attention(Condition("RUNNING"))
    assert attention(Condition("RUNNING")) == attention(Condition("RUNNING", restarts=0, busy=0.0))


@given(CONDITIONS, CONDITIONS)
def test_any_two_can_be_compared(one: Condition, other: Condition) -> None:
    assert (attention(one) < attention(other)) + (attention(other) < attention(one)) <= 1


@given(CONDITIONS)
def test_an_overdue_checkpoint_never_makes_a_job_look_better(condition: Condition) -> None:
    late = Condition(condition.state, condition.restarts, overdue=True, busy=condition.busy)
    assert attention(late) <= attention(condition)
