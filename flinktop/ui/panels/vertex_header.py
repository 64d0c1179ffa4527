"""What a vertex is and how it is: state, parallelism, rates, busy, watermark, skew in words."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from textual.content import Content

from flinktop.engine.series import vertex_series
from flinktop.facts.figure import Figure, lag_figure
from flinktop.facts.freshness import Freshness, answered_at, freshness
from flinktop.facts.subtasks import records
from flinktop.facts.unanswered import blank, why_empty, why_stale
from flinktop.facts.vertices import figures_reading, listing, mark_in, vertex_facts, vertex_of
from flinktop.flink.errors import NotFound
from flinktop.flink.jobs import JOB
from flinktop.flink.numbers import LONG_MAX, positive
from flinktop.flink.vertices import VERTEX
from flinktop.model import format as fmt
from flinktop.model import lag as lags
from flinktop.model import parallelism, rates, skew, states, subtask_names
from flinktop.model.vertex_now import vertex_now
from flinktop.ui.live import Panel
from flinktop.ui.panels.frame import Part, assemble, cut_line, zone_offset
from flinktop.ui.panels.subtask_columns import hot, said, shown
from flinktop.ui.panels.subtask_summary import found_in, slowest
from flinktop.ui.panels.totals_line import totals_line
from flinktop.ui.panels.vertex_figures import VertexFigures

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flinktop.engine.host import Port
    from flinktop.engine.store import Reading
    from flinktop.facts.subtasks import SubtaskFacts
    from flinktop.facts.vertices import VertexFacts
    from flinktop.flink.endpoint import Query
    from flinktop.flink.jobs import Job, JobVertex
    from flinktop.flink.metrics import Aggregated, AggregatedMetric
    from flinktop.flink.vertices import Vertex
    from flinktop.model.vertex_now import VertexNow

FEW_ROWS = 3
"""With fewer rows than this the state stands before the name."""
NARROW = 100
"""Cells below which words are shortened."""
SECONDS = 10.0
"""Between two looks at the totals, for the skew; the table of subtasks has more reason to ask."""
GAP: Part = ("   ", "")


def state_line(job: Job, vertex: JobVertex, now: VertexNow) -> list[Part]:
    """State, how many subtasks are in which, parallelism; the job's state where it does not run."""
    tone = states.tone(now.state)
    parts: list[Part] = [(f"{states.mark(now.state)} {now.state}", tone)]
    if list(now.tasks) not in ([], [now.state]):
        words = ", ".join(f"{count} {state.lower()}" for state, count in now.tasks.items())
        parts.append((f" ({words})", "warn" if "FAILED" in now.tasks else "muted"))
    if now.seconds is not None:
        word = " ran " if states.is_terminal(now.state) else " for "
        parts.append((f"{word}{fmt.duration(now.seconds)}", "muted"))
    if now.behind > 0:
        parts.append((f" (subtasks as of {fmt.duration(max(1.0, now.behind))} earlier)", "muted"))
    tone = "info" if vertex.parallelism < 0 else ""
    parts += [GAP, ("parallelism ", "muted"), (parallelism.words(vertex.parallelism, job), tone)]
    if (most := positive(vertex.max_parallelism)) is not None:
        parts.append((f" (max {most})", "muted"))
    if not states.is_running(job.state):
        parts += [GAP, (f"the job is {job.state}", states.tone(job.state))]
    return parts


def flow_line(facts: VertexFacts, found: Mapping[str, AggregatedMetric], *, narrow: bool) -> list[Part]:
    """Records/s of the vertex; least, mean and most of what its subtasks are busy, backpressured and idle."""
    parts: list[Part] = []
    for word, figure in (("in ", facts.taken), ("out ", facts.sent)):
        text, tone = said(figure, fmt.count)
        parts += [(word, "muted"), (f"{text}/s" if shown(figure) else text, tone), GAP]
    backpressured = "bkpr " if narrow else "backpressured "
    times = (("busy ", facts.busy), (backpressured, facts.backpressured), ("idle ", facts.idle))
    for (word, figure), metric in zip(times, rates.TIME_IDS, strict=True):
        known = found.get(metric)
        parts.append((word, "muted"))
        if not shown(figure) or known is None:
            parts += [said(figure, fmt.per_mille), GAP]
            continue
        numbers = "/".join(fmt.per_mille(value) for value in (known.min, known.avg, known.max))
        tone = hot(Figure(known.max)) if metric != rates.TIME_IDS[2] else ""
        parts += [(f"{numbers} %", tone), GAP]
    if not narrow and any(shown(figure) for _, figure in times):
        parts.append(("min/avg/max", "muted"))
    return parts


