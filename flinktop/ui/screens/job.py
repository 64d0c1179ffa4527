"""One job: its header, its vertices, its throughput."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.containers import Container

from flinktop.flink.jobs import JOB, JOBS_OVERVIEW
from flinktop.ui import keys
from flinktop.ui.panels.job_header import JobHeader
from flinktop.ui.panels.throughput import Throughput
from flinktop.ui.panels.vertices_table import VerticesTable
from flinktop.ui.screens.cluster_screen import ClusterScreen
from flinktop.ui.widgets.table import LiveTable

if TYPE_CHECKING:
    from pathlib import PurePath

    from textual.app import ComposeResult


class JobScreen(ClusterScreen):
    """A job by its id; whatever becomes of the job, the screen stays until the person leaves it."""

    CSS_PATH: ClassVar[list[str | PurePath]] = ["cluster_screen.tcss", "job.tcss"]
    COMMANDS_HERE = keys.JOB
    BINDINGS = keys.bindings(keys.JOB)
    AUTO_FOCUS = "#vertices"

    def __init__(self, job: str) -> None:
        super().__init__()
        self.job = job

    @property
    def crumb(self) -> str:
        """The job's name, as soon as anything has told it."""
        detail = self.app.port.reading(JOB(job=self.job))
        if detail is not None and detail.value is not None:
            return detail.value.name
        listed = self.app.port.reading(JOBS_OVERVIEW())
        if listed is not None and listed.value is not None:
            for job in listed.value.jobs:
                if job.jid == self.job:
                    return job.name
        return self.job

    def body(self) -> ComposeResult:
        """Header, vertices, chart."""
        yield JobHeader(self.job)
        with Container(id="panels"):
            yield VerticesTable(self.job)
            yield Throughput(self.job)

    def action_copy(self) -> None:
        """Copy the job's id."""
        self.app.copy_text(self.job)

    def action_previous(self) -> None:
        """The previous job of the overview, in the same view."""
        self._step(-1)

    def action_next(self) -> None:
        """The next job of the overview, in the same view."""
        self._step(1)

    def _step(self, by: int) -> None:
        below = self.app.screen_stack[-2] if len(self.app.screen_stack) > 1 else None
        table = below.query(LiveTable).first() if below is not None and below.query(LiveTable) else None
        shown = table.shown_keys() if table is not None else ()
        if self.job in shown and len(shown) > 1:
            self.app.switch_screen(JobScreen(shown[(shown.index(self.job) + by) % len(shown)]))
