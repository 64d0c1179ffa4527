"""What a machine is and how it is: heartbeat, slots, heap, garbage collection, processor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from textual.content import Content

from flinktop.facts.freshness import failure
from flinktop.facts.processes import (
    figures_query,
    heartbeat_now,
    listing_query,
    process_figures,
    taskmanagers_listing,
)
from flinktop.facts.unanswered import blank, missing_words
from flinktop.flink.cluster import OVERVIEW
from flinktop.flink.errors import NotFound
from flinktop.flink.taskmanagers import TASKMANAGER
from flinktop.model import format as fmt
from flinktop.model import heap, machines
from flinktop.ui.live import RARELY, Panel
from flinktop.ui.panels.frame import Part, assemble, cut_line

if TYPE_CHECKING:
    from flinktop.engine.store import Reading
    from flinktop.facts.processes import ProcessFigures
    from flinktop.flink.cluster import ClusterOverview
    from flinktop.flink.machine import Machine
    from flinktop.flink.taskmanagers import TaskManagerDetails

GAP: Part = ("   ", "")
GONE = "Flink no longer knows this TaskManager: it has left or was lost; esc goes back."


def taskmanager_line(details: TaskManagerDetails, heartbeat: float | None) -> list[Part]:
    """Its name, heartbeat, slots and tasks."""
    parts: list[Part] = [(machines.name(details), "strong")]
    if machines.is_name(details.id) and (where := machines.address(details)):
        parts.append((f" at {where}", "muted"))
    parts.append(GAP)
    if heartbeat is not None:
        late = heartbeat >= machines.HEARTBEAT_LATE
        tone = "bad" if heartbeat >= machines.HEARTBEAT_LOST else "warn" if late else ""
        parts += [("heartbeat ", "muted"), (f"{fmt.duration(heartbeat)} ago", tone), GAP]
    parts += [("slots ", "muted"), (fmt.part(details.slots_used, details.slots_number), "strong"), GAP]
    if details.assigned_tasks is not None:
        parts += [("tasks ", "muted"), (str(details.assigned_tasks), ""), GAP]
    if details.blocked:
        parts.append(("blocked: takes no new tasks", "warn"))
    return parts


def jobmanager_line(overview: ClusterOverview) -> list[Part]:
    """What it looks after."""
    return [
        ("JobManager", "strong"),
        GAP,
        ("TaskManagers ", "muted"),
        (fmt.number(overview.taskmanagers), ""),
        GAP,
        ("slots ", "muted"),
        (fmt.part(overview.slots_used, overview.slots_total), ""),
        GAP,
        ("jobs running ", "muted"),
        (fmt.number(overview.jobs_running), ""),
    ]


def figures_line(known: ProcessFigures | None, blank: Part = (fmt.UNKNOWN, "muted")) -> list[Part]:
    """Heap, garbage collection, processor, threads, and what a TaskManager has besides.

    `blank` stands for all of it while nothing is known.
    """
    found = known.figures if known is not None else machines.Figures()
    unknown = blank if known is None else (fmt.ABSENT, "muted")

    def part(word: str, share: float | None, *, full: float = machines.FULL) -> list[Part]:
        figure = (fmt.share(share), machines.tone(share, full=full)) if share is not None else unknown
        return [(word, "muted"), figure, GAP]

    parts = part("heap ", found.heap)
    if found.heap_max is not None:
        parts[-1:] = [(" of ", "muted"), (fmt.size(found.heap_max), ""), GAP]
    gc = known.gc if known is not None else None
    if gc is None:
        # Two looks at the collectors' times make a rate.
        parts += [("GC ", "muted"), blank if known is None or found.counts_gc else unknown, GAP]
    else:
        parts += [("GC ", "muted"), (f"{fmt.count(gc)} ms/s", heap.gc_tone(gc)), GAP]
    parts += part("CPU ", found.cpu)
    threads = (fmt.count(found.threads), "") if found.threads is not None else unknown
    parts += [("threads ", "muted"), threads, GAP]
    if found.managed_total:
        # All of it in use is as it should be with RocksDB.
        taken = (fmt.share(found.managed), "") if found.managed is not None else (fmt.ABSENT, "muted")
        parts += [("managed ", "muted"), taken, GAP]
    if found.segments is not None:
        parts += part("network ", found.network, full=machines.SCARCE)
    if found.files is not None:
        parts += [("open files ", "muted"), (fmt.count(found.files), ""), GAP]
    if known is not None and known.old:
        return [(text, "stale") for text, _ in parts]
    return parts


def place_lines(details: TaskManagerDetails, room: int) -> list[list[Part]]:
    """The machine it runs on, and where it is reached; on two lines where one of `room` cells is short."""
    hardware = details.hardware
    parts: list[Part] = [
        ("cores ", "muted"),
        (fmt.number(hardware.cpu_cores), ""),
        GAP,
        ("machine's memory ", "muted"),
        (fmt.size(hardware.physical_memory), ""),
        GAP,
        ("data port ", "muted"),
        (fmt.number(details.data_port), ""),
    ]
    if not details.path:
        return [parts]
    path: list[Part] = [("path ", "muted"), (details.path, "")]
    whole = [*parts, GAP, *path]
    return [whole] if sum(cell_len(text) for text, _ in whole) <= room else [parts, path]


class MachineHeader(Panel):
    """A few lines above everything else on a machine's screen, each on one row and cut to the width."""

    DEFAULT_CSS = "MachineHeader { height: auto; max-height: 5; padding: 0 1; }"

    def __init__(self, machine: Machine) -> None:
        super().__init__()
        self._machine = machine
        self._lines: list[list[Part]] = [[(fmt.UNKNOWN, "muted")]]

    def on_mount(self) -> None:
        """Watch what it says of itself, where there is a machine."""
        taskmanager = self._machine.taskmanager
        if self.port.features.history_server:
            self.tick()
        elif taskmanager is not None:
            self.watch_query("details", TASKMANAGER(taskmanager=taskmanager), self._news)
            self.watch_query("listing", taskmanagers_listing(), self._news, every=RARELY)
        else:
            self.watch_query("overview", OVERVIEW(), self._news)
            self.watch_query("listing", self._machine.metrics(), self._news, every=RARELY)
        super().on_mount()

    def _news(self, _reading: Reading[Any]) -> None:
        query = figures_query(self.port, self._machine)
        if query is not None:
            self.watch_query("figures", query, self._figures_came)
        self.tick()

    def _figures_came(self, _reading: Reading[Any]) -> None:
        self.tick()

    def tick(self) -> None:
        """Ages move on."""
        lines = self._described()
        if lines != self._lines:
            grown = len(lines) != len(self._lines)
            self._lines = lines
            self.refresh(layout=grown)

    def on_resize(self) -> None:
        """Another width may need another number of lines."""
        self.shielded(self.tick)

    def _described(self) -> list[list[Part]]:
        port, taskmanager = self.port, self._machine.taskmanager
        if absent := missing_words(port, TASKMANAGER, "TaskManagers and no JobManager"):
            return [[(absent, "muted")]]
        query = figures_query(port, self._machine)
        known = process_figures(port, self._machine, query)
        unknown = blank(port, query or listing_query(self._machine))
        if taskmanager is None:
            overview = port.reading(OVERVIEW())
            told = overview.value if overview is not None else None
            first: list[Part] = [("JobManager", "strong")]
            if told is not None:
                first = self.one_line("JobManager", lambda: jobmanager_line(told))
            return [first, self.one_line("figures", lambda: figures_line(known, unknown))]
        reading = port.reading(TASKMANAGER(taskmanager=taskmanager))
        if reading is None or reading.value is None:
            error = failure(port, TASKMANAGER(taskmanager=taskmanager))
            if error is None:
                return [[("loading TaskManager…", "muted")]]
            return [[(GONE if isinstance(error, NotFound) else error.reason, "bad")]]
        details = reading.value
        now = heartbeat_now(port, [details.last_heartbeat], reading.at)
        heartbeat = machines.heartbeat_age(details.last_heartbeat, now)
        lines = [
            self.one_line("TaskManager", lambda: taskmanager_line(details, heartbeat)),
            self.one_line("figures", lambda: figures_line(known, unknown)),
            *self.several_lines("place", lambda: place_lines(details, self.content_size.width)),
        ]
        if isinstance(reading.error, NotFound):
            lines = [[(GONE, "bad")], *([(text, "stale") for text, _ in line] for line in lines)]
        return lines

    def render(self) -> Content:
        """The lines."""
        width = self.content_size.width
        return Content("\n").join(assemble(cut_line(line, width)) for line in self._lines)
