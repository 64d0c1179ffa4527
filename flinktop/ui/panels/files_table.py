"""The files of a machine's log directory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flinktop.facts.freshness import is_old
from flinktop.facts.unanswered import missing_words
from flinktop.model import format as fmt
from flinktop.ui.panels.answer_table import AnswerTable
from flinktop.ui.panels.frame import zone_offset
from flinktop.ui.widgets.one_by_one import one_by_one
from flinktop.ui.widgets.table import Column

if TYPE_CHECKING:
    from flinktop.engine.store import Reading
    from flinktop.flink.logs import LogFile, LogFiles
    from flinktop.flink.machine import Machine

LOOK_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class FileRow:
    """One file."""

    name: str
    size: int
    written: str
    """When it was written last; "–" where the release does not tell (up to 1.14)."""  # noqa: RUF001 -- ABSENT
    mtime: int | None
    old: bool = False


def file_row(file: LogFile, offset: float | None, *, old: bool) -> FileRow:
    """One row."""
    written = fmt.moment(file.mtime / 1000.0, offset) if file.mtime else fmt.ABSENT
    return FileRow(file.name, file.size, written, file.mtime, old)


class FilesTable(AnswerTable[FileRow]):
    """Log files with their sizes, the one written last first."""

    BOX = "Log list"
    ASKING = "loading list of files…"

    def __init__(self, machine: Machine, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._machine = machine

    def columns(self) -> list[Column[FileRow]]:
        """Name, size, when it was written last."""
        found: list[Column[FileRow]] = [
            Column(
                "name", "FILE", 20, lambda row: (row.name, "strong"), sort=lambda row: row.name, flex=True
            ),
            Column(
                "size",
                "SIZE",
                8,
                lambda row: (fmt.size(row.size), ""),
                sort=lambda row: row.size,
                align="right",
                descending=True,
            ),
            Column(
                "written",
                "MODIFIED",
                19,
                lambda row: (row.written, "muted" if row.mtime is None else ""),
                sort=lambda row: row.mtime,
                align="right",
                descending=True,
                drop=1,
            ),
        ]
        return found

    def row_key(self, row: FileRow) -> str:
        """Names a row."""
        return row.name

    def on_mount(self) -> None:
        """Ask, where there is something to ask."""
        what = f"lists of the log files of {self._machine.all_of_them}"
        if absent := missing_words(self.port, self._machine.files.endpoint, what):
            self.table.set_empty(f"{absent}{'' if self.port.features.history_server else ' Its log: 5.'}")
        else:
            self.watch_query("files", self._machine.files, self._told, every=LOOK_SECONDS)
        super().on_mount()

    def tick(self) -> None:
        """Times in another zone, and what grows old."""
        reading = self.port.reading(self._machine.files)
        if reading is not None:
            self._told(reading)

    def _told(self, reading: Reading[LogFiles]) -> None:
        if not reading.value or not reading.value.logs:
            self.explain(reading, "There are no files in its log directory.")
        offset, old = zone_offset(self), is_old(self.port, reading)
        files = reading.value.logs if reading.value is not None else ()
        rows = one_by_one(files, lambda file: file_row(file, offset, old=old), key=lambda file: file.name)
        rows.sort(key=lambda row: (-(row.mtime or 0), row.name))
        self.table.set_rows(rows)
