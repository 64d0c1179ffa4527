"""A log or another file of a process: its end, by level and text; read again only when it has grown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual import on

from flinktop.engine.transfers import KEPT, LARGE, MOST
from flinktop.facts.freshness import missing_words, why_empty
from flinktop.flink.cluster import CONFIG
from flinktop.flink.errors import NotFound
from flinktop.flink.numbers import positive
from flinktop.model import format as fmt
from flinktop.model import loglines
from flinktop.ui.live import Panel
from flinktop.ui.panels.known_failures import KnownFailures, Marks, hidden_words
from flinktop.ui.panels.parts import GAP, cells, pair
from flinktop.ui.panels.table_panel import Words
from flinktop.ui.widgets.messages import Scrolled
from flinktop.ui.widgets.pager import Pager

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from flinktop.engine.store import Reading
    from flinktop.engine.transfers import Transfer
    from flinktop.flink.endpoint import Query
    from flinktop.flink.logs import LogFile, LogFiles
    from flinktop.flink.process import Process
    from flinktop.known.recognise import Known
    from flinktop.model.loglines import LogLine
    from flinktop.ui.live import Asks
    from flinktop.ui.panels.parts import Part
    from flinktop.ui.widgets.pager import Cell

    Fact = tuple[int, list[Part]]
    """Rank and text: the highest rank is dropped first where there is no room (0: never)."""

LOOK_SECONDS = 10.0  # between two checks whether the file has grown
NOT_THERE = (
    "(file unavailable)",
    "(log file unavailable)",
    "The file STDOUT does not exist",
    "The file LOG does",
)
"""What is sent instead of a missing file: by the JobManager, and by TaskManagers from 1.18."""
AROUND = 1.0  # seconds around an exception's time in which its own entry is looked for
EDGES = 2  # blank cells at the left and the right of the status line


class PagerPanel(Panel):
    """Lines of text with a text filter, under a line of words."""

    DEFAULT_CSS = "PagerPanel { height: 1fr; } PagerPanel Pager { height: 1fr; }"
    _text = ""

    @property
    def pager(self) -> Pager:
        return self.query_one(Pager)

    @property
    def filter(self) -> str:
        """The text that shown lines contain; empty shows all."""
        return self._text

    @filter.setter  # noqa: A003 - what it is called in every table
    def filter(self, text: str) -> None:
        if text != self._text:
            self._text = text
            self.show_lines()

    def show_lines(self) -> None:
        raise NotImplementedError


class LogView(PagerPanel):
    """The end of a file that a process writes.

    Flink sends whole files, so each read costs all of it: a large one is read only on request, the list of
    files shows whether it has grown, and a hidden one is not read.
    """

    BOX = "Log"

    def __init__(
        self,
        process: Process,
        query: Query[str],
        *,
        name: str = "",
        stdout: bool = False,
        at: float | None = None,
        id: str | None = None,
    ) -> None:
        """Show a file, from a time on (`at`, s since 1970) or its end; `name`: in the list of files."""
        super().__init__(id=id)
        self._process = process
        self._query = query
        self._file = name
        self._stdout = stdout
        self._at = at
        self._place: list[Part] = []  # the note on the time at which it was opened
        self._listing: Reading[LogFiles] | None = None
        """The list of files of the last decision whether to read it."""
        self._began: tuple[LogFile, ...] = ()  # its own files as they were listed at the last read
        self._allowed = LARGE
        self._following: bool | None = None
        """Whether the file is read again when it has grown; None: it is, if it is small."""
        self._wanted = True  # whether to read the file as soon as its size is known
        self._lines: Sequence[LogLine] = ()
        self._known: Sequence[Known] = ()
        self._least = ""
        self._short = True
        self._marks = Marks()

    def compose(self) -> ComposeResult:
        yield Words()
        yield Pager(
            follows=True,
            paint=lambda line: loglines.parts(*line),
            empty="loading the size…",
            ascii=self.ascii,
        )
        yield KnownFailures()

    # -- queries -------------------------------------------------------------------------------------

    @property
    def _has_list(self) -> bool:
        """Whether there is a list of files, which has the size of this one."""
        features = self.port.features
        return features.has(*self._process.files.endpoint.since) and not features.history_server

    @property
    def _listed(self) -> Reading[LogFiles] | None:
        return self.port.reading(self._process.files)

    @property
    def _transfer(self) -> Transfer | None:
        return self.port.transfer(self._query)

    def asks(self) -> Asks:
        return {self._process.files: LOOK_SECONDS} if self._has_list else {}

    def start_watching(self) -> None:
        self._wanted = self._wanted or not self.watching
        super().start_watching()

    def stop_watching(self) -> None:
        """It is hidden: cancel whatever is in progress."""
        if self.watching:
            self.port.end_file(self._query)
        super().stop_watching()

    def facts_changed(self, changes: frozenset[Query[Any]]) -> None:
        if self._query in changes:
            self.update()
        else:
            super().facts_changed(changes)

    def read_again(self) -> None:
        """Read the file now, unless it is so large that the user has to confirm."""
        self._wanted = True
        self._read_if_due()

    def read_large(self) -> None:
        if self._asks:
            self._allowed = MOST
            self.read_again()

    def _read_if_due(self) -> None:
        """Read the file if it is wanted, or has grown, and its size allows it."""
        self._listing = self._listed
        if self.watching and not self.port.features.history_server and self._due():
            self._wanted = False
            self._began = self._own_files
            self.port.fetch_file(self._query, most=self._allowed)
        self._show_words()

    def _due(self) -> bool:
        size, transfer, listed = self.file_size, self._transfer, self._listed
        # Where Flink has no list the size is never known.
        is_known = listed is not None and (listed.value is not None or isinstance(listed.error, NotFound))
        if (self._has_list and not is_known) or (size is not None and size > self._allowed):
            return False
        if self._wanted:
            return True
        if transfer is None or transfer.at is None or transfer.state not in ("done", "failed"):
            return False
        if self._listed_size is None:
            # Which of them grew is not known: any may be this one.
            grown = self._listed_since and self._own_files != self._began
        else:
            grown = size != transfer.read
        return grown and self.follows

    @property
    def _own_files(self) -> tuple[LogFile, ...]:
        """The file in the list of files; several where the names don't identify it."""
        files = self._listed.value.logs if self._listed is not None and self._listed.value is not None else ()
        if self._file:
            return tuple(file for file in files if file.name == self._file)
        taskmanager = self._process.taskmanager is not None
        return loglines.own_files(files, taskmanager=taskmanager, stdout=self._stdout)

    @property
    def _listed_since(self) -> bool:
        """Whether the list of files is newer than the last read."""
        listed = self._listed.at if self._listed is not None else None
        read = self._transfer.at if self._transfer is not None else None
        return listed is not None and (read is None or listed > read)

    @property
    def _listed_size(self) -> int | None:
        """Bytes of the file in the list of files; None if that has none, or the last read contradicts it."""
        size, transfer = _only_size(self._own_files), self._transfer
        if transfer is None or transfer.at is None or size is None:
            return size
        after = size if self._listed_since else None
        before = _only_size(self._began)
        return None if loglines.is_refuted(before=before, read=transfer.read, after=after) else size

    @property
    def file_size(self) -> int | None:
        """Bytes of the file, from the list of files or the last transfer, the newer one; None if unknown."""
        listed, transfer = self._listed_size, self._transfer
        if self._is_missing:
            # Flink has sent a sentence instead of the file.
            return _only_size(self._own_files)
        if transfer is None:
            return listed
        if listed is not None and (transfer.at is None or self._listed_since):
            return listed
        read = transfer.read if transfer.at is not None else None
        return read if transfer.size is None or transfer.state == "done" else transfer.size

    @property
    def _is_missing(self) -> bool:
        """Whether Flink has sent a sentence instead of a missing file."""
        return len(self._lines) == 1 and self._lines[0].text.startswith(NOT_THERE)

    @property
    def _asks(self) -> bool:
        size, transfer = self.file_size, self._transfer
        refused = transfer is not None and transfer.state == "large"
        return refused or (self._wanted and size is not None and size > self._allowed)

    # -- what the user chooses -----------------------------------------------------------------------

    @property
    def follows(self) -> bool:
        size = self.file_size
        if size is None or size > LARGE or not self._has_list:
            return False
        return size <= KEPT if self._following is None else self._following

    def toggle_follow(self) -> None:
        """Read the file again when it has grown, or not; following begins at its end."""
        self._following = not self.follows
        if self._following:
            self.pager.show_end()
            self._read_if_due()
        self._show_words()

    def next_level(self) -> None:
        self._least = loglines.next_step(self._least)
        self.show_lines()

    def toggle_short(self) -> None:
        """Show lines as written, or with a shorter prefix."""
        self._short = not self._short
        self.show_lines()

    def step_known(self, by: int) -> None:
        """Go to the next or the previous line that is a well-known failure; say so where there is none."""
        mark = self._marks.step(by, self.pager.visible_lines)
        if mark is None:
            self.app.notify(self._nothing_known(), markup=False)
        else:
            self.pager.show_line(mark.place)
            self._show_known()

    def _nothing_known(self) -> str:
        transfer = self._transfer
        if self._marks.hidden:
            return f"There are {hidden_words(self._marks.hidden)}."
        if transfer is None or transfer.at is None:
            return "The log has not been read yet."
        of = f"the last {fmt.size(transfer.read - transfer.begins)} of this log" if transfer.begins else ""
        return f"No well-known failure in {of or 'this log'}."

    @on(Scrolled)
    def _scrolled(self) -> None:
        self._show_known()

    # -- what is shown -------------------------------------------------------------------------------

    def show(self) -> None:
        if self._wanted or self._listed is not self._listing:
            self._read_if_due()
        transfer = self._transfer
        if transfer is not None and transfer.at is not None and transfer.lines is not self._lines:
            self._lines, self._known = transfer.lines, transfer.known
            self.show_lines()
            self._go_to_time()
        self._show_words()

    def show_lines(self) -> None:
        lines = () if self._is_missing else loglines.chosen(self._lines, self._least, self._text)
        texts: list[Cell] = [
            (line.short if self._short else line.text, loglines.tone(line)) for line in lines
        ]
        self.pager.set_lines(texts, [line.at for line in lines])
        self._marks.set_lines(() if self._is_missing else self._known, self._lines, lines)
        self._show_known()
        self._show_words()

    def _show_known(self) -> None:
        """Mark the lines of well-known failures, and explain the one in sight."""
        marks = self._marks
        current = marks.current(self.pager.visible_lines)
        self.pager.set_marks(marks.places, marks.shown[current].place if current is not None else None)
        width = max(self.content_size.width - EDGES, 1)
        self.query_one(KnownFailures).show_marks(marks, current, width, self.app.size.height)

    def _go_to_time(self) -> None:
        """Once, when it has been read: show the entries of the time at which it was opened."""
        if self._at is None or not self._lines:
            return
        at, self._at = self._at, None
        config = self.port.value(CONFIG())
        of_cluster = config.timezone_offset / 1000.0 if config is not None else 0.0
        line = loglines.first_trouble(self._lines, at - AROUND, at + AROUND, of_cluster)
        if line is None:
            line = loglines.first_since(self._lines, at - AROUND, of_cluster)
        if line is None:
            return
        when = fmt.near(at, self.zone_offset(), self.port.known_time())
        if line == 0 and self._transfer is not None and self._transfer.begins:
            self._place = [(f"{when} is before the part that is kept", "warn")]
        else:
            self._place = pair("at", when, "strong")
            self.pager.show_line(min(line, len(self._lines) - 1))

    def _show_words(self) -> None:
        self.pager.set_empty(self._nothing())
        self.query_one(Words).set_lines([within(self._status(), self.content_size.width - EDGES)])

    def _nothing(self) -> str:
        if absent := missing_words(self.port, self._query.endpoint, f"logs of {self._process.plural}"):
            return absent
        if self._asks:
            way = "" if self._process.taskmanager is None else "TaskManager, the "
            return (
                f"{fmt.size(self.file_size)}. Flink can only send whole files: "
                f"each download costs all of it, on the {way}JobManager and the way here. "
                f"The last {fmt.size(KEPT)} are kept."
                "\n\nenter: download"
            )
        transfer = self._transfer
        if transfer is None:
            return why_empty(self.port, self._listed, "loading the size…", "loading the size…")
        if transfer.state == "failed":
            return f"It could not be read: {transfer.reason}"
        return "downloading…" if transfer.at is None else self._nothing_in_it()

    def _nothing_in_it(self) -> str:
        if self._lines and (self._least or self._text):
            return "No line matches the filter: & sets its text, v its level."
        if self._lines:
            return "The file is not there: nothing has been written, or it is written elsewhere."
        return "The file is empty."

    def _status(self) -> list[Fact]:
        """Size, which part was read and when, whether it is followed, which part is shown."""
        transfer, size = self._transfer, self.file_size
        facts: list[Fact] = []
        if self._file:
            # Also the place, at the top of the screen.
            facts.append((4, [(self._file, "strong")]))
        if self._place:
            facts.append((0, self._place))
        if size is not None:
            facts.append((3, pair("size", fmt.size(size))))
        if transfer is not None:
            facts += self._progress(transfer)
        facts += self._counts()
        if self._least:
            facts.append((0, pair("level >=" if self.ascii else "level ≥", self._least, "strong")))
        if self._text:
            facts.append((0, pair("grep", self._text, "strong")))
        behind = transfer is not None and transfer.at is not None and not self.follows
        if transfer is not None and behind and size is not None and size > transfer.read:
            facts.append((1, [(f"grew by {fmt.size(size - transfer.read)}; r: download", "warn")]))
        return facts

    def _counts(self) -> list[Fact]:
        """How many entries need attention."""
        facts: list[Fact] = []
        if self._lines:
            found = loglines.counted(self._lines)
            for label, level, tone in (("errors", "ERROR", "bad"), ("warnings", "WARN", "warn")):
                facts.append((0, pair(label, fmt.count(found[level]), tone if found[level] else "")))
        if self._marks.shown:
            facts.append((1, pair("well-known", fmt.count(len(self._marks.shown)), "warn")))
        return facts

    def _progress(self, transfer: Transfer) -> list[Fact]:
        if transfer.state == "waiting":
            return [(0, [("waiting for another download", "info")])]
        if transfer.state == "running":
            of = f" of {fmt.size(transfer.size)}" if transfer.size else ""
            return [(0, [(f"reading {fmt.size(transfer.received)}{of}", "info")])]
        facts: list[Fact] = []
        if transfer.state == "failed" and transfer.at is not None:
            facts.append((0, [(f"refresh failed: {transfer.reason}", "bad")]))
        if transfer.at is None:
            return facts
        if transfer.begins:
            facts.append((2, pair("the last", fmt.size(transfer.read - transfer.begins))))
        facts.append((1, pair("read", f"{fmt.duration(self.port.now() - transfer.at)} ago")))
        return [*facts, (2, [("following", "good")])] if self.follows else facts


def _only_size(files: Sequence[LogFile]) -> int | None:
    """Bytes of the only file; None for several and for none."""
    return positive(files[0].size) if len(files) == 1 else None


def within(facts: Sequence[Fact], width: int) -> list[Part]:
    """The facts in one line of `width` cells; those of the highest rank are dropped where they do not fit."""
    kept = list(facts)
    while True:
        line = [part for _, parts in kept for part in (*parts, GAP)][:-1]
        given = max((rank for rank, _ in kept), default=0)
        if given == 0 or cells(line) <= width:
            return line
        kept = [fact for fact in kept if fact[0] < given]


class StdoutView(LogView):
    """The end of what a process's programs have printed."""

    BOX = "Stdout"


class FileView(LogView):
    """The end of a file of the log directory."""

    BOX = "File"
