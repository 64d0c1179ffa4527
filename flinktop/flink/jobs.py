"""Jobs: lists, one job with its vertices and plan, configuration, result and accumulators."""

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from msgspec import Struct, field
from msgspec.structs import force_setattr

from flinktop.flink.acts import Cause, Nothing, StatusId, act
from flinktop.flink.endpoint import Endpoint, fill
from flinktop.flink.numbers import Count, Id, Lasting, Now, Parallelism, Time, Unset
from flinktop.flink.text import clean, unescape
from flinktop.flink.vertices import IoMetrics, UserAccumulator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from flinktop.flink.http import Http

J = TypeVar("J")

ENDED = frozenset({"FINISHED", "FAILED", "CANCELED", "SUSPENDED"})  # a job never leaves these by itself
_JOB_ID = re.compile(r"[0-9a-f]{32}")


_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_NO_LETTER = re.compile(r"&#\d{9,};?")  # no such character; Python does not read thousands of digits


def unescaped(text: str) -> str:
    """One line of plain text from the HTML that all releases send for descriptions and strategies."""
    text = unescape(_NO_LETTER.sub("\ufffd", _BREAK.sub(" ", text)))
    # Unescaping "&#27;" makes a control character.
    return " ".join(clean(text).split())


class PlanInput(Struct, frozen=True):
    """One input edge of a node."""

    num: Unset = -1
    id: str = ""  # the source node
    ship_strategy: str = ""  # HASH, REBALANCE, FORWARD and so on
    exchange: str = ""  # pipelined, blocking and so on
    local_strategy: str = ""
    caching: str = ""


class PlanNode(Struct, frozen=True):
    """One vertex in the plan; its texts are unescaped."""

    id: Id
    parallelism: Parallelism = -1
    operator: str = ""
    operator_strategy: str = ""
    description: str = ""
    inputs: tuple[PlanInput, ...] = ()

    def __post_init__(self) -> None:
        for name in ("operator", "operator_strategy", "description"):
            force_setattr(self, name, unescaped(getattr(self, name)))


class StreamNode(PlanNode, frozen=True):
    """One operator of a batch job's stream graph (2.0+)."""

    job_vertex_id: str | None = None  # None until the scheduler has planned it


class StreamGraph(Struct, frozen=True):
    """The operators of a batch job, also those not planned yet (2.0+, adaptive batch scheduler)."""

    nodes: tuple[StreamNode, ...] = ()


class Plan(Struct, frozen=True):
    """A job's plan. The order of the nodes differs between releases and schedulers."""

    jid: str = ""
    name: str = ""
    type: str | None = None  # 1.14+: STREAMING or BATCH
    nodes: tuple[PlanNode, ...] = ()


class JobPlan(Struct, frozen=True):
    """GET /jobs/:jobid/plan, and the answer of /jars/:jarid/plan."""

    plan: Plan = Plan()


class JobIdStatus(Struct, frozen=True):
    """A job's id and state."""

    id: Id
    status: str = ""


class JobIds(Struct, frozen=True):
    """GET /jobs: the states of all jobs."""

    jobs: tuple[JobIdStatus, ...] = ()

    def __post_init__(self) -> None:
        force_setattr(self, "jobs", _unique(self.jobs, lambda job: (job.id, job.status not in ENDED, 0)))


class JobOverview(Lasting, frozen=True, rename="kebab"):
    """One job of /jobs/overview; times in ms since 1970, `end_time` -1 while it runs."""

    jid: Id
    name: str = ""  # the id if the job has no name
    state: str = ""  # RUNNING and so on; INITIALIZING from 1.12; unknown states are accepted
    last_modification: Time = -1
    tasks: dict[str, Count] = field(default_factory=dict)  # subtasks by state in lower case, and `total`
    pending_operators: Count | None = None  # 2.0+: not planned yet by the adaptive batch scheduler
    job_type: str | None = field(name="jobType", default=None)  # 2.3+: STREAMING or BATCH
    scheduler_type: str | None = field(name="schedulerType", default=None)

    def __post_init__(self) -> None:
        if not self.state and _JOB_ID.fullmatch(self.jid) is None:
            # The decoder catches this error, drops the entry and reports it.
            raise ValueError("not a job")
        if not self.name.strip():
            force_setattr(self, "name", self.jid)


class JobsOverview(Struct, frozen=True, dict=True):
    """GET /jobs/overview."""

    jobs: tuple[JobOverview, ...] = ()

    def __post_init__(self) -> None:
        force_setattr(self, "jobs", unique_jobs(self.jobs))

    @cached_property
    def last_starts(self) -> "Mapping[str, int]":
        """When the newest job of each name started (ms since 1970)."""
        found: dict[str, int] = {}
        for job in self.jobs:
            found[job.name] = max(job.start_time, found.get(job.name, job.start_time))
        return found


def unique_jobs(jobs: "Iterable[JobOverview]") -> tuple[JobOverview, ...]:
    """Each job once: up to 1.14 a recovered job is listed twice, SUSPENDED and with its current state."""
    return _unique(jobs, lambda job: (job.jid, job.state not in ENDED, job.last_modification))


def _unique(jobs: "Iterable[J]", of: "Callable[[J], tuple[str, bool, int]]") -> tuple[J, ...]:
    """For each id the live entry, else the newest; `of` gives an entry's id, liveness and age."""
    found: dict[str, J] = {}
    for job in jobs:
        jid, *rank = of(job)
        if jid not in found or rank > list(of(found[jid])[1:]):
            found[jid] = job
    return tuple(found.values())


