"""One operation: what was asked, how far it is, what came of it, why it failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from flinktop.facts.operations import is_here, worth_copying
from flinktop.flink.text import clean
from flinktop.ui import keys
from flinktop.ui.panels.operation_detail import OperationDetail
from flinktop.ui.places import JobPlace, OperationPlace, Place
from flinktop.ui.screens.actions import on_job, on_savepoint
from flinktop.ui.screens.cluster_screen import ClusterScreen

if TYPE_CHECKING:
    from pathlib import PurePath

    from textual.app import ComposeResult

    from flinktop.engine.host import Port
    from flinktop.engine.operation import Operation
    from flinktop.ui.screens.actions import Action


def actions_of(port: Port, operation: Operation | None) -> tuple[Action, ...]:
    """What can be done to the savepoint that an operation made, else to its job; () without one."""
    if operation is None:
        return ()
    if operation.result.savepoint is not None:
        return on_savepoint(port, operation.result.savepoint, operation.job or "")
    if operation.job is not None and is_here(port, operation):
        return on_job(port, operation.job, operation.subject)
    return ()


class OperationScreen(ClusterScreen):
    """An operation by its id."""

    CSS_PATH: ClassVar[list[str | PurePath]] = ["cluster_screen.tcss", "operations.tcss"]
    COMMANDS_HERE = keys.OPERATION
    AUTO_FOCUS = "FactsScroll"

    def __init__(self, number: str) -> None:
        """Show the operation with this id."""
        super().__init__()
        self.number = number

    @property
    def operation(self) -> Operation | None:
        return self.app.port.operation(self.number)

    @property
    def crumb(self) -> str:
        one = self.operation
        return clean(f"{one.label} of {one.subject}") if one is not None else "operation"

    def body(self) -> ComposeResult:
        yield OperationDetail(self.number, id="detail")

    def actions(self) -> tuple[Action, ...]:
        return actions_of(self.app.port, self.operation) or super().actions()

    def action_open_job(self) -> None:
        """Open the job that was started, or that it was done to."""
        one = self.operation
        if one is None:
            return
        job = one.result.job or one.job
        if job is None:
            self.app.notify("This operation has no job.", markup=False)
        elif not is_here(self.app.port, one):
            words = f"Its job is on another cluster: flinktop {one.cluster_name} opens that."
            self.app.notify(clean(words), markup=False)
        else:
            self.app.go(JobPlace(job))

    def action_copy(self) -> None:
        if (one := self.operation) is not None and (text := worth_copying(one)):
            self.app.copy_text(text)

    def neighbour(self, by: int) -> Place | None:
        """The operation above or below this one in the list."""
        numbers = [one.id for one in self.app.port.operations()]
        at = numbers.index(self.number) + by if self.number in numbers else -1
        return OperationPlace(numbers[at]) if 0 <= at < len(numbers) else None
