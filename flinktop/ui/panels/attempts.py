"""The attempts of a subtask, newest first, and how long the current one was in each state."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct
from textual.widgets import Static

from flinktop.facts.freshness import ABSENT, Figure
from flinktop.facts.subtasks import (
    VertexContext,
    current_asks,
    current_attempt,
    current_reading,
    vertex_context,
)
from flinktop.facts.vertices import vertex_of
from flinktop.flink.errors import NotFound
from flinktop.flink.vertices import ATTEMPT, SUBTASK_TIMES, Attempt
from flinktop.model import attempts, states
from flinktop.model import format as fmt
from flinktop.model.attempts import SeenAttempts
from flinktop.ui.panels.columns import figure, near, number, state, text
from flinktop.ui.panels.subtasks_table import MANY
from flinktop.ui.panels.table_panel import TablePanel
from flinktop.ui.widgets.guarded_rows import GuardedRows, make_rows
from flinktop.ui.widgets.spark import bar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from textual.app import ComposeResult

    from flinktop.flink.endpoint import Query
    from flinktop.flink.vertices import SubtasksTimes, SubtaskTimes
    from flinktop.ui.live import Asks
    from flinktop.ui.widgets.columns import Column


MOST_ROWS = 8  # attempts that are visible at once; the table scrolls
SECONDS, MANY_SECONDS = 10.0, 60.0
"""Between two polls of an attempt whose end is not known yet, and of the states of all subtasks, of many."""
PHASES = (
    ("SCHEDULED", "SCHEDULED"),
    ("DEPLOYING", "DEPLOYING"),
    ("INITIALIZING", "INITIALIZ."),
    ("RUNNING", "RUNNING"),
)
"""States whose duration an attempt reports (1.16+), and the titles of their columns."""
BAR = 24
LONGEST_STATE = 14


def _spent(phase: str, row: Attempt) -> int | None:
    return (row.status_duration or {}).get(phase)


class AttemptsTable(TablePanel[Attempt]):
    """Every attempt of a subtask that Flink still knows; earlier ones are fetched one after the other."""

    BOX = "Attempts"
    LOADING = "loading subtask…"
    TABLE = "attempts"
    TABLE_ID = "attempt-rows"
    DEFAULT_CSS = """
    AttemptsTable { height: auto; }
    AttemptsTable LiveTable { height: 2; }
    AttemptsTable .note { height: auto; max-height: 2; color: $text-muted; padding: 0 1; display: none; }
    """

    def __init__(self, job: str, vertex: str, subtask: int, *, id: str | None = None) -> None:
        super().__init__(job, vertex, subtask, id=id)
        self._seen = SeenAttempts()
        self._requested: tuple[int, ...] = ()
        self._dropped: frozenset[int] = frozenset()  # requested attempts that Flink no longer keeps

    def compose(self) -> ComposeResult:
        yield from super().compose()
        yield Static("", classes="note", markup=False)

    def columns(self) -> Sequence[Column[Attempt]]:
        def time(at: float) -> str:
            return self.near(at) if at > 0 else fmt.ABSENT

        def records(of: Attempt, *, sent: bool) -> Figure:
            context = self._vertex_context()
            absent = context.sink if sent else context.source
            return ABSENT if absent else Figure(of.metrics.records_out if sent else of.metrics.records_in)

        return (
            text(
                "attempt",
                "ATTEMPT",
                7,
                lambda row: fmt.number(row.attempt),
                tone="strong",
                sort=lambda row: row.attempt,
                align="right",
                descending=True,
            ),
            state(lambda row: row.status),
            near("started", "STARTED", lambda row: row.start_time, time),
            near("ended", "ENDED", lambda row: row.end_time, time, drop=1),
            number("duration", "DURATION", 8, lambda row: row.seconds, fmt.duration),
            text("host", "HOST", 12, lambda row: row.where, sort=True, drop=3, flex=True),
            figure("total_in", "IN", 6, partial(records, sent=False), drop=2),
            figure("total_out", "OUT", 6, partial(records, sent=True), drop=2),
            *(
                number(one.lower(), head, max(8, len(head)), partial(_spent, one), fmt.milliseconds, drop=4)
                for one, head in PHASES
            ),
            text(
                "taskmanager",
                "TASKMANAGER",
                24,
                lambda row: row.taskmanager_id or "",
                sort=True,
                middle=True,
                usual=False,
            ),
        )

    def _vertex_context(self) -> VertexContext:
        return vertex_context(self.port, self.job, self.vertex) or VertexContext()

    def key(self, row: Attempt) -> str:
        return fmt.number(row.attempt)

    def source(self) -> Query[Attempt] | None:
        return current_attempt(self.port, self.job, self.vertex, self.subtask)

    def _earlier(self, attempt: int) -> Query[Attempt]:
        return ATTEMPT(job=self.job, vertex=self.vertex, subtask=self.subtask, attempt=attempt)

    def asks(self) -> Asks:
        """The current attempt, and the next earlier one, until Flink does not know one: then none is left."""
        self._take_answers()
        self._requested = self._seen.to_request(self._dropped)
        earlier = {self._earlier(attempt): SECONDS for attempt in self._requested}
        return earlier | current_asks(self.port, self.job, self.vertex, self.subtask)

    def _take_answers(self) -> None:
        reading, before = self.reading, self._seen
        if reading is None or reading.value is None:
            return
        readings = {one: self.port.reading(self._earlier(one)) for one in self._requested}
        earlier = [one.value for one in readings.values() if one is not None and one.value is not None]
        self._seen = attempts.merged(before, reading.value, earlier)
        if self._seen.newest < before.newest:
            self._dropped = frozenset()
        self._dropped |= {
            attempt
            for attempt, one in readings.items()
            if one is not None and one.value is None and isinstance(one.error, NotFound)
        }

    def rows_of(self, answer: Attempt) -> Sequence[Attempt]:  # noqa: ARG002 -- it is among the seen attempts
        rows = self._seen.rows(self._dropped)
        self.table.styles.height = min(len(rows), MOST_ROWS) + 1
        return rows

    def show(self) -> None:
        super().show()
        note, words = self.query_one(".note", Static), self._note()
        note.display = bool(words)
        note.update(words)

    def _note(self) -> str:
        """What happened to attempts that are not in the table."""
        missing = self._seen.missing()
        if not missing:
            return ""
        if any(attempt not in self._seen.known for attempt in self._seen.to_request(self._dropped)):
            return "loading earlier attempts…"
        numbers = ", ".join(f"{first}" if first == last else f"{first}-{last}" for first, last in missing)
        one = len(missing) == 1 and missing[0][0] == missing[0][1]
        return f"Attempt{'' if one else 's'} {numbers}: not kept by Flink."


class StateRow(Struct, frozen=True):
    """One state that was entered."""

    state: str
    entered: int  # ms since 1970
    milliseconds: float | None  # None while it lasts and the time is not known
    share: float  # of the time up to its current state, or its end: 0 to 1


def state_rows(timestamps: Mapping[str, int], cluster_now: float) -> GuardedRows[StateRow]:
    """The states in the order in which they were entered (`…/subtasktimes`; 0 is never)."""
    entered = sorted((at, state) for state, at in timestamps.items() if at > 0)
    if not entered:
        return GuardedRows()
    ends = [at for at, _ in entered[1:]]
    (first, _), (latest, last) = entered[0], entered[-1]

    def made(numbered: tuple[int, tuple[int, str]]) -> StateRow:
        at, (since, name) = numbered
        if at < len(ends):
            spent = ends[at] - since
            return StateRow(name, since, max(0.0, spent), spent / max(1, latest - first))
        lasts = not states.is_terminal(last)
        return StateRow(name, since, max(0.0, cluster_now * 1000.0 - since) if lasts else None, 0.0)

    return make_rows(enumerate(entered), made, key=lambda numbered: numbered[1][1])


class StateTimes(TablePanel[StateRow]):
    """The states of one subtask's current attempt."""

    ENDPOINT = SUBTASK_TIMES
    KEY = "state"
    BOX = "States of the present attempt"
    NOTHING = "it has entered no state yet"
    TABLE = "subtask_states"
    TABLE_ID = "state-rows"
    DEFAULT_CSS = "StateTimes { height: auto; } StateTimes LiveTable { height: 2; }"

    def columns(self) -> Sequence[Column[StateRow]]:
        def share(row: StateRow) -> str:
            return bar(row.share, BAR, ascii=self.ascii) if row.share else ""

        by_state: Column[StateRow] = state()
        return (
            replace(by_state, width=LONGEST_STATE),
            near("entered", "ENTERED", lambda row: row.entered, self.near),
            number("in_state", "IN STATE", 8, lambda row: row.milliseconds, fmt.milliseconds),
            text("share", "SHARE", BAR, share, tone="info", blank="", drop=1),
        )

    def asks(self) -> Asks:
        """When subtasks entered their states: polled soon while the known times are of an earlier attempt."""
        known = vertex_of(self.port, self.job, self.vertex)
        every = MANY_SECONDS if known is not None and known[1].parallelism > MANY else SECONDS
        present = current_asks(self.port, self.job, self.vertex, self.subtask)
        return present | dict.fromkeys(super().asks(), 0.0 if self._is_of_another() else every)

    def _times(self) -> SubtaskTimes | None:
        known = self.reading.value.subtasks if self.reading is not None and self.reading.value else ()
        return next((one for one in known if one.subtask == self.subtask), None)

    def _is_of_another(self) -> bool:
        """Whether the times are those of another attempt than the current one."""
        present, times = current_reading(self.port, self.job, self.vertex, self.subtask), self._times()
        if present is None or present.value is None or times is None:
            return False
        return not attempts.is_of(present.value, times.timestamps)

    def empty(self) -> str:
        return "loading the states of the present attempt…" if self._is_of_another() else super().empty()

    def rows_of(self, answer: SubtasksTimes) -> Sequence[StateRow]:  # noqa: ARG002 -- one subtask's part of it
        times = None if self._is_of_another() else self._times()
        rows = state_rows(times.timestamps if times is not None else {}, self.port.known_time())
        self.table.styles.height = max(1, len(rows) + len(rows.failed)) + 1
        return rows

    def is_dim(self, row: StateRow) -> bool:  # noqa: ARG002 -- states that were entered stay so
        return False
