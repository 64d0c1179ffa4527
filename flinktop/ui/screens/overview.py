"""The overview of a cluster: its state in one line, its throughput, its jobs by their verdicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.containers import Container

from flinktop.ui import keys
from flinktop.ui.panels.cluster_line import ClusterLine
from flinktop.ui.panels.jobs_table import JobsTable
from flinktop.ui.panels.time_chart import Throughput, heap_chart
from flinktop.ui.places import JobPlace, WhyPlace, job_actions
from flinktop.ui.screens.cluster_screen import ClusterScreen
from flinktop.ui.widgets.messages import Opened

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from flinktop.ui.screens.actions import Action


class OverviewScreen(ClusterScreen, sheet="overview.tcss"):
    """Where flinktop opens."""

    COMMANDS_HERE = keys.OVERVIEW
    AUTO_FOCUS = "#jobs"

    def body(self) -> ComposeResult:
        yield ClusterLine()
        with Container(id="overview"):
            with Container(id="charts"):
                yield Throughput(id="throughput")
                yield heap_chart()
            yield JobsTable()

    def state_words(self) -> str:
        words = super().state_words()
        return f"{words}  ended jobs hidden".strip() if self.query_one(JobsTable).hide_finished else words

    def actions(self) -> tuple[Action, ...]:
        """The actions on the job under the cursor; without one, on the cluster."""
        row = self.query_one(JobsTable).table.cursor_row
        return job_actions(self.port, row.jid, row.name) if row is not None else super().actions()

    def selected(self) -> dict[str, str]:
        """The job under the cursor."""
        table = self.table()
        key = table.cursor_key if table is not None and table.id == "jobs" else None
        return {"job": key} if key is not None else {}

    @on(Opened)
    def _open_job(self, event: Opened) -> None:
        self.app.go(JobPlace(event.key))

    def action_why(self) -> None:
        """Why the job under the cursor is unhealthy, and what is wrong with the cluster itself."""
        row = self.query_one(JobsTable).table.cursor_row
        self.app.go(WhyPlace(row.jid if row is not None else "", cluster=True))

    def action_hide_finished(self) -> None:
        self.query_one(JobsTable).toggle_finished()
        self.tick()
