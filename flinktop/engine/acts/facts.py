"""What is known of a cluster and a job before something is done to them."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from flinktop.flink.checkpoints import CHECKPOINT_CONFIG, CHECKPOINTS, CheckpointConfig, CheckpointStats
from flinktop.flink.cluster import OVERVIEW, ClusterOverview
from flinktop.flink.decode import read
from flinktop.flink.errors import NotFound
from flinktop.flink.features import Features
from flinktop.flink.http import Http
from flinktop.flink.jobs import JOB, JOBS_OVERVIEW, Job, JobOverview, JobsOverview, subtasks_by_state
from flinktop.model import states


@dataclass(frozen=True, slots=True)
class Vertex:
    """One vertex of a job, as far as its parallelism goes."""

    id: str
    name: str
    parallelism: int
    most: int | None = None
    """Its max parallelism (1.13+)."""


@dataclass(frozen=True, slots=True)
class JobFacts:
    """One job; None is what is not known."""

    id: str
    name: str = ""
    state: str = ""
    tasks: dict[str, int] = field(default_factory=dict)
    """Subtasks by upper-case state."""
    batch: bool | None = None
    scheduler: str | None = None
    """2.3+: Default, Adaptive or AdaptiveBatch."""
    vertices: tuple[Vertex, ...] = ()
    checkpointing: bool | None = None
    """Whether the server tells of checkpoints."""
    last_good: float | None = None
    """Seconds since its last completed checkpoint or savepoint was triggered."""
    last_good_path: str | None = None
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


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that `why_not` and `consequence` judge by."""

    cluster: str
    """Its name."""
    url: str
    features: Features = field(default_factory=Features)
    read_only: bool = False
    protected: bool = False
    """A name is typed before every act on this cluster."""
    ledger_trouble: str | None = None
    """Why nothing can be written down; acts are refused then."""
    job: JobFacts | None = None
    job_missing: bool = False
    """The cluster was asked and does not know the job."""
    under_way: tuple[str, ...] = ()
    """What flinktop has asked of this job that has not ended."""
    slots_free: int | None = None
    running: int | None = None
    """Jobs that have not ended."""


def job_facts(
    job: str,
    listed: JobOverview | None,
    details: Job | None,
    stats: CheckpointStats | None,
    now: float,
    *,
    config: CheckpointConfig | None = None,
    checkpointing: bool | None = None,
) -> JobFacts:
    """What the answers say of a job; `now` is the cluster's time (s since 1970)."""
    done = newest_completed(stats) if stats is not None else None
    age = max(0.0, now - done[0] / 1000.0) if done is not None else None
    # /jobs/:id comes from a cache of seconds, the list from the dispatcher itself.
    state = listed.state if listed is not None else details.state if details is not None else ""
    kind = (listed.job_type if listed is not None else None) or (
        (details.job_type or details.plan.type) if details is not None else None
    )
    return JobFacts(
        id=job,
        name=(listed.name if listed is not None else "") or (details.name if details is not None else ""),
        state=state,
        tasks=subtasks_by_state(listed.tasks) if listed is not None else {},
        batch=None if not kind else kind == "BATCH",
        scheduler=(listed.scheduler_type if listed is not None else None)
        or (details.scheduler_type if details is not None else None),
        vertices=tuple(
            Vertex(vertex.id, vertex.name, vertex.parallelism, vertex.max_parallelism)
            for vertex in (details.vertices if details is not None else ())
        ),
        checkpointing=True if stats is not None else checkpointing,
        last_good=age,
        last_good_path=done[1] if done is not None else None,
        last_good_is_savepoint=done is not None and done[2],
        retained=_retained(config),
    )


def _retained(config: CheckpointConfig | None) -> bool | None:
    if config is None:
        return None
    return config.externalization.enabled and not config.externalization.delete_on_cancellation


def newest_completed(stats: CheckpointStats) -> tuple[int, str | None, bool] | None:
    """The newest completed one: its trigger time (ms since 1970), path, and whether it is a savepoint."""
    latest = (stats.latest.completed, stats.latest.savepoint)
    known = [one for one in (*latest, *stats.history) if one is not None and one.status == "COMPLETED"]
    if not known:
        return None
    newest = max(known, key=lambda one: one.trigger_timestamp)
    return newest.trigger_timestamp, newest.external_path, newest.is_savepoint


def known_facts(base: Facts, job: str | None, value: Callable[[Any], Any], now: float) -> Facts:
    """The facts as far as readings tell them.

    Args:
        base: the cluster's own.
        job: the job that an act is about.
        value: gives what is known of a query, None when nothing is.
        now: the cluster's time (s since 1970).
    """
    listed: JobsOverview | None = value(JOBS_OVERVIEW())
    overview: ClusterOverview | None = value(OVERVIEW())
    return _facts(
        base,
        listed,
        overview,
        job,
        details=value(JOB(job=job)) if job is not None else None,
        stats=value(CHECKPOINTS(job=job)) if job is not None else None,
        config=value(CHECKPOINT_CONFIG(job=job)) if job is not None else None,
        now=now,
    )


async def asked_facts(http: Http, base: Facts, job: str | None, wall: float) -> Facts:
    """The facts as the cluster tells them now.

    Args:
        http: the lane for acts.
        base: the cluster's own.
        job: the job that an act is about.
        wall: this machine's time (s since 1970), for a cluster that does not tell its own.

    Raises:
        FlinkError: the cluster does not answer.
    """
    listed = (await read(http, JOBS_OVERVIEW())).value
    overview: ClusterOverview | None = None
    try:
        overview = (await read(http, OVERVIEW())).value
    except NotFound:
        # The only mark of a HistoryServer before 1.16.
        base = replace(base, features=replace(base.features, history_server=True))
    details: Job | None = None
    stats: CheckpointStats | None = None
    config: CheckpointConfig | None = None
    if job is not None:
        try:
            details = (await read(http, JOB(job=job))).value
            stats = (await read(http, CHECKPOINTS(job=job))).value
            config = (await read(http, CHECKPOINT_CONFIG(job=job))).value
        except NotFound:
            # No such job, one that is initializing, or one without checkpoints: what is known tells which.
            pass
    now = details.now / 1000.0 if details is not None and details.now else wall
    return _facts(
        base, listed, overview, job, details=details, stats=stats, config=config, now=now, asked=True
    )


def _facts(
    base: Facts,
    listed: JobsOverview | None,
    overview: ClusterOverview | None,
    job: str | None,
    *,
    details: Job | None,
    stats: CheckpointStats | None,
    config: CheckpointConfig | None,
    now: float,
    asked: bool = False,
) -> Facts:
    mine = next((one for one in listed.jobs if one.jid == job), None) if listed is not None else None
    known = mine is not None or details is not None
    running = sum(not states.is_terminal(one.state) for one in listed.jobs) if listed is not None else None
    return Facts(
        cluster=base.cluster,
        url=base.url,
        features=base.features,
        read_only=base.read_only,
        protected=base.protected,
        ledger_trouble=base.ledger_trouble,
        under_way=base.under_way,
        job=job_facts(
            job,
            mine,
            details,
            stats,
            now,
            config=config,
            checkpointing=False if asked and details is not None else None,
        )
        if job is not None and known
        else None,
        job_missing=job is not None and not known and (asked or listed is not None),
        slots_free=overview.slots_available if overview is not None else None,
        running=running,
    )
