"""A vertex over time, and one of its subtasks: records/s, where the time goes, watermark lag."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual.containers import Container
from textual.widgets import Static

from flinktop.engine.series import SeriesName, subtask_series, vertex_series
from flinktop.facts.subtasks import vertex_context
from flinktop.facts.vertices import listing, vertex_of
from flinktop.flink.jobs import JOB
from flinktop.flink.metrics import VERTEX_METRICS
from flinktop.flink.vertices import VERTEX_BACKPRESSURE
from flinktop.model import format as fmt
from flinktop.model import rates, split, states, subtask_names
from flinktop.ui.live import Panel
from flinktop.ui.panels.time_chart import Measure, TimeChart

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from flinktop.engine.store import Reading

WAITING = "waiting for metrics (Flink updates them every 10 s)"


class VertexChart(TimeChart):
    """One chart of a vertex or of one of its subtasks."""

    def __init__(self, job: str, vertex: str) -> None:
        super().__init__()
        self.job = job
        self.vertex = vertex
        self.subtask: int | None = None
        """None: the vertex as a whole."""

    def series(self, measure: str) -> SeriesName:
        """Where a measure of a subtask is kept."""
        return subtask_series(self.job, self.vertex, self.subtask or 0, measure)

    def nothing(self) -> str:
        """Why there is nothing to draw."""
        known = vertex_of(self.port, self.job, self.vertex)
        if known is not None and states.is_terminal(known[1].status):
            return "the vertex has ended"
        return WAITING


class Records(VertexChart):
    """What comes in and goes out."""

    BOX = "Records/s"

    def measures(self) -> tuple[Measure, ...]:
        """Sums over the subtasks, or one subtask's; a source takes nothing in, a sink sends nothing."""
        known = vertex_of(self.port, self.job, self.vertex)
        ends = rates.ends(known[0]) if known is not None else rates.Ends((), ())
        found: list[Measure] = []
        chained = self.vertex in ends.chained
        for name, metric, measure, left_out, style in (
            ("in", rates.RATE_IDS[0], "taken", ends.sources, "first"),
            ("out", rates.RATE_IDS[1], "sent", ends.sinks, "second"),
        ):
            if self.vertex in left_out and not chained:
                continue
            # Of a chain the engine keeps what the first operator sends as "in".
            of_vertex = {"taken": "out", "sent": "in"}[measure] if chained else metric
            series = (
                vertex_series(self.job, self.vertex, of_vertex)
                if self.subtask is None
                else self.series(measure)
            )
            found.append(Measure(name, series, style))
        return tuple(found)


class TimeSpent(VertexChart):
    """Busy, backpressured, idle: of the busiest subtask, or of the chosen one; the three belong together."""

    BOX = "Time spent, %"
    HIGH = 1000.0
    LINES: ClassVar[tuple[tuple[str, str, str], ...]] = (
        ("busy", "busy", "first"),
        ("bkpr", "backpressured", "second"),
        ("idle", "idle", "muted"),
    )

    def title(self) -> str:
        """Which subtask is the busiest now."""
        known = vertex_of(self.port, self.job, self.vertex)
        now = self.port.split(self.job, self.vertex) if self.subtask is None else None
        if known is None or now is None:
            return self.BOX
        return f"Time %, busiest {split.who(now, known[1].parallelism)}"

    def measures(self) -> tuple[Measure, ...]:
        """Three lines."""
        return tuple(
            Measure(
                name,
                vertex_series(self.job, self.vertex, f"split-{measure}")
                if self.subtask is None
                else self.series(measure),
                style,
            )
            for name, measure, style in self.LINES
        )

    def label(self, value: float) -> str:
        """A percentage of Flink's ms/s."""
        return fmt.per_mille(value)

    def nothing(self) -> str:
        """Why there is nothing to draw."""
        if not self.port.features.has(1, 13):
            return "busy and backpressured time need Flink 1.13 or later"
        return super().nothing()


