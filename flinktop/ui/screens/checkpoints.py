"""The checkpoints of one job: counts, history, charts, summary, configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on

from flinktop.ui import keys
from flinktop.ui.panels.checkpoint_overview import CheckpointOverview
from flinktop.ui.places import CheckpointPlace
from flinktop.ui.screens.actions import on_checkpoint
from flinktop.ui.screens.tabbed import TabbedScreen
from flinktop.ui.widgets.messages import Opened

if TYPE_CHECKING:
    from flinktop.ui.screens.actions import Action


class CheckpointsScreen(TabbedScreen, sheet="checkpoints.tcss"):
    """The checkpoints of a job."""

    COMMANDS_HERE = keys.CHECKPOINTS
    HEADER = CheckpointOverview
    crumb = "checkpoints"

    def __init__(self, job: str) -> None:
        super().__init__(job)
        self.job = job

    def actions(self) -> tuple[Action, ...]:
        row = self.made["history"].table.cursor_row if self.tab == "history" else None
        return (*super().actions(), *(on_checkpoint(self.port, self.job, row.checkpoint) if row else ()))

    def selected(self) -> dict[str, str]:
        """The job, and the checkpoint under the cursor."""
        table = self.table()
        key = table.cursor_key if table is not None and table.id == "checkpoints" else None
        return super().selected() | ({"checkpoint": key} if key is not None else {})

    @on(Opened)
    def _opened(self, event: Opened) -> None:
        if self.tab == "history":
            self.app.go(CheckpointPlace(self.job, int(event.key)))

    def action_copy(self) -> None:
        row = self.made["history"].table.cursor_row if self.tab == "history" else None
        if row is not None:
            self.app.copy_text(row.checkpoint.external_path or str(row.checkpoint.id))
        else:
            super().action_copy()