def watermark_parts(
    mark: float | None, offset: float | None, cluster_now: float, tone: str = ""
) -> list[Part]:
    """The lowest watermark (ms since 1970) and how far it was behind the cluster's clock (s since 1970)."""
    parts: list[Part] = [("watermark ", "muted")]
    lag = rates.watermark_lag(mark, cluster_now)
    if lag is None or mark is None:
        ended = mark is not None and mark >= LONG_MAX
        return [*parts, ("the input has ended" if ended else "none yet", "muted")]
    return [
        *parts,
        (fmt.near(mark / 1000.0, offset, cluster_now), ""),
        (" lag ", "muted"),
        (lags.words(lag), tone),
    ]


def skew_parts(vertex: Vertex, now: float | None) -> list[Part]:
    """How unevenly records are spread, in words where it is worth them.

    Args:
        vertex: With the totals of its subtasks.
        now: Per cent of skew of the present rates, as Flink tells from 1.20 on.
    """
    spread = skew.spread({one.subtask: records(one) for one in vertex.subtasks})
    if spread is None:
        return []
    tone = "warn" if spread.percent >= skew.UNEVEN else ""
    parts: list[Part] = [("skew ", "muted"), (fmt.share(spread.percent / 100), tone)]
    if now is not None:
        parts.append((f" overall, {fmt.share(now / 100)} now", "muted"))
    if spread.percent >= skew.WORTH_A_WORD:
        words = (
            f": {subtask_names.named(spread.top, len(vertex.subtasks))} takes "
            f"{fmt.share(spread.share)} of the records"
        )
        parts.append((words, tone))
        parts.append((f", {fmt.count(spread.over_mean)} times the mean", "muted"))
    return parts


