"""What is wrong and calls, and what was: the alerts of the cluster."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct

from flinktop.facts.alerts import (
    MARKS,
    AlertState,
    began,
    began_here,
    by_cluster_clock,
    called_words,
    is_match,
    job_words,
    lasted,
    mute_words,
    state_of,
    until_words,
)
from flinktop.flink.text import clean
from flinktop.model import format as fmt
from flinktop.ui.panels.columns import TIME, text
from flinktop.ui.panels.table_panel import TablePanel
from flinktop.ui.panels.verdicts import TONES, mark
from flinktop.ui.widgets.columns import Column

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flinktop.engine.alerts.alert import Alert, AlertsView, Mute
    from flinktop.engine.host import Port
    from flinktop.flink.endpoint import Query
    from flinktop.ui.panels.parts import Line
    from flinktop.ui.widgets.columns import Cell

COMFORT = 36  # cells of a sentence before the names of jobs take more than they need
STATE = 14  # cells of the longest state with its mark
MOST_PROBLEMS, MOST_MUTES = 3, 3  # lines above the alerts
NONE = "No alerts: nothing has been raised on this cluster."
NOT_JUDGED = "No alerts yet: the cluster has not answered."


def key_of(alert: Alert) -> str:
    """The key of its row: an alert that was raised before has its own."""
    return "\n".join((*alert.key, str(alert.raised)))


class AlertRow(Struct, frozen=True):
    """An alert with the cluster that it is of."""

    alert: Alert
    port: Port
    cluster: str = ""  # its name in the fleet; "" where there is only one
    colour: str | None = None  # of the cluster, in the config

    @property
    def whose(self) -> str:
        """Its job, or that it is of the cluster; with the cluster's name where there are several."""
        if not self.cluster:
            return job_words(self.alert)
        of_job = self.alert.job or self.alert.job_name
        return (
            f"{job_words(self.alert)} on {clean(self.cluster)}"
            if of_job
            else f"cluster {clean(self.cluster)}"
        )


