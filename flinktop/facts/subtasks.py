"""Facts about the subtasks of a vertex: from totals, metrics, and their changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from flinktop.engine.series import subtask_series
from flinktop.facts.freshness import ABSENT, OLD_SECONDS, Figure, answered_at, failure, is_past, lag_figure
from flinktop.facts.vertices import listing, listing_asks, vertex_of
from flinktop.flink.errors import NotFound
from flinktop.flink.jobs import JOB
from flinktop.flink.metrics import VERTEX_METRICS, AggregatedMetric
from flinktop.flink.numbers import subtask_index
from flinktop.flink.vertices import ATTEMPT, SUBTASK, VERTEX
from flinktop.model import first_minute, rates, states, subtasks
from flinktop.model.subtask_figures import ENDED, NO_WATERMARK, Figures, SubtaskIds, by_subtask, subtask_ids

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flinktop.engine.store import Reading
    from flinktop.facts.known import Known
    from flinktop.flink.endpoint import Query
    from flinktop.flink.metrics import Metrics
    from flinktop.flink.vertices import Attempt, Vertex

METERS = (
    ("taken", rates.RATE_IDS[0]),
    ("sent", rates.RATE_IDS[1]),
    ("busy", rates.TIME_IDS[0]),
    ("backpressured", rates.TIME_IDS[1]),
    ("idle", rates.TIME_IDS[2]),
)
"""Measures and their metric ids."""


class VertexContext(Struct, frozen=True):
    """What all subtasks of a vertex have in common."""

    source: bool = False
    sink: bool = False
    ids: SubtaskIds = SubtaskIds(())


class Sample(Struct, frozen=True):
    """Metrics of one attempt of a subtask."""

    attempt: int | None
    at: float
    figures: Figures
    lag: float | None
    young: bool = False  # whether it was in its first minute, when meters are not yet rates


class SubtaskFacts(Struct, frozen=True):
    """One subtask, whose `key` is its index as text; or a concurrent attempt of it: `3.0`.

    Its figures are computed on access, as most subtasks are not on the screen.
    """

    key: str
    index: int
    detail: Attempt
    context: VertexContext
    sample: Sample | None = None
    moved: subtasks.Moved = subtasks.UNMOVED  # rates from the change of its totals
    lag: Figure = ABSENT  # of its watermark, in seconds
    attention: tuple[int, ...] = ()  # sort key, most in need of attention first
    own: bool = True
    """Whether Flink's metrics are of this attempt: they exist for one of several concurrent ones."""
    stale: bool = False  # whether rates, times and watermark are older than the rest
    old: bool = False  # whether all its data is out of date
    failed: bool = False  # whether the newest request for figures failed

    @property
    def state(self) -> str:
        return self.detail.status

    @property
    def attempt(self) -> int | None:
        return self.detail.attempt

    @property
    def host(self) -> str:
        return self.detail.where

    @property
    def taken(self) -> Figure:
        """Records/s, as `sent`."""
        return self._measured("taken")

    @property
    def sent(self) -> Figure:
        """Absent for a sink."""
        return self._measured("sent")

    @property
    def busy(self) -> Figure:
        """ms/s, as the next two."""
        return self._measured("busy")

    @property
    def backpressured(self) -> Figure:
        """From 1.13."""
        return self._measured("backpressured")

    @property
    def idle(self) -> Figure:
        """From 1.13."""
        return self._measured("idle")

    @property
    def mark(self) -> Figure:
        """The watermark in ms since 1970; -inf: none yet, inf: end of input."""
        if not self.has("watermark"):
            return ABSENT
        return self._metered("watermark") if self.sample is not None else Figure(failed=self.failed)

    @property
    def total_taken(self) -> Figure:
        """Records since this attempt began."""
        return ABSENT if self.context.source else Figure(self.detail.metrics.records_in)

    @property
    def total_sent(self) -> Figure:
        """Records since this attempt began."""
        return ABSENT if self.context.sink else Figure(self.detail.metrics.records_out)

    @property
    def bytes_taken(self) -> Figure:
        """Since this attempt began."""
        return ABSENT if self.context.source else Figure(self.detail.metrics.bytes_in)

    @property
    def bytes_sent(self) -> Figure:
        """Since this attempt began."""
        return ABSENT if self.context.sink else Figure(self.detail.metrics.bytes_out)

    def has(self, measure: str) -> bool:
        flows = self.own and not states.is_terminal(self.detail.status)
        return flows and measure in self.context.ids.measures

    def _measured(self, measure: str) -> Figure:
        """A rate or a time, from recent metrics, else from the change of totals."""
        if not self.has(measure):
            return ABSENT
        sample = self.sample
        unknown = (
            sample is not None
            and sample.young
            and sample.figures.get(measure) is not None
            and first_minute.known(sample.figures)[measure] is None
        )
        usable = sample is not None and not unknown
        if usable and not self.stale:
            return self._metered(measure)
        # Of a full chain only its operators have counters.
        chained = self.context.source and self.context.sink and measure in first_minute.RATES
        estimate = None if chained else getattr(self.moved, measure)
        if estimate is None and usable:
            return self._metered(measure)
        return Figure(estimate, failed=estimate is None and self.failed)

    def _metered(self, measure: str) -> Figure:
        """A figure from an answer; absent if it is missing or no number."""
        value = self.sample.figures.get(measure) if self.sample is not None else None
        return Figure(value, absent=value is None)


