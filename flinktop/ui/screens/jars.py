"""What was uploaded or left on the cluster: jars, applications, and datasets of programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on

from flinktop.flink.applications import ApplicationOverview
from flinktop.flink.cluster import DataSet
from flinktop.flink.jars import Jar
from flinktop.ui import keys
from flinktop.ui.places import ApplicationPlace, RunJarPlace
from flinktop.ui.screens.actions import SIMULATED, on_application, on_dataset, on_jar
from flinktop.ui.screens.tabbed import TabbedScreen
from flinktop.ui.widgets.messages import Opened

if TYPE_CHECKING:
    from flinktop.ui.screens.actions import Action


class JarsScreen(TabbedScreen, sheet="lists.tcss"):
    """Jars, applications (2.3+), datasets (1.11+)."""

    COMMANDS_HERE = keys.JARS

    def __init__(self, tab: str = "") -> None:
        super().__init__(tab=tab)

    @property
    def crumb(self) -> str:
        return {"applications": "applications", "datasets": "datasets"}.get(self.tab, "jars")

    def actions(self) -> tuple[Action, ...]:
        port, row = self.port, self._row()
        if isinstance(row, Jar):
            return on_jar(port, row.id, row.name)
        if isinstance(row, ApplicationOverview):
            return on_application(port, row.id, row.name, row.status)
        if isinstance(row, DataSet):
            return on_dataset(port, row.id)
        return super().actions()

    def _row(self) -> object:
        table = self.table()
        return table.cursor_row if table is not None else None

    @on(Opened)
    def _opened(self, event: Opened) -> None:
        if self.tab == "applications":
            self.app.go(ApplicationPlace(event.key))
        elif self.tab == "jars" and self.profile.connection.read_only:
            self.app.notify_read_only()
        elif self.tab == "jars" and self.profile.demo:
            self.app.notify(SIMULATED, markup=False)
        elif self.tab == "jars":
            self.app.go(RunJarPlace(event.key))
