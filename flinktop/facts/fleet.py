"""What is known of many clusters: one value for each, and of each of their jobs that a list shows."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from flinktop.judgement.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flinktop.facts.verdicts import JobVerdict


class ClusterState(StrEnum):
    """Whether a cluster answers."""

    CONNECTING = "connecting"  # asked, and neither answered nor failed yet
    LIVE = "live"
    UNREACHABLE = "unreachable"  # it does not answer, or refuses the login, or is no Flink


class ClusterFacts(Struct, frozen=True, kw_only=True):
    """One cluster of a fleet."""

    name: str  # in the config, or its address
    url: str
    state: ClusterState
    reason: str = ""  # why it is unreachable, the end of a sentence
    since: float | None = None  # s since when it is, or None
    retry: float | None = None  # s until it is asked again
    severity: Severity = Severity.OK  # of the worst that is said of it or one of its jobs
    kind: str = ""  # of that finding; "" while nothing was judged
    words: str = ""
    job_name: str = ""  # of the job that it is about, if it is about one
    ill: int = 0  # jobs with a finding of severity warning or worse, or unknown
    jobs: Mapping[str, int] = {}  # jobs by state
    slots_used: int | None = None
    slots_total: int | None = None
    taskmanagers: int | None = None
    rate: float | None = None  # records/s that all its sources send
    age: float | None = None  # s since its newest answer
    release: str = ""
    colour: str | None = None
    group: str = ""
    read_only: bool = False
    protected: bool = False


class FleetJob(Struct, frozen=True, kw_only=True):
    """One job of one cluster of a fleet."""

    cluster: str  # name of the cluster
    jid: str
    name: str
    state: str
    verdict: JobVerdict | None = None
    since: float | None = None  # s since 1970 by the cluster's clock: of its worst finding
    rate: float | None = None  # records/s that its sources send
    age: float | None = None  # s since it was listed last
    order: tuple[object, ...] = ()  # sort key, the worst first


class FleetFacts(Struct, frozen=True, kw_only=True):
    """All of them, the worst cluster and the worst job first."""

    clusters: tuple[ClusterFacts, ...] = ()
    jobs: tuple[FleetJob, ...] = ()
    rate: float | None = None  # records/s of all clusters that answer
    age: float | None = None  # s of the oldest data of a cluster that answers
