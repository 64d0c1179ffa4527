"""Asks the checkpoints of the newest jobs soon and often, whatever is on the screen.

A job that has just been started is the likeliest to fail its checkpoints, and for minutes nothing may ask for
them but the sweep in its turn: the job's row is drawn only where somebody reads the list of jobs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flinktop.engine.judge import FEW
from flinktop.engine.sweep import SECONDS
from flinktop.flink.checkpoints import CHECKPOINTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from flinktop.engine.poller import Poller
    from flinktop.flink.endpoint import Query
    from flinktop.flink.jobs import JobOverview

NEW_MS: Final = 120_000.0
"""A job is new for so long after its start."""
A_MINUTE: Final = 30
"""Requests at most, shared by the newest jobs."""
OFTEN: Final = 3.0
"""Seconds between two requests for one job at least: Flink has newer ones no sooner."""
MOST: Final = round(SECONDS * A_MINUTE / 60)
"""Jobs that are watched at most: of these many each is asked as often as for its row."""


class NewJobs:
    """Watches the checkpoints of the newest jobs. Lives on the engine's loop."""

    def __init__(self, poller: Poller, cluster_time: Callable[[], float]) -> None:
        """Watch with `poller`; `cluster_time` is in s since 1970."""
        self._poller = poller
        self._time = cluster_time
        self._watched: Mapping[Query[Any], float] = {}  # seconds between two requests

    def listed(self, live: Iterable[JobOverview]) -> None:
        """Take the jobs that have not ended, as they are listed now."""
        self._watch(self._wanted(tuple(live)))

    def leave(self) -> None:
        """Watch none of them any more."""
        self._watch({})

    def _wanted(self, live: tuple[JobOverview, ...]) -> Mapping[Query[Any], float]:
        """What is watched: nothing off the screen, where the pace allows no more, nor among many jobs."""
        if self._poller.off_screen is not None or len(live) > FEW:
            return {}
        new = [job for job in live if job.job_type != "BATCH" and self._age(job) < NEW_MS]
        newest = sorted(new, key=lambda job: (-job.start_time, job.jid))[:MOST]
        every = max(OFTEN, 60.0 * len(newest) / A_MINUTE)
        return {CHECKPOINTS(job=job.jid): every for job in newest}

    def _age(self, job: JobOverview) -> float:
        """Milliseconds since its start."""
        return job.duration if job.duration >= 0 else 1000.0 * self._time() - job.start_time

    def _watch(self, wanted: Mapping[Query[Any], float]) -> None:
        before, self._watched = self._watched, wanted
        for query, every in wanted.items():
            if before.get(query) != every:
                self._poller.watch(query, every, passing=True)
        for query, every in before.items():
            if wanted.get(query) != every:
                self._poller.unwatch(query, every, passing=True)
