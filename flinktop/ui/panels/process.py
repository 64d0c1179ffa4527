"""A process: its identity and health, its memory part by part, and both over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from textual.containers import Grid

from flinktop.engine.series import process_series
from flinktop.facts.freshness import OLD_SECONDS, blank, failure, is_old, missing_words
from flinktop.facts.pods import is_recent
from flinktop.facts.processes import (
    figures_asks,
    figures_query,
    heartbeat_now,
    listing_query,
    process_figures,
)
from flinktop.flink.cluster import OVERVIEW
from flinktop.flink.errors import NotFound
from flinktop.flink.jobmanager import JOBMANAGER_CONFIG
from flinktop.flink.metrics import TASKMANAGER_METRICS
from flinktop.flink.taskmanagers import TASKMANAGER
from flinktop.flink.text import clean
from flinktop.model import format as fmt
from flinktop.model import heap, kubernetes_words, memory, processes
from flinktop.ui.live import RARELY, Asks, Panel
from flinktop.ui.panels.columns import text
from flinktop.ui.panels.parts import GAP, LinesPanel, cells, faded, meter_parts, pair, spaced
from flinktop.ui.panels.pod_columns import pod_tone
from flinktop.ui.panels.table_panel import TablePanel
from flinktop.ui.panels.time_chart import COUNT, SHARE, WAITING, Measure, TimeChart, Unit
from flinktop.ui.widgets.celltext import wrap
from flinktop.ui.widgets.columns import Column, Stripes
from flinktop.ui.widgets.guarded_rows import GuardedRows, make_row_groups

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from flinktop.facts.processes import ProcessFigures
    from flinktop.flink.cluster import ClusterOverview
    from flinktop.flink.endpoint import Query
    from flinktop.flink.process import Process
    from flinktop.flink.taskmanagers import TaskManagerDetails
    from flinktop.model.kubernetes import Pod
    from flinktop.ui.panels.parts import Line, Part
    from flinktop.ui.widgets.columns import Cell


FORGOTTEN = "Flink no longer knows this TaskManager: it has left or was lost; esc goes back."
METER = 16
MOST_WORDS = 3  # lines of a sentence above the table
TINY = 15  # on so few lines, or fewer, the rows have all of them
TALL = 32  # lines of a screen from which on a process's header shows its host
FROM_1_12 = "The parts of a TaskManager's memory, and managed memory in use, need Flink 1.12 or later."
CHARTS = (
    ("Heap used, %", "heap", "heap", SHARE),
    ("Garbage collection, ms/s", "GC", "gc", COUNT),
    ("CPU, % of the machine", "CPU", "cpu", SHARE),
    ("Threads", "threads", "threads", COUNT),
)
"""Title, name in the legend, measure as engine/recorders.py records it, unit."""


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


def jobmanager_line(overview: ClusterOverview | None) -> Line:
    """What it manages."""
    if overview is None:
        return [("JobManager", "strong")]
    return spaced(
        [("JobManager", "strong")],
        pair("TaskManagers", fmt.number(overview.taskmanagers)),
        pair("slots", fmt.part(overview.slots_used, overview.slots_total)),
        pair("jobs running", fmt.number(overview.jobs_running)),
    )


def figures_line(known: ProcessFigures | None, blank: Part = (fmt.UNKNOWN, "muted")) -> Line:
    """Heap, garbage collection, CPU, threads, and the further figures of a TaskManager.

    `blank` replaces all of it while nothing is known.
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
    # A rate needs two readings of the collectors' times.
    no_gc = blank if known is None or found.counts_gc else unknown
    # Full managed memory is normal with RocksDB.
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
    """Its host, and its address; on two lines where one of `room` cells is short."""
    hardware = details.hardware
    parts = spaced(
        pair("cores", fmt.number(hardware.cpu_cores)),
        pair("machine's memory", fmt.size(hardware.physical_memory)),
        pair("data port", fmt.number(details.data_port)),
    )
    path = pair("path", details.path) if details.path else []
    whole = spaced(parts, path)
    return [whole] if sum(cell_len(text) for text, _ in whole) <= room else [parts, path]


