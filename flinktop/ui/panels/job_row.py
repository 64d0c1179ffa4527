"""What one line of the jobs table says of a job, from what the engine knows of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flinktop.engine.load import METERS_HOLD
from flinktop.engine.series import job_series
from flinktop.engine.sweep import job_query, restarts_in, restarts_query
from flinktop.facts.figure import ABSENT, Figure, lag_figure
from flinktop.facts.freshness import Freshness, blind_seconds, failure, freshness, is_past
from flinktop.flink.checkpoints import CHECKPOINT_CONFIG, CHECKPOINTS
from flinktop.flink.errors import NotFound
from flinktop.model import format as fmt
from flinktop.model import health, states, tasks

if TYPE_CHECKING:
    from flinktop.engine.host import Port
    from flinktop.flink.jobs import JobOverview
    from flinktop.model.tasks import Tasks


@dataclass(frozen=True, slots=True)
class JobRow:
    """What one line of the table says of a job."""

    jid: str
    name: str
    state: str
    attention: tuple[Any, ...]
    tasks: Tasks | None = None
    """Its tasks by state; None of a job that has ended, or has none yet."""
    tasks_tone: str = ""
    sent: float | None = None
    """IN/s: records/s that its sources send."""
    taken: float | None = None
    """OUT/s: records/s that its sinks take in."""
    newest: float | None = None
    """When `sent` was last seen: the trend is drawn anew when it moves (engine's clock, s)."""
    age: float | None = None
    """Seconds since the last completed checkpoint."""
    interval: float | None = None
    """Seconds between checkpoints; None where they are not periodic or not yet known."""
    checkpoints: str = "unknown"
    """unknown, failed (they can't be read), off (the job has none), none (not one completed yet), some."""
    checkpoints_stale: bool = False
    """Whether they could be read once, and can't be now: `age` is that of then."""
    failed: frozenset[str] = frozenset()
    """What was asked for and could not be had: "job", "restarts"."""
    overdue: bool = False
    restarts: int | None = None
    uptime: float | None = None
    """Seconds: in its present state, or how long it ran."""
    busy: Figure = ABSENT
    """Of its busiest vertex, ms/s; `backpressured` of its most backpressured one."""
    backpressured: Figure = ABSENT
    lag: Figure = ABSENT
    """Of its latest sink (s); absent without event time."""
    start: float | None = None
    """When it started and when it ended (s since 1970), and how that is written."""
    end: float | None = None
    started: str = fmt.ABSENT
    finished: str = ""
    ended: bool = False
    old: bool = False
    """Whether its figures are too old to be taken at their word."""


def job_row(job: JobOverview, port: Port, offset: float | None) -> JobRow:
    """One row, from what the engine knows of the job; times at an offset from UTC (s)."""
    cluster_now = port.known_time()
    detail = port.brief(job_query(job.jid))
    ended = states.is_terminal(job.state)
    age, interval, kind = _checkpoint(port, job.jid, cluster_now)
    checkpoints = port.reading(CHECKPOINTS(job=job.jid))
    asked = {"job": job_query(job.jid), "restarts": restarts_query(job.jid)}
    failed = frozenset(name for name, query in asked.items() if failure(port, query) is not None)
    restarts = restarts_of(port, job.jid)
    is_overdue = not ended and health.overdue(age, interval)
    busy, backpressured = (time_figure(port, job, measure) for measure in ("busy", "backpressured"))
    found = None if ended else tasks.tasks(job.tasks)
    stalled = tasks.is_stalled(job.state, found)
    condition = health.Condition(
        job.state, None if ended else restarts, is_overdue, busy.value, stalled=stalled
    )
    # How long it ran; how long it has been in its state, for a job that lives.
    up = job.duration / 1000.0 if ended and job.duration >= 0 else None
    known, read = (detail.value, detail.at) if detail is not None else (None, None)
    # The list is newer than the details: what has changed since they were told has no known beginning.
    current = known is not None and known.state == job.state and known.now >= job.last_modification
    entered = known.timestamps.get(job.state, 0) if known is not None and current else 0
    if entered > 0 and not ended:
        up = max(0.0, cluster_now - entered / 1000.0)
    newest = port.latest(job_series(job.jid, "in"))
    start, end = (at / 1000.0 if at > 0 else None for at in (job.start_time, job.end_time))
    return JobRow(
        jid=job.jid,
        name=job.name,
        state=job.state,
        attention=(*health.attention(condition), job.name, job.jid),
        tasks=found,
        tasks_tone=tasks.tone(job.state, found, batch=job.job_type == "BATCH"),
        sent=None if ended else latest_rate(port, job.jid, "in"),
        taken=None if ended else latest_rate(port, job.jid, "out"),
        newest=newest[0] if newest is not None else None,
        age=age,
        interval=interval,
        checkpoints=kind,
        checkpoints_stale=kind != "off" and freshness(checkpoints) is Freshness.STALE,
        failed=failed,
        overdue=is_overdue,
        restarts=restarts,
        uptime=up,
        busy=busy,
        backpressured=backpressured,
        lag=lag_of(port, job),
        start=start,
        end=end,
        started=fmt.near(start, offset, cluster_now) if start is not None else fmt.ABSENT,
        finished=fmt.near(end, offset, cluster_now) if end is not None else "",
        ended=ended,
        old=port.lost is not None or (not ended and (read is None or is_past(port, read))),
    )


def time_figure(port: Port, job: JobOverview, measure: str) -> Figure:
    """Newest "busy" or "backpressured" time of a running job's hottest vertex, ms/s.

    Absent before 1.16, unless somebody has just looked at the job's vertices, and where nothing measures it:
    a job of legacy sources alone tells its backpressure and no busy time.
    """
    if not states.is_running(job.state):
        return ABSENT
    newest = port.latest(job_series(job.jid, measure))
    if newest is not None and newest[1] == newest[1]:
        passing = not port.features.has(1, 16) and port.now() - newest[0] > METERS_HOLD
        return ABSENT if passing else Figure(newest[1])
    failed = failure(port, job_query(job.jid)) is not None
    other = port.latest(job_series(job.jid, "backpressured"))
    unmeasured = other is not None and other[1] == other[1]
    return Figure(absent=unmeasured or not port.features.has(1, 16), failed=failed)


def lag_of(port: Port, job: JobOverview) -> Figure:
    """How far the latest sink of a running job is behind; absent where no watermark has come to any."""
    if not states.is_running(job.state):
        return ABSENT
    known = port.lag(job.jid)
    if known is None:
        return Figure(failed=failure(port, job_query(job.jid), *port.lag_queries(job.jid)) is not None)
    return lag_figure(port, job_series(job.jid, "lag"), known.seconds)


def latest_rate(port: Port, job: str, measure: str) -> float | None:
    """A job's newest rate, "in" or "out"; None where it is not known."""
    newest = port.latest(job_series(job, measure))
    return newest[1] if newest is not None and newest[1] == newest[1] else None


def _checkpoint(port: Port, job: str, cluster_now: float) -> tuple[float | None, float | None, str]:
    reading = port.brief(CHECKPOINTS(job=job))
    configured = port.brief(CHECKPOINT_CONFIG(job=job))
    interval = None
    if configured is not None and configured.value is not None and configured.value.interval is not None:
        interval = configured.value.interval / 1000.0
    if reading is not None and isinstance(reading.error, NotFound):
        # 404 "Checkpointing has not been enabled": a batch job's normal answer in every release.
        return None, interval, "off"
    if reading is None or reading.value is None:
        failed = failure(port, CHECKPOINTS(job=job)) is not None
        return None, interval, "failed" if failed else "unknown"
    cluster_now -= blind_seconds(port, reading)
    completed = reading.value.latest.completed
    if completed is None or completed.acknowledged_at is None:
        periodic = configured is None or configured.value is None or interval is not None
        return None, interval, "none" if periodic else "off"
    return max(0.0, cluster_now - completed.acknowledged_at / 1000.0), interval, "some"


def restarts_of(port: Port, job: str) -> int | None:
    """How often a job has restarted, by the metric that its release has; None while not known."""
    reading = port.reading(restarts_query(job))
    if reading is None or reading.value is None:
        return None
    most = restarts_in(reading.value)
    return int(most) if most is not None else None
