"""One exception: what it was, and its stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.facts.faults import found_fault, label_text, repeated_parts, unnamed_task, when_words
from flinktop.model import faults
from flinktop.ui.live import Panel
from flinktop.ui.panels.job_exceptions import place_lines
from flinktop.ui.panels.lines_panel import GAP, MUTED_GAP, LinesPanel, pair, spaced
from flinktop.ui.widgets.pager import Pager

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from flinktop.flink.exceptions import Fault
    from flinktop.model.faults import FaultGroup
    from flinktop.ui.panels.lines_panel import Line

GONE = "flinktop no longer has this exception: it was replaced by newer ones; esc goes back"
_TONES = {
    "cause": "bad",
    "wrapper": "warn",
    "frame": "strong",
    "other": "muted",
    "folded": "muted",
    "more": "muted",
}


class FaultStack(Panel):
    """A fault by its names, its stack folded to the frames that tell.

    Args:
        job: The id of the job.
        group: The group of the fault.
        at: When it happened (ms since 1970).
        beside: Its number among those that happened together with that; -1 for that itself.
    """

    BOX = "Stack"
    DEFAULT_CSS = "FaultStack { height: 1fr; } FaultStack Pager { height: 1fr; }"
    # What the person selects and folds is shown though the screen is held.
    ticks_when_paused = True

    def __init__(
        self, job: str, group: str = "", at: int = 0, beside: int = -1, *, id: str = "stack"
    ) -> None:
        super().__init__(job, id=id)
        self._names = (group, at, beside)
        self.folded = True

    def choose(self, group: str, at: int, beside: int) -> None:
        """Show another fault from its top."""
        if self._names != (group, at, beside):
            self._names = (group, at, beside)
            if self.is_mounted:
                self.draw()
                self.pager.action_edge(-1)

    def compose(self) -> ComposeResult:
        yield Pager(empty="Flink sends no stack of this exception", ascii=self.ascii)

    @property
    def pager(self) -> Pager:
        return self.query_one(Pager)

    @property
    def fault(self) -> tuple[FaultGroup, Fault] | None:
        """The fault and its group; None when it has been forgotten."""
        return found_fault(self.port.faults(self.job), *self._names)

    def show(self) -> None:
        found = self.fault
        if found is not None:
            stack = faults.stack(found[1].stacktrace, folded=self.folded)
            self.pager.set_lines([(line.text, _TONES[line.kind]) for line in stack])
        elif not self.pager.lines:
            self.pager.set_empty(GONE if self._names[0] else "no exception is selected")

    def toggle(self) -> None:
        """Fold away the frames of Flink and Java, or show all."""
        self.folded = not self.folded
        self.draw()


class FaultHeader(LinesPanel):
    """The reason, where and when, and which of its kind this one is; arguments as `FaultStack`'s."""

    DEFAULT_CSS = "FaultHeader { max-height: 5; }"

    def __init__(self, job: str, group: str, at: int, beside: int) -> None:
        super().__init__(job)
        self._names = (group, at, beside)

    def lines(self) -> Sequence[Line]:
        found = found_fault(self.port.faults(self.job), *self._names)
        if found is None:
            return [[(GONE, "bad")]]
        group, fault = found
        offset, now = self.zone_offset(), self.port.known_time()
        at = fault.timestamp if fault.timestamp > 0 else self._names[1]
        last: Line = [(when_words(at, offset, now), "")]
        if self._names[2] >= 0:
            last = spaced(last, pair("together with", faults.reason(group.latest)), gap=MUTED_GAP)
        elif repeated := repeated_parts(group, offset, now):
            last = spaced([*last, GAP, *repeated], pair("this is", _which(group, fault)), gap=MUTED_GAP)
        if words := label_text(fault):
            last = spaced(last, pair("labels", words), gap=MUTED_GAP)
        return [
            [(faults.reason(fault), "bad")],
            *place_lines(fault, self.content_size.width, unnamed_task(self.port, self.job)),
            last,
        ]


def _which(group: FaultGroup, fault: Fault) -> str:
    if fault is group.latest:
        return "the latest"
    if fault is group.first:
        return "the first"
    return f"the {_ordinal(group.kept.index(fault) + 1)} latest"


def _ordinal(number: int) -> str:
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number, 'th') }"
