"""What happened on the cluster, or to one job of it: the events of the journal, newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct
from rich.cells import cell_len
from textual import on

from flinktop.engine.journal.event import EventKind, Question
from flinktop.facts.events import OF_TASKMANAGERS, EventFilter, Held, look, newest
from flinktop.facts.faults import when_words
from flinktop.flink.jobs import JOBS_OVERVIEW
from flinktop.flink.taskmanagers import TASKMANAGERS
from flinktop.flink.text import clean
from flinktop.judgement.finding import Severity
from flinktop.model import format as fmt
from flinktop.model import subtask_names
from flinktop.ui.panels.columns import TIME
from flinktop.ui.panels.event_pages import EventPages
from flinktop.ui.panels.parts import MUTED_GAP, LinesPanel, pair, spaced
from flinktop.ui.panels.table_panel import TablePanel
from flinktop.ui.panels.verdicts import TONES, mark
from flinktop.ui.widgets.columns import Column, Stripes
from flinktop.ui.widgets.messages import FilterChanged

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flinktop.engine.journal.event import Event
    from flinktop.flink.endpoint import Query
    from flinktop.ui.live import Asks
    from flinktop.ui.panels.columns import Rest
    from flinktop.ui.panels.parts import Line, Part
    from flinktop.ui.widgets.columns import Cell

NEAR = 60
"""Rows from the end of the list within which older events are read."""
TASKMANAGER_SECONDS = 10.0  # between two polls of the TaskManagers, while events of theirs are on the screen
CLOCK = 8  # cells of a time without its day
NARROW = 100  # cells of a table with no room for columns of repeats
COMFORT = 48  # cells of a sentence before the names of jobs take more than they need
REMEMBERED = "◂"
LEGEND = f"{REMEMBERED} remembered by flinktop; Flink no longer has it"
RULE = "─"
NO_JOURNAL = "The journal is not available: nothing is remembered."
LOADING = "loading journal…"
OF_THE_PAST = "Nothing is recorded of this cluster: a HistoryServer keeps only jobs that have ended."
NONE_CHOSEN = "no event is selected"
NOTHING = "Nothing has happened yet: jobs, failures, checkpoints and findings are recorded from now on."


class EventRow(Struct, frozen=True):
    """An event as a row, or the heading of the events of a day."""

    key: str
    event: Event | None
    day: str  # yyyy-mm-dd
    text: str = ""  # what the filter searches, in lower case


def event_row(event: Event, day: str) -> EventRow:
    """The row of an event that happened last on this day."""
    texts = (
        event.words,
        event.job_name,
        event.job,
        event.vertex_name,
        event.taskmanager or "",
        event.details,
        event.kind,
        look(event).word,
        event.finding,
    )
    return EventRow(str(event.number), event, day, clean("\n".join(texts)).casefold())


def times_words(event: Event) -> str:
    """How often it happened; "" for once."""
    return f"x {fmt.count(event.count)}" if event.count > 1 else ""


def words_tone(event: Event) -> str:
    """The tone of its sentence."""
    return "strong" if event.severity is Severity.CRITICAL or event.kind is EventKind.FAILURE else ""


def ruled(words: str, width: int) -> str:
    """Words in a line across `width` cells."""
    text = f"{RULE * 2} {words} "
    return text + RULE * max(0, width - cell_len(text))


def event_column(
    key: str,
    title: str,
    width: int,
    cell: Callable[[Event], Cell],
    *,
    sort: Callable[[Event], Any] | None = None,
    drawn: Callable[[Event, int], Stripes] | None = None,
    **rest: Any,
) -> Column[EventRow]:
    """A column of events; `drawn` is the cell on the screen, where that is another."""

    def of_row(row: EventRow) -> Cell:
        return cell(row.event) if row.event is not None else ("", "")

    def order(row: EventRow) -> Any:
        return sort(row.event) if row.event is not None and sort is not None else None

    def stripes(row: EventRow, cells: int) -> Stripes:
        return drawn(row.event, cells) if row.event is not None and drawn is not None else Stripes(())

    return Column(
        key,
        title,
        width,
        of_row,
        sort=order if sort is not None else None,
        stripes=stripes if drawn is not None else None,
        **rest,
    )


class EventsTable(TablePanel[EventRow]):
    """The events of a cluster, or of a job; it pages back in time without limit."""

    BOX = "Timeline"
    TABLE = "timeline"
    FADES = False
    LOADING = LOADING

    def __init__(self, job: str = "", *, id: str | None = None) -> None:
        super().__init__(job, id=id)
        self._pages = EventPages()
        self._rows: dict[int, EventRow] = {}
        self._made_of: tuple[Any, ...] = ()
        """The events, the zone, and whether there are headings: what the rows were made of."""
        self._held: Held | None = None
        """What Flink has; for the rows that are drawn."""
        self._explains = False  # whether a line above the rows says what the sign means
        self._filter = "", EventFilter("")
        self._narrow, self._by_day = False, True
        """Whether there is no room for columns of repeats, and whether days have headings."""

    def columns(self) -> Sequence[Column[EventRow]]:
        def drawn_words(event: Event, cells: int) -> Stripes:
            if event.kind is EventKind.GAP:
                return Stripes(((ruled(clean(event.words), cells), "warn"),))
            times = f"{times_words(event)} " if counted and event.count > 1 else ""
            return Stripes(((times, "warn"), _words_cell(event)))

        choice = self.app.settings.columns.get(self.TABLE)
        counted = self._narrow if choice is None else "times" not in choice.show

        def sign(event: Event) -> Cell:
            lacks = self._held is not None and self._held.lacks(event)
            return (REMEMBERED, "muted") if lacks else ("", "")

        def first(event: Event) -> Cell:
            return (self._moment(event.at) if event.count > 1 else "", "muted")

        def drawn_first(event: Event, _cells: int) -> Stripes:
            return Stripes(((self.near(event.at) if event.count > 1 else "", "muted"),))

        more: Rest = {"usual": False, "middle": True}
        wide: Rest = {"usual": not self._narrow}
        return (
            event_column(
                "when",
                "WHEN",
                CLOCK if self._by_day else TIME,
                lambda event: (self._moment(newest(event)), ""),
                sort=newest,
                drawn=lambda event, _cells: Stripes(((self._when(newest(event)), ""),)),
                descending=True,
            ),
            event_column("remembered", "", 1, sign),
            event_column("event", "EVENT", 12, _kind_cell, sort=_word),
            *(
                ()
                if self.job
                else (event_column("job", "JOB", 14, _job_cell, sort=_job, drop=1, comfort=28, flex=True),)
            ),
            event_column("times", "TIMES", 6, _times_cell, sort=_count, descending=True, drop=2, **wide),
            event_column("first", "FIRST", TIME, first, drawn=drawn_first, sort=_first, drop=3, **wide),
            event_column(
                "what", "WHAT", 24, _words_cell, drawn=drawn_words, sort=_words, flex=True, comfort=COMFORT
            ),
            event_column("severity", "SEVERITY", 10, _severity_cell, sort=_severity, usual=False),
            event_column("vertex", "VERTEX", 24, _vertex_cell, sort=_vertex, usual=False),
            event_column("taskmanager", "TASKMANAGER", 24, _taskmanager_cell, sort=_taskmanager, **more),
        )

    def _moment(self, at: float) -> str:
        """A date with its time."""
        return fmt.moment(at / 1000.0, self.zone_offset())

    def _when(self, at: float) -> str:
        """The time alone below the heading of its day."""
        return fmt.clock(at / 1000.0, self.zone_offset()) if self._by_day else self.near(at)

    @property
    def _has_headings(self) -> bool:
        return not self.table.filter and not self.table.sort_label

    def heading(self, row: EventRow) -> str:
        return row.day if row.event is None else ""

    def asks(self) -> Asks:
        asks: Asks = {} if self.job else {JOBS_OVERVIEW(): 0.0}
        if not self.port.features.history_server and any(
            event.kind in OF_TASKMANAGERS for event in self._seen()
        ):
            asks[TASKMANAGERS()] = TASKMANAGER_SECONDS
        return asks

    def _seen(self, *, edges: bool = False) -> list[Event]:
        """The events on the screen, with `edges` also the one above and the one below."""
        keys = self.visible_keys
        if edges and keys:
            shown = self.table.shown_keys()
            first, last = (shown.index(key) if key in shown else 0 for key in (keys[0], keys[-1]))
            keys = shown[max(first - 1, 0) : last + 2]
        rows = (self._rows.get(int(key)) for key in keys if key.isdecimal())
        return [row.event for row in rows if row is not None and row.event is not None]

    @property
    def selected(self) -> Event | None:
        """The event under the cursor."""
        row = self.table.cursor_row if self.is_mounted else None
        return row.event if row is not None else None

    def event(self, key: str | None) -> Event | None:
        """An event by the key of its row."""
        row = self._rows.get(int(key)) if key is not None and key.isdecimal() else None
        return row.event if row is not None else None

    def copied(self) -> str | None:
        return self.line_of(event) if (event := self.selected) is not None else None

    def line_of(self, event: Event) -> str:
        """An event in one line."""
        at = fmt.moment(newest(event) / 1000.0, self.zone_offset())
        parts = (at, look(event).word, event.job_name or event.job, times_words(event), event.words)
        return clean("  ".join(part for part in parts if part))

    def matches(self, row: EventRow, text: str) -> bool:
        """By what is shown and the details; `kind:`, `job:` and `finding:` search that alone."""
        return row.event is not None and self._filter_of(text).matches(row.event, row.text)

    def _filter_of(self, text: str) -> EventFilter:
        if text != self._filter[0]:
            self._filter = text, EventFilter(text)
        return self._filter[1]

    def question(self) -> Question:
        """The question that the filter leaves: what can't be put into it is filtered when it is read."""
        wanted = self._filter_of(self.table.filter)
        return Question(cluster=self.port.connection.url, job=self.job, kinds=wanted.kinds, text=wanted.text)

    @property
    def awaits_rows(self) -> bool:
        """Whether the rows of the filter are still read by the journal's thread."""
        if self.port.journal is None or self._frozen:
            return False
        return not self._pages.is_read(self.question()) or (self.table.is_empty and self._pages.loading)

    @on(FilterChanged)
    def _filtered(self) -> None:
        self.update()

    def facts_changed(self, changes: frozenset[Query[Any]]) -> None:
        journal = self.port.journal
        if journal is not None and self._pages.has_news(journal):
            self.update()
        else:
            super().facts_changed(changes)

    def show(self) -> None:
        if (journal := self.port.journal) is not None:
            self._pages.ask(self.question())
            on_screen = frozenset(event.number for event in self._seen())
            older = self._near_end() and not self._filter_of(self.table.filter).nothing
            self._pages.read(journal, on_screen=on_screen, older=older)
        self._held = Held(self.port)
        layout = self.size.width < NARROW, self._has_headings
        if layout != (self._narrow, self._by_day):
            self._narrow, self._by_day = layout
            self.table.set_columns(self.shown_columns())
        super().show()

    def _near_end(self) -> bool:
        """Whether the end of what was read is on the screen, or close."""
        shown, visible = self.table.shown_keys(), self.table.visible_keys()
        return not shown or not frozenset(shown[-NEAR:]).isdisjoint(visible)

    def rows(self) -> Sequence[EventRow] | None:
        """The events with a heading for each day before today, where they are neither filtered nor sorted."""
        events, offset, headings = self._pages.events, self.zone_offset(), self._has_headings
        today = self._day(self.port.known_time() * 1000.0, offset)
        made_of = (events, offset, headings, today)
        if self._made_of and events is self._made_of[0] and made_of[1:] == self._made_of[1:]:
            return None
        before = self._rows if self._made_of and offset == self._made_of[1] else {}
        self._made_of = made_of
        self._rows = {}
        rows: list[EventRow] = []
        days = {today}
        for event in events:
            row = before.get(event.number)
            if row is None or row.event != event:
                row = event_row(event, self._day(newest(event), offset))
            self._rows[event.number] = row
            if headings and row.day not in days:
                days.add(row.day)
                rows.append(EventRow(f"day {row.day}", None, row.day))
            rows.append(row)
        return rows

    @staticmethod
    def _day(at: float, offset: float | None) -> str:
        return fmt.moment(at / 1000.0, offset)[:10]

    def empty(self) -> str:
        if self.port.journal is None:
            return NO_JOURNAL
        if self._pages.loading:
            return LOADING
        if self.table.filter:
            return f"nothing matches {self.table.filter!r}"
        return OF_THE_PAST if self.port.features.history_server else NOTHING

    def words(self) -> Sequence[Line]:
        """What the sign means, while it is on the screen.

        This line takes a row, perhaps that of the only sign: without the edges it would come and go for ever.
        """
        held, seen = self._held, self._seen(edges=self._explains)
        self._explains = held is not None and any(held.lacks(event) for event in seen)
        return [[(LEGEND, "muted")]] if self._explains else []


