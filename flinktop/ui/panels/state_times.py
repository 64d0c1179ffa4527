"""When the present attempt of a subtask entered each state, and how long it stayed there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from msgspec import Struct

from flinktop.facts.subtasks import present_asks, present_reading
from flinktop.facts.vertices import vertex_of
from flinktop.flink.vertices import SUBTASK_TIMES
from flinktop.model import attempts, states
from flinktop.model import format as fmt
from flinktop.ui.panels.columns import number, state, text
from flinktop.ui.panels.subtasks_table import MANY
from flinktop.ui.panels.table_panel import TablePanel
from flinktop.ui.widgets.one_by_one import MadeRows, one_by_one
from flinktop.ui.widgets.spark import bar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from flinktop.flink.endpoint import Query
    from flinktop.flink.vertices import SubtasksTimes, SubtaskTimes
    from flinktop.ui.live import Asks
    from flinktop.ui.widgets.columns import Column

SECONDS, MANY_SECONDS = 10.0, 60.0
"""Between two looks: the answer is about all subtasks, and states change seldom."""
BAR = 24
LONGEST_STATE = 14


class StateRow(Struct, frozen=True):
    """One state that was entered."""

    state: str
    entered: int
    """ms since 1970."""
    milliseconds: float | None
    """None while it lasts and nobody knows the time."""
    share: float
    """Of the time up to the state it is in, or ended in: 0 to 1."""


def state_rows(timestamps: Mapping[str, int], cluster_now: float) -> MadeRows[StateRow]:
    """The states in the order in which they were entered (`…/subtasktimes`; 0 is never)."""
    entered = sorted((at, state) for state, at in timestamps.items() if at > 0)
    if not entered:
        return MadeRows()
    ends = [at for at, _ in entered[1:]]
    (first, _), (latest, last) = entered[0], entered[-1]

    def made(numbered: tuple[int, tuple[int, str]]) -> StateRow:
        at, (since, name) = numbered
        if at < len(ends):
            spent = ends[at] - since
            return StateRow(name, since, max(0.0, spent), spent / max(1, latest - first))
        lasts = not states.is_terminal(last)
        return StateRow(name, since, max(0.0, cluster_now * 1000.0 - since) if lasts else None, 0.0)

    return one_by_one(enumerate(entered), made, key=lambda numbered: numbered[1][1])


def columns(
    offset: Callable[[], float | None], cluster_now: Callable[[], float], *, ascii: bool
) -> tuple[Column[StateRow], ...]:
    """The columns; the state is the last to give way."""
    by_state: Column[StateRow] = state()
    return (
        replace(by_state, width=LONGEST_STATE),
        text(
            *("entered", "ENTERED", 11, lambda row: fmt.near(row.entered / 1000.0, offset(), cluster_now())),
            sort=lambda row: row.entered,
            align="right",
        ),
        number("spent", "IN STATE", 8, lambda row: row.milliseconds, fmt.milliseconds),
        text(
            *("share", "SHARE", BAR, lambda row: bar(row.share, BAR, ascii=ascii) if row.share else ""),
            tone="info",
            blank="",
            drop=1,
        ),
    )


class StateTimes(TablePanel[StateRow]):
    """The states of one subtask's present attempt."""

    BOX = "States of the present attempt"
    NOTHING = "it has entered no state yet"
    TABLE_ID = "state-rows"
    DEFAULT_CSS = "StateTimes { height: auto; } StateTimes LiveTable { height: 2; }"

    def __init__(self, job: str, vertex: str, subtask: int, *, id: str | None = None) -> None:
        super().__init__(job, vertex, id=id)
        self.subtask = subtask

    def columns(self) -> Sequence[Column[StateRow]]:
        return columns(self.zone_offset, self.port.known_time, ascii=self.ascii)

    def key(self, row: StateRow) -> str:
        return row.state

    def source(self) -> Query[SubtasksTimes]:
        return SUBTASK_TIMES(job=self.job, vertex=self.vertex)

    def asks(self) -> Asks:
        """When subtasks entered their states: soon, while what is known is of an attempt before."""
        known = vertex_of(self.port, self.job, self.vertex)
        every = MANY_SECONDS if known is not None and known[1].parallelism > MANY else SECONDS
        present = present_asks(self.port, self.job, self.vertex, self.subtask)
        return present | {self.source(): 0.0 if self._is_of_another() else every}

    def _times(self) -> SubtaskTimes | None:
        known = self.reading.value.subtasks if self.reading is not None and self.reading.value else ()
        return next((one for one in known if one.subtask == self.subtask), None)

    def _is_of_another(self) -> bool:
        """Whether the times are those of another attempt than the present one."""
        present, times = present_reading(self.port, self.job, self.vertex, self.subtask), self._times()
        if present is None or present.value is None or times is None:
            return False
        return not attempts.is_of(present.value, times.timestamps)

    def empty(self) -> str:
        return "loading the states of the present attempt…" if self._is_of_another() else super().empty()

    def rows_of(self, answer: SubtasksTimes) -> Sequence[StateRow]:  # noqa: ARG002 -- one subtask's part of it
        times = None if self._is_of_another() else self._times()
        rows = state_rows(times.timestamps if times is not None else {}, self.port.known_time())
        self.table.styles.height = max(1, len(rows) + len(rows.odd)) + 1
        return rows

    def is_dim(self, row: StateRow) -> bool:  # noqa: ARG002 -- states that were entered stay so
        return False
