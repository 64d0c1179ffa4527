"""Charts of the pinned metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.containers import Container
from textual.widgets import Static

from flinktop.engine.pins import ALL, COORDINATOR, Pin, pin_series
from flinktop.facts.vertices import vertex_of
from flinktop.model import subtask_names
from flinktop.ui.live import Panel
from flinktop.ui.panels.time_chart import Measure, TimeChart
from flinktop.ui.widgets.celltext import clip

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

LINES = 9  # lines of a chart
WIDE = 100  # columns from which on two charts are side by side
_OF = " of "
NOTHING = "waiting for metrics (every 10 s; recorded while this tab is open)"
_STYLES = (("max", "first"), ("avg", "second"), ("min", "third"))


class PinChart(TimeChart):
    """One metric: over all subtasks their maximum, mean and minimum."""

    def __init__(self, pin: Pin) -> None:
        super().__init__("", self._lines, lambda: NOTHING)
        self.pin = pin

    def compose(self) -> ComposeResult:
        yield Static("", classes="title", markup=False)
        yield from super().compose()

    def show(self) -> None:
        # The name of its subject may have arrived.
        title = self.query_one(".title", Static)
        title.update(self.title(title.content_size.width or WIDE))
        super().show()

    def _lines(self) -> Sequence[Measure]:
        if self.pin.vertex and self.pin.subtask == ALL:
            return [Measure(name, pin_series(self.pin, name), style) for name, style in _STYLES]
        return (Measure("value", pin_series(self.pin)),)

    def title(self, width: int = WIDE) -> str:
        """The metric, and its subject, in `width` cells; both keep their ends where they are cut."""
        metric, of = self.pin.metric, self._of()
        if not of:
            return clip(metric, width, middle=True)
        # The subject is cut first: other metrics of the same are next to it.
        room = max(width - len(_OF) - cell_len(of), width * 2 // 3)
        shown = clip(metric, room, middle=True)
        rest = width - len(_OF) - cell_len(shown)
        return f"{shown}{_OF}{clip(of, rest, middle=True)}"

    def _of(self) -> str:
        """The subject of the metric; "" for the job itself."""
        if not self.pin.vertex:
            return ""
        known = vertex_of(self.port, self.pin.job, self.pin.vertex)
        of = known[1].name if known is not None else self.pin.vertex
        count = known[1].parallelism if known is not None else None
        if self.pin.subtask == COORDINATOR:
            return f"JobManager's part of {of}"
        return f"{subtask_names.named(self.pin.subtask, count)} of {of}" if self.pin.subtask != ALL else of


class PinnedCharts(Panel):
    """The pins of a job, of one of its vertices, or of one subtask; side by side where there is room."""

    # What the user pins is shown though the screen is frozen.
    ticks_when_paused = True
    DEFAULT_CSS = """
    PinnedCharts { height: 1; max-height: 50%; overflow-y: auto; scrollbar-size-vertical: 1; }
    PinnedCharts .hint { height: 1; color: $text-muted; padding: 0 1; }
    PinnedCharts .pins { height: 0; layout: grid; grid-size: 2; grid-gutter: 0 1; }
    PinnedCharts .pins PinChart { height: 9; }
    PinnedCharts .pins .title { height: 1; padding: 0 1; text-style: bold; }
    """

    def __init__(
        self, job: str, vertex: str = "", subtask: int | None = None, *, id: str | None = None
    ) -> None:
        super().__init__(job, vertex, id=id)
        self._subtask = subtask
        self._drawn: tuple[Pin, ...] = ()

    def compose(self) -> ComposeResult:
        yield Static(
            "p pins a metric: it is charted here, and kept for this job", classes="hint", markup=False
        )
        yield Container(classes="pins")

    def show(self) -> None:
        pins = tuple(
            pin
            for pin in self.app.pins_of(self.job)
            if self.vertex in ("", pin.vertex) and self._subtask in (None, pin.subtask)
        )
        self.query_one(".hint").display = not pins
        if pins == self._drawn:
            return
        self._drawn = pins
        place = self.query_one(".pins", Container)
        columns = 1 if len(pins) == 1 or self.screen.size.width < WIDE else 2
        place.styles.grid_size_columns = columns
        place.styles.height = -(-len(pins) // columns) * LINES
        self.styles.height = max(1, -(-len(pins) // columns) * LINES)
        for chart in place.query(PinChart):
            if chart.pin not in pins:
                chart.remove()
        there = {chart.pin for chart in place.query(PinChart)}
        place.mount_all([PinChart(pin) for pin in pins if pin not in there])
