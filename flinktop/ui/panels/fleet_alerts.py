"""The alerts of all clusters of a fleet, and one of them in full."""

from __future__ import annotations

from operator import is_
from typing import TYPE_CHECKING, Any, Final

from flinktop.facts.alerts import is_match, mute_words
from flinktop.flink.text import clean
from flinktop.model import format as fmt
from flinktop.ui.known_fleet import profile_of
from flinktop.ui.panels.alert_detail import AlertDetail
from flinktop.ui.panels.alerts import AlertRow, AlertsTable, key_of, words_above
from flinktop.ui.panels.columns import text
from flinktop.ui.panels.fleet_table import cluster_tone

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flinktop.engine.alerts.alert import Alert
    from flinktop.engine.fleet import Member
    from flinktop.engine.host import Port
    from flinktop.flink.endpoint import Query
    from flinktop.ui.live_app import LiveApp
    from flinktop.ui.panels.parts import Line
    from flinktop.ui.widgets.columns import Column

MOST_PAST: Final = 2000
"""Most rows of alerts that have cleared, the newest of all clusters: each keeps hundreds of its own."""
CLUSTER, LONG_CLUSTER = 10, 18  # cells of a name at least, which leaves room for the job on 80, and at most
NONE: Final = "No alerts: nothing has been raised on these clusters."
NOT_JUDGED: Final = "No alerts yet: no cluster has answered."
NO_CLUSTERS: Final = "no clusters"


class FleetAlertsTable(AlertsTable):
    """The alerts of all clusters: first what is open, then what was, each the newest first."""

    BOX = "Alerts of all clusters"
    TABLE = "fleet_alerts"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._parts: list[object] | None = None  # what the shown rows were made from

    @property
    def members(self) -> tuple[Member, ...]:
        return self.app.fleet.members if self.app.fleet is not None else ()

    def key(self, row: AlertRow) -> str:
        return f"{row.cluster}\n{key_of(row.alert)}"

    def columns(self) -> Sequence[Column[AlertRow]]:
        found = list(AlertsTable.columns(self))
        at = next(number for number, column in enumerate(found) if column.key == "job")
        cluster: Column[AlertRow] = text(
            "cluster",
            "CLUSTER",
            CLUSTER,
            lambda row: clean(row.cluster),
            tone=lambda row: cluster_tone(row.colour),
            sort=True,
            flex=True,
            comfort=LONG_CLUSTER,
        )
        return (*found[:at], cluster, *found[at:])

    def near_of(self, port: Port, at: float) -> str:
        return fmt.near(at, zone_offset(self.app), port.known_time())

    def matches(self, row: AlertRow, text: str) -> bool:
        """By words and names; `cluster:`, `state:`, `severity:`, `kind:` and `job:` search that alone."""
        return is_match(row.alert, text, self._wall, cluster=row.cluster)

    def facts_changed(self, changes: frozenset[Query[Any]]) -> None:  # noqa: ARG002 -- of no single cluster
        """With many clusters there is news all the time: it is shown once a second."""
        self.wants_tick = True

    def rows(self) -> Sequence[AlertRow] | None:
        members = self.members
        views = [one.port.alerts for one in members]
        parts: list[object] = [*members, *(part for view in views for part in (view.open, view.past))]
        before = self._parts
        if before is not None and len(parts) == len(before) and all(map(is_, parts, before)):
            return None
        self._parts = parts

        def row(member: Member, alert: Alert) -> AlertRow:
            return AlertRow(alert, member.port, member.name, profile_of(member).colour)

        of_each = list(zip(members, views, strict=True))
        past = [row(member, one) for member, view in of_each for one in view.past]
        past.sort(key=lambda row: row.alert.cleared or 0.0, reverse=True)
        return self.in_order(
            [row(member, one) for member, view in of_each for one in view.open], past[:MOST_PAST]
        )

    def empty(self) -> str:
        if not (ports := [one.port for one in self.members]):
            return NO_CLUSTERS
        known = any(port.judged is not None and port.link().answered is not None for port in ports)
        return NONE if known else NOT_JUDGED

    def words(self) -> Sequence[Line]:
        problems: list[str] = []
        mutes: list[str] = []
        for one in self.members:
            view, name = one.port.alerts, clean(one.name)
            problems += [f"{name}: {clean(problem)}" for problem in view.problems]
            mutes += [
                f"{mute_words(mute)} on {name}, {self.until(one.port, mute)}"
                for mute in self.current(view.mutes)
            ]
        return words_above(problems, mutes)


class FleetAlertDetail(AlertDetail):
    """One of them: its times in the zone of the list."""

    def zone_offset(self) -> float | None:
        return zone_offset(self.app)


def zone_offset(app: LiveApp) -> float | None:
    """Offset of times of several clusters from UTC in seconds; None is this machine's own zone."""
    return 0.0 if app.zone == "UTC" else None
