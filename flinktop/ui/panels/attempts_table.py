"""The attempts of a subtask, newest first: how each ended, where it ran, how long each state took."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.widgets import Static

from flinktop.facts.figure import ABSENT, Figure
from flinktop.facts.subtasks import VertexContext, present_asks, present_attempt, vertex_context
from flinktop.flink.errors import NotFound
from flinktop.flink.vertices import ATTEMPT, Attempt
from flinktop.model import attempts
from flinktop.model import format as fmt
from flinktop.model.attempts import SeenAttempts
from flinktop.ui.panels.columns import figure, number, state, text
from flinktop.ui.panels.table_panel import TablePanel

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.app import ComposeResult

    from flinktop.flink.endpoint import Query
    from flinktop.ui.live import Asks
    from flinktop.ui.widgets.columns import Column

MOST_ROWS = 8
"""Attempts that are seen at once; the table scrolls."""
SECONDS = 10.0
"""Between two looks at an attempt whose end is not told yet; one that has ended is not asked for again."""
PHASES = (
    ("SCHEDULED", "SCHEDULED"),
    ("DEPLOYING", "DEPLOYING"),
    ("INITIALIZING", "INITIALIZ."),
    ("RUNNING", "RUNNING"),
)
"""States whose time an attempt tells (1.16+), and what their columns are called."""


def columns(
    offset: Callable[[], float | None],
    cluster_now: Callable[[], float],
    context: Callable[[], VertexContext],
) -> tuple[Column[Attempt], ...]:
    """The columns; number, state and the times are the last to give way."""

    def time(value: int) -> str:
        return fmt.near(value / 1000.0, offset(), cluster_now()) if value > 0 else fmt.ABSENT

    def phase(name: str, title: str) -> Column[Attempt]:
        return number(
            *(title.lower(), title, max(8, len(title)), lambda row: (row.status_duration or {}).get(name)),
            fmt.milliseconds,
            drop=4,
        )

    def records(key: str, title: str, of: Callable[[Attempt], Figure]) -> Column[Attempt]:
        return figure(key, title, 6, of, drop=2)

    return (
        text(
            *("attempt", "ATTEMPT", 7, lambda row: fmt.number(row.attempt)),
            tone="strong",
            sort=lambda row: row.attempt,
            align="right",
            descending=True,
        ),
        state(lambda row: row.status),
        text(
            *("started", "STARTED", 11, lambda row: time(row.start_time)),
            sort=lambda row: row.start_time,
            align="right",
        ),
        text(
            *("ended", "ENDED", 11, lambda row: time(row.end_time)),
            sort=lambda row: row.end_time,
            align="right",
            drop=1,
        ),
        number("seconds", "DURATION", 8, lambda row: row.seconds, fmt.duration),
        text("host", "HOST", 12, lambda row: row.where, sort=True, drop=3, flex=True),
        records("taken", "IN", lambda row: ABSENT if context().source else Figure(row.metrics.records_in)),
        records("sent", "OUT", lambda row: ABSENT if context().sink else Figure(row.metrics.records_out)),
        *(phase(*one) for one in PHASES),
    )


class AttemptsTable(TablePanel[Attempt]):
    """Every attempt of a subtask that Flink still knows; earlier ones are asked for one after the other."""

    BOX = "Attempts"
    LOADING = "loading subtask…"
    TABLE_ID = "attempt-rows"
    DEFAULT_CSS = """
    AttemptsTable { height: auto; }
    AttemptsTable LiveTable { height: 2; }
    AttemptsTable .note { height: auto; max-height: 2; color: $text-muted; padding: 0 1; display: none; }
    """

    def __init__(self, job: str, vertex: str, subtask: int, *, id: str | None = None) -> None:
        super().__init__(job, vertex, id=id)
        self.subtask = subtask
        self._seen = SeenAttempts()
        self._asked: tuple[int, ...] = ()
        self._gone: frozenset[int] = frozenset()
        """Attempts that Flink was asked for and keeps no longer."""

    def compose(self) -> ComposeResult:
        yield from super().compose()
        yield Static("", classes="note", markup=False)

    def columns(self) -> Sequence[Column[Attempt]]:
        return columns(self.zone_offset, self.port.known_time, self._vertex_context)

    def _vertex_context(self) -> VertexContext:
        return vertex_context(self.port, self.job, self.vertex) or VertexContext()

    def key(self, row: Attempt) -> str:
        return fmt.number(row.attempt)

    def source(self) -> Query[Attempt] | None:
        return present_attempt(self.port, self.job, self.vertex, self.subtask)

    def _earlier(self, attempt: int) -> Query[Attempt]:
        return ATTEMPT(job=self.job, vertex=self.vertex, subtask=self.subtask, attempt=attempt)

    def asks(self) -> Asks:
        """The present attempt, and the next earlier one, until Flink does not know one: then none is left."""
        self._learn()
        self._asked = self._seen.to_ask(self._gone)
        earlier = {self._earlier(attempt): SECONDS for attempt in self._asked}
        return earlier | present_asks(self.port, self.job, self.vertex, self.subtask)

    def _learn(self) -> None:
        """Take in what has been answered."""
        reading, before = self.reading, self._seen
        if reading is None or reading.value is None:
            return
        readings = {one: self.port.reading(self._earlier(one)) for one in self._asked}
        earlier = [one.value for one in readings.values() if one is not None and one.value is not None]
        self._seen = attempts.seen(before, reading.value, earlier)
        if self._seen.newest < before.newest:
            self._gone = frozenset()
        self._gone |= {
            attempt
            for attempt, one in readings.items()
            if one is not None and one.value is None and isinstance(one.error, NotFound)
        }

    def rows_of(self, answer: Attempt) -> Sequence[Attempt]:  # noqa: ARG002 -- it is among those that were seen
        rows = self._seen.rows(self._gone)
        self.table.styles.height = min(len(rows), MOST_ROWS) + 1
        return rows

    def show(self) -> None:
        super().show()
        note, words = self.query_one(".note", Static), self._note()
        note.display = bool(words)
        note.update(words)

    def _note(self) -> str:
        """What has become of attempts that are not in the table."""
        missing = self._seen.missing()
        if not missing:
            return ""
        if any(attempt not in self._seen.known for attempt in self._seen.to_ask(self._gone)):
            return "loading earlier attempts…"
        numbers = ", ".join(f"{first}" if first == last else f"{first}-{last}" for first, last in missing)
        one = len(missing) == 1 and missing[0][0] == missing[0][1]
        return f"Attempt{'' if one else 's'} {numbers}: not kept by Flink."
