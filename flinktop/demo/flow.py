"""Records of a job: counters as integrals of rates, and how subtasks spend their time."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from flinktop.demo.life import Life
from flinktop.demo.numbers import Wave, between, identity, java_sum, number, part, shares

if TYPE_CHECKING:
    from flinktop.demo.specs import JobSpec, VertexSpec

UNEVEN = 0.07  # variation of the load of subtasks without skew
HEADER = 12  # bytes that the network adds to a record


class Totals(NamedTuple):
    """Numbers exchanged by a vertex since a run began; 0 if everything is chained."""

    records_in: int
    records_out: int
    bytes_in: int
    bytes_out: int


class Times(NamedTuple):
    """Milliseconds of one subtask by state; together they are the elapsed time."""

    busy: float
    backpressured: float
    idle: float


class Span(NamedTuple):
    """A time range in s, and the integrals over it of a job's flow and pressure around 1."""

    elapsed: float = 0.0
    flow: float = 0.0
    pressure: float = 0.0


class VertexPlan:
    """A vertex spec with derived values."""

    def __init__(self, spec: VertexSpec, place: int, job: JobPlan, *, feeds: bool) -> None:
        self.spec = spec
        self.place = place
        self.id = identity("vertex", job.spec.name, place, spec.name)
        self.seed = number(f"{job.seed}/{place}")
        self.feeds = feeds  # it has outputs
        self.chained = not spec.inputs and not self.feeds  # a single chain: nothing crosses the network
        self.hottest = (self.seed >> 3) % spec.parallelism  # the subtask that gets more with a skew

    @cached_property
    def weights(self) -> tuple[float, ...]:
        even = [1.0 + between(-UNEVEN, UNEVEN, self.seed, i) for i in range(self.spec.parallelism)]
        if self.spec.hot:
            even[self.hottest] += java_sum(even) * self.spec.hot / (1.0 - self.spec.hot)
        return tuple(even)

    @cached_property
    def _ends(self) -> tuple[float, ...]:
        return shares(self.weights)

    @cached_property
    def loads(self) -> tuple[float, ...]:
        """How busy each subtask is relative to the busiest."""
        most = max(self.weights)
        return tuple(weight / most for weight in self.weights)

    @cached_property
    def _held(self) -> tuple[float, ...]:
        """The mean share of its time that each subtask is backpressured."""
        spec = self.spec
        return tuple(spec.held * between(0.94, 1.0, self.seed, i, 5) for i in range(spec.parallelism))

    def part(self, total: int, subtask: int) -> int:
        return part(total, self._ends, subtask)

    def times(self, subtask: int, span: Span) -> Times:
        busy = min(span.elapsed, self.spec.busy * self.loads[subtask] * span.flow)
        held = min(span.elapsed - busy, self._held[subtask] * span.pressure)
        return Times(busy * 1000, held * 1000, (span.elapsed - busy - held) * 1000)


class JobPlan:
    """A job spec with derived values, computed once."""

    def __init__(self, spec: JobSpec, place: int, seed: int, first_slot: int) -> None:
        self.spec = spec
        self.place = place
        self.id = identity("job", seed, place, spec.name)
        self.seed = number(f"{seed}/{place}/{spec.name}")
        self.first_slot = first_slot  # its slots start here in the list of all slots of the cluster
        self.flow = Wave.of(spec.swing, self.seed, 1)
        self.pressure = Wave.of(0.05, self.seed, 2)
        self.life = Life(spec.fate, self.seed)

    @cached_property
    def vertices(self) -> tuple[VertexPlan, ...]:
        feeding = {edge.source for vertex in self.spec.vertices for edge in vertex.inputs}
        vertices = enumerate(self.spec.vertices)
        return tuple(VertexPlan(one, place, self, feeds=place in feeding) for place, one in vertices)

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """The parallelism of each vertex."""
        return tuple(vertex.parallelism for vertex in self.spec.vertices)

    def totals(self, begin: float, end: float) -> tuple[Totals, ...]:
        """Each vertex's exchange from `begin` to `end`: the output of one is the input of the next."""
        flow = self.flow.total(begin, end)
        found: list[Totals] = []
        for vertex in self.vertices:
            spec = vertex.spec
            taken = sum(found[edge.source].records_out for edge in spec.inputs)
            read = sum(found[edge.source].bytes_out for edge in spec.inputs)
            sent = int(taken * spec.selectivity if spec.inputs else spec.rate * flow) if vertex.feeds else 0
            found.append(Totals(taken, sent, read, sent * (spec.record + HEADER)))
        return tuple(found)

    def span(self, begin: float, end: float) -> Span:
        return Span(max(0.0, end - begin), self.flow.total(begin, end), self.pressure.total(begin, end))