def _kind_cell(event: Event) -> Cell:
    found = look(event)
    return found.text, found.tone


def _job_cell(event: Event) -> Cell:
    if not event.job and not event.job_name:
        return "cluster", "muted"
    return clean(event.job_name or event.job), ""


def _words_cell(event: Event) -> Cell:
    return clean(event.words), words_tone(event)


def _times_cell(event: Event) -> Cell:
    return times_words(event), "warn"


def _job(event: Event) -> str:
    return (event.job_name or event.job).casefold()


def _word(event: Event) -> str:
    return look(event).word


def _words(event: Event) -> str:
    return event.words.casefold()


def _count(event: Event) -> int:
    return event.count


def _first(event: Event) -> float:
    return event.at


def _severity_cell(event: Event) -> Cell:
    if event.severity is Severity.OK:
        return fmt.ABSENT, "muted"
    return f"{mark(event.severity)} {event.severity}", TONES[event.severity]


def _severity(event: Event) -> int:
    return event.severity.rank


def _vertex_cell(event: Event) -> Cell:
    return _or_absent(event.vertex_name)


def _vertex(event: Event) -> str:
    return event.vertex_name.casefold()


def _taskmanager_cell(event: Event) -> Cell:
    return _or_absent(event.taskmanager or "")


def _taskmanager(event: Event) -> str:
    return (event.taskmanager or "").casefold()


