"""What is known of the subtasks of a vertex: by totals, metrics, and how both have moved."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flinktop.engine.series import subtask_series
from flinktop.facts.figure import ABSENT, Figure, lag_figure
from flinktop.facts.freshness import OLD_SECONDS, answered_at, is_past
from flinktop.facts.unanswered import blank_mark
from flinktop.facts.vertices import listing, vertex_of
from flinktop.flink.errors import NotFound
from flinktop.flink.numbers import subtask_index
from flinktop.flink.vertices import ATTEMPT, SUBTASK, VERTEX
from flinktop.model import first_minute, rates, states, subtasks
from flinktop.model import format as fmt
from flinktop.model.subtask_figures import ENDED, NO_WATERMARK, SubtaskIds, by_subtask, subtask_ids

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flinktop.engine.store import Reading
    from flinktop.facts.known import Known
    from flinktop.flink.endpoint import Query
    from flinktop.flink.metrics import Metrics
    from flinktop.flink.vertices import Attempt, Vertex
    from flinktop.model.subtask_figures import Figures

NOTHING = SubtaskIds(())


@dataclass(frozen=True, slots=True)
class SubtaskFacts:
    """One subtask, `key` is its index as text; or an attempt that runs beside its own: `3.0`."""

    key: str
    index: int
    state: str
    attempt: int | None
    host: str
    taken: Figure
    """Records/s, as `sent`."""
    sent: Figure
    total_taken: Figure
    total_sent: Figure
    bytes_taken: Figure
    bytes_sent: Figure
    busy: Figure
    """ms/s, as the next two."""
    backpressured: Figure
    idle: Figure
    watermark: str
    """As it is written; the time of day, or the date of one that is far away."""
    mark: float | None
    """The watermark in ms since 1970; -inf has not come yet, inf is the end of the input."""
    lag: Figure
    """Seconds."""
    seconds: float | None
    """How long this attempt has been under way."""
    attention: tuple[int, ...]
    stale: bool = False
    """Whether rates, times and watermark are older than the rest."""
    old: bool = False
    """Whether nothing of it can be taken at its word any more."""
    taskmanager: str = ""
    """The id of its TaskManager, "" before 1.10: the name of a pod or container, which a filter finds too."""

    @property
    def name(self) -> str:
        """Where it runs: what a filter looks for beside the state."""
        return self.host


@dataclass(frozen=True, slots=True)
class Sample:
    """What metrics said of one attempt of a subtask."""

    attempt: int | None
    at: float
    figures: Figures
    lag: float | None
    young: bool = False
    """Whether it was in its first minute, when its meters are no rates."""


@dataclass(frozen=True, slots=True)
class VertexContext:
    """What all subtasks of a vertex have in common."""

    source: bool = False
    sink: bool = False
    ids: SubtaskIds = NOTHING
    offset: float | None = 0.0
    """Seconds from UTC in which times are shown."""


def vertex_context(known: Known, job: str, vertex: str, offset: float | None) -> VertexContext | None:
    """What all subtasks of a vertex have in common; None before the job's first answer."""
    found = vertex_of(known, job, vertex)
    if found is None:
        return None
    ends = rates.ends(found[0])
    source, sink = vertex in ends.sources, vertex in ends.sinks
    listed = known.reading(listing(job, vertex)) if source else None
    ids = subtask_ids(
        found[1],
        source=source,
        sink=sink,
        times=known.features.has(1, 13),
        listed=[metric.id for metric in listed.value or ()] if listed is not None else [],
    )
    return VertexContext(source, sink, ids, offset)


def present_attempt(known: Known, job: str, vertex: str, subtask: int) -> Query[Attempt] | None:
    """What tells the present attempt; None while a HistoryServer has not told the attempt's number."""
    if not known.features.history_server:
        return SUBTASK(job=job, vertex=vertex, subtask=subtask)
    detail = known.reading(VERTEX(job=job, vertex=vertex))
    if detail is None or detail.value is None:
        return None
    numbers = (one.attempt for one in detail.value.subtasks if one.subtask == subtask)
    number = next(numbers, None)
    return ATTEMPT(job=job, vertex=vertex, subtask=subtask, attempt=number) if number is not None else None


def present_asks(known: Known, job: str, vertex: str, subtask: int) -> dict[Query[Any], float]:
    """What keeps the present attempt fresh: a HistoryServer keeps attempts by number alone."""
    query = present_attempt(known, job, vertex, subtask)
    asks: dict[Query[Any], float] = {query: 0.0} if query is not None else {}
    return asks | ({VERTEX(job=job, vertex=vertex): 0.0} if known.features.history_server else {})


