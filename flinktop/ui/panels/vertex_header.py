"""A vertex or a subtask: its state, rates, busy, watermark, skew in words."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from flinktop.engine.series import vertex_series
from flinktop.facts.freshness import (
    ABSENT,
    Figure,
    Freshness,
    answered_at,
    blank,
    freshness,
    lag_figure,
    why_empty,
    why_stale,
)
from flinktop.facts.subtasks import (
    context_asks,
    current_asks,
    current_facts,
    current_reading,
    found_in,
    records,
    slowest,
    subtask_figures,
    vertex_context,
)
from flinktop.facts.vertices import figures_asks, figures_reading, listing, mark_in, vertex_facts, vertex_of
from flinktop.flink.errors import NotFound
from flinktop.flink.jobs import JOB
from flinktop.flink.numbers import LONG_MAX, positive
from flinktop.flink.vertices import VERTEX
from flinktop.model import busy, processes, rates, scheduler, skew, states, subtask_names, subtasks
from flinktop.model import format as fmt
from flinktop.model import lag as lags
from flinktop.model.vertex_now import vertex_now
from flinktop.ui.panels.columns import figure_cell
from flinktop.ui.panels.parts import GAP, LinesPanel, faded, pair, spaced

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flinktop.engine.host import Port
    from flinktop.engine.store import Reading
    from flinktop.facts.subtasks import SubtaskFacts
    from flinktop.facts.vertices import VertexFacts
    from flinktop.flink.endpoint import Query
    from flinktop.flink.jobs import Job, JobVertex
    from flinktop.flink.metrics import Aggregated, AggregatedMetric
    from flinktop.flink.vertices import Attempt, IoMetrics, Vertex
    from flinktop.model.vertex_now import VertexNow
    from flinktop.ui.live import Asks
    from flinktop.ui.panels.parts import Line


NARROW = 100  # cells below which texts are shortened
SECONDS = 10.0  # between two polls of the totals, for the skew; the table of subtasks needs them sooner


def lasting(state: str, seconds: float | None) -> Line:
    """How long something has been in a state, or how long it ran."""
    if seconds is None:
        return []
    return [(f"{' ran' if states.is_terminal(state) else ' for'} {fmt.duration(seconds)}", "muted")]


def state_line(job: Job, vertex: JobVertex, now: VertexNow) -> Line:
    """State, how many subtasks are in which, parallelism; the job's state if it does not run."""
    state: Line = [(f"{states.mark(now.state)} {now.state}", states.tone(now.state))]
    if list(now.tasks) not in ([], [now.state]):
        words = ", ".join(f"{count} {state.lower()}" for state, count in now.tasks.items())
        state.append((f" ({words})", "warn" if "FAILED" in now.tasks else "muted"))
    state += lasting(now.state, now.seconds)
    if now.behind > 0:
        state.append((f" (subtasks as of {fmt.duration(max(1.0, now.behind))} earlier)", "muted"))
    tone = "info" if vertex.parallelism < 0 else ""
    parallel = pair("parallelism", scheduler.parallelism_words(vertex.parallelism, job), tone)
    if (most := positive(vertex.max_parallelism)) is not None:
        parallel.append((f" (max {most})", "muted"))
    return spaced(state, parallel, job_parts(job))


def job_parts(job: Job) -> Line:
    """The job's state if it does not run."""
    return [] if states.is_running(job.state) else [(f"the job is {job.state}", states.tone(job.state))]


def rate_groups(taken: Figure, sent: Figure) -> list[Line]:
    """Records/s in and out."""
    return [
        pair(word, *figure_cell(rate, lambda value: f"{fmt.count(value)}/s"))
        for word, rate in (("in", taken), ("out", sent))
    ]


