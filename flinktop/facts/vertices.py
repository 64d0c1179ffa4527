"""Facts about a vertex: one aggregated metrics request each, shared by all panels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from flinktop.engine.series import SeriesName, vertex_series
from flinktop.facts.freshness import ABSENT, Figure, answered_at, failure, is_past, lag_figure
from flinktop.flink.jobs import JOB
from flinktop.flink.metrics import SUBTASKS_METRICS
from flinktop.model import first_minute, pending_operators, rates, states
from flinktop.model import format as fmt
from flinktop.model.subtask_figures import OUTPUT_WATERMARK, last_part, output_watermark

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from flinktop.engine.store import Reading
    from flinktop.facts.known import Known
    from flinktop.flink.endpoint import Query
    from flinktop.flink.features import Features
    from flinktop.flink.jobs import Job, JobVertex
    from flinktop.flink.metrics import Aggregated, AggregatedMetric
    from flinktop.judgement.finding import Severity


RELIST_SECONDS = 120.0
"""Seconds between requests for the metric ids of a vertex that lacks some of those a row needs."""


class VertexFacts(Struct, frozen=True):
    """One vertex now (`/jobs/:jobid`, `…/subtasks/metrics`)."""

    id: str
    name: str
    state: str
    running: int  # number of running subtasks
    parallelism: int
    sent: Figure = ABSENT  # records/s over all subtasks; absent for sinks
    taken: Figure = ABSENT  # records/s over all subtasks; absent for sources
    total_sent: Figure = ABSENT
    total_taken: Figure = ABSENT
    bytes_sent: Figure = ABSENT
    bytes_taken: Figure = ABSENT
    busy: Figure = ABSENT  # of the busiest subtask, ms/s; from 1.13, as the next two
    backpressured: Figure = ABSENT
    idle: Figure = ABSENT
    lag: Figure = ABSENT
    """Seconds that the lowest watermark was behind the cluster's clock at the time of the answer; absent
    without one."""
    series: SeriesName = ("",)  # its main rate: records/s received by a sink, sent by any other
    newest: float | None = None
    """Time of its newest point (engine's clock, s): its trend is redrawn when that changes."""
    skew: Figure = ABSENT
    """Flink's skew (1.20+): per cent by which its subtasks' records/s differ from their mean."""
    over_mean: Figure = ABSENT
    """Highest records/s of a subtask, relative to the mean; unlike Flink's skew it has no upper limit."""
    seconds: float | None = None  # how long it has run, or ran
    old: bool = False  # whether the figures are out of date
    blamed: tuple[Severity, str] | None = None  # severity and kind of the first finding about it

    @property
    def subtasks(self) -> str:
        """The parallelism: `x4`; `3/4` while only some subtasks run."""
        if self.parallelism < 0:
            # An adaptive batch job decides it when the previous vertex has ended.
            return fmt.UNKNOWN
        if self.running in (0, self.parallelism) or self.state != "RUNNING":
            return f"x{self.parallelism}"
        return f"{self.running}/{self.parallelism}"


def vertex_of(known: Known, job: str, vertex: str) -> tuple[Job, JobVertex] | None:
    """The job's answer and the vertex in it; None while unknown."""
    whole = known.value(JOB(job=job))
    if whole is None:
        return None
    found = next((one for one in whole.vertices if one.id == vertex), None)
    return (whole, found) if found is not None else None


def vertex_state(known: Known, job: str, vertex: str) -> str:
    """The state of a vertex; "" while unknown."""
    found = vertex_of(known, job, vertex)
    return found[1].status if found is not None else ""


def listing(job: str, vertex: str) -> Query[Aggregated]:
    """The query for the metric ids of a vertex; its size does not grow with the number of subtasks."""
    return SUBTASKS_METRICS(job=job, vertex=vertex)


def listing_asks(known: Known, job: str, vertex: str) -> dict[Query[Any], float]:
    """The same query with its interval (s): Flink's first listing is often empty."""
    query = listing(job, vertex)
    reading = known.reading(query)
    return {query: RELIST_SECONDS if reading is not None and reading.value else 0.0}


def expected_ids(features: Features, *, source: bool) -> tuple[str, ...]:
    """The metric ids of a running vertex in this release; for a source without its watermark."""
    times = rates.TIME_IDS if features.has(1, 13) else ()
    return (*rates.RATE_IDS, *times, *(() if source else (rates.WATERMARK_ID,)))


def figures_query(known: Known, job: str, vertex: JobVertex, *, source: bool) -> Query[Aggregated] | None:
    """One aggregated query for all figures of a vertex; None while it has no metrics (yet).

    If the vertex lacks one of the ids the whole answer is empty: then the ids are listed first. So they are
    for a source, whose last operator has its watermark.
    """
    ids = expected_ids(known.features, source=source)
    mark = output_watermark(vertex.name, _listed_ids(known, job, vertex)) if source else None
    ids = ids if mark is None else (*ids, mark)
    expected = SUBTASKS_METRICS(job=job, vertex=vertex.id, get=ids)
    if not is_empty(known.reading(expected)):
        return expected
    ids = rates.ids_to_request(_listed_ids(known, job, vertex), ids)
    return SUBTASKS_METRICS(job=job, vertex=vertex.id, get=ids) if ids else None


def _listed_ids(known: Known, job: str, vertex: JobVertex) -> list[str]:
    return [metric.id for metric in known.value(listing(job, vertex.id)) or ()]


def figures_reading(
    known: Known, job: str, vertex: JobVertex, *, source: bool
) -> tuple[Query[Aggregated] | None, Reading[Aggregated] | None]:
    """The query for the figures of a vertex, and its reading.

    For a source it is the reading without watermark, until there is one with it.
    """
    query = figures_query(known, job, vertex, source=source)
    reading = known.reading(query) if query is not None else None
    if source and query is not None and (reading is None or reading.value is None):
        without = SUBTASKS_METRICS(job=job, vertex=vertex.id, get=expected_ids(known.features, source=True))
        reading = known.reading(without) or reading
    return query, reading


def mark_in(found: Mapping[str, AggregatedMetric], *, source: bool) -> AggregatedMetric | None:
    """The watermark in an answer: the input watermark, or of a source its output watermark."""
    if not source:
        return found.get(rates.WATERMARK_ID)
    return next((metric for name, metric in found.items() if last_part(name) == OUTPUT_WATERMARK), None)


def is_empty(reading: Reading[Aggregated] | None) -> bool:
    """Whether the answer is empty: the vertex lacks one of the requested ids."""
    return reading is not None and reading.value is not None and not reading.value


def vertex_facts(job: Job, vertex: JobVertex, ends: rates.Ends, known: Known) -> VertexFacts:
    """The facts about a vertex."""
    source, sink = ends.is_source(vertex.id), ends.is_sink(vertex.id)
    query, reading = figures_reading(known, job.jid, vertex, source=source)
    found = rates.by_id(reading.value) if reading is not None and reading.value else {}
    flows = not states.is_terminal(vertex.status)
    failed = failure(known, query or listing(job.jid, vertex.id)) is not None
    at = reading.at if reading is not None and reading.at is not None else known.now()
    young = known.is_young(job.jid, vertex.id, at)
    unmeasured = young and first_minute.has_unmeasured(found, rates.TIME_IDS)

    def counted(name: str) -> Figure:
        newest = known.latest(vertex_series(job.jid, vertex.id, name))
        value = newest[1] if newest is not None and newest[1] == newest[1] else None
        return Figure(value, absent=not flows, failed=failed)

    def rate(name: str) -> Figure:
        metric = found.get(name)
        if young:
            # Its meters are means over a minute that has not passed: the engine uses counters.
            return counted(name)
        return Figure(metric.sum if metric is not None else None, absent=not flows, failed=failed)

    def hottest(name: str) -> Figure:
        metric = found.get(name)
        if unmeasured:
            return Figure(absent=not flows)
        # Missing: the release lacks it. NaN: a legacy source measures no time.
        missing = bool(found) and (metric is None or metric.max is None)
        return Figure(metric.max if metric is not None else None, absent=not flows or missing, failed=failed)

    sent, taken = rate("numRecordsOutPerSecond"), rate("numRecordsInPerSecond")
    total_sent, total_taken = Figure(vertex.metrics.records_out), Figure(vertex.metrics.records_in)
    series = vertex_series(job.jid, vertex.id, "numRecordsInPerSecond" if sink else "numRecordsOutPerSecond")
    if source and sink:
        # One full chain: the task's counters count network exchange only and stay at 0.
        series = vertex_series(job.jid, vertex.id, "in")
        sent, taken = counted("in"), counted("out")
        total_sent = total_taken = ABSENT
    elif source:
        taken = total_taken = ABSENT
    elif sink:
        sent = total_sent = ABSENT
    uneven, over_mean = _spread(
        found.get(rates.RATE_IDS[1 if source else 0]), known, flows=flows and vertex.parallelism > 1
    )
    coldest = found.get("idleTimeMsPerSecond") if not unmeasured else None
    idle = _coldest(coldest, flows=flows, answered=bool(found) and not unmeasured)
    mark = mark_in(found, source=source)
    wanted = dict(query.params).get("get", "") if query is not None else ""
    listed = known.reading(listing(job.jid, vertex.id)) if source else None
    lacking = OUTPUT_WATERMARK not in wanted and listed is not None and bool(listed.value)
    none = lacking if source else bool(found)
    lag = _lag(known, (job.jid, vertex.id), reading, mark, flows=flows, none=none)
    newest = known.latest(series)
    return VertexFacts(
        id=vertex.id,
        name=vertex.name,
        state=vertex.status,
        running=vertex.tasks.get("RUNNING", 0),
        parallelism=vertex.parallelism,
        sent=sent,
        taken=taken,
        total_sent=total_sent,
        total_taken=total_taken,
        busy=hottest("busyTimeMsPerSecond"),
        backpressured=hottest("backPressuredTimeMsPerSecond"),
        idle=replace(idle, failed=failed),
        lag=replace(lag, failed=failed),
        series=series,
        newest=newest[0] if newest is not None else None,
        bytes_taken=ABSENT if source else Figure(vertex.metrics.bytes_in),
        bytes_sent=ABSENT if sink else Figure(vertex.metrics.bytes_out),
        seconds=vertex.duration / 1000.0 if vertex.duration >= 0 else None,
        skew=replace(uneven, failed=failed),
        over_mean=replace(over_mean, failed=failed),
        old=is_past(known, at),
    )


def _spread(metric: AggregatedMetric | None, known: Known, *, flows: bool) -> tuple[Figure, Figure]:
    """How unevenly records are spread over subtasks now: Flink's skew, and maximum over mean."""
    if not flows:
        return ABSENT, ABSENT
    if metric is None:
        return Figure(absent=not known.features.has(1, 20)), Figure()
    mean = metric.avg or 0.0
    most = metric.max / mean if metric.max is not None and mean > 0 else None
    return Figure(metric.skew, absent=metric.skew is None), Figure(most, absent=most is None)


def _coldest(metric: AggregatedMetric | None, *, flows: bool, answered: bool) -> Figure:
    value = metric.min if metric is not None else None
    return Figure(value, absent=not flows or (answered and value is None))


def _lag(
    known: Known,
    vertex: tuple[str, str],
    reading: Reading[Aggregated] | None,
    mark: AggregatedMetric | None,
    *,
    flows: bool,
    none: bool,
) -> Figure:
    """The lag of the slowest subtask's watermark; absent without one, or when the input has ended.

    `none`: a missing watermark is absent, not unknown.
    """
    if mark is None:
        return Figure(absent=not flows or none)
    seconds = rates.watermark_lag(mark.min, answered_at(known, reading))
    return lag_figure(known, vertex_series(*vertex, "lag"), seconds) if flows else ABSENT


def figures_asks(
    known: Known, job: Job, wanted: Iterable[str], every: float = 0.0
) -> dict[Query[Any], float]:
    """The queries for the figures of these vertices, without ended ones, with their intervals (s).

    `every`: seconds between two requests for one vertex; 0 is as often as Flink's metrics change.
    """
    live = {vertex.id: vertex for vertex in job.vertices if not states.is_terminal(vertex.status)}
    ends = rates.ends(job)
    asks: dict[Query[Any], float] = {}
    for vertex in (live[one] for one in dict.fromkeys(wanted) if one in live):
        source = ends.is_source(vertex.id)
        query, listed = figures_query(known, job.jid, vertex, source=source), listing(job.jid, vertex.id)
        if query is None:
            # It has just started and has no metrics, or none of those: poll again soon.
            asks[listed] = 0.0
            continue
        figures = known.reading(query)
        expected = SUBTASKS_METRICS(
            job=job.jid, vertex=vertex.id, get=expected_ids(known.features, source=source)
        )
        if source:
            asks |= listing_asks(known, job.jid, vertex.id)
        elif query != expected or is_empty(figures):
            # An id may appear or disappear.
            asks[listed] = RELIST_SECONDS if figures is None or figures.value else 0.0
        asks[query] = every
    return asks


def culprits_of(known: Known, job: str) -> dict[str, tuple[Severity, str]]:
    """The vertices of a job that findings are about, with severity and kind of the first of them."""
    verdict = known.verdict(job)
    found: dict[str, tuple[Severity, str]] = {}
    for one in verdict.findings if verdict is not None else ():
        if one.culprit.vertex is not None:
            found.setdefault(one.culprit.vertex, (one.severity, str(one.kind)))
    return found


def vertices_of(
    job: Job, known: Known, kept: Mapping[str, VertexFacts], *, old: bool
) -> dict[str, VertexFacts]:
    """The vertices of a job by id, and its pending operators; facts in `kept` are reused."""
    ends, blamed = rates.ends(job), culprits_of(known, job.jid)
    found: dict[str, VertexFacts] = {}
    for vertex in job.vertices:
        facts = kept.get(vertex.id) or vertex_facts(job, vertex, ends, known)
        of = blamed.get(vertex.id)
        changed = old or of != facts.blamed
        found[vertex.id] = replace(facts, old=old or facts.old, blamed=of) if changed else facts
    for node in pending_operators.pending_operators(job):
        key = pending_operators.key_of(node.id)
        name = node.operator or node.description or node.id
        found[key] = VertexFacts(key, name, pending_operators.STATE, 0, node.parallelism, old=old)
    return found
