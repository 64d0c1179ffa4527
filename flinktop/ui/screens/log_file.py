"""One file of a process's log directory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.ui import keys
from flinktop.ui.panels.log_view import FileView
from flinktop.ui.screens.log_screen import LogCommands

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from flinktop.flink.process import Process


class LogFileScreen(LogCommands):
    """A file by its name in the list."""

    COMMANDS_HERE = keys.LOG_FILE
    AUTO_FOCUS = "Pager"

    def __init__(self, process: Process, name: str) -> None:
        super().__init__()
        self.process = process
        self.name_in_list = name

    @property
    def crumb(self) -> str:
        return self.name_in_list

    def body(self) -> ComposeResult:
        name = self.name_in_list
        yield FileView(self.process, self.process.file(name), name=name, id="file")
