"""Rescaling: what the adaptive scheduler was told and what it did (1.18+, 2.3+)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flinktop.demo.noise import identity
from flinktop.demo.replies.answer import NOT_FOUND, Asked, Refusal, job_of, spread
from flinktop.demo.replies.jobs import scheduler
from flinktop.demo.replies.taskmanagers import CORES

if TYPE_CHECKING:
    from flinktop.demo.world import JobMoment, Moment

AGO = 26 * 3600.0
"""Seconds before the demo opened that the one rescale there was began."""
TOOK = 14.2
PREPARED = 9800
"""Milliseconds of it that the job still ran."""


def _adaptive(moment: Moment, asked: Asked) -> JobMoment:
    job = job_of(moment, asked)
    if scheduler(moment, job) != "Adaptive":
        raise Refusal(NOT_FOUND, f"AdaptiveScheduler is not enabled for this job ({job.plan.id}).")
    return job


def requirements(moment: Moment, asked: Asked) -> dict[str, Any]:
    """/jobs/:jobid/resource-requirements (1.18+): a 500 for any other scheduler."""
    job = job_of(moment, asked)
    if scheduler(moment, job) != "Adaptive":
        raise Refusal(
            500,
            "java.lang.UnsupportedOperationException: The DefaultScheduler does not support changing the "
            "parallelism without a job restart.",
            "",
        )
    return {
        vertex.id: {"parallelism": {"lowerBound": 1, "upperBound": vertex.spec.parallelism}}
        for vertex in job.plan.vertices
    }


def config(moment: Moment, asked: Asked) -> dict[str, Any]:
    """/jobs/:jobid/rescales/config (2.3+)."""
    _adaptive(moment, asked)
    return {
        "rescaleHistoryMax": 20,
        "schedulerExecutionMode": None,
        "submissionResourceWaitTimeoutInMillis": 300_000,
        "submissionResourceStabilizationTimeoutInMillis": 10_000,
        "slotIdleTimeoutInMillis": 50_000,
        "executingCooldownTimeoutInMillis": 30_000,
        "executingResourceStabilizationTimeoutInMillis": 60_000,
        "maximumDelayForTriggeringRescaleInMillis": 15_000,
        "rescaleOnFailedCheckpointCount": 2,
    }


def _row(moment: Moment, job: JobMoment, *, whole: bool = False) -> dict[str, Any]:
    group = identity("slots", job.plan.id)
    most = job.plan.spec.slots
    vertices = {
        vertex.id: {
            "jobVertexId": vertex.id,
            "jobVertexName": vertex.spec.name,
            "slotSharingGroupId": group,
            "slotSharingGroupName": "default",
            "desiredParallelism": vertex.spec.parallelism,
            "sufficientParallelism": 1,
            "preRescaleParallelism": max(1, vertex.spec.parallelism // 2),
            "postRescaleParallelism": vertex.spec.parallelism,
        }
        for vertex in job.plan.vertices
    }
    slots = {
        group: {
            "slotSharingGroupId": group,
            "slotSharingGroupName": "default",
            "requestResourceProfile": _profile(-1.0, -1),
            "desiredSlots": most,
            "minimalRequiredSlots": 1,
            "preRescaleSlots": max(1, most // 2),
            "postRescaleSlots": most,
            "acquiredResourceProfile": _profile(CORES / 8, 160),
        }
    }
    begun, took = moment.stamp(-AGO), round(TOOK * 1000)
    states = [
        _state("Executing", begun, begun + PREPARED),
        _state("Restarting", begun + PREPARED, begun + took),
    ]
    return {
        "rescaleUuid": uuid_of(job),
        "resourceRequirementsUuid": identity("requirements", job.plan.id),
        "rescaleAttemptId": 1,
        "vertices": vertices if whole else {},
        "slots": slots if whole else {},
        "schedulerStates": states if whole else [],
        "startTimestampInMillis": begun,
        "endTimestampInMillis": begun + took,
        "terminalState": "COMPLETED",
        "triggerCause": "UPDATE_REQUIREMENT",
        "terminatedReason": "SUCCEEDED",
    }


def _state(name: str, entered: int, left: int) -> dict[str, Any]:
    return {
        "state": name,
        "enterTimestampInMillis": entered,
        "leaveTimestampInMillis": left,
        "durationInMillis": left - entered,
        "stringifiedException": None,
    }


def _profile(cores: float, memory: int) -> dict[str, Any]:
    names = ("taskHeapMemory", "taskOffHeapMemory", "managedMemory", "networkMemory")
    return {"cpuCores": cores, **dict.fromkeys(names, memory), "extendedResources": {}}


def uuid_of(job: JobMoment) -> str:
    """The id of the job's rescale."""
    return identity("rescale", job.plan.id)


def _counts() -> dict[str, int]:
    return {"ignored": 0, "inProgress": 0, "completed": 1, "failed": 0}


def overview(moment: Moment, asked: Asked) -> dict[str, Any]:
    """/jobs/:jobid/rescales/overview (2.3+)."""
    job = _adaptive(moment, asked)
    latest = {"completed": _row(moment, job), "failed": None, "ignored": None}
    return {"rescalesCounts": _counts(), "latest": latest}


def history(moment: Moment, asked: Asked) -> list[dict[str, Any]]:
    """/jobs/:jobid/rescales/history (2.3+)."""
    return [_row(moment, _adaptive(moment, asked))]


def summary(moment: Moment, asked: Asked) -> dict[str, Any]:
    """/jobs/:jobid/rescales/summary (2.3+)."""
    _adaptive(moment, asked)
    took = spread(moment, [round(TOOK * 1000)])
    nothing = spread(moment, [])
    return {
        "rescalesCounts": _counts(),
        "rescalesDurationStatsInMillis": took,
        "completedRescalesDurationStatsInMillis": took,
        "ignoredRescalesDurationStatsInMillis": nothing,
        "failedRescalesDurationStatsInMillis": nothing,
    }


def details(moment: Moment, asked: Asked) -> dict[str, Any]:
    """/jobs/:jobid/rescales/details/:rescaleuuid (2.3+)."""
    job = _adaptive(moment, asked)
    if asked.ids["rescale"] != uuid_of(job):
        raise Refusal(NOT_FOUND, f"Could not find rescale {asked.ids['rescale']}.")
    return _row(moment, job, whole=True)
