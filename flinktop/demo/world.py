"""The demo's cluster: seed, scenario and release determine its state at every time."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from flinktop.demo.checkpointing import Checkpointing
from flinktop.demo.flow import JobPlan, Span, Times, Totals, VertexPlan
from flinktop.demo.life import ENDS, Run, Task
from flinktop.demo.names import DEFAULT
from flinktop.demo.numbers import between, identity
from flinktop.demo.releases import Release
from flinktop.demo.scenarios import MAKERS, Cluster
from flinktop.flink.numbers import LONG_MAX, LONG_MIN

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping

T = TypeVar("T")

METRICS_SECONDS = 10.0  # between two fetches of metrics by the JobManager: values change in steps
METER_SECONDS = 60.0  # a `…PerSecond` of records and bytes is a mean over this
MOST_CACHED = 8192  # number of cached results at which the cache is cleared
BY_SEVERITY = (
    "FAILED", "CANCELING", "CANCELED", "CREATED", "SCHEDULED", "DEPLOYING", "INITIALIZING", "RUNNING",
)  # fmt: skip
"""The order of severity: a vertex has the worst state of its subtasks."""


class Marks(NamedTuple):
    """The watermarks of a vertex, s of the demo's clock."""

    coming: float | None = None  # what its subtasks take in
    sent: tuple[float, ...] = ()  # what leaves them: the first, and after it all others, if they differ


Watermarks = tuple[Marks, ...]  # by vertex


class TaskManager(NamedTuple):
    """One TaskManager."""

    number: int
    id: str
    host: str
    endpoint: str  # host and data port
    port: int
    rpc_port: int
    seed: int


@dataclass(frozen=True)
class World:
    """A cluster at all times. The same seed, scenario, release and time give the same bytes."""

    seed: int = 1
    scenario: str = DEFAULT
    version: str = "2.3.0"
    born: float = 1_700_000_000.0  # seconds since 1970 at 0 of the demo's clock
    own: Cluster | None = None  # a cluster of the caller instead of the scenario's
    _results: dict[Hashable, Any] = field(default_factory=dict, compare=False, repr=False)

    def recall(self, key: Hashable, make: Callable[[], T]) -> T:
        """A cached result that several answers need; the cache changes only the time that answers take."""
        try:
            found: T = self._results[key]
        except KeyError:
            if len(self._results) >= MOST_CACHED:
                self._results.clear()
            found = self._results[key] = make()
        return found

    def at(self, seconds: float) -> Moment:
        """The cluster's state; `seconds` on the demo's clock, negative before it opened."""
        return Moment(self, seconds)

    @cached_property
    def release(self) -> Release:
        return Release(self.version)

    @cached_property
    def cluster(self) -> Cluster:
        return self.own or MAKERS[self.scenario]()

    @cached_property
    def plans(self) -> tuple[JobPlan, ...]:
        found, slot = [], 0
        for place, spec in enumerate(self.cluster.jobs):
            found.append(JobPlan(spec, place, self.seed, slot))
            slot += spec.slots if spec.fate.ended is None else 0
        return tuple(found)

    @cached_property
    def checkpoints(self) -> tuple[Checkpointing | None, ...]:
        specs = ((plan, plan.spec.checkpoints) for plan in self.plans)
        return tuple(Checkpointing(plan, spec) if spec is not None else None for plan, spec in specs)

    @cached_property
    def by_id(self) -> dict[str, JobPlan]:
        return {plan.id: plan for plan in self.plans}

    @cached_property
    def taskmanagers(self) -> tuple[TaskManager, ...]:
        needed = sum(plan.spec.slots for plan in self.plans if plan.spec.fate.ended is None)
        count = math.ceil((needed + self.cluster.spare_slots) / self.cluster.slots_each)
        return tuple(self._taskmanager(number) for number in range(count))

    def _taskmanager(self, number: int) -> TaskManager:
        mixed = identity("taskmanager", self.seed, number)
        rpc, port = 34_000 + int(mixed[:4], 16) % 9_000, 43_500 + int(mixed[4:8], 16) % 9_000
        address, host = f"10.4.{number // 200 + 2}.{number % 200 + 11}", f"flink-tm-{number + 1}"
        named = mixed if not self.release.since(1, 11) else f"{address}:{rpc}-{mixed[8:14]}"
        return TaskManager(number, named, host, f"{host}:{port}", port, rpc, int(mixed[14:22], 16))


