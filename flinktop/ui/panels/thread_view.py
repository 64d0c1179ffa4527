"""The threads of a machine: what each does now, with the stacks, by state and by text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.facts.unanswered import missing_words
from flinktop.model import format as fmt
from flinktop.model import threads
from flinktop.ui.live import RARELY, Panel
from flinktop.ui.panels.answer_table import Words
from flinktop.ui.widgets.pager import Pager

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from flinktop.engine.store import Reading
    from flinktop.flink.logs import ThreadDump
    from flinktop.flink.machine import Machine
    from flinktop.model.threads import Thread
    from flinktop.ui.panels.frame import Part
    from flinktop.ui.widgets.pager import Cell

GAP: Part = ("   ", "")
_TONES = {"BLOCKED": "bad", "RUNNABLE": "strong"}


class ThreadView(Panel):
    """A thread dump, asked for once; the refresh key asks again. A dump costs the machine a pause."""

    BOX = "Threads"
    DEFAULT_CSS = "ThreadView { height: 1fr; } ThreadView Pager { height: 1fr; }"

    def __init__(
        self,
        machine: Machine,
        *,
        search: str = "",
        id: str | None = None,
    ) -> None:
        """Show the threads of a machine, and look for this text in them."""
        super().__init__(id=id)
        self._machine = machine
        self._search = self._first = search
        self._threads: tuple[Thread, ...] = ()
        self._state = ""
        self._text = ""

    def compose(self) -> ComposeResult:
        """How many threads do what, and what each does."""
        ascii_only = self.app.settings.ascii
        yield Words(ascii_only=ascii_only)
        yield Pager(empty="loading threads…", ascii=ascii_only)

    @property
    def pager(self) -> Pager:
        """The text itself."""
        return self.query_one(Pager)

    def on_mount(self) -> None:
        """Ask, where there is something to ask."""
        what = f"thread dumps of {self._machine.all_of_them}"
        if absent := missing_words(self.port, self._machine.threads.endpoint, what):
            self.pager.set_empty(absent)
        else:
            self.watch_query("threads", self._machine.threads, self._told, every=RARELY)
        super().on_mount()

    def next_state(self) -> None:
        """Show the threads of the next state."""
        self._state = threads.next_state(self._state)
        self._show_threads()

    @property
    def filter(self) -> str:
        """The text that threads must have to be shown; empty shows all."""
        return self._text

    @filter.setter  # noqa: A003 - what it is called in every table
    def filter(self, text: str) -> None:
        if text != self._text:
            self._text = text
            self._show_threads()

    def _told(self, reading: Reading[ThreadDump]) -> None:
        if reading.value is None:
            if reading.error is not None:
                self.pager.set_empty(reading.error.reason)
            return
        self._threads = threads.threads(reading.value, self._first)
        self._show_threads()
        if self._search:
            self._find()

    def _find(self) -> None:
        self.pager.filter = self._search
        self._search = ""

    def tick(self) -> None:
        """The dump's age moves on."""
        self._say()

    def _show_threads(self) -> None:
        lines: list[Cell] = []
        for thread in threads.chosen(self._threads, self._state, self._text):
            lines += [
                (line, threads.tone(line, first=not at, state=thread.state))
                for at, line in enumerate(thread.lines)
            ]
            lines.append(("", ""))
        self.pager.set_empty("no thread matches the filter: & sets its text, v its state")
        self.pager.set_lines(lines[:-1])
        self._say()

    def _say(self) -> None:
        reading = self.port.reading(self._machine.threads)
        if reading is None or reading.at is None:
            return
        age = fmt.duration(self.port.now() - reading.at)
        parts: list[Part] = [("as of ", "muted"), (age, ""), (" ago", "muted"), GAP]
        parts += [("threads ", "muted"), (str(len(self._threads)), "strong"), GAP]
        for state, count in threads.counted(self._threads).items():
            parts += [(f"{state.lower() or 'unknown'} ", "muted"), (str(count), _TONES.get(state, "")), GAP]
        if self._state:
            parts += [("state ", "muted"), (self._state, "strong"), GAP]
        if self._text:
            parts += [("grep ", "muted"), (self._text, "strong")]
        if reading.error is not None:
            parts = [(f"refresh failed: {reading.error.reason}", "bad"), GAP, *parts]
        self.query_one(Words).set_lines([parts])
