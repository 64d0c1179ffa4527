"""The alerts of the cluster: what is open and what was, to acknowledge and to mute."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on

from flinktop.facts.alerts import AlertState, job_words, state_of
from flinktop.ui import keys
from flinktop.ui.panels.alerts import AlertDetail, AlertsTable
from flinktop.ui.places import MutePlace, job_actions
from flinktop.ui.screens.cluster_screen import ClusterScreen
from flinktop.ui.subjects import go_to, of_alert
from flinktop.ui.widgets.messages import Moved, Opened

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from flinktop.ui.screens.actions import Action


class AlertsScreen(ClusterScreen, sheet="alerts.tcss"):
    """All alerts; from 32 lines on with the selected one in full below them."""

    COMMANDS_HERE = keys.ALERTS
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
        self.query_one(AlertDetail).choose(self.alerts.alert(event.key))

    def tick(self, *, everything: bool = True) -> None:
        """The selected alert is another value when its state has changed."""
        super().tick(everything=everything)
        for detail in self.query(AlertDetail):
            detail.choose(self.alerts.selected)

    @on(Opened)
    def _opened(self, event: Opened) -> None:
        if (alert := self.alerts.alert(event.key)) is not None:
            go_to(self.app, of_alert(self.port, alert))

    def actions(self) -> tuple[Action, ...]:
        """The actions on the job of the selected alert; on the cluster for one that is of no job."""
        alert = self.alerts.selected
        if alert is not None and alert.job:
            return job_actions(self.port, alert.job, alert.job_name)
        return super().actions()

    def action_acknowledge(self) -> None:
        alert = self.alerts.selected
        if alert is None:
            return
        if not alert.is_open:
            self.app.notify("This alert has cleared already.", markup=False)
        elif alert.acknowledged is not None:
            self.app.notify("This alert is acknowledged already.", markup=False)
        else:
            self.port.acknowledge(alert.key)
            muted = state_of(alert, self.port.clock.wall()) is AlertState.MUTED
            more = " It stays muted." if muted else ""
            words = f"Acknowledged: {alert.finding.kind} of {job_words(alert)}.{more}"
            self.app.notify(words, markup=False)

    def action_mute(self) -> None:
        alert = self.alerts.selected
        if alert is not None or self.port.alerts.mutes:
            self.app.go(MutePlace(alert))

    def action_copy(self) -> None:
        if (text := self.alerts.copied()) is not None:
            self.app.copy_text(text)
