"""Why a job failed: the root cause, the start of a restart loop, all exceptions seen, and one stack."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from textual.widget import Widget

from flinktop.facts.faults import (
    FaultFacts,
    adaptive,
    fault_facts,
    found_fault,
    label_text,
    repeated_parts,
    unnamed_task,
    when_words,
)
from flinktop.facts.jobs import restarts_of
from flinktop.flink.exceptions import EXCEPTIONS
from flinktop.flink.jobmanager import JOBMANAGER_CONFIG
from flinktop.judgement.well_known import known
from flinktop.model import faults, subtask_names
from flinktop.ui.live import RARELY, Panel
from flinktop.ui.panels.columns import near, number, text
from flinktop.ui.panels.known_failures import HEAD, MOST_EXPLAINED, explained_lines, headed
from flinktop.ui.panels.parts import GAP, MUTED_GAP, LinesPanel, cells, pair, spaced
from flinktop.ui.panels.table_panel import TablePanel
from flinktop.ui.widgets.guarded_rows import GuardedRows, make_row_groups
from flinktop.ui.widgets.pager import Pager

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from flinktop.flink.endpoint import Query
    from flinktop.flink.exceptions import Fault, JobExceptions
    from flinktop.model.faults import FaultGroup
    from flinktop.ui.live import Asks
    from flinktop.ui.panels.parts import Line
    from flinktop.ui.widgets.columns import Column


MOST = 320  # most faults that are requested, if the cluster keeps so many
FIRST_MOST = 20  # faults that Flink returns by default (`maxExceptions`)
LEAST_ROWS = 3
_INDEX, _TASKMANAGER, _LABELS = attrgetter("index"), attrgetter("taskmanager"), attrgetter("labels")
ROOMY = 30  # rows of a screen with room for whole sentences
FORGOTTEN = "flinktop no longer has this exception: it was replaced by newer ones; esc goes back"
STACK_TONES = {
    "cause": "bad",
    "wrapper": "warn",
    "frame": "strong",
    "other": "muted",
    "folded": "muted",
    "more": "muted",
}


def fault_rows(groups: tuple[FaultGroup, ...]) -> GuardedRows[FaultFacts]:
    """Rows of all faults seen of a job, the newest first, each followed by those together with it."""
    return make_row_groups(groups, fault_facts, key=lambda group: group.key)


def place_lines(fault: Fault, room: int, unnamed: str) -> list[Line]:
    """The task, its subtask and attempt, and the TaskManager: on two lines where `room` cells are few.

    Then the first has the task alone, which may be long, so that the TaskManager is not cut. `unnamed`
    replaces a task that Flink does not send.
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


def explained(trace: str, width: int, room: int) -> list[Line]:
    """What a well-known failure means and what to do first, in at most `room` lines; [] of any other."""
    found = known(trace)
    return explained_lines(found, width, room) if found is not None else []


class ExceptionsTable(TablePanel[FaultFacts]):
    """The faults of one job, repeats grouped; including those that Flink has dropped."""

    BOX = "Exceptions"
    TABLE = "exceptions"
    LOADING = "loading exceptions…"
    EVERY = 10.0  # an answer has a stack of 2 to 20 kB for each fault

    def __init__(self, job: str, *, id: str | None = None) -> None:
        super().__init__(job, id=id)
        self._most = FIRST_MOST
        self._head: list[Line] = []
        self._rows: GuardedRows[FaultFacts] = GuardedRows()
        self.lines_needed: int | None = None
        """Rows of the screen that texts and faults fill; None while there is no fault."""

    def columns(self) -> Sequence[Column[FaultFacts]]:
        return (
            near("latest", "LATEST", lambda row: row.at, self.near, descending=True),
            number(
                "times", "TIMES", 5, lambda row: row.count, tone=lambda count: "warn" if count > 1 else ""
            ),
            text(
                "cause",
                "ROOT CAUSE",
                24,
                lambda row: row.name,
                tone=lambda row: "strong" if row.concurrent < 0 else "",
                sort=lambda row: row.reason.casefold(),
                flex=True,
            ),
            text("task", "TASK", 22, lambda row: row.task, sort=True, drop=2),
            text("subtask", "SUBTASK", 10, lambda row: row.subtask, sort=_INDEX, align="right", drop=3),
            text("taskmanager", "TASKMANAGER", 22, _TASKMANAGER, sort=_TASKMANAGER, drop=4, middle=True),
            near("first", "FIRST", lambda row: row.first, self.near, drop=1),
            text("labels", "LABELS", 16, _LABELS, sort=_LABELS, drop=5),
        )

    def source(self) -> Query[JobExceptions]:
        # The engine polls the query without arguments as well.
        return EXCEPTIONS(job=self.job, maxExceptions=self._most if self._most > FIRST_MOST else None)

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
        row = self.selected()
        found = found_fault(self.port.faults(self.job), row.group, row.at, row.concurrent) if row else None
        return found[1].stacktrace or None if found is not None else None

    def rows(self) -> Sequence[FaultFacts]:
        return self._rows

    def words(self) -> Sequence[Line]:
        return self._head

    def show(self) -> None:
        groups = self.port.faults(self.job)
        self._rows = fault_rows(groups)
        self._head = self._heading(groups)
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
        """The latest root cause, how often it repeated, and the fault that started the restart loop."""
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
            headed("latest", [(reason, "bad")]),
            *(headed("", line) for line in (*places, last)),
        ]
        left = self._room() - len(lines) - (start is not None)
        lines += explained(latest.latest.stacktrace, self.content_size.width - 2, left)
        if start is not None:
            same = faults.key(start) == latest.key
            seen = when_words(start.timestamp, offset, now)
            if same and faults.reason(start) == reason:
                parts: Line = [(f"seen {seen} (same error)", "")]
            else:
                parts = [(faults.reason(start), "" if same else "bad"), GAP, (seen, "")]
            lines.append(headed("first", spaced(parts, [(self._of_loop(groups), "muted")], gap=MUTED_GAP)))
        return lines

    def _room(self) -> int:
        """Lines that the texts above the table may take: on a small screen its first rows stay in sight."""
        if self.app.size.height >= ROOMY or not isinstance(self.parent, Widget):
            return MOST_EXPLAINED + ROOMY
        return self.parent.size.height - self.gutter.height - 1 - min(len(self._rows), LEAST_ROWS)

    def _of_loop(self, groups: tuple[FaultGroup, ...]) -> str:
        """The label of the oldest fault: Flink may have dropped earlier ones."""
        restarts = restarts_of(self.port, self.job) or 0
        seen = sum(group.count for group in groups)
        return "start of the restart loop" if seen >= restarts else "earliest one Flink still has"