class AlertsTable(TablePanel[AlertRow]):
    """The alerts: first what is open, then what was, each the newest first."""

    BOX = "Alerts"
    TABLE = "alerts"
    FADES = False

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._view: AlertsView | None = None
        self._rows: dict[str, AlertRow] = {}

    def key(self, row: AlertRow) -> str:
        return key_of(row.alert)

    def columns(self) -> Sequence[Column[AlertRow]]:
        def state(row: AlertRow) -> Cell:
            found = state_of(row.alert, self._wall)
            tone = TONES[row.alert.severity] if found is AlertState.OPEN else "muted"
            return f"{MARKS[found]} {found}", tone

        def severity(row: AlertRow) -> Cell:
            alert = row.alert
            tone = TONES[alert.severity] if alert.is_open else "muted"
            return f"{mark(alert.severity)} {alert.severity}", tone

        def tone(row: AlertRow) -> str:
            return "strong" if state_of(row.alert, self._wall) is AlertState.OPEN else ""

        def length(row: AlertRow) -> str:
            return fmt.span(lasted(row.port, row.alert))

        return (
            Column("state", "STATE", STATE, state, sort=lambda row: state_of(row.alert, self._wall).rank),
            Column("severity", "SEVERITY", 10, severity, sort=lambda row: row.alert.severity.rank, drop=3),
            text(
                "since",
                "SINCE",
                TIME,
                lambda row: self.near_of(row.port, began(row.port, row.alert)),
                tone="muted",
                sort=lambda row: began_here(row.port, row.alert),
                descending=True,
            ),
            text(
                "lasted",
                "LASTED",
                6,
                length,
                sort=lambda row: lasted(row.port, row.alert),
                align="right",
                descending=True,
                drop=2,
            ),
            text(
                "job",
                "JOB",
                14,
                lambda row: job_words(row.alert),
                tone=lambda row: "" if row.alert.job or row.alert.job_name else "muted",
                sort=True,
                flex=True,
                comfort=24,
                drop=1,
            ),
            text(
                "alert",
                "ALERT",
                24,
                lambda row: f"{mark(row.alert.severity)} {clean(row.alert.finding.words)}",
                tone=tone,
                sort=True,
                flex=True,
                comfort=COMFORT,
            ),
            text(
                "called",
                "CALLED",
                TIME,
                lambda row: called_words(row.alert, partial(self.near_here, row.port)),
                tone="muted",
                sort=lambda row: row.alert.called,
                descending=True,
                drop=4,
            ),
            text("kind", "KIND", 18, lambda row: str(row.alert.finding.kind), sort=True, usual=False),
        )

    @property
    def _wall(self) -> float:
        return self.app.clock.wall()

    def near_of(self, port: Port, at: float) -> str:  # noqa: ARG002 -- for several clusters
        """A time by a cluster's clock (s since 1970) as it is written now."""
        return self.near(at * 1000.0)

    def near_here(self, port: Port, at: float) -> str:
        """The same of a time by this machine's clock."""
        return self.near_of(port, by_cluster_clock(port, at))

    @property
    def selected(self) -> AlertRow | None:
        """The alert under the cursor."""
        return self.table.cursor_row if self.is_mounted else None

    def row(self, key: str | None) -> AlertRow | None:
        """An alert by the key of its row."""
        return self._rows.get(key) if key is not None else None

    def copied(self) -> str | None:
        row = self.selected
        return clean(f"{job_words(row.alert)}: {row.alert.finding.words}") if row is not None else None

    def matches(self, row: AlertRow, text: str) -> bool:
        """By words and names; `state:`, `severity:`, `kind:` and `job:` search that alone."""
        return is_match(row.alert, text, self._wall)

    def facts_changed(self, changes: frozenset[Query[object]]) -> None:
        if self.port.alerts is not self._view:
            self.update()
        else:
            super().facts_changed(changes)

    def rows(self) -> Sequence[AlertRow] | None:
        view = self.port.alerts
        if view is self._view:
            return None
        before, self._view = self._view, view
        if before is not None and (before.open, before.past) == (view.open, view.past):
            return None
        return self.in_order(
            [AlertRow(one, self.port) for one in view.open], [AlertRow(one, self.port) for one in view.past]
        )

    def in_order(self, opened: Iterable[AlertRow], past: Iterable[AlertRow]) -> Sequence[AlertRow]:
        """All of them, each the newest first."""
        rows = [
            *sorted(opened, key=lambda row: began_here(row.port, row.alert), reverse=True),
            *sorted(past, key=lambda row: row.alert.cleared or 0.0, reverse=True),
        ]
        self._rows = {self.key(row): row for row in rows}
        return rows

    def empty(self) -> str:
        unknown = self.port.judged is None or self.port.link().answered is None
        return NOT_JUDGED if unknown else NONE

    def words(self) -> Sequence[Line]:
        """What went wrong with calling, and what is muted."""
        view = self._view
        if view is None:
            return []
        mutes = [f"{mute_words(one)}, {self.until(self.port, one)}" for one in self.current(view.mutes)]
        return words_above([clean(one) for one in view.problems], mutes)

    def current(self, mutes: Iterable[Mute]) -> list[Mute]:
        """Those that have not ended."""
        return [one for one in mutes if one.until > self._wall]

    def until(self, port: Port, mute: Mute) -> str:
        """Until when something is muted."""
        return until_words(mute.until, partial(self.near_here, port))


def is_same(row: AlertRow, other: AlertRow) -> bool:
    """Whether two rows are of one alert, perhaps at different times."""
    return row.port is other.port and key_of(row.alert) == key_of(other.alert)


def words_above(problems: Sequence[str], mutes: Sequence[str]) -> list[Line]:
    """The lines above the alerts: the first problems with calls, and the first mutes."""
    lines: list[Line] = [[(f"▲ {one}", "warn")] for one in problems[:MOST_PROBLEMS]]
    if more := problems[MOST_PROBLEMS:]:
        lines.append([(f"and {len(more)} more problems with calls: see :log", "warn")])
    lines += [[(f"{MARKS[AlertState.MUTED]} muted: {one}", "muted")] for one in mutes[:MOST_MUTES]]
    if more := mutes[MOST_MUTES:]:
        lines.append([(f"and {len(more)} more are muted", "muted")])
    return lines
