"""One subtask of a vertex: its attempts, its metrics, its charts."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from flinktop.engine.pins import Pin
from flinktop.facts.vertices import vertex_of
from flinktop.model import subtask_names
from flinktop.ui import keys
from flinktop.ui.panels.accumulators import AttemptAccumulatorsTable
from flinktop.ui.panels.attempts_table import AttemptsTable
from flinktop.ui.panels.flame_graph import FlamePanel
from flinktop.ui.panels.metrics_table import MetricsTable
from flinktop.ui.panels.pinned_charts import PinnedCharts
from flinktop.ui.panels.state_times import StateTimes
from flinktop.ui.panels.subtask_header import SubtaskHeader
from flinktop.ui.panels.vertex_charts import VertexCharts
from flinktop.ui.places import SubtaskPlace
from flinktop.ui.screens.machine_of import RunsOnMachine, Whereabouts, of_subtask
from flinktop.ui.screens.tabbed import TabbedScreen

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import PurePath

    from textual.app import ComposeResult
    from textual.geometry import Size

    from flinktop.ui.live import Panel

STATES_LINES, CHARTS_LINES = 16, 40
"""Lines from which the states of the present attempt, and the charts, stand below the attempts."""


class SubtaskScreen(RunsOnMachine, TabbedScreen):
    """A subtask by its index; whatever becomes of it, the screen stays until the person leaves it."""

    CSS_PATH: ClassVar[list[str | PurePath]] = ["cluster_screen.tcss", "subtask.tcss"]
    COMMANDS_HERE = keys.SUBTASK
    BINDINGS = keys.bindings(keys.SUBTASK)
    TABS = keys.SUBTASK_TABS
    AUTO_FOCUS = None

    def __init__(self, job: str, vertex: str, subtask: int, tab: str = "") -> None:
        """Open a subtask, on this tab or the first."""
        super().__init__()
        self.job = job
        self.vertex = vertex
        self.subtask = subtask
        self._wanted = tab
        self._flame = FlamePanel(job, vertex, subtask, id="flame")
        self._pinned = PinnedCharts(job, vertex, subtask, id="pins")

    @property
    def crumb(self) -> str:
        """Its index, from 0 as in Flink's metrics and REST API, and Flink's own number of how many."""
        known = vertex_of(self.app.port, self.job, self.vertex)
        return subtask_names.named(self.subtask, known[1].parallelism if known is not None else None)

    def first_tab(self, size: Size) -> str:
        """The attempts, unless another was asked for."""
        return self._wanted or super().first_tab(size)

    def panels_of(self, tab: str, size: Size) -> tuple[str, ...]:
        """Attempts with the states of the present one, and charts where there is room; or one thing alone."""
        if tab == "metrics":
            return ("metrics", "pins")
        if tab != "attempts":
            return (tab,)
        below = [
            name
            for name, least in (("states", STATES_LINES), ("charts", CHARTS_LINES))
            if size.height >= least
        ]
        return ("attempts", *below)

    def headers(self) -> ComposeResult:
        """What the subtask is and how it is."""
        yield SubtaskHeader(self.job, self.vertex, self.subtask)

    def tabbed(self) -> Iterable[Panel]:
        """Attempts and states, metrics, charts."""
        ids = (self.job, self.vertex, self.subtask)
        yield AttemptsTable(*ids, id="attempts")
        yield StateTimes(*ids, id="states")
        yield MetricsTable(*ids, id="metrics")
        yield self._pinned
        yield AttemptAccumulatorsTable(*ids, id="accumulators")
        yield self._flame
        yield VertexCharts(*ids, id="charts")

    def whereabouts(self) -> Whereabouts:
        """Where the present attempt runs."""
        return of_subtask(self.app.port, self.job, self.vertex, self.subtask)

    # -- commands ------------------------------------------------------------------------------------

    def action_pin(self) -> None:
        """Pin the selected metric, or no longer."""
        table = self.query_one(MetricsTable) if self.tab == "metrics" else None
        metric = table.metric_here() if table is not None else None
        if table is not None and metric is not None and self._pinned.is_mounted:
            self.app.toggle_pin(Pin(self.job, self.vertex, self.subtask, metric))
            table.tick()
            self._pinned.update()

    def action_flame_kind(self) -> None:
        """The flame graph of other threads."""
        if self.tab == "flame" and self._flame.is_mounted:
            self._flame.next_kind()

    def go_back(self) -> bool:
        """A zoomed flame graph shows all again first."""
        return self._flame.leave_zoom() or super().go_back()

    def action_previous(self) -> None:
        """The subtask before this one, in the same view."""
        self._step(-1)

    def action_next(self) -> None:
        """The subtask after this one, in the same view."""
        self._step(1)

    def _step(self, by: int) -> None:
        known = vertex_of(self.app.port, self.job, self.vertex)
        count = known[1].parallelism if known is not None else 0
        if count > 0 and (count > 1 or self.subtask > 0):
            # One that a smaller parallelism has taken away is followed by the first, preceded by the last.
            inside = min(self.subtask, count if by < 0 else count - 1)
            following = (inside + by) % count
            self.app.go(SubtaskPlace(self.job, self.vertex, following, self.tab), instead=True)
