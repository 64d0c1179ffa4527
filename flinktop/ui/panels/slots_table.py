"""The slots of a TaskManager: which job has each, what it was given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flinktop.facts.freshness import is_old
from flinktop.facts.unanswered import missing_words
from flinktop.flink.jobs import JOBS_OVERVIEW
from flinktop.flink.taskmanagers import TASKMANAGER, Resource
from flinktop.model import format as fmt
from flinktop.ui.panels.answer_table import AnswerTable
from flinktop.ui.widgets.one_by_one import MadeRows, one_by_one
from flinktop.ui.widgets.table import Column

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flinktop.engine.store import Reading
    from flinktop.flink.taskmanagers import AllocatedSlot, TaskManagerDetails
    from flinktop.ui.widgets.table import Cell

MEBI = 1 << 20
FREE = "free"


@dataclass(frozen=True, slots=True)
class SlotRow:
    """A slot that a job has, or what is left of the TaskManager."""

    number: str
    job: str
    """Its id; "" for what is free."""
    name: str
    tasks: int | None
    """2.3+."""
    resource: Resource | None
    old: bool = False


def slot_rows(details: TaskManagerDetails, names: Mapping[str, str], *, old: bool) -> MadeRows[SlotRow]:
    """The slots by job, then what is free (`/taskmanagers/:taskmanagerid`).

    Args:
        details: The TaskManager.
        names: Of jobs by their ids.
        old: Whether it can't be taken at its word any more.
    """
    slots = sorted(details.allocated_slots or (), key=lambda slot: names.get(slot.job_id, slot.job_id))

    def made(numbered: tuple[int, AllocatedSlot]) -> SlotRow:
        at, slot = numbered
        name = names.get(slot.job_id, slot.job_id)
        return SlotRow(str(at), slot.job_id, name, slot.assigned_tasks, slot.resource, old)

    rows = one_by_one(enumerate(slots, 1), made, key=lambda numbered: str(numbered[0]))
    if details.free_slots:
        count = "1 slot" if details.free_slots == 1 else f"{details.free_slots} slots"
        rows.append(SlotRow(FREE, "", count, None, details.free_resource, old))
    return rows


class SlotsTable(AnswerTable[SlotRow]):
    """Slots by the jobs that have them; enter opens the job."""

    BOX = "Slots"
    ASKING = "loading slots…"

    def __init__(self, taskmanager: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._taskmanager = taskmanager

    def columns(self) -> list[Column[SlotRow]]:
        """Job, tasks, and what the slot was given."""

        def part(of: Callable[[Resource], float], write: Callable[[float], str]) -> Callable[[SlotRow], Cell]:
            def cell(row: SlotRow) -> Cell:
                told = of(row.resource) if row.resource is not None else -1
                return (write(told), "") if told >= 0 else (fmt.ABSENT, "muted")

            return cell

        def memory(title: str, key: str, drop: int) -> Column[SlotRow]:
            return Column(
                key, title, 8, part(lambda one: getattr(one, key) * MEBI, fmt.size), align="right", drop=drop
            )

        found: list[Column[SlotRow]] = [
            Column("number", "SLOT", 4, lambda row: (row.number, "muted"), align="right"),
            Column(
                "name",
                "JOB",
                20,
                lambda row: (row.name, "strong" if row.job else "muted"),
                sort=lambda row: row.name.casefold(),
                flex=True,
            ),
            Column(
                "tasks",
                "TASKS",
                5,
                lambda row: (str(row.tasks), "") if row.tasks is not None else (fmt.ABSENT, "muted"),
                sort=lambda row: row.tasks,
                align="right",
                descending=True,
            ),
            Column("cpu", "CPU", 6, part(lambda one: one.cpu_cores, fmt.cores), align="right", drop=1),
            memory("HEAP", "task_heap_memory", 1),
            memory("OFF-HEAP", "task_off_heap_memory", 2),
            memory("MANAGED", "managed_memory", 1),
            memory("NETWORK", "network_memory", 2),
        ]
        return found

    def row_key(self, row: SlotRow) -> str:
        """Names a row."""
        return f"{row.number} {row.job}"

    def on_mount(self) -> None:
        """Watch the slots, and the jobs for their names."""
        self.watch_query("details", TASKMANAGER(taskmanager=self._taskmanager), self._told)
        self.watch_query("jobs", JOBS_OVERVIEW(), self._told)
        super().on_mount()

    def job_here(self) -> str | None:
        """The job whose slot the cursor is on."""
        row = self.table.cursor_row
        return row.job or None if row is not None else None

    def tick(self) -> None:
        """What grows old is greyed."""
        self._show_slots()

    def _told(self, _reading: Reading[Any]) -> None:
        self._show_slots()

    def _show_slots(self) -> None:
        query = TASKMANAGER(taskmanager=self._taskmanager)
        reading = self.port.reading(query)
        if absent := missing_words(self.port, query.endpoint, "TaskManagers"):
            self.table.set_empty(absent)
        elif reading is None or reading.value is None:
            self.explain(reading, "")
        else:
            details = reading.value
            if details.allocated_slots is None:
                used = fmt.number(details.slots_used)
                words = f"The jobs of slots need Flink 1.13 or later; this is {self.port.features.version}."
                self.table.set_empty(f"{words} {used} of {fmt.number(details.slots_number)} slots are taken.")
                return
            jobs = self.port.reading(JOBS_OVERVIEW())
            names = {job.jid: job.name for job in jobs.value.jobs} if jobs is not None and jobs.value else {}
            taken = details.slots_used
            silent = bool(taken) and not details.allocated_slots
            words = f"This cluster does not report which jobs have the {taken} slots that are taken."
            self.set_words([[(words, "muted")] if silent else []])
            known = details.free_slots is not None
            self.table.set_empty(
                "It has no slots." if known else "Flink does not report how many slots it has."
            )
            self.table.set_rows(slot_rows(details, names, old=is_old(self.port, reading)))
