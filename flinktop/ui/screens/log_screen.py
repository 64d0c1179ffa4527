"""Where a log is read: levels, failures, following, reading a large one; a file of a log directory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.ui import keys
from flinktop.ui.live import is_displayed
from flinktop.ui.panels.log_view import FileView, LogView
from flinktop.ui.screens.cluster_screen import ClusterScreen

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from flinktop.flink.process import Process


class LogCommands(ClusterScreen):
    """A screen that may show logs."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("level", "only", "match", "wrap") and self.pager() is None:
            return False
        if action in ("follow", "short_lines", "known") and self.log_seen() is None:
            return False
        if action == "timeline" and self.log_seen() is not None:
            return False
        return super().check_action(action, parameters)

    def log_seen(self) -> LogView | None:
        return next((one for one in self.query(LogView) if is_displayed(one)), None)

    def action_open(self) -> None:
        """Read a log however large it is; else open what the cursor is on."""
        if (log := self.log_seen()) is not None:
            log.read_large()
        else:
            super().action_open()

    def action_refresh(self) -> None:
        if (log := self.log_seen()) is not None:
            log.read_again()
        super().action_refresh()

    def action_level(self) -> None:
        if (log := self.log_seen()) is not None:
            log.next_level()

    def action_short_lines(self) -> None:
        if (log := self.log_seen()) is not None:
            log.toggle_short()

    def action_known(self, by: int) -> None:
        if (log := self.log_seen()) is not None:
            log.step_known(by)

    def action_follow(self) -> None:
        if (log := self.log_seen()) is not None:
            log.toggle_follow()


def process_selected(process: Process) -> dict[str, str]:
    """A JobManager or a TaskManager as what is selected."""
    return {"taskmanager": process.taskmanager} if process.taskmanager else {"jobmanager": "JobManager"}


class LogFileScreen(LogCommands):
    """A file of the log directory, by its name."""

    COMMANDS_HERE = keys.LOG_FILE
    AUTO_FOCUS = "Pager"

    def __init__(self, process: Process, name: str) -> None:
        super().__init__()
        self.process = process
        self.name_in_list = name

    @property
    def crumb(self) -> str:
        return self.name_in_list

    def selected(self) -> dict[str, str]:
        return process_selected(self.process)

    def body(self) -> ComposeResult:
        name = self.name_in_list
        yield FileView(self.process, self.process.file(name), name=name, id="file")
