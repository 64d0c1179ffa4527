"""An event: something that happened on a cluster, kept in the journal; and what was known last of a job."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from msgspec import Struct

from flinktop.flink.connection import cluster_key
from flinktop.judgement.finding import Severity

MOST_STACK: Final = 64 * 1024
"""Bytes of a stack trace that are kept, UTF-8."""


class EventKind(StrEnum):
    """What happened. The values are stored and printed: none is ever renamed."""

    JOB_STARTED = "job-started"
    JOB_STATE = "job-state"
    JOB_ENDED = "job-ended"
    JOB_GONE = "job-gone"  # Flink does not list it any more
    JOB_CHANGED = "job-changed"  # a job came back under its name with another configuration
    RESTARTED = "restarted"  # by the counter, where Flink keeps no exceptions
    FAILURE = "failure"
    RESCALED = "rescaled"
    CHECKPOINT_FAILED = "checkpoint-failed"
    CHECKPOINT_SLOW = "checkpoint-slow"
    SAVEPOINT = "savepoint"
    OPERATION = "operation"  # an act from a flinktop
    CLUSTER_LOST = "cluster-lost"
    CLUSTER_BACK = "cluster-back"
    TASKMANAGER_CAME = "taskmanager-came"
    TASKMANAGER_GONE = "taskmanager-gone"
    RAISED = "raised"  # a finding
    CLEARED = "cleared"
    ESCALATED = "escalated"
    GAP = "gap"  # no flinktop was looking
    SUMMARY = "summary"  # further events of a job and day, counted


class Event(Struct, frozen=True, kw_only=True):
    """One event, or several of the same kind that are counted as one. Times are ms since 1970.

    Times are by the cluster's clock where Flink gives one, else by flinktop's estimate of that clock.
    """

    at: float
    """When it happened; of several the first time."""
    cluster: str
    """The cluster's address, without credentials; all spellings of an address are one cluster."""
    kind: EventKind
    words: str
    """One sentence, cleaned and without secrets."""
    key: str
    """The same happening has the same key, whoever sees it and how often: it is stored once.

    Within a cluster; made from what Flink gives (job, time of the failure, number of the checkpoint …).
    """
    cluster_name: str = ""
    job: str = ""  # its id; "" for the cluster itself
    job_name: str = ""
    severity: Severity = Severity.OK
    group: str = ""
    """Repeats: events of a job with the same group, if it is not "", are one row with a count."""
    last: float = 0.0
    """When the newest repeat happened; 0 before it is stored."""
    count: int = 1
    vertex: str = ""  # what it is about, as far as it is known: ids
    vertex_name: str = ""
    subtask: int | None = None
    taskmanager: str | None = None
    checkpoint: int | None = None
    finding: str = ""  # kind of the finding that was raised, cleared or escalated
    stack: str = ""
    """A stack trace, at most MOST_STACK bytes; read from the journal only where it is asked for."""
    details: str = ""
    """More lines about it, such as a configuration's differences."""
    number: int = 0
    """Its number in the journal; 0 before it is stored."""


class KnownJob(Struct, frozen=True, kw_only=True):
    """What was known last of a job. Times are ms since 1970."""

    cluster: str
    job: str
    name: str
    state: str
    seen: float  # when Flink listed it last
    cluster_name: str = ""
    start: float = 0.0
    end: float = 0.0
    release: str = ""
    parallelism: int | None = None
    words: str = ""  # of its verdict
    severity: Severity = Severity.OK
    checkpoint: str = ""  # path of the last completed checkpoint or savepoint
    checkpointed: float = 0.0
    restarts: int | None = None
    configuration: dict[str, str] = {}  # what was set for it, without secrets
    vertices: tuple[str, ...] = ()  # their names

    @property
    def place(self) -> tuple[str, str]:
        """What tells it from other jobs: its cluster, whatever the spelling of the address, and its id."""
        return cluster_key(self.cluster), self.job


class Question(Struct, frozen=True, kw_only=True):
    """Which events to read from the journal, newest first. Hashable: the same question has one answer.

    Repeats are as new as the newest of them, and are in every span of time that they touch.
    """

    cluster: str = ""  # "": of all clusters
    job: str = ""  # by id
    name: str = ""  # by name or pattern
    kinds: tuple[EventKind, ...] = ()
    since: float = 0.0  # ms since 1970
    before: float = 0.0  # only events before that; 0: up to now
    text: str = ""  # in its words, names or details, any case
    most: int = 500
