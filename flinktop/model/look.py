"""What one look at a job or a cluster tells: its newest answers, side by side, with their times.

All times are ms since 1970 by the cluster's own clock. What was never asked, or is old, is None.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, TypeVar

from msgspec import Struct

from flinktop.flink.checkpoints import (
    CHECKPOINT,
    CHECKPOINT_CONFIG,
    CHECKPOINT_SUBTASKS,
    CHECKPOINTS,
    Checkpoint,
    CheckpointConfig,
    CheckpointStats,
    CheckpointSubtasks,
)
from flinktop.flink.cluster import OVERVIEW, ClusterOverview
from flinktop.flink.errors import NotFound
from flinktop.flink.exceptions import EXCEPTIONS, JobExceptions
from flinktop.flink.features import Features
from flinktop.flink.jobmanager import JOBMANAGER_CONFIG
from flinktop.flink.jobs import JOB, JOBS_OVERVIEW, Job, JobOverview, JobsOverview, JobVertex, PlanNode
from flinktop.flink.metrics import (
    JOB_METRICS,
    JOBMANAGER_METRICS,
    SUBTASKS_METRICS,
    TASKMANAGER_METRICS,
    VERTEX_METRICS,
    AggregatedMetric,
    Metric,
)
from flinktop.flink.rescale import RESOURCE_REQUIREMENTS, VertexRequirements
from flinktop.flink.taskmanagers import TASKMANAGER, TASKMANAGERS, TaskManager, TaskManagerDetails
from flinktop.flink.vertices import (
    SUBTASK_TIMES,
    VERTEX,
    VERTEX_BACKPRESSURE,
    VERTEX_WATERMARKS,
    SubtasksTimes,
    Vertex,
    VertexBackpressure,
)
from flinktop.model import halves, scheduler, states

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from flinktop.flink.endpoint import Endpoint, Query
    from flinktop.flink.errors import FlinkError
    from flinktop.model.kubernetes import KubernetesState

T = TypeVar("T")

OLD: Final = 45_000.0
"""ms after which a figure that moves says nothing of now: four fetches of Flink's metrics."""
BACKLOG_INTERVAL: Final = "execution.checkpointing.interval-during-backlog"  # 1.19+


class Taken(Struct, Generic[T], frozen=True):
    """An answer and when it came."""

    value: T
    at: float


class Answers(Protocol):
    """The newest answers of one cluster, whatever was asked in the query string."""

    @property
    def features(self) -> Features: ...
    @property
    def now(self) -> float: ...  # ms since 1970
    @property
    def kubernetes(self) -> KubernetesState | None: ...  # None: not on Kubernetes, or nothing is known
    def newest(self, endpoint: Endpoint[T], /, **ids: str) -> Taken[T] | None: ...
    def error(self, endpoint: Endpoint[Any], /, **ids: str) -> FlinkError | None: ...  # of the newest request
    def metrics(self, endpoint: Endpoint[Any], /, **ids: str) -> Mapping[str, Taken[Any]]: ...  # by metric id
    def listed(self, endpoint: Endpoint[Any], /, **ids: str) -> tuple[str, ...] | None: ...  # metric ids
    def answer(self, query: Query[T], /) -> Taken[T] | None: ...  # the newest of exactly this query


class Limits(Struct, frozen=True):
    """From where on figures are findings, as the user may set it."""

    overdue_factor: float = 3.0  # of the checkpoint interval, without a completed checkpoint
    heap_percent: float = 90.0  # of its maximum
    lag_seconds: float = 60.0  # of reading what is pending at a source


USUAL: Final = Limits()


class VertexLook(Struct, frozen=True, kw_only=True):
    """One vertex."""

    vertex: JobVertex
    node: PlanNode | None = None
    inputs: tuple[str, ...] = ()  # ids of the vertices before it
    outputs: tuple[str, ...] = ()
    backpressure: Taken[VertexBackpressure] | None = None
    subtasks: Taken[Vertex] | None = None  # with what each took in and where it runs
    times: Taken[SubtasksTimes] | None = None
    watermarks: Taken[tuple[Metric, ...]] | None = None  # "0.currentInputWatermark" and so on (1.10+)
    metrics: Mapping[str, Taken[AggregatedMetric]] = {}  # over its subtasks, by id with its operator
    by_subtask: Mapping[str, Taken[Metric]] = {}  # by id with subtask and operator: "0.Map.numRecordsIn"
    listed: tuple[str, ...] | None = None  # ids of the metrics that can be asked over its subtasks

    @property
    def id(self) -> str:
        return self.vertex.id

    @property
    def name(self) -> str:
        return self.vertex.name