class WatermarkLag(VertexChart):
    """How far the lowest watermark was behind the cluster's clock when an answer told it."""

    BOX = "Watermark lag, precision 10 s"
    SCALE = "seconds"

    def measures(self) -> tuple[Measure, ...]:
        """One line."""
        series = vertex_series(self.job, self.vertex, "lag") if self.subtask is None else self.series("lag")
        return (Measure("lag", series, "first"),)

    def label(self, value: float) -> str:
        """A stretch of time."""
        return fmt.span(value)

    def nothing(self) -> str:
        """Why there is nothing to draw."""
        waiting = super().nothing()
        return "no watermark has come yet" if waiting == WAITING else waiting


class VertexCharts(Panel):
    """Three charts of a vertex beside each other, under a line that says of what they are."""

    DEFAULT_CSS = """
    VertexCharts { height: 1fr; }
    VertexCharts .of { height: 1; padding: 0 1; color: $text-muted; }
    VertexCharts .charts { height: 1fr; layout: horizontal; }
    VertexCharts Records, VertexCharts WatermarkLag { width: 3fr; }
    VertexCharts TimeSpent { width: 4fr; }
    """

    def __init__(self, job: str, vertex: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._job = job
        self._vertex = vertex
        self.subtask: int | None = None
        """None: the vertex as a whole."""

    def compose(self) -> ComposeResult:
        """Throughput, time, watermark."""
        yield Static(self.words(), classes="of", markup=False)
        with Container(classes="charts"):
            for kind in (Records, TimeSpent, WatermarkLag):
                chart = kind(self._job, self._vertex)
                chart.subtask = self.subtask
                yield chart

    def words(self) -> str:
        """Of what the charts are."""
        return "all subtasks: records/s together; time of the busiest subtask"

    def on_mount(self) -> None:
        """Watch what its subtasks do with their time, which one answer tells of all of them."""
        if self.subtask is None and self.port.features.has(1, 13):
            query = VERTEX_BACKPRESSURE(job=self._job, vertex=self._vertex)
            self.watch_query("pressure", query, self._news)
        super().on_mount()

    def charts(self) -> list[VertexChart]:
        """The charts."""
        return list(self.query(VertexChart).results(VertexChart))

    def _news(self, _reading: Reading[Any]) -> None:
        """The charts draw what the engine has recorded of it."""
        for chart in self.charts():
            chart.wants_tick = True


class SubtaskCharts(VertexCharts):
    """The same of one subtask, whose figures it asks for."""

    def __init__(self, job: str, vertex: str, subtask: int, *, id: str | None = None) -> None:
        super().__init__(job, vertex, id=id)
        self.subtask = subtask

    def on_mount(self) -> None:
        """Watch the job, which tells what the vertex is, and then the subtask."""
        self.watch_query("job", JOB(job=self._job), self._follow)
        super().on_mount()

    def words(self) -> str:
        """Which subtask the charts are of."""
        known = vertex_of(self.port, self._job, self._vertex)
        return subtask_names.named(self.subtask or 0, known[1].parallelism if known is not None else None)

    def choose(self, subtask: int) -> None:
        """Draw another subtask."""
        self.subtask = subtask
        if not self.is_mounted:
            return
        self.query_one(".of", Static).update(self.words())
        for chart in self.charts():
            chart.subtask = subtask
        self._ask()

    def _follow(self, _reading: Reading[Any]) -> None:
        self._ask()

    def _ask(self) -> None:
        context = vertex_context(self.port, self._job, self._vertex, 0.0)
        if context is None or self.subtask is None:
            return
        if context.source:
            self.watch_query("ids", listing(self._job, self._vertex), self._follow, every=120.0)
        ids = context.ids.of([self.subtask])
        if ids:
            self.watch_query(
                "figures", VERTEX_METRICS(job=self._job, vertex=self._vertex, get=ids), self._news
            )
