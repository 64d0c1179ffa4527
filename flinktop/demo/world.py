"""The demo's cluster: a seed, a scenario and a release make a state for every moment of time."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property

from flinktop.demo.checkpointing import Checkpointing
from flinktop.demo.flow import JobPlan, Span, Times, Totals, VertexPlan
from flinktop.demo.life import Life, Run, Task, task_at
from flinktop.demo.memory import Memory
from flinktop.demo.names import DEFAULT
from flinktop.demo.noise import between, identity
from flinktop.demo.releases import Release
from flinktop.demo.scenarios import Cluster, cluster_of

METRICS_SECONDS = 10.0
"""Between two fetches of metrics by the JobManager: values step, as real ones do."""
METER_SECONDS = 60.0
"""A `…PerSecond` of records and bytes is a mean over this."""
NOTHING = Span(0.0, 0.0, 0.0)


Watermarks = tuple[tuple[float | None, float | None], ...]
"""By vertex: what comes in and what goes out, s of the demo's clock; None while there is none."""


@dataclass(frozen=True)
class Machine:
    """One TaskManager."""

    number: int
    id: str
    host: str
    port: int
    rpc_port: int
    seed: int

    @property
    def endpoint(self) -> str:
        """Host and data port."""
        return f"{self.host}:{self.port}"


@dataclass(frozen=True)
class World:
    """A cluster for all times. The same seed, scenario, release and time give the same bytes."""

    seed: int = 1
    scenario: str = DEFAULT
    version: str = "2.3.0"
    born: float = 1_700_000_000.0
    """Seconds since 1970 at which the demo's clock says 0."""
    hostile: bool = False
    """Whether names try to steer the terminal, to be read as markup, or to be endless."""
    own: Cluster | None = None
    """A cluster of the caller's instead of the scenario's."""
    memory: Memory = field(default_factory=Memory, compare=False, repr=False)
    """Results that more than one answer needs."""

    def at(self, seconds: float) -> Moment:
        """The cluster's state; `seconds` on the demo's clock, negative before it opened."""
        return Moment(self, seconds)

    @cached_property
    def release(self) -> Release:
        """What it answers like."""
        return Release(self.version)

    @cached_property
    def cluster(self) -> Cluster:
        """Its jobs and TaskManagers, as the scenario says."""
        return self.own or cluster_of(self.scenario, hostile=self.hostile)

    @cached_property
    def plans(self) -> tuple[JobPlan, ...]:
        """All jobs, ended ones too."""
        found, slot = [], 0
        for place, spec in enumerate(self.cluster.jobs):
            found.append(JobPlan.of(spec, place, self.seed, slot))
            if spec.fate.ended is None:
                slot += spec.slots
        return tuple(found)

    @cached_property
    def by_id(self) -> dict[str, JobPlan]:
        """Jobs by id."""
        return {plan.id: plan for plan in self.plans}

    @cached_property
    def lives(self) -> tuple[Life, ...]:
        """Each job's life."""
        return tuple(Life(plan.spec.fate, plan.seed) for plan in self.plans)

    @cached_property
    def machines(self) -> tuple[Machine, ...]:
        """The TaskManagers."""
        needed = sum(plan.spec.slots for plan in self.plans if plan.spec.fate.ended is None)
        slots = self.cluster.slots_each
        count = math.ceil((needed + self.cluster.spare_slots) / slots)
        return tuple(self._machine(number) for number in range(count))

    def checkpointing(self, plan: JobPlan) -> Checkpointing | None:
        """A job's checkpoints; None when it takes none."""
        return self._checkpointing[plan.place]

    @cached_property
    def _checkpointing(self) -> tuple[Checkpointing | None, ...]:
        return tuple(
            Checkpointing(plan, plan.spec.checkpoints, life) if plan.spec.checkpoints is not None else None
            for plan, life in zip(self.plans, self.lives, strict=True)
        )

    def _machine(self, number: int) -> Machine:
        mixed = identity("taskmanager", self.seed, number)
        rpc = 34_000 + int(mixed[:4], 16) % 9_000
        port = 43_500 + int(mixed[4:8], 16) % 9_000
        address = f"10.4.{number // 200 + 2}.{number % 200 + 11}"
        named = mixed if not self.release.since(1, 11) else f"{address}:{rpc}-{mixed[8:14]}"
        return Machine(number, named, f"flink-tm-{number + 1}", port, rpc, int(mixed[14:22], 16))

    def totals(self, plan: JobPlan, begin: float, end: float) -> tuple[Totals, ...]:
        """A job's counters from `begin` to `end`."""
        return self.memory.recall(("totals", plan.place, begin, end), lambda: plan.totals(begin, end))


