"""Vertices, their subtasks and attempts: state, totals, backpressure, watermarks, flame graph."""

from typing import Annotated

from msgspec import Meta, Struct, field
from msgspec.structs import force_setattr, replace

from flinktop.flink.endpoint import MOST_BYTES, SUBTASK_PARTS, Endpoint
from flinktop.flink.metrics import EVERY, Metric
from flinktop.flink.numbers import (
    LONG_MAX,
    Count,
    Index,
    Known,
    Located,
    Now,
    Parallelism,
    Time,
    Unset,
    known,
)


class UserAccumulator(Struct, frozen=True):
    """An accumulator: name, Java type, and value as text."""

    name: str = ""
    type: str = ""
    value: str = ""


class IoMetrics(Known, frozen=True, rename="kebab"):
    """Totals of a vertex or subtask; a total whose `…_complete` is false is not known yet."""

    read_bytes: Count | None = None
    read_bytes_complete: bool = False
    write_bytes: Count | None = None
    write_bytes_complete: bool = False
    read_records: Count | None = None
    read_records_complete: bool = False
    write_records: Count | None = None
    write_records_complete: bool = False
    accumulated_backpressured_time: float | None = None  # milliseconds over all subtasks, 1.16+
    accumulated_idle_time: float | None = None
    accumulated_busy_time: float | None = None  # None for legacy sources (Flink's NaN)

    @property
    def bytes_in(self) -> int | None:
        """None if not known, as the next three."""
        return self.read_bytes if self.read_bytes_complete else None

    @property
    def bytes_out(self) -> int | None:
        """Bytes sent over the network or within the TaskManager."""
        return self.write_bytes if self.write_bytes_complete else None

    @property
    def records_in(self) -> int | None:
        """0 for sources: only records between vertices are counted."""
        return self.read_records if self.read_records_complete else None

    @property
    def records_out(self) -> int | None:
        """0 for sinks: only records between vertices are counted."""
        return self.write_records if self.write_records_complete else None


class Quantiles(Known, frozen=True):
    """Distribution of a number over subtasks (1.16+); with a NaN among them it arrives as -1."""

    min: float | None = None
    max: float | None = None
    avg: float | None = None
    sum: float | None = None
    median: float | None = None
    p25: float | None = None
    p75: float | None = None
    p95: float | None = None


class AggregatedTasks(Struct, frozen=True, rename="kebab"):
    """Totals and time in each state over subtasks (1.16+)."""

    metrics: dict[str, Quantiles] = {}
    status_duration: dict[str, Quantiles] = {}


class Attempt(Located, frozen=True, rename="kebab"):
    """One attempt of a subtask; times in ms since 1970, -1 when not yet."""

    subtask: Index = -1
    status: str = ""
    attempt: Count | None = None  # from 0
    start_time: Time = -1
    end_time: Time = -1
    duration: Unset = -1
    metrics: IoMetrics = IoMetrics()
    taskmanager_id: str | None = None  # 1.10+
    status_duration: dict[str, Unset] | None = None  # 1.16+: ms in each state
    other_concurrent_attempts: "tuple[Attempt, ...] | None" = None  # 1.16+: speculative execution

    def ended_as(self, status: str) -> "Attempt":
        """An attempt that has a successor, with this final state."""
        return replace(self, status=status, duration=-1)

    @property
    def seconds(self) -> float | None:
        return self.duration / 1000.0 if self.duration >= 0 else None


class Vertex(Struct, frozen=True, rename="kebab"):
    """GET /jobs/:jobid/vertices/:vertexid."""

    id: str = ""
    name: str = ""
    parallelism: Parallelism = -1
    max_parallelism: Parallelism | None = field(name="maxParallelism", default=None)
    now: Now = 0
    subtasks: tuple[Attempt, ...] = ()
    aggregated: AggregatedTasks | None = None


class VertexAccumulators(Struct, frozen=True, rename="kebab"):
    """GET …/vertices/:vertexid/accumulators."""

    id: str = ""
    user_accumulators: tuple[UserAccumulator, ...] = ()


class SubtaskAccumulators(Located, frozen=True, rename="kebab"):
    """One subtask's accumulators."""

    subtask: Index
    attempt: Count | None = None
    user_accumulators: tuple[UserAccumulator, ...] = ()


class SubtasksAccumulators(Struct, frozen=True):
    """GET …/vertices/:vertexid/subtasks/accumulators."""

    id: str = ""
    parallelism: Parallelism = -1
    subtasks: tuple[SubtaskAccumulators, ...] = ()


class AttemptAccumulators(Struct, frozen=True, rename="kebab"):
    """GET …/attempts/:attempt/accumulators."""

    subtask: Index = -1
    attempt: Count | None = None
    id: str = ""  # the execution's id
    user_accumulators: tuple[UserAccumulator, ...] = ()


class SubtaskBackpressure(Struct, frozen=True, rename="kebab"):
    """One subtask's time ratios, 0 to 1; idle and busy from 1.13."""

    subtask: Index
    kebab_level: str = field(name="backpressure-level", default="")
    camel_level: str = field(name="backpressureLevel", default="")
    ratio: float | None = None
    idle_ratio: float | None = field(name="idleRatio", default=None)
    busy_ratio: float | None = field(name="busyRatio", default=None)
    attempt_number: Count | None = None
    other_concurrent_attempts: "tuple[SubtaskBackpressure, ...] | None" = None

    def __post_init__(self) -> None:
        for name in ("ratio", "idle_ratio", "busy_ratio"):
            share = known(getattr(self, name))
            force_setattr(self, name, None if share is None or share < 0 else share)

    @property
    def level(self) -> str:
        """Ok (up to 0.10), low (up to 0.50) or high."""
        return self.kebab_level or self.camel_level


