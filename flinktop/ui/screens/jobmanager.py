"""The JobManager: memory, charts, metrics, configuration, logs, threads, profiler."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.flink.machine import Machine
from flinktop.ui import keys
from flinktop.ui.panels.cluster_configuration import ClusterConfiguration
from flinktop.ui.screens.machine_screen import MachineScreen

if TYPE_CHECKING:
    from flinktop.ui.live import Panel


class JobManagerScreen(MachineScreen):
    """The JobManager that answers."""

    COMMANDS_HERE = keys.JOBMANAGER
    BINDINGS = keys.bindings(keys.JOBMANAGER)
    TABS = keys.JOBMANAGER_TABS

    def __init__(self, tab: str = "") -> None:
        """Open it, on this tab or the first."""
        super().__init__(Machine(), tab)

    @property
    def crumb(self) -> str:
        """The place."""
        return "JobManager"

    def own(self) -> Panel:
        """How the cluster is configured."""
        return ClusterConfiguration(id="configuration")

    def action_copy(self) -> None:
        """Copy the value of a setting, or what is under the cursor."""
        value = self.query_one(ClusterConfiguration).value_here() if self.tab == "configuration" else None
        if value is not None:
            self.app.copy_text(value)
        else:
            super().action_copy()
