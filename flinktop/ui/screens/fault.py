"""One exception of a job with its whole stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.facts.faults import found_fault
from flinktop.model import faults
from flinktop.ui import keys
from flinktop.ui.panels.job_exceptions import FaultHeader, FaultStack
from flinktop.ui.places import FaultPlace, Place
from flinktop.ui.screens.taskmanager_of import FaultOnTaskManager

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from flinktop.ui.screens.taskmanager_of import Location


class FaultScreen(FaultOnTaskManager, sheet="fault.tcss"):
    """A fault of a job; it stays until the user leaves it, whatever happens to the job."""

    COMMANDS_HERE = keys.FAULT
    AUTO_FOCUS = "Pager"

    def __init__(self, job: str, group: str, at: int, concurrent: int = -1) -> None:
        """Show the fault of a group that happened `at` (ms since 1970), or one together with it."""
        super().__init__()
        self.job = job
        self._group = group
        self._at = at
        self._concurrent = concurrent

    @property
    def crumb(self) -> str:
        found = found_fault(self.port.faults(self.job), self._group, self._at, self._concurrent)
        return faults.root(found[1].stacktrace).short or "exception" if found is not None else "exception"

    def body(self) -> ComposeResult:
        names = (self.job, self._group, self._at, self._concurrent)
        yield FaultHeader(*names)
        yield FaultStack(*names)

    def location(self) -> Location | None:
        found = self.query_one(FaultStack).fault
        return self.location_of(found[1], self._at) if found is not None else None

    def action_fold(self) -> None:
        self.query_one(FaultStack).toggle()

    def action_copy(self) -> None:
        if (found := self.query_one(FaultStack).fault) is not None:
            self.app.copy_text(found[1].stacktrace or faults.reason(found[1]))

    def neighbour(self, by: int) -> Place | None:
        """The fault before or after this one in its group."""
        found = self.query_one(FaultStack).fault
        if found is None or self._concurrent >= 0:
            return None
        kept = found[0].kept
        # The newest comes first.
        at = kept.index(found[1]) - by if found[1] in kept else 0
        return FaultPlace(self.job, self._group, kept[at].timestamp) if 0 <= at < len(kept) else None
