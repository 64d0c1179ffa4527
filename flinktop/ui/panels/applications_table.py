"""Applications: what was submitted together, with the states of their jobs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flinktop.facts.freshness import is_old
from flinktop.facts.unanswered import missing_words
from flinktop.flink.applications import APPLICATIONS_OVERVIEW
from flinktop.model import format as fmt
from flinktop.model import states
from flinktop.ui.panels.answer_table import AnswerTable
from flinktop.ui.panels.frame import zone_offset
from flinktop.ui.panels.shared_columns import state_column
from flinktop.ui.widgets.one_by_one import one_by_one
from flinktop.ui.widgets.table import Column

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flinktop.engine.store import Reading
    from flinktop.flink.applications import ApplicationOverview, ApplicationsOverview


@dataclass(frozen=True, slots=True)
class ApplicationRow:
    """One application."""

    id: str
    name: str
    state: str
    jobs: str
    started: str
    at: int
    """ms since 1970."""
    seconds: float | None
    old: bool = False


def counted(jobs: Mapping[str, int]) -> str:
    """Jobs by state, the worst first: "1 failed, 2 running"."""
    found = [(state, count) for state, count in jobs.items() if count]
    found.sort(key=lambda pair: -states.severity(pair[0]))
    return ", ".join(f"{count} {state.lower()}" for state, count in found) or "none"


def application_row(one: ApplicationOverview, offset: float | None, *, old: bool) -> ApplicationRow:
    """One row."""
    started = fmt.moment(one.start_time / 1000.0, offset) if one.start_time > 0 else fmt.ABSENT
    seconds = one.duration / 1000.0 if one.duration >= 0 else None
    return ApplicationRow(
        one.id, one.name, one.status, counted(one.jobs), started, one.start_time, seconds, old
    )


class ApplicationsTable(AnswerTable[ApplicationRow]):
    """Applications (2.3+), the worst and then the newest first; a plain job is one of its own."""

    BOX = "Applications"
    ASKING = "loading applications…"

    def columns(self) -> list[Column[ApplicationRow]]:
        """State, name, jobs, since when, for how long."""
        found: list[Column[ApplicationRow]] = [
            state_column(),
            Column(
                "name",
                "APPLICATION",
                24,
                lambda row: (row.name, "strong"),
                sort=lambda row: row.name,
                flex=True,
            ),
            Column("jobs", "JOBS", 18, lambda row: (row.jobs, ""), sort=lambda row: row.jobs),
            Column(
                "started",
                "STARTED",
                19,
                lambda row: (row.started, ""),
                sort=lambda row: row.at,
                align="right",
                descending=True,
                drop=1,
            ),
            Column(
                "seconds",
                "DURATION",
                8,
                lambda row: (fmt.duration(row.seconds) if row.seconds is not None else fmt.ABSENT, ""),
                sort=lambda row: row.seconds,
                align="right",
                descending=True,
            ),
        ]
        return found

    def row_key(self, row: ApplicationRow) -> str:
        """The id."""
        return row.id

    def on_mount(self) -> None:
        """Watch the list, where there is one."""
        endpoint = APPLICATIONS_OVERVIEW
        # A HistoryServer of 2.3 knows them too.
        if not self.port.features.has(*endpoint.since):
            self.table.set_empty(missing_words(self.port, endpoint, "applications"))
        else:
            self.watch_query("applications", endpoint(), self._told)
        super().on_mount()

    def tick(self) -> None:
        """Times in another zone, and what grows old."""
        reading = self.port.reading(APPLICATIONS_OVERVIEW())
        if reading is not None and "applications" in self.slots():
            self._told(reading)

    def _told(self, reading: Reading[ApplicationsOverview]) -> None:
        self.explain(reading, "Nothing has been submitted.")
        offset, old = zone_offset(self), is_old(self.port, reading)
        applications = reading.value.applications if reading.value is not None else ()
        rows = one_by_one(
            applications,
            lambda one: application_row(one, offset, old=old),
            key=lambda one: one.id,
            name=lambda one: one.name,
        )
        rows.sort(key=lambda row: (-states.severity(row.state), -row.at, row.name))
        self.table.set_rows(rows)
