"""What flows through a job: counters as integrals of rates, and how subtasks spend their time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from flinktop.demo.numbers import Wave, between, identity, in_order, number, part, shares

if TYPE_CHECKING:
    from flinktop.demo.specs import JobSpec, VertexSpec

UNEVEN = 0.07
"""How far the load of subtasks differs where nothing is skewed."""
HEADER = 12
"""Bytes that the network adds to a record."""


class Totals(NamedTuple):
    """What a vertex has exchanged since a run began. Where everything is chained nothing is."""

    records_in: int
    records_out: int
    bytes_in: int
    bytes_out: int


class Times(NamedTuple):
    """Milliseconds that one subtask has spent; together they are the time that has passed."""

    busy: float
    backpressured: float
    idle: float


class Span(NamedTuple):
    """A stretch of time in s, and the integrals over it of a job's flow and pressure around 1."""

    passed: float = 0.0
    flown: float = 0.0
    pressed: float = 0.0


@dataclass(frozen=True, eq=False)
class VertexPlan:
    """A vertex with what follows from its spec."""

    spec: VertexSpec
    place: int
    id: str
    seed: int
    feeds: bool
    """Others take its records."""

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
            even[self.hottest] += in_order(even) * spec.hot / (1.0 - spec.hot)
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
        spec = self.spec
        return tuple(spec.held * between(0.94, 1.0, self.seed, i, 5) for i in range(spec.parallelism))

    def part(self, total: int, subtask: int) -> int:
        """One subtask's part of a total."""
        return part(total, self.ends, subtask)

    def times(self, subtask: int, span: Span) -> Times:
        """How a subtask has spent a stretch of time."""
        busy = min(span.passed, self.spec.busy * self.loads[subtask] * span.flown)
        held = min(span.passed - busy, self.held[subtask] * span.pressed)
        return Times(busy * 1000, held * 1000, (span.passed - busy - held) * 1000)


@dataclass(frozen=True, eq=False)
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
        """Work out ids and waves."""
        own = number(f"{seed}/{place}/{spec.name}")
        feeding = {edge.source for vertex in spec.vertices for edge in vertex.inputs}
        vertices = tuple(
            VertexPlan(
                vertex,
                at,
                identity("vertex", spec.name, at, vertex.name),
                number(f"{own}/{at}"),
                at in feeding,
            )
            for at, vertex in enumerate(spec.vertices)
        )
        waves = Wave.of(spec.swing, own, 1), Wave.of(0.05, own, 2)
        return cls(spec, place, identity("job", seed, place, spec.name), own, vertices, *waves, first_slot)

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
            taken = sum(found[edge.source].records_out for edge in spec.inputs)
            read = sum(found[edge.source].bytes_out for edge in spec.inputs)
            sent = int(taken * spec.selectivity if spec.inputs else spec.rate * flown) if vertex.feeds else 0
            found.append(Totals(taken, sent, read, sent * (spec.record + HEADER)))
        return tuple(found)

    def span(self, begin: float, end: float) -> Span:
        """A stretch of time, with how much has flowed and pressed in it."""
        return Span(max(0.0, end - begin), self.flow.total(begin, end), self.pressure.total(begin, end))
