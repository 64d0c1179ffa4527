"""Which checkpoint is overdue, and the order of jobs with which nothing is wrong."""

from __future__ import annotations

import math

import pytest

from flinktop.facts.jobs import is_overdue
from flinktop.facts.verdicts import rank_by_state


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
    assert is_overdue(age, interval) is late


def test_without_findings_what_starts_comes_before_what_runs_and_what_has_ended() -> None:
    in_order = ["FAILED", "FAILING", "RESTARTING", "CREATED", "RUNNING", "FINISHED"]
    assert sorted([*in_order[::2], *in_order[1::2]], key=rank_by_state) == in_order
    assert rank_by_state("FINISHED") == rank_by_state("CANCELED")
    assert rank_by_state("CREATED") == rank_by_state("PAUSED")


def test_a_job_without_a_running_task_comes_before_those_that_run() -> None:
    assert rank_by_state("FAILING") < rank_by_state("RUNNING", stalled=True) < rank_by_state("CREATED")
