"""Asks the checkpoints of the newest jobs soon and often, whatever is on the screen.

A job that has just been started is the likeliest to fail its checkpoints, and for minutes nothing may ask for
them but the sweep in its turn: the job's row is drawn only where somebody reads the list of jobs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flinktop.flink.checkpoints import CHECKPOINTS
from flinktop.flink.jobs import JOB
from flinktop.model import states

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from flinktop.engine.poller import Poller
    from flinktop.flink.endpoint import Query
    from flinktop.flink.jobs import JobOverview

NEW_MS: Final = 120_000.0
"""A job is new for so long after its start."""
A_MINUTE: Final = 30
"""Requests at most for all new jobs."""
OFTEN: Final = 3.0
"""Seconds between two requests for a job of which no checkpoint has completed: Flink has news no sooner."""


class NewJobs:
    """Watches the checkpoints of the newest jobs. Lives on the engine's loop."""

    def __init__(
        self, poller: Poller, cluster_time: Callable[[], float], *, few: int, row_seconds: float
    ) -> None:
        """Watch with `poller`; `cluster_time` is in s since 1970.

        Among more than `few` jobs none is watched; `row_seconds` lie between two requests for a job's row.
        """
        self._poller = poller
        self._time = cluster_time
        self._few = few
        self._row_seconds = row_seconds
        self._as_rows = round(row_seconds * A_MINUTE / 60)  # jobs that may be asked as often as their rows
        self._watched: Mapping[Query[Any], float] = {}  # seconds between two requests

    def listed(self, live: Iterable[JobOverview]) -> None:
        """Take the jobs that have not ended, as they are listed now."""
        self._watch(self._wanted(tuple(live)))

    def leave(self) -> None:
        """Watch none of them any more."""
        self._watch({})

    def _wanted(self, live: tuple[JobOverview, ...]) -> Mapping[Query[Any], float]:
        """What is watched: nothing off the screen, where the pace allows no more, nor among many jobs."""
        if self._poller.off_screen is not None or len(live) > self._few:
            return {}
        new = [job for job in live if self._is_new(job)]
        new.sort(key=lambda job: (-job.start_time, job.jid))
        queries = [CHECKPOINTS(job=job.jid) for job in new]
        unproven = [query for query in queries if not self._has_completed(query)][: self._as_rows]
        proven = [query for query in queries if self._has_completed(query)]
        every = max(OFTEN, 60.0 * len(unproven) / A_MINUTE)
        left = int((A_MINUTE - 60.0 / every * len(unproven)) * self._row_seconds / 60.0)
        watched = dict.fromkeys(unproven, every) | dict.fromkeys(proven[:left], self._row_seconds)
        # Without an answer about the job itself its checkpoints can't be judged; the next comes in its turn.
        unread = [one for job in new[: self._as_rows] if not self._is_known(one := JOB(job=job.jid))]
        return dict.fromkeys(unread, self._row_seconds) | watched

    def _is_new(self, job: JobOverview) -> bool:
        """Whether a job runs that was started lately, and may have checkpoints."""
        age = job.duration if job.duration >= 0 else 1000.0 * self._time() - job.start_time
        return states.is_running(job.state) and job.job_type != "BATCH" and age < NEW_MS

    def _is_known(self, query: Query[Any]) -> bool:
        reading = self._poller.store.brief(query)
        return reading is not None and reading.value is not None

    def _has_completed(self, checkpoints: Query[Any]) -> bool:
        """Whether a checkpoint of a job is known to have completed."""
        known = self._poller.store.brief(checkpoints)
        return known is not None and known.value is not None and known.value.latest.completed is not None

    def _watch(self, wanted: Mapping[Query[Any], float]) -> None:
        before, self._watched = self._watched, wanted
        for query, every in wanted.items():
            if before.get(query) != every:
                self._poller.watch(query, every, passing=True)
        for query, every in before.items():
            if wanted.get(query) != every:
                self._poller.unwatch(query, every, passing=True)