def vertex_context(known: Known, job: str, vertex: str) -> VertexContext | None:
    """What all subtasks of a vertex have in common; None before the job's first answer."""
    found = vertex_of(known, job, vertex)
    if found is None:
        return None
    ends = rates.ends(found[0])
    source, sink = ends.is_source(vertex), ends.is_sink(vertex)
    listed = (known.value(listing(job, vertex)) if source else None) or ()
    ids = subtask_ids(
        found[1],
        source=source,
        sink=sink,
        times=known.features.has(1, 13),
        listed=[metric.id for metric in listed],
    )
    return VertexContext(source, sink, ids)


def context_asks(known: Known, job: str, vertex: str) -> dict[Query[Any], float]:
    """The queries for `vertex_context`, with their intervals (s)."""
    context = vertex_context(known, job, vertex)
    asks: dict[Query[Any], float] = {JOB(job=job): 0.0}
    return asks | (listing_asks(known, job, vertex) if context is not None and context.source else {})


def current_attempt(known: Known, job: str, vertex: str, subtask: int) -> Query[Attempt] | None:
    """The query for the current attempt; None while its number on a HistoryServer is unknown."""
    if not known.features.history_server:
        return SUBTASK(job=job, vertex=vertex, subtask=subtask)
    detail = known.value(VERTEX(job=job, vertex=vertex))
    subtasks = detail.subtasks if detail is not None else ()
    number = next((one.attempt for one in subtasks if one.subtask == subtask), None)
    return ATTEMPT(job=job, vertex=vertex, subtask=subtask, attempt=number) if number is not None else None


def current_asks(known: Known, job: str, vertex: str, subtask: int) -> dict[Query[Any], float]:
    """The queries for the current attempt: a HistoryServer has attempts only by number."""
    query = current_attempt(known, job, vertex, subtask)
    asks: dict[Query[Any], float] = {query: 0.0} if query is not None else {}
    return asks | ({VERTEX(job=job, vertex=vertex): 0.0} if known.features.history_server else {})


def current_reading(known: Known, job: str, vertex: str, subtask: int) -> Reading[Attempt] | None:
    """The reading of the current attempt."""
    query = current_attempt(known, job, vertex, subtask)
    return known.reading(query) if query is not None else None


def runs_on(known: Known, job: str, vertex: str, subtask: int) -> str | None:
    """The TaskManager of the current attempt: `…/subtasks/:subtaskindex`, else the vertex's answer."""
    reading = current_reading(known, job, vertex, subtask)
    taskmanager = reading.value.taskmanager_id if reading is not None and reading.value is not None else None
    detail = known.value(VERTEX(job=job, vertex=vertex))
    if taskmanager is None and detail is not None:
        taskmanager = next((one.taskmanager_id for one in detail.subtasks if one.subtask == subtask), None)
    # A subtask that is not deployed is on "(unassigned)".
    return taskmanager if taskmanager and not taskmanager.startswith("(") else None


