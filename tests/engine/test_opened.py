"""Which jobs count as looked into: those of late, and not more than so many."""

from __future__ import annotations

from flinktop.engine.series import MOST_OPENED as MOST
from flinktop.engine.series import OPENED_SECONDS as SECONDS
from flinktop.engine.series import OpenedJobs
from flinktop.flink.cluster import OVERVIEW
from flinktop.flink.jobs import JOB


def test_the_last_opened_jobs_count() -> None:
    opened = OpenedJobs()
    opened.mark(JOB(job="first"), 0.0)
    for number in range(MOST - 1):
        opened.mark(JOB(job=f"{number}"), 1.0)
    opened.mark(JOB(job="first"), 2.0)
    opened.mark(JOB(job="one more"), 3.0)
    assert "first" in opened
    assert "0" not in opened
    assert len(opened) == MOST


def test_a_job_counts_for_so_long() -> None:
    opened = OpenedJobs()
    opened.mark(JOB(job="a"), 0.0)
    opened.mark(JOB(job="b"), SECONDS)
    opened.forget_old(SECONDS + 1.0)
    assert "a" not in opened
    assert "b" in opened


def test_a_query_without_a_job_opens_none() -> None:
    opened = OpenedJobs()
    opened.mark(OVERVIEW(), 0.0)
    assert len(opened) == 0