class Moment:
    """The cluster at one time."""

    def __init__(self, world: World, seconds: float) -> None:
        self.world = world
        self.release = world.release
        self.seconds = seconds
        self.now = self.stamp(seconds)  # the cluster's clock: ms since 1970
        self.fetched = math.floor(seconds / METRICS_SECONDS) * METRICS_SECONDS  # the last fetch of metrics
        self.job = cache(self._job)  # a job by its id; None if it was not submitted yet

    def stamp(self, seconds: float | None) -> int:
        """A time of the demo's clock in ms since 1970; -1 for one in the future."""
        return round((self.world.born + seconds) * 1000) if seconds is not None else -1

    def stamps(self, entered: Mapping[str, float], states: Iterable[str]) -> dict[str, int]:
        """When each state was entered; 0 for states that were not."""
        return {state: self.stamp(entered[state]) if state in entered else 0 for state in states}

    def since(self, begun: float | None, ended: float | None) -> dict[str, int]:
        """Flink's three fields for a time range; -1 for times in the future."""
        begin, end = self.stamp(begun), self.stamp(ended)
        duration = -1 if begun is None else (self.now if ended is None else end) - begin
        return {"start-time": begin, "end-time": end, "duration": duration}

    @cached_property
    def jobs(self) -> tuple[JobMoment, ...]:
        found = (self.job(plan.id) for plan in self.world.plans)
        return tuple(job for job in found if job is not None)

    @cached_property
    def slots(self) -> tuple[tuple[tuple[JobMoment, int], ...], ...]:
        """By TaskManager: the slots in use, each a job and the number of its subtasks that share it."""
        found: list[list[tuple[JobMoment, int]]] = [[] for _ in self.world.taskmanagers]
        for job in self.jobs:
            for subtask in range(0 if job.ended else job.spec.slots):
                found[job.taskmanager(subtask).number].append((job, subtask))
        return tuple(map(tuple, found))

    @property
    def slot_counts(self) -> tuple[int, int]:
        """Number of slots, and of free slots."""
        total = len(self.world.taskmanagers) * self.world.cluster.slots_each
        return total, total - sum(job.spec.slots for job in self.jobs if not job.ended)

    def _job(self, job_id: str) -> JobMoment | None:
        plan = self.world.by_id.get(job_id)
        run = plan.life.run_at(self.seconds) if plan is not None else None
        return JobMoment(self, plan, run) if plan is not None and run is not None else None


