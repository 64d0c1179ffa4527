"""A chart of series that the engine keeps, over the time window that the person chose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.content import Content

from flinktop.model import format as fmt
from flinktop.ui.live import Panel
from flinktop.ui.panels import chart_window
from flinktop.ui.panels.frame import zone_offset
from flinktop.ui.widgets.celltext import clip
from flinktop.ui.widgets.chart import Chart, Line

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from flinktop.engine.series import SeriesName
    from flinktop.ui.widgets.axes import Scale

TO_THE_SECOND = 300.0
"""Windows up to this (s) have their times to the second."""
DAY = 86400.0
BOX_EDGES = 6
"""Cells of a box's upper edge that its title leaves."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One line: what the legend calls it, where its points are kept, the tone it is drawn in."""

    name: str
    series: SeriesName
    style: str = "info"


class TimeChart(Panel):
    """One chart; it is redrawn when its points move it by a column.

    Subclasses say what is drawn: `title`, `measures`, `detail`, `nothing`; times are the cluster's own.
    """

    DEFAULT_CSS = """
    TimeChart { height: 1fr; }
    TimeChart Chart { height: 1fr; }
    TimeChart Chart:focus { background: $foreground 4%; }
    """
    HIGH: ClassVar[float | None] = None
    """A fixed upper limit of the values."""
    SCALE: ClassVar[Scale] = "decimal"
    """Which steps of the values are round."""

    _titled = ""
    """The title that its box was given last."""

    def measures(self) -> tuple[Measure, ...]:
        """The lines."""
        return ()

    def title(self) -> str:
        """What stands in its box; foreign text is allowed. It changes rarely: the whole box is repainted."""
        return self.BOX

    def detail(self) -> str:
        """More words on what is drawn, beside the title; foreign text is allowed."""
        return ""

    def nothing(self) -> str:
        """Why there is nothing to draw."""
        return ""

    def label(self, value: float) -> str:
        """How a value is written, on the axis and in the legend."""
        return fmt.count(value)

    def compose(self) -> ComposeResult:
        """One chart."""
        chart = Chart(ascii=self.app.settings.ascii)
        chart.can_focus = True  # so that tab comes here and z gives it the whole screen
        yield chart

    def on_resize(self) -> None:
        """Its title stands in its box, or where there is none in its first line."""
        self.shielded(self.tick)

    def _set_box_title(self, title: str) -> None:
        if self.app.settings.ascii:
            # Textual cuts with an ellipsis what is too long.
            title = clip(title, max(0, self.outer_size.width - BOX_EDGES))
        if title != self._titled:
            self._titled = title
            self.border_title = Content(title)

    def tick(self) -> None:
        """Hand the chart what is known."""
        chart, port = self.query_one(Chart), self.port
        now, offset = port.now(), zone_offset(self)
        # Drawn over the cluster's own time, so that the axis has round times; whole seconds, so that a late
        # answer does not shift the picture.
        ahead = round(port.cluster_time() - now)
        chosen = self.app.chart_window
        measures = self.measures()
        known = {one: port.points(one.series, now - chart_window.reach(chosen)) for one in measures}
        oldest = min((points[0][0] for points in known.values() if points), default=None)
        seconds = chart_window.window(chosen, oldest, now)
        words = (self.detail(), f"last {fmt.duration(seconds)}")
        title = self.title()
        if self.BOX:
            self._set_box_title(title)
        chart.set_title("" if self.boxed else title, ", ".join(filter(None, words)))
        chart.set_empty(self.nothing())
        chart.set_lines(
            [
                Line(one.name, tuple((at + ahead, value) for at, value in points), one.style)
                for one, points in known.items()
            ],
            since=now + ahead - seconds,
            until=now + ahead,
            label=self.label,
            high=self.HIGH,
            scale=self.SCALE,
            clock=lambda at: _time(at, offset, seconds),
        )


def _time(at: float, offset: float | None, seconds: float) -> str:
    """A tick of the time axis: to the second, the minute, or with its date, as the window is long."""
    if seconds >= DAY:
        return fmt.moment(at, offset)[5:16]
    return fmt.clock(at, offset)[: 8 if seconds <= TO_THE_SECOND else 5]
