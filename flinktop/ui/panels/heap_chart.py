"""Heap and garbage collection of the worst TaskManager over time."""

from __future__ import annotations

from flinktop.engine.series import cluster_series
from flinktop.model import format as fmt
from flinktop.ui.panels.time_chart import Measure, TimeChart


class HeapChart(TimeChart):
    """How full the fullest heap is, and the share of time that goes into collecting (model/heap.py)."""

    DEFAULT_CSS = "HeapChart { height: 1fr; }"
    BOX = "Heap and GC, %"
    HIGH = 1000.0

    def measures(self) -> tuple[Measure, ...]:
        """Per mille of the limit, and ms/s: both are thousandths."""
        return (
            Measure("heap", cluster_series("heap"), "first"),
            Measure("GC", cluster_series("gc"), "second"),
        )

    def label(self, value: float) -> str:
        """Thousandths as a percentage."""
        return fmt.per_mille(value)

    def nothing(self) -> str:
        """Why there is nothing to draw."""
        return "loading TaskManagers' memory…"
