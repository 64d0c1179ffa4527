"""Rescaling: requirements and history of the adaptive scheduler (1.18+, 2.3+)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flinktop.demo.numbers import identity
from flinktop.demo.replies.cluster import CORES
from flinktop.demo.request import NOT_FOUND, Refusal, Replies, Request, spread, texts
from flinktop.demo.specs import HOUR
from flinktop.flink import rescale

if TYPE_CHECKING:
    from flinktop.demo.world import JobMoment

BEGAN = -26 * HOUR  # start of the only rescale
TOOK, PREPARED = 14_200, 9800  # milliseconds of the rescale, and those in which the job still ran
COUNTS = {"ignored": 0, "inProgress": 0, "completed": 1, "failed": 0}


def _adaptive(request: Request) -> JobMoment:
    job = request.job
    if job.scheduler != "Adaptive":
        raise Refusal(NOT_FOUND, f"AdaptiveScheduler is not enabled for this job ({job.id}).")
    return job


def _requirements(request: Request) -> dict[str, Any]:
    """A 500 for any other scheduler."""
    if request.job.scheduler != "Adaptive":
        raise Refusal(
            500,
            "java.lang.UnsupportedOperationException: The DefaultScheduler does not support changing the "
            "parallelism without a job restart.",
            "",
        )
    return {
        vertex.id: {"parallelism": {"lowerBound": 1, "upperBound": vertex.spec.parallelism}}
        for vertex in request.job.vertices
    }


def _row(job: JobMoment, *, whole: bool = False) -> dict[str, Any]:
    begun = job.moment.stamp(BEGAN)
    return {
        "rescaleUuid": uuid_of(job),
        "resourceRequirementsUuid": identity("requirements", job.id),
        "rescaleAttemptId": 1,
        **(_details(job, begun) if whole else {"vertices": {}, "slots": {}, "schedulerStates": []}),
        "startTimestampInMillis": begun,
        "endTimestampInMillis": begun + TOOK,
        "terminalState": "COMPLETED",
        "triggerCause": "UPDATE_REQUIREMENT",
        "terminatedReason": "SUCCEEDED",
    }


def _details(job: JobMoment, begun: int) -> dict[str, Any]:
    group = identity("slots", job.id)
    shared = {"slotSharingGroupId": group, "slotSharingGroupName": "default"}
    vertices = {
        vertex.id: {
            "jobVertexId": vertex.id,
            "jobVertexName": vertex.spec.name,
            **shared,
            "sufficientParallelism": 1,
            **_change("Parallelism", vertex.spec.parallelism),
        }
        for vertex in job.vertices
    }
    of_group = {
        **shared,
        "requestResourceProfile": _profile(-1.0, -1),
        "minimalRequiredSlots": 1,
        **_change("Slots", job.spec.slots),
        "acquiredResourceProfile": _profile(CORES / 8, 160),
    }
    states = (("Executing", begun, PREPARED), ("Restarting", begun + PREPARED, TOOK - PREPARED))
    return {
        "vertices": vertices,
        "slots": {group: of_group},
        "schedulerStates": [
            {
                "state": name,
                "enterTimestampInMillis": entered,
                "leaveTimestampInMillis": entered + took,
                "durationInMillis": took,
                "stringifiedException": None,
            }
            for name, entered, took in states
        ],
    }


def _change(of: str, now: int) -> dict[str, int]:
    return {f"preRescale{of}": max(1, now // 2), f"desired{of}": now, f"postRescale{of}": now}


def _profile(cores: float, memory: int) -> dict[str, Any]:
    names = ("taskHeapMemory", "taskOffHeapMemory", "managedMemory", "networkMemory")
    return {"cpuCores": cores, **dict.fromkeys(names, memory), "extendedResources": {}}


def uuid_of(job: JobMoment) -> str:
    """The id of the job's rescale."""
    return identity("rescale", job.id)


def _config(request: Request) -> Any:
    _adaptive(request)
    return texts()["rescale configuration"]


def _overview(request: Request) -> dict[str, Any]:
    latest = {"completed": _row(_adaptive(request)), "failed": None, "ignored": None}
    return {"rescalesCounts": COUNTS, "latest": latest}


def _summary(request: Request) -> dict[str, Any]:
    _adaptive(request)
    return {
        "rescalesCounts": COUNTS,
        "rescalesDurationStatsInMillis": spread([TOOK]),
        "completedRescalesDurationStatsInMillis": spread([TOOK]),
        "ignoredRescalesDurationStatsInMillis": spread([]),
        "failedRescalesDurationStatsInMillis": spread([]),
    }


def _rescale(request: Request) -> dict[str, Any]:
    job = _adaptive(request)
    if request.ids["rescale"] != uuid_of(job):
        raise Refusal(NOT_FOUND, f"Could not find rescale {request.ids['rescale']}.")
    return _row(job, whole=True)


REPLIES: Replies = {
    rescale.RESOURCE_REQUIREMENTS: _requirements,
    rescale.RESCALE_CONFIG: _config,
    rescale.RESCALES_OVERVIEW: _overview,
    rescale.RESCALES_HISTORY: lambda request: [_row(_adaptive(request))],
    rescale.RESCALES_SUMMARY: _summary,
    rescale.RESCALE: _rescale,
}
