"""Charts of series that the engine records, over the chosen time window; throughput and heap."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.content import Content

from flinktop.engine.series import cluster_series, job_series
from flinktop.facts.freshness import OLD_SECONDS, why_empty
from flinktop.facts.jobs import job_state
from flinktop.flink.jobs import JOBS_OVERVIEW
from flinktop.model import format as fmt
from flinktop.model import states
from flinktop.ui.live import Panel
from flinktop.ui.widgets.chart import Chart, Line, Options

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.app import ComposeResult

    from flinktop.engine.series import SeriesName
    from flinktop.ui.widgets.axes import Scale


WAITING = "waiting for metrics (Flink updates them every 10 s)"
DAY = 86400.0
EVERYTHING = math.inf
CHOICES = (300.0, 900.0, 1800.0, 3600.0, 10800.0, EVERYTHING)
"""Seconds that a user can choose; series keep about three hours."""
AUTOMATIC = (120.0, 300.0, 900.0)
"""Seconds without a choice, the shortest that show everything: after a fresh start no chart is empty."""
WAITING_RATES = "waiting for rates (Flink updates its counters every 10 s)"
ENDED = "the job has ended: no data recorded"


def stepped(chosen: float | None, by: int) -> float:
    """The next longer or shorter choice; None, the automatic window, counts as the longest automatic one."""
    at = CHOICES.index(AUTOMATIC[-1] if chosen is None else chosen)
    return CHOICES[min(max(at + by, 0), len(CHOICES) - 1)]


@dataclass(frozen=True, slots=True)
class Measure:
    """One line: its name in the legend, its series, its tone."""

    name: str
    series: SeriesName
    style: str = "first"


@dataclass(frozen=True, slots=True)
class Unit:
    """How values are written, which steps of them are round, and a fixed upper limit."""

    write: Callable[[float], str]
    scale: Scale = "decimal"
    high: float | None = None


COUNT = Unit(fmt.count)
WHOLE = Unit(fmt.count, "whole")
SHARE = Unit(fmt.per_mille, high=1000.0)  # thousandths, as in Flink's ms/s, shown as a percentage
SECONDS = Unit(fmt.span, "seconds")
MILLISECONDS = Unit(fmt.milliseconds, "milliseconds")
BYTES = Unit(fmt.size, "bytes")


class TimeChart(Panel):
    """One chart; it is redrawn when its points move it by a column. Times are the cluster's own.

    `title` replaces `box` in its box, and should change rarely: the whole box is repainted. `nothing` returns
    why there is nothing to draw, `detail` a note for a chart of the given width.
    """

    DEFAULT_CSS = """
    TimeChart { height: 1fr; }
    TimeChart Chart { height: 1fr; }
    TimeChart Chart:focus { background: $foreground 4%; }
    """
    TO_THE_SECOND: ClassVar[float] = 300.0  # windows up to this (s) show seconds

    def __init__(
        self,
        box: str,
        measures: Callable[[], Sequence[Measure]],
        nothing: Callable[[], str],
        unit: Unit = COUNT,
        *,
        title: Callable[[], str] | None = None,
        detail: Callable[[int], str] | None = None,
        job: str = "",
        id: str | None = None,
        classes: str = "",
    ) -> None:
        self.BOX = box
        super().__init__(job, id=id)
        self.add_class(*classes.split())
        self.measures, self._nothing, self._unit = measures, nothing, unit
        self._title, self._detail = title, detail
        self._titled = box

    def compose(self) -> ComposeResult:
        chart = Chart(ascii=self.ascii)
        chart.can_focus = True  # so that tab comes here and z gives it the whole screen
        yield chart

    def picture(self) -> tuple[list[Line], float, float]:
        """The lines, and the start and end of the shown time (s since 1970)."""
        port, chosen = self.port, self.app.chart_window
        now = port.now()
        # In the cluster's own time, so that the axis has round times; whole seconds, so that a late answer
        # does not shift the picture.
        ahead = round(port.cluster_time() - now)
        reach = AUTOMATIC[-1] if chosen is None else chosen
        known = [(one, port.points(one.series, now - reach)) for one in self.measures()]
        age = max((now - points[0][0] for _, points in known if points), default=0.0)
        if chosen is None:
            seconds = next((some for some in AUTOMATIC if age <= some), reach)
        else:
            seconds = max(age, CHOICES[0]) if chosen == EVERYTHING else chosen
        lines = [
            Line(one.name, tuple((at + ahead, value) for at, value in points), one.style)
            for one, points in known
        ]
        return lines, now + ahead - seconds, now + ahead

    def heading(self, window: str) -> tuple[str, str]:
        """The title of the picture, and a muted detail; `window` is the shown time."""
        title = self._title() if self._title is not None else self.BOX
        if title != self._titled:
            self._titled = title
            self.border_title = Content(title)
        detail = self._detail(self.size.width) if self._detail is not None else ""
        return "" if self.boxed else title, ", ".join(filter(None, (detail, window)))

    def show(self) -> None:
        chart, offset = self.query_one(Chart), self.zone_offset()
        lines, since, until = self.picture()

        def clock(at: float) -> str:
            if until - since >= DAY:
                return fmt.moment(at, offset)[5:16]
            return fmt.clock(at, offset)[: 8 if until - since <= self.TO_THE_SECOND else 5]

        chart.set_title(*self.heading(f"last {fmt.duration(until - since)}"))
        chart.set_empty(self._nothing())
        unit = self._unit
        options = Options(label=unit.write, clock=clock, high=unit.high, scale=unit.scale)
        chart.set_lines(lines, options, since=since, until=until)


class Throughput(TimeChart):
    """Records/s that sources send and that sinks receive: of a job, or of the whole cluster."""

    def __init__(self, job: str = "", *, id: str | None = None) -> None:
        super().__init__("Records/s", self._rates, self._why_none, detail=self._coverage, job=job, id=id)

    def _rates(self) -> Sequence[Measure]:
        if not self.job and self.port.features.history_server:
            # Where no job can run there are neither, not even zeros.
            return ()
        return [
            Measure(name, job_series(self.job, name) if self.job else cluster_series(name), style)
            for name, style in (("in", "first"), ("out", "second"))
        ]

    def _coverage(self, _width: int) -> str:
        """The jobs that the cluster's chart sums up: how many, and how old the oldest part is."""
        coverage, now = self.port.coverage, self.port.now()
        if self.job or not coverage.live:
            return ""
        words = f"{coverage.known} of {coverage.live} {'job' if coverage.live == 1 else 'jobs'}"
        if coverage.oldest is not None and now - coverage.oldest > OLD_SECONDS:
            words += f", slowest value {fmt.duration(now - coverage.oldest)} old"
        return words

    def _why_none(self) -> str:
        if self.job:
            return ENDED if states.is_terminal(job_state(self.port, self.job)) else WAITING_RATES
        if self.port.features.history_server:
            return "a HistoryServer keeps no rates of the jobs that have ended"
        reading = self.port.reading(JOBS_OVERVIEW())
        if reading is None or reading.value is None:
            # The frame shows why a cluster is lost.
            return "" if self.port.lost is not None else why_empty(self.port, reading, "loading jobs…")
        return WAITING_RATES if self.port.coverage.live else "no job is running"


def heap_chart() -> TimeChart:
    """How full the fullest heap is, and the share of time spent in garbage collection (model/heap.py)."""
    measures = (
        Measure("heap", cluster_series("heap")),
        # ms/s are thousandths as well.
        Measure("GC", cluster_series("gc"), "second"),
    )
    return TimeChart(
        "Heap and GC, %", lambda: measures, lambda: "loading TaskManagers' memory…", SHARE, id="heap"
    )
