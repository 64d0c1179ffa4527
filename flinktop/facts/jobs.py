"""Facts about a job in a list of jobs, and its last checkpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from flinktop.engine.flow import METERS_HOLD
from flinktop.engine.series import job_series
from flinktop.engine.sweep import restarts_in, restarts_query
from flinktop.facts.freshness import (
    ABSENT,
    Figure,
    Freshness,
    blind_seconds,
    failure,
    freshness,
    is_past,
    lag_figure,
)
from flinktop.facts.verdicts import JobVerdict, job_verdict
from flinktop.flink.checkpoints import CHECKPOINT_CONFIG, CHECKPOINTS, Checkpoint
from flinktop.flink.errors import NotFound
from flinktop.flink.jobs import JOB, JOBS_OVERVIEW
from flinktop.flink.text import clean
from flinktop.model import states, tasks

if TYPE_CHECKING:
    from flinktop.engine.journal.event import KnownJob
    from flinktop.facts.known import Known
    from flinktop.flink.jobs import Job, JobOverview
    from flinktop.model.tasks import Tasks


OVERDUE_INTERVALS = 3.0  # intervals since the last completed checkpoint, as in Flink's documentation
OVERDUE_AT_LEAST = 30.0  # seconds, for checkpoint intervals of a second or two


def is_overdue(age: float | None, interval: float | None) -> bool:
    """Whether the last completed checkpoint is too old for the job's checkpoint interval (both in s)."""
    if age is None or interval is None:
        return False
    return age > max(OVERDUE_INTERVALS * interval, OVERDUE_AT_LEAST)


class LastCheckpoint(Struct, frozen=True):
    """The last completed checkpoint or savepoint of a job, and the interval."""

    completed: Checkpoint | None = None  # None if none has completed, or if unknown
    age: float | None = None  # seconds since it completed
    interval: float | None = None
    """Seconds; None if checkpoints are not periodic, or if unknown."""
    periodic: bool = True  # False if the configuration has no interval
    overdue: bool = False


def last_checkpoint(known: Known, job: str, *, ended: bool) -> LastCheckpoint:
    """From `…/checkpoints` and its configuration; for an ended job none is overdue."""
    reading, configured = known.brief(CHECKPOINTS(job=job)), known.brief(CHECKPOINT_CONFIG(job=job))
    config = configured.value if configured is not None else None
    interval = config.interval / 1000.0 if config is not None and config.interval is not None else None
    periodic = config is None or interval is not None
    completed = reading.value.latest.completed if reading is not None and reading.value is not None else None
    if reading is None or completed is None or completed.acknowledged_at is None:
        return LastCheckpoint(interval=interval, periodic=periodic)
    now = known.known_time() - blind_seconds(known, reading)
    age = max(0.0, now - completed.acknowledged_at / 1000.0)
    return LastCheckpoint(completed, age, interval, periodic, not ended and is_overdue(age, interval))


class JobFacts(Struct, frozen=True):
    """A job as a row in a list."""

    jid: str
    name: str
    state: str
    tasks: Tasks | None = None  # its tasks by state; None for a job that has ended or has none yet
    tasks_tone: str = ""
    sent: float | None = None  # IN/s: records/s that its sources send
    taken: float | None = None  # OUT/s: records/s that its sinks take in
    age: float | None = None  # seconds since the last completed checkpoint
    interval: float | None = None
    """Seconds between checkpoints; None if they are not periodic or unknown."""
    checkpoints: str = "unknown"
    """unknown, failed (they can't be read), off (the job has none), none (not one completed yet), some."""
    checkpoints_stale: bool = False
    """Whether they can't be read now: `age` is from the last answer."""
    failed: frozenset[str] = frozenset()  # requests that failed: "job", "restarts"
    overdue: bool = False
    restarts: int | None = None
    uptime: float | None = None  # seconds in its present state, or that it ran
    busy: Figure = ABSENT  # of its busiest vertex, ms/s; `backpressured` of its most backpressured one
    backpressured: Figure = ABSENT
    lag: Figure = ABSENT  # of its latest sink (s); absent without event time
    start: float | None = None  # when it started and when it ended (s since 1970)
    end: float | None = None
    ended: bool = False
    old: bool = False  # whether its figures are out of date
    verdict: JobVerdict | None = None  # None while too little is known
    parallelism: int | None = None  # the highest of its vertices; None while it is not decided or known


def job_state(known: Known, job: str) -> str:
    """The state of a job; "" while it is not known."""
    found = known.value(JOB(job=job))
    return found.state if found is not None else ""


