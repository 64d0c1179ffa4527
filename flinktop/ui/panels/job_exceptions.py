"""Why a job failed: the root cause, the fault that a restart loop began with, all that were seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flinktop.facts.faults import FaultFacts, fault_facts, repeated_parts, when_words
from flinktop.facts.freshness import is_old
from flinktop.facts.jobs import restarts_of
from flinktop.flink.exceptions import EXCEPTIONS
from flinktop.flink.jobmanager import JOBMANAGER_CONFIG
from flinktop.flink.jobs import JOB
from flinktop.model import faults, scheduler
from flinktop.model import format as fmt
from flinktop.ui.live import RARELY
from flinktop.ui.panels.answer_table import AnswerTable
from flinktop.ui.panels.fault_words import place_lines
from flinktop.ui.panels.frame import zone_offset
from flinktop.ui.widgets.one_by_one import each_with_its
from flinktop.ui.widgets.table import Cell, Column

if TYPE_CHECKING:
    from collections.abc import Callable

    from flinktop.engine.host import Port
    from flinktop.engine.store import Reading
    from flinktop.flink.endpoint import Query
    from flinktop.flink.exceptions import Fault, JobExceptions
    from flinktop.model.faults import FaultGroup
    from flinktop.ui.panels.frame import Part
    from flinktop.ui.widgets.one_by_one import MadeRows

SECONDS = 10.0
"""Between two looks: an answer has a stack of 2 to 20 kB for each fault."""
MOST = 320
"""Faults that are asked for at the most, where a cluster keeps so many."""
TOLD = 20
"""Faults that Flink tells of when it is not asked for more (`maxExceptions`)."""
LEAST_ROWS = 3
HEAD = 7
"""Letters of what stands before a fault in the lines above the table."""


def fault_rows(
    groups: tuple[FaultGroup, ...], offset: float | None, cluster_now: float, *, old: bool
) -> MadeRows[FaultFacts]:
    """Rows of what was seen of a job, the newest first, each followed by what happened together with it."""
    return each_with_its(
        groups,
        lambda group: fault_facts(group, offset, cluster_now, old=old),
        key=lambda group: group.key,
    )


def columns() -> list[Column[FaultFacts]]:
    """The columns; when, how often and why are the last to give way."""

    def words(text: Callable[[FaultFacts], str]) -> Callable[[FaultFacts], Cell]:
        return lambda row: (text(row), "") if text(row) else (fmt.ABSENT, "muted")

    found: list[Column[FaultFacts]] = [
        Column(
            "at",
            "LATEST",
            11,
            lambda row: (row.latest, ""),
            sort=lambda row: row.at,
            align="right",
            descending=True,
        ),
        Column(
            "count",
            "TIMES",
            5,
            lambda row: (fmt.count(row.count), "warn" if row.count > 1 else ""),
            sort=lambda row: row.count,
            align="right",
            descending=True,
        ),
        Column(
            "name",
            "ROOT CAUSE",
            24,
            lambda row: (row.name, "strong" if row.beside < 0 else ""),
            sort=lambda row: row.reason.casefold(),
            flex=True,
        ),
        Column("task", "TASK", 22, words(lambda row: row.task), sort=lambda row: row.task.casefold(), drop=2),
        Column(
            "subtask",
            "SUBTASK",
            10,
            words(lambda row: row.subtask),
            sort=lambda row: row.index,
            align="right",
            drop=3,
        ),
        Column(
            "machine",
            "TASKMANAGER",
            22,
            words(lambda row: row.machine),
            sort=lambda row: row.machine,
            drop=4,
            middle=True,
        ),
        Column(
            "first",
            "FIRST",
            11,
            lambda row: (row.since, ""),
            sort=lambda row: row.first,
            align="right",
            drop=1,
        ),
        Column("labels", "LABELS", 16, words(lambda row: row.labels), sort=lambda row: row.labels, drop=5),
    ]
    return found


class ExceptionsTable(AnswerTable[FaultFacts]):
    """The faults of one job, repeats grouped; those that Flink has dropped are still here."""

    BOX = "Exceptions"
    ASKING = "loading exceptions…"

    def __init__(self, job: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._job = job
        self._most = TOLD
        self.lines_needed: int | None = None
        """Rows of the screen that words and faults fill; None while there is no fault."""

    def columns(self) -> list[Column[FaultFacts]]:
        """The columns."""
        return columns()

    def row_key(self, row: FaultFacts) -> str:
        """Place and kind of the fault."""
        return row.key

    def on_mount(self) -> None:
        """Watch the job's exceptions."""
        self.watch_query("exceptions", self._query, self._told, every=SECONDS)
        super().on_mount()

    @property
    def _query(self) -> Query[JobExceptions]:
        # The plain question is what the engine asks in passing as well.
        return EXCEPTIONS(job=self._job, maxExceptions=self._most if self._most > TOLD else None)

    def selected(self) -> FaultFacts | None:
        """The row that the cursor is on."""
        return self.table.cursor_row if self.is_mounted else None

    def copied(self) -> str | None:
        """The stack of the selected fault, as Flink sent it."""
        row = self.selected()
        found = found_fault(self.port.faults(self._job), row.group, row.at, row.beside) if row else None
        return found[1].stacktrace or None if found is not None else None

    def _told(self, reading: Reading[JobExceptions]) -> None:
        if reading.value is not None and reading.value.truncated and self._most < MOST:
            self._most *= 2
            self.watch_query("exceptions", self._query, self._told, every=SECONDS)
        self.tick()

    def tick(self) -> None:
        """Ages move on."""
        reading = self.port.reading(self._query)
        groups = self.port.faults(self._job)
        self._ask_for_scheduler(groups)
        offset, now = zone_offset(self), self.port.known_time()
        self.explain(reading, self._nothing())
        head = self._head(groups, offset, now)
        self.set_words(head)
        rows = fault_rows(groups, offset, now, old=is_old(self.port, reading))
        self.table.set_rows(rows)
        self.lines_needed = len(head) + 1 + len(rows) if rows else None
        least = 1 if rows and not self.boxed else LEAST_ROWS
        self.styles.max_height = len(head) + 1 + max(len(rows), least) + self.gutter.height

    def _ask_for_scheduler(self, groups: tuple[FaultGroup, ...]) -> None:
        """Ask once for the cluster's configuration where it alone says what a fault without a task means."""
        unnamed = any(group.latest.task_name is None for group in groups)
        if unnamed and not self.port.features.history_server and adaptive(self.port, self._job) is None:
            self.watch_query("settings", JOBMANAGER_CONFIG(), self._told_scheduler, every=RARELY)

    def _told_scheduler(self, _reading: Reading[Any]) -> None:
        self.wants_tick = True

    def on_resize(self) -> None:
        """Another width may need another number of lines."""
        self.shielded(self.tick)

    def _nothing(self) -> str:
        if not self.port.features.has(1, 13):
            return (
                "no exceptions\n"
                "Up to 1.12 Flink reports only the last failure, and drops it when the job runs again."
            )
        return "no exceptions in Flink's history"

    def _head(self, groups: tuple[FaultGroup, ...], offset: float | None, now: float) -> list[list[Part]]:
        """The latest root cause, how often the same was seen, and with which fault the restart loop began."""
        if not groups:
            return []
        latest = groups[0]
        start = faults.loop_start(groups)
        lines = [
            _headed("latest", [(faults.reason(latest.latest), "bad")]),
            *(
                _headed("", line)
                for line in place_lines(
                    latest.latest, self.content_size.width - 2 - HEAD, unnamed_task(self.port, self._job)
                )
            ),
        ]
        last: list[Part] = [(when_words(latest.latest.timestamp, offset, now), "")]
        if repeated := repeated_parts(latest, offset, now):
            last += [("   ", ""), *repeated]
        lines.append(_headed("", last))
        if start is not None:
            same = faults.key(start) == latest.key
            seen = when_words(start.timestamp, offset, now)
            if same and faults.reason(start) == faults.reason(latest.latest):
                parts: list[Part] = [(f"seen {seen} (same error)", "")]
            else:
                parts = [(faults.reason(start), "" if same else "bad"), ("   ", ""), (seen, "")]
            lines.append(_headed("first", [*parts, (f"   {self._of_loop(groups)}", "muted")]))
        return lines

    def _of_loop(self, groups: tuple[FaultGroup, ...]) -> str:
        """What the first fault is the first of: Flink may have forgotten those before it."""
        restarts = restarts_of(self.port, self._job) or 0
        seen = sum(group.count for group in groups)
        return "start of the restart loop" if seen >= restarts else "earliest one Flink still has"


def adaptive(port: Port, job: str) -> bool | None:
    """Whether the adaptive scheduler runs a job; None while that is unknown."""
    told, settings = port.reading(JOB(job=job)), port.reading(JOBMANAGER_CONFIG())
    return scheduler.is_adaptive(
        told.value if told is not None else None,
        port.features,
        settings.value if settings is not None else None,
    )


def unnamed_task(port: Port, job: str) -> str:
    """What stands for the task of a fault that Flink sends without one."""
    return scheduler.unnamed(adaptive=adaptive(port, job))


def _headed(word: str, parts: list[Part]) -> list[Part]:
    return [(word.ljust(HEAD), "muted"), *parts]


def found_fault(
    groups: tuple[FaultGroup, ...], group: str, at: int, beside: int
) -> tuple[FaultGroup, Fault] | None:
    """A fault by its names: its group, its time (ms since 1970), its number among those beside it, or -1."""
    for one in groups:
        if one.key == group:
            fault = next((fault for fault in one.kept if fault.timestamp == at), one.latest)
            if 0 <= beside < len(fault.concurrent_exceptions):
                fault = fault.concurrent_exceptions[beside]
            return one, fault
    return None
