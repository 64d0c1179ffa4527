"""What the recorder asks of a cluster itself: configurations of jobs, and last checkpoints of ended ones.

One query at a time, within the judge's budget.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from flinktop.engine.journal import configuration
from flinktop.flink.checkpoints import CHECKPOINTS
from flinktop.flink.jobs import JOB_CONFIG
from flinktop.judgement import ask as asking
from flinktop.judgement.ask import Ask
from flinktop.model import states

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flinktop.engine.journal.jobs import Jobs
    from flinktop.engine.journal.known_jobs import KnownJobs
    from flinktop.flink.endpoint import Query

FEW: Final = 100
"""Jobs of which the configuration of each is asked for; of more, of those that start while flinktop looks."""
MOST_ENDED: Final = 20
"""Jobs that have ended of which the checkpoints are asked for, the newest."""
PAUSE_MS: Final = 10_000.0
"""Between two requests."""
TURN_MS: Final = 600_000.0
"""One that the judge's budget had no room for in so long lets others go first."""
OWN_SECONDS: Final = 10.0
"""They are wanted more the longer they wait: see Budget."""


class OwnRequests:
    """The queries that the recorder wants answered, the next first. Times are ms since 1970."""

    def __init__(self) -> None:
        self._configurations: dict[str, None] = {}  # jobs of which it is to be asked for
        self._checkpoints: dict[str, None] = {}  # jobs that have ended of which they are
        self._asked: Query[Any] | None = None
        self._asked_at = -math.inf

    def choose(self, before: Jobs, after: Jobs, known: KnownJobs) -> None:
        """Choose the jobs to ask about, from two lists of jobs that follow each other."""
        now = after.listed
        live = [job for job, one in now.items() if not states.is_terminal(one.state)]
        for job in live:
            one = known.get(job)
            is_new = job not in before.listed or before.at is None
            if not is_new or one is None or configuration.is_known(one.configuration):
                continue
            if not now[job].old or len(live) <= FEW:
                self._configurations[job] = None
        for job in [
            job for job in self._configurations if job not in now or states.is_terminal(now[job].state)
        ]:
            del self._configurations[job]
        ended = [
            (one.end, job)
            for job, one in now.items()
            if states.is_terminal(one.state)
            and (job not in before.listed or not states.is_terminal(before.listed[job].state))
        ]
        self._checkpoints.update((job, None) for _, job in sorted(ended)[-MOST_ENDED:])
        for job in [job for job in self._checkpoints if job not in now]:
            del self._checkpoints[job]

    def asks(self, now: float) -> Iterator[Ask]:
        """What is wanted at `now`: one query at a time."""
        if self._asked is not None and now - self._asked_at >= TURN_MS:
            self._turn(self._asked, again=True)
        if self._asked is None and now - self._asked_at >= PAUSE_MS:
            for endpoint, left in ((CHECKPOINTS, self._checkpoints), (JOB_CONFIG, self._configurations)):
                if job := next(iter(left), None):
                    self._asked, self._asked_at = endpoint(job=job), now
                    break
        if self._asked is not None:
            # That of checkpoints was mostly answered before, while the job ran.
            yield Ask(self._asked, asking.BELOW, OWN_SECONDS)

    def answered(self, query: Query[Any]) -> None:
        """Take that a query was answered, whoever asked."""
        if query == self._asked:
            self._asked = None
        if query.endpoint is CHECKPOINTS or query.endpoint is JOB_CONFIG:
            self._left(query).pop(dict(query.ids)["job"], None)

    def failed(self, query: Query[Any]) -> None:
        """Take that a request failed."""
        if query == self._asked:
            self._turn(query, again=False)

    def _turn(self, query: Query[Any], *, again: bool) -> None:
        """Let the next one take its turn; this one waits for another, or is not wanted any more."""
        left, job = self._left(query), dict(query.ids)["job"]
        if job in left:
            del left[job]
            if again:
                left[job] = None
        self._asked = None

    def _left(self, query: Query[Any]) -> dict[str, None]:
        return self._configurations if query.endpoint is JOB_CONFIG else self._checkpoints