def job_facts(job: JobOverview, known: Known) -> JobFacts:
    """The facts about a job."""
    cluster_now = known.known_time()
    detail = known.brief(JOB(job=job.jid))
    ended = states.is_terminal(job.state)
    last = last_checkpoint(known, job.jid, ended=ended)
    kind = _checkpoints(known, job.jid, last)
    checkpoints = known.reading(CHECKPOINTS(job=job.jid))
    queries = {"job": JOB(job=job.jid), "restarts": restarts_query(job.jid)}
    failed = frozenset(name for name, query in queries.items() if failure(known, query) is not None)
    found = None if ended else tasks.tasks(job.tasks)
    # How long it ran; for a job that has not ended, how long it has been in its state.
    up = job.duration / 1000.0 if ended and job.duration >= 0 else None
    details, read = (detail.value, detail.at) if detail is not None else (None, None)
    # The list may be newer than the details: then the start of the new state is unknown.
    current = details is not None and details.state == job.state and details.now >= job.last_modification
    entered = details.timestamps.get(job.state, 0) if details is not None and current else 0
    if entered > 0 and not ended:
        up = max(0.0, cluster_now - entered / 1000.0)
    start, end = (at / 1000.0 if at > 0 else None for at in (job.start_time, job.end_time))
    return JobFacts(
        jid=job.jid,
        name=job.name,
        state=job.state,
        tasks=found,
        tasks_tone=tasks.tone(job.state, found, batch=job.job_type == "BATCH"),
        sent=None if ended else latest_rate(known, job.jid, "in"),
        taken=None if ended else latest_rate(known, job.jid, "out"),
        age=last.age if kind == "some" else None,
        interval=last.interval,
        checkpoints=kind,
        checkpoints_stale=kind != "off" and freshness(checkpoints) is Freshness.STALE,
        failed=failed,
        overdue=last.overdue and kind == "some",
        restarts=restarts_of(known, job.jid),
        uptime=up,
        busy=time_figure(known, job, "busy"),
        backpressured=time_figure(known, job, "backpressured"),
        lag=lag_of(known, job),
        start=start,
        end=end,
        ended=ended,
        old=known.lost is not None or (not ended and (read is None or is_past(known, read))),
        verdict=job_verdict(known, job.jid),
        parallelism=_parallelism(details),
    )


def _parallelism(job: Job | None) -> int | None:
    """The highest of a job's vertices; an adaptive batch job decides some of them late (-1)."""
    highest = max((vertex.parallelism for vertex in job.vertices), default=-1) if job is not None else -1
    return highest if highest > 0 else None


def time_figure(known: Known, job: JobOverview, measure: str) -> Figure:
    """Newest "busy" or "backpressured" time of a running job's busiest vertex, ms/s.

    Absent before 1.16, unless the job's vertices were just on the screen, and where it is not measured: a
    job of legacy sources only has backpressure but no busy time.
    """
    if not states.is_running(job.state):
        return ABSENT
    newest = known.latest(job_series(job.jid, measure))
    if newest is not None and newest[1] == newest[1]:
        passing = not known.features.has(1, 16) and known.now() - newest[0] > METERS_HOLD
        return ABSENT if passing else Figure(newest[1])
    failed = failure(known, JOB(job=job.jid)) is not None
    other = known.latest(job_series(job.jid, "backpressured"))
    unmeasured = other is not None and other[1] == other[1]
    return Figure(absent=unmeasured or not known.features.has(1, 16), failed=failed)


def lag_of(known: Known, job: JobOverview) -> Figure:
    """The lag of the latest sink of a running job; absent if no sink has a watermark."""
    if not states.is_running(job.state):
        return ABSENT
    lag = known.lag(job.jid)
    if lag is None:
        return Figure(failed=failure(known, JOB(job=job.jid), *known.lag_queries(job.jid)) is not None)
    return lag_figure(known, job_series(job.jid, "lag"), lag.seconds)


def latest_rate(known: Known, job: str, measure: str) -> float | None:
    """A job's newest rate, "in" or "out"; None if unknown."""
    newest = known.latest(job_series(job, measure))
    return newest[1] if newest is not None and newest[1] == newest[1] else None


def _checkpoints(known: Known, job: str, last: LastCheckpoint) -> str:
    reading = known.brief(CHECKPOINTS(job=job))
    if reading is not None and isinstance(reading.error, NotFound):
        # 404 "Checkpointing has not been enabled": a batch job's normal answer in every release.
        return "off"
    if reading is None or reading.value is None:
        return "failed" if failure(known, CHECKPOINTS(job=job)) is not None else "unknown"
    if last.completed is None:
        return "none" if last.periodic else "off"
    return "some"


def restarts_of(known: Known, job: str) -> int | None:
    """A job's number of restarts; None if unknown."""
    metrics = known.value(restarts_query(job))
    most = restarts_in(metrics) if metrics is not None else None
    return int(most) if most is not None else None


def job_name(known: Known, job: str) -> str:
    """The name of a job, of one that Flink no longer has from the journal; its id while that is not known."""
    detail, listed = known.value(JOB(job=job)), known.value(JOBS_OVERVIEW())
    if detail is not None:
        return detail.name
    for one in listed.jobs if listed is not None else ():
        if one.jid == job:
            return one.name
    remembered = known_job(known, job)
    return clean(remembered.name) or job if remembered is not None else job


def known_job(known: Known, job: str) -> KnownJob | None:
    """What the journal knows last of a job; None if nothing, or if that is not read yet."""
    journal = known.journal
    jobs = journal.known_jobs(known.connection.url) if journal is not None else None
    return next((one for one in jobs or () if one.job == job), None)


def is_gone(known: Known, job: str) -> bool:
    """Whether Flink can't say anything about a job: it does not know it, or the cluster can't be read.

    A job that was read is not gone while Flink has not answered that it does not know it.
    """
    reading, listed = known.reading(JOB(job=job)), known.value(JOBS_OVERVIEW())
    if reading is not None and isinstance(reading.error, NotFound):
        return True
    if reading is not None and reading.value is not None:
        return False
    return known.lost is not None or (listed is not None and all(one.jid != job for one in listed.jobs))