def present_reading(known: Known, job: str, vertex: str, subtask: int) -> Reading[Attempt] | None:
    """What is known of the present attempt."""
    query = present_attempt(known, job, vertex, subtask)
    return known.reading(query) if query is not None else None


class SubtaskHistory:
    """The answers of a vertex's subtasks so far, and what is known by them."""

    def __init__(self, known: Known, job: str, vertex: str) -> None:
        self._known = known
        self._vertex = (job, vertex)
        self._progress: subtasks.Progress | None = None
        self._attempts: dict[int, Attempt] = {}
        self._samples: dict[int, Sample] = {}
        self._bands: dict[int, int] = {}
        self._mean = 0.0
        self._old = False
        self._read: float | None = None
        self._failed = False
        """Whether the newest figures could not be had."""

    @property
    def attempts(self) -> dict[int, Attempt]:
        """The present attempt of each subtask."""
        return self._attempts

    def take_totals(self, reading: Reading[Vertex]) -> None:
        """Take in `/jobs/:jobid/vertices/:vertexid`, or that it could not be had."""
        self._old = isinstance(reading.error, NotFound) or is_past(self._known, reading.at)
        if reading.value is None or reading.at is None or reading.at == self._read:
            return
        self._read = reading.at
        self._progress = subtasks.look(self._progress, reading.at, reading.value.subtasks)
        self._attempts = {one.subtask: one for one in reading.value.subtasks}
        for gone in self._samples.keys() - self._attempts.keys():
            del self._samples[gone]
        counts = [records(one) for one in reading.value.subtasks]
        self._mean = sum(counts) / len(counts) if counts else 0.0

    def take_figures(self, reading: Reading[Metrics]) -> frozenset[int]:
        """Take in `…/vertices/:vertexid/metrics?get=`; gives the subtasks of which it tells."""
        failed = reading.value is None and reading.error is not None
        changed = frozenset(self._attempts) if failed != self._failed else frozenset()
        self._failed = failed
        if not reading.value or reading.at is None:
            return changed
        cluster_now = answered_at(self._known, reading)
        found = by_subtask(reading.value)
        for index, figures in found.items():
            attempt = self._attempts.get(index)
            if attempt is not None and not _of_earlier(attempt, cluster_now):
                lag = rates.watermark_lag(figures.get("watermark"), cluster_now)
                young = first_minute.is_young(attempt, cluster_now)
                self._samples[index] = Sample(attempt.attempt, reading.at, figures, lag, young)
        return changed | frozenset(found)

    def read_at(self, indices: Iterable[int]) -> float | None:
        """When the oldest of the figures of these came (engine's clock, s); None while one has none."""
        samples = [self._samples.get(index) for index in indices]
        return min((one.at for one in samples if one is not None), default=None) if all(samples) else None

    def beside(self, facts: SubtaskFacts, context: VertexContext) -> list[SubtaskFacts]:
        """The attempts that run beside a subtask's own."""
        attempt = self._attempts[facts.index]
        return concurrent_attempts(attempt, context, facts.attention, old=self._old)

    def facts(self, attempt: Attempt, context: VertexContext) -> SubtaskFacts:
        """What is known of one of the `attempts`."""
        index, totals = attempt.subtask, attempt.metrics
        sample = self._samples.get(index)
        if sample is not None and sample.attempt != attempt.attempt:
            sample = None
        stale = sample is not None and self._known.now() - sample.at > OLD_SECONDS
        moved = self._progress.moved(index) if self._progress is not None else subtasks.UNMOVED
        chained = context.source and context.sink
        flows = not states.is_terminal(attempt.status)

        def rate(measure: str) -> Figure:
            if not flows or measure not in context.ids.measures:
                return ABSENT
            meters = sample.figures if sample is not None else {}
            known = first_minute.known(meters) if sample is not None and sample.young else meters
            unknown = measure in known and known[measure] is None and meters[measure] is not None
            if sample is not None and not stale and not unknown:
                return _figure(meters, measure)
            # Of a chain's counters only its operators tell.
            estimate = None if chained and measure in ("taken", "sent") else getattr(moved, measure)
            if estimate is not None:
                return Figure(estimate)
            return (
                _figure(meters, measure)
                if sample is not None and not unknown
                else Figure(failed=self._failed)
            )

        busy, backpressured = rate("busy"), rate("backpressured")
        mark = sample.figures.get("watermark") if sample is not None and flows else None
        count = records(attempt)
        hot = subtasks.heat(busy.value, backpressured.value, None)
        if "busy" not in context.ids.measures and self._mean > 0 and flows:
            hot = subtasks.heat(None, None, count / self._mean)
        band = subtasks.band(hot, self._bands.get(index))
        if hot is not None:
            self._bands[index] = band
        return SubtaskFacts(
            key=str(index),
            index=index,
            state=attempt.status,
            attempt=attempt.attempt,
            host=attempt.where,
            taken=rate("taken"),
            sent=rate("sent"),
            total_taken=ABSENT if context.source else Figure(totals.records_in),
            total_sent=ABSENT if context.sink else Figure(totals.records_out),
            bytes_taken=ABSENT if context.source else Figure(totals.bytes_in),
            bytes_sent=ABSENT if context.sink else Figure(totals.bytes_out),
            busy=busy,
            backpressured=backpressured,
            idle=rate("idle"),
            watermark=self._mark_text(mark, context, sample, flows=flows),
            mark=mark,
            lag=self._lag(index, sample, context, flows=flows),
            seconds=attempt.duration / 1000.0 if attempt.duration >= 0 else None,
            attention=subtasks.attention(attempt.status, band, index),
            stale=stale,
            old=self._old,
            taskmanager=attempt.taskmanager_id or "",
        )

    def rates_of(self, measure: str) -> list[float | None]:
        """What each subtask takes in ("taken") or sends ("sent") a second, by how its totals move."""
        progress = self._progress
        return [getattr(progress.moved(index), measure) if progress else None for index in self._attempts]

    def _lag(self, index: int, sample: Sample | None, context: VertexContext, *, flows: bool) -> Figure:
        if not flows or "watermark" not in context.ids.measures:
            return ABSENT
        if sample is None:
            return Figure(failed=self._failed)
        if sample.figures.get("watermark") in (None, NO_WATERMARK, ENDED):
            return ABSENT
        return lag_figure(self._known, subtask_series(*self._vertex, index, "lag"), sample.lag)

    def _mark_text(
        self, mark: float | None, context: VertexContext, sample: Sample | None, *, flows: bool
    ) -> str:
        if not flows or "watermark" not in context.ids.measures or (sample is not None and mark is None):
            return fmt.ABSENT
        if mark is None:
            return blank_mark(failed=self._failed)[0]
        if math.isinf(mark):
            return "ended" if mark == ENDED else "none"
        return fmt.near(mark / 1000.0, context.offset, self._known.known_time())


