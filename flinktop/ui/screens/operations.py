"""The operations log, and one operation in it: its request, its progress, its result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on

from flinktop.facts.operations import is_here, worth_copying
from flinktop.flink.text import clean
from flinktop.ui import keys
from flinktop.ui.panels.operations import OperationDetail, OperationsTable
from flinktop.ui.places import JobPlace, OperationPlace
from flinktop.ui.screens.actions import on_job, on_savepoint
from flinktop.ui.screens.cluster_screen import ClusterScreen
from flinktop.ui.widgets.messages import Moved, Opened

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from flinktop.engine.operation import Operation
    from flinktop.ui.places import Place
    from flinktop.ui.screens.actions import Action


class OneOperation(ClusterScreen, sheet="operations.tcss"):
    """A screen with one operation to copy from and to act on."""

    @property
    def operation(self) -> Operation | None:
        """The operation as it is now; None for one that was refused before a restart."""
        raise NotImplementedError

    def actions(self) -> tuple[Action, ...]:
        port, one = self.port, self.operation
        if one is not None and one.result.savepoint is not None:
            return on_savepoint(port, one.result.savepoint, one.job or "")
        if one is not None and one.job is not None and is_here(port, one):
            return on_job(port, one.job, one.subject)
        return super().actions()

    def action_copy(self) -> None:
        if (one := self.operation) is not None and (text := worth_copying(one)):
            self.app.copy_text(text)


class OperationsScreen(OneOperation):
    """The ledger, newest first; from 100x32 on with the details of the selected operation below."""

    COMMANDS_HERE = keys.OPERATIONS_LIST
    crumb = "operations"
    AUTO_FOCUS = "#operations LiveTable"

    @property
    def operation(self) -> Operation | None:
        return self.query_one(OperationsTable).operation

    def body(self) -> ComposeResult:
        yield OperationsTable(id="operations")
        yield OperationDetail(id="detail")

    def on_mount(self) -> None:
        self.app.clear_notifications()

    @on(Moved)
    def _selected(self, event: Moved) -> None:
        self.query_one(OperationDetail).choose(event.key)

    @on(Opened)
    def _opened(self, event: Opened) -> None:
        self.app.go(OperationPlace(event.key))


class OperationScreen(OneOperation):
    """An operation, by its id."""

    COMMANDS_HERE = keys.OPERATION
    AUTO_FOCUS = "FactsScroll"

    def __init__(self, number: str) -> None:
        super().__init__()
        self.number = number

    @property
    def operation(self) -> Operation | None:
        return self.port.operation(self.number)

    @property
    def crumb(self) -> str:
        one = self.operation
        return clean(f"{one.label} of {one.subject}") if one is not None else "operation"

    def body(self) -> ComposeResult:
        yield OperationDetail(self.number, id="detail")

    def action_open_job(self) -> None:
        if (one := self.operation) is None:
            return
        if (job := one.result.job or one.job) is None:
            self.app.notify("This operation has no job.", markup=False)
        elif not is_here(self.port, one):
            words = f"Its job is on another cluster: flinktop {one.cluster_name} opens that."
            self.app.notify(clean(words), markup=False)
        else:
            self.app.go(JobPlace(job))

    def neighbour(self, by: int) -> Place | None:
        numbers = [one.id for one in self.port.operations()]
        at = numbers.index(self.number) + by if self.number in numbers else -1
        return OperationPlace(numbers[at]) if 0 <= at < len(numbers) else None