def flow_line(facts: VertexFacts, found: Mapping[str, AggregatedMetric], *, narrow: bool) -> Line:
    """Records/s of the vertex; min, mean and max of busy, backpressured and idle over its subtasks."""
    groups = rate_groups(facts.taken, facts.sent)
    times = (("busy", facts.busy), ("bkpr" if narrow else "backpressured", facts.backpressured))
    any_shown = False
    for (word, figure), metric in zip((*times, ("idle", facts.idle)), rates.TIME_IDS, strict=True):
        known, shown = found.get(metric), not figure.absent and figure.value is not None
        any_shown |= shown
        if not shown or known is None:
            groups.append(pair(word, *figure_cell(figure, fmt.per_mille)))
            continue
        numbers = "/".join(fmt.per_mille(value) for value in (known.min, known.avg, known.max))
        groups.append(pair(word, f"{numbers} %", busy.tone(known.max or 0.0) if word != "idle" else ""))
    return [*spaced(*groups), GAP, *([("min/avg/max", "muted")] if any_shown and not narrow else [])]


def totals_line(totals: IoMetrics, *, source: bool, sink: bool) -> Line:
    """The totals of what has ended: a source has no input, a sink no output.

    Only records between vertices are counted: for a vertex that is both nothing is known.
    """
    groups: list[Line] = []
    taken = ("in", source, totals.records_in, totals.bytes_in)
    sent = ("out", sink, totals.records_out, totals.bytes_out)
    for word, absent, count, size in (taken, sent):
        group = pair(word, *figure_cell(ABSENT if absent else Figure(count)))
        if not absent and count is not None:
            group.append((" records", "muted"))
        if not absent and size is not None:
            group += [(", ", "muted"), (fmt.size(size), "")]
        groups.append(group)
    return spaced(*groups)


def watermark_parts(mark: float | None, offset: float | None, cluster_now: float, tone: str = "") -> Line:
    """The lowest watermark (ms since 1970) and how far it was behind the cluster's clock (s since 1970)."""
    lag = rates.watermark_lag(mark, cluster_now)
    if lag is None or mark is None:
        ended = mark is not None and mark >= LONG_MAX
        return pair("watermark", "the input has ended" if ended else "none yet", "muted")
    when = fmt.near(mark / 1000.0, offset, cluster_now)
    return [*pair("watermark", when), (" lag ", "muted"), (lags.words(lag), tone)]


def skew_parts(vertex: Vertex, now: float | None) -> Line:
    """How unevenly records are spread over subtasks, and (`now`, per cent, 1.20+) their current rates."""
    spread = skew.spread({one.subtask: records(one) for one in vertex.subtasks})
    if spread is None:
        return []
    tone = "warn" if spread.percent >= skew.UNEVEN else ""
    parts = pair("skew", fmt.share(spread.percent / 100), tone)
    if now is not None:
        parts.append((f" overall, {fmt.share(now / 100)} now", "muted"))
    if spread.percent >= skew.WORTH_A_WORD:
        name = subtask_names.named(spread.top, len(vertex.subtasks))
        parts.append((f": {name} takes {fmt.share(spread.share)} of the records", tone))
        parts.append((f", {fmt.count(spread.over_mean)} times the mean", "muted"))
    return parts