def concurrent_attempts(
    attempt: Attempt, context: VertexContext, attention: tuple[int, ...], *, old: bool
) -> list[SubtaskFacts]:
    """The attempts that run beside this one (speculative execution, 1.16+).

    Their totals are told with them; Flink's metrics of a subtask are of one of its attempts alone.
    """
    return [
        SubtaskFacts(
            key=f"{attempt.subtask}.{number}",
            index=attempt.subtask,
            state=one.status,
            attempt=one.attempt,
            host=one.where,
            taken=ABSENT,
            sent=ABSENT,
            total_taken=ABSENT if context.source else Figure(one.metrics.records_in),
            total_sent=ABSENT if context.sink else Figure(one.metrics.records_out),
            bytes_taken=ABSENT if context.source else Figure(one.metrics.bytes_in),
            bytes_sent=ABSENT if context.sink else Figure(one.metrics.bytes_out),
            busy=ABSENT,
            backpressured=ABSENT,
            idle=ABSENT,
            watermark=fmt.ABSENT,
            mark=None,
            lag=ABSENT,
            seconds=one.duration / 1000.0 if one.duration >= 0 else None,
            attention=attention,
            old=old,
        )
        for number, one in enumerate(attempt.other_concurrent_attempts or ())
    ]


def _of_earlier(attempt: Attempt, cluster_now: float) -> bool:
    """Whether metrics may still be those of the attempt before: Flink keeps them until its next fetch."""
    return attempt.attempt != 0 and cluster_now - attempt.start_time / 1000.0 < rates.STEP


def records(attempt: Attempt) -> float:
    """The records that a subtask has handled: what it took in, or as a source sent."""
    return float(attempt.metrics.read_records or attempt.metrics.write_records or 0)


def _figure(figures: Figures, measure: str) -> Figure:
    """A figure of an answer; what is not in it, or is no number, is not measured."""
    value = figures.get(measure)
    return Figure(value, absent=value is None)


def matches(row: SubtaskFacts, text: str) -> bool:
    """Whether a row has every word: an index, a part of host, TaskManager id or state; `state:failed`."""
    for word in text.casefold().split():
        if word.startswith("state:"):
            if word.removeprefix("state:") not in row.state.casefold():
                return False
        elif subtask_index(word) == row.index:
            continue
        elif not any(word in part.casefold() for part in (row.host, row.taskmanager, row.state)):
            return False
    return True
