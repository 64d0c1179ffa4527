"""The TaskManagers, worst first, and the slots of one: the job and the resources of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from flinktop.facts.freshness import blank_mark
from flinktop.facts.pods import others, pod_of
from flinktop.facts.pods import problems as pod_problems
from flinktop.facts.processes import TaskManagerFacts, figures_query, heartbeat_now, taskmanager_facts
from flinktop.flink.jobs import JOBS_OVERVIEW
from flinktop.flink.metrics import TASKMANAGERS_METRICS
from flinktop.flink.process import Process
from flinktop.flink.taskmanagers import TASKMANAGER, TASKMANAGERS, Resource
from flinktop.model import format as fmt
from flinktop.model import heap, processes
from flinktop.ui.live import RARELY
from flinktop.ui.panels.columns import MUTED, number, text
from flinktop.ui.panels.pod_columns import pod_columns, pod_tone
from flinktop.ui.panels.table_panel import TablePanel
from flinktop.ui.widgets.columns import Column
from flinktop.ui.widgets.guarded_rows import GuardedRows, make_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from flinktop.facts.processes import ProcessFigures
    from flinktop.flink.taskmanagers import AllocatedSlot, TaskManager, TaskManagerDetails, TaskManagers
    from flinktop.model.kubernetes import Pod
    from flinktop.ui.live import Asks
    from flinktop.ui.panels.parts import Part
    from flinktop.ui.widgets.columns import Cell


SECONDS = 10.0
"""Between two requests for one TaskManager's metrics, while few are visible; Flink fetches no faster."""
MOST_A_SECOND = 1.0  # requests for metrics: with more TaskManagers on the screen each is polled more rarely
MEBI = 1 << 20
FREE = "free"


def _verdict(row: TaskManagerFacts) -> Cell:
    if not row.problems:
        return blank_mark(failed=row.failed) if row.known is None else ("healthy", "")
    if row.pod is not None and not row.is_listed:
        return row.problems[0].words, "bad" if row.problems[0].bad else pod_tone(row.pod)
    return ", ".join(one.words for one in row.problems), "bad" if row.problems[0].bad else "warn"


def _measured(
    key: str,
    title: str,
    of: Callable[[ProcessFigures], float | None],
    write: Callable[[float], str] = fmt.count,
    *,
    tone: str | Callable[[float], str] = "",
    drop: int,
) -> Column[TaskManagerFacts]:
    def blank(row: TaskManagerFacts) -> Cell:
        if not row.is_listed:
            return MUTED
        if row.known is None:
            return blank_mark(failed=row.failed)
        # A rate needs two readings of the collectors' times.
        waiting = key == "gc" and row.known.figures.counts_gc
        return (fmt.UNKNOWN if waiting else fmt.ABSENT), "muted"

    def value(row: TaskManagerFacts) -> float | None:
        return of(row.known) if row.known is not None else None

    return number(key, title, max(5, len(title)), value, write, tone=tone, blank=blank, drop=drop)


def _percent(part: float) -> str:
    return f"{part * 100:.0f}"


