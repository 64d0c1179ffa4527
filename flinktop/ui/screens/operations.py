"""What was asked of clusters from here, and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on

from flinktop.facts.operations import worth_copying
from flinktop.ui import keys
from flinktop.ui.panels.operation_detail import OperationDetail
from flinktop.ui.panels.operations_table import OperationsTable
from flinktop.ui.places import OperationPlace
from flinktop.ui.screens.cluster_screen import ClusterScreen
from flinktop.ui.screens.operation import actions_of
from flinktop.ui.widgets.table_messages import Moved, Opened

if TYPE_CHECKING:
    from pathlib import PurePath

    from textual.app import ComposeResult

    from flinktop.ui.screens.actions import Action


class OperationsScreen(ClusterScreen):
    """The ledger, newest first; from 100x32 on with all of the selected one below."""

    CSS_PATH: ClassVar[list[str | PurePath]] = ["cluster_screen.tcss", "operations.tcss"]
    COMMANDS_HERE = keys.OPERATIONS_LIST
    AUTO_FOCUS = "#operations LiveTable"

    @property
    def crumb(self) -> str:
        return "operations"

    def body(self) -> ComposeResult:
        yield OperationsTable(id="operations")
        yield OperationDetail(id="detail")

    def actions(self) -> tuple[Action, ...]:
        """Those of the selected one's savepoint or job, else of the cluster."""
        return actions_of(self.app.port, self.query_one(OperationsTable).operation) or super().actions()

    def on_mount(self) -> None:
        """What was said of operations in passing is read here."""
        self.app.clear_notifications()

    @on(Moved)
    def _selected(self, event: Moved) -> None:
        self.query_one(OperationDetail).choose(event.key)

    @on(Opened)
    def _opened(self, event: Opened) -> None:
        self.app.go(OperationPlace(event.key))

    def action_copy(self) -> None:
        operation = self.query_one(OperationsTable).operation
        if operation is not None and (text := worth_copying(operation)):
            self.app.copy_text(text)
