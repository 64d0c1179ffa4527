"""The memory of a process, part by part: configured, used, of how much."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flinktop.facts.freshness import OLD_SECONDS, is_old
from flinktop.facts.processes import figures_asks, figures_query, process_figures
from flinktop.facts.unanswered import missing_words
from flinktop.flink.jobmanager import JOBMANAGER_CONFIG
from flinktop.flink.taskmanagers import TASKMANAGER
from flinktop.model import format as fmt
from flinktop.model import memory, processes
from flinktop.ui.live import RARELY
from flinktop.ui.panels.columns import text
from flinktop.ui.panels.parts import meter_parts
from flinktop.ui.panels.process_header import place_lines
from flinktop.ui.panels.table_panel import TablePanel
from flinktop.ui.widgets.celltext import wrap
from flinktop.ui.widgets.columns import Column, Stripes
from flinktop.ui.widgets.one_by_one import MadeRows, each_with_its

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flinktop.flink.endpoint import Query
    from flinktop.flink.process import Process
    from flinktop.ui.live import Asks
    from flinktop.ui.panels.parts import Part
    from flinktop.ui.widgets.columns import Cell

METER = 16
MOST_WORDS = 3
"""Lines of a sentence above the table."""
TINY = 15
"""On so few lines, or fewer, the rows have them all."""
TALL = 32
"""Lines of a screen from which on a process's header says where it runs."""
FROM_1_12 = "The parts of a TaskManager's memory, and managed memory in use, need Flink 1.12 or later."


def amount(value: float | None, unit: str) -> str:
    """A number of bytes, or a count; nothing for what a part does not have."""
    if value is None:
        return ""
    return fmt.size(value) if unit == "bytes" else fmt.count(value)


def used(part: memory.Part) -> Cell:
    """What is used of a part; "–" where a limit is told without it, and for collections not told."""  # noqa: RUF002 -- ABSENT
    if part.used is None and (part.of is not None or part.section == memory.GC):
        return fmt.ABSENT, "muted"
    return amount(part.used, part.unit), ""


def _percent(part: memory.Part) -> Cell:
    return ("", "") if part.share is None else (fmt.share(part.share), processes.tone(part.share))


def _meter(part: memory.Part, cells: int) -> Stripes:
    return Stripes(tuple(meter_parts(part.share, cells, processes.tone(part.share) or "first")))


def memory_rows(sections: memory.Sections) -> MadeRows[memory.Part]:
    """A row of each part."""
    return each_with_its(sections, lambda section: section[1](), key=lambda section: section[0])


class MemoryTable(TablePanel[memory.Part]):
    """Flink's memory model against its use, the JVM's own words, network buffers, garbage collectors."""

    BOX = "Memory"
    LOADING = "loading memory…"
    COLUMNS = (
        text(
            *("part", "PART", 27, lambda part: "  " * part.depth + part.name),
            tone=lambda part: "strong" if part.used is not None else "",
        ),
        text(
            *("configured", "CONFIGURED", 10, lambda part: amount(part.configured, "bytes")),
            blank="",
            align="right",
        ),
        Column("used", "USED", 8, used, align="right"),
        text("of", "MAX", 8, lambda part: amount(part.of, part.unit), blank="", align="right"),
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
        return missing_words(self.port, self.source().endpoint, f"figures of {self._process.all_of_them}")

    @property
    def _every(self) -> float:
        return RARELY if self._process.taskmanager is None else 0.0

    def asks(self) -> Asks:
        return {} if self.missing else {self.source(): self._every} | figures_asks(self.port, self._process)

    def key(self, row: memory.Part) -> str:
        return f"{row.section} {row.name}"

    def is_dim(self, row: memory.Part) -> bool:  # noqa: ARG002 -- all of them are of one answer
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
