"""A `Known` of which a test says what it knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from flinktop.engine.acts.run_jar import RunJar
from flinktop.engine.journal.journal import Journal
from flinktop.engine.judge import Judged
from flinktop.engine.lags import JobLag
from flinktop.engine.link import Link
from flinktop.engine.operation import Operation
from flinktop.engine.seen_checkpoints import SeenCheckpoint
from flinktop.engine.series import Points, SeriesName, SeriesStore
from flinktop.engine.store import Reading
from flinktop.flink.connection import Connection
from flinktop.flink.endpoint import Query
from flinktop.flink.errors import FlinkError
from flinktop.flink.features import Features
from flinktop.judgement.verdict import Verdict
from flinktop.model.faults import FaultGroup
from flinktop.model.kubernetes import KubernetesState
from tests.engine.acting import URL
from tests.manual_clock import ManualClock

T = TypeVar("T")


@dataclass
class Given:
    readings: dict[Query[Any], Reading[Any]] = field(default_factory=dict)
    ledger: tuple[Operation, ...] = ()
    runs: Mapping[str, RunJar] = field(default_factory=dict)
    lost: FlinkError | None = None
    connection: Connection = field(default_factory=lambda: Connection(URL))
    clock: ManualClock = field(default_factory=ManualClock)
    series: SeriesStore = field(default_factory=SeriesStore)
    young: frozenset[str] = frozenset()
    """Vertices in their first minute."""
    lags: dict[str, JobLag] = field(default_factory=dict)
    features: Features = field(default_factory=Features)
    seen: tuple[SeenCheckpoint, ...] = ()
    """Checkpoints, newest first."""
    groups: tuple[FaultGroup, ...] = ()
    judged: Judged | None = None
    kubernetes: KubernetesState | None = None
    journal: Journal | None = None
    knows_time: bool = True
    failure: str | None = None
    connected: Link = field(default_factory=Link)
    ahead: float = 0.0
    """Seconds by which the cluster's clock is ahead of this machine's."""

    def answer(self, query: Query[T], value: T | None, **rest: Any) -> None:
        """The cluster has answered this just now."""
        self.readings[query] = Reading(value, self.now(), **rest)

    def link(self) -> Link:
        return self.connected

    def verdict(self, job: str, /) -> Verdict | None:
        return self.judged.verdicts.get(job) if self.judged is not None else None

    def reading(self, query: Query[T], /) -> Reading[T] | None:
        return cast("Reading[T] | None", self.readings.get(query))

    def value(self, query: Query[T], /) -> T | None:
        reading = self.reading(query)
        return reading.value if reading is not None else None

    def brief(self, query: Query[T], /) -> Reading[T] | None:
        return self.reading(query)

    def points(self, name: SeriesName, since: float = float("-inf")) -> Points:
        return self.series.points(name, since)

    def latest(self, name: SeriesName, /) -> tuple[float, float] | None:
        return self.series.latest(name)

    def is_young(self, _job: str, vertex: str, _at: float, /) -> bool:
        return vertex in self.young

    def lag(self, job: str, /) -> JobLag | None:
        return self.lags.get(job)

    def lag_queries(self, _job: str, /) -> Mapping[Query[Any], float]:
        return {}

    def checkpoints(self, _job: str, /) -> tuple[SeenCheckpoint, ...]:
        return self.seen

    def faults(self, _job: str, /) -> tuple[FaultGroup, ...]:
        return self.groups

    def operations(self) -> tuple[Operation, ...]:
        return self.ledger

    def now(self) -> float:
        return self.clock.now()

    def cluster_time(self) -> float:
        return self.clock.wall() + self.ahead

    def known_time(self) -> float:
        return self.cluster_time()
