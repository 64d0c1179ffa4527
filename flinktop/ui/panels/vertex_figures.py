"""What vertices on the screen do now: one aggregated metrics request each, shared by whatever shows them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from flinktop.engine.freshness import failure
from flinktop.engine.series import SeriesName, vertex_series
from flinktop.flink.metrics import SUBTASKS_METRICS
from flinktop.model import busy, rates, states
from flinktop.model import format as fmt
from flinktop.ui.panels.unanswered import blank_mark

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from flinktop.engine.host import Port
    from flinktop.engine.store import Reading
    from flinktop.flink.endpoint import Query
    from flinktop.flink.features import Features
    from flinktop.flink.jobs import Job, JobVertex
    from flinktop.flink.metrics import Aggregated, AggregatedMetric
    from flinktop.ui.live import Panel

RELIST_SECONDS = 120.0
"""Between two looks at which metrics a vertex has that lacks some of those a row is made of."""
OLD_SECONDS = 30.0
HOT, WARM = busy.HOT, busy.WARM


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that may be absent in this release or for this vertex, or not known yet."""

    value: float | None = None
    absent: bool = False
    failed: bool = False
    """It was asked for and could not be had."""

    @property
    def blank(self) -> tuple[str, str]:
        """What stands in its place while it has no value, with its tone."""
        return (fmt.ABSENT, "muted") if self.absent else blank_mark(failed=self.failed)


ABSENT = Figure(absent=True)


@dataclass(frozen=True, slots=True)
class VertexFacts:
    """What one vertex does now (`/jobs/:jobid`, `…/subtasks/metrics`)."""

    sent: Figure
    """Records/s over all subtasks; absent for sinks."""
    taken: Figure
    """Records/s over all subtasks; absent for sources."""
    total_sent: Figure
    total_taken: Figure
    busy: Figure
    """The hottest subtask's, ms/s; from 1.13, as the next two."""
    backpressured: Figure
    idle: Figure
    lag: Figure
    """Seconds that the lowest watermark is behind the cluster's clock; absent for sources and without one."""
    series: SeriesName
    """Its main flow: what a sink takes in, what any other sends."""
    skew: Figure = ABSENT
    """Per cent by which its subtasks' records/s differ from their mean, as Flink tells it from 1.20 on."""
    over_mean: Figure = ABSENT
    """Records/s of the subtask that has most over their mean; unlike Flink's figure it has no upper end."""
    old: bool = False
    """Whether the figures are too old to be taken at their word."""


def listing(job: str, vertex: str) -> Query[Aggregated]:
    """Which metrics a vertex has: constant in size, unlike the listing by subtask."""
    return SUBTASKS_METRICS(job=job, vertex=vertex)


def expected_ids(features: Features, *, source: bool) -> tuple[str, ...]:
    """The metrics that a running vertex has in this release."""
    times = rates.TIME_IDS if features.has(1, 13) else ()
    return (*rates.RATE_IDS, *times, *(() if source else (rates.WATERMARK_ID,)))


def figures_query(port: Port, job: str, vertex: str, *, source: bool) -> Query[Aggregated] | None:
    """One aggregated request for all figures of a vertex; None while it has no metrics (yet).

    One id that the vertex lacks empties the whole answer: then what it has is listed, and asked for.
    """
    expected = SUBTASKS_METRICS(job=job, vertex=vertex, get=expected_ids(port.features, source=source))
    if not _is_empty(port.reading(expected)):
        return expected
    listed = port.reading(listing(job, vertex))
    ids = rates.ids_to_ask(metric.id for metric in listed.value) if listed and listed.value else ()
    return SUBTASKS_METRICS(job=job, vertex=vertex, get=ids) if ids else None


def _is_empty(reading: Reading[Aggregated] | None) -> bool:
    return reading is not None and reading.value is not None and not reading.value


