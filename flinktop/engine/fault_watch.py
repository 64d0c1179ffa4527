"""Asks for the exceptions of jobs that restart, so that the first of a restart loop is known afterwards.

Flink keeps 16 of them (`web.exception-history-size`): in a loop that is a matter of minutes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from flinktop.flink.exceptions import EXCEPTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flinktop.engine.poller import Poller

SECONDS = 60.0
"""Between two looks at the exceptions of a job that restarts: an answer can be large."""
CALM_SECONDS = 900.0
"""A job that has not restarted for so long is not asked about any more."""


class FaultWatch(Struct):
    """Which jobs' exceptions are asked for in passing. Lives on the engine's loop."""

    poller: Poller
    _restarts: dict[str, float] = field(default_factory=dict)
    _asked: dict[str, float] = field(default_factory=dict)
    """By job: when it last restarted (engine's clock, s)."""

    def restarts(self, job: str, count: float | None, at: float) -> None:
        """Take in how often a job has restarted; None is not known."""
        if count is None:
            return
        before = self._restarts.get(job, 0.0)
        self._restarts[job] = count
        if count > before:
            self._asked[job] = at
            self.poller.add_background(EXCEPTIONS(job=job), SECONDS)
        elif job in self._asked and at - self._asked[job] > CALM_SECONDS:
            self._leave(job)

    def ended(self, jobs: Iterable[str]) -> None:
        for job in jobs:
            self._restarts.pop(job, None)
            if job in self._asked:
                self._leave(job)

    def _leave(self, job: str) -> None:
        del self._asked[job]
        self.poller.remove_background(EXCEPTIONS(job=job))
