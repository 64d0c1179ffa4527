"""Which jobs somebody has looked into lately: what was seen of these over time is kept at length."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

if TYPE_CHECKING:
    from flinktop.flink.endpoint import Query

MOST = 16
"""Jobs, at the most: those that were looked into last."""
SECONDS = 3600.0
"""How long a job counts as looked into."""


class OpenedJobs(Struct):
    """Ids of jobs whose details are on a screen, or were a short time ago. Lives on the engine's loop."""

    _jobs: dict[str, float] = field(default_factory=dict)
    """When each was looked into last (engine's clock, s), in that order."""

    def look(self, query: Query[Any], now: float) -> None:
        """Somebody looks at this query, or did until now."""
        job = dict(query.ids).get("job")
        if job is not None:
            self._jobs.pop(job, None)
            self._jobs[job] = now
            if len(self._jobs) > MOST:
                del self._jobs[next(iter(self._jobs))]

    def forget_old(self, now: float) -> None:
        """Jobs that nobody has looked into for `SECONDS` count no longer."""
        for job in [job for job, at in self._jobs.items() if now - at > SECONDS]:
            del self._jobs[job]

    def __contains__(self, job: object) -> bool:
        return job in self._jobs

    def __len__(self) -> int:
        return len(self._jobs)