class JobVertex(Lasting, frozen=True, rename="kebab"):
    """One vertex of a job; its times are -1 before it runs."""

    id: Id
    name: str = ""  # the id if the vertex has no name
    max_parallelism: Parallelism | None = field(name="maxParallelism", default=None)  # 1.13+
    parallelism: Parallelism = -1  # -1 until the adaptive batch scheduler has decided
    status: str = ""
    tasks: dict[str, Count] = field(default_factory=dict)  # subtasks by state in upper case
    metrics: IoMetrics = IoMetrics()
    slot_sharing_group_id: str | None = field(name="slotSharingGroupId", default=None)  # 1.20+

    def __post_init__(self) -> None:
        if not self.name.strip():
            force_setattr(self, "name", self.id)


class Job(Lasting, frozen=True, rename="kebab"):
    """GET /jobs/:jobid."""

    jid: str = ""
    name: str = ""  # the id if the job has no name
    state: str = ""
    now: Now = 0  # the server's clock; on a HistoryServer the time of archiving
    timestamps: dict[str, Time] = field(default_factory=dict)  # when each state was last entered; 0: never
    vertices: tuple[JobVertex, ...] = ()  # in topological order
    status_counts: dict[str, Count] = field(default_factory=dict)  # vertices (not subtasks) by state
    plan: Plan = Plan()
    is_stoppable: bool = field(name="isStoppable", default=False)  # false in practice
    max_parallelism: Parallelism | None = field(name="maxParallelism", default=None)
    job_type: str | None = None  # 1.20+; up to 1.19 see `plan.type`
    scheduler_type: str | None = field(name="schedulerType", default=None)
    application_id: str | None = None  # 2.3+
    pending_operators: Count | None = None  # 2.0+, as the next: not planned yet (adaptive batch)
    stream_graph: StreamGraph | None = None

    def __post_init__(self) -> None:
        if not self.name.strip():
            force_setattr(self, "name", self.jid)


class ExecutionConfig(Struct, frozen=True, rename="kebab"):
    """The execution configuration of a job."""

    restart_strategy: str = ""
    job_parallelism: Parallelism = -1  # -1: chosen by the server
    object_reuse_mode: bool = False
    user_config: dict[str, str] = {}
    execution_mode: str | None = None  # up to 1.20


class JobConfig(Struct, frozen=True, rename="kebab"):
    """GET /jobs/:jobid/config."""

    jid: str = ""
    name: str = ""
    execution_config: ExecutionConfig | None = None


class JobAccumulators(Struct, frozen=True, rename="kebab"):
    """GET /jobs/:jobid/accumulators."""

    job_accumulators: tuple[UserAccumulator, ...] = ()  # always empty so far
    user_task_accumulators: tuple[UserAccumulator, ...] = ()
    serialized_user_task_accumulators: dict[str, str] = {}  # includeSerializedValue=true: Java, base64


class JobResult(Struct, frozen=True, rename="kebab"):
    """How a job ended."""

    id: str = ""
    application_status: str = ""  # SUCCEEDED, FAILED, CANCELED, UNKNOWN
    accumulator_results: dict[str, str] = {}
    net_runtime: Unset | None = None  # milliseconds
    failure_cause: Cause | None = None
    name: str | None = None  # 2.3+, as the next three
    application_id: str | None = None
    start_time: Time | None = None
    end_time: Time | None = None


class ExecutionResult(Struct, frozen=True, rename="kebab"):
    """GET /jobs/:jobid/execution-result."""

    status: StatusId = StatusId()
    job_execution_result: JobResult | None = None

    @property
    def done(self) -> bool:
        return self.status.id == "COMPLETED"


class JobStatus(Struct, frozen=True):
    """GET /jobs/:jobid/status (1.16+)."""

    status: str = ""


JOBS = Endpoint("jobs", JobIds)
JOBS_OVERVIEW = Endpoint("jobs/overview", JobsOverview)


def _brief(job: Job) -> Job:
    """When its state was entered: enough for a line in a list of jobs."""
    since = {state: at for state, at in job.timestamps.items() if state == job.state}
    return Job(jid=job.jid, state=job.state, now=job.now, timestamps=since)


JOB = Endpoint("jobs/{job}", Job, every=3, brief=_brief, named=("jid", "job"))
PLAN = Endpoint("jobs/{job}/plan", JobPlan, every=3)
JOB_CONFIG = Endpoint("jobs/{job}/config", JobConfig, every=3)
JOB_ACCUMULATORS = Endpoint("jobs/{job}/accumulators", JobAccumulators, every=3)
EXECUTION_RESULT = Endpoint("jobs/{job}/execution-result", ExecutionResult)
JOB_STATUS = Endpoint("jobs/{job}/status", JobStatus, since=(1, 16))


async def cancel(http: "Http", job: str, mode: Literal["cancel", "stop"] = "cancel") -> None:
    """PATCH /jobs/:jobid: answered once the job acknowledges it, which is before it is CANCELED.

    `stop` without a savepoint is answered 308 by every release: use checkpoints.stop. Raises Conflict if
    the job has already ended otherwise (1.15+; NotFound before).
    """
    await act(http, "PATCH", fill("jobs/{job}", job=job), Nothing, params=(("mode", mode),), seconds=60.0)


def subtasks_by_state(tasks: dict[str, Any]) -> dict[str, int]:
    """Numbers of subtasks by upper-case state, however the endpoint spells them; without `total`."""
    return {state.upper(): count for state, count in tasks.items() if state.lower() != "total"}
