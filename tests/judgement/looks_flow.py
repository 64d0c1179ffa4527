"""Looks at small jobs, one every ten seconds, as Flink's answers tell them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from flinktop.flink.features import Features
from flinktop.flink.jobs import Job, JobOverview, JobVertex, Plan, PlanInput, PlanNode
from flinktop.flink.metrics import AggregatedMetric, Metric
from flinktop.flink.vertices import Attempt, IoMetrics, SubtaskBackpressure, Vertex, VertexBackpressure
from flinktop.judgement import verdict
from flinktop.model.look import JobLook, Taken, VertexLook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from flinktop.judgement.ask import Ask
    from flinktop.judgement.finding import Finding

START = 1_795_000_000_000.0  # when the job began to run
LONG = 3_600_000.0  # how long it has run at the first look
STEP = 10_000.0


class V(Struct, frozen=True, kw_only=True):
    """A vertex at one look."""

    id: str
    inputs: tuple[str, ...] = ()
    name: str = ""
    description: str = ""
    ship: str = "HASH"
    shares: Sequence[tuple[float | None, float | None]] | None = None  # busy and backpressured by subtask
    parallelism: int = 0  # as many as there are shares
    max_parallelism: int | None = 128
    states: Sequence[str] = ()
    records: Sequence[tuple[int | None, int | None]] | None = (
        None  # in and out by subtask, of the vertex' answer
    )
    where: Sequence[str] = ()
    attempts: Sequence[int] = ()
    tells_attempts: bool = True  # whether they are told with the shares
    spent: Sequence[float] = ()  # accumulated busy time by subtask
    held_up: float | None = None  # accumulated backpressured time, ms
    records_in: int | None = 0
    records_out: int | None = 0
    metrics: Mapping[str, Mapping[str, float]] = {}
    by_subtask: Mapping[str, str] = {}
    listed: tuple[str, ...] | None = None
    fetched: float | None = None  # ms before the look; Flink's last fetch
    status: str = "RUNNING"


def look(
    vertices: Iterable[V],
    at: float = 0.0,
    *,
    release: tuple[int, int, int] | None = (1, 20, 5),
    started: float = START,
    state: str = "RUNNING",
    free_slots: int | None = 4,
    batch: bool = False,
) -> JobLook:
    """What is known `at` ms after the first look."""
    given = tuple(vertices)
    now = START + LONG + at
    outputs: dict[str, list[str]] = {}
    for one in given:
        for each in one.inputs:
            outputs.setdefault(each, []).append(one.id)
    seen = tuple(_vertex_look(one, tuple(outputs.get(one.id, ())), now) for one in given)
    job = Job(
        jid="a" * 32,
        name="job",
        state=state,
        now=int(now),
        timestamps={"RUNNING": int(started)},
        vertices=tuple(each.vertex for each in seen),
        plan=Plan(
            type="BATCH" if batch else "STREAMING",
            nodes=tuple(each.node for each in seen if each.node is not None),
        ),
    )
    return JobLook(
        listed=JobOverview(jid="a" * 32, name="job", state=state),
        now=now,
        features=Features(release=release),
        job=Taken(job, now),
        vertices=seen,
        metrics={"numRestarts": Taken(0.0, now)},
        free_slots=free_slots,
    )


def _vertex_look(one: V, outputs: tuple[str, ...], now: float) -> VertexLook:
    parallelism = one.parallelism or len(one.shares or one.records or (0,))
    states = list(one.states) or ["RUNNING"] * parallelism
    end = now - (one.fetched if one.fetched is not None else 1000.0)
    vertex = JobVertex(
        id=one.id,
        name=one.name or one.id,
        parallelism=parallelism,
        max_parallelism=one.max_parallelism,
        status=one.status,
        tasks={state: states.count(state) for state in dict.fromkeys(states)},
        start_time=int(START),
        metrics=IoMetrics(
            read_records=one.records_in,
            read_records_complete=one.records_in is not None,
            write_records=one.records_out,
            write_records_complete=one.records_out is not None,
            accumulated_backpressured_time=one.held_up,
        ),
    )
    node = PlanNode(
        id=one.id,
        description=one.description,
        inputs=tuple(PlanInput(id=each, ship_strategy=one.ship) for each in one.inputs),
    )
    return VertexLook(
        vertex=vertex,
        node=node,
        inputs=one.inputs,
        outputs=outputs,
        backpressure=Taken(_backpressure(one, end), now) if one.shares is not None else None,
        subtasks=Taken(_subtasks(one, states), now) if one.records is not None else None,
        metrics={
            name: Taken(AggregatedMetric(id=name, **values), now) for name, values in one.metrics.items()
        },
        by_subtask={name: Taken(Metric(name, value), now) for name, value in one.by_subtask.items()},
        listed=one.listed if one.listed is not None else tuple(one.metrics),
    )


def _backpressure(one: V, end: float) -> VertexBackpressure:
    return VertexBackpressure(
        status="ok",
        end_timestamp=int(end),
        subtasks=tuple(
            SubtaskBackpressure(
                subtask=index,
                busy_ratio=busy,
                ratio=held_up,
                attempt_number=one.attempts[index] if one.attempts and one.tells_attempts else None,
            )
            for index, (busy, held_up) in enumerate(one.shares or ())
        ),
    )


def _subtasks(one: V, states: Sequence[str]) -> Vertex:
    return Vertex(
        id=one.id,
        subtasks=tuple(
            Attempt(
                subtask=index,
                status=states[index] if index < len(states) else "",
                attempt=one.attempts[index] if one.attempts else 0,
                taskmanager_id=one.where[index] if one.where else "tm-1",
                metrics=IoMetrics(
                    read_records=taken,
                    read_records_complete=taken is not None,
                    write_records=sent,
                    write_records_complete=sent is not None,
                    accumulated_busy_time=one.spent[index] if one.spent else None,
                ),
            )
            for index, (taken, sent) in enumerate(one.records or ())
        ),
    )


class Course:
    """A job over time: each look is judged with what is remembered of those before."""

    def __init__(self, *, one_look: bool = False, **options: Any) -> None:
        self.at = 0.0
        self.memory = verdict.Memory()
        self.said: verdict.Verdict | None = None
        self.asked: tuple[Ask, ...] = ()
        self._one_look, self._options = one_look, options

    def see(self, vertices: Iterable[V], **options: Any) -> tuple[Finding, ...]:
        """One look, ten seconds after the one before."""
        seen = look(vertices, self.at, **{**self._options, **options})
        self.asked = verdict.asks(seen, self.memory)
        self.said, self.memory = verdict.judge_job(seen, self.memory, one_look=self._one_look)
        self.at += STEP
        return self.said.findings

    def run(self, count: int, vertices: Callable[[int], Iterable[V]]) -> tuple[Finding, ...]:
        """So many looks; `vertices` gives the job at each, counted from 0."""
        found: tuple[Finding, ...] = ()
        begun = round(self.at / STEP)
        for number in range(begun, begun + count):
            found = self.see(vertices(number))
        return found


def kinds(found: Iterable[Finding]) -> list[str]:
    """What was found, in order."""
    return [str(one.kind) for one in found]