class VertexBackpressure(Struct, frozen=True, rename="kebab"):
    """GET …/vertices/:vertexid/backpressure.

    Up to 1.12 the server samples stacks on request: `deprecated` for some ten seconds, then the result
    for a minute. From 1.13 it is computed from metrics.
    """

    status: str = ""  # ok, or deprecated: no result yet or an old one
    kebab_level: str | None = field(name="backpressure-level", default=None)
    camel_level: str | None = field(name="backpressureLevel", default=None)  # 1.17+, same as `level`
    end_timestamp: Time | None = None  # from 1.13 the time of the server's last fetch of metrics
    subtasks: tuple[SubtaskBackpressure, ...] = ()

    @property
    def level(self) -> str:
        """ok, low or high; "" without a result."""
        return self.kebab_level or self.camel_level or ""


class SubtaskTimes(Located, frozen=True):
    """When one subtask entered each state (ms since 1970; 0: never)."""

    subtask: Index
    duration: Unset = -1
    timestamps: dict[str, Time] = field(default_factory=dict)


class SubtasksTimes(Struct, frozen=True):
    """GET …/vertices/:vertexid/subtasktimes."""

    id: str = ""
    name: str = ""
    now: Now = 0
    subtasks: tuple[SubtaskTimes, ...] = ()


class VertexTaskManager(Located, frozen=True, rename="kebab"):
    """A vertex's share on one TaskManager."""

    status: str = ""
    start_time: Time = -1
    end_time: Time = -1
    duration: Unset = -1
    metrics: IoMetrics = IoMetrics()
    status_counts: dict[str, Count] = field(default_factory=dict)
    taskmanager_id: str | None = None
    aggregated: AggregatedTasks | None = None


class VertexTaskManagers(Struct, frozen=True):
    """GET …/vertices/:vertexid/taskmanagers."""

    id: str = ""
    name: str = ""
    now: Now = 0
    taskmanagers: tuple[VertexTaskManager, ...] = ()


MOST_CALLS = 400  # depth of a flame graph at most; Flink's is 100 (rest.flamegraph.stack-depth)


class Frame(Struct, frozen=True):
    """A method in a flame graph and how many samples were inside it."""

    name: str = ""
    value: Count = 0  # 0 if not reported: such a method has no width and is not drawn
    children: "tuple[Frame, ...]" = ()


class FlameGraph(Struct, frozen=True):
    """GET …/vertices/:vertexid/flamegraph (1.13+, rest.flamegraph.enabled)."""

    end_timestamp: Annotated[int, Meta(ge=-3, le=LONG_MAX)] = field(name="endTimestamp", default=-3)
    data: Frame | None = None

    def __post_init__(self) -> None:
        """Reject a graph that is too deep: Python's own limit for nested JSON depends on its version."""
        level: tuple[Frame, ...] = () if self.data is None else (self.data,)
        for _ in range(MOST_CALLS):
            if not level:
                return
            level = tuple(called for frame in level for called in frame.children)
        raise ValueError(f"a flame graph of more than {MOST_CALLS} methods above each other")

    @property
    def missing(self) -> str | None:
        """Why there is no graph; None if there is one."""
        if self.data is not None:
            return None
        return {-1: "the vertex has ended", -2: "rest.flamegraph.enabled is off"}.get(
            self.end_timestamp, "samples are being taken"
        )


_VERTEX = "jobs/{job}/vertices/{vertex}"

# 20 MB with 32,768 subtasks, Flink's maximum.
VERTEX = Endpoint(
    _VERTEX, Vertex, every=3, named=("id", "vertex"), most=2 * MOST_BYTES, most_parts=SUBTASK_PARTS
)
VERTEX_ACCUMULATORS = Endpoint(f"{_VERTEX}/accumulators", VertexAccumulators, every=3)
VERTEX_BACKPRESSURE = Endpoint(
    f"{_VERTEX}/backpressure", VertexBackpressure, every=EVERY, most_parts=SUBTASK_PARTS
)
# A 404 in 1.9: use SUBTASKS_METRICS(get=["currentInputWatermark"]).
VERTEX_WATERMARKS = Endpoint(
    f"{_VERTEX}/watermarks", tuple[Metric, ...], every=EVERY, since=(1, 10), most_parts=SUBTASK_PARTS
)
VERTEX_TASKMANAGERS = Endpoint(f"{_VERTEX}/taskmanagers", VertexTaskManagers, every=3)
SUBTASK_TIMES = Endpoint(f"{_VERTEX}/subtasktimes", SubtasksTimes, every=3, most_parts=SUBTASK_PARTS)
SUBTASKS_ACCUMULATORS = Endpoint(
    f"{_VERTEX}/subtasks/accumulators", SubtasksAccumulators, every=3, most_parts=SUBTASK_PARTS
)
SUBTASK = Endpoint(f"{_VERTEX}/subtasks/{{subtask}}", Attempt, every=3)
ATTEMPT = Endpoint(f"{_VERTEX}/subtasks/{{subtask}}/attempts/{{attempt}}", Attempt, every=3)
ATTEMPT_ACCUMULATORS = Endpoint(
    f"{_VERTEX}/subtasks/{{subtask}}/attempts/{{attempt}}/accumulators", AttemptAccumulators, every=3
)
# The server samples the threads once a minute; until the first sample it reports that it is working.
# Two for each method of each path through the program.
FLAMEGRAPH = Endpoint(f"{_VERTEX}/flamegraph", FlameGraph, every=5, since=(1, 13), most_parts=SUBTASK_PARTS)
