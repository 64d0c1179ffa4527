"""What a process is and how it is: heartbeat, slots, heap, garbage collection, processor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len

from flinktop.facts.freshness import failure
from flinktop.facts.processes import (
    figures_asks,
    figures_query,
    heartbeat_now,
    listing_query,
    process_figures,
)
from flinktop.facts.unanswered import blank, missing_words
from flinktop.flink.cluster import OVERVIEW
from flinktop.flink.errors import NotFound
from flinktop.flink.taskmanagers import TASKMANAGER
from flinktop.model import format as fmt
from flinktop.model import heap, processes
from flinktop.ui.panels.lines_panel import GAP, LinesPanel, faded, pair, spaced

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flinktop.facts.processes import ProcessFigures
    from flinktop.flink.cluster import ClusterOverview
    from flinktop.flink.process import Process
    from flinktop.flink.taskmanagers import TaskManagerDetails
    from flinktop.ui.live import Asks
    from flinktop.ui.panels.lines_panel import Line
    from flinktop.ui.panels.parts import Part

GONE = "Flink no longer knows this TaskManager: it has left or was lost; esc goes back."


def taskmanager_line(details: TaskManagerDetails, heartbeat: float | None) -> Line:
    """Its name, heartbeat, slots and tasks."""
    where = processes.address(details) if processes.is_name(details.id) else ""
    tasks = details.assigned_tasks
    line = spaced(
        [(processes.name(details), "strong"), *([(f" at {where}", "muted")] if where else [])],
        pair("heartbeat", f"{fmt.duration(heartbeat)} ago", processes.heartbeat_tone(heartbeat))
        if heartbeat is not None
        else [],
        pair("slots", fmt.part(details.slots_used, details.slots_number), "strong"),
        pair("tasks", str(tasks)) if tasks is not None else [],
        [("blocked: takes no new tasks", "warn")] if details.blocked else [],
    )
    return [*line, GAP]


def jobmanager_line(overview: ClusterOverview) -> Line:
    """What it looks after."""
    return spaced(
        [("JobManager", "strong")],
        pair("TaskManagers", fmt.number(overview.taskmanagers)),
        pair("slots", fmt.part(overview.slots_used, overview.slots_total)),
        pair("jobs running", fmt.number(overview.jobs_running)),
    )


def figures_line(known: ProcessFigures | None, blank: Part = (fmt.UNKNOWN, "muted")) -> Line:
    """Heap, garbage collection, processor, threads, and what a TaskManager has besides.

    `blank` stands for all of it while nothing is known.
    """
    found = known.figures if known is not None else processes.Figures()
    unknown = blank if known is None else (fmt.ABSENT, "muted")

    def part(word: str, share: float | None, *, full: float = processes.FULL) -> Line:
        return pair(
            word, *((fmt.share(share), processes.tone(share, full=full)) if share is not None else unknown)
        )

    def count(word: str, value: float | None) -> Line:
        return pair(word, *((fmt.count(value), "") if value is not None else unknown))

    most: Line = [(" of ", "muted"), (fmt.size(found.heap_max), "")] if found.heap_max is not None else []
    gc = known.gc if known is not None else None
    # Two looks at the collectors' times make a rate.
    no_gc = blank if known is None or found.counts_gc else unknown
    # All of it in use is as it should be with RocksDB.
    managed = fmt.share(found.managed) if found.managed is not None else fmt.ABSENT
    line = spaced(
        [*part("heap", found.heap), *most],
        pair("GC", *((f"{fmt.count(gc)} ms/s", heap.gc_tone(gc)) if gc is not None else no_gc)),
        part("CPU", found.cpu),
        count("threads", found.threads),
        pair("managed", managed, "" if found.managed is not None else "muted") if found.managed_total else [],
        part("network", found.network, full=processes.SCARCE) if found.segments is not None else [],
        count("open files", found.files) if found.files is not None else [],
    )
    line.append(GAP)
    return faded([line])[0] if known is not None and known.old else line


def place_lines(details: TaskManagerDetails, room: int) -> list[Line]:
    """The machine it runs on, and where it is reached; on two lines where one of `room` cells is short."""
    hardware = details.hardware
    parts = spaced(
        pair("cores", fmt.number(hardware.cpu_cores)),
        pair("machine's memory", fmt.size(hardware.physical_memory)),
        pair("data port", fmt.number(details.data_port)),
    )
    path = pair("path", details.path) if details.path else []
    whole = spaced(parts, path)
    return [whole] if sum(cell_len(text) for text, _ in whole) <= room else [parts, path]


class ProcessHeader(LinesPanel):
    """A few lines above everything else on a process's screen."""

    DEFAULT_CSS = "ProcessHeader { max-height: 5; }"

    def __init__(self, process: Process) -> None:
        super().__init__()
        self._process = process

    def asks(self) -> Asks:
        if self.port.features.history_server:
            return {}
        taskmanager = self._process.taskmanager
        first = TASKMANAGER(taskmanager=taskmanager) if taskmanager is not None else OVERVIEW()
        return {first: 0.0} | figures_asks(self.port, self._process)

    def lines(self) -> Sequence[Line | Part]:
        port, taskmanager = self.port, self._process.taskmanager
        if absent := missing_words(port, TASKMANAGER, "TaskManagers and no JobManager"):
            return [[(absent, "muted")]]
        query = figures_query(port, self._process)
        known = process_figures(port, self._process, query)
        unknown = blank(port, query or listing_query(self._process))
        figures = self.one_line("figures", lambda: figures_line(known, unknown))
        if taskmanager is None:
            told = port.value(OVERVIEW())
            if told is None:
                return [[("JobManager", "strong")], figures]
            return [self.one_line("JobManager", lambda: jobmanager_line(told)), figures]
        reading = port.reading(TASKMANAGER(taskmanager=taskmanager))
        if reading is None or reading.value is None:
            error = failure(port, TASKMANAGER(taskmanager=taskmanager))
            if error is None:
                return [[("loading TaskManager…", "muted")]]
            return [[(GONE if isinstance(error, NotFound) else error.reason, "bad")]]
        details = reading.value
        now = heartbeat_now(port, [details.last_heartbeat], reading.at)
        heartbeat = processes.heartbeat_age(details.last_heartbeat, now)
        lines = [
            self.one_line("TaskManager", lambda: taskmanager_line(details, heartbeat)),
            figures,
            *self.several_lines("place", lambda: place_lines(details, self.content_size.width)),
        ]
        return [[(GONE, "bad")], *faded(lines)] if isinstance(reading.error, NotFound) else lines