class JobLook(Struct, frozen=True, kw_only=True, dict=True):
    """One job."""

    listed: JobOverview
    now: float
    features: Features = Features()
    job: Taken[Job] | None = None
    vertices: tuple[VertexLook, ...] = ()  # in topological order
    exceptions: Taken[JobExceptions] | None = None
    checkpoints: Taken[CheckpointStats] | None = None
    without_checkpoints: bool = False  # a 404: no checkpoints are configured, which is no error
    checkpoint_config: Taken[CheckpointConfig] | None = None
    checkpoint_details: Mapping[int, Taken[Checkpoint]] = {}  # of some in progress or failed, by id
    checkpoint_subtasks: Mapping[tuple[int, str], Taken[CheckpointSubtasks]] = {}  # and by vertex
    metrics: Mapping[str, Taken[float | None]] = {}  # the job's own: numRestarts and so on
    errors: Mapping[str, FlinkError] = {}  # why the newest request failed, by the endpoint's path
    adaptive: bool | None = None  # whether the adaptive scheduler runs it
    free_slots: int | None = None
    slots: int | None = None  # of all TaskManagers
    pending_taskmanagers: int | None = None  # asked for and not there yet (1.15+)
    taskmanagers: Mapping[str, TaskManager] = {}
    replaced: bool = False  # a job of the same name has started later
    requirements: Taken[dict[str, VertexRequirements]] | None = None  # by vertex (1.18+, adaptive scheduler)
    backlog_interval: bool = False  # the cluster configures another interval while sources read a backlog
    limits: Limits = Limits()
    kubernetes: KubernetesState | None = None  # what it knows of the cluster

    @property
    def state(self) -> str:
        """The newest known: nothing comes after the end, which the list of jobs tells first."""
        if states.is_terminal(self.listed.state):
            return self.listed.state
        return self.job.value.state if self.job is not None and self.job.value.state else self.listed.state

    @property
    def streaming(self) -> bool:
        """Whether it is no batch job: by the plan's type (1.14+), before that by its edges."""
        job = self.job.value if self.job is not None else None
        kind = self.listed.job_type or (job.job_type if job is not None else None)
        kind = kind or (job.plan.type if job is not None else None)
        if kind:
            return kind != "BATCH"
        inputs = [one for node in (job.plan.nodes if job is not None else ()) for one in node.inputs]
        return not any("blocking" in one.exchange.lower() for one in inputs)

    @cached_property
    def by_id(self) -> Mapping[str, VertexLook]:
        """The vertices by id, in topological order; each of hundreds looks its neighbours up."""
        return {one.id: one for one in self.vertices}

    @cached_property
    def history(self) -> tuple[Checkpoint, ...]:
        """The checkpoints of Flink's history without savepoints, newest first; many judgements ask for it."""
        history = self.checkpoints.value.history if self.checkpoints is not None else ()
        known = {one.id: one for one in reversed(history) if not one.is_savepoint and one.id >= 0}
        return tuple(sorted(known.values(), key=lambda one: one.id, reverse=True))

    def vertex(self, number: str) -> VertexLook | None:
        return self.by_id.get(number)


class ProcessLook(Struct, frozen=True, kw_only=True):
    """The JobManager or a TaskManager; the metrics are of Status.JVM.* and so on, by id."""

    id: str = ""  # of the TaskManager; "" is the JobManager
    metrics: Mapping[str, Taken[float | None]] = {}
    details: TaskManagerDetails | None = None  # with its memory configuration
    jobs: tuple[str, ...] = ()  # names of the jobs with a slot on it (1.13+)


class ClusterLook(Struct, frozen=True, kw_only=True):
    """One cluster."""

    now: float
    features: Features = Features()
    overview: ClusterOverview | None = None
    jobs: Taken[tuple[JobOverview, ...]] | None = None
    taskmanagers: Taken[tuple[TaskManager, ...]] | None = None
    processes: tuple[ProcessLook, ...] = ()
    settings: Mapping[str, str] = {}  # of the JobManager's configuration
    exceptions: Mapping[str, Taken[JobExceptions]] = {}  # by job: of those that were asked
    groups: Mapping[tuple[str, ...], Taken[tuple[AggregatedMetric, ...]]] = {}
    """Figures aggregated over groups of TaskManagers, by their ids: all of them, halves, and so on."""
    limits: Limits = Limits()
    kubernetes: KubernetesState | None = None


