"""The alerts of all clusters: what is open and what was, to open, to acknowledge and to mute."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.flink.text import clean
from flinktop.ui import keys
from flinktop.ui.panels.fleet_alerts import FleetAlertDetail, FleetAlertsTable
from flinktop.ui.places import MutePlace, Place
from flinktop.ui.screens.alerts import AlertsScreen
from flinktop.ui.screens.of_fleet import OfFleet
from flinktop.ui.subjects import of_alert

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from flinktop.ui.panels.alerts import AlertRow


class FleetAlertsScreen(AlertsScreen, OfFleet):
    """The alerts of all clusters; what is done to one is done on its own cluster."""

    COMMANDS_HERE = keys.FLEET_ALERTS

    def body(self) -> ComposeResult:
        yield FleetAlertsTable(id="alerts")
        yield FleetAlertDetail(id="detail")

    @property
    def cluster(self) -> str | None:
        row = self.alerts.selected
        return row.cluster if row is not None else None

    def open_subject(self, row: AlertRow) -> None:
        """Open the cluster, and in it what the alert is about."""
        if not self._is_there(row):
            return
        subject = of_alert(row.port, row.alert)
        self.app.open_cluster(row.cluster, *((subject,) if isinstance(subject, Place) else ()))
        if isinstance(subject, str):
            self.app.notify(subject, markup=False)

    def action_acknowledge(self) -> None:
        row = self.alerts.selected
        if row is not None and self._is_there(row):
            super().action_acknowledge()

    def action_mute(self) -> None:
        row = self.alerts.selected
        if row is not None and self._is_there(row) and (own := self.own_cluster()) is not None:
            self.app.go(MutePlace(row.alert), of=own)

    def _is_there(self, row: AlertRow) -> bool:
        """Whether its cluster is still one of the fleet; says so if not."""
        member = self.app.fleet.get(row.cluster) if self.app.fleet is not None else None
        if member is not None and member.port is row.port:
            return True
        self.app.notify(f"{clean(row.cluster)} is no longer there.", severity="warning", markup=False)
        return False
