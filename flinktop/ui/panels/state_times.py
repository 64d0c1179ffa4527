"""When the present attempt of a subtask entered each state, and how long it stayed there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from flinktop.facts.subtasks import present_reading
from flinktop.facts.unanswered import why_empty
from flinktop.facts.vertices import vertex_of
from flinktop.flink.vertices import SUBTASK_TIMES
from flinktop.model import attempts, states
from flinktop.model import format as fmt
from flinktop.ui.live import Panel
from flinktop.ui.panels.frame import zone_offset
from flinktop.ui.panels.present_attempt import watch_present
from flinktop.ui.panels.shared_columns import state_column
from flinktop.ui.panels.subtasks_table import MANY
from flinktop.ui.widgets.one_by_one import MadeRows, one_by_one
from flinktop.ui.widgets.spark import bar
from flinktop.ui.widgets.table import Column, LiveTable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual.app import ComposeResult

    from flinktop.engine.store import Reading
    from flinktop.flink.vertices import SubtaskTimes

SECONDS, MANY_SECONDS = 10.0, 60.0
"""Between two looks: the answer is about all subtasks, and states change seldom."""
BAR = 24
LONGEST_STATE = 14


@dataclass(frozen=True, slots=True)
class StateRow:
    """One state that was entered."""

    state: str
    entered: int
    """ms since 1970."""
    at: str
    milliseconds: float | None
    """None while it lasts and nobody knows the time."""
    share: float
    """Of the time up to the state it is in, or ended in: 0 to 1."""

    @property
    def name(self) -> str:
        """Its state: what a filter looks for."""
        return self.state


def state_rows(timestamps: Mapping[str, int], offset: float | None, cluster_now: float) -> MadeRows[StateRow]:
    """The states in the order in which they were entered (`…/subtasktimes`; 0 is never)."""
    entered = sorted((at, state) for state, at in timestamps.items() if at > 0)
    if not entered:
        return MadeRows()
    ends = [at for at, _ in entered[1:]]
    last = entered[-1][1]
    whole = max(1, entered[-1][0] - entered[0][0])

    def made(numbered: tuple[int, tuple[int, str]]) -> StateRow:
        number, (at, state) = numbered
        lasting = number == len(ends)
        spent = (
            (cluster_now * 1000.0 - at if not states.is_terminal(last) else None)
            if lasting
            else ends[number] - at
        )
        return StateRow(
            state,
            at,
            fmt.near(at / 1000.0, offset, cluster_now),
            max(0.0, spent) if spent is not None else None,
            0.0 if lasting else (spent or 0.0) / whole,
        )

    return one_by_one(enumerate(entered), made, key=lambda numbered: numbered[1][1])


def columns(*, ascii_only: bool) -> list[Column[StateRow]]:
    """The columns; the state is the last to give way."""
    state: Column[StateRow] = state_column()
    found: list[Column[StateRow]] = [
        replace(state, width=LONGEST_STATE),
        Column(
            "entered", "ENTERED", 11, lambda row: (row.at, ""), sort=lambda row: row.entered, align="right"
        ),
        Column(
            "spent",
            "IN STATE",
            8,
            lambda row: (
                (fmt.milliseconds(row.milliseconds), "")
                if row.milliseconds is not None
                else (fmt.ABSENT, "muted")
            ),
            sort=lambda row: row.milliseconds,
            align="right",
            descending=True,
        ),
        Column(
            "share",
            "SHARE",
            BAR,
            lambda row: (bar(row.share, BAR, ascii=ascii_only) if row.share else "", "info"),
            drop=1,
        ),
    ]
    return found


class StateTimes(Panel):
    """The states of one subtask's present attempt."""

    BOX = "States of the present attempt"
    DEFAULT_CSS = """
    StateTimes { height: auto; }
    StateTimes LiveTable { height: 2; }
    """

    def __init__(self, job: str, vertex: str, subtask: int, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._job = job
        self._vertex = vertex
        self._subtask = subtask

    def compose(self) -> ComposeResult:
        """One table."""
        ascii_only = self.app.settings.ascii
        yield LiveTable(
            columns(ascii_only=ascii_only),
            row_key=lambda row: row.state,
            ascii=ascii_only,
            empty="loading…",
            id="state-rows",
        )

    def on_mount(self) -> None:
        """Watch when subtasks entered their states."""
        watch_present(self, self._job, self._vertex, self._subtask, self._told)
        self._ask()
        super().on_mount()

    def _ask(self) -> None:
        """When subtasks entered their states: soon, while what is known is of an attempt before."""
        query = SUBTASK_TIMES(job=self._job, vertex=self._vertex)
        self.watch_query("times", query, self._told, every=0.0 if self._is_of_another() else self._every())

    def _times(self) -> SubtaskTimes | None:
        reading = self.port.reading(SUBTASK_TIMES(job=self._job, vertex=self._vertex))
        known = reading.value.subtasks if reading is not None and reading.value is not None else ()
        return next((one for one in known if one.subtask == self._subtask), None)

    def _is_of_another(self) -> bool:
        """Whether the times are those of another attempt than the present one."""
        present, times = present_reading(self.port, self._job, self._vertex, self._subtask), self._times()
        if present is None or present.value is None or times is None:
            return False
        return not attempts.is_of(present.value, times.timestamps)

    def _every(self) -> float:
        known = vertex_of(self.port, self._job, self._vertex)
        return MANY_SECONDS if known is not None and known[1].parallelism > MANY else SECONDS

    def _told(self, _reading: Reading[Any]) -> None:
        self._ask()
        self.tick()

    def tick(self) -> None:
        """The present state goes on."""
        reading = self.port.reading(SUBTASK_TIMES(job=self._job, vertex=self._vertex))
        table = self.query_one(LiveTable)
        if reading is None or reading.value is None:
            table.set_empty(why_empty(self.port, reading, "loading…"))
            return
        if self._is_of_another():
            table.set_rows([])
            table.set_empty("loading the states of the present attempt…")
            table.styles.height = 2
            return
        found = self._times()
        rows = (
            state_rows(found.timestamps, zone_offset(self), self.port.known_time())
            if found
            else MadeRows[StateRow]()
        )
        table.set_empty("it has entered no state yet")
        table.set_rows(rows)
        table.styles.height = max(1, len(rows) + len(rows.odd)) + 1