def pod_line(name: str, pod: Pod, now: float, room: int) -> Line:
    """The pod of the process `name`: its state, restarts, last end, node; `now` is s since 1970.

    The end in full where a line of `room` cells has it.
    """
    end, status = pod.ended, clean(kubernetes_words.status(pod))
    since = f" {kubernetes_words.ago(pod.gone, now)}" if pod.gone is not None else ""
    named = [(f" {clean(pod.name)}", "strong")] if pod.name != name else []

    def line(last: str) -> Line:
        return spaced(
            [("pod", "muted"), *named, (f" {status}{since}", pod_tone(pod))],
            pair("restarts", str(pod.restarts), "strong" if pod.restarts else "")
            if pod.restarts or pod.gone is None
            else [],
            pair("last end", clean(last), "warn" if end and is_recent(end, now) else "") if last else [],
            pair("node", clean(pod.node)) if pod.node else [],
        )

    if end is None:
        return line("")
    whole = line(kubernetes_words.ended(end, now))
    if cells(whole) <= room:
        return whole
    ago = f" {kubernetes_words.ago(end.at, now)}" if end.at is not None else ""
    return line(f"{kubernetes_words.short_end(end)}{ago}")


class ProcessHeader(LinesPanel):
    """A few lines above everything else on a process's screen."""

    DEFAULT_CSS = "ProcessHeader { max-height: 6; }"

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
            return [self.one_line("JobManager", lambda: jobmanager_line(port.value(OVERVIEW()))), figures]
        pod = self.one_line("pod", lambda: self._pod_line(taskmanager))
        self.set_class(bool(pod), "-pod")
        reading = port.reading(TASKMANAGER(taskmanager=taskmanager))
        if reading is None or reading.value is None:
            error = failure(port, TASKMANAGER(taskmanager=taskmanager))
            if error is None:
                return [[("loading TaskManager…", "muted")], pod]
            return [[(FORGOTTEN if isinstance(error, NotFound) else error.reason, "bad")], pod]
        details = reading.value
        now = heartbeat_now(port, [details.last_heartbeat], reading.at)
        heartbeat = processes.heartbeat_age(details.last_heartbeat, now)
        lines = [
            self.one_line("TaskManager", lambda: taskmanager_line(details, heartbeat)),
            figures,
            *self.several_lines("place", lambda: place_lines(details, self.content_size.width)),
        ]
        if isinstance(reading.error, NotFound):
            return [[(FORGOTTEN, "bad")], pod, *faded(lines)]
        return [*lines[:2], pod, *lines[2:]]

    def _pod_line(self, taskmanager: str) -> Line:
        """The line of its pod; empty where none is known."""
        port = self.port
        if port.kubernetes is None:
            return []
        details = port.value(TASKMANAGER(taskmanager=taskmanager))
        address = processes.address(details) if details is not None else ""
        pod = port.kubernetes.pod_of(taskmanager, address)
        return pod_line(taskmanager, pod, port.clock.wall(), self.content_size.width) if pod else []


def amount(value: float | None, unit: str) -> str:
    """A number of bytes, or a count; nothing for what a part does not have."""
    if value is None:
        return ""
    return fmt.size(value) if unit == "bytes" else fmt.count(value)


def used_cell(part: memory.Part) -> Cell:
    """The use of a part; "–" where only its limit is reported, and for unreported collections."""  # noqa: RUF002 -- ABSENT
    if part.used is None and (part.of is not None or part.section == memory.GC):
        return fmt.ABSENT, "muted"
    return amount(part.used, part.unit), ""


def _percent(part: memory.Part) -> Cell:
    return ("", "") if part.share is None else (fmt.share(part.share), processes.tone(part.share))


def _meter(part: memory.Part, cells: int) -> Stripes:
    return Stripes(tuple(meter_parts(part.share, cells, processes.tone(part.share) or "first")))


