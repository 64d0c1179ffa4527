"""The memory of a machine, part by part: configured, used, of how much."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from flinktop.facts.freshness import OLD_SECONDS, is_old
from flinktop.facts.processes import figures_query, process_figures, taskmanagers_listing
from flinktop.facts.unanswered import missing_words
from flinktop.flink.jobmanager import JOBMANAGER_CONFIG
from flinktop.flink.taskmanagers import TASKMANAGER
from flinktop.model import format as fmt
from flinktop.model import machines, memory
from flinktop.ui.live import RARELY
from flinktop.ui.panels.answer_table import AnswerTable
from flinktop.ui.panels.machine_header import place_lines
from flinktop.ui.panels.meter import meter_parts
from flinktop.ui.widgets.celltext import wrap
from flinktop.ui.widgets.columns import Stripes
from flinktop.ui.widgets.one_by_one import MadeRows, each_with_its
from flinktop.ui.widgets.table import Cell, Column

if TYPE_CHECKING:
    from flinktop.engine.store import Reading
    from flinktop.flink.machine import Machine
    from flinktop.ui.panels.frame import Part

METER = 16
MOST_WORDS = 3
"""Lines of a sentence above the table."""
TINY = 15
"""On so few lines, or fewer, the rows have them all."""
TALL = 32
"""Lines of a screen from which on a machine's header says where it runs."""
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


def columns() -> list[Column[memory.Part]]:
    """The columns; the parts' names and what is used are the last to give way."""

    def meter(part: memory.Part, cells: int) -> Stripes:
        tone = machines.tone(part.share) or "first"
        return Stripes(tuple(meter_parts(part.share, cells, tone)))

    def percent(part: memory.Part) -> Cell:
        if part.share is None:
            return "", ""
        return fmt.share(part.share), machines.tone(part.share)

    def title(part: memory.Part) -> Cell:
        return "  " * part.depth + part.name, "strong" if part.used is not None else ""

    found: list[Column[memory.Part]] = [
        Column("part", "PART", 27, title),
        Column(
            "configured", "CONFIGURED", 10, lambda part: (amount(part.configured, "bytes"), ""), align="right"
        ),
        Column("used", "USED", 8, used, align="right"),
        Column("of", "MAX", 8, lambda part: (amount(part.of, part.unit), ""), align="right"),
        Column("share", "%", 5, percent, align="right"),
        Column("meter", "", METER, percent, stripes=meter, drop=2),
        Column("note", "", 14, lambda part: (part.note, "muted"), drop=1, flex=True),
    ]
    return found


def memory_rows(sections: memory.Sections, *, old: bool) -> MadeRows[memory.Part]:
    """A row of each part."""
    return each_with_its(
        sections,
        lambda section: (replace(part, old=old) for part in section[1]()),
        key=lambda section: section[0],
    )


class MemoryTable(AnswerTable[memory.Part]):
    """Flink's memory model against its use, the JVM's own words, network buffers, garbage collectors."""

    BOX = "Memory"
    ASKING = "loading memory…"

    def __init__(self, machine: Machine, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._machine = machine

    def columns(self) -> list[Column[memory.Part]]:
        """As the module's."""
        return columns()

    def row_key(self, row: memory.Part) -> str:
        """Names a row."""
        return f"{row.section} {row.name}"

    @property
    def _first(self) -> Any:
        """The query without which there is nothing to show."""
        machine = self._machine.taskmanager
        return TASKMANAGER(taskmanager=machine) if machine is not None else JOBMANAGER_CONFIG()

    def on_mount(self) -> None:
        """Watch what is configured and what is used, where there is a machine."""
        if self.port.features.history_server:
            self._show_parts()
        elif self._machine.taskmanager is None:
            self.watch_query("configuration", JOBMANAGER_CONFIG(), self._told, every=RARELY)
            self.watch_query("listing", self._machine.metrics(), self._told, every=RARELY)
        else:
            self.watch_query("details", TASKMANAGER(taskmanager=self._machine.taskmanager), self._told)
            self.watch_query("listing", taskmanagers_listing(), self._told, every=RARELY)
        super().on_mount()

    def _told(self, _reading: Reading[Any]) -> None:
        query = figures_query(self.port, self._machine)
        if query is not None:
            self.watch_query("figures", query, self._figures_came)
        self._show_parts()

    def _figures_came(self, _reading: Reading[Any]) -> None:
        self._show_parts()

    def tick(self) -> None:
        """What grows old is greyed."""
        self._show_parts()

    def on_resize(self) -> None:
        """Another size has other lines above the table."""
        self.shielded(self.tick)

    def _show_parts(self) -> None:
        absent = missing_words(self.port, self._first.endpoint, f"figures of {self._machine.all_of_them}")
        reading = self.port.reading(self._first)
        if absent:
            self.table.set_empty(absent)
            return
        if reading is None or reading.value is None:
            self.explain(reading, "")
            return
        known = process_figures(self.port, self._machine, figures_query(self.port, self._machine))
        found = known.figures if known is not None else None
        lines: list[list[Part]] = []
        if self._machine.taskmanager is None:
            settings = {one.key: one.value or "" for one in reading.value}
            sections = memory.jobmanager_sections(settings, found)
        else:
            sections = memory.taskmanager_sections(reading.value, found)
            details, room = reading.value, self.content_size.width - 2
            if TINY < self.screen.size.height < TALL:
                # There the header has no line for it.
                lines = self.several_lines("place", lambda: place_lines(details, room))
            if reading.value.memory_configuration is None:
                lines += [[(line, "muted")] for line in wrap(FROM_1_12, room, MOST_WORDS)]
        self.set_words(lines)
        old = is_old(self.port, reading, RARELY * 2 if self._machine.taskmanager is None else OLD_SECONDS)
        self.table.set_rows(memory_rows(sections, old=old))
