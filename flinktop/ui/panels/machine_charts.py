"""A machine over time: heap, garbage collection, processor, threads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual.containers import Grid

from flinktop.engine.series import machine_series
from flinktop.facts.processes import figures_query, taskmanagers_listing
from flinktop.facts.unanswered import missing_words
from flinktop.flink.metrics import TASKMANAGER_METRICS
from flinktop.model import format as fmt
from flinktop.ui.live import RARELY, Panel
from flinktop.ui.panels.time_chart import Measure, TimeChart

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from flinktop.engine.store import Reading
    from flinktop.flink.machine import Machine


class MachineChart(TimeChart):
    """One measure of a machine."""

    MEASURE: ClassVar[str] = ""
    """As engine/machines.py records it."""
    NAME: ClassVar[str] = ""

    def __init__(self, machine: Machine) -> None:
        super().__init__()
        self._machine = machine

    def measures(self) -> tuple[Measure, ...]:
        """The one line."""
        return (Measure(self.NAME, machine_series(self._machine.taskmanager, self.MEASURE), "first"),)

    def nothing(self) -> str:
        """Why there is nothing to draw."""
        absent = missing_words(self.port, TASKMANAGER_METRICS, f"metrics of {self._machine.all_of_them}")
        return absent or "waiting for metrics (Flink updates them every 10 s)"


class HeapUsed(MachineChart):
    """How full the heap is."""

    BOX = "Heap used, %"
    MEASURE, NAME = "heap", "heap"
    HIGH = 1000.0

    def label(self, value: float) -> str:
        """Thousandths as a percentage."""
        return fmt.per_mille(value)


class Collecting(MachineChart):
    """How long it collects garbage."""

    BOX = "Garbage collection, ms/s"
    MEASURE, NAME = "gc", "GC"


class Processor(MachineChart):
    """How busy it keeps the processors."""

    BOX = "CPU, % of the machine"
    MEASURE, NAME = "cpu", "CPU"
    HIGH = 1000.0

    def label(self, value: float) -> str:
        """Thousandths as a percentage."""
        return fmt.per_mille(value)


class ThreadCount(MachineChart):
    """How many threads it has."""

    BOX = "Threads"
    MEASURE, NAME = "threads", "threads"


class MachineCharts(Panel):
    """Four charts, two beside each other."""

    DEFAULT_CSS = """
    MachineCharts { height: 1fr; }
    MachineCharts Grid { grid-size: 2 2; grid-gutter: 0 1; height: 1fr; }
    """

    def __init__(self, machine: Machine, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._machine = machine

    def compose(self) -> ComposeResult:
        """The charts."""
        with Grid():
            for chart in (HeapUsed, Collecting, Processor, ThreadCount):
                yield chart(self._machine)

    def on_mount(self) -> None:
        """Watch what the series are made of."""
        listing: Any = taskmanagers_listing() if self._machine.taskmanager else self._machine.metrics()
        if not self.port.features.history_server:
            self.watch_query("listing", listing, self._listed, every=RARELY)
        super().on_mount()

    def _listed(self, _reading: Reading[Any]) -> None:
        query = figures_query(self.port, self._machine)
        if query is not None:
            self.watch_query("figures", query, self._news)

    def _news(self, _reading: Reading[Any]) -> None:
        """Charts draw what the engine has recorded of it."""
        self.wants_tick = True

    def tick(self) -> None:
        """The charts tick by themselves, as panels of the screen do."""
