"""Which scheduler runs a job, and what a failure without a task's name means."""

from __future__ import annotations

import pytest

from flinktop.flink.features import Features
from flinktop.flink.jobmanager import Setting
from flinktop.flink.jobs import Job
from flinktop.model import scheduler

RECENT, OLD = Features(release=(1, 20, 5)), Features(release=(1, 12, 7))
REACTIVE = [Setting("rest.port", None), Setting("scheduler-mode", "REACTIVE")]


@pytest.mark.parametrize(
    ("job", "features", "settings", "adaptive"),
    [
        (Job(scheduler_type="Adaptive"), RECENT, None, True),
        (Job(scheduler_type="Default"), RECENT, REACTIVE, False),
        (Job(scheduler_type="AdaptiveBatch"), RECENT, None, False),
        (Job(), Features(release=(1, 20, 5), web_rescale=True), None, True),
        (Job(), RECENT, [Setting("jobmanager.scheduler", "Adaptive")], True),
        (None, RECENT, REACTIVE, True),
        (Job(), RECENT, [Setting("jobmanager.scheduler", "default")], False),
        (Job(), RECENT, [], False),
        (Job(), RECENT, None, None),
        # The adaptive scheduler came with 1.13.
        (Job(), OLD, None, False),
    ],
)
def test_which_scheduler_it_is(
    job: Job | None,
    features: Features,
    settings: list[Setting] | None,
    adaptive: bool | None,  # noqa: FBT001 -- a row of the table
) -> None:
    assert scheduler.is_adaptive(job, features, settings) is adaptive


def test_only_where_the_adaptive_scheduler_is_ruled_out_it_is_a_failure_of_the_job() -> None:
    assert scheduler.unnamed(adaptive=False) == "job-level failure"
    assert scheduler.unnamed(adaptive=True) == "Flink does not say which task"
    assert scheduler.unnamed(adaptive=None) == "Flink does not say which task"