def _or_absent(text: str) -> Cell:
    return (clean(text), "") if text else (fmt.ABSENT, "muted")


class JobEvents(EventsTable):
    """The events of one job."""

    BOX = "History"


def event_lines(event: Event, offset: float | None, now: float) -> list[Line | Part]:
    """An event in words: its whole sentence, when and how often, what it is about.

    `offset` is that of the shown times from UTC (s), `now` the cluster's time (s since 1970).
    """
    found = look(event)
    last = spaced(pair("last" if event.count > 1 else "at", when_words(int(newest(event)), offset, now)))
    if event.count > 1:
        first = when_words(int(event.at), offset, now)
        last = spaced(last, pair("first", first), [(times_words(event), "warn")], gap=MUTED_GAP)
    about: list[Line] = []
    if event.job or event.job_name:
        about.append([*pair("job", clean(event.job_name)), (f" {event.job}", "muted")])
    if event.vertex_name:
        about.append(pair("in", clean(event.vertex_name)))
    if event.subtask is not None:
        about.append(pair("subtask", subtask_names.numbered(event.subtask, None)))
    if event.taskmanager:
        about.append(pair("on", clean(event.taskmanager)))
    return [
        (f"{found.text}: {clean(event.words)}", found.tone),
        last,
        spaced(*about, gap=MUTED_GAP),
    ]


class EventDetail(LinesPanel):
    """The selected event in full."""

    BOX = "Event"

    def __init__(self, job: str = "", *, id: str | None = None) -> None:
        super().__init__(job, id=id)
        self._event: Event | None = None

    def choose(self, event: Event | None) -> None:
        if event is not self._event:
            self._event = event
            self.draw()

    def lines(self) -> Sequence[Line | Part]:
        if self._event is None:
            return [(NONE_CHOSEN, "muted")]
        sentence, when, about = event_lines(self._event, self.zone_offset(), self.port.known_time())
        # A long sentence is cut below; its beginning is in the list.
        return [when, sentence, about]
