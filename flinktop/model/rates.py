"""Records per second: of a job from its counters, of a vertex from Flink's meters."""

from __future__ import annotations

import math
import re
from functools import cached_property, lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Generic, Self, TypeVar

from msgspec import Struct

from flinktop.model import pending_operators

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flinktop.flink.jobs import Job, JobVertex
    from flinktop.flink.metrics import AggregatedMetric

N = TypeVar("N", int, float)
T = TypeVar("T")

WINDOW = 60.0  # seconds of a rate, the same as Flink's own meters
STEP = 10.0  # seconds between two fetches of metrics by the JobManager (its default)
STALE_SAMPLES = 3600.0  # readings further apart (s) make no rate: the job may have been restarted

RATE_IDS = ("numRecordsInPerSecond", "numRecordsOutPerSecond")
PER_SECOND = "PerSecond"  # suffix of a rate's id after its counter's
BUSY_ID, IDLE_ID = "busyTimeMsPerSecond", "idleTimeMsPerSecond"
TIME_IDS = (BUSY_ID, "backPressuredTimeMsPerSecond", IDLE_ID)
WATERMARK_ID = "currentInputWatermark"  # the lowest received by a subtask (ms since 1970)
VERTEX_IDS = (*RATE_IDS, *TIME_IDS, WATERMARK_ID)  # of the vertices table; times from 1.13 (idle from 1.11)


class Ends(Struct, frozen=True, dict=True):
    """A job's vertices without inputs and without outputs."""

    sources: tuple[str, ...]
    sinks: tuple[str, ...]

    @cached_property
    def _sets(self) -> tuple[frozenset[str], frozenset[str]]:
        return frozenset(self.sources), frozenset(self.sinks)

    def is_source(self, vertex: str) -> bool:
        return vertex in self._sets[0]

    def is_sink(self, vertex: str) -> bool:
        return vertex in self._sets[1]

    @cached_property
    def chained(self) -> tuple[str, ...]:
        """Vertices that are both: a single chain, whose task counters stay at 0."""
        return tuple(filter(self.is_sink, self.sources))


def ends(job: Job) -> Ends:
    """A job's sources and sinks by its plan; a vertex that feeds pending operators is no sink."""
    nodes = job.plan.nodes
    fed = {node.id for node in nodes if node.inputs}
    feeding = {edge.id for node in nodes for edge in node.inputs} | pending_operators.feeding(job)
    known = [vertex.id for vertex in job.vertices]
    return Ends(
        tuple(vertex for vertex in known if vertex not in fed),
        tuple(vertex for vertex in known if vertex not in feeding),
    )


class Totals(Struct, frozen=True):
    """Records sent by a job's sources and received by its sinks since it was (re)started."""

    sent: int | None
    taken: int | None


def totals(job: Job) -> Totals:
    """Counters of a job's sources and sinks; None if a counter is unknown or does not count records."""
    found = ends(job)
    chained = found.chained
    of = {vertex.id: vertex.metrics for vertex in job.vertices}
    sources = [of[vertex].records_out for vertex in found.sources if vertex not in chained]
    sinks = [of[vertex].records_in for vertex in found.sinks if vertex not in chained]
    return Totals(total(sources) if sources else None, total(sinks) if sinks else None)


def total(values: Sequence[N | None]) -> N | None:
    """The sum; None if one of the values is unknown."""
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None


class Stepwise(Struct, Generic[T], frozen=True):
    """Totals over time, stored only when they changed: Flink fetches them every 10 s."""

    last: T
    seen: float  # time of the last reading (s)
    since: float  # when they got this value, or were last confirmed as unchanged
    moves: tuple[tuple[float, T], ...] = ()  # time and new value of each change

    def step(self, at: float, now: T, *, moved: bool, reach: float = math.inf) -> Self:
        """Add a reading, keeping changes for a mean over `WINDOW`, and none older than `reach`.

        Totals that are unchanged for a whole window count as confirmed. They changed at some time since the
        previous reading, or in the last fetch: the middle has the least error.
        """
        if moved:
            moment = max((self.seen + at) / 2, at - STEP / 2)
        elif at - self.since >= WINDOW:
            moment = at
        else:
            return type(self)(self.last, at, self.since, self.moves)
        moves = (*self.moves, (moment, now))
        # A mean needs two ends; an end far back would show the distant past.
        while len(moves) > 2 and (moves[1][0] <= at - WINDOW or moves[0][0] <= at - reach):  # noqa: PLR2004
            moves = moves[1:]
        return type(self)(now, at, moment, moves)


class Counted(Stepwise[int], frozen=True):
    """A stepwise counter."""


def add_reading(before: Counted | None, at: float, counter: int) -> Counted:
    """Add a counter's reading, keeping what a mean over `WINDOW` needs.

    A counter is exact at the moment it changes and stale in between: the first reading is no change, and an
    unchanged one is confirmed only after a whole window. A falling counter belongs to a restarted job; after
    a long gap the history starts anew.
    """
    if before is None or counter < before.last or at - before.seen > STALE_SAMPLES:
        return Counted(counter, at, at)
    return before.step(at, counter, moved=counter > before.last, reach=2 * WINDOW)


