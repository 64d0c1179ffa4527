"""The read-only part of a Port, from which facts are computed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flinktop.engine.acts.run_jar import RunJar
    from flinktop.engine.clock import Clock
    from flinktop.engine.journal.journal import Journal
    from flinktop.engine.judge import Judged
    from flinktop.engine.lags import JobLag
    from flinktop.engine.operation import Operation
    from flinktop.engine.seen_checkpoints import SeenCheckpoint
    from flinktop.engine.series import Points, SeriesName
    from flinktop.engine.store import Reading
    from flinktop.flink.connection import Connection
    from flinktop.flink.endpoint import Query
    from flinktop.flink.errors import FlinkError
    from flinktop.flink.features import Features
    from flinktop.judgement.verdict import Verdict
    from flinktop.model.faults import FaultGroup
    from flinktop.model.kubernetes import KubernetesState

T = TypeVar("T")


class Known(Protocol):
    """A Port implements this structurally: the type checker verifies it."""

    @property
    def connection(self) -> Connection: ...
    @property
    def clock(self) -> Clock: ...  # its wall time is that of operations
    @property
    def runs(self) -> Mapping[str, RunJar]: ...  # by job: those that are not in the ledger
    @property
    def lost(self) -> FlinkError | None: ...  # why the cluster can't be read now, if it can't
    @property
    def features(self) -> Features: ...  # the known features of the server
    @property
    def knows_time(self) -> bool: ...  # whether the cluster's time is known; else this machine's is used
    @property
    def journal(self) -> Journal | None: ...  # what happened, also what Flink has forgotten
    @property
    def judged(self) -> Judged | None: ...  # None before the first answer
    @property
    def kubernetes(self) -> KubernetesState | None: ...  # None: not on Kubernetes, or nothing is known
    def verdict(self, job: str, /) -> Verdict | None: ...  # None while too little is known
    def reading(self, query: Query[T], /) -> Reading[T] | None: ...
    def value(self, query: Query[T], /) -> T | None: ...  # the last answer, however old
    def brief(self, query: Query[T], /) -> Reading[T] | None: ...  # the brief part is enough
    def points(self, name: SeriesName, since: float = ...) -> Points: ...  # since: engine's clock, s
    def latest(self, name: SeriesName, /) -> tuple[float, float] | None: ...  # engine's clock (s), value
    def is_young(self, job: str, vertex: str, at: float, /) -> bool: ...  # at: engine's clock, s
    def lag(self, job: str, /) -> JobLag | None: ...  # of a job's latest sink
    def lag_queries(self, job: str, /) -> Mapping[Query[Any], float]: ...  # with their intervals (s)
    def checkpoints(self, job: str, /) -> tuple[SeenCheckpoint, ...]: ...  # newest first, with dropped ones
    def faults(self, job: str, /) -> tuple[FaultGroup, ...]: ...  # newest first, with dropped ones
    def operations(self) -> tuple[Operation, ...]: ...  # the ledger, newest first
    def now(self) -> float: ...  # seconds on the engine's clock
    def cluster_time(self) -> float: ...  # seconds since 1970 by the cluster's own clock
    def known_time(self) -> float: ...  # the cluster's time for which what is known holds
