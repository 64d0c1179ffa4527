"""The TaskManagers, worst first: heartbeat, slots, heap, garbage collection, memory, processor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual import on

from flinktop.facts.processes import (
    TaskManagerFacts,
    figures_query,
    heartbeat_now,
    taskmanager_facts,
    taskmanagers_listing,
)
from flinktop.facts.unanswered import blank_mark, missing_words
from flinktop.flink.machine import Machine
from flinktop.flink.taskmanagers import TASKMANAGERS
from flinktop.model import format as fmt
from flinktop.model import heap, machines
from flinktop.ui.live import RARELY
from flinktop.ui.panels.answer_table import AnswerTable
from flinktop.ui.widgets.one_by_one import one_by_one
from flinktop.ui.widgets.table import Column
from flinktop.ui.widgets.table_messages import VisibleChanged

if TYPE_CHECKING:
    from collections.abc import Callable

    from flinktop.engine.store import Reading
    from flinktop.facts.processes import ProcessFigures
    from flinktop.ui.widgets.table import Cell

SECONDS = 10.0
"""Between two requests for one TaskManager's metrics, while few are seen; Flink fetches no faster."""
MOST_A_SECOND = 1.0
"""Requests for metrics: with more TaskManagers on the screen each is asked more rarely."""


def columns() -> list[Column[TaskManagerFacts]]:
    """The columns; name, verdict, slots and heap are the last to give way."""

    def verdict(row: TaskManagerFacts) -> Cell:
        if not row.troubles:
            return blank_mark(failed=row.failed) if row.known is None else ("healthy", "")
        return ", ".join(one.words for one in row.troubles), "bad" if row.troubles[0].bad else "warn"

    def figure(  # noqa: PLR0917 -- a row of the table below each
        key: str,
        title: str,
        value: Callable[[ProcessFigures], float | None],
        write: Callable[[float], str],
        tone: Callable[[float], str],
        drop: int,
    ) -> Column[TaskManagerFacts]:
        def cell(row: TaskManagerFacts) -> Cell:
            if row.known is None:
                return blank_mark(failed=row.failed)
            found = value(row.known)
            return (write(found), tone(found)) if found is not None else _blank(key, row.known)

        return Column(
            key,
            title,
            max(5, len(title)),
            cell,
            sort=lambda row: value(row.known) if row.known is not None else None,
            align="right",
            descending=True,
            drop=drop,
        )

    def size(
        key: str, title: str, value: Callable[[TaskManagerFacts], int | None], drop: int
    ) -> Column[TaskManagerFacts]:
        return Column(
            key,
            title,
            7,
            lambda row: (fmt.ABSENT, "muted") if value(row) is None else (fmt.size(value(row)), ""),
            sort=value,
            align="right",
            descending=True,
            drop=drop,
        )

    def heartbeat(row: TaskManagerFacts) -> Cell:
        if row.heartbeat is None:
            return fmt.UNKNOWN, "muted"
        late, lost = row.heartbeat >= machines.HEARTBEAT_LATE, row.heartbeat >= machines.HEARTBEAT_LOST
        return fmt.span(row.heartbeat), "bad" if lost else "warn" if late else ""

    def percent(part: float) -> str:
        return f"{part * 100:.0f}"

    found: list[Column[TaskManagerFacts]] = [
        Column(
            "name",
            "TASKMANAGER",
            22,
            lambda row: (row.name, "strong"),
            sort=lambda row: row.name,
            flex=True,
            # Pods of one cluster are told apart by the ends of their names.
            middle=True,
        ),
        Column("verdict", "VERDICT", 24, verdict, sort=lambda row: row.worst, descending=True, flex=True),
        Column(
            "heartbeat",
            "BEAT",
            5,
            heartbeat,
            sort=lambda row: row.heartbeat,
            align="right",
            descending=True,
            drop=1,
        ),
        Column(
            "slots",
            "SLOTS",
            6,
            lambda row: (fmt.part(row.used, row.slots), "warn" if row.free == 0 else ""),
            sort=lambda row: row.free,
            align="right",
        ),
        Column(
            "tasks",
            "TASKS",
            5,
            lambda row: (str(row.tasks), "") if row.tasks is not None else (fmt.ABSENT, "muted"),
            sort=lambda row: row.tasks,
            align="right",
            descending=True,
            drop=5,
        ),
        figure("heap", "HEAP%", lambda known: known.figures.heap, percent, machines.tone, 0),
        figure("gc", "GC ms/s", lambda known: known.gc, fmt.count, heap.gc_tone, 1),
        figure(
            "cpu",
            "CPU%",
            lambda known: known.figures.cpu,
            percent,
            lambda part: machines.tone(part, warm=0.8),
            1,
        ),
        # All of the managed memory in use is as it should be with RocksDB.
        figure("managed", "MNGD%", lambda known: known.figures.managed, percent, lambda _part: "", 3),
        figure(
            "network",
            "NETW%",
            lambda known: known.figures.network,
            percent,
            lambda part: machines.tone(part, full=machines.SCARCE, warm=0.8),
            2,
        ),
        figure("threads", "THREADS", lambda known: known.figures.threads, fmt.count, lambda _count: "", 6),
        size("heap-limit", "HEAP", lambda row: row.heap_limit, 4),
        size("managed-limit", "MANAGED", lambda row: row.managed_limit, 7),
        Column(
            "cores",
            "CORES",
            5,
            lambda row: (fmt.number(row.cores), ""),
            sort=lambda row: row.cores,
            align="right",
            drop=8,
        ),
        size("memory", "MACHINE", lambda row: row.memory, 7),
        Column(
            "address",
            "ADDRESS",
            21,
            lambda row: (row.address, "muted") if row.address else (fmt.ABSENT, "muted"),
            sort=lambda row: row.address,
            drop=9,
        ),
    ]
    return found