def current_facts(
    known: Known, job: str, vertex: str, subtask: int, progress: subtasks.Progress | None
) -> SubtaskFacts | None:
    """The current attempt from its own metrics, and in its first minute from `progress`."""
    present = current_reading(known, job, vertex, subtask)
    context = vertex_context(known, job, vertex) or VertexContext()
    if present is None or present.value is None:
        return None
    attempt, query = present.value, subtask_figures(job, vertex, subtask, context)
    reading = known.reading(query) if query is not None else None
    failed = failure(known, query) is not None
    facts = SubtaskFacts(str(subtask), subtask, attempt, context, failed=failed)
    figures = by_subtask(reading.value).get(subtask) if reading is not None and reading.value else None
    if reading is None or reading.at is None or figures is None:
        return facts
    at = answered_at(known, reading)
    lag = rates.watermark_lag(figures.get("watermark"), at)
    return replace(
        facts,
        sample=Sample(attempt.attempt, reading.at, figures, lag, first_minute.is_young(attempt, at)),
        moved=progress.moved(subtask) if progress is not None else subtasks.UNMOVED,
        lag=lag_figure(known, subtask_series(job, vertex, subtask, "lag"), lag),
    )


def subtask_figures(job: str, vertex: str, subtask: int, context: VertexContext) -> Query[Metrics] | None:
    """The query for a subtask's figures; None while its metric ids are unknown."""
    ids = context.ids.of([subtask])
    return VERTEX_METRICS(job=job, vertex=vertex, get=ids) if ids else None


class SubtaskHistory:
    """The answers about a vertex's subtasks so far, and the facts derived from them."""

    def __init__(self, known: Known, job: str, vertex: str) -> None:
        self._known = known
        self._vertex = (job, vertex)
        self._progress: subtasks.Progress | None = None
        self.attempts: dict[int, Attempt] = {}  # the current attempt of each subtask
        self.failed = False  # whether the newest request for figures failed
        self._samples: dict[int, Sample] = {}
        self._bands: dict[int, int] = {}
        self._mean = 0.0
        self._old = False
        self._read: float | None = None

    def take_totals(self, reading: Reading[Vertex]) -> None:
        """Record the reading of `/jobs/:jobid/vertices/:vertexid`, or its failure."""
        self._old = isinstance(reading.error, NotFound) or is_past(self._known, reading.at)
        if reading.value is None or reading.at is None or reading.at == self._read:
            return
        self._read = reading.at
        self._progress = subtasks.add_reading(self._progress, reading.at, reading.value.subtasks)
        self.attempts = {one.subtask: one for one in reading.value.subtasks}
        for removed in self._samples.keys() - self.attempts.keys():
            del self._samples[removed]
        counts = [records(one) for one in reading.value.subtasks]
        self._mean = sum(counts) / len(counts) if counts else 0.0

    def take_figures(self, reading: Reading[Metrics]) -> None:
        """Record the reading of `…/vertices/:vertexid/metrics?get=`, or its failure."""
        self.failed = reading.value is None and reading.error is not None
        if not reading.value or reading.at is None:
            return
        cluster_now = answered_at(self._known, reading)
        for index, figures in by_subtask(reading.value).items():
            attempt = self.attempts.get(index)
            if attempt is not None and not _of_earlier(attempt, cluster_now):
                lag = rates.watermark_lag(figures.get("watermark"), cluster_now)
                young = first_minute.is_young(attempt, cluster_now)
                self._samples[index] = Sample(attempt.attempt, reading.at, figures, lag, young)

    def read_at(self, indices: Iterable[int]) -> float | None:
        """Time of the oldest figures of these subtasks (engine's clock, s); None while one has none."""
        samples = [self._samples.get(index) for index in indices]
        return min((one.at for one in samples if one is not None), default=None) if all(samples) else None

    def facts(self, attempt: Attempt, context: VertexContext) -> SubtaskFacts:
        index = attempt.subtask
        sample = self._samples.get(index)
        if sample is not None and sample.attempt != attempt.attempt:
            sample = None
        found = SubtaskFacts(
            key=str(index),
            index=index,
            detail=attempt,
            context=context,
            sample=sample,
            moved=self._progress.moved(index) if self._progress is not None else subtasks.UNMOVED,
            stale=sample is not None and self._known.now() - sample.at > OLD_SECONDS,
            old=self._old,
            failed=self.failed,
        )
        return replace(found, lag=self._lag(found), attention=self._attention(found))

    def concurrent(self, own: SubtaskFacts) -> list[SubtaskFacts]:
        """The concurrent attempts of a subtask (speculative execution, 1.16+)."""
        return [
            SubtaskFacts(
                f"{own.index}.{number}",
                own.index,
                one,
                own.context,
                attention=own.attention,
                own=False,
                old=self._old,
            )
            for number, one in enumerate(own.detail.other_concurrent_attempts or ())
        ]

    def rates_of(self, measure: str) -> list[float | None]:
        """Records/s that each subtask receives ("taken") or sends ("sent"), from the change of totals."""
        progress = self._progress
        return [getattr(progress.moved(index), measure) if progress else None for index in self.attempts]

    def _attention(self, facts: SubtaskFacts) -> tuple[int, ...]:
        index, measures = facts.index, facts.context.ids.measures
        heat = subtasks.heat(facts.busy.value, facts.backpressured.value, None)
        if "busy" not in measures and self._mean > 0 and not states.is_terminal(facts.state):
            heat = subtasks.heat(None, None, records(facts.detail) / self._mean)
        band = subtasks.band(heat, self._bands.get(index))
        if heat is not None:
            self._bands[index] = band
        return subtasks.attention(facts.state, band, index)

    def _lag(self, facts: SubtaskFacts) -> Figure:
        mark = facts.mark
        if facts.sample is None or mark.value in (None, NO_WATERMARK, ENDED):
            return mark if mark.value is None else ABSENT
        return lag_figure(self._known, subtask_series(*self._vertex, facts.index, "lag"), facts.sample.lag)


