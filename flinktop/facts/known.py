"""What facts are made of: the part of a Port that tells and changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flinktop.engine.acts.run_jar import RunJar
    from flinktop.engine.clock import Clock
    from flinktop.engine.lags import JobLag
    from flinktop.engine.operation import Operation
    from flinktop.engine.seen_checkpoints import SeenCheckpoint
    from flinktop.engine.series import Points, SeriesName
    from flinktop.engine.store import Reading
    from flinktop.flink.connection import Connection
    from flinktop.flink.endpoint import Query
    from flinktop.flink.errors import FlinkError
    from flinktop.flink.features import Features

T = TypeVar("T")


class Known(Protocol):
    """A Port is one by its shape: the type checker holds it to this wherever facts are asked for."""

    @property
    def connection(self) -> Connection:
        """The cluster."""

    @property
    def clock(self) -> Clock:
        """By whose wall time operations are written down."""

    @property
    def runs(self) -> Mapping[str, RunJar]:
        """How jobs were started that the ledger knows nothing of, by their ids."""

    @property
    def lost(self) -> FlinkError | None:
        """Why the cluster can't be read at the moment; None while it can."""

    @property
    def features(self) -> Features:
        """What the server can do, as far as is known."""

    @property
    def knows_time(self) -> bool:
        """Whether an answer has told the cluster's own time; else it is this machine's."""

    def reading(self, query: Query[T], /) -> Reading[T] | None:
        """What is known of a query."""

    def value(self, query: Query[T], /) -> T | None:
        """What a query was last answered, however long ago; None while nothing has come."""
        ...

    def brief(self, query: Query[T], /) -> Reading[T] | None:
        """The same, where what an endpoint keeps in brief is enough."""

    def points(self, name: SeriesName, since: float = ...) -> Points:
        """A series from `since` (engine's clock, s) on."""

    def latest(self, name: SeriesName, /) -> tuple[float, float] | None:
        """The newest point of a series: (engine's clock in s, value)."""

    def is_young(self, job: str, vertex: str, at: float, /) -> bool:
        """Whether an answer that came at a time (engine's clock, s) is of a vertex's first minute."""

    def lag(self, job: str, /) -> JobLag | None:
        """How far the latest of a job's sinks is behind; None while that is not known."""

    def lag_queries(self, job: str, /) -> Mapping[Query[Any], float]:
        """What tells a job's lag at present, and how often that is asked for (s)."""

    def checkpoints(self, job: str, /) -> tuple[SeenCheckpoint, ...]:
        """Every checkpoint seen of a job, newest first, those that Flink has dropped too."""

    def operations(self) -> tuple[Operation, ...]:
        """The ledger, newest first."""

    def now(self) -> float:
        """Seconds on the engine's clock."""

    def cluster_time(self) -> float:
        """Seconds since 1970 by the cluster's own clock."""

    def known_time(self) -> float:
        """The cluster's time for which what is known holds."""
