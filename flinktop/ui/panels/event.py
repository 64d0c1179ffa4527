"""One event of the journal: its sentence, its times, and the stack or the lines that were kept of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.engine.journal.event import EventKind
from flinktop.facts.events import Held
from flinktop.flink.text import clean_lines
from flinktop.model import faults
from flinktop.ui.live import Panel
from flinktop.ui.panels.job_exceptions import STACK_TONES, explained
from flinktop.ui.panels.known_failures import MOST_EXPLAINED
from flinktop.ui.panels.parts import LinesPanel
from flinktop.ui.panels.timeline import LEGEND, event_lines
from flinktop.ui.widgets.pager import Pager

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from flinktop.engine.host import Port
    from flinktop.engine.journal.event import Event
    from flinktop.flink.endpoint import Query
    from flinktop.ui.panels.parts import Line, Part

LOADING = "loading journal…"
NO_STACK = "no stack trace was recorded"
NO_DETAILS = "no details were recorded"


def stack_of(port: Port, event: Event) -> str | None:
    """The stack that the journal has of an event; None while that is not read."""
    journal = port.journal
    return journal.stack(event.number) if journal is not None else event.stack


class EventHeader(LinesPanel):
    """What happened, when and how often, what it is about, and what a well-known failure means."""

    DEFAULT_CSS = "EventHeader { max-height: 14; }"

    def __init__(self, event: Event) -> None:
        super().__init__(event.job)
        self._event = event

    def lines(self) -> Sequence[Line | Part]:
        event = self._event
        lines = event_lines(event, self.zone_offset(), self.port.known_time())
        if Held(self.port).lacks(event):
            lines.append([(LEGEND, "muted")])
        if event.kind is EventKind.FAILURE:
            lines += explained(stack_of(self.port, event) or "", self.content_size.width, MOST_EXPLAINED)
        return lines


class EventText(Panel):
    """The stack of a failure, folded to the relevant frames; of other events their further lines."""

    BOX = "Stack"
    DEFAULT_CSS = "EventText { height: 1fr; } EventText Pager { height: 1fr; }"
    # What the user folds is shown though the screen is frozen.
    ticks_when_paused = True

    def __init__(self, event: Event) -> None:
        super().__init__(event.job)
        self._event = event
        self._of_failure = event.kind is EventKind.FAILURE
        self.folded = True
        self._shown: tuple[str, bool] | None = None
        if not self._of_failure:
            self.border_title = "Details"

    def compose(self) -> ComposeResult:
        # Details are sentences; frames of a stack are better cut.
        yield Pager(empty=LOADING, wrapped=not self._of_failure, ascii=self.ascii)

    @property
    def pager(self) -> Pager:
        return self.query_one(Pager)

    @property
    def text(self) -> str:
        """The whole stack, or the lines; "" while they are not read, and if there are none."""
        found = stack_of(self.port, self._event) if self._of_failure else self._event.details
        return clean_lines(found or "")

    def facts_changed(self, changes: frozenset[Query[object]]) -> None:
        if self._shown is None or not self._shown[0]:
            self.update()
        else:
            super().facts_changed(changes)

    def show(self) -> None:
        if self._of_failure and stack_of(self.port, self._event) is None:
            return
        if (self.text, self.folded) == self._shown:
            return
        self._shown = self.text, self.folded
        self.pager.set_empty(NO_STACK if self._of_failure else NO_DETAILS)
        if self._of_failure:
            stack = faults.stack(self.text, folded=self.folded)
            self.pager.set_lines([(line.text, STACK_TONES[line.kind]) for line in stack])
        else:
            self.pager.set_lines([(line, "") for line in self.text.splitlines()])

    def toggle(self) -> None:
        """Fold the frames of Flink and Java, or show all."""
        self.folded = not self.folded
        self.draw()
