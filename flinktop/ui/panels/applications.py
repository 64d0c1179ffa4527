"""Applications (2.3+): all of them, and one with its jobs, why it failed, its configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.facts.freshness import Freshness, freshness, why_empty
from flinktop.flink.applications import (
    APPLICATION,
    APPLICATION_CONFIG,
    APPLICATION_EXCEPTIONS,
    APPLICATIONS_OVERVIEW,
)
from flinktop.flink.errors import NotFound
from flinktop.model import format as fmt
from flinktop.model import states
from flinktop.model.tasks import tasks
from flinktop.ui.live import RARELY, Panel
from flinktop.ui.panels.columns import job_state, name, number, state, text, when
from flinktop.ui.panels.parts import LinesPanel, faded, pair, spaced
from flinktop.ui.panels.table_panel import TablePanel
from flinktop.ui.widgets.pager import Pager

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from textual.app import ComposeResult

    from flinktop.flink.applications import Application, ApplicationOverview, ApplicationsOverview
    from flinktop.flink.jobmanager import Setting
    from flinktop.flink.jobs import JobOverview
    from flinktop.ui.live import Asks
    from flinktop.ui.panels.parts import Line
    from flinktop.ui.widgets.columns import Column
    from flinktop.ui.widgets.pager import Cell


def counted(jobs: Mapping[str, int]) -> str:
    """Jobs by state, the worst first: "1 failed, 2 running"."""
    found = [(state, count) for state, count in jobs.items() if count]
    found.sort(key=lambda pair: -states.severity(pair[0]))
    return ", ".join(f"{count} {state.lower()}" for state, count in found) or "none"


def seconds(row: ApplicationOverview | JobOverview) -> float | None:
    """How long it has been running, or ran."""
    return row.duration / 1000.0 if row.duration >= 0 else None


class ApplicationsTable(TablePanel["ApplicationOverview"]):
    """Applications, the worst and then the newest first; a plain job is its own application."""

    ENDPOINT = APPLICATIONS_OVERVIEW
    KEY = "id"
    BOX = "Applications"
    TABLE = "applications"
    LOADING = "loading applications…"
    NOTHING = "Nothing has been submitted."
    MISSING = "applications"

    def columns(self) -> Sequence[Column[ApplicationOverview]]:
        return (
            state(lambda row: row.status),
            text(
                "application",
                "APPLICATION",
                24,
                lambda row: row.name,
                tone="strong",
                sort=lambda row: row.name,
                flex=True,
            ),
            text("jobs", "JOBS", 18, lambda row: counted(row.jobs), sort=True),
            when("started", "STARTED", lambda row: row.start_time, self.zone_offset, drop=1),
            number("duration", "DURATION", 8, seconds, fmt.duration),
            text("id", "ID", 32, lambda row: row.id, tone="muted", sort=True, usual=False),
        )

    @property
    def missing(self) -> str:
        # A HistoryServer of 2.3 knows them too.
        return "" if self.port.features.has(*APPLICATIONS_OVERVIEW.since) else super().missing

    def rows_of(self, answer: ApplicationsOverview) -> Sequence[ApplicationOverview]:
        return sorted(
            answer.applications, key=lambda one: (-states.severity(one.status), -one.start_time, one.name)
        )


def state_line(one: Application, offset: float | None) -> Line:
    """State with its duration, start and end, id."""

    def time(label: str, at: int) -> Line:
        return pair(label, fmt.moment(at / 1000.0, offset)) if at > 0 else []

    return spaced(
        [
            (f"{states.mark(one.status)} {one.status}", states.tone(one.status)),
            (f" for {fmt.elapsed(one.duration)}", "muted"),
        ],
        time("started", one.start_time),
        time("ended", one.end_time),
        pair("id", one.id),
    )


class ApplicationHeader(LinesPanel):
    """Name, state, since when."""

    DEFAULT_CSS = "ApplicationHeader { max-height: 3; }"

    def __init__(self, application: str) -> None:
        super().__init__()
        self._query = APPLICATION(application=application)

    def asks(self) -> Asks:
        return {self._query: 0.0}

    def lines(self) -> Sequence[Line]:
        reading = self.port.reading(self._query)
        if reading is None or reading.value is None:
            failed = freshness(reading, self.port.lost) is Freshness.FAILED
            words = why_empty(self.port, reading, "loading application…")
            return [[(words, "bad" if failed else "muted")]]
        one, offset = reading.value, self.zone_offset()
        about = self.one_line("state", lambda: state_line(one, offset))
        lines: list[Line] = [[(one.name, "strong")], about]
        if isinstance(reading.error, NotFound):
            return [[("Flink no longer knows this application; esc goes back.", "bad")], *faded(lines)]
        return lines


class ApplicationJobs(TablePanel["JobOverview"]):
    """Its jobs, the worst first; enter opens one."""

    ENDPOINT = APPLICATION
    KEY = "jid"
    BOX = "Jobs"
    TABLE = "application_jobs"
    LOADING = "loading jobs…"
    NOTHING = "It has submitted no job."

    def __init__(self, application: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.application = application

    def columns(self) -> Sequence[Column[JobOverview]]:
        return (
            job_state(lambda job: tasks(job.tasks)),
            name("JOB"),
            when("started", "STARTED", lambda job: job.start_time, self.zone_offset, descending=False),
            number("duration", "DURATION", 8, seconds, fmt.duration),
            text("id", "ID", 32, lambda row: row.jid, tone="muted", sort=True, usual=False),
        )

    def rows_of(self, answer: Application) -> Sequence[JobOverview]:
        return sorted(answer.jobs, key=lambda job: (-states.severity(job.state), -job.start_time, job.name))


class ApplicationFaults(Panel):
    """Why an application failed: the newest exceptions first, with their stacks."""

    BOX = "Exceptions"
    DEFAULT_CSS = "ApplicationFaults { height: 1fr; } ApplicationFaults Pager { height: 1fr; }"

    def __init__(self, application: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._query = APPLICATION_EXCEPTIONS(application=application)

    def compose(self) -> ComposeResult:
        yield Pager(empty="loading exceptions…", ascii=self.ascii)

    def asks(self) -> Asks:
        return {self._query: 0.0}

    def show(self) -> None:
        pager, reading = self.query_one(Pager), self.port.reading(self._query)
        nothing = "It has not failed. Failures of its jobs are shown on their own screens."
        pager.set_empty(why_empty(self.port, reading, "loading exceptions…", nothing))
        if reading is None or reading.value is None:
            return
        offset = self.zone_offset()
        lines: list[Cell] = []
        for fault in sorted(reading.value.history.entries, key=lambda one: -one.timestamp):
            of = f"   job {fault.job_id}" if fault.job_id else ""
            when = fmt.moment(fault.timestamp / 1000.0, offset)
            lines.append((f"{when}   {fault.exception_name}{of}", "bad"))
            lines += [(line, "") for line in fault.stacktrace.rstrip("\n").split("\n")]
            lines.append(("", ""))
        pager.set_lines(lines[:-1])


class ApplicationConfiguration(TablePanel["Setting"]):
    """The cluster's configuration as the application saw it."""

    ENDPOINT = APPLICATION_CONFIG
    BOX = "Configuration"
    TABLE = "application_configuration"
    LOADING = "loading configuration…"
    NOTHING = "Nothing is configured."
    EVERY = RARELY
    COLUMNS = (
        text(
            "setting", "SETTING", 30, lambda one: one.key, tone="strong", sort=lambda one: one.key, flex=True
        ),
        text(
            "value", "VALUE", 20, lambda one: one.value or "", blank="", sort=lambda one: one.value, flex=True
        ),
    )

    def __init__(self, application: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.application = application

    def rows_of(self, answer: tuple[Setting, ...]) -> Sequence[Setting]:
        return sorted(answer, key=lambda one: one.key)
