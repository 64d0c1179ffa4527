"""The files of a process's log directory, and the runs of Flink's profiler on it with their results."""

from __future__ import annotations

import re
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from flinktop.engine.acts.profile import SWITCHED_OFF, Profile
from flinktop.engine.transfers import LARGE_TO_SAVE, MOST
from flinktop.facts.freshness import missing_words
from flinktop.flink.errors import NotFound
from flinktop.model import format as fmt
from flinktop.ui.panels.columns import number, text, when
from flinktop.ui.panels.table_panel import TablePanel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flinktop.engine.transfers import Transfer
    from flinktop.flink.endpoint import Query
    from flinktop.flink.logs import LogFile, LogFiles
    from flinktop.flink.process import Process
    from flinktop.flink.profiler import Profiling, Profilings
    from flinktop.ui.panels.parts import Part
    from flinktop.ui.widgets.columns import Column

_TONES = {"RUNNING": "info", "FINISHED": "good", "FAILED": "bad"}
_UNSAFE = re.compile(r"[^\w.-]+")


class FilesTable(TablePanel["LogFile"]):
    """Log files with their sizes, the one written last first."""

    KEY = "name"
    BOX = "Log list"
    TABLE = "files"
    LOADING = "loading list of files…"
    NOTHING = "There are no files in its log directory."
    EVERY = 10.0

    def __init__(self, process: Process, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._process = process

    def columns(self) -> Sequence[Column[LogFile]]:
        by_name = attrgetter("name")
        return (
            text("file", "FILE", 20, by_name, tone="strong", sort=by_name, flex=True),
            number("size", "SIZE", 8, lambda file: file.size, fmt.size),
            when("modified", "MODIFIED", lambda file: file.mtime, self.zone_offset, drop=1),
        )

    def source(self) -> Query[LogFiles]:
        return self._process.files

    @property
    def missing(self) -> str:
        what = f"lists of the log files of {self._process.plural}"
        absent = missing_words(self.port, self._process.files.endpoint, what)
        return f"{absent} Its log: 5." if absent and not self.port.features.history_server else absent

    def rows_of(self, answer: LogFiles) -> Sequence[LogFile]:
        return sorted(answer.logs, key=lambda file: (-(file.mtime or 0), file.name))


def file_name(name: str) -> str:
    """A name from the server as a local file name: in no other directory, not hidden."""
    return _UNSAFE.sub("_", name).lstrip(".-") or "profile.html"


def _size_of(transfer: Transfer) -> str:
    """The size of a file that was not sent."""
    return fmt.size(transfer.size) if transfer.size else f"more than {fmt.size(LARGE_TO_SAVE)}"


class ProfilerTable(TablePanel["Profiling"]):
    """The newest ten runs; enter saves the result of one."""

    BOX = "Profiler"
    TABLE = "profiler"
    LOADING = "loading profiler's runs…"
    NOTHING = "No runs yet: P starts one."
    MISSING = "profilers"
    follows_operations = True

    def __init__(self, process: Process, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._process = process
        self._saving: Query[str] | None = None
        self._message = ""
        self._large = ""  # the file that was too large to save at once: requested again, it is saved
        self._file = ""  # the file that is being saved
        self._operation: str | None = None

    def columns(self) -> Sequence[Column[Profiling]]:
        return (
            when(
                "started",
                "STARTED",
                lambda run: run.trigger_time,
                self.zone_offset,
                blank=fmt.UNKNOWN,
                align="left",
                descending=False,
            ),
            number(
                "duration",
                "DURATION",
                8,
                lambda run: run.duration,
                fmt.duration,
                blank=(fmt.UNKNOWN, ""),
                descending=False,
            ),
            text("mode", "MODE", 6, lambda run: run.mode or run.profiling_mode, blank="", sort=True),
            text(
                "status",
                "STATUS",
                8,
                lambda run: run.status,
                tone=lambda run: _TONES.get(run.status, ""),
                blank="",
                sort=True,
            ),
            text(
                "file",
                "FILE",
                16,
                lambda run: run.output_file or run.message or "",
                tone=lambda run: "strong" if run.output_file else "",
                blank="",
                flex=True,
            ),
        )

    def source(self) -> Query[Profilings]:
        return self._process.profiler

    def key(self, row: Profiling) -> str:
        """The time of its trigger: runs have no ids."""
        return str(row.trigger_time)

    def rows(self) -> Sequence[Profiling] | None:
        return () if self._off else super().rows()

    def rows_of(self, answer: Profilings) -> Sequence[Profiling]:
        return sorted(answer.runs, key=lambda run: -(run.trigger_time or 0))

    def empty(self) -> str:
        return f"{SWITCHED_OFF[0].upper()}{SWITCHED_OFF[1:]}." if self._off else super().empty()

    @property
    def _off(self) -> bool:
        return self.reading is not None and isinstance(self.reading.error, NotFound)

    @property
    def why_not(self) -> str | None:
        if self._off:
            return SWITCHED_OFF
        return Profile(self._process.taskmanager).why_not(self.port.target())

    def begin(self, act: Profile) -> None:
        self._operation = self.port.submit(act)
        self._message = "loading a run…"
        self.draw()

    def save_here(self) -> None:
        run = self.table.cursor_row
        self._operation = None
        if run is None or not run.output_file:
            self._message = "this run has no result" if run is not None else ""
        else:
            self._saving, self._file = self._process.profile(run.output_file), run.output_file
            path = self.app.settings.paths.state / "profiles" / file_name(self._file)
            most = MOST if self._file == self._large else LARGE_TO_SAVE
            self.port.fetch_file(self._saving, most=most, file=path)
            self._large = ""
        self.draw()

    def stop_watching(self) -> None:
        if self.watching and self._saving is not None:
            self.port.end_file(self._saving)
            self._saving = None
        super().stop_watching()

    def facts_changed(self, changes: frozenset[Query[Any]]) -> None:
        super().facts_changed(changes)
        if self._saving in changes:
            self.shielded(self._saved)
            self.draw()

    def _saved(self) -> None:
        query = self._saving
        transfer = self.port.transfer(query) if query is not None else None
        if query is not None and transfer is not None and transfer.state in ("done", "failed", "large"):
            self._saving = None
            self.port.end_file(query)
            self._message = {
                "done": f"saved to {transfer.file}",
                "failed": f"not saved: {transfer.reason}",
                "large": f"not saved yet: it has {_size_of(transfer)}; enter again saves it anyway",
            }[transfer.state]
            self._large = self._file if transfer.state == "large" else ""
            self.app.notify(self._message[0].upper() + self._message[1:], markup=False)

    def words(self) -> Sequence[list[Part]]:
        transfer = self.port.transfer(self._saving) if self._saving is not None else None
        operation = self.port.operation(self._operation) if self._operation is not None else None
        if transfer is not None:
            return [[(f"saving: {fmt.size(transfer.received)}", "info")]]
        if operation is not None and not operation.state.final:
            return [[(f"run requested: {operation.words or operation.state}", "info")]]
        if operation is not None and operation.reason:
            return [[(f"no run: {operation.reason}", "bad")]]
        if self._message and self._operation is None:
            return [[(self._message, "")]]
        if self.table.cursor_key is not None:
            return [[("enter saves the result of a run, P starts one", "muted")]]
        return []