class TaskManagersTable(TablePanel[TaskManagerFacts]):
    """All TaskManagers by one request, and the metrics of those on the screen."""

    ENDPOINT = TASKMANAGERS
    KEY = "id"
    BOX = "TaskManagers"
    TABLE = "taskmanagers"
    LOADING = "loading TaskManagers…"
    NOTHING = "The cluster has no TaskManagers: nothing can run."
    MISSING = "TaskManagers"
    COLUMNS = (
        text(
            "taskmanager",
            "TASKMANAGER",
            22,
            lambda row: row.name,
            tone="strong",
            sort=lambda row: row.name,
            flex=True,
            # Pods of one cluster differ at the ends of their names.
            middle=True,
        ),
        Column("verdict", "VERDICT", 24, _verdict, sort=lambda row: row.worst, descending=True, flex=True),
        number(
            "heartbeat",
            "BEAT",
            5,
            lambda row: row.heartbeat,
            fmt.span,
            tone=processes.heartbeat_tone,
            blank=lambda row: (fmt.UNKNOWN, "muted") if row.is_listed else MUTED,
            drop=1,
        ),
        text(
            "slots",
            "SLOTS",
            6,
            lambda row: fmt.part(row.used, row.slots) if row.is_listed else "",
            tone=lambda row: "warn" if row.free == 0 else "",
            sort=lambda row: row.free,
            align="right",
        ),
        number("tasks", "TASKS", 5, lambda row: row.tasks, str, drop=5),
        _measured("heap", "HEAP%", lambda known: known.figures.heap, _percent, tone=processes.tone, drop=0),
        _measured("gc", "GC ms/s", lambda known: known.gc, tone=heap.gc_tone, drop=1),
        _measured(
            "cpu",
            "CPU%",
            lambda known: known.figures.cpu,
            _percent,
            tone=lambda part: processes.tone(part, warm=0.8),
            drop=1,
        ),
        # Full managed memory is normal with RocksDB.
        _measured("managed", "MNGD%", lambda known: known.figures.managed, _percent, drop=3),
        _measured(
            "network",
            "NETW%",
            lambda known: known.figures.network,
            _percent,
            tone=lambda part: processes.tone(part, full=processes.SCARCE, warm=0.8),
            drop=2,
        ),
        _measured("threads", "THREADS", lambda known: known.figures.threads, drop=6),
        number("heap_limit", "HEAP", 7, lambda row: row.heap_limit, fmt.size, drop=4),
        number("managed_limit", "MANAGED", 7, lambda row: row.managed_limit, fmt.size, drop=7),
        number("cores", "CORES", 5, lambda row: row.cores, str, descending=False, drop=8),
        number("machine", "MACHINE", 7, lambda row: row.memory, fmt.size, drop=7),
        text(
            "address",
            "ADDRESS",
            21,
            lambda row: row.address,
            tone="muted",
            sort=lambda row: row.address,
            drop=9,
        ),
        number("free", "FREE", 5, lambda row: row.free, str, usual=False),
        text("id", "ID", 32, lambda row: row.id, tone="muted", sort=True, middle=True, usual=False),
    )
    scroll_asks_at_once = False
    _on_kubernetes = False

    def __init__(self) -> None:
        super().__init__(id="taskmanagers")
        self._pods: frozenset[str] = frozenset()  # rows that are pods alone

    def columns(self) -> Sequence[Column[TaskManagerFacts]]:
        """With those of its pod after slots and tasks, where the cluster runs on Kubernetes."""
        if not self._on_kubernetes:
            return self.COLUMNS
        at = next(at for at, column in enumerate(self.COLUMNS) if column.key == "tasks") + 1
        return (*self.COLUMNS[:at], *pod_columns(self._wall), *self.COLUMNS[at:])

    def _wall(self) -> float:
        return self.port.clock.wall()

    def is_dim(self, row: TaskManagerFacts) -> bool:
        """A pod that is gone is faded, as is what is old."""
        gone = not row.is_listed and row.pod is not None and row.pod.gone is not None
        return gone or super().is_dim(row)

    @property
    def pod_here(self) -> Pod | None:
        """The pod of the selected row."""
        row = self.table.cursor_row
        return row.pod if row is not None else None

    @property
    def is_listed_here(self) -> bool:
        """Whether Flink lists the TaskManager of the selected row; else only its pod is known."""
        row = self.table.cursor_row
        return row is not None and row.is_listed

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
        listed = [one for one in self.visible_keys if one not in self._pods]
        every = max(SECONDS, len(listed) / MOST_A_SECOND)
        figures = (figures_query(self.port, Process(one), processes.ROW) for one in listed)
        asks: Asks = {query: every for query in figures if query is not None}
        return asks | {TASKMANAGERS(): 0.0, TASKMANAGERS_METRICS(): RARELY}

    def show(self) -> None:
        if (self.port.kubernetes is not None) != self._on_kubernetes:
            self._on_kubernetes = not self._on_kubernetes
            self.table.set_columns(self.shown_columns())
        super().show()

    def rows(self) -> Sequence[TaskManagerFacts] | None:
        """Those that Flink lists, then pods that it does not list: they wait, or are gone."""
        answer: TaskManagers | None = self.answer
        pods = others(self.port, answer.taskmanagers if answer is not None else ())
        self._pods = frozenset(one.id for one in pods)
        if answer is None:
            return pods or None
        found = self.rows_of(answer)
        if not pods:
            return found
        waiting = [one for one in pods if one.pod is not None and one.pod.gone is None]
        gone = [one for one in pods if one.pod is not None and one.pod.gone is not None]
        failed = found.failed if isinstance(found, GuardedRows) else ()
        return GuardedRows([*waiting, *found, *gone], failed)

    def rows_of(self, answer: TaskManagers) -> Sequence[TaskManagerFacts]:
        listed, reading = answer.taskmanagers, self.reading
        at = reading.at if reading is not None else None
        now = heartbeat_now(self.port, [one.last_heartbeat for one in listed], at)
        rows = make_rows(listed, lambda one: self._facts(one, now), key=lambda one: one.id)
        rows.sort(key=lambda row: (-row.worst[0], -row.worst[1], row.name))
        return rows

    def _facts(self, one: TaskManager, now: float) -> TaskManagerFacts:
        found = taskmanager_facts(self.port, one, now)
        if (pod := pod_of(self.port, one)) is None:
            return found
        return replace(found, pod=pod, problems=(*found.problems, *pod_problems(pod, self._wall())))