@dataclass(frozen=True)
class Moment:
    """The cluster at one time."""

    world: World
    seconds: float

    @property
    def release(self) -> Release:
        """What it answers like."""
        return self.world.release

    @property
    def now(self) -> int:
        """The cluster's clock: ms since 1970."""
        return self.stamp(self.seconds)

    @cached_property
    def fetched(self) -> float:
        """When metrics were fetched last."""
        return math.floor(self.seconds / METRICS_SECONDS) * METRICS_SECONDS

    def stamp(self, seconds: float) -> int:
        """A time of the demo's clock in ms since 1970."""
        return round((self.world.born + seconds) * 1000)

    @cached_property
    def jobs(self) -> tuple[JobMoment, ...]:
        """All jobs that have been submitted."""
        return tuple(
            JobMoment(self, plan, life)
            for plan, life in zip(self.world.plans, self.world.lives, strict=True)
            if plan.spec.fate.started <= self.seconds
        )

    @cached_property
    def slots(self) -> tuple[tuple[tuple[JobMoment, int], ...], ...]:
        """By TaskManager: the slots in use, each a job and the number of its subtasks that share it."""
        found: list[list[tuple[JobMoment, int]]] = [[] for _ in self.world.machines]
        for job in self.jobs:
            if not job.ended:
                for subtask in range(job.plan.spec.slots):
                    found[job.machine(subtask).number].append((job, subtask))
        return tuple(map(tuple, found))

    def job(self, job_id: str) -> JobMoment | None:
        """A job by its id."""
        known = self._known.get(job_id)
        if known is not None:
            return known
        plan = self.world.by_id.get(job_id)
        if plan is None or plan.spec.fate.started > self.seconds:
            return None
        found = self._known[job_id] = JobMoment(self, plan, self.world.lives[plan.place])
        return found

    @cached_property
    def _known(self) -> dict[str, JobMoment]:
        """Jobs that were asked for: what is reckoned of them is reckoned once."""
        return {}