class JobMoment:
    """One job at one time."""

    def __init__(self, moment: Moment, plan: JobPlan, run: Run) -> None:
        self.moment = moment
        self.plan = plan
        self.id, self.spec, self.life = plan.id, plan.spec, plan.life
        self.checkpoints = moment.world.checkpoints[plan.place]  # None if it takes none
        self.run = run  # the newest
        self.state = plan.life.state_at(run, moment.seconds)
        self.ended = moment.seconds >= plan.life.ended_at
        self.fetched = min(moment.fetched, run.ends)  # the last fetch, or the end of the run if earlier
        self.measured = self.fetched > run.flows  # whether metrics of this run have been fetched yet
        self.scheduler = "AdaptiveBatch" if plan.spec.kind == "BATCH" else "Default"
        if plan.spec.adaptive and moment.release.since(1, 18):
            self.scheduler = "Adaptive"

    @cached_property
    def vertices(self) -> tuple[VertexMoment, ...]:
        return tuple(VertexMoment(self, plan) for plan in self.plan.vertices)

    @cached_property
    def entered(self) -> dict[str, float]:
        return self.life.entered(self.run, self.moment.seconds)

    @property
    def since(self) -> dict[str, int]:
        return self.moment.since(self.spec.fate.started, self.life.ended_at if self.ended else None)

    @cached_property
    def totals(self) -> tuple[Totals, ...]:
        """Counters of each vertex at the last fetch of metrics."""
        return self._totals(self.fetched)

    @cached_property
    def recent(self) -> tuple[Totals, ...]:
        """Each vertex's exchange in the last minute before the fetch, within this run."""
        before = self._totals(self.fetched - METER_SECONDS)
        return tuple(
            Totals(*(late - early for late, early in zip(after, first, strict=True)))
            for after, first in zip(self.totals, before, strict=True)
        )

    def _totals(self, until: float) -> tuple[Totals, ...]:
        begun = self.run.flows
        key = ("totals", self.plan.place, begun, until)
        return self.moment.world.recall(key, lambda: self.plan.totals(begun, until))

    @cached_property
    def settled(self) -> str | None:
        """The state of all subtasks, if they need not be examined one by one."""
        if self.run.flows <= self.moment.seconds < self.run.ends - len(self.spec.vertices):
            return "RUNNING"
        return "FINISHED" if self.state == "FINISHED" else None

    @cached_property
    def spans(self) -> tuple[Span, Span]:
        """From the run's start to the last fetch, and the window of time metrics (1.17+: 60 s)."""
        begun, fetched = self.run.flows, self.fetched
        window = METER_SECONDS if self.moment.release.since(1, 17) else 5.0
        lately = self.plan.span(max(begun, fetched - window), fetched) if self.measured else Span()
        return self.plan.span(begun, fetched), lately

    @cached_property
    def watermarks(self) -> Watermarks:
        """The watermarks by vertex; none without event time or flow yet."""
        key = ("watermarks", self.plan.place, self.fetched, self.measured)
        return self.moment.world.recall(key, self._watermarks)

    def _watermarks(self) -> Watermarks:
        if not self.spec.event_time or not self.measured:
            return (Marks(),) * len(self.spec.vertices)
        found: list[Marks] = []
        for vertex in self.plan.vertices:
            spec = vertex.spec
            waited = spec.lag * self.plan.pressure.at(self.fetched) if spec.lag else 0.0
            if spec.inputs:
                coming = min(min(found[edge.source].sent) for edge in spec.inputs) - waited
                found.append(Marks(coming, (coming - 0.2,)))
            else:
                sent = self.fetched - waited - between(0.0, 0.2, vertex.seed, int(self.fetched))
                first = sent if spec.stuck is None else min(sent, spec.stuck)
                found.append(Marks(None, (first, sent)))
        return tuple(found)

    def taskmanager(self, subtask: int) -> TaskManager:
        """The TaskManager of a subtask: subtasks with the same index share a slot."""
        taskmanagers = self.moment.world.taskmanagers
        return taskmanagers[(self.plan.first_slot + subtask) % len(taskmanagers)]


class VertexMoment:
    """One vertex at one time."""

    def __init__(self, job: JobMoment, plan: VertexPlan) -> None:
        self.job = job
        self.plan = plan
        self.id, self.spec = plan.id, plan.spec
        self.subtasks = range(plan.spec.parallelism)

    def task(self, subtask: int, run: Run) -> Task:
        job = self.job
        return job.life.task(run, self.plan.place, subtask, job.plan.shape, job.moment.seconds)

    @cached_property
    def tasks(self) -> tuple[Task, ...]:
        return tuple(self.task(subtask, self.job.run) for subtask in self.subtasks)

    @cached_property
    def states(self) -> Counter[str]:
        if self.job.settled is not None:
            return Counter({self.job.settled: len(self.subtasks)})
        return Counter(task.state for task in self.tasks)

    @property
    def state(self) -> str:
        return next((state for state in BY_SEVERITY if self.states[state]), "FINISHED")

    @property
    def since(self) -> dict[str, int]:
        job, moment = self.job, self.job.moment
        if job.settled == "RUNNING":
            key = ("begun", job.plan.place, self.plan.place, job.run.number)
            return moment.since(moment.world.recall(key, self._begun), None)
        over = [task.ended for task in self.tasks if task.ended is not None]
        return moment.since(self._begun(), max(over) if over and self.state in ENDS else None)

    def _begun(self) -> float | None:
        return min((task.deployed for task in self.tasks if task.deployed is not None), default=None)

    def times(self, subtask: int) -> Times:
        return self.plan.times(subtask, self.job.spans[0])

    def lately(self, subtask: int) -> Times:
        """How a subtask spends a second, ms."""
        span = self.job.spans[1]
        if not span.elapsed:
            return Times(0.0, 0.0, 1000.0)
        return Times(*(spent / span.elapsed for spent in self.plan.times(subtask, span)))

    def watermark(self, subtask: int, *, coming: bool) -> int:
        """Of a subtask (ms since 1970); Long.MIN while there is none, Long.MAX after the end of the input."""
        if self.job.ended:
            return LONG_MAX
        marks = self.job.watermarks[self.plan.place]
        sent = marks.sent[min(subtask, len(marks.sent) - 1)] if marks.sent else None
        mark = marks.coming if coming else sent
        return LONG_MIN if mark is None else self.job.moment.stamp(mark)
