"""What is known of a cluster and a job before something is done to them."""

from collections.abc import Callable
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

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


class TargetJob(Struct, frozen=True):
    """The job that an act is about; None is what is not known."""

    id: str
    name: str = ""
    state: str = ""
    tasks: dict[str, int] = field(default_factory=dict)
    """Subtasks by upper-case state."""
    batch: bool | None = None
    scheduler: str | None = None
    """2.3+: Default, Adaptive or AdaptiveBatch."""
    vertices: tuple[JobVertex, ...] = ()
    checkpointing: bool | None = None
    """Whether the server tells of checkpoints."""
    last_good: float | None = None
    """Seconds since its last completed checkpoint or savepoint was triggered."""
    last_good_is_savepoint: bool = False
    retained: bool | None = None
    """Whether its last checkpoint outlives a cancel."""

    @property
    def ended(self) -> bool:
        """It will never run again by itself."""
        return states.is_terminal(self.state)

    @property
    def not_running(self) -> tuple[int, int]:
        """How many subtasks neither run nor have finished, and how many there are."""
        counted = {state: number for state, number in self.tasks.items() if number > 0}
        total = sum(counted.values())
        return total - counted.get("RUNNING", 0) - counted.get("FINISHED", 0), total


class Target(Struct, frozen=True):
    """The cluster that an act is done to, and the job: what `why_not` and `consequence` judge by."""

    cluster: str
    """Its name."""
    url: str
    features: Features = field(default_factory=Features)
    read_only: bool = False
    protected: bool = False
    """A name is typed before every act on this cluster."""
    ledger_trouble: str | None = None
    """Why nothing can be written down; acts are refused then."""
    job: TargetJob | None = None
    job_missing: bool = False
    """The cluster was asked and does not know the job."""
    under_way: tuple[str, ...] = ()
    """What flinktop has asked of this job that has not ended."""
    slots_free: int | None = None
    running: int | None = None
    """Jobs that have not ended."""


def target_queries(job: str | None) -> tuple[Query[Any], ...]:
    """What acts on a job are judged by; without a job, the list of jobs."""
    if job is None:
        return (JOBS_OVERVIEW(),)
    return JOBS_OVERVIEW(), JOB(job=job), CHECKPOINTS(job=job), CHECKPOINT_CONFIG(job=job)


def known_target(base: Target, job: str | None, value: Callable[[Query[Any]], Any], now: float) -> Target:
    """The target as far as readings tell it.

    Args:
        base: the cluster, and what is under way for the job.
        job: the job that an act is about.
        value: gives what is known of a query, None when nothing is.
        now: the cluster's time (s since 1970).
    """
    return _target(base, job, {query: value(query) for query in (*target_queries(job), OVERVIEW())}, now)


async def fetch_target(http: Http, base: Target, job: str | None, wall: float) -> Target:
    """The target as the cluster tells it now.

    Args:
        http: the connection for acts.
        base: the cluster, and what is under way for the job.
        job: the job that an act is about.
        wall: this machine's time (s since 1970), for a cluster that does not tell its own.

    Raises:
        FlinkError: the cluster does not answer.
    """
    jobs, *of_the_job = target_queries(job)
    values: dict[Query[Any], Any] = {jobs: (await read(http, jobs)).value}
    try:
        values[OVERVIEW()] = (await read(http, OVERVIEW())).value
    except NotFound:
        # The only mark of a HistoryServer before 1.16.
        base = replace(base, features=replace(base.features, history_server=True))
    try:
        for query in of_the_job:
            values[query] = (await read(http, query)).value
    except NotFound:
        # No such job, one that is initializing, or one without checkpoints: what is known tells which.
        pass
    details: Job | None = values.get(JOB(job=job)) if job is not None else None
    now = details.now / 1000.0 if details is not None and details.now else wall
    return _target(base, job, values, now, fetched=True)


def _target(
    base: Target, job: str | None, values: dict[Query[Any], Any], now: float, *, fetched: bool = False
) -> Target:
    listed: JobsOverview | None = values.get(JOBS_OVERVIEW())
    overview: ClusterOverview | None = values.get(OVERVIEW())
    jobs = listed.jobs if listed is not None else ()
    target = replace(
        base,
        slots_free=overview.slots_available if overview is not None else None,
        running=sum(not states.is_terminal(one.state) for one in jobs) if listed is not None else None,
    )
    if job is None:
        return target
    mine = next((one for one in jobs if one.jid == job), None)
    details: Job | None = values.get(JOB(job=job))
    if mine is None and details is None:
        return replace(target, job_missing=fetched or listed is not None)
    stats, config = values.get(CHECKPOINTS(job=job)), values.get(CHECKPOINT_CONFIG(job=job))
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
    """What the answers say of a job; `now` is the cluster's time (s since 1970)."""
    last = _last_completed(stats) if stats is not None else None
    # /jobs/:id comes from a cache of seconds, the list from the dispatcher itself.
    told = [one for one in (listed, details) if one is not None]
    kinds = [one.job_type for one in told] + ([details.plan.type] if details is not None else [])
    kind = next(filter(None, kinds), None)
    return TargetJob(
        id=job,
        name=next((one.name for one in told if one.name), ""),
        state=told[0].state if told else "",
        tasks=subtasks_by_state(listed.tasks) if listed is not None else {},
        batch=kind == "BATCH" if kind else None,
        scheduler=next((one.scheduler_type for one in told if one.scheduler_type), None),
        vertices=details.vertices if details is not None else (),
        checkpointing=True if stats is not None else None,
        last_good=max(0.0, now - last[0]) if last is not None else None,
        last_good_is_savepoint=last is not None and last[1],
        retained=config.externalization.enabled and not config.externalization.delete_on_cancellation
        if config is not None
        else None,
    )


def _last_completed(stats: CheckpointStats) -> tuple[float, bool] | None:
    """When the newest completed one was triggered (s since 1970), and whether it is a savepoint."""
    told = (stats.latest.completed, stats.latest.savepoint, *stats.history)
    known = [one for one in told if one is not None and one.status == "COMPLETED"]
    newest = max(known, key=lambda one: one.trigger_timestamp, default=None)
    return (newest.trigger_timestamp / 1000.0, newest.is_savepoint) if newest is not None else None
