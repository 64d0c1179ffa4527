"""Facts about a JobManager or TaskManager, and the queries for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from flinktop.engine.series import process_series
from flinktop.facts.freshness import OLD_SECONDS, failure, is_old
from flinktop.flink.metrics import TASKMANAGERS_METRICS
from flinktop.flink.numbers import positive
from flinktop.flink.process import Process
from flinktop.model import processes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flinktop.facts.known import Known
    from flinktop.flink.endpoint import Query
    from flinktop.flink.metrics import Metrics
    from flinktop.flink.taskmanagers import TaskManager
    from flinktop.model.kubernetes import Pod

RELIST_SECONDS = 600.0  # between requests for the list of metrics: it hardly ever changes


def listing_query(process: Process) -> Query[Any]:
    """The query for the metric ids of a process; for TaskManagers one request for all of them."""
    return TASKMANAGERS_METRICS() if process.taskmanager is not None else process.metrics()


def listed(known: Known, process: Process) -> tuple[str, ...]:
    """The metric ids of a process, or of processes of its kind; () while unknown."""
    return tuple(metric.id for metric in known.value(listing_query(process)) or ())


def figures_query(
    known: Known, process: Process, names: Iterable[str] | None = None
) -> Query[Metrics] | None:
    """The query for a process's figures; None while its metric ids are unknown."""
    ids = listed(known, process)
    wanted = processes.ids_to_request(ids, names) if names is not None else processes.ids_to_request(ids)
    return process.metrics(get=wanted) if wanted else None


def figures_asks(known: Known, process: Process) -> dict[Query[Any], float]:
    """The queries for a process's figures, with their intervals (s)."""
    query = figures_query(known, process)
    return {listing_query(process): RELIST_SECONDS} | ({query: 0.0} if query is not None else {})


class ProcessFigures(Struct, frozen=True):
    """Current figures of a process."""

    figures: processes.Figures
    gc: float | None  # ms/s of garbage collection
    old: bool


def process_figures(known: Known, process: Process, query: Query[Metrics] | None) -> ProcessFigures | None:
    """The figures in the answer to `query`; None before there is one."""
    reading = known.reading(query) if query is not None else None
    if reading is None or reading.value is None or reading.at is None:
        return None
    collected = known.latest(process_series(process.taskmanager, "gc"))
    fresh = collected is not None and known.now() - collected[0] <= OLD_SECONDS
    return ProcessFigures(
        processes.figures(reading.value),
        collected[1] if collected is not None and fresh else None,
        old=is_old(known, reading),
    )


def heartbeat_now(known: Known, heartbeats: Iterable[int], at: float | None) -> float:
    """The cluster's time (s since 1970), to measure the age of heartbeats.

    Until it is known, the newest heartbeat (ms) of the list is used, which came at `at` (engine's clock, s):
    this machine's clock may be hours off.
    """
    newest = max(heartbeats, default=0) / 1000.0
    if known.knows_time or newest <= 0:
        return known.known_time()
    return newest + (known.now() - at if at is not None else 0.0)


class TaskManagerFacts(Struct, frozen=True):
    """One TaskManager."""

    id: str
    name: str  # its id, if that says more than its address
    address: str  # host and port
    problems: tuple[processes.Problem, ...]
    heartbeat: float | None  # seconds since the last one
    slots: int | None
    used: int | None
    free: int | None
    tasks: int | None  # 2.3+
    cores: int | None
    memory: int | None  # the machine's, bytes
    heap_limit: int | None
    managed_limit: int | None
    known: ProcessFigures | None
    failed: bool = False  # whether the request for its figures failed
    pod: Pod | None = None  # its pod, if it runs on Kubernetes
    is_listed: bool = True  # whether Flink lists it; else only its pod is known

    @property
    def old(self) -> bool:
        return self.known is not None and self.known.old

    @property
    def worst(self) -> tuple[int, int]:
        """How much attention it needs; the sort key of its row."""
        return sum(one.bad for one in self.problems), len(self.problems)


def taskmanager_facts(known: Known, one: TaskManager, now: float) -> TaskManagerFacts:
    """A TaskManager from the list and its metrics; `now` (s since 1970) is for heartbeats."""
    process = Process(one.id)
    query = figures_query(known, process, processes.ROW)
    metrics = process_figures(known, process, query)
    heartbeat = processes.heartbeat_age(one.last_heartbeat, now)
    figures, gc = (metrics.figures, metrics.gc) if metrics is not None else (None, None)
    return TaskManagerFacts(
        id=one.id,
        name=processes.name(one),
        address=processes.address(one),
        problems=processes.problems(one, figures, gc, heartbeat),
        heartbeat=heartbeat,
        slots=one.slots_number,
        used=one.slots_used,
        free=one.free_slots,
        tasks=one.assigned_tasks,
        cores=positive(one.hardware.cpu_cores),
        memory=positive(one.hardware.physical_memory),
        heap_limit=positive(one.hardware.free_memory),
        managed_limit=positive(one.hardware.managed_memory),
        known=metrics,
        failed=failure(known, query or listing_query(process)) is not None,
    )
