"""A process over time: heap, garbage collection, processor, threads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Grid

from flinktop.engine.series import process_series
from flinktop.facts.processes import figures_asks
from flinktop.facts.unanswered import missing_words
from flinktop.flink.metrics import TASKMANAGER_METRICS
from flinktop.ui.live import Asks, Panel
from flinktop.ui.panels.time_chart import COUNT, SHARE, WAITING, Measure, TimeChart, Unit

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from flinktop.flink.process import Process

CHARTS = (
    ("Heap used, %", "heap", "heap", SHARE),
    ("Garbage collection, ms/s", "GC", "gc", COUNT),
    ("CPU, % of the machine", "CPU", "cpu", SHARE),
    ("Threads", "threads", "threads", COUNT),
)
"""Title, name in the legend, measure as engine/processes.py records it, unit."""


class ProcessCharts(Panel):
    """Four charts, two beside each other."""

    DEFAULT_CSS = """
    ProcessCharts { height: 1fr; }
    ProcessCharts Grid { grid-size: 2 2; grid-gutter: 0 1; height: 1fr; }
    """

    def __init__(self, process: Process, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._process = process

    def compose(self) -> ComposeResult:
        with Grid():
            for chart in CHARTS:
                yield self._chart(*chart)

    def _chart(self, box: str, name: str, measure: str, unit: Unit) -> TimeChart:
        measures = (Measure(name, process_series(self._process.taskmanager, measure)),)
        return TimeChart(box, lambda: measures, self._nothing, unit, classes=measure)

    def _nothing(self) -> str:
        absent = missing_words(self.port, TASKMANAGER_METRICS, f"metrics of {self._process.all_of_them}")
        return absent or WAITING

    def asks(self) -> Asks:
        return {} if self.port.features.history_server else figures_asks(self.port, self._process)
