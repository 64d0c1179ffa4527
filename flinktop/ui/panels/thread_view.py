"""The threads of a process: what each does now, with the stacks, by state and by text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.facts.freshness import missing_words, why_empty
from flinktop.model import format as fmt
from flinktop.model import threads
from flinktop.ui.live import RARELY
from flinktop.ui.panels.log_view import PagerPanel
from flinktop.ui.panels.parts import GAP, pair, spaced
from flinktop.ui.panels.table_panel import Words
from flinktop.ui.widgets.pager import Pager

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from flinktop.flink.logs import ThreadDump
    from flinktop.flink.process import Process
    from flinktop.model.threads import Thread
    from flinktop.ui.live import Asks
    from flinktop.ui.panels.parts import Line
    from flinktop.ui.widgets.pager import Cell

_TONES = {"BLOCKED": "bad", "RUNNABLE": "strong"}


class ThreadView(PagerPanel):
    """A thread dump, requested once; the refresh key requests it again. A dump pauses the process briefly."""

    BOX = "Threads"

    def __init__(self, process: Process, *, search: str = "", id: str | None = None) -> None:
        super().__init__(id=id)
        self._process = process
        self._search = self._first = search
        self._dump: ThreadDump | None = None
        self._threads: tuple[Thread, ...] = ()
        self._state = ""

    def compose(self) -> ComposeResult:
        yield Words()
        yield Pager(empty="loading threads…", ascii=self.ascii)

    @property
    def _missing(self) -> str:
        what = f"thread dumps of {self._process.plural}"
        return missing_words(self.port, self._process.threads.endpoint, what)

    def asks(self) -> Asks:
        return {} if self._missing else {self._process.threads: RARELY}

    def next_state(self) -> None:
        self._state = threads.next_state(self._state)
        self.show_lines()

    def show(self) -> None:
        reading = self.port.reading(self._process.threads)
        nothing = "no thread matches the filter: & sets its text, v its state"
        self.pager.set_empty(self._missing or why_empty(self.port, reading, "loading threads…", nothing))
        if reading is not None and reading.value is not None and reading.value is not self._dump:
            self._dump = reading.value
            self._threads = threads.threads(self._dump, self._first)
            self.show_lines()
            if self._search:
                self.pager.filter, self._search = self._search, ""
        self._show_words()

    def show_lines(self) -> None:
        lines: list[Cell] = []
        for thread in threads.chosen(self._threads, self._state, self._text):
            lines += [
                (line, threads.tone(line, first=not at, state=thread.state))
                for at, line in enumerate(thread.lines)
            ]
            lines.append(("", ""))
        self.pager.set_lines(lines[:-1])
        self._show_words()

    def _show_words(self) -> None:
        reading = self.port.reading(self._process.threads)
        if reading is None or reading.at is None:
            return
        counts = threads.counted(self._threads).items()
        age: Line = [*pair("as of", fmt.duration(self.port.now() - reading.at)), (" ago", "muted")]
        line = spaced(
            [(f"refresh failed: {reading.error.reason}", "bad")] if reading.error is not None else [],
            age,
            pair("threads", str(len(self._threads)), "strong"),
            *(pair(state.lower() or "unknown", str(count), _TONES.get(state, "")) for state, count in counts),
            pair("state", self._state, "strong") if self._state else [],
            pair("grep", self._text, "strong") if self._text else [],
        )
        self.query_one(Words).set_lines([[*line, GAP]])
