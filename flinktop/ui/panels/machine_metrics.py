"""All metrics of the JobManager or of a TaskManager."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.facts.unanswered import missing_words
from flinktop.model.ended import no_metrics
from flinktop.ui.panels.metrics_table import MetricsList

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flinktop.flink.endpoint import Query
    from flinktop.flink.machine import Machine
    from flinktop.flink.metrics import Metrics


class MachineMetrics(MetricsList):
    """The metrics of one machine."""

    def __init__(self, machine: Machine, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._machine = machine

    def metrics(self, get: Sequence[str] | None = None) -> Query[Metrics]:
        """The machine's."""
        return self._machine.metrics(get=get)

    def none(self) -> str:
        """It has not told any yet."""
        return no_metrics("This process", "")

    def absent(self) -> str:
        """A HistoryServer has none."""
        return missing_words(self.port, self.metrics().endpoint, f"metrics of {self._machine.all_of_them}")
