"""The known state of a cluster and a job, on which acts decide."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from flinktop.engine.acts.form import Line
from flinktop.flink.checkpoints import CHECKPOINT_CONFIG, CHECKPOINTS, CheckpointConfig, CheckpointStats
from flinktop.flink.cluster import OVERVIEW, ClusterOverview
from flinktop.flink.decode import read
from flinktop.flink.endpoint import Query
from flinktop.flink.errors import NotFound
from flinktop.flink.features import Features
from flinktop.flink.http import Http
from flinktop.flink.jobs import (
    JOB,
    JOBS_OVERVIEW,
    Job,
    JobOverview,
    JobsOverview,
    JobVertex,
    subtasks_by_state,
)
from flinktop.model import states

if TYPE_CHECKING:
    from flinktop.model.kubernetes import KubernetesState

T = TypeVar("T")


class TargetJob(Struct, frozen=True):
    """The job that an act is about; None means unknown."""

    id: str
    name: str = ""
    state: str = ""
    tasks: dict[str, int] = field(default_factory=dict)  # subtasks by upper-case state
    batch: bool | None = None
    scheduler: str | None = None  # 2.3+: Default, Adaptive or AdaptiveBatch
    vertices: tuple[JobVertex, ...] = ()
    checkpointing: bool | None = None  # whether checkpointing is enabled
    last_good: float | None = None  # seconds since its last completed checkpoint or savepoint was triggered
    last_good_is_savepoint: bool = False
    retained: bool | None = None  # whether its last checkpoint outlives a cancel

    @property
    def ended(self) -> bool:
        """Whether its state is terminal."""
        return states.is_terminal(self.state)

    @property
    def not_running(self) -> tuple[int, int]:
        """The number of subtasks that neither run nor have finished, and of all subtasks."""
        counted = {state: number for state, number in self.tasks.items() if number > 0}
        total = sum(counted.values())
        return total - counted.get("RUNNING", 0) - counted.get("FINISHED", 0), total


class Target(Struct, frozen=True):
    """The cluster and job that an act is about, for `why_not` and `consequence`."""

    cluster: str  # its name
    url: str
    features: Features = field(default_factory=Features)
    read_only: bool = False
    protected: bool = False  # a name must be typed before every act on this cluster
    ledger_error: str | None = None  # why nothing can be recorded; acts are refused then
    job: TargetJob | None = None
    job_missing: bool = False  # the cluster has answered that it does not know the job
    under_way: tuple[str, ...] = ()  # labels of unfinished operations of flinktop on this job
    slots_free: int | None = None
    running: int | None = None  # jobs that have not ended
    kubernetes: "KubernetesState | None" = None  # what Kubernetes knows of the cluster
    allow_managed: bool = False  # acts that the Flink Kubernetes operator would undo are not refused

    @property
    def cluster_line(self) -> Line:
        """The line of a dialog that names the cluster."""
        # The address of a cluster found in Kubernetes is no one's to connect to.
        named = self.cluster == self.url or self.kubernetes is not None
        shown = self.cluster if named else f"{self.cluster}   {self.url}"
        return Line("cluster", shown, "warn" if self.protected else "")

    def manager(self, job: str | None) -> str:
        """What of the operator runs a job, or without a job the cluster: its kind and name; "" if nothing."""
        state = self.kubernetes
        if state is None:
            return ""
        name = self.job.name if self.job is not None else ""
        found = state.manager_of(job, name) if job is not None else state.operator
        return f"{found.kind} {state.namespace}/{found.name}" if found is not None else ""

    def needs(self, since: tuple[int, int], what: str = "") -> str:
        """A sentence: `what` needs a newer release than the cluster's."""
        return f"{what}needs Flink {since[0]}.{since[1]} or later (this cluster runs {self.features.version})"


def target_queries(job: str | None) -> tuple[Query[Any], ...]:
    """The queries for a target with this job; without a job, the list of jobs."""
    if job is None:
        return (JOBS_OVERVIEW(),)
    return JOBS_OVERVIEW(), JOB(job=job), CHECKPOINTS(job=job), CHECKPOINT_CONFIG(job=job)