class VertexHeader(Panel):
    """A few lines above everything else on a vertex's screen, each on one row and cut to the width."""

    DEFAULT_CSS = "VertexHeader { height: auto; max-height: 5; padding: 0 1; }"

    def __init__(self, job: str, vertex: str) -> None:
        super().__init__()
        self._job = job
        self._vertex = vertex
        self._figures = VertexFigures(self, job, self._news)
        self._lines: list[list[Part]] = [[(fmt.UNKNOWN, "muted")]]
        self._known: tuple[Job, JobVertex] | None = None
        self._rows: tuple[SubtaskFacts, ...] = ()

    def on_mount(self) -> None:
        """Watch the job, the vertex, and what its subtasks' metrics sum up to."""
        self.watch_query("job", JOB(job=self._job), self._news)
        self.watch_query("vertex", VERTEX(job=self._job, vertex=self._vertex), self._news, every=SECONDS)
        super().on_mount()

    def _news(self, _reading: Reading[Any]) -> None:
        known = vertex_of(self.port, self._job, self._vertex)
        if known is not None:
            self._known = known
            self._figures.follow(known[0], [self._vertex])
        self.tick()

    def show_with(self, rows: tuple[SubtaskFacts, ...]) -> None:
        """Say what the rows below say: those of all subtasks that run, () while not all of them are seen."""
        self._rows = rows
        self.tick()

    def tick(self) -> None:
        """Ages move on."""
        lines = self._described()
        if lines != self._lines:
            grown = len(lines) != len(self._lines)
            self._lines = lines
            self.refresh(layout=grown)

    def _described(self) -> list[list[Part]]:
        job = self.port.reading(JOB(job=self._job))
        vertex = self.port.reading(VERTEX(job=self._job, vertex=self._vertex))
        trouble = trouble_line(
            self.port, self._job, self._vertex, vertex, "The job no longer has this vertex"
        )
        if self._known is None:
            words = why_empty(self.port, job, "loading vertex…")
            failed = freshness(job, self.port.lost) is Freshness.FAILED
            return [trouble or [(words, "bad" if failed else "muted")]]
        one, it = self._known
        now = vertex_now(
            it,
            job.at if job is not None and job.at is not None else 0.0,
            vertex.value if vertex is not None else None,
            vertex.at if vertex is not None else None,
        )
        source = self._vertex in rates.ends(one).sources
        query, reading = figures_reading(self.port, self._job, it, source=source)
        summed = rates.by_id(reading.value or ()) if reading is not None else {}
        facts, found = self._of_rows(vertex_facts(one, it, rates.ends(one), self.port), summed)
        last: list[Part] = []
        if not states.is_terminal(it.status):
            at = answered_at(self.port, reading)
            last = self.one_line("watermark", lambda: self._watermark(summed, at, query, source=source))
        if vertex is not None and (subtasks := vertex.value) is not None:
            rate = summed.get(rates.RATE_IDS[1 if source else 0])
            told = self.one_line(
                "skew", lambda: skew_parts(subtasks, rate.skew if rate is not None else None)
            )
            last += [*([GAP] if last and told else []), *told]

        def flow() -> list[Part]:
            if states.is_terminal(it.status):
                return totals_line(it.metrics, source=source, sink=self._vertex in rates.ends(one).sinks)
            return flow_line(facts, found, narrow=self.size.width < NARROW)

        lines = [
            [(it.name, "strong"), GAP, (self._vertex, "muted")],
            self.one_line("state", lambda: state_line(one, it, now)),
            self.one_line("flow", flow),
            *([last] if last else []),
        ]
        if trouble:
            lines = [[(text, "stale") for text, _ in line] for line in lines]
            lines.insert(0, trouble)
        return lines

    def _of_rows(
        self, facts: VertexFacts, found: dict[str, AggregatedMetric]
    ) -> tuple[VertexFacts, dict[str, AggregatedMetric]]:
        """Rates and times, those of the rows below where these have them all."""
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
    ) -> list[Part]:
        known = mark_in(found, source=source)
        if known is None:
            listed = self.port.reading(listing(self._job, self._vertex)) if source else None
            none = bool(found) and (not source or (listed is not None and bool(listed.value)))
            asked = figures if figures is not None and not source else listing(self._job, self._vertex)
            return [
                ("watermark ", "muted"),
                (fmt.ABSENT, "muted") if none else blank(self.port, asked),
            ]
        lowest = known.min
        if (row := slowest(self._rows)) is not None and row.mark is not None:
            # As old as its row says, whatever the clock says by now.
            lowest = row.mark
            cluster_now = lowest / 1000.0 + row.lag.value if row.lag.value is not None else cluster_now
        series = vertex_series(self._job, self._vertex, "lag")
        tone = lag_figure(self.port, series, rates.watermark_lag(lowest, cluster_now)).tone
        return watermark_parts(lowest, zone_offset(self), cluster_now, tone)

    def render(self) -> Content:
        """The lines; where there is room for one only, the state."""
        width = self.content_size.width
        lines = self._lines
        if self.size.height < FEW_ROWS and len(lines) > 1:
            lines = [lines[1], lines[0], *lines[2:]]
        return Content("\n").join(assemble(cut_line(line, width)) for line in lines)


def trouble_line(port: Port, job: str, vertex: str, part: Reading[Any] | None, gone: str) -> list[Part]:
    """Why what is shown of a vertex, or of a part of it, is no longer so; [] while all is well.

    Args:
        port: The door to the engine.
        job: Its id.
        vertex: Its id.
        part: What tells of the vertex or the subtask.
        gone: What to say when the server does not know that any more.
    """
    of_job = port.reading(JOB(job=job))
    seen = [one.at for one in (part, of_job) if one is not None and one.at is not None]
    if of_job is not None and isinstance(of_job.error, NotFound):
        words = "Flink no longer knows this job"
    elif _left_out(of_job, vertex):
        words = "The job no longer has this vertex"
    elif part is not None and isinstance(part.error, NotFound):
        words = gone
    elif port.lost is not None or (part is not None and part.error is not None):
        words = ""
    else:
        return []
    what = f"{words}; esc goes back." if words else why_stale(port, part, "This")
    known = f" Last update {fmt.duration(port.now() - min(seen))} ago." if seen else ""
    return [(f"{what}{known}", "bad")]


def _left_out(job: Reading[Job] | None, vertex: str) -> bool:
    """Whether the job has vertices, and this one is not among them: a restart can change them."""
    if job is None or job.value is None or not job.value.vertices:
        return False
    return all(one.id != vertex for one in job.value.vertices)