class VertexHeader(LinesPanel):
    """A few lines above everything else on a vertex's screen."""

    DEFAULT_CSS = "VertexHeader { max-height: 5; }"
    STATE_FIRST = True

    def __init__(self, job: str, vertex: str) -> None:
        super().__init__(job, vertex)
        self._known: tuple[Job, JobVertex] | None = None
        """From the last answer of the job that has it: a restart may remove it."""
        self._rows: tuple[SubtaskFacts, ...] = ()

    def asks(self) -> Asks:
        asks: Asks = {JOB(job=self.job): 0.0, VERTEX(job=self.job, vertex=self.vertex): SECONDS}
        known = vertex_of(self.port, self.job, self.vertex)
        return asks | (figures_asks(self.port, known[0], [self.vertex]) if known is not None else {})

    def show_rows_below(self, rows: tuple[SubtaskFacts, ...]) -> None:
        """Show the data of the rows below: all running subtasks, () while not all of them are visible."""
        self._rows = rows
        self.draw()

    def lines(self) -> Sequence[Line]:
        job = self.port.reading(JOB(job=self.job))
        vertex = self.port.reading(VERTEX(job=self.job, vertex=self.vertex))
        problem = problem_line(self.port, self.job, self.vertex, vertex, "The job no longer has this vertex")
        self._known = vertex_of(self.port, self.job, self.vertex) or self._known
        if self._known is None:
            failed = freshness(job, self.port.lost) is Freshness.FAILED
            words = why_empty(self.port, job, "loading vertex…")
            return [problem or [(words, "bad" if failed else "muted")]]
        one, it = self._known
        now = vertex_now(
            it,
            job.at if job is not None and job.at is not None else 0.0,
            vertex.value if vertex is not None else None,
            vertex.at if vertex is not None else None,
        )
        ends = rates.ends(one)
        source = self.vertex in ends.sources
        query, reading = figures_reading(self.port, self.job, it, source=source)
        summed = rates.by_id(reading.value or ()) if reading is not None else {}
        facts, found = self._of_rows(vertex_facts(one, it, ends, self.port), summed)
        watermark: Line = []
        if not states.is_terminal(it.status):
            at = answered_at(self.port, reading)
            watermark = self.one_line("watermark", lambda: self._watermark(summed, at, query, source=source))
        uneven: Line = []
        if vertex is not None and (subtasks := vertex.value) is not None:
            rate = summed.get(rates.RATE_IDS[1 if source else 0])
            uneven = self.one_line(
                "skew", lambda: skew_parts(subtasks, rate.skew if rate is not None else None)
            )

        def flow() -> Line:
            if states.is_terminal(it.status):
                return totals_line(it.metrics, source=source, sink=self.vertex in ends.sinks)
            return flow_line(facts, found, narrow=self.size.width < NARROW)

        lines = [
            [(it.name, "strong"), GAP, (self.vertex, "muted")],
            self.one_line("state", lambda: state_line(one, it, now)),
            self.one_line("flow", flow),
            spaced(watermark, uneven),
        ]
        return [problem, *faded(lines)] if problem else lines

    def _of_rows(
        self, facts: VertexFacts, found: dict[str, AggregatedMetric]
    ) -> tuple[VertexFacts, dict[str, AggregatedMetric]]:
        """Rates and times, from the rows below if these are complete."""
        of_rows = found_in(self._rows)
        taken, sent = (of_rows.get(metric) for metric in rates.RATE_IDS)
        if taken is not None:
            facts = replace(facts, taken=Figure(taken.sum))
        if sent is not None:
            facts = replace(facts, sent=Figure(sent.sum))
        return facts, {**found, **of_rows}

    def _watermark(
        self,
        found: Mapping[str, AggregatedMetric],
        cluster_now: float,
        figures: Query[Aggregated] | None,
        *,
        source: bool,
    ) -> Line:
        known = mark_in(found, source=source)
        if known is None:
            listed = self.port.reading(listing(self.job, self.vertex)) if source else None
            none = bool(found) and (not source or (listed is not None and bool(listed.value)))
            source_query = figures if figures is not None and not source else listing(self.job, self.vertex)
            return pair("watermark", *((fmt.ABSENT, "muted") if none else blank(self.port, source_query)))
        lowest = known.min
        if (row := slowest(self._rows)) is not None and row.mark.value is not None:
            # The age of its row, whatever the clock shows by now.
            lowest = row.mark.value
            cluster_now = lowest / 1000.0 + row.lag.value if row.lag.value is not None else cluster_now
        series = vertex_series(self.job, self.vertex, "lag")
        tone = lag_figure(self.port, series, rates.watermark_lag(lowest, cluster_now)).tone
        return watermark_parts(lowest, self.zone_offset(), cluster_now, tone)


def problem_line(port: Port, job: str, vertex: str, part: Reading[Any] | None, removed: str) -> Line:
    """Why the data in `part` about a vertex or a subtask are outdated; [] while all is well."""
    of_job = port.reading(JOB(job=job))
    seen = [one.at for one in (part, of_job) if one is not None and one.at is not None]
    vertices = of_job.value.vertices if of_job is not None and of_job.value is not None else ()
    if of_job is not None and isinstance(of_job.error, NotFound):
        words = "Flink no longer knows this job"
    elif vertices and all(one.id != vertex for one in vertices):
        # A restart can change them.
        words = "The job no longer has this vertex"
    elif part is not None and isinstance(part.error, NotFound):
        words = removed
    elif port.lost is not None or (part is not None and part.error is not None):
        words = ""
    else:
        return []
    what = f"{words}; esc goes back." if words else why_stale(port, part, "This")
    known = f" Last update {fmt.duration(port.now() - min(seen))} ago." if seen else ""
    return [(f"{what}{known}", "bad")]