class FaultStack(Panel):
    """A fault by its keys, its stack folded to the relevant frames.

    It happened `at` (ms since 1970), or together with the fault of that time if `concurrent` is not -1.
    """

    BOX = "Stack"
    DEFAULT_CSS = "FaultStack { height: 1fr; } FaultStack Pager { height: 1fr; }"
    # What the user selects and folds is shown though the screen is frozen.
    ticks_when_paused = True

    def __init__(
        self, job: str, group: str = "", at: int = 0, concurrent: int = -1, *, id: str = "stack"
    ) -> None:
        super().__init__(job, id=id)
        self._names = (group, at, concurrent)
        self.folded = True

    def choose(self, group: str, at: int, concurrent: int) -> None:
        if self._names != (group, at, concurrent):
            self._names = (group, at, concurrent)
            if self.is_mounted:
                self.draw()
                self.pager.action_edge(-1)

    def compose(self) -> ComposeResult:
        yield Pager(empty="Flink sends no stack of this exception", ascii=self.ascii)

    @property
    def pager(self) -> Pager:
        return self.query_one(Pager)

    @property
    def fault(self) -> tuple[FaultGroup, Fault] | None:
        """The fault and its group; None when it has been forgotten."""
        return found_fault(self.port.faults(self.job), *self._names)

    def show(self) -> None:
        found = self.fault
        if found is not None:
            stack = faults.stack(found[1].stacktrace, folded=self.folded)
            self.pager.set_lines([(line.text, STACK_TONES[line.kind]) for line in stack])
        elif not self.pager.lines:
            self.pager.set_empty(FORGOTTEN if self._names[0] else "no exception is selected")

    def toggle(self) -> None:
        """Fold the frames of Flink and Java, or show all."""
        self.folded = not self.folded
        self.draw()


class FaultHeader(LinesPanel):
    """The reason, where and when, and its number in its group; arguments as for `FaultStack`."""

    DEFAULT_CSS = "FaultHeader { max-height: 14; }"

    def __init__(self, job: str, group: str, at: int, concurrent: int) -> None:
        super().__init__(job)
        self._names = (group, at, concurrent)

    def lines(self) -> Sequence[Line]:
        found = found_fault(self.port.faults(self.job), *self._names)
        if found is None:
            return [[(FORGOTTEN, "bad")]]
        group, fault = found
        offset, now = self.zone_offset(), self.port.known_time()
        at = fault.timestamp if fault.timestamp > 0 else self._names[1]
        last: Line = [(when_words(at, offset, now), "")]
        if self._names[2] >= 0:
            last = spaced(last, pair("together with", faults.reason(group.latest)), gap=MUTED_GAP)
        elif repeated := repeated_parts(group, offset, now):
            last = spaced([*last, GAP, *repeated], pair("this is", _number(group, fault)), gap=MUTED_GAP)
        if words := label_text(fault):
            last = spaced(last, pair("labels", words), gap=MUTED_GAP)
        return [
            [(faults.reason(fault), "bad")],
            *place_lines(fault, self.content_size.width, unnamed_task(self.port, self.job)),
            last,
            *explained(fault.stacktrace, self.content_size.width, MOST_EXPLAINED),
        ]


def _number(group: FaultGroup, fault: Fault) -> str:
    if fault is group.latest:
        return "the latest"
    if fault is group.first:
        return "the first"
    return f"the {_ordinal(group.kept.index(fault) + 1)} latest"


def _ordinal(number: int) -> str:
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number, 'th') }"
