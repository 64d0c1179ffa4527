"""What the demo's jobs are made of: vertices, edges, checkpoints and fates, as plain values."""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct

HOUR = 3600.0
DAY = 24 * HOUR
MIB = 1 << 20
GIB = 1 << 30


class Edge(NamedTuple):
    """Where records come from: the place of the other vertex in the job, and how they are shipped."""

    source: int
    ship: str = "HASH"


class VertexSpec(Struct, frozen=True):
    """One vertex; a source has a rate and no inputs."""

    name: str
    parallelism: int
    inputs: tuple[Edge, ...] = ()
    rate: float = 0.0  # records/s that a source sends in the mean, over all subtasks
    selectivity: float = 1.0  # records sent for each one taken in
    busy: float = 0.15  # share of its time that the busiest subtask works when the flow is at its mean
    held: float = 0.0  # share of its time that a subtask is backpressured, in the mean
    hot: float = 0.0  # share of all records that go to one subtask beyond its fair part
    record: int = 160  # bytes of a record that it sends
    state: float = 0  # MiB in a checkpoint, over all subtasks
    lag: float = 0.0  # seconds of lag of its watermarks: a source's out-of-orderness, or waiting in buffers
    stuck: float | None = None  # when (s of the demo's clock) the first subtask's watermark came to a stop
    counts: tuple[str, ...] = ()  # names of accumulators that its code keeps, one for each record

    @property
    def operators(self) -> tuple[str, ...]:
        return tuple(self.name.split(" -> "))


class CheckpointSpec(Struct, frozen=True):
    """How a job is checkpointed."""

    interval: float = 60.0  # seconds between triggers; no checkpoint takes longer than this
    duration: float = 1.2  # seconds of a usual one
    timeout: float = 600.0
    failing: float = 0.0  # share of checkpoints that fail
    reason: str = "Checkpoint expired before completing."
    culprit: int = -1  # the vertex that does not acknowledge in time, or that is the slowest; -1 is any
    waiting: float = 0.3  # share of the time that the barriers travel; high under backpressure
    unaligned: bool = False
    rocksdb: bool = True  # checkpoints hold what has changed only, and the state lies on disk
    growth: float = 0.0  # share by which the state grows in a day
    savepoint: float | None = None  # seconds of the demo's clock at which one of them was a savepoint


class Fate(Struct, frozen=True):
    """How a job's life goes, in seconds of the demo's clock (0 is when the demo opened)."""

    started: float
    ended: float | None = None
    end: str = "FINISHED"  # FINISHED, FAILED or CANCELED, once `ended` is reached
    cycle: float | None = None  # seconds from one restart to the next, when it restarts again and again
    stumbles: tuple[float, ...] = ()  # when it failed once and went on
    fault: str = ""  # which of the exceptions ends a run
    culprit: int = 0  # the vertex that fails


class JobSpec(Struct, frozen=True):
    """One job."""

    name: str
    vertices: tuple[VertexSpec, ...]
    fate: Fate
    checkpoints: CheckpointSpec | None = CheckpointSpec()
    swing: float = 0.3  # how far the flow goes up and down around its mean
    kind: str = "STREAMING"
    event_time: bool = True  # whether it has watermarks at all
    adaptive: bool = False  # runs on the adaptive scheduler, where the release has it
    restored_from: str | None = None  # path of the savepoint it was started from
    settings: dict[str, str] = {}  # the user's own configuration

    @property
    def slots(self) -> int:
        """Slots it holds: its vertices share them."""
        return max(vertex.parallelism for vertex in self.vertices)
