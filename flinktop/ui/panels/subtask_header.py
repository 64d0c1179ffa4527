"""What a subtask is and how it is: which of how many, state, attempt, where it runs, what it does now."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from textual.content import Content

from flinktop.engine.series import subtask_series
from flinktop.facts.figure import ABSENT, Figure, lag_figure
from flinktop.facts.freshness import Freshness, answered_at, failure, freshness
from flinktop.facts.subtasks import present_reading, vertex_context
from flinktop.facts.vertices import listing, vertex_of
from flinktop.flink.jobs import JOB
from flinktop.flink.metrics import VERTEX_METRICS
from flinktop.model import first_minute, machines, rates, states, subtask_names, subtasks
from flinktop.model import format as fmt
from flinktop.model import lag as lags
from flinktop.model.subtask_figures import ENDED, NO_WATERMARK, by_subtask
from flinktop.ui.live import Panel
from flinktop.ui.panels.frame import Part, assemble, cut_line, zone_offset
from flinktop.ui.panels.present_attempt import watch_present
from flinktop.ui.panels.subtask_columns import hot, said, shown
from flinktop.ui.panels.totals_line import totals_line
from flinktop.ui.panels.vertex_figures import RELIST_SECONDS
from flinktop.ui.panels.vertex_header import FEW_ROWS, GAP, trouble_line

if TYPE_CHECKING:
    from flinktop.engine.store import Reading
    from flinktop.flink.endpoint import Query
    from flinktop.flink.metrics import Metrics
    from flinktop.flink.vertices import Attempt
    from flinktop.model.subtask_figures import Figures

GONE = "The vertex no longer has this subtask"


def state_line(attempt: Attempt) -> list[Part]:
    """State and for how long, which attempt, where."""
    tone = states.tone(attempt.status)
    parts: list[Part] = [(f"{states.mark(attempt.status)} {attempt.status}", tone)]
    if attempt.duration >= 0:
        word = " ran " if states.is_terminal(attempt.status) else " for "
        parts.append((f"{word}{fmt.duration(attempt.duration / 1000.0)}", "muted"))
    parts += [GAP, ("attempt ", "muted"), (fmt.number(attempt.attempt), "warn" if attempt.attempt else "")]
    where, taskmanager = attempt.where, attempt.taskmanager_id or ""
    if taskmanager and machines.is_name(taskmanager):
        # The name of a pod or a container is what people look for.
        parts += [GAP, ("on ", "muted"), (taskmanager, ""), (f" at {where}" if where else "", "muted")]
        return parts
    if where:
        parts += [GAP, ("on ", "muted"), (where, "")]
    if taskmanager:
        parts += [GAP, ("TaskManager ", "muted"), (taskmanager, "")]
    return parts


def flow_line(
    figures: Figures | None,
    measures: frozenset[str],
    offset: float | None,
    cluster_now: float,
    *,
    failed: bool = False,
    lag_tone: str = "",
    unknown: frozenset[str] = frozenset(),
) -> list[Part]:
    """Rates, times and watermark of one subtask; what is not measured is not the same as not known.

    Args:
        figures: From the subtask's metrics; None while they are not known.
        measures: What is asked of this subtask in this release.
        offset: Seconds from UTC in which times are shown.
        cluster_now: The cluster's own time (s since 1970).
        failed: Whether the figures could not be had.
        lag_tone: The style of its watermark lag.
        unknown: Measures that are not known yet, though the metrics have a number.
    """

    def figure(measure: str) -> Figure:
        if measure not in measures:
            return ABSENT
        if figures is None or measure in unknown:
            return Figure(failed=failed)
        value = figures.get(measure)
        return Figure(value, absent=value is None)

    parts: list[Part] = []
    for word, measure in (("in ", "taken"), ("out ", "sent")):
        one = figure(measure)
        text, tone = said(one, fmt.count)
        parts += [(word, "muted"), (f"{text}/s" if shown(one) else text, tone), GAP]
    for word, measure in (("busy ", "busy"), ("backpressured ", "backpressured"), ("idle ", "idle")):
        one = figure(measure)
        text, tone = said(one, fmt.per_mille, hot(one) if measure != "idle" else "")
        parts += [(word, "muted"), (f"{text} %" if shown(one) else text, tone), GAP]
    mark = figure("watermark")
    parts.append(("watermark ", "muted"))
    if mark.absent or mark.value is None:
        return [*parts, said(mark, fmt.count)]
    if mark.value in (NO_WATERMARK, ENDED):
        return [*parts, ("none yet" if mark.value == NO_WATERMARK else "the input has ended", "muted")]
    lag = rates.watermark_lag(mark.value, cluster_now)
    return [
        *parts,
        (fmt.near(mark.value / 1000.0, offset, cluster_now), ""),
        (" lag ", "muted"),
        (lags.words(lag), lag_tone),
    ]


class SubtaskHeader(Panel):
    """A few lines above everything else on a subtask's screen, each on one row and cut to the width."""

    DEFAULT_CSS = "SubtaskHeader { height: auto; max-height: 4; padding: 0 1; }"

    def __init__(self, job: str, vertex: str, subtask: int) -> None:
        super().__init__()
        self._job = job
        self._vertex = vertex
        self._subtask = subtask
        self._lines: list[list[Part]] = [[(fmt.UNKNOWN, "muted")]]
        self._progress: subtasks.Progress | None = None

    def on_mount(self) -> None:
        """Watch the job, the subtask, and what it does now."""
        self.watch_query("job", JOB(job=self._job), self._news)
        watch_present(self, self._job, self._vertex, self._subtask, self._counted)
        super().on_mount()

    def figures_query(self) -> Query[Metrics] | None:
        """What tells what it does now; None while it is not known which metrics do."""
        context = vertex_context(self.port, self._job, self._vertex, 0.0)
        ids = context.ids.of([self._subtask]) if context is not None else ()
        return VERTEX_METRICS(job=self._job, vertex=self._vertex, get=ids) if ids else None

    def _news(self, _reading: Reading[Any]) -> None:
        context = vertex_context(self.port, self._job, self._vertex, 0.0)
        query = self.figures_query()
        if context is not None and context.source:
            known = self.port.reading(listing(self._job, self._vertex))
            every = RELIST_SECONDS if known is not None and known.value else 0.0
            self.watch_query("ids", listing(self._job, self._vertex), self._news, every=every)
        if query is not None:
            self.watch_query("figures", query, self._told)
        self.tick()

    def _told(self, _reading: Reading[Metrics]) -> None:
        self.tick()

    def _counted(self, reading: Reading[Attempt]) -> None:
        """How its totals move."""
        if reading.value is not None and reading.at is not None:
            self._progress = subtasks.look(self._progress, reading.at, [reading.value])
        self._news(reading)

    def tick(self) -> None:
        """Ages move on."""
        lines = self._described()
        if lines != self._lines:
            grown = len(lines) != len(self._lines)
            self._lines = lines
            self.refresh(layout=grown)

    def _described(self) -> list[list[Part]]:
        reading = present_reading(self.port, self._job, self._vertex, self._subtask)
        known = vertex_of(self.port, self._job, self._vertex)
        of = known[1].parallelism if known is not None else None
        title: list[Part] = [(subtask_names.named(self._subtask, of), "strong")]
        if known is not None:
            title += [(" of ", "muted"), (known[1].name, "")]
        lines = [title]
        if reading is not None and (attempt := reading.value) is not None:
            lines.append(self.one_line("state", lambda: state_line(attempt)))
            flow = partial(self._totals, attempt) if states.is_terminal(attempt.status) else self._flow
            lines.append(self.one_line("flow", flow))
        elif freshness(reading, self.port.lost) is Freshness.LOADING:
            lines.append([("loading subtask…", "muted")])
        if known is not None and not states.is_running(known[0].state):
            lines[-1] = [*lines[-1], GAP, (f"the job is {known[0].state}", states.tone(known[0].state))]
        if trouble := trouble_line(self.port, self._job, self._vertex, reading, GONE):
            lines = [[(text, "stale") for text, _ in line] for line in lines]
            lines.insert(0, trouble)
        return lines

    def _totals(self, attempt: Attempt) -> list[Part]:
        context = vertex_context(self.port, self._job, self._vertex, 0.0)
        source, sink = (context.source, context.sink) if context is not None else (False, False)
        return totals_line(attempt.metrics, source=source, sink=sink)

    def _flow(self) -> list[Part]:
        context = vertex_context(self.port, self._job, self._vertex, 0.0)
        query = self.figures_query()
        reading = self.port.reading(query) if query is not None else None
        figures = (
            by_subtask(reading.value).get(self._subtask) if reading is not None and reading.value else None
        )
        measures = context.ids.measures if context is not None else frozenset()
        chained = context is not None and context.source and context.sink
        figures, unknown = self._in_first_minute(figures, reading, chained=chained)
        failed = failure(self.port, query) is not None
        at = answered_at(self.port, reading)
        series = subtask_series(self._job, self._vertex, self._subtask, "lag")
        lag = rates.watermark_lag(figures.get("watermark"), at) if figures is not None else None
        tone = lag_figure(self.port, series, lag).tone
        return flow_line(
            figures, measures, zone_offset(self), at, failed=failed, lag_tone=tone, unknown=unknown
        )

    def _in_first_minute(
        self, figures: Figures | None, reading: Reading[Metrics] | None, *, chained: bool
    ) -> tuple[Figures | None, frozenset[str]]:
        """The figures, in its first minute by how its totals have moved; and what is not known then."""
        present = present_reading(self.port, self._job, self._vertex, self._subtask)
        attempt = present.value if present is not None else None
        if figures is None or attempt is None:
            return figures, frozenset()
        if not first_minute.is_young(attempt, answered_at(self.port, reading)):
            return figures, frozenset()
        known = first_minute.known(figures)
        unknown = {
            measure for measure, value in figures.items() if value is not None and known[measure] is None
        }
        moved = self._progress.moved(self._subtask) if self._progress is not None else subtasks.UNMOVED
        # Of a chain's counters only its operators tell.
        counted = {one: getattr(moved, one) for one in unknown if not (chained and one in first_minute.RATES)}
        counted = {measure: value for measure, value in counted.items() if value is not None}
        return {**known, **counted}, frozenset(unknown - counted.keys())

    def render(self) -> Content:
        """The lines; where there is room for one only, the state."""
        width = self.content_size.width
        lines = self._lines
        if self.size.height < FEW_ROWS and len(lines) > 1:
            lines = [lines[1], lines[0], *lines[2:]]
        return Content("\n").join(assemble(cut_line(line, width)) for line in lines)