class SlotRow(Struct, frozen=True):
    """A slot of a job, or the free resources of the TaskManager."""

    number: str
    job: str  # its id; "" for free resources
    name: str
    tasks: int | None = None  # 2.3+
    resource: Resource | None = None

    @property
    def key(self) -> str:
        return f"{self.number} {self.job}"


def slot_rows(details: TaskManagerDetails, names: Mapping[str, str]) -> GuardedRows[SlotRow]:
    """The slots by job, then the free resources (`/taskmanagers/:taskmanagerid`); `names` of jobs by id."""
    slots = sorted(details.allocated_slots or (), key=lambda slot: names.get(slot.job_id, slot.job_id))

    def made(numbered: tuple[int, AllocatedSlot]) -> SlotRow:
        at, slot = numbered
        name = names.get(slot.job_id, slot.job_id)
        return SlotRow(str(at), slot.job_id, name, slot.assigned_tasks, slot.resource)

    rows = make_rows(enumerate(slots, 1), made, key=lambda numbered: str(numbered[0]))
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
    """A part of its resources; a negative one is not reported."""

    def value(row: SlotRow) -> float | None:
        given = of(row.resource) if row.resource is not None else -1
        return given if given >= 0 else None

    return number(key, title, width, value, write, sorts=False, drop=drop)


def _memory(key: str, title: str, of: Callable[[Resource], float], drop: int) -> Column[SlotRow]:
    return _given(key, title, 8, lambda one: of(one) * MEBI, fmt.size, drop=drop)


class SlotsTable(TablePanel[SlotRow]):
    """Slots by job; enter opens the job."""

    ENDPOINT = TASKMANAGER
    BOX = "Slots"
    TABLE = "slots"
    LOADING = "loading slots…"
    MISSING = "TaskManagers"
    COLUMNS = (
        text("slot", "SLOT", 4, lambda row: row.number, tone="muted", align="right"),
        text(
            "job",
            "JOB",
            20,
            lambda row: row.name,
            tone=lambda row: "strong" if row.job else "muted",
            sort=True,
            flex=True,
        ),
        number("tasks", "TASKS", 5, lambda row: row.tasks, str),
        _given("cpu", "CPU", 6, lambda one: one.cpu_cores, fmt.cores, drop=1),
        _memory("heap", "HEAP", lambda one: one.task_heap_memory, 1),
        _memory("off_heap", "OFF-HEAP", lambda one: one.task_off_heap_memory, 2),
        _memory("managed", "MANAGED", lambda one: one.managed_memory, 1),
        _memory("network", "NETWORK", lambda one: one.network_memory, 2),
    )

    def __init__(self, taskmanager: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.taskmanager = taskmanager

    def asks(self) -> Asks:
        return super().asks() | {JOBS_OVERVIEW(): 0.0}

    def job_here(self) -> str | None:
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
