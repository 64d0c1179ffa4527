"""Rescaling: resource requirements (1.18+), the history of rescales (2.3+), and the old endpoint."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct, field

from flinktop.flink.acts import Nothing, Status, act, begin
from flinktop.flink.checkpoints import Spread
from flinktop.flink.decode import Lines
from flinktop.flink.endpoint import Endpoint, fill
from flinktop.flink.numbers import Count, Parallelism, Time, Unset
from flinktop.flink.taskmanagers import Resource

if TYPE_CHECKING:
    from flinktop.flink.http import Http


class Bounds(Struct, frozen=True, rename="camel"):
    """The least and greatest parallelism that the adaptive scheduler may choose."""

    lower_bound: Parallelism = -1
    upper_bound: Parallelism = -1


class VertexRequirements(Struct, frozen=True):
    """The resource requirements of one vertex."""

    parallelism: Bounds = Bounds()


class RescaledVertex(Struct, frozen=True, rename="camel"):
    """A vertex's parallelism before and after; None if not reached."""

    job_vertex_id: str = ""
    job_vertex_name: str | None = None
    slot_sharing_group_id: str | None = None
    slot_sharing_group_name: str | None = None
    desired_parallelism: Parallelism | None = None
    sufficient_parallelism: Parallelism | None = None
    pre_rescale_parallelism: Parallelism | None = None
    post_rescale_parallelism: Parallelism | None = None


class RescaledSlots(Struct, frozen=True, rename="camel"):
    """A slot sharing group's slots before and after."""

    slot_sharing_group_id: str = ""
    slot_sharing_group_name: str | None = None
    request_resource_profile: Resource | None = None
    desired_slots: Unset | None = None
    minimal_required_slots: Unset | None = None
    pre_rescale_slots: Unset | None = None
    post_rescale_slots: Unset | None = None
    acquired_resource_profile: Resource | None = None


class SchedulerState(Struct, frozen=True):
    """A state that the scheduler was in; times in ms."""

    state: str = ""
    entered: Time | None = field(name="enterTimestampInMillis", default=None)
    left: Time | None = field(name="leaveTimestampInMillis", default=None)
    duration: Unset | None = field(name="durationInMillis", default=None)
    exception: Lines | None = field(name="stringifiedException", default=None)


class Rescale(Struct, frozen=True, rename="camel"):
    """One rescale; vertices, slots and states are in answers of RESCALE only."""

    rescale_uuid: str = ""
    resource_requirements_uuid: str = ""
    rescale_attempt_id: Unset = -1
    vertices: dict[str, RescaledVertex] | None = None
    slots: dict[str, RescaledSlots] | None = None
    scheduler_states: tuple[SchedulerState, ...] | None = None
    start: Time | None = field(name="startTimestampInMillis", default=None)
    end: Time | None = field(name="endTimestampInMillis", default=None)
    terminal_state: str | None = None  # COMPLETED, FAILED, IGNORED; None while it runs
    trigger_cause: str | None = None
    terminated_reason: str | None = None


class RescaleCounts(Struct, frozen=True, rename="camel"):
    """Numbers of rescales by result."""

    ignored: Count | None = None
    in_progress: Count | None = None
    completed: Count | None = None
    failed: Count | None = None


class LatestRescales(Struct, frozen=True):
    """The newest rescale of each result."""

    completed: Rescale | None = None
    failed: Rescale | None = None
    ignored: Rescale | None = None


class RescalesOverview(Struct, frozen=True, rename="camel"):
    """GET /jobs/:jobid/rescales/overview."""

    rescales_counts: RescaleCounts = RescaleCounts()
    latest: LatestRescales = LatestRescales()


class RescalesSummary(Struct, frozen=True, rename="camel"):
    """GET /jobs/:jobid/rescales/summary; durations in ms."""

    rescales_counts: RescaleCounts = RescaleCounts()
    all: Spread = field(name="rescalesDurationStatsInMillis", default=Spread())
    completed: Spread = field(name="completedRescalesDurationStatsInMillis", default=Spread())
    ignored: Spread = field(name="ignoredRescalesDurationStatsInMillis", default=Spread())
    failed: Spread = field(name="failedRescalesDurationStatsInMillis", default=Spread())


class RescaleConfig(Struct, frozen=True, rename="camel"):
    """GET /jobs/:jobid/rescales/config; times in ms."""

    rescale_history_max: Unset | None = None
    scheduler_execution_mode: str | None = None
    submission_resource_wait_timeout_in_millis: Unset | None = None
    submission_resource_stabilization_timeout_in_millis: Unset | None = None
    slot_idle_timeout_in_millis: Unset | None = None
    executing_cooldown_timeout_in_millis: Unset | None = None
    executing_resource_stabilization_timeout_in_millis: Unset | None = None
    maximum_delay_for_triggering_rescale_in_millis: Unset | None = None
    rescale_on_failed_checkpoint_count: Unset | None = None


# 503 in every release ("temporarily disabled", FLINK-12312); use RESOURCE_REQUIREMENTS instead.
RESCALING_STATUS = Endpoint("jobs/{job}/rescaling/{trigger}", Status)
# 500 unless the job has the adaptive scheduler.
RESOURCE_REQUIREMENTS = Endpoint(
    "jobs/{job}/resource-requirements", dict[str, VertexRequirements], since=(1, 18)
)
# 404 unless the job has the adaptive scheduler and web.adaptive-scheduler.rescale-history.size is set.
RESCALE_CONFIG = Endpoint("jobs/{job}/rescales/config", RescaleConfig, every=3, since=(2, 3))
RESCALES_OVERVIEW = Endpoint("jobs/{job}/rescales/overview", RescalesOverview, every=3, since=(2, 3))
RESCALES_HISTORY = Endpoint("jobs/{job}/rescales/history", tuple[Rescale, ...], every=3, since=(2, 3))
RESCALES_SUMMARY = Endpoint("jobs/{job}/rescales/summary", RescalesSummary, every=3, since=(2, 3))
RESCALE = Endpoint("jobs/{job}/rescales/details/{rescale}", Rescale, every=3, since=(2, 3))


async def rescale(http: "Http", job: str, parallelism: int) -> str:
    """PATCH /jobs/:jobid/rescaling; every release since 1.9 answers that it is disabled (Rejected)."""
    path = fill("jobs/{job}/rescaling", job=job)
    return await begin(http, "PATCH", path, params=(("parallelism", str(parallelism)),))


async def require_resources(http: "Http", job: str, bounds: Mapping[str, Bounds]) -> None:
    """PUT /jobs/:jobid/resource-requirements (1.18+, adaptive scheduler).

    Stored at once; the rescale follows after the scheduler's cooldown. A missing vertex is a 400.
    """
    body = {
        vertex: {"parallelism": {"lowerBound": bound.lower_bound, "upperBound": bound.upper_bound}}
        for vertex, bound in bounds.items()
    }
    await act(http, "PUT", fill("jobs/{job}/resource-requirements", job=job), Nothing, json=body)
