"""The slots of a TaskManager: which job has each, what it was given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from flinktop.flink.jobs import JOBS_OVERVIEW
from flinktop.flink.taskmanagers import TASKMANAGER, Resource
from flinktop.model import format as fmt
from flinktop.ui.panels.columns import number, text
from flinktop.ui.panels.table_panel import TablePanel
from flinktop.ui.widgets.one_by_one import MadeRows, one_by_one

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from flinktop.flink.endpoint import Query
    from flinktop.flink.taskmanagers import AllocatedSlot, TaskManagerDetails
    from flinktop.ui.live import Asks
    from flinktop.ui.panels.parts import Part
    from flinktop.ui.widgets.columns import Column

MEBI = 1 << 20
FREE = "free"


class SlotRow(Struct, frozen=True):
    """A slot that a job has, or what is left of the TaskManager."""

    number: str
    job: str
    """Its id; "" for what is free."""
    name: str
    tasks: int | None = None
    """2.3+."""
    resource: Resource | None = None

    @property
    def key(self) -> str:
        """Names it in the table."""
        return f"{self.number} {self.job}"


def slot_rows(details: TaskManagerDetails, names: Mapping[str, str]) -> MadeRows[SlotRow]:
    """The slots by job, then what is free (`/taskmanagers/:taskmanagerid`); `names` of jobs by their ids."""
    slots = sorted(details.allocated_slots or (), key=lambda slot: names.get(slot.job_id, slot.job_id))

    def made(numbered: tuple[int, AllocatedSlot]) -> SlotRow:
        at, slot = numbered
        name = names.get(slot.job_id, slot.job_id)
        return SlotRow(str(at), slot.job_id, name, slot.assigned_tasks, slot.resource)

    rows = one_by_one(enumerate(slots, 1), made, key=lambda numbered: str(numbered[0]))
    if details.free_slots:
        count = "1 slot" if details.free_slots == 1 else f"{details.free_slots} slots"
        rows.append(SlotRow(FREE, "", count, resource=details.free_resource))
    return rows


def _given(
    key: str,
    title: str,
    width: int,
    of: Callable[[Resource], float],
    write: Callable[[float], str],
    *,
    drop: int,
) -> Column[SlotRow]:
    """A part of what it was given; a negative one is not told."""

    def value(row: SlotRow) -> float | None:
        given = of(row.resource) if row.resource is not None else -1
        return given if given >= 0 else None

    return number(key, title, width, value, write, sorts=False, drop=drop)


def _memory(title: str, key: str, drop: int) -> Column[SlotRow]:
    return _given(key, title, 8, lambda one: getattr(one, key) * MEBI, fmt.size, drop=drop)


class SlotsTable(TablePanel[SlotRow]):
    """Slots by the jobs that have them; enter opens the job."""

    BOX = "Slots"
    LOADING = "loading slots…"
    MISSING = "TaskManagers"
    COLUMNS = (
        text("number", "SLOT", 4, lambda row: row.number, tone="muted", align="right"),
        text(
            *("name", "JOB", 20, lambda row: row.name),
            tone=lambda row: "strong" if row.job else "muted",
            sort=True,
            flex=True,
        ),
        number("tasks", "TASKS", 5, lambda row: row.tasks, str),
        _given("cpu", "CPU", 6, lambda one: one.cpu_cores, fmt.cores, drop=1),
        _memory("HEAP", "task_heap_memory", 1),
        _memory("OFF-HEAP", "task_off_heap_memory", 2),
        _memory("MANAGED", "managed_memory", 1),
        _memory("NETWORK", "network_memory", 2),
    )

    def __init__(self, taskmanager: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._taskmanager = taskmanager

    def source(self) -> Query[TaskManagerDetails]:
        return TASKMANAGER(taskmanager=self._taskmanager)

    def asks(self) -> Asks:
        return super().asks() | {JOBS_OVERVIEW(): 0.0}

    def key(self, row: SlotRow) -> str:
        return row.key

    def job_here(self) -> str | None:
        """The job whose slot the cursor is on."""
        row = self.table.cursor_row
        return row.job or None if row is not None else None

    def rows_of(self, answer: TaskManagerDetails) -> Sequence[SlotRow]:
        if answer.allocated_slots is None:
            return ()
        jobs = self.port.value(JOBS_OVERVIEW())
        names = {job.jid: job.name for job in jobs.jobs} if jobs is not None else {}
        return slot_rows(answer, names)

    def words(self) -> Sequence[list[Part]]:
        details: TaskManagerDetails | None = self.answer
        taken = details.slots_used if details is not None and details.allocated_slots == () else 0
        words = f"This cluster does not report which jobs have the {taken} slots that are taken."
        return [[(words, "muted")]] if taken else []

    def empty(self) -> str:
        details: TaskManagerDetails | None = self.answer
        if self.missing or details is None:
            return super().empty()
        if details.allocated_slots is None:
            taken = fmt.part(details.slots_used, details.slots_number).replace("/", " of ")
            words = f"The jobs of slots need Flink 1.13 or later; this is {self.port.features.version}."
            return f"{words} {taken} slots are taken."
        known = details.free_slots is not None
        return "It has no slots." if known else "Flink does not report how many slots it has."