def _of_earlier(attempt: Attempt, cluster_now: float) -> bool:
    """Whether metrics may still be of the previous attempt: Flink keeps them until its next fetch."""
    return attempt.attempt != 0 and cluster_now - attempt.start_time / 1000.0 < rates.STEP


def records(attempt: Attempt) -> float:
    """The records that a subtask has received, or as a source sent."""
    return float(attempt.metrics.read_records or attempt.metrics.write_records or 0)


def found_in(rows: Sequence[SubtaskFacts]) -> dict[str, AggregatedMetric]:
    """Aggregates over the rows of all subtasks, by the ids of `…/subtasks/metrics`.

    Metrics that one of them lacks are left out.
    """
    known = ((metric, of_rows(rows, measure)) for measure, metric in METERS)
    return {metric: spread for metric, spread in known if spread is not None}


def slowest(rows: Sequence[SubtaskFacts]) -> SubtaskFacts | None:
    """The row with the lowest watermark; None if one of them has none."""
    if any(row.mark.value is None for row in rows):
        return None
    return min(rows, key=lambda row: row.mark.value or 0.0, default=None)


def of_rows(rows: Sequence[SubtaskFacts], measure: str) -> AggregatedMetric | None:
    """The aggregate of a figure over rows; None if not all of them have it."""
    figures: list[Figure] = [getattr(row, measure) for row in rows]
    return aggregated(measure, [None if one.absent else one.value for one in figures])


def aggregated(metric: str, values: Sequence[float | None]) -> AggregatedMetric | None:
    """The aggregate of a number over subtasks; None while it is unknown for one of them."""
    spread = subtasks.summary(values)
    if spread is None:
        return None
    return AggregatedMetric(metric, spread.least, spread.most, spread.mean, spread.mean * len(values))


def matches(row: SubtaskFacts, text: str) -> bool:
    """Whether a row matches all words: an index, a part of host, TaskManager id or state; `state:failed`."""
    taskmanager = row.detail.taskmanager_id or ""
    for word in text.casefold().split():
        if word.startswith("state:"):
            if word.removeprefix("state:") not in row.state.casefold():
                return False
        elif subtask_index(word) == row.index:
            continue
        # The id of a TaskManager may be the name of a pod or a container.
        elif not any(word in part.casefold() for part in (row.host, taskmanager, row.state)):
            return False
    return True
