"""Charts of the figures that a finding rests on."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

from flinktop.engine.series import cluster_series, job_series, vertex_series
from flinktop.engine.sweep import SECONDS, restarts_query
from flinktop.facts.jobs import job_state
from flinktop.facts.vertices import figures_asks
from flinktop.flink.checkpoints import CHECKPOINTS
from flinktop.flink.jobs import JOB
from flinktop.flink.metrics import TASKMANAGERS_METRICS
from flinktop.flink.vertices import VERTEX_BACKPRESSURE
from flinktop.judgement.finding import Kind
from flinktop.model import heap, states
from flinktop.ui.live import RARELY, Panel
from flinktop.ui.panels import time_chart
from flinktop.ui.panels.time_chart import ENDED, WAITING, Measure, TimeChart

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from textual.app import ComposeResult
    from textual.geometry import Size

    from flinktop.facts.culprits import FoundRow
    from flinktop.ui.live import Asks
    from flinktop.ui.panels.time_chart import Unit
    from flinktop.ui.panels.why import Choice

_FLOW, _LAG, _FAILURES, _START = (
    ("time", "records"),
    ("lag", "records"),
    ("restarts", "records"),
    ("records",),
)
_CHECKPOINTS, _CLUSTER = ("duration", "size"), ("heap", "all")
CHARTS: Final[Mapping[Kind, tuple[str, ...]]] = {
    Kind.STALLED: _FLOW,
    Kind.BOTTLENECK: _FLOW,
    Kind.SKEW: _FLOW,
    Kind.WATERMARK_STUCK: _LAG,
    Kind.LATE_RECORDS: _LAG,
    Kind.SOURCE_LAG: ("records", "lag"),
    Kind.CATCHING_UP: ("records", "lag"),
    Kind.NO_DATA: ("records", "lag"),
    Kind.RECORD_ERRORS: _START,
    Kind.FAILED: _FAILURES,
    Kind.RESTART_LOOP: _FAILURES,
    Kind.RESTARTING: _FAILURES,
    Kind.NO_SLOTS: _START,
    Kind.SLOW_START: _START,
    Kind.UNDER_SCALED: _START,
    Kind.CHECKPOINTS_OFF: _START,
    Kind.CHECKPOINTS_FAILING: _CHECKPOINTS,
    Kind.CHECKPOINT_OVERDUE: _CHECKPOINTS,
    Kind.CHECKPOINT_SLOW: _CHECKPOINTS,
    Kind.STATE_GROWING: ("size", "duration"),
    Kind.MEMORY: _CLUSTER,
    Kind.TASKMANAGER_LOST: ("all", "heap"),
    Kind.TASKMANAGER_FLAPPING: ("all", "heap"),
    Kind.NETWORK_BUFFERS: ("all", "heap"),
}
"""The charts of each kind, the most telling first; those of other kinds are of the whole cluster."""
OTHER: Final = ("all",)
TWO: Final = 18
"""Lines from which on two charts are shown."""


class WhyCharts(Panel):
    """One or two charts of the figures of the selected finding; redrawn every few seconds."""

    DEFAULT_CSS = "WhyCharts { height: 1fr; layout: vertical; }"

    def __init__(self, choice: Choice) -> None:
        super().__init__(choice.job, id="charts")
        self.choice = choice
        self._charts: dict[str, TimeChart] = {}
        self._shown: tuple[str, ...] = ()

    @property
    def row(self) -> FoundRow | None:
        return self.choice.row(self.port)

    def compose(self) -> ComposeResult:
        """All charts, of which the finding's are shown."""
        made: tuple[tuple[str, str, Callable[[], Sequence[Measure]], Unit], ...] = (
            ("time", "Busiest subtask, % of its time", self._time, time_chart.SHARE),
            ("records", "Records/s of the job", self._records, time_chart.COUNT),
            ("lag", "Watermark lag, precision 10 s", self._lag, time_chart.SECONDS),
            ("restarts", "Restarts", self._of_job("restarts"), time_chart.WHOLE),
            ("duration", "Checkpoint duration", self._of_job("checkpoint-duration"), time_chart.MILLISECONDS),
            ("size", "Checkpoint size", self._of_job("checkpoint-size"), time_chart.BYTES),
            ("heap", "Fullest heap and GC, %", self._heap, time_chart.SHARE),
            ("all", "Records/s, whole cluster", self._all, time_chart.COUNT),
        )
        for name, box, measures, unit in made:
            chart = self._charts[name] = TimeChart(box, measures, self._nothing, unit)
            chart.display = False
            yield chart

    def shown(self, size: Size) -> tuple[str, ...]:
        """The charts of the selected finding, as many as there is room for."""
        row = self.row
        wanted = CHARTS.get(row.finding.kind, OTHER) if row is not None else ()
        return wanted if size.height >= TWO else wanted[:1]

    def show(self) -> None:
        shown = self.shown(self.size)
        for name, chart in self._charts.items():
            chart.set_shown(name in shown)
            chart.wants_tick = True
        if shown != self._shown:
            self._shown = shown
            # The first on top, whatever their order here.
            for before, after in pairwise(shown):
                self.move_child(self._charts[before], before=self._charts[after])

    def asks(self) -> Asks:
        """The sources of the charts."""
        row, shown = self.row, self.shown(self.size)
        if row is None:
            return {}
        asks: Asks = {}
        if "heap" in shown:
            asks[TASKMANAGERS_METRICS()] = RARELY
            ids = heap.ids_to_request([one.id for one in self.port.value(TASKMANAGERS_METRICS()) or ()])
            if ids:
                asks[TASKMANAGERS_METRICS(get=ids)] = SECONDS
        if not row.job:
            return asks
        asks[JOB(job=row.job)] = 0.0
        if "restarts" in shown:
            asks[restarts_query(row.job)] = SECONDS
        if "duration" in shown:
            asks[CHECKPOINTS(job=row.job)] = 0.0
        vertex, job = row.finding.culprit.vertex, self.port.value(JOB(job=row.job))
        if vertex is not None and "time" in shown and self.port.features.has(1, 13):
            asks[VERTEX_BACKPRESSURE(job=row.job, vertex=vertex)] = SECONDS
        if vertex is not None and job is not None and "lag" in shown:
            asks |= figures_asks(self.port, job, [vertex], SECONDS)
        return asks

    def _time(self) -> Sequence[Measure]:
        row = self.row
        if row is None:
            return ()
        vertex = row.finding.culprit.vertex
        return [
            Measure(
                name,
                vertex_series(row.job, vertex, f"split-{of}")
                if vertex is not None
                else job_series(row.job, f"split-{of}"),
                style,
            )
            for name, of, style in (
                ("busy", "busy", "first"),
                ("bkpr", "backpressured", "second"),
                ("idle", "idle", "muted"),
            )
        ]

    def _records(self) -> Sequence[Measure]:
        row = self.row
        if row is None:
            return ()
        return [Measure(name, job_series(row.job, name), style) for name, style in _IN_OUT]

    def _lag(self) -> Sequence[Measure]:
        """Of the vertex, and of the job's sinks."""
        row = self.row
        if row is None:
            return ()
        found = [Measure("sinks", job_series(row.job, "lag"), "second")]
        if (vertex := row.finding.culprit.vertex) is not None:
            found.insert(0, Measure("vertex", vertex_series(row.job, vertex, "lag")))
        return found

    def _of_job(self, measure: str) -> Callable[[], Sequence[Measure]]:
        def measures() -> Sequence[Measure]:
            row = self.row
            return (Measure(measure.rpartition("-")[2], job_series(row.job, measure)),) if row else ()

        return measures

    def _heap(self) -> Sequence[Measure]:
        return Measure("heap", cluster_series("heap")), Measure("GC", cluster_series("gc"), "second")

    def _all(self) -> Sequence[Measure]:
        return [Measure(name, cluster_series(name), style) for name, style in _IN_OUT]

    def _nothing(self) -> str:
        row = self.row
        if row is not None and row.job and states.is_terminal(job_state(self.port, row.job)):
            return ENDED
        return WAITING


_IN_OUT: Final = (("in", "first"), ("out", "second"))