@dataclass(frozen=True)
class JobMoment:
    """One job at one time."""

    moment: Moment
    plan: JobPlan
    life: Life

    @cached_property
    def state(self) -> str:
        """By Flink's names."""
        return self.life.state_at(self.moment.seconds)

    @property
    def ended(self) -> bool:
        """It has reached its end."""
        return self.moment.seconds >= self.life.over

    @cached_property
    def run(self) -> Run | None:
        """The newest run."""
        return self.life.run_at(self.moment.seconds)

    @property
    def restarts(self) -> int:
        """How often it was restarted."""
        return self.run.number if self.run is not None else 0

    @property
    def checkpoints(self) -> Checkpointing | None:
        """Its checkpoints; None when it takes none."""
        return self.moment.world.checkpointing(self.plan)

    @cached_property
    def fetched(self) -> float:
        """For when metrics are true: the last fetch, or the end of the run if that came first."""
        return min(self.moment.fetched, self.run.ends) if self.run is not None else self.moment.fetched

    @property
    def measured(self) -> bool:
        """Whether the metrics of this run have been fetched yet."""
        return self.run is not None and self.fetched > self.run.flows

    @cached_property
    def totals(self) -> tuple[Totals, ...]:
        """Counters of each vertex at the last fetch of metrics."""
        if self.run is None:
            return self.plan.totals(0.0, 0.0)
        return self.moment.world.totals(self.plan, self.run.flows, self.fetched)

    @cached_property
    def recent(self) -> tuple[Totals, ...]:
        """What each vertex exchanged in the last minute before the fetch, within this run."""
        if self.run is None:
            return self.plan.totals(0.0, 0.0)
        since = max(self.run.flows, self.fetched - METER_SECONDS)
        before = self.moment.world.totals(self.plan, self.run.flows, since)
        return tuple(
            Totals(
                after.records_in - earlier.records_in,
                after.records_out - earlier.records_out,
                after.bytes_in - earlier.bytes_in,
                after.bytes_out - earlier.bytes_out,
            )
            for after, earlier in zip(self.totals, before, strict=True)
        )

    def task(self, vertex: VertexPlan, subtask: int, run: Run | None = None) -> Task | None:
        """A subtask's attempt: the newest, or that of an earlier run."""
        run = run or self.run
        if run is None:
            return None
        return task_at(self.life, run, (vertex.place, subtask), self.moment.seconds, self.plan.shape)

    @cached_property
    def settled(self) -> str | None:
        """The state that all subtasks are in, when no look at each of them is needed."""
        run, seconds = self.run, self.moment.seconds
        if run is None:
            return "CREATED"
        if run.flows <= seconds < run.ends - len(self.plan.vertices):
            return "RUNNING"
        if self.ended and self.life.fate.end == "FINISHED":
            return "FINISHED"
        return None

    @cached_property
    def _whole(self) -> Span:
        """From the beginning of the run to the last fetch."""
        return self.plan.span(self.run.flows, self.fetched) if self.run is not None else NOTHING

    @cached_property
    def _lately(self) -> Span:
        """What the time metrics are taken over: 60 s from 1.17, 5 s before."""
        if self.run is None or not self.measured:
            return NOTHING
        window = METER_SECONDS if self.moment.release.since(1, 17) else 5.0
        return self.plan.span(max(self.run.flows, self.fetched - window), self.fetched)

    def times(self, vertex: VertexPlan, subtask: int) -> Times:
        """How a subtask has spent its time in this run, up to the last fetch."""
        return self.plan.times(vertex, subtask, self._whole)

    def lately(self, vertex: VertexPlan, subtask: int) -> Times:
        """How a subtask spends a second, ms."""
        span = self._lately
        if not span.passed:
            return Times(0.0, 0.0, 1000.0)
        spent = self.plan.times(vertex, subtask, span)
        return Times(spent.busy / span.passed, spent.backpressured / span.passed, spent.idle / span.passed)

    def watermark(self, vertex: VertexPlan, *, coming: bool) -> float | None:
        """The lowest watermark (s of the demo's clock) that comes into a vertex, or that it sends out.

        None while there is none: no event time, no inputs, or nothing has flowed yet.
        """
        key = ("watermarks", self.plan.place, self.fetched, self.measured)
        marks = self.moment.world.memory.recall(key, self._watermarks)
        return marks[vertex.place][0 if coming else 1]

    def _watermarks(self) -> Watermarks:
        found: list[tuple[float | None, float | None]] = []
        known = self.plan.spec.event_time and self.measured
        for vertex in self.plan.vertices:
            spec = vertex.spec
            if not known:
                found.append((None, None))
            elif spec.inputs:
                lowest = min(found[edge.source][1] or 0.0 for edge in spec.inputs)
                coming = lowest - self._waited(vertex)
                found.append((coming, coming - 0.2))
            else:
                sent = self.fetched - self._waited(vertex) - between(0.0, 0.2, vertex.seed, int(self.fetched))
                found.append((None, min(sent, spec.stuck) if spec.stuck is not None else sent))
        return tuple(found)

    def _waited(self, vertex: VertexPlan) -> float:
        lag = vertex.spec.lag
        return lag * self.plan.pressure.at(self.fetched) if lag else 0.0

    def machine(self, subtask: int) -> Machine:
        """The TaskManager that a subtask runs on: subtasks of one number share a slot."""
        machines = self.moment.world.machines
        return machines[(self.plan.first_slot + subtask) % len(machines)]