def _blank(key: str, known: ProcessFigures) -> Cell:
    """What stands for a figure that its metrics do not tell: two looks at collectors' times make a rate."""
    waiting = key == "gc" and known.figures.counts_gc
    return (fmt.UNKNOWN if waiting else fmt.ABSENT), "muted"


class TaskManagersTable(AnswerTable[TaskManagerFacts]):
    """All TaskManagers by one request, and the metrics of those on the screen."""

    BOX = "TaskManagers"
    ASKING = "loading TaskManagers…"

    def __init__(self) -> None:
        super().__init__(id="taskmanagers")
        self._visible: tuple[str, ...] = ()

    def columns(self) -> list[Column[TaskManagerFacts]]:
        """As the module's."""
        return columns()

    def row_key(self, row: TaskManagerFacts) -> str:
        """The id."""
        return row.id

    def matches(self, row: TaskManagerFacts, text: str) -> bool:
        """Whether a row has every word of the text in a cell or in its id, whether these are seen or not."""
        matches = super().matches
        return all(word in row.id.casefold() or matches(row, word) for word in text.casefold().split())

    def copied(self) -> str | None:
        """The id and the address of the row under the cursor."""
        reading, key = self.port.reading(TASKMANAGERS()), self.table.cursor_key
        listed = reading.value.taskmanagers if reading is not None and reading.value is not None else ()
        return next((" ".join(machines.names(one)) for one in listed if one.id == key), key)

    def on_mount(self) -> None:
        """Watch the list, where there is one."""
        if absent := missing_words(self.port, TASKMANAGERS, "TaskManagers"):
            self.table.set_empty(absent)
        else:
            self.watch_query("list", TASKMANAGERS(), self._told)
            self.watch_query("listing", taskmanagers_listing(), self._told, every=RARELY)
        super().on_mount()

    def tick(self) -> None:
        """Heartbeats grow older, rows have come into sight."""
        self._follow()
        self._show_rows()

    def _told(self, _reading: Reading[Any]) -> None:
        self._follow()
        self._show_rows()

    def _figures_came(self, _reading: Reading[Any]) -> None:
        self._show_rows()

    @on(VisibleChanged)
    def _scrolled(self, event: VisibleChanged) -> None:
        first = not self._visible
        self._visible = event.keys
        if first:
            self._follow()
        else:
            # At the next second: someone who scrolls passes many rows.
            self.wants_tick = True

    def _follow(self) -> None:
        """Ask for the metrics of the rows on the screen, and of no others."""
        every = max(SECONDS, len(self._visible) / MOST_A_SECOND)
        slots = {f"figures {one}" for one in self._visible}
        for slot in self.slots():
            if slot.startswith("figures ") and slot not in slots:
                self.drop_query(slot)
        for one in self._visible:
            query = figures_query(self.port, Machine(one), machines.ROW)
            if query is not None:
                self.watch_query(f"figures {one}", query, self._figures_came, every=every)

    def _show_rows(self) -> None:
        reading = self.port.reading(TASKMANAGERS())
        if reading is None or reading.value is None:
            if "list" in self.slots():
                self.explain(reading, "")
            return
        self.explain(reading, "The cluster has no TaskManagers: nothing can run.")
        taskmanagers = reading.value.taskmanagers
        now = heartbeat_now(self.port, [one.last_heartbeat for one in taskmanagers], reading.at)
        rows = one_by_one(
            taskmanagers, lambda one: taskmanager_facts(self.port, one, now), key=lambda one: one.id
        )
        rows.sort(key=lambda row: (-row.worst[0], -row.worst[1], row.name))
        self.table.set_rows(rows)
