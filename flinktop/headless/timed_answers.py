"""The answers of one cluster with their times by its own clock, which is learned from the first job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flinktop.engine.answers import Answers
from flinktop.flink.jobs import JOB
from flinktop.flink.metrics import JOBS_METRICS

if TYPE_CHECKING:
    from flinktop.engine.clock import Clock
    from flinktop.flink.endpoint import Query
    from flinktop.flink.errors import FlinkError
    from flinktop.flink.metrics import Aggregated


class TimedAnswers:
    """Keeps answers back until the cluster's time is known; then `answers` has them."""

    def __init__(self, clock: Clock) -> None:
        self.answers = Answers()
        self.sums: dict[Query[Aggregated], Aggregated] = {}  # of groups of jobs
        self._clock = clock
        self._epoch = clock.wall() - clock.now()  # this machine's time at 0 of the clock, s since 1970
        self._ahead: float | None = None  # ms that the cluster's clock is ahead of this machine's
        self._early: list[tuple[Query[Any], Any, float]] = []

    @property
    def is_timed(self) -> bool:
        """Whether the cluster's time is known."""
        return self._ahead is not None

    @property
    def is_archive(self) -> bool:
        """Whether it is a HistoryServer, whose jobs tell when they were archived."""
        return self.answers.features.history_server

    def by_cluster(self, at: float) -> float:
        """The cluster's time (ms since 1970) at a time of the clock (s)."""
        return 1000.0 * (self._epoch + at) + (self._ahead or 0.0)

    def now(self) -> float:
        """The cluster's time now, ms since 1970; looks that are made of the answers have it, too."""
        self.answers.now = self.by_cluster(self._clock.now())
        return self.answers.now

    def take(self, query: Query[Any], value: Any) -> None:
        """Take an answer that came now."""
        at = self._clock.now()
        if query.endpoint is JOBS_METRICS:
            self.sums[query] = value
            return
        self.answers.forget_error(query)
        self._early.append((query, value, at))
        if self._ahead is None and query.endpoint is JOB and value.now > 0 and not self.is_archive:
            self._ahead = value.now - self.by_cluster(at)
        if self._ahead is not None:
            self._hand_over()

    def fail(self, query: Query[Any], error: FlinkError) -> None:
        """Take why a request failed."""
        if query.endpoint is not JOBS_METRICS:
            self.answers.fail(query, error)

    def early(self, query: Query[Any]) -> Any:
        """An answer that is kept back; None if there is none."""
        return next((value for known, value, _ in self._early if known == query), None)

    def take_time_of_this_machine(self) -> None:
        """Hand over what is kept back, if no job tells the cluster's time."""
        self._ahead = self._ahead or 0.0
        self._hand_over()

    def _hand_over(self) -> None:
        for query, value, at in self._early:
            self.answers.take(query, value, self.by_cluster(at))
        self._early.clear()
        self.now()
