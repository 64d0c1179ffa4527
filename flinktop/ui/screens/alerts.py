"""The alerts of the cluster: what is open and what was, to acknowledge and to mute."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on

from flinktop.facts.alerts import AlertState, state_of
from flinktop.ui import keys
from flinktop.ui.panels.alert_detail import AlertDetail
from flinktop.ui.panels.alerts import AlertsTable
from flinktop.ui.places import MutePlace, job_actions
from flinktop.ui.screens.cluster_screen import ClusterScreen
from flinktop.ui.subjects import go_to, of_alert
from flinktop.ui.widgets.messages import Moved, Opened

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from flinktop.ui.command import Command
    from flinktop.ui.panels.alerts import AlertRow
    from flinktop.ui.screens.actions import Action


class AlertsScreen(ClusterScreen, sheet="alerts.tcss"):
    """All alerts; from 32 lines on with the selected one in full below them."""

    COMMANDS_HERE: ClassVar[tuple[Command, ...]] = keys.ALERTS
    AUTO_FOCUS = "#alerts LiveTable"
    crumb = "alerts"

    def body(self) -> ComposeResult:
        yield AlertsTable(id="alerts")
        yield AlertDetail(id="detail")

    @property
    def alerts(self) -> AlertsTable:
        return self.query_one(AlertsTable)

    @on(Moved)
    def _selected(self, event: Moved) -> None:
        self.query_one(AlertDetail).choose(self.alerts.row(event.key))

    def tick(self, *, everything: bool = True) -> None:
        """The selected alert is another value when its state has changed."""
        super().tick(everything=everything)
        for detail in self.query(AlertDetail):
            detail.choose(self.alerts.selected)

    @on(Opened)
    def _opened(self, event: Opened) -> None:
        if (row := self.alerts.row(event.key)) is not None:
            self.open_subject(row)

    def open_subject(self, row: AlertRow) -> None:
        """Go to what an alert is about."""
        go_to(self.app, of_alert(row.port, row.alert))

    def actions(self) -> tuple[Action, ...]:
        """The actions on the job of the selected alert; on the cluster for one that is of no job."""
        row = self.alerts.selected
        if row is not None and row.alert.job:
            return job_actions(row.port, row.alert.job, row.alert.job_name)
        return super().actions()

    def action_acknowledge(self) -> None:
        row = self.alerts.selected
        if row is None:
            return
        if not row.alert.is_open:
            self.app.notify("This alert has cleared already.", markup=False)
        elif row.alert.acknowledged is not None:
            self.app.notify("This alert is acknowledged already.", markup=False)
        else:
            row.port.acknowledge(row.alert.key)
            muted = state_of(row.alert, self.app.clock.wall()) is AlertState.MUTED
            more = " It stays muted." if muted else ""
            words = f"Acknowledged: {row.alert.finding.kind} of {row.whose}.{more}"
            self.app.notify(words, markup=False)

    def action_mute(self) -> None:
        row = self.alerts.selected
        if row is not None or self.port.alerts.mutes:
            self.app.go(MutePlace(row.alert if row is not None else None))

    def action_copy(self) -> None:
        if (text := self.alerts.copied()) is not None:
            self.app.copy_text(text)
