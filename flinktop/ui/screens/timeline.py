"""The timeline of the cluster: what happened, newest first, and the way to what it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on

from flinktop.ui import keys
from flinktop.ui.panels.timeline import EventDetail, EventsTable
from flinktop.ui.places import job_actions
from flinktop.ui.screens.cluster_screen import ClusterScreen
from flinktop.ui.subjects import go_to, of_event
from flinktop.ui.widgets.messages import Moved, Opened

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from flinktop.ui.screens.actions import Action


class TimelineScreen(ClusterScreen, sheet="timeline.tcss"):
    """All events of the cluster; the selected one in full below them."""

    COMMANDS_HERE = keys.TIMELINE
    AUTO_FOCUS = "#timeline LiveTable"
    crumb = "timeline"

    def __init__(self, filter: str = "") -> None:  # noqa: A002 -- a place's field
        super().__init__()
        self._first_filter = filter

    def body(self) -> ComposeResult:
        yield EventsTable(id="timeline")
        yield EventDetail(id="event")

    def on_mount(self) -> None:
        self.events.table.filter = self._first_filter

    @property
    def events(self) -> EventsTable:
        return self.query_one(EventsTable)

    @on(Moved)
    def _selected(self, event: Moved) -> None:
        self.query_one(EventDetail).choose(self.events.event(event.key))

    def tick(self, *, everything: bool = True) -> None:
        """The selected event is another value when it has been repeated."""
        super().tick(everything=everything)
        for detail in self.query(EventDetail):
            detail.choose(self.events.selected)

    @on(Opened)
    def _opened(self, event: Opened) -> None:
        if (one := self.events.event(event.key)) is not None:
            go_to(self.app, of_event(self.port, one))

    def actions(self) -> tuple[Action, ...]:
        """The actions on the job of the selected event; on the cluster for one that is of no job."""
        one = self.events.selected
        if one is not None and one.job:
            return job_actions(self.port, one.job, one.job_name)
        return super().actions()

    def action_copy(self) -> None:
        if (text := self.events.copied()) is not None:
            self.app.copy_text(text)
