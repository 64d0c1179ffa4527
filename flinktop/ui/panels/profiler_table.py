"""Runs of Flink's profiler on a machine, and their results."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flinktop.engine.acts.profile import SWITCHED_OFF, Profile
from flinktop.engine.transfers import LARGE_TO_SAVE, MOST
from flinktop.facts.freshness import is_old
from flinktop.facts.unanswered import missing_words
from flinktop.flink.errors import NotFound
from flinktop.model import format as fmt
from flinktop.ui.panels.answer_table import AnswerTable
from flinktop.ui.panels.frame import zone_offset
from flinktop.ui.widgets.one_by_one import one_by_one
from flinktop.ui.widgets.table import Column

if TYPE_CHECKING:
    from flinktop.engine.store import Reading
    from flinktop.engine.transfers import Transfer
    from flinktop.flink.endpoint import Query
    from flinktop.flink.machine import Machine
    from flinktop.flink.profiler import Profiling, Profilings
    from flinktop.ui.panels.frame import Part

_TONES = {"RUNNING": "info", "FINISHED": "good", "FAILED": "bad"}
_ODD = re.compile(r"[^\w.-]+")


@dataclass(frozen=True, slots=True)
class Run:
    """One run."""

    key: str
    started: str
    at: int
    """ms since 1970."""
    seconds: int | None
    mode: str
    status: str
    file: str
    words: str
    """What Flink says of it."""
    old: bool = False


def file_name(name: str) -> str:
    """A name from the server as that of a file of ours: in no other directory, not hidden."""
    return _ODD.sub("_", name).lstrip(".-") or "profile.html"


def run_row(run: Profiling, offset: float | None, *, old: bool) -> Run:
    """One row."""
    return Run(
        str(run.trigger_time),
        fmt.moment(run.trigger_time / 1000.0, offset) if run.trigger_time else fmt.UNKNOWN,
        run.trigger_time or 0,
        run.duration,
        run.mode or run.profiling_mode,
        run.status,
        run.output_file or "",
        run.message or "",
        old,
    )


def _size_of(transfer: Transfer) -> str:
    """How large a file is that was not sent."""
    return fmt.size(transfer.size) if transfer.size else f"more than {fmt.size(LARGE_TO_SAVE)}"


class ProfilerTable(AnswerTable[Run]):
    """The newest ten runs; enter saves the result of one."""

    BOX = "Profiler"
    ASKING = "loading profiler's runs…"

    def __init__(self, machine: Machine, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._machine = machine
        self._saving: Query[str] | None = None
        self._said = ""
        self._large = ""
        """The file that was too large to save unasked: asked for again, it is saved."""
        self._file = ""
        """The file that is being saved."""
        self._operation: str | None = None

    def columns(self) -> list[Column[Run]]:
        """When, how long, how, what came of it."""
        found: list[Column[Run]] = [
            Column("started", "STARTED", 19, lambda run: (run.started, ""), sort=lambda run: run.at),
            Column(
                "seconds",
                "DURATION",
                8,
                lambda run: (fmt.duration(run.seconds), ""),
                sort=lambda run: run.seconds,
                align="right",
            ),
            Column("mode", "MODE", 6, lambda run: (run.mode, ""), sort=lambda run: run.mode),
            Column(
                "status",
                "STATUS",
                8,
                lambda run: (run.status, _TONES.get(run.status, "")),
                sort=lambda run: run.status,
            ),
            Column(
                "name",
                "FILE",
                16,
                lambda run: (run.file or run.words, "strong" if run.file else ""),
                flex=True,
            ),
        ]
        return found

    def row_key(self, row: Run) -> str:
        """When it was triggered: runs have no ids."""
        return row.key

    def on_mount(self) -> None:
        """Ask, where there is something to ask."""
        what = "profilers"
        if absent := missing_words(self.port, self._machine.profiler.endpoint, what):
            self.table.set_empty(absent)
        else:
            self.watch_query("runs", self._machine.profiler, self._told)
        super().on_mount()

    @property
    def why_not(self) -> str | None:
        """Why no run can be started, in words."""
        reading = self.port.reading(self._machine.profiler)
        if reading is not None and isinstance(reading.error, NotFound):
            return SWITCHED_OFF
        return Profile(self._machine.taskmanager).why_not(self.port.target())

    def begin(self, act: Profile) -> None:
        """Start a run."""
        self._operation = self.port.submit(act)
        self._said = "loading a run…"
        self._say()

    def save_here(self) -> None:
        """Save the result of the run under the cursor."""
        run = self.table.cursor_row
        self._operation = None
        if run is None or not run.file:
            self._said = "this run has no result" if run is not None else ""
            self._say()
            return
        self._saving = self._machine.profile(run.file)
        path = self.app.settings.paths.state / "profiles" / file_name(run.file)
        self.port.save_file(self._saving, path, MOST if run.file == self._large else LARGE_TO_SAVE)
        self._file, self._large = run.file, ""
        self._say()

    def stop_watching(self) -> None:
        """It is not seen: a file that is being saved is given up."""
        if self._watching and self._saving is not None:
            self.port.end_file(self._saving)
            self._saving = None
        super().stop_watching()

    def facts_changed(self, changes: frozenset[Query[Any]]) -> None:
        """The runs have been told anew, or a file has come."""
        super().facts_changed(changes)
        if self._saving in changes:
            self.shielded(self._saved)

    def tick(self) -> None:
        """What grows old is greyed; an act goes on."""
        reading = self.port.reading(self._machine.profiler)
        if reading is not None and "runs" in self.slots():
            self._told(reading)
        self._say()

    def _saved(self) -> None:
        query = self._saving
        transfer = self.port.transfer(query) if query is not None else None
        if query is not None and transfer is not None and transfer.state in ("done", "failed", "large"):
            self._saving = None
            self.port.end_file(query)
            self._said = {
                "done": f"saved to {transfer.file}",
                "failed": f"not saved: {transfer.reason}",
                "large": f"not saved yet: it has {_size_of(transfer)}; enter again saves it anyway",
            }[transfer.state]
            self._large = self._file if transfer.state == "large" else ""
            self.app.notify(self._said[0].upper() + self._said[1:], markup=False)
        self._say()

    def _told(self, reading: Reading[Profilings]) -> None:
        if isinstance(reading.error, NotFound):
            self.table.set_empty(f"{SWITCHED_OFF[0].upper()}{SWITCHED_OFF[1:]}.")
            self.table.set_rows(())
            return
        self.explain(reading, "No runs yet: P starts one.")
        offset, old = zone_offset(self), is_old(self.port, reading)
        runs = reading.value.runs if reading.value is not None else ()
        rows = one_by_one(
            runs, lambda run: run_row(run, offset, old=old), key=lambda run: str(run.trigger_time)
        )
        rows.sort(key=lambda run: -run.at)
        self.table.set_rows(rows)

    def _say(self) -> None:
        parts: list[Part] = []
        transfer = self.port.transfer(self._saving) if self._saving is not None else None
        operation = self.port.operation(self._operation) if self._operation is not None else None
        if transfer is not None:
            parts.append((f"saving: {fmt.size(transfer.received)}", "info"))
        elif operation is not None and not operation.state.final:
            parts.append((f"run requested: {operation.words or operation.state}", "info"))
        elif operation is not None and operation.reason:
            parts.append((f"no run: {operation.reason}", "bad"))
        elif self._said and self._operation is None:
            parts.append((self._said, ""))
        elif self.table.cursor_key is not None:
            parts.append(("enter saves the result of a run, P starts one", "muted"))
        self.set_words([parts])
