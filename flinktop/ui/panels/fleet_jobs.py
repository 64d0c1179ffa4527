"""The jobs of all clusters of a fleet, the worst first: all of them, or those with something to say."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from flinktop.engine.series import job_series
from flinktop.facts.fleet import ClusterState, FleetJob
from flinktop.flink.text import clean
from flinktop.judgement.finding import Severity
from flinktop.model import format as fmt
from flinktop.model import states
from flinktop.ui.panels.columns import TREND, job_state, number, text
from flinktop.ui.panels.fleet_table import FleetTable, cluster_stripes, cluster_tone, words_match
from flinktop.ui.panels.verdicts import verdict_cell, verdict_stripes
from flinktop.ui.widgets.columns import Column

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flinktop.facts.fleet import FleetFacts
    from flinktop.ui.widgets.columns import Cell, Stripes

CLUSTER, LONG_CLUSTER = 12, 18  # cells of a cluster's name at least, and where there is room
NAME, LONG_NAME = 14, 28  # cells of a job's name at least, and where there is room
VERDICT, LONG_VERDICT = 18, 36  # cells of its verdict, likewise
ROOM, MORE_ROOM = 40, 56
"""Cells that cluster, name and verdict keep together next to the first figures, and next to the others."""
DROPS: Final = {"age": 5, "trend": 4, "tasks": 3, "since": 2, "in": 1}
"""The order in which columns are dropped where there is little room, the highest first."""
SEPARATOR: Final = "\n"
"""Between the parts of a row's key; in neither of them."""


def key_of(cluster: str, job: str) -> str:
    """The key of the row of a job."""
    return f"{cluster}{SEPARATOR}{job}"


def of_key(key: str) -> tuple[str, str]:
    """Cluster and job of a row's key."""
    cluster, _, job = key.partition(SEPARATOR)
    return cluster, job


class FleetJobs(FleetTable[FleetJob]):
    """One row for each job of each cluster."""

    BOX = "Jobs of all clusters"
    TABLE = "fleet_jobs"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.hide_finished = False
        self._colours: dict[str, str | None] = {}
        self._labels: dict[str, str] = {}

    def key(self, row: FleetJob) -> str:
        return key_of(row.cluster, row.jid)

    def columns(self) -> Sequence[Column[FleetJob]]:
        def if_running(column: Column[FleetJob]) -> Column[FleetJob]:
            """A column that only a running job has."""
            return replace(
                column, cell=lambda row: ("", "") if states.is_terminal(row.state) else column.cell(row)
            )

        def trend(row: FleetJob) -> Cell:
            return self.trend_of(row.cluster, job_series(row.jid, "in")), "trend"

        def tasks(row: FleetJob) -> str:
            return row.tasks.words if row.tasks is not None else ""

        def label(row: FleetJob) -> str:
            return self._labels.get(row.cluster, row.cluster)

        def tone(row: FleetJob) -> str:
            return cluster_tone(self._colours.get(row.cluster))

        def cluster(row: FleetJob, width: int) -> Stripes:
            return cluster_stripes(label(row), width, tone(row))

        found: list[Column[FleetJob]] = [
            replace(
                text(
                    "cluster",
                    "CLUSTER",
                    CLUSTER,
                    lambda row: clean(label(row)),
                    tone=tone,
                    sort=True,
                    flex=True,
                    comfort=LONG_CLUSTER,
                ),
                stripes=cluster,
            ),
            job_state(),
            text(
                "job",
                "JOB",
                NAME,
                lambda row: row.name,
                tone="strong",
                sort=True,
                flex=True,
                comfort=LONG_NAME,
            ),
            Column(
                "verdict",
                "VERDICT",
                VERDICT,
                lambda row: verdict_cell(row.verdict),
                sort=lambda row: row.order,
                flex=True,
                comfort=LONG_VERDICT,
                weight=4,
                stripes=lambda row, width: verdict_stripes(row.verdict, width),
            ),
            if_running(text("tasks", "TASKS", 7, tasks, blank="", align="right")),
            if_running(
                number("in", "IN/s", 6, lambda row: row.rate, blank=lambda _row: (fmt.UNKNOWN, "muted"))
            ),
            Column("trend", "IN/s, 30 m", TREND, trend),
            number("since", "LASTED", 6, self._lasted, fmt.span, tone="muted", blank=("", "")),
            number("age", "AGE", 5, lambda row: row.age, fmt.span, tone="muted"),
            text("group", "GROUP", 10, lambda row: clean(row.group), tone="muted", sort=True, usual=False),
            text("id", "ID", 32, lambda row: row.jid, tone="muted", sort=True, usual=False),
        ]
        return [
            replace(column, drop=drop, leaves=ROOM if column.key in ("in", "since") else MORE_ROOM)
            if (drop := DROPS.get(column.key))
            else column
            for column in found
        ]

    def _lasted(self, row: FleetJob) -> float | None:
        """For how long (s) what is said of a job has lasted, if Flink says since when."""
        member = self.app.fleet.get(row.cluster) if self.app.fleet is not None else None
        if row.since is None or member is None or states.is_terminal(row.state):
            return None
        return max(0.0, member.port.cluster_time() - row.since)

    def toggle_finished(self) -> None:
        """Hide or show jobs that have ended."""
        self.hide_finished = not self.hide_finished
        self.shielded(self.show)

    def rows(self) -> Sequence[FleetJob]:
        facts = self.facts()
        self._colours = {one.name: one.colour for one in facts.clusters}
        self._labels = {one.name: one.shown for one in facts.clusters}
        return [one for one in facts.jobs if self.shows(one)]

    def shows(self, row: FleetJob) -> bool:
        """Whether a job is in the table."""
        return not (self.hide_finished and states.is_terminal(row.state))

    def matches(self, row: FleetJob, text: str) -> bool:
        """By words; `state:`, `verdict:`, `cluster:`, `group:` and `job:` search that alone."""
        found = row.verdict
        fields = {
            "state": row.state.casefold(),
            "verdict": f"{found.kind} {found.severity}" if found is not None else "",
            "cluster": row.cluster.casefold(),
            "group": row.group.casefold(),
            "job": row.name.casefold(),
        }
        return words_match(text, fields, f"{row.jid}\n{found.words if found is not None else ''}".casefold())

    def empty(self) -> str:
        facts = self.facts()
        if facts.jobs:
            return "all jobs have ended; press f to show them"
        return _awaited(facts) or "no jobs on these clusters yet"

    def copied(self) -> str | None:
        row = self.table.cursor_row
        return row.jid if row is not None else None


class WorstJobs(FleetJobs):
    """The jobs with something to say."""

    BOX = "Worst jobs"

    def shows(self, row: FleetJob) -> bool:
        return row.verdict is not None and row.verdict.severity is not Severity.OK

    def empty(self) -> str:
        facts = self.facts()
        if not facts.jobs and (awaited := _awaited(facts)):
            return awaited
        away = sum(one.state is not ClusterState.LIVE for one in facts.clusters)
        live = len(facts.clusters) - away
        if not away:
            return "no unhealthy jobs"
        return (
            f"no unhealthy jobs on {live} cluster{'' if live == 1 else 's'}; the jobs of {away} are unknown"
        )


def _awaited(facts: FleetFacts) -> str:
    """That no cluster has answered; "" if one has."""
    if any(one.age is not None for one in facts.clusters):
        return ""
    if not facts.clusters:
        return "no clusters"
    waits = any(one.state is ClusterState.CONNECTING for one in facts.clusters)
    return "connecting…" if waits else "no cluster answers"
