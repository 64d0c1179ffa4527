"""Facts about the parts of a vertex: backpressure and watermarks of subtasks, TaskManagers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from flinktop.facts.freshness import ABSENT, Figure
from flinktop.flink.vertices import Attempt, VertexTaskManager
from flinktop.model import first_minute, rates, split, states, subtask_names, watermarks
from flinktop.model import format as fmt
from flinktop.model import lag as lags

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flinktop.flink.vertices import SubtaskBackpressure


WORST_FIRST = {"high": 0, "low": 1, "ok": 2}
NOWHERE = "not on a TaskManager yet"


class PressureFacts(Struct, frozen=True):
    """Backpressure of one subtask, or of one of its concurrent attempts; shares are 0 to 1."""

    key: str
    index: int
    attempt: int | None
    level: str
    backpressured: float | None
    busy: float | None
    idle: float | None
    unmeasured: bool = False
    """Whether the shares are unknown: Flink reports an unmeasured subtask as busy."""


def pressure_facts(one: SubtaskBackpressure, index: int, suffix: str, *, young: bool) -> PressureFacts:
    """One subtask or attempt; `young`: its vertex is in its first minute."""
    unmeasured = young and first_minute.is_unmeasured(*split.times(one))
    return PressureFacts(
        key=f"{index}{suffix}",
        index=index,
        attempt=one.attempt_number,
        level=one.level,
        backpressured=one.ratio if not unmeasured else None,
        busy=one.busy_ratio if not unmeasured else None,
        # A legacy source measures neither: Flink reports its busy time as NaN, its idle time as 0.
        idle=one.idle_ratio if one.busy_ratio is not None and not unmeasured else None,
        unmeasured=unmeasured,
    )


class MarkFacts(Struct, frozen=True):
    """The watermark of one subtask."""

    index: int
    mark: float | None  # ms since 1970; -inf: none yet, inf: end of input, None: unknown
    lag: Figure  # seconds behind the cluster's clock at the time of the answer
    behind: float | None  # seconds behind the most advanced subtask
    holds: bool  # whether it holds the others back


class Marks:
    """The watermarks of all subtasks of a vertex; `cluster_now` is the cluster's time (s since 1970)."""

    def __init__(self, known: Mapping[int, float], cluster_now: float) -> None:
        self._known, self._now = known, cluster_now
        self._held = watermarks.held(known)
        self._foremost = max((mark for mark in known.values() if math.isfinite(mark)), default=None)
        self._lowest = min(known.values(), default=None)

    def facts(self, index: int, history: lags.Points) -> MarkFacts:
        """Facts of one subtask; `history` is its lag over the last minutes."""
        mark = self._known.get(index)
        finite = mark is not None and math.isfinite(mark)
        lag = rates.watermark_lag(mark, self._now) if finite else None
        return MarkFacts(
            index=index,
            mark=mark,
            lag=Figure(lag, tone=lags.tone(history)) if lag is not None else ABSENT,
            behind=(self._foremost - mark) / 1000.0
            if finite and self._foremost is not None and mark is not None
            else None,
            holds=self._held is not None and mark == self._lowest,
        )


class VertexTaskManagerFacts(Struct, frozen=True):
    """One TaskManager's part of a vertex."""

    key: str
    taskmanager: str  # its id; "" before 1.10
    name: str  # host and port
    state: str
    counts: str  # its subtasks by state
    subtasks: int
    taken: Figure
    sent: Figure
    bytes_taken: Figure
    bytes_sent: Figure
    busy: float | None  # mean busy time of its subtasks since their start, ms/s; from 1.16
    seconds: float | None


def vertex_taskmanager(one: VertexTaskManager, *, source: bool, sink: bool) -> VertexTaskManagerFacts:
    """One TaskManager in `…/vertices/:vertexid/taskmanagers`."""
    totals = one.metrics
    counts = {state: count for state, count in one.status_counts.items() if count}
    busy = totals.accumulated_busy_time
    whole = (busy or 0) + (totals.accumulated_backpressured_time or 0) + (totals.accumulated_idle_time or 0)
    return VertexTaskManagerFacts(
        key=one.taskmanager_id or one.where,
        taskmanager=one.taskmanager_id or "",
        name=one.where or NOWHERE,
        state=one.status,
        counts="  ".join(
            f"{count} {state.lower()}"
            for state, count in sorted(counts.items(), key=lambda pair: -states.severity(pair[0]))
        ),
        subtasks=sum(counts.values()),
        taken=ABSENT if source else Figure(totals.records_in),
        sent=ABSENT if sink else Figure(totals.records_out),
        bytes_taken=ABSENT if source else Figure(totals.bytes_in),
        bytes_sent=ABSENT if sink else Figure(totals.bytes_out),
        busy=1000.0 * busy / whole if busy is not None and whole > 0 else None,
        seconds=one.duration / 1000.0 if one.duration >= 0 else None,
    )


def concurrent_attempt(
    subtask: int, one: Attempt, of: int, *, source: bool, sink: bool
) -> VertexTaskManagerFacts:
    """A concurrent attempt of a subtask; `of` is the number of subtasks."""
    name = f"{one.where or NOWHERE}  {subtask_names.named(subtask, of)}"
    share = VertexTaskManager(
        host=one.where,
        status=one.status,
        start_time=one.start_time,
        end_time=one.end_time,
        duration=one.duration,
        metrics=one.metrics,
        status_counts={one.status: 1},
        taskmanager_id=one.taskmanager_id,
    )
    made = vertex_taskmanager(share, source=source, sink=sink)
    key = f"{made.key} {subtask}.{one.attempt}"
    return replace(made, key=key, name=name, counts=f"attempt {fmt.number(one.attempt)}")


def taskmanager_of(key: str) -> str:
    """The TaskManager's id from a row's key; before 1.10 its host."""
    return key.partition(" ")[0]