def add_frequent_reading(before: Counted | None, unknown: float | None, at: float, counter: int) -> Counted:
    """As `add_reading`, for a counter that is read every few seconds: appearing or falling is a change, too.

    `unknown`: the last time it was requested and missing, for an attempt that has just started.
    """
    if before is not None and counter >= before.last:
        return add_reading(before, at, counter)
    looked = before.seen if before is not None else unknown
    if looked is None or at - looked > STEP:
        return Counted(counter, at, at)
    return Counted(counter, at, at, (((looked + at) / 2, counter),))


def mean_rate(counted: Counted) -> float | None:
    """Records/s between the changes; None until there are two."""
    if len(counted.moves) < 2:  # noqa: PLR2004 -- a mean needs two ends
        return None
    (first, low), (last, high) = counted.moves[0], counted.moves[-1]
    return (high - low) / (last - first) if last > first else None


def ids_to_request(known: Iterable[str], wanted: Sequence[str] = VERTEX_IDS) -> tuple[str, ...]:
    """The wanted ids that a vertex has. One unknown id empties the whole answer, in every release."""
    have = set(known)
    return tuple(metric for metric in wanted if metric in have)


_INDEX = re.compile(r"^\[vertex-\d+\]")
_IN_IDS = str.maketrans(" .:,", "____")
_COMMITTER = re.compile(r"_->_\(?[^>]*?Committer")
_LONGEST_NAME = 80
_MOST_CHAINED = 500  # maximal number of operators in a chain


@lru_cache(1000)
def as_in_ids(name: str) -> str:
    """The name of an operator, or of a chain, as metric ids contain it."""
    return name.translate(_IN_IDS)


class ChainIds(Struct, frozen=True):
    """Metrics of records sent and received by a vertex that is a single chain."""

    sent: str  # the first operator's output rate
    taken: tuple[str, ...]  # the input rates of the last operators: several if the chain fans out

    @property
    def all(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self.sent, *self.taken)))

    @property
    def counters(self) -> tuple[str, tuple[str, ...]]:
        """The counters of the rates: sent, and received by the last operators."""
        return self.sent.removesuffix(PER_SECOND), tuple(name.removesuffix(PER_SECOND) for name in self.taken)


def chained_ids(vertex: JobVertex, known: Iterable[str]) -> ChainIds | None:
    """The record metrics of a vertex that is both source and sink, or None if it has none.

    Flink puts an operator's name before its metrics with `_` for space, dot, colon and comma, cut at 80
    characters. Names may contain commas, parentheses and arrows, so the vertex's name is not split: the
    operators with metrics are searched in it. A sink's committer (1.12+) receives checkpoint commits, not
    records, and is ignored.
    """
    chain = as_in_ids(_INDEX.sub("", vertex.name))
    have = sorted(known)
    senders = _operators(have, ".numRecordsOutPerSecond", chain)
    takers = _operators(have, ".numRecordsInPerSecond", chain)
    first = [name for name in senders if re.match(_in_chain(name), chain)]
    last = [name for name in takers if _is_last(name, chain)]
    if not first or not last:
        return None
    return ChainIds(
        f"{max(first, key=len)}.numRecordsOutPerSecond",
        tuple(f"{name}.numRecordsInPerSecond" for name in last),
    )


def _operators(known: Sequence[str], metric: str, chain: str) -> list[str]:
    """The operator names with a metric that occur in a chain's name, limited to the size of a chain."""
    names = (name.removesuffix(metric) for name in known if name.endswith(metric))
    return list(
        islice((name for name in names if len(name) <= _LONGEST_NAME and name in chain), _MOST_CHAINED)
    )


def _in_chain(operator: str) -> str:
    """A pattern for an operator's complete name in a chain's, up to the separator after it."""
    if len(operator) < _LONGEST_NAME:
        return rf"{re.escape(operator)}(?=$|\)|__|_->_)"
    return rf"{re.escape(operator)}(?s:.*?)(?=$|_->_)"


def _is_last(operator: str, chain: str) -> bool:
    if "Committer" in operator:
        return False
    for found in re.finditer(rf"(?:^|->_\(?|__){_in_chain(operator)}", chain):
        end = found.end()
        if not chain.startswith("_->_", end) or _COMMITTER.match(chain, end):
            return True
    return False


_NO_WATERMARK, _LAST_WATERMARK = -9.2e18, 9.2e18  # Long.MIN, Long.MAX (end of input) as floats


def watermark_lag(watermark: float | None, cluster_now: float) -> float | None:
    """Seconds behind the cluster's clock (0 if ahead); None: none yet, or the input has ended."""
    if watermark is None or not _NO_WATERMARK < watermark < _LAST_WATERMARK:
        return None
    return max(0.0, cluster_now - watermark / 1000.0)


def by_id(metrics: Iterable[AggregatedMetric]) -> dict[str, AggregatedMetric]:
    """Aggregated metrics by their id.

    A legacy source measures neither busy nor idle time: Flink reports NaN and 0. The 0 is left out.
    """
    found = {metric.id: metric for metric in metrics}
    spent = found.get(BUSY_ID)
    if spent is not None and spent.max is None:
        found.pop(IDLE_ID, None)
    return found
