"""The scheduler of a job, and its effect on a parallelism of -1 and a failure without a task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.model import format as fmt

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flinktop.flink.features import Features
    from flinktop.flink.jobmanager import Setting
    from flinktop.flink.jobs import Job

ADAPTIVE = "Adaptive"
UNNAMED = "Flink does not say which task"
JOB_LEVEL = "job-level failure"


def is_adaptive(job: Job | None, features: Features, settings: Iterable[Setting] | None) -> bool | None:
    """Whether the adaptive scheduler runs a job; None if unknown.

    A job reports its scheduler from 2.3 on; `web-rescale` of /config is true only for the adaptive scheduler
    (1.18+); otherwise the cluster's configuration has it, from 1.13 on.
    """
    if job is not None and job.scheduler_type is not None:
        return job.scheduler_type == ADAPTIVE
    if features.web_rescale:
        return True
    if not features.has(1, 13):
        return False
    if settings is None:
        return None
    values = {one.key: (one.value or "").strip().lower() for one in settings}
    return values.get("jobmanager.scheduler") == "adaptive" or values.get("scheduler-mode") == "reactive"


def unnamed(*, adaptive: bool | None) -> str:
    """The words for the task of a failure that Flink reports without one.

    Other schedulers omit the name only for a failure of the whole job. The adaptive one omits it for every
    failure (no taskName, no endpoint), also of a single task.
    """
    return JOB_LEVEL if adaptive is False else UNNAMED


def unknown_parallelism(job: Job) -> str:
    """Why a vertex of this job has no parallelism: an adaptive batch job decides it vertex by vertex."""
    return "not decided yet" if "BATCH" in (job.job_type, job.plan.type) else "not reported"


def parallelism_words(parallelism: int, job: Job) -> str:
    """The parallelism of a vertex of this job."""
    return unknown_parallelism(job) if parallelism < 0 else fmt.number(parallelism)
