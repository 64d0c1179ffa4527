"""The files of a process's log directory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.facts.unanswered import missing_words
from flinktop.model import format as fmt
from flinktop.ui.panels.columns import number, text, when
from flinktop.ui.panels.table_panel import TablePanel

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flinktop.flink.endpoint import Query
    from flinktop.flink.logs import LogFile, LogFiles
    from flinktop.flink.process import Process
    from flinktop.ui.widgets.columns import Column


def columns(offset: Callable[[], float | None]) -> tuple[Column[LogFile], ...]:
    """Name, size, when it was written last (offset: from UTC, s), which is not told up to 1.14."""
    return (
        text(
            "name", "FILE", 20, lambda file: file.name, tone="strong", sort=lambda file: file.name, flex=True
        ),
        number("size", "SIZE", 8, lambda file: file.size, fmt.size),
        when("written", "MODIFIED", lambda file: file.mtime, offset, drop=1),
    )


class FilesTable(TablePanel["LogFile"]):
    """Log files with their sizes, the one written last first."""

    BOX = "Log list"
    LOADING = "loading list of files…"
    NOTHING = "There are no files in its log directory."
    EVERY = 10.0

    def __init__(self, process: Process, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._process = process

    def columns(self) -> Sequence[Column[LogFile]]:
        return columns(self.zone_offset)

    def source(self) -> Query[LogFiles]:
        return self._process.files

    @property
    def missing(self) -> str:
        what = f"lists of the log files of {self._process.all_of_them}"
        absent = missing_words(self.port, self._process.files.endpoint, what)
        return f"{absent} Its log: 5." if absent and not self.port.features.history_server else absent

    def key(self, row: LogFile) -> str:
        return row.name

    def rows_of(self, answer: LogFiles) -> Sequence[LogFile]:
        return sorted(answer.logs, key=lambda file: (-(file.mtime or 0), file.name))
