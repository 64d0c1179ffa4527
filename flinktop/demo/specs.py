"""Specifications of the demo's jobs: vertices, edges, checkpoints and failures."""

from __future__ import annotations

import math
from typing import NamedTuple

from msgspec import Struct

HOUR = 3600.0
DAY = 24 * HOUR
MIB = 1 << 20
GIB = 1 << 30


class Edge(NamedTuple):
    """An input: the index of the other vertex in the job, and the ship strategy."""

    source: int
    ship: str = "HASH"


class VertexSpec(Struct, frozen=True):
    """One vertex; a source has a rate and no inputs."""

    name: str
    parallelism: int
    inputs: tuple[Edge, ...] = ()
    rate: float = 0.0  # mean records/s of a source, over all subtasks
    selectivity: float = 1.0  # records sent for each one received
    busy: float = 0.15  # share of its time that the busiest subtask is busy at the mean flow
    held: float = 0.0  # mean share of its time that a subtask is backpressured
    hot: float = 0.0  # share of all records that one subtask gets beyond its fair share
    record: int = 160  # bytes of a record that it sends
    state: float = 0  # MiB in a checkpoint, over all subtasks
    lag: float = 0.0  # seconds of watermark lag: a source's out-of-orderness, or waiting in buffers
    stuck: float | None = None  # when the event time that the first subtask of a source reads stopped (s)
    described: dict[str, str] = {}  # what the plan says of an operator, where that is more than its name
    counts: tuple[str, ...] = ()  # names of accumulators in its code, incremented for each record

    @property
    def operators(self) -> tuple[str, ...]:
        return tuple(self.name.split(" -> "))


class CheckpointSpec(Struct, frozen=True):
    """The checkpoint configuration of a job."""

    interval: float = 60.0  # seconds between triggers; no checkpoint takes longer
    duration: float = 1.2  # seconds of a normal one
    timeout: float = 600.0
    failing: float = 0.0  # share of checkpoints that fail
    failing_since: float = -math.inf  # from when on they fail, seconds of the demo's clock
    reason: str = "Checkpoint expired before completing."
    culprit: int = -1  # the vertex that does not acknowledge in time, or is the slowest; -1 is any
    waiting: float = 0.3  # share of the time for barriers; high under backpressure
    unaligned: bool = False
    rocksdb: bool = True  # checkpoints are incremental, and the state is on disk
    growth: float = 0.0  # share by which the state grows in a day
    savepoint: float | None = None  # time of a savepoint, seconds of the demo's clock


class Fate(Struct, frozen=True):
    """The events of a job, in seconds of the demo's clock (0 is when the demo opened)."""

    started: float
    ended: float | None = None
    end: str = "FINISHED"  # FINISHED, FAILED or CANCELED, at `ended`
    cycle: float | None = None  # seconds from one restart to the next, for a restart loop
    stumbles: tuple[float, ...] = ()  # times of single failures
    waits: float = 0.0  # seconds that subtasks wait for slots after a failure
    fault: str = ""  # the name of the exception that ends a run
    culprit: int = 0  # the vertex that fails


class JobSpec(Struct, frozen=True):
    """One job."""

    name: str
    vertices: tuple[VertexSpec, ...]
    fate: Fate
    checkpoints: CheckpointSpec | None = CheckpointSpec()
    swing: float = 0.3  # variation of the flow around its mean
    kind: str = "STREAMING"
    event_time: bool = True  # whether it has watermarks
    adaptive: bool = False  # runs on the adaptive scheduler, if the release has it
    restored_from: str | None = None  # path of the savepoint it was started from
    settings: dict[str, str] = {}  # the user's own configuration

    @property
    def slots(self) -> int:
        """Number of its slots: its vertices share them."""
        return max(vertex.parallelism for vertex in self.vertices)