def memory_rows(sections: memory.Sections) -> GuardedRows[memory.Part]:
    """A row of each part."""
    return make_row_groups(sections, lambda section: section[1](), key=lambda section: section[0])


class MemoryTable(TablePanel[memory.Part]):
    """Flink's memory model against its use, the JVM's own figures, network buffers, garbage collectors."""

    BOX = "Memory"
    TABLE = "memory"
    LOADING = "loading memory…"
    COLUMNS = (
        text(
            "part",
            "PART",
            27,
            lambda part: "  " * part.depth + part.name,
            tone=lambda part: "strong" if part.used is not None else "",
        ),
        text(
            "configured",
            "CONFIGURED",
            10,
            lambda part: amount(part.configured, "bytes"),
            blank="",
            align="right",
        ),
        Column("used", "USED", 8, used_cell, align="right"),
        text("max", "MAX", 8, lambda part: amount(part.of, part.unit), blank="", align="right"),
        Column("share", "%", 5, _percent, align="right"),
        Column("meter", "", METER, _percent, stripes=_meter, drop=2),
        text("note", "", 14, lambda part: part.note, tone="muted", blank="", drop=1, flex=True),
    )

    def __init__(self, process: Process, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._process = process

    def source(self) -> Query[Any]:
        taskmanager = self._process.taskmanager
        return TASKMANAGER(taskmanager=taskmanager) if taskmanager is not None else JOBMANAGER_CONFIG()

    @property
    def missing(self) -> str:
        return missing_words(self.port, self.source().endpoint, f"figures of {self._process.plural}")

    @property
    def _every(self) -> float:
        return RARELY if self._process.taskmanager is None else 0.0

    def asks(self) -> Asks:
        return {} if self.missing else {self.source(): self._every} | figures_asks(self.port, self._process)

    def key(self, row: memory.Part) -> str:
        return f"{row.section} {row.name}"

    def is_dim(self, row: memory.Part) -> bool:  # noqa: ARG002 -- all rows come from one answer
        return is_old(self.port, self.reading, max(OLD_SECONDS, 2 * self._every))

    def rows_of(self, answer: Any) -> Sequence[memory.Part]:
        known = process_figures(self.port, self._process, figures_query(self.port, self._process))
        found = known.figures if known is not None else None
        if self._process.taskmanager is not None:
            return memory_rows(memory.taskmanager_sections(answer, found))
        return memory_rows(memory.jobmanager_sections({one.key: one.value or "" for one in answer}, found))

    def words(self) -> Sequence[list[Part]]:
        details, room = self.answer, self.content_size.width - 2
        if details is None or self._process.taskmanager is None:
            return []
        lines: list[list[Part]] = []
        if TINY < self.screen.size.height < TALL:
            # There the header has no line for it.
            lines = self.several_lines("place", lambda: place_lines(details, room))
        if details.memory_configuration is None:
            lines += [[(line, "muted")] for line in wrap(FROM_1_12, room, MOST_WORDS)]
        return lines


class ProcessCharts(Panel):
    """Four charts, two side by side."""

    DEFAULT_CSS = """
    ProcessCharts { height: 1fr; }
    ProcessCharts Grid { grid-size: 2 2; grid-gutter: 0 1; height: 1fr; }
    """

    def __init__(self, process: Process, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._process = process

    def compose(self) -> ComposeResult:
        with Grid():
            for chart in CHARTS:
                yield self._chart(*chart)

    def _chart(self, box: str, name: str, measure: str, unit: Unit) -> TimeChart:
        measures = (Measure(name, process_series(self._process.taskmanager, measure)),)
        return TimeChart(box, lambda: measures, self._nothing, unit, classes=measure)

    def _nothing(self) -> str:
        absent = missing_words(self.port, TASKMANAGER_METRICS, f"metrics of {self._process.plural}")
        return absent or WAITING

    def asks(self) -> Asks:
        return {} if self.port.features.history_server else figures_asks(self.port, self._process)
