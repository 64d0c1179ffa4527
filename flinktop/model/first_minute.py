"""The first minute of an attempt, in which Flink's meters, means over a minute, are too low.

A meter divides what was counted so far by 60 s, so it climbs from 0 to the correct value, and never gets
there in a task that restarts more often. During that time a task counts as fully busy, since nothing
else has been measured.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flinktop.flink.jobs import Job, JobVertex
    from flinktop.flink.metrics import AggregatedMetric
    from flinktop.flink.vertices import Attempt
    from flinktop.model.subtask_figures import Figures

MINUTE = 60.0  # seconds after which the meters of an attempt are correct
STARTING = ("DEPLOYING", "INITIALIZING")  # states before RUNNING: the minute has not begun
RATES = ("taken", "sent")
TIMES = ("busy", "backpressured", "idle")  # measures of a subtask that are meters
_ALL = 1000.0  # ms/s


def age(job: Job, vertex: JobVertex) -> float | None:
    """At most how many seconds a vertex has been running (at the answer's time); None if unknown.

    Its own start is that of its oldest subtask; a job that restarts in part enters RUNNING again.
    """
    begins = max(vertex.start_time, job.timestamps.get("RUNNING", 0))
    if begins <= 0 or job.now <= 0:
        return None
    return 0.0 if any(vertex.tasks.get(state) for state in STARTING) else (job.now - begins) / 1000.0


def is_young(attempt: Attempt, cluster_now: float) -> bool:
    """Whether an attempt was in its first minute at a time (s since 1970)."""
    if attempt.status in STARTING:
        return True
    running = (attempt.status_duration or {}).get("RUNNING", -1)
    known = [running / 1000.0] if running >= 0 else []
    if attempt.start_time > 0:
        known.append(cluster_now - attempt.start_time / 1000.0)
    return min(known, default=MINUTE) < MINUTE


def is_unmeasured(busy: float | None, backpressured: float | None, idle: float | None) -> bool:
    """Whether these (ms/s) are Flink's values for a task that has not been measured yet."""
    return busy is not None and busy >= _ALL and not backpressured and not idle


def known(figures: Figures) -> Figures:
    """One subtask's metrics without values that are wrong in its first minute: rates, unmeasured times."""
    unknown = set(RATES)
    if is_unmeasured(*(figures.get(name) for name in TIMES)):
        unknown |= set(TIMES)
    return {measure: None if measure in unknown else value for measure, value in figures.items()}


def has_unmeasured(found: Mapping[str, AggregatedMetric], ids: tuple[str, str, str]) -> bool:
    """Whether any of the subtasks may be unmeasured; `ids`: of busy, backpressured and idle time."""
    spent, backpressured, idle = (found.get(name) for name in ids)
    return spent is not None and is_unmeasured(
        spent.max,
        backpressured.min if backpressured is not None else None,
        idle.min if idle is not None else None,
    )
