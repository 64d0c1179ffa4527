"""A parallelism in words: -1 is one that Flink has not decided yet, or does not report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.model import format as fmt

if TYPE_CHECKING:
    from flinktop.flink.jobs import Job


def unknown_words(job: Job) -> str:
    """Why a vertex of this job has no parallelism: an adaptive batch job decides it vertex by vertex."""
    return "not decided yet" if "BATCH" in (job.job_type, job.plan.type) else "not reported"


def words(parallelism: int, job: Job) -> str:
    """The parallelism of a vertex of this job."""
    return unknown_words(job) if parallelism < 0 else fmt.number(parallelism)