def job_look(answers: Answers, listed: JobOverview, limits: Limits = USUAL) -> JobLook:
    """What is known of a job that /jobs/overview lists."""
    job = _young(answers, answers.newest(JOB, job=listed.jid), ended=states.is_terminal(listed.state))
    settings = answers.newest(JOBMANAGER_CONFIG)
    overview = answers.newest(OVERVIEW)
    found = answers.newest(TASKMANAGERS)
    manager = answers.metrics(JOBMANAGER_METRICS)
    pending = manager.get("numPendingTaskManagers")
    checkpoints = answers.error(CHECKPOINTS, job=listed.jid)
    details = _details(answers, listed.jid)
    everything = answers.newest(JOBS_OVERVIEW)
    adaptive = scheduler.is_adaptive(
        job.value if job is not None else None,
        answers.features,
        settings.value if settings is not None else None,
    )
    if adaptive is None and job is not None and job.value.timestamps.get("RESTARTING", 0) > 0:
        adaptive = False  # the adaptive scheduler never has a time of that state
    return JobLook(
        listed=listed,
        now=answers.now,
        features=answers.features,
        job=job,
        vertices=_vertices(answers, job.value) if job is not None else (),
        exceptions=answers.newest(EXCEPTIONS, job=listed.jid),
        checkpoints=_young(answers, answers.newest(CHECKPOINTS, job=listed.jid)),
        without_checkpoints=isinstance(checkpoints, NotFound),
        checkpoint_config=answers.newest(CHECKPOINT_CONFIG, job=listed.jid),
        checkpoint_details=details,
        checkpoint_subtasks=_checkpoint_subtasks(answers, listed.jid, details, job),
        metrics=_numbers(answers, JOB_METRICS, job=listed.jid),
        errors={
            endpoint.path: error
            for endpoint in (JOB, CHECKPOINTS, EXCEPTIONS, JOB_METRICS)
            if (error := answers.error(endpoint, job=listed.jid)) is not None
        },
        adaptive=adaptive,
        free_slots=overview.value.slots_available if overview is not None else None,
        slots=overview.value.slots_total if overview is not None else None,
        pending_taskmanagers=_count(pending),
        taskmanagers={one.id: one for one in found.value.taskmanagers} if found is not None else {},
        replaced=_is_replaced(listed, everything.value if everything is not None else None),
        requirements=answers.newest(RESOURCE_REQUIREMENTS, job=listed.jid),
        backlog_interval=any(
            one.key == BACKLOG_INTERVAL for one in (settings.value if settings is not None else ())
        ),
        limits=limits,
        kubernetes=answers.kubernetes,
    )


def cluster_look(answers: Answers, limits: Limits = USUAL) -> ClusterLook:
    """What is known of the cluster as a whole."""
    overview, jobs = answers.newest(OVERVIEW), answers.newest(JOBS_OVERVIEW)
    found, settings = answers.newest(TASKMANAGERS), answers.newest(JOBMANAGER_CONFIG)
    listed = jobs.value.jobs if jobs is not None else ()
    names = {one.jid: one.name for one in listed}
    processes = [ProcessLook(metrics=_numbers(answers, JOBMANAGER_METRICS))]
    for one in found.value.taskmanagers if found is not None else ():
        details = answers.newest(TASKMANAGER, taskmanager=one.id)
        slots = details.value.allocated_slots or () if details is not None else ()
        processes.append(
            ProcessLook(
                id=one.id,
                metrics=_numbers(answers, TASKMANAGER_METRICS, taskmanager=one.id),
                details=details.value if details is not None else None,
                jobs=tuple(sorted({names.get(slot.job_id, slot.job_id) for slot in slots})),
            )
        )
    faults = {one.jid: answers.newest(EXCEPTIONS, job=one.jid) for one in listed}
    return ClusterLook(
        now=answers.now,
        features=answers.features,
        overview=overview.value if overview is not None else None,
        jobs=Taken(jobs.value.jobs, jobs.at) if jobs is not None else None,
        taskmanagers=Taken(found.value.taskmanagers, found.at) if found is not None else None,
        processes=tuple(processes),
        settings={one.key: one.value or "" for one in settings.value} if settings is not None else {},
        exceptions={job: taken for job, taken in faults.items() if taken is not None},
        groups=_groups(answers, found.value.taskmanagers if found is not None else ()),
        limits=limits,
        kubernetes=answers.kubernetes,
    )


