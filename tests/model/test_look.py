"""What is known of a job, from the newest answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import pytest
from msgspec.structs import force_setattr

from flinktop.engine.answers import Answers
from flinktop.flink.jobs import JOBS_OVERVIEW, JobOverview, JobsOverview
from flinktop.model.look import job_look


def listed(jid: str, name: str, started: int) -> JobOverview:
    return JobOverview(jid=jid, name=name, state="FAILED", start_time=started, last_modification=started)


@pytest.mark.parametrize(
    ("others", "replaced"),
    [
        ([], False),
        ([("b", "orders", 2_000)], True),
        ([("b", "orders", 500)], False),
        ([("b", "orders", 1_000)], False),
        ([("b", "payments", 2_000)], False),
        ([("b", "orders", 2_000), ("c", "orders", 500)], True),
    ],
)
def test_a_job_is_replaced_by_one_of_its_name_that_started_later(
    others: list[tuple[str, str, int]],
    replaced: bool,  # noqa: FBT001 -- a case
) -> None:
    answers, job = Answers(), listed("a", "orders", 1_000)
    answers.take(JOBS_OVERVIEW(), JobsOverview((job, *(listed(*one) for one in others))), 0.0)
    assert job_look(answers, job).replaced is replaced


def test_before_the_jobs_are_listed_none_is_replaced() -> None:
    assert not job_look(Answers(), listed("a", "orders", 1_000)).replaced


class Counted(tuple[JobOverview, ...]):
    """Counts how often it is gone through."""

    __slots__ = ()
    times: ClassVar[int] = 0

    def __iter__(self) -> Iterator[JobOverview]:
        Counted.times += 1
        return super().__iter__()


def test_the_jobs_are_gone_through_once_for_all_of_them() -> None:
    """A cluster that keeps a thousand failed runs of one job: whether it is replaced is asked of each."""
    answers, jobs = Answers(), JobsOverview(tuple(listed(str(at), "orders", at) for at in range(100)))
    force_setattr(jobs, "jobs", Counted(jobs.jobs))
    answers.take(JOBS_OVERVIEW(), jobs, 0.0)
    Counted.times = 0
    assert sum(job_look(answers, listed(str(at), "orders", at)).replaced for at in range(100)) == 99
    assert Counted.times == 1