def vertex_facts(job: Job, vertex: JobVertex, ends: rates.Ends, port: Port) -> VertexFacts:
    """What is known of a vertex, whoever asked for it."""
    source, sink = vertex.id in ends.sources, vertex.id in ends.sinks
    query = figures_query(port, job.jid, vertex.id, source=source)
    reading = port.reading(query) if query is not None else None
    found = rates.by_id(reading.value) if reading is not None and reading.value else {}
    flows = not states.is_terminal(vertex.status)
    failed = failure(port, query or listing(job.jid, vertex.id)) is not None

    def rate(metric: str) -> Figure:
        known = found.get(metric)
        return Figure(known.sum if known is not None else None, absent=not flows, failed=failed)

    def hottest(metric: str) -> Figure:
        known = found.get(metric)
        # Not in an answer: the release lacks it. NaN: a legacy source measures no time.
        missing = bool(found) and (known is None or known.max is None)
        return Figure(known.max if known is not None else None, absent=not flows or missing, failed=failed)

    sent, taken = rate("numRecordsOutPerSecond"), rate("numRecordsInPerSecond")
    total_sent, total_taken = Figure(rates.records_sent(vertex)), Figure(rates.records_taken(vertex))
    series = vertex_series(job.jid, vertex.id, "numRecordsInPerSecond" if sink else "numRecordsOutPerSecond")
    if source and sink:
        # All in one chain: the task's counters count network exchange only and stay at 0.
        series = vertex_series(job.jid, vertex.id, "in")
        sent, taken = (
            replace(_of_chain(port, vertex_series(job.jid, vertex.id, measure), flows=flows), failed=failed)
            for measure in ("in", "out")
        )
        total_sent = total_taken = ABSENT
    elif source:
        taken = total_taken = ABSENT
    elif sink:
        sent = total_sent = ABSENT
    uneven, over_mean = _spread(
        found.get(rates.RATE_IDS[1 if source else 0]), port, flows=flows and vertex.parallelism > 1
    )
    idle = _coldest(found.get("idleTimeMsPerSecond"), flows=flows, answered=bool(found))
    lag = _lag(found.get(rates.WATERMARK_ID), port, flows=flows, answered=bool(found), source=source)
    age = port.now() - reading.at if reading is not None and reading.at is not None else 0.0
    return VertexFacts(
        sent=sent,
        taken=taken,
        total_sent=total_sent,
        total_taken=total_taken,
        busy=hottest("busyTimeMsPerSecond"),
        backpressured=hottest("backPressuredTimeMsPerSecond"),
        idle=replace(idle, failed=failed),
        lag=replace(lag, failed=failed),
        series=series,
        skew=replace(uneven, failed=failed),
        over_mean=replace(over_mean, failed=failed),
        old=port.link.error is not None or age > OLD_SECONDS,
    )


def _spread(known: AggregatedMetric | None, port: Port, *, flows: bool) -> tuple[Figure, Figure]:
    """How unevenly records are spread over subtasks now: Flink's figure, and the most over the mean."""
    if not flows:
        return ABSENT, ABSENT
    if known is None:
        return Figure(absent=not port.features.has(1, 20)), Figure()
    mean = known.avg or 0.0
    most = known.max / mean if known.max is not None and mean > 0 else None
    return Figure(known.skew, absent=known.skew is None), Figure(most, absent=most is None)


def _coldest(known: AggregatedMetric | None, *, flows: bool, answered: bool) -> Figure:
    value = known.min if known is not None else None
    return Figure(value, absent=not flows or (answered and value is None))


def _lag(known: AggregatedMetric | None, port: Port, *, flows: bool, answered: bool, source: bool) -> Figure:
    """How far the slowest subtask's watermark is behind; none where there is no watermark, or its end."""
    if not flows or source or (answered and known is None):
        return ABSENT
    if known is None:
        return Figure()
    lag = rates.watermark_lag(known.min, port.known_time())
    return Figure(lag, absent=lag is None)


def _of_chain(port: Port, series: SeriesName, *, flows: bool) -> Figure:
    newest = port.latest(series)
    known = newest is not None and newest[1] == newest[1]
    return Figure(newest[1] if newest is not None and known else None, absent=not flows)


class VertexFigures:
    """Keeps the figures of some vertices of one job fresh, on behalf of the panel that shows them."""

    def __init__(self, panel: Panel, job: str, news: Callable[[Reading[Any]], None]) -> None:
        """Ask through `panel`; `news` is called whenever one of its vertices has answered."""
        self._panel = panel
        self._job = job
        self._news = news

    def follow(self, job: Job, wanted: Iterable[str], every: float = 0.0) -> None:
        """Ask for the figures of these vertices, as far as they are alive, and of no others.

        Args:
            job: The job as it is now.
            wanted: Ids of its vertices.
            every: Seconds between two requests for one vertex; 0 is as often as Flink's metrics move.
        """
        live = {vertex.id for vertex in job.vertices if not states.is_terminal(vertex.status)}
        asked = [vertex for vertex in dict.fromkeys(wanted) if vertex in live]
        slots = {f"{kind} {vertex}" for kind in ("ids", "figures") for vertex in asked}
        for slot in self._panel.slots():
            if slot.partition(" ")[0] in ("ids", "figures") and slot not in slots:
                self._panel.drop_query(slot)
        sources = rates.ends(job).sources
        for vertex in asked:
            self._ask(vertex, every, source=vertex in sources)

    def _ask(self, vertex: str, every: float, *, source: bool) -> None:
        """The figures; where that comes back empty, first which metrics there are."""
        panel, port = self._panel, self._panel.port
        expected = SUBTASKS_METRICS(
            job=self._job, vertex=vertex, get=expected_ids(port.features, source=source)
        )
        query = figures_query(port, self._job, vertex, source=source)
        if query is None:
            # It has just started and has no metrics, or none of those: look again soon.
            panel.drop_query(f"figures {vertex}")
            panel.watch_query(f"ids {vertex}", listing(self._job, vertex), self._news)
            return
        figures = port.reading(query)
        if query == expected and not _is_empty(figures):
            panel.drop_query(f"ids {vertex}")
        else:
            # An id may come or go again.
            again = RELIST_SECONDS if figures is None or figures.value else 0.0
            panel.watch_query(f"ids {vertex}", listing(self._job, vertex), self._news, every=again)
        panel.watch_query(f"figures {vertex}", query, self._news, every=every)
