"""The JobManager: memory, charts, metrics, configuration, logs, threads, profiler."""

from __future__ import annotations

from flinktop.flink.process import Process
from flinktop.ui import keys, tabs
from flinktop.ui.screens.process_screen import ProcessScreen


class JobManagerScreen(ProcessScreen):
    """The JobManager that answers."""

    COMMANDS_HERE = keys.JOBMANAGER
    TABS = tabs.JOBMANAGER_TABS
    crumb = "JobManager"

    def __init__(self, tab: str = "") -> None:
        super().__init__(Process(), tab)

    def action_copy(self) -> None:
        value = self.made["configuration"].value_here() if self.tab == "configuration" else None
        if value is not None:
            self.app.copy_text(value)
        else:
            super().action_copy()
