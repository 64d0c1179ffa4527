"""A finding: what is wrong, how bad it is, where to look, and on what evidence."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from flinktop.flink.text import clean
from flinktop.model import format as fmt

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Severity(StrEnum):
    """How bad a finding is, worst first."""

    CRITICAL = "critical"
    UNKNOWN = "unknown"
    WARNING = "warning"
    INFO = "info"
    OK = "ok"

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return _SEVERITIES.index(self)


_SEVERITIES = tuple(Severity)


class Kind(StrEnum):
    """What can be wrong, in the order of causes: of two findings of a severity the earlier comes first."""

    CLUSTER_LOST = "cluster-lost"
    JOB_LOST = "job-lost"
    JOB_MISSING = "job-missing"
    TASKMANAGER_LOST = "taskmanager-lost"
    TASKMANAGER_FLAPPING = "taskmanager-flapping"
    NO_SLOTS = "no-slots"
    MEMORY = "memory"
    FAILED = "failed"
    RESTART_LOOP = "restart-loop"
    RESTARTING = "restarting"
    OPERATOR_ERROR = "operator-error"
    SLOW_START = "slow-start"
    CHECKPOINTS_FAILING = "checkpoints-failing"
    STALLED = "stalled"
    BOTTLENECK = "bottleneck"
    SKEW = "skew"
    WATERMARK_STUCK = "watermark-stuck"
    SOURCE_LAG = "source-lag"
    NETWORK_BUFFERS = "network-buffers"
    RECORD_ERRORS = "record-errors"
    CHECKPOINT_OVERDUE = "checkpoint-overdue"
    CHECKPOINT_SLOW = "checkpoint-slow"
    UNDER_SCALED = "under-scaled"
    STATE_GROWING = "state-growing"
    NO_DATA = "no-data"
    LATE_RECORDS = "late-records"
    CATCHING_UP = "catching-up"
    CHECKPOINTS_OFF = "checkpoints-off"

    @property
    def rank(self) -> int:
        """0 for the first cause."""
        return _KINDS.index(self)


_KINDS = tuple(Kind)

OF_CLUSTER: Final = frozenset(
    {
        Kind.CLUSTER_LOST,
        Kind.TASKMANAGER_LOST,
        Kind.TASKMANAGER_FLAPPING,
        Kind.MEMORY,
        Kind.NETWORK_BUFFERS,
    }
)
"""Kinds of a cluster; all others are a job's, and an operator-error may be of either."""


class Culprit(Struct, frozen=True, kw_only=True):
    """What to look at, as far as it is known."""

    vertex: str | None = None  # its id
    vertex_name: str | None = None  # whole, as in /jobs/:jobid
    subtasks: tuple[int, ...] = ()
    taskmanager: str | None = None  # its id in /taskmanagers; "" is the JobManager


_A_TIME: Final = 1e12  # ms: since 2001, and longer than anything lasts


class Evidence(Struct, frozen=True):
    """A figure that a finding rests on."""

    what: str
    value: float | int | str | None = None
    unit: str = ""  # ms/s, ms, s, bytes, 1/s, %, or "" for a count or a text

    @property
    def at(self) -> float | None:
        """The time that it is (ms since 1970), of a watermark and the like; None for what lasts so long."""
        number = self.value if isinstance(self.value, int | float) and self.unit == "ms" else None
        return float(number) if number is not None and number >= _A_TIME else None


def figure(evidence: Evidence, when: Callable[[float], str]) -> str:
    """The figure of a piece of evidence with its unit; empty if it is words alone.

    `when` writes a time (ms since 1970).
    """
    value, unit = evidence.value, evidence.unit
    if evidence.at is not None:
        return when(evidence.at)
    if value is None:
        return ""
    if isinstance(value, str):
        return clean(value)
    number = float(value)
    if math.isnan(number):
        return fmt.ABSENT
    write = _WRITTEN.get(unit)
    if write is not None and math.isfinite(number):
        return write(number)
    return f"{fmt.exact_number(number)} {unit}" if unit else fmt.count(number)


_WRITTEN: Final[Mapping[str, Callable[[float], str]]] = {
    "ms/s": lambda value: f"{value:.0f} ms/s",
    "ms": fmt.milliseconds,
    "s": fmt.duration,
    "bytes": fmt.size,
    "1/s": lambda value: f"{fmt.count(value)}/s",
    "%": lambda value: fmt.share(value / 100.0),
}


class Finding(Struct, frozen=True, kw_only=True):
    """One thing that is wrong."""

    kind: Kind
    severity: Severity
    words: str  # one sentence, begins with the kind's name
    next: str = ""  # what to look at next
    culprit: Culprit = Culprit()
    evidence: tuple[Evidence, ...] = ()
    explains: bool = True  # whether it is strong enough to explain others of its job
    since: float | None = None  # by the cluster's clock, ms since 1970; None where Flink gives no time
    unread: bool = False  # its cause was not read yet, and is asked for
    job: str = ""  # of a job that is not listed, and so has no verdict: its last known id, "" if it has none
    job_name: str = ""  # likewise: its name, or the pattern of the name that is expected

    @property
    def is_of_cluster(self) -> bool:
        """Whether, among those of the cluster, it is of the cluster itself and not of a job it lacks."""
        return self.kind in OF_CLUSTER or (self.kind is Kind.OPERATOR_ERROR and not self.job_name)
