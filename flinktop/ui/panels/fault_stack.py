"""One exception: what it was, and its stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.facts.faults import label_text, repeated_parts, when_words
from flinktop.model import faults
from flinktop.ui.live import Panel
from flinktop.ui.panels.answer_table import Words
from flinktop.ui.panels.fault_words import place_lines
from flinktop.ui.panels.frame import zone_offset
from flinktop.ui.panels.job_exceptions import found_fault, unnamed_task
from flinktop.ui.widgets.pager import Cell, Pager

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from flinktop.flink.exceptions import Fault
    from flinktop.model.faults import FaultGroup, StackLine
    from flinktop.ui.panels.frame import Part

GONE = "flinktop no longer has this exception: it was replaced by newer ones; esc goes back"
_TONES = {
    "cause": "bad",
    "wrapper": "warn",
    "frame": "strong",
    "other": "muted",
    "folded": "muted",
    "more": "muted",
}


def stack_lines(lines: tuple[StackLine, ...]) -> list[Cell]:
    """The lines of a stack in the styles of a pager."""
    return [(line.text, _TONES[line.kind]) for line in lines]


class FaultStack(Panel):
    """A fault by its names, its stack folded to the frames that tell."""

    BOX = "Stack"
    DEFAULT_CSS = "FaultStack { height: 1fr; } FaultStack Pager { height: 1fr; }"

    def __init__(
        self, job: str, group: str = "", at: int = 0, beside: int = -1, *, id: str = "stack"
    ) -> None:
        """Show the fault of a group that happened `at` (ms since 1970), or one that happened beside it."""
        super().__init__(id=id)
        self._job = job
        self._names = (group, at, beside)
        self.folded = True

    def choose(self, group: str, at: int, beside: int) -> None:
        """Show another fault from its top."""
        if self._names != (group, at, beside):
            self._names = (group, at, beside)
            if self.is_mounted:
                self.tick()
                self.pager.action_edge(-1)

    def compose(self) -> ComposeResult:
        """The stack."""
        yield Pager(empty="Flink sends no stack of this exception", ascii=self.app.settings.ascii)

    @property
    def pager(self) -> Pager:
        """The text."""
        return self.query_one(Pager)

    @property
    def fault(self) -> tuple[FaultGroup, Fault] | None:
        """The fault and its group; None when it has been forgotten."""
        return found_fault(self.port.faults(self._job), *self._names)

    def on_mount(self) -> None:
        """Show what is known."""
        super().on_mount()
        self.tick()

    def tick(self) -> None:
        """Nothing changes but what is folded."""
        found = self.fault
        if found is not None:
            self.pager.set_lines(stack_lines(faults.stack(found[1].stacktrace, folded=self.folded)))
        elif not self.pager.lines:
            self.pager.set_empty(GONE if self._names[0] else "no exception is selected")

    def toggle(self) -> None:
        """Fold away the frames of Flink and Java, or show all."""
        self.folded = not self.folded
        self.tick()


class FaultHeader(Panel):
    """The reason, where and when, and which of its kind this one is."""

    DEFAULT_CSS = "FaultHeader { height: auto; max-height: 5; }"

    def __init__(self, job: str, group: str, at: int, beside: int) -> None:
        """Arguments as `FaultStack`'s."""
        super().__init__()
        self._job = job
        self._names = (group, at, beside)

    def compose(self) -> ComposeResult:
        """A few lines."""
        yield Words(ascii_only=self.app.settings.ascii)

    def on_mount(self) -> None:
        """Show what is known."""
        super().on_mount()
        self.tick()

    def tick(self) -> None:
        """Ages move on."""
        found = found_fault(self.port.faults(self._job), *self._names)
        self.query_one(Words).set_lines(self._lines(*found) if found is not None else [[(GONE, "bad")]])

    def on_resize(self) -> None:
        """Another width may need another number of lines."""
        self.shielded(self.tick)

    def _lines(self, group: FaultGroup, fault: Fault) -> list[list[Part]]:
        offset, now = zone_offset(self), self.port.known_time()
        beside = self._names[2] >= 0
        lines: list[list[Part]] = [
            [(faults.reason(fault), "bad")],
            *place_lines(fault, self.content_size.width - 2, unnamed_task(self.port, self._job)),
        ]
        at = fault.timestamp if fault.timestamp > 0 else self._names[1]
        last: list[Part] = [(when_words(at, offset, now), "")]
        if beside:
            last += [("   together with ", "muted"), (faults.reason(group.latest), "")]
        elif repeated := repeated_parts(group, offset, now):
            last += [("   ", ""), *repeated, ("   this is ", "muted"), (_which(group, fault), "")]
        if words := label_text(fault):
            last += [("   labels ", "muted"), (words, "")]
        return [*lines, last]


def _which(group: FaultGroup, fault: Fault) -> str:
    if fault is group.latest:
        return "the latest"
    if fault is group.first:
        return "the first"
    return f"the {_ordinal(group.kept.index(fault) + 1)} latest"


def _ordinal(number: int) -> str:
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number, 'th') }"
