"""One application with its jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on

from flinktop.flink.applications import APPLICATION
from flinktop.ui import keys
from flinktop.ui.panels.applications import ApplicationHeader
from flinktop.ui.places import JobPlace
from flinktop.ui.screens.actions import on_application
from flinktop.ui.screens.tabbed import TabbedScreen
from flinktop.ui.widgets.messages import Opened

if TYPE_CHECKING:
    from flinktop.ui.screens.actions import Action


class ApplicationScreen(TabbedScreen, sheet="lists.tcss"):
    """An application by its id (2.3+)."""

    COMMANDS_HERE = keys.APPLICATION
    HEADER = ApplicationHeader

    def __init__(self, application: str) -> None:
        super().__init__(application)
        self.application = application

    @property
    def crumb(self) -> str:
        known = self.port.value(APPLICATION(application=self.application))
        return known.name if known is not None else self.application

    def actions(self) -> tuple[Action, ...]:
        known = self.port.value(APPLICATION(application=self.application))
        name, status = (known.name, known.status) if known is not None else ("", "")
        return on_application(self.port, self.application, name, status)

    @on(Opened)
    def _opened(self, event: Opened) -> None:
        if self.tab == "jobs":
            self.app.go(JobPlace(event.key))