async def found(http: Http, query: Query[T]) -> T | None:
    """The cluster's answer; None for a 404. Raises FlinkError."""
    try:
        return (await read(http, query)).value
    except NotFound:
        return None


async def fetch_target(http: Http, base: Target, job: str | None, wall: float) -> Target:
    """Fetch the target from the cluster; `wall` (s since 1970) is used if the cluster sends no time.

    Raises:
        FlinkError: the cluster does not answer.
    """
    jobs, *of_the_job = target_queries(job)
    values: dict[Query[Any], Any] = {jobs: (await read(http, jobs)).value}
    if (overview := await found(http, OVERVIEW())) is not None:
        values[OVERVIEW()] = overview
    else:
        # The only sign of a HistoryServer before 1.16.
        base = replace(base, features=replace(base.features, history_server=True))
    for query in of_the_job:
        if (value := await found(http, query)) is None:
            # No such job, an initializing one, or one without checkpoints: distinguished in `known_target`.
            break
        values[query] = value
    details: Job | None = values.get(JOB(job=job)) if job is not None else None
    now = details.now / 1000.0 if details is not None and details.now else wall
    return known_target(base, job, values.get, now, fetched=True)


def known_target(
    base: Target, job: str | None, value: Callable[[Query[Any]], Any], now: float, *, fetched: bool = False
) -> Target:
    """The target from the answers that `value` returns; `now` is the cluster's time (s since 1970).

    With `fetched`, answers that are not there are missing, not unknown.
    """
    listed: JobsOverview | None = value(JOBS_OVERVIEW())
    overview: ClusterOverview | None = value(OVERVIEW())
    jobs = listed.jobs if listed is not None else ()
    target = replace(
        base,
        slots_free=overview.slots_available if overview is not None else None,
        running=sum(not states.is_terminal(one.state) for one in jobs) if listed is not None else None,
    )
    if job is None:
        return target
    mine = next((one for one in jobs if one.jid == job), None)
    details: Job | None = value(JOB(job=job))
    if mine is None and details is None:
        return replace(target, job_missing=fetched or listed is not None)
    stats, config = value(CHECKPOINTS(job=job)), value(CHECKPOINT_CONFIG(job=job))
    known = target_job(job, mine, details, stats, config=config, now=now)
    if fetched and details is not None and stats is None:
        known = replace(known, checkpointing=False)
    return replace(target, job=known)


def target_job(
    job: str,
    listed: JobOverview | None,
    details: Job | None,
    stats: CheckpointStats | None,
    *,
    config: CheckpointConfig | None = None,
    now: float,
) -> TargetJob:
    """The job from these answers; `now` is the cluster's time (s since 1970)."""
    last = _last_completed(stats) if stats is not None else None
    # /jobs/:id may be cached for seconds; the list comes from the dispatcher itself.
    answers = [one for one in (listed, details) if one is not None]
    kinds = [one.job_type for one in answers] + ([details.plan.type] if details is not None else [])
    kind = next(filter(None, kinds), None)
    return TargetJob(
        id=job,
        name=next((one.name for one in answers if one.name), ""),
        state=answers[0].state if answers else "",
        tasks=subtasks_by_state(listed.tasks) if listed is not None else {},
        batch=kind == "BATCH" if kind else None,
        scheduler=next((one.scheduler_type for one in answers if one.scheduler_type), None),
        vertices=details.vertices if details is not None else (),
        checkpointing=True if stats is not None else None,
        last_good=max(0.0, now - last[0]) if last is not None else None,
        last_good_is_savepoint=last is not None and last[1],
        retained=config.externalization.enabled and not config.externalization.delete_on_cancellation
        if config is not None
        else None,
    )


def _last_completed(stats: CheckpointStats) -> tuple[float, bool] | None:
    """Trigger time (s since 1970) of the newest completed checkpoint, and whether it is a savepoint."""
    listed = (stats.latest.completed, stats.latest.savepoint, *stats.history)
    known = [one for one in listed if one is not None and one.status == "COMPLETED"]
    newest = max(known, key=lambda one: one.trigger_timestamp, default=None)
    return (newest.trigger_timestamp / 1000.0, newest.is_savepoint) if newest is not None else None
