"""The attempts of a subtask, newest first: how each ended, where it ran, how long each state took."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.widgets import Static

from flinktop.facts.attempts import PHASES, AttemptFacts, attempt_facts
from flinktop.facts.freshness import is_old
from flinktop.facts.subtasks import VertexContext, present_reading, vertex_context
from flinktop.facts.unanswered import why_empty
from flinktop.flink.errors import NotFound
from flinktop.flink.vertices import ATTEMPT
from flinktop.model import attempts
from flinktop.model import format as fmt
from flinktop.model.attempts import SeenAttempts
from flinktop.ui.live import Panel
from flinktop.ui.panels.frame import zone_offset
from flinktop.ui.panels.present_attempt import watch_present
from flinktop.ui.panels.shared_columns import state_column
from flinktop.ui.panels.subtask_columns import said
from flinktop.ui.widgets.one_by_one import one_by_one
from flinktop.ui.widgets.table import Cell, Column, LiveTable

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult

    from flinktop.engine.store import Reading
    from flinktop.flink.endpoint import Query
    from flinktop.flink.vertices import Attempt

MOST_ROWS = 8
"""Attempts that are seen at once; the table scrolls."""
SECONDS = 10.0
"""Between two looks at an attempt whose end is not told yet; one that has ended is not asked for again."""


def columns() -> list[Column[AttemptFacts]]:
    """The columns; number, state and the times are the last to give way."""

    def spent(at: int) -> Callable[[AttemptFacts], Cell]:
        return lambda row: (
            (fmt.milliseconds(row.spent[at]), "") if row.spent[at] is not None else (fmt.ABSENT, "muted")
        )

    def count(key: str, title: str) -> Column[AttemptFacts]:
        return Column(
            key,
            title,
            6,
            lambda row: said(getattr(row, key), fmt.count),
            sort=lambda row: getattr(row, key).value,
            align="right",
            descending=True,
            drop=2,
        )

    state: Column[AttemptFacts] = state_column()
    phases = [
        Column(
            title.lower(),
            title,
            max(8, len(title)),
            spent(at),
            sort=lambda row, at=at: row.spent[at],  # type: ignore[misc]  # mypy infers no default's type
            align="right",
            descending=True,
            drop=4,
        )
        for at, (_, title) in enumerate(PHASES)
    ]
    found: list[Column[AttemptFacts]] = [
        Column(
            "attempt",
            "ATTEMPT",
            7,
            lambda row: (fmt.number(row.number), "strong"),
            sort=lambda row: row.number,
            align="right",
            descending=True,
        ),
        state,
        Column(
            "started", "STARTED", 11, lambda row: (row.started, ""), sort=lambda row: row.start, align="right"
        ),
        Column(
            "ended", "ENDED", 11, lambda row: (row.ended, ""), sort=lambda row: row.end, align="right", drop=1
        ),
        Column(
            "seconds",
            "DURATION",
            8,
            lambda row: (fmt.duration(row.seconds) if row.seconds is not None else fmt.ABSENT, ""),
            sort=lambda row: row.seconds,
            align="right",
            descending=True,
        ),
        Column(
            "host",
            "HOST",
            12,
            lambda row: (row.host or fmt.ABSENT, ""),
            sort=lambda row: row.host,
            drop=3,
            flex=True,
        ),
        count("taken", "IN"),
        count("sent", "OUT"),
        *phases,
    ]
    return found


class AttemptsTable(Panel):
    """Every attempt of a subtask that Flink still knows; earlier ones are asked for one after the other."""

    BOX = "Attempts"
    DEFAULT_CSS = """
    AttemptsTable { height: auto; }
    AttemptsTable LiveTable { height: 2; }
    AttemptsTable .note { height: auto; max-height: 2; color: $text-muted; padding: 0 1; display: none; }
    """

    def __init__(self, job: str, vertex: str, subtask: int, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._job = job
        self._vertex = vertex
        self._subtask = subtask
        self._seen = SeenAttempts()
        self._gone: frozenset[int] = frozenset()
        """Attempts that Flink was asked for and keeps no longer."""

    def compose(self) -> ComposeResult:
        """The table, and a sentence on attempts that are not known any more."""
        ascii_only = self.app.settings.ascii
        yield LiveTable(
            columns(),
            row_key=lambda row: fmt.number(row.number),
            dim=lambda row: row.old,
            ascii=ascii_only,
            empty="loading subtask…",
            id="attempt-rows",
        )
        yield Static("", classes="note", markup=False)

    def on_mount(self) -> None:
        """Watch the present attempt."""
        watch_present(self, self._job, self._vertex, self._subtask, self._told)
        super().on_mount()

    @property
    def table(self) -> LiveTable[AttemptFacts]:
        """The table itself."""
        return self.query_one(LiveTable)

    def _present(self) -> Reading[Attempt] | None:
        return present_reading(self.port, self._job, self._vertex, self._subtask)

    def _earlier(self, number: int) -> Query[Attempt]:
        return ATTEMPT(job=self._job, vertex=self._vertex, subtask=self._subtask, attempt=number)

    def _told(self, _reading: Reading[Any]) -> None:
        self.wants_tick = True
        self._show_attempts()

    def tick(self) -> None:
        """Ask for one more of the earlier attempts, and show what is known."""
        self._show_attempts()
        self._ask_next()

    def _learn(self) -> None:
        """Take in what has been answered."""
        reading = self._present()
        if reading is None or reading.value is None:
            return
        before = self._seen
        earlier = [self.port.reading(self._earlier(int(slot))) for slot in self._numbered_slots()]
        self._seen = attempts.seen(
            before, reading.value, [one.value for one in earlier if one is not None and one.value is not None]
        )
        if self._seen.newest < before.newest:
            self._gone = frozenset()
        self._gone |= {
            int(slot)
            for slot in self._numbered_slots()
            if (one := self.port.reading(self._earlier(int(slot)))) is not None
            and one.value is None
            and isinstance(one.error, NotFound)
        }

    def _numbered_slots(self) -> tuple[str, ...]:
        return tuple(slot for slot in self.slots() if slot.isdecimal())

    def _ask_next(self) -> None:
        """The next earlier attempt, until Flink does not know one: those before it are gone as well."""
        wanted = self._seen.to_ask(self._gone)
        for slot in self._numbered_slots():
            if int(slot) not in wanted:
                self.drop_query(slot)
        for number in wanted:
            if str(number) not in self.slots():
                self.watch_query(str(number), self._earlier(number), self._told, every=SECONDS)

    def _show_attempts(self) -> None:
        reading = self._present()
        if reading is None or reading.value is None:
            self.table.set_empty(why_empty(self.port, reading, "loading subtask…"))
            return
        self._learn()
        old = is_old(self.port, reading)
        found = self._seen.rows(self._gone)
        offset, now = zone_offset(self), self.port.known_time()
        context = vertex_context(self.port, self._job, self._vertex, offset) or VertexContext(offset=offset)
        self.table.set_rows(
            one_by_one(
                found,
                lambda one: attempt_facts(one, context, now, old=old),
                key=lambda one: fmt.number(one.attempt),
            )
        )
        self._note()
        self.table.styles.height = min(len(found), MOST_ROWS) + 1

    def _note(self) -> None:
        """Say what has become of attempts that are not in the table."""
        note = self.query_one(".note", Static)
        missing = self._seen.missing()
        words = ""
        if missing and self._complete():
            numbers = ", ".join(f"{first}" if first == last else f"{first}-{last}" for first, last in missing)
            one = len(missing) == 1 and missing[0][0] == missing[0][1]
            words = f"Attempt{'' if one else 's'} {numbers}: not kept by Flink."
        elif missing:
            words = "loading earlier attempts…"
        note.display = bool(words)
        note.update(words)

    def _complete(self) -> bool:
        """Whether Flink has been asked for everything that it may keep."""
        return all(number in self._seen.known for number in self._seen.to_ask(self._gone))