def _groups(
    answers: Answers, known: Iterable[TaskManager]
) -> dict[tuple[str, ...], Taken[tuple[AggregatedMetric, ...]]]:
    """The young answers about all TaskManagers, and about parts of each group that has one."""
    found: dict[tuple[str, ...], Taken[tuple[AggregatedMetric, ...]]] = {}
    whole = halves.whole(one.id for one in known)
    left = [whole] if len(whole) > halves.EACH else []
    while left:
        group = left.pop()
        taken = answers.answer(halves.query(group, whole, answers.features))
        if taken is not None and answers.now - taken.at <= halves.OLD_MS:
            found[group] = taken
            left += halves.parts(group)
    return found


def _vertices(answers: Answers, job: Job) -> tuple[VertexLook, ...]:
    nodes = {node.id: node for node in job.plan.nodes}
    outputs: dict[str, list[str]] = {}
    for node in job.plan.nodes:
        for one in node.inputs:
            outputs.setdefault(one.id, []).append(node.id)
    found = []
    ended = states.is_terminal(job.state)
    for vertex in job.vertices:
        ids = {"job": job.jid, "vertex": vertex.id}
        known = nodes.get(vertex.id)
        found.append(
            VertexLook(
                vertex=vertex,
                node=known,
                inputs=tuple(dict.fromkeys(one.id for one in known.inputs)) if known is not None else (),
                outputs=tuple(dict.fromkeys(outputs.get(vertex.id, ()))),
                backpressure=_young(answers, answers.newest(VERTEX_BACKPRESSURE, **ids)),
                subtasks=_young(answers, answers.newest(VERTEX, **ids), ended=ended),
                times=_young(answers, answers.newest(SUBTASK_TIMES, **ids)),
                watermarks=_young(answers, answers.newest(VERTEX_WATERMARKS, **ids)),
                metrics=_young_metrics(answers, SUBTASKS_METRICS, **ids),
                by_subtask=_young_metrics(answers, VERTEX_METRICS, **ids),
                listed=answers.listed(SUBTASKS_METRICS, **ids),
            )
        )
    return tuple(found)


def _young(answers: Answers, taken: Taken[T] | None, *, ended: bool = False) -> Taken[T] | None:
    """An answer that still tells of now; what a job that has ended says stays true."""
    return taken if taken is not None and (ended or answers.now - taken.at <= OLD) else None


def _young_metrics(answers: Answers, endpoint: Endpoint[Any], **ids: str) -> dict[str, Taken[Any]]:
    known = answers.metrics(endpoint, **ids)
    oldest = answers.now - OLD
    return {name: taken for name, taken in known.items() if taken.at >= oldest} if known else {}


def _numbers(answers: Answers, endpoint: Endpoint[Any], **ids: str) -> dict[str, Taken[float | None]]:
    """Plain metrics as numbers."""
    return {
        name: Taken(taken.value.number, taken.at)
        for name, taken in _young_metrics(answers, endpoint, **ids).items()
    }


def _count(metric: Taken[Metric] | None) -> int | None:
    number = metric.value.number if metric is not None else None
    return int(number) if number is not None else None


def _details(answers: Answers, job: str) -> dict[int, Taken[Checkpoint]]:
    """Details of those checkpoints of the history that did not complete."""
    stats = answers.newest(CHECKPOINTS, job=job)
    found = {}
    for one in stats.value.history if stats is not None else ():
        details = answers.newest(CHECKPOINT, job=job, checkpoint=str(one.id))
        if details is not None:
            found[one.id] = details
    return found


def _checkpoint_subtasks(
    answers: Answers, job: str, details: Iterable[int], known: Taken[Job] | None
) -> dict[tuple[int, str], Taken[CheckpointSubtasks]]:
    found = {}
    for number in details:
        for vertex in known.value.vertices if known is not None else ():
            taken = answers.newest(CHECKPOINT_SUBTASKS, job=job, checkpoint=str(number), vertex=vertex.id)
            if taken is not None:
                found[number, vertex.id] = taken
    return found


def _is_replaced(listed: JobOverview, jobs: JobsOverview | None) -> bool:
    return jobs is not None and jobs.last_starts.get(listed.name, listed.start_time) > listed.start_time
