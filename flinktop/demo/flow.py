"""What flows through a job: counters as integrals of rates, and how subtasks spend their time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from flinktop.demo.noise import between, identity, number
from flinktop.demo.sums import in_order
from flinktop.demo.waves import Wave, part, shares

if TYPE_CHECKING:
    from flinktop.demo.specs import JobSpec, VertexSpec

UNEVEN = 0.07
"""How far the load of subtasks differs where nothing is skewed."""
HEADER = 12
"""Bytes that the network adds to a record."""


@dataclass(frozen=True, slots=True)
class Totals:
    """What a vertex has exchanged since a run began. Where everything is chained nothing is."""

    records_in: int
    records_out: int
    bytes_in: int
    bytes_out: int


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds that one subtask has spent; together they are the time that has passed."""

    busy: float
    backpressured: float
    idle: float


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time in s, and the integrals over it of a job's flow and pressure around 1."""

    passed: float
    flown: float
    pressed: float


@dataclass(frozen=True)
class VertexPlan:
    """A vertex with what follows from its spec."""

    spec: VertexSpec
    place: int
    id: str
    seed: int
    rate_in: float
    """Records/s in the mean."""
    rate_out: float
    feeds: tuple[int, ...]
    """Places of the vertices that take its records."""

    @property
    def chained(self) -> bool:
        """Source and sink in one: nothing crosses the network."""
        return not self.spec.inputs and not self.feeds

    @cached_property
    def weights(self) -> tuple[float, ...]:
        """The subtasks' parts of the load, whatever they add up to."""
        spec = self.spec
        even = [1.0 + between(-UNEVEN, UNEVEN, self.seed, i) for i in range(spec.parallelism)]
        if spec.hot:
            fair = in_order(even)
            even[self.hottest] += fair * spec.hot / (1.0 - spec.hot)
        return tuple(even)

    @property
    def hottest(self) -> int:
        """The subtask that a skew favours."""
        return (self.seed >> 3) % self.spec.parallelism

    @cached_property
    def ends(self) -> tuple[float, ...]:
        """Where each subtask's share of the vertex's records ends."""
        return shares(self.weights)

    @cached_property
    def loads(self) -> tuple[float, ...]:
        """How busy each subtask is beside the busiest."""
        most = max(self.weights)
        return tuple(weight / most for weight in self.weights)

    @cached_property
    def held(self) -> tuple[float, ...]:
        """The share of its time that each subtask is backpressured in the mean."""
        return tuple(
            self.spec.held * between(0.94, 1.0, self.seed, i, 5) for i in range(self.spec.parallelism)
        )


@dataclass(frozen=True)
class JobPlan:
    """A job with what follows from its spec, once for all times."""

    spec: JobSpec
    place: int
    id: str
    seed: int
    vertices: tuple[VertexPlan, ...]
    flow: Wave
    pressure: Wave
    first_slot: int
    """Its slots are those from here on, of all the cluster's."""

    @classmethod
    def of(cls, spec: JobSpec, place: int, seed: int, first_slot: int) -> JobPlan:
        """Work out ids, mean rates and waves."""
        own = number(f"{seed}/{place}/{spec.name}")
        job_id = identity("job", seed, place, spec.name)
        coming: list[float] = []
        going: list[float] = []
        feeds: list[list[int]] = [[] for _ in spec.vertices]
        for at, vertex in enumerate(spec.vertices):
            for edge in vertex.inputs:
                feeds[edge.source].append(at)
            taken = in_order(going[edge.source] for edge in vertex.inputs)
            coming.append(taken)
            going.append(taken * vertex.selectivity if vertex.inputs else vertex.rate)
        vertices = tuple(
            VertexPlan(
                vertex,
                at,
                identity("vertex", spec.name, at, vertex.name),
                number(f"{own}/{at}"),
                coming[at],
                going[at],
                tuple(feeds[at]),
            )
            for at, vertex in enumerate(spec.vertices)
        )
        waves = Wave.of(spec.swing, own, 1), Wave.of(0.05, own, 2)
        return cls(spec, place, job_id, own, vertices, *waves, first_slot)

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """The parallelism of each vertex."""
        return tuple(vertex.spec.parallelism for vertex in self.vertices)

    @cached_property
    def by_id(self) -> dict[str, VertexPlan]:
        """Vertices by their ids."""
        return {vertex.id: vertex for vertex in self.vertices}

    def totals(self, begin: float, end: float) -> tuple[Totals, ...]:
        """What each vertex has exchanged from `begin` to `end`: what one sends is what the next takes in."""
        flown = self.flow.total(begin, end)
        found: list[Totals] = []
        for vertex in self.vertices:
            spec = vertex.spec
            if spec.inputs:
                taken = sum(found[edge.source].records_out for edge in spec.inputs)
                read = sum(found[edge.source].bytes_out for edge in spec.inputs)
                sent = int(taken * spec.selectivity) if vertex.feeds else 0
            else:
                taken = read = 0
                sent = int(spec.rate * flown) if vertex.feeds else 0
            found.append(Totals(taken, sent, read, sent * (spec.record + HEADER)))
        return tuple(found)

    def chained_total(self, begin: float, end: float, vertex: VertexPlan) -> int:
        """Records that went through a vertex from operator to operator, where none crosses the network."""
        return int(vertex.spec.rate * self.flow.total(begin, end))

    def span(self, begin: float, end: float) -> Span:
        """A stretch of time, with how much has flowed and pressed in it."""
        passed = max(0.0, end - begin)
        return Span(passed, self.flow.total(begin, end), self.pressure.total(begin, end))

    def times(self, vertex: VertexPlan, subtask: int, span: Span) -> Times:
        """How a subtask has spent a stretch of time."""
        passed = span.passed
        busy = min(passed, vertex.spec.busy * vertex.loads[subtask] * span.flown)
        held = min(passed - busy, vertex.held[subtask] * span.pressed)
        return Times(busy * 1000, held * 1000, (passed - busy - held) * 1000)

    def part(self, vertex: VertexPlan, total: int, subtask: int) -> int:
        """One subtask's part of a vertex's total."""
        return part(total, vertex.ends, subtask)