def attempt_line(attempt: Attempt) -> Line:
    """State and its duration, which attempt, which host."""
    state: Line = [(f"{states.mark(attempt.status)} {attempt.status}", states.tone(attempt.status))]
    state += lasting(attempt.status, attempt.seconds)
    number = pair("attempt", fmt.number(attempt.attempt), "warn" if attempt.attempt else "")
    where, taskmanager = attempt.where, attempt.taskmanager_id or ""
    if taskmanager and processes.is_name(taskmanager):
        # People look for the name of a pod or a container.
        at = f" at {where}" if where else ""
        return spaced(state, number, [*pair("on", taskmanager), (at, "muted")])
    on = pair("on", where) if where else []
    return spaced(state, number, on, pair("TaskManager", taskmanager) if taskmanager else [])


def _percent(value: float) -> str:
    return f"{fmt.per_mille(value)} %"


class SubtaskHeader(LinesPanel):
    """A few lines above everything else on a subtask's screen."""

    DEFAULT_CSS = "SubtaskHeader { max-height: 4; }"
    STATE_FIRST = True

    def __init__(self, job: str, vertex: str, subtask: int) -> None:
        super().__init__(job, vertex, subtask)
        self._progress: subtasks.Progress | None = None  # how its totals move

    def asks(self) -> Asks:
        ids = (self.port, self.job, self.vertex)
        context = vertex_context(*ids)
        query = subtask_figures(self.job, self.vertex, self.subtask, context) if context is not None else None
        asks = context_asks(*ids) | current_asks(*ids, self.subtask)
        return asks | ({query: 0.0} if query is not None else {})

    def lines(self) -> Sequence[Line]:
        reading = current_reading(self.port, self.job, self.vertex, self.subtask)
        known = vertex_of(self.port, self.job, self.vertex)
        name = subtask_names.named(self.subtask, known[1].parallelism if known is not None else None)
        lines: list[Line] = [[(name, "strong"), *(pair(" of", known[1].name) if known is not None else [])]]
        if reading is not None and (attempt := reading.value) is not None:
            if reading.at is not None and (self._progress is None or reading.at > self._progress.seen):
                self._progress = subtasks.add_reading(self._progress, reading.at, [attempt])
            lines.append(self.one_line("state", lambda: attempt_line(attempt)))
            ended = states.is_terminal(attempt.status)
            lines.append(self.one_line("flow", partial(self._totals, attempt) if ended else self._flow))
        elif freshness(reading, self.port.lost) is Freshness.LOADING:
            lines.append([("loading subtask…", "muted")])
        if known is not None:
            lines[-1] = spaced(lines[-1], job_parts(known[0]))
        removed = "The vertex no longer has this subtask"
        problem = problem_line(self.port, self.job, self.vertex, reading, removed)
        return [problem, *faded(lines)] if problem else lines

    def _totals(self, attempt: Attempt) -> Line:
        context = vertex_context(self.port, self.job, self.vertex)
        source, sink = (context.source, context.sink) if context is not None else (False, False)
        return totals_line(attempt.metrics, source=source, sink=sink)

    def _flow(self) -> Line:
        """Rates, times and watermark; not measured differs from not known."""
        facts = current_facts(self.port, self.job, self.vertex, self.subtask, self._progress)
        if facts is None:
            return []
        mark = facts.mark
        if mark.absent or mark.value is None:
            watermark = pair("watermark", *mark.blank)
        else:
            answered = mark.value / 1000.0 + (facts.lag.value or 0.0)
            watermark = watermark_parts(mark.value, self.zone_offset(), answered, facts.lag.tone)
        times = (("busy", facts.busy), ("backpressured", facts.backpressured), ("idle", facts.idle))
        groups = [
            pair(word, *figure_cell(time, _percent, busy.tone if word != "idle" else None))
            for word, time in times
        ]
        return spaced(*rate_groups(facts.taken, facts.sent), *groups, watermark)
