"""Why a job failed: the root cause, the fault that a restart loop began with, all that were seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.facts.faults import (
    FaultFacts,
    adaptive,
    fault_facts,
    found_fault,
    repeated_parts,
    unnamed_task,
    when_words,
)
from flinktop.facts.jobs import restarts_of
from flinktop.flink.exceptions import EXCEPTIONS
from flinktop.flink.jobmanager import JOBMANAGER_CONFIG
from flinktop.model import faults, subtask_names
from flinktop.model import format as fmt
from flinktop.ui.live import RARELY
from flinktop.ui.panels.columns import number, text
from flinktop.ui.panels.lines_panel import GAP, MUTED_GAP, pair, spaced
from flinktop.ui.panels.parts import cells
from flinktop.ui.panels.table_panel import TablePanel
from flinktop.ui.widgets.one_by_one import MadeRows, each_with_its

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flinktop.flink.endpoint import Query
    from flinktop.flink.exceptions import Fault, JobExceptions
    from flinktop.model.faults import FaultGroup
    from flinktop.ui.live import Asks
    from flinktop.ui.panels.lines_panel import Line
    from flinktop.ui.widgets.columns import Column

MOST = 320
"""Faults that are asked for at the most, where a cluster keeps so many."""
TOLD = 20
"""Faults that Flink tells of when it is not asked for more (`maxExceptions`)."""
LEAST_ROWS = 3
HEAD = 7
"""Letters of what stands before a fault in the lines above the table."""


def fault_rows(groups: tuple[FaultGroup, ...]) -> MadeRows[FaultFacts]:
    """Rows of what was seen of a job, the newest first, each followed by what happened together with it."""
    return each_with_its(groups, fault_facts, key=lambda group: group.key)


def columns(near: Callable[[int], str]) -> Sequence[Column[FaultFacts]]:
    """When, how often and why are the last to give way; `near` writes a time (ms since 1970)."""
    return (
        text(
            *("at", "LATEST", 11, lambda row: near(row.at)),
            sort=lambda row: row.at,
            align="right",
            descending=True,
        ),
        number("count", "TIMES", 5, lambda row: row.count, tone=lambda count: "warn" if count > 1 else ""),
        text(
            *("name", "ROOT CAUSE", 24, lambda row: row.name),
            tone=lambda row: "strong" if row.beside < 0 else "",
            sort=lambda row: row.reason.casefold(),
            flex=True,
        ),
        text("task", "TASK", 22, lambda row: row.task, sort=True, drop=2),
        text(
            *("subtask", "SUBTASK", 10, lambda row: row.subtask),
            sort=lambda row: row.index,
            align="right",
            drop=3,
        ),
        text(
            *("taskmanager", "TASKMANAGER", 22, lambda row: row.taskmanager),
            sort=lambda row: row.taskmanager,
            drop=4,
            middle=True,
        ),
        text(
            *("first", "FIRST", 11, lambda row: near(row.first)),
            sort=lambda row: row.first,
            align="right",
            drop=1,
        ),
        text("labels", "LABELS", 16, lambda row: row.labels, sort=lambda row: row.labels, drop=5),
    )


def place_lines(fault: Fault, room: int, unnamed: str) -> list[Line]:
    """The task, its subtask and attempt, and the TaskManager: on two lines where `room` cells are few.

    Then the first has the task alone, which may be long, so that the TaskManager is not what is cut.
    `unnamed` stands for the task where Flink sends none.
    """
    task = faults.task(fault.task_name)
    named = pair("in", task.name) if task is not None else [(unnamed, "")]
    rest: list[Line] = []
    if task is not None and task.subtask is not None:
        rest.append(pair("subtask", subtask_names.numbered(task.subtask, task.of)))
    if task is not None and task.attempt is not None:
        rest.append(pair("attempt", f"{task.attempt}"))
    if fault.task_manager_id and not fault.task_manager_id.startswith("(unassigned"):
        where = [(f" ({fault.where})", "muted")] if fault.where else []
        rest.append([*pair("on", fault.task_manager_id), *where])
    elif fault.where:
        rest.append(pair("on", fault.where))
    behind = [part for group in rest for part in (GAP, *group)]
    whole = [*named, *behind]
    return [whole] if not rest or cells(whole) <= room else [named, behind[1:]]


class ExceptionsTable(TablePanel[FaultFacts]):
    """The faults of one job, repeats grouped; those that Flink has dropped are still here."""

    BOX = "Exceptions"
    LOADING = "loading exceptions…"
    EVERY = 10.0
    """An answer has a stack of 2 to 20 kB for each fault."""

    def __init__(self, job: str, *, id: str | None = None) -> None:
        super().__init__(job, id=id)
        self._most = TOLD
        self._head: list[Line] = []
        self._rows: MadeRows[FaultFacts] = MadeRows()
        self.lines_needed: int | None = None
        """Rows of the screen that words and faults fill; None while there is no fault."""

    def columns(self) -> Sequence[Column[FaultFacts]]:
        return columns(lambda at: fmt.near(at / 1000.0, self.zone_offset(), self.port.known_time()))

    def key(self, row: FaultFacts) -> str:
        return row.key

    def source(self) -> Query[JobExceptions]:
        # The plain question is what the engine asks in passing as well.
        return EXCEPTIONS(job=self.job, maxExceptions=self._most if self._most > TOLD else None)

    def asks(self) -> Asks:
        reading = self.reading
        if (
            reading is not None
            and reading.value is not None
            and reading.value.truncated
            and self._most < MOST
        ):
            self._most *= 2
        unnamed = any(group.latest.task_name is None for group in self.port.faults(self.job))
        unclear = unnamed and not self.port.features.history_server and adaptive(self.port, self.job) is None
        return super().asks() | ({JOBMANAGER_CONFIG(): RARELY} if unclear else {})

    def selected(self) -> FaultFacts | None:
        return self.table.cursor_row if self.is_mounted else None

    def copied(self) -> str | None:
        """The stack of the selected fault, as Flink sent it."""
        row = self.selected()
        found = found_fault(self.port.faults(self.job), row.group, row.at, row.beside) if row else None
        return found[1].stacktrace or None if found is not None else None

    def rows(self) -> Sequence[FaultFacts]:
        return self._rows

    def words(self) -> Sequence[Line]:
        return self._head

    def show(self) -> None:
        groups = self.port.faults(self.job)
        self._head, self._rows = self._heading(groups), fault_rows(groups)
        super().show()
        rows = len(self._rows)
        self.lines_needed = len(self._head) + 1 + rows if rows else None
        least = 1 if rows and not self.boxed else LEAST_ROWS
        self.styles.max_height = len(self._head) + 1 + max(rows, least) + self.gutter.height

    def empty(self) -> str:
        if self.port.features.has(1, 13):
            return self.why_empty(self.reading, "no exceptions in Flink's history")
        return self.why_empty(
            self.reading,
            "no exceptions\n"
            "Up to 1.12 Flink reports only the last failure, and drops it when the job runs again.",
        )

    def _heading(self, groups: tuple[FaultGroup, ...]) -> list[Line]:
        """The latest root cause, how often the same was seen, and with which fault the restart loop began."""
        if not groups:
            return []
        offset, now = self.zone_offset(), self.port.known_time()
        latest, start = groups[0], faults.loop_start(groups)
        reason = faults.reason(latest.latest)
        room = self.content_size.width - 2 - HEAD
        places = place_lines(latest.latest, room, unnamed_task(self.port, self.job))
        last: Line = [(when_words(latest.latest.timestamp, offset, now), "")]
        if repeated := repeated_parts(latest, offset, now):
            last += [GAP, *repeated]
        lines = [
            _headed("latest", [(reason, "bad")]),
            *(_headed("", line) for line in (*places, last)),
        ]
        if start is not None:
            same = faults.key(start) == latest.key
            seen = when_words(start.timestamp, offset, now)
            if same and faults.reason(start) == reason:
                parts: Line = [(f"seen {seen} (same error)", "")]
            else:
                parts = [(faults.reason(start), "" if same else "bad"), GAP, (seen, "")]
            lines.append(_headed("first", spaced(parts, [(self._of_loop(groups), "muted")], gap=MUTED_GAP)))
        return lines

    def _of_loop(self, groups: tuple[FaultGroup, ...]) -> str:
        """What the first fault is the first of: Flink may have forgotten those before it."""
        restarts = restarts_of(self.port, self.job) or 0
        seen = sum(group.count for group in groups)
        return "start of the restart loop" if seen >= restarts else "earliest one Flink still has"


def _headed(word: str, parts: Line) -> Line:
    return [(word.ljust(HEAD), "muted"), *parts]
