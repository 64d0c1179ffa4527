"""The TaskManagers, worst first: heartbeat, slots, heap, garbage collection, memory, processor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.facts.processes import (
    TaskManagerFacts,
    figures_query,
    heartbeat_now,
    taskmanager_facts,
)
from flinktop.facts.unanswered import blank_mark
from flinktop.flink.metrics import TASKMANAGERS_METRICS
from flinktop.flink.process import Process
from flinktop.flink.taskmanagers import TASKMANAGERS
from flinktop.model import format as fmt
from flinktop.model import heap, processes
from flinktop.ui.live import RARELY
from flinktop.ui.panels.columns import number, text
from flinktop.ui.panels.table_panel import TablePanel
from flinktop.ui.widgets.columns import Column
from flinktop.ui.widgets.one_by_one import one_by_one

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flinktop.facts.processes import ProcessFigures
    from flinktop.flink.endpoint import Query
    from flinktop.flink.taskmanagers import TaskManagers
    from flinktop.ui.live import Asks
    from flinktop.ui.widgets.columns import Cell

SECONDS = 10.0
"""Between two requests for one TaskManager's metrics, while few are seen; Flink fetches no faster."""
MOST_A_SECOND = 1.0
"""Requests for metrics: with more TaskManagers on the screen each is asked more rarely."""


def _verdict(row: TaskManagerFacts) -> Cell:
    if not row.troubles:
        return blank_mark(failed=row.failed) if row.known is None else ("healthy", "")
    return ", ".join(one.words for one in row.troubles), "bad" if row.troubles[0].bad else "warn"


def _measured(
    key: str,
    title: str,
    of: Callable[[ProcessFigures], float | None],
    write: Callable[[float], str] = fmt.count,
    *,
    tone: str | Callable[[float], str] = "",
    drop: int,
) -> Column[TaskManagerFacts]:
    """What its metrics tell."""

    def blank(row: TaskManagerFacts) -> Cell:
        if row.known is None:
            return blank_mark(failed=row.failed)
        # Two looks at the collectors' times make a rate.
        waiting = key == "gc" and row.known.figures.counts_gc
        return (fmt.UNKNOWN if waiting else fmt.ABSENT), "muted"

    def value(row: TaskManagerFacts) -> float | None:
        return of(row.known) if row.known is not None else None

    return number(key, title, max(5, len(title)), value, write, tone=tone, blank=blank, drop=drop)


def _percent(part: float) -> str:
    return f"{part * 100:.0f}"


class TaskManagersTable(TablePanel[TaskManagerFacts]):
    """All TaskManagers by one request, and the metrics of those on the screen."""

    BOX = "TaskManagers"
    LOADING = "loading TaskManagers…"
    NOTHING = "The cluster has no TaskManagers: nothing can run."
    MISSING = "TaskManagers"
    COLUMNS = (
        text(
            *("name", "TASKMANAGER", 22, lambda row: row.name),
            tone="strong",
            sort=lambda row: row.name,
            flex=True,
            # Pods of one cluster are told apart by the ends of their names.
            middle=True,
        ),
        Column("verdict", "VERDICT", 24, _verdict, sort=lambda row: row.worst, descending=True, flex=True),
        number(
            *("heartbeat", "BEAT", 5, lambda row: row.heartbeat, fmt.span),
            tone=processes.heartbeat_tone,
            blank=(fmt.UNKNOWN, "muted"),
            drop=1,
        ),
        text(
            *("slots", "SLOTS", 6, lambda row: fmt.part(row.used, row.slots)),
            tone=lambda row: "warn" if row.free == 0 else "",
            sort=lambda row: row.free,
            align="right",
        ),
        number("tasks", "TASKS", 5, lambda row: row.tasks, str, drop=5),
        _measured("heap", "HEAP%", lambda known: known.figures.heap, _percent, tone=processes.tone, drop=0),
        _measured("gc", "GC ms/s", lambda known: known.gc, tone=heap.gc_tone, drop=1),
        _measured(
            *("cpu", "CPU%", lambda known: known.figures.cpu, _percent),
            tone=lambda part: processes.tone(part, warm=0.8),
            drop=1,
        ),
        # All of the managed memory in use is as it should be with RocksDB.
        _measured("managed", "MNGD%", lambda known: known.figures.managed, _percent, drop=3),
        _measured(
            *("network", "NETW%", lambda known: known.figures.network, _percent),
            tone=lambda part: processes.tone(part, full=processes.SCARCE, warm=0.8),
            drop=2,
        ),
        _measured("threads", "THREADS", lambda known: known.figures.threads, drop=6),
        number("heap-limit", "HEAP", 7, lambda row: row.heap_limit, fmt.size, drop=4),
        number("managed-limit", "MANAGED", 7, lambda row: row.managed_limit, fmt.size, drop=7),
        number("cores", "CORES", 5, lambda row: row.cores, str, descending=False, drop=8),
        number("memory", "MACHINE", 7, lambda row: row.memory, fmt.size, drop=7),
        text(
            *("address", "ADDRESS", 21, lambda row: row.address),
            tone="muted",
            sort=lambda row: row.address,
            drop=9,
        ),
    )
    scroll_asks_at_once = False

    def __init__(self) -> None:
        super().__init__(id="taskmanagers")

    def source(self) -> Query[TaskManagers]:
        return TASKMANAGERS()

    def key(self, row: TaskManagerFacts) -> str:
        return row.id

    def matches(self, row: TaskManagerFacts, text: str) -> bool:
        matches = super().matches
        return all(word in row.id.casefold() or matches(row, word) for word in text.casefold().split())

    def copied(self) -> str | None:
        reading, key = self.reading, self.table.cursor_key
        listed = reading.value.taskmanagers if reading is not None and reading.value is not None else ()
        return next((" ".join(processes.names(one)) for one in listed if one.id == key), key)

    def asks(self) -> Asks:
        if self.missing:
            return {}
        every = max(SECONDS, len(self.visible_keys) / MOST_A_SECOND)
        figures = (figures_query(self.port, Process(one), processes.ROW) for one in self.visible_keys)
        asks: Asks = {query: every for query in figures if query is not None}
        return asks | {TASKMANAGERS(): 0.0, TASKMANAGERS_METRICS(): RARELY}

    def rows_of(self, answer: TaskManagers) -> Sequence[TaskManagerFacts]:
        listed, reading = answer.taskmanagers, self.reading
        at = reading.at if reading is not None else None
        now = heartbeat_now(self.port, [one.last_heartbeat for one in listed], at)
        rows = one_by_one(listed, lambda one: taskmanager_facts(self.port, one, now), key=lambda one: one.id)
        rows.sort(key=lambda row: (-row.worst[0], -row.worst[1], row.name))
        return rows
