"""One application: what it is, its jobs, why it failed, its configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from textual.content import Content

from flinktop.facts.freshness import Freshness, freshness, is_old
from flinktop.facts.unanswered import why_empty
from flinktop.flink.applications import APPLICATION, APPLICATION_CONFIG, APPLICATION_EXCEPTIONS
from flinktop.flink.errors import NotFound
from flinktop.model import format as fmt
from flinktop.model import states
from flinktop.model.tasks import tasks
from flinktop.ui.live import RARELY, Panel
from flinktop.ui.panels.answer_table import AnswerTable
from flinktop.ui.panels.frame import Part, assemble, cut_line, zone_offset
from flinktop.ui.panels.shared_columns import job_state_column, name_column
from flinktop.ui.widgets.one_by_one import one_by_one
from flinktop.ui.widgets.pager import Pager
from flinktop.ui.widgets.table import Column

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from flinktop.engine.store import Reading
    from flinktop.flink.applications import Application, ApplicationExceptions
    from flinktop.flink.jobmanager import Setting
    from flinktop.flink.jobs import JobOverview
    from flinktop.model.tasks import Tasks
    from flinktop.ui.widgets.pager import Cell

GAP: Part = ("   ", "")


def state_line(one: Application, offset: float | None) -> list[Part]:
    """State and for how long, start and end, id."""
    mark = states.mark(one.status)
    parts: list[Part] = [(f"{mark} {one.status}", states.tone(one.status))]
    parts += [(f" for {fmt.elapsed(one.duration)}", "muted"), GAP]
    if one.start_time > 0:
        parts += [("started ", "muted"), (fmt.moment(one.start_time / 1000.0, offset), ""), GAP]
    if one.end_time > 0:
        parts += [("ended ", "muted"), (fmt.moment(one.end_time / 1000.0, offset), ""), GAP]
    return [*parts, ("id ", "muted"), (one.id, "")]


class ApplicationHeader(Panel):
    """Name, state, since when."""

    DEFAULT_CSS = "ApplicationHeader { height: auto; max-height: 3; padding: 0 1; }"

    def __init__(self, application: str) -> None:
        super().__init__()
        self._application = application
        self._lines: list[list[Part]] = [[(fmt.UNKNOWN, "muted")]]

    def on_mount(self) -> None:
        """Watch it."""
        self.watch_query("application", APPLICATION(application=self._application), self._news)
        super().on_mount()

    def _news(self, _reading: Reading[Application]) -> None:
        self.tick()

    def tick(self) -> None:
        """Ages move on."""
        lines = self._described()
        if lines != self._lines:
            grown = len(lines) != len(self._lines)
            self._lines = lines
            self.refresh(layout=grown)

    def _described(self) -> list[list[Part]]:
        reading = self.port.reading(APPLICATION(application=self._application))
        if reading is None or reading.value is None:
            failed = freshness(reading, self.port.lost) is Freshness.FAILED
            words = why_empty(self.port, reading, "loading application…")
            return [[(words, "bad" if failed else "muted")]]
        one, offset = reading.value, zone_offset(self)
        about = self.one_line("state", lambda: state_line(one, offset))
        lines: list[list[Part]] = [[(one.name, "strong")], about]
        if isinstance(reading.error, NotFound):
            gone: Part = ("Flink no longer knows this application; esc goes back.", "bad")
            lines = [[gone], *([(text, "stale") for text, _ in line] for line in lines)]
        return lines

    def render(self) -> Content:
        """The lines."""
        width = self.content_size.width
        return Content("\n").join(assemble(cut_line(line, width)) for line in self._lines)


@dataclass(frozen=True, slots=True)
class JobLine:
    """One job of an application."""

    id: str
    name: str
    state: str
    started: str
    at: int
    seconds: float | None
    old: bool = False
    tasks: Tasks | None = None
    """By state; None where that is not known."""


def job_line(job: JobOverview, offset: float | None, *, old: bool) -> JobLine:
    """One row."""
    return JobLine(
        job.jid,
        job.name,
        job.state,
        fmt.moment(job.start_time / 1000.0, offset) if job.start_time > 0 else fmt.ABSENT,
        job.start_time,
        job.duration / 1000.0 if job.duration >= 0 else None,
        old,
        tasks(job.tasks),
    )


class ApplicationJobs(AnswerTable[JobLine]):
    """Its jobs, the worst first; enter opens one."""

    BOX = "Jobs"
    ASKING = "loading jobs…"

    def __init__(self, application: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._application = application

    def columns(self) -> list[Column[JobLine]]:
        """State, name, since when, for how long."""
        found: list[Column[JobLine]] = [
            job_state_column(),
            name_column("JOB"),
            Column(
                "started",
                "STARTED",
                19,
                lambda row: (row.started, ""),
                sort=lambda row: row.at,
                align="right",
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

    def row_key(self, row: JobLine) -> str:
        """The id."""
        return row.id

    def on_mount(self) -> None:
        """Watch the application."""
        self.watch_query("application", APPLICATION(application=self._application), self._told)
        super().on_mount()

    def _told(self, reading: Reading[Application]) -> None:
        self.explain(reading, "It has submitted no job.")
        offset, old = zone_offset(self), is_old(self.port, reading)
        rows = one_by_one(
            reading.value.jobs if reading.value is not None else (),
            lambda job: job_line(job, offset, old=old),
            key=lambda job: job.jid,
            name=lambda job: job.name,
        )
        rows.sort(key=lambda row: (-states.severity(row.state), -row.at, row.name))
        self.table.set_rows(rows)


class ApplicationFaults(Panel):
    """Why it failed: the newest first, with their stacks."""

    BOX = "Exceptions"
    DEFAULT_CSS = "ApplicationFaults { height: 1fr; } ApplicationFaults Pager { height: 1fr; }"

    def __init__(self, application: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._application = application

    def compose(self) -> ComposeResult:
        """One text."""
        yield Pager(empty="loading exceptions…", ascii=self.app.settings.ascii)

    def on_mount(self) -> None:
        """Watch them."""
        query = APPLICATION_EXCEPTIONS(application=self._application)
        self.watch_query("exceptions", query, self._told)
        super().on_mount()

    def _told(self, reading: Reading[ApplicationExceptions]) -> None:
        pager = self.query_one(Pager)
        if reading.value is None:
            pager.set_empty(why_empty(self.port, reading, "loading exceptions…"))
            return
        offset = zone_offset(self)
        lines: list[Cell] = []
        for fault in sorted(reading.value.history.entries, key=lambda one: -one.timestamp):
            of = f"   job {fault.job_id}" if fault.job_id else ""
            lines.append(
                (f"{fmt.moment(fault.timestamp / 1000.0, offset)}   {fault.exception_name}{of}", "bad")
            )
            lines += [(line, "") for line in fault.stacktrace.rstrip("\n").split("\n")]
            lines.append(("", ""))
        pager.set_empty("It has not failed. Failures of its jobs are shown on their own screens.")
        pager.set_lines(lines[:-1])


class ApplicationConfiguration(AnswerTable[Any]):
    """The cluster's configuration as the application saw it."""

    BOX = "Configuration"
    ASKING = "loading configuration…"

    def __init__(self, application: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._application = application

    def columns(self) -> list[Column[Any]]:
        """Name and value."""
        return [
            Column(
                "setting", "SETTING", 30, lambda one: (one.key, "strong"), sort=lambda one: one.key, flex=True
            ),
            Column(
                "name", "VALUE", 20, lambda one: (one.value or "", ""), sort=lambda one: one.value, flex=True
            ),
        ]

    def row_key(self, row: Setting) -> str:
        """The name."""
        return row.key

    def on_mount(self) -> None:
        """It hardly ever changes."""
        query = APPLICATION_CONFIG(application=self._application)
        self.watch_query("configuration", query, self._told, every=RARELY)
        super().on_mount()

    def _told(self, reading: Reading[tuple[Setting, ...]]) -> None:
        self.explain(reading, "Nothing is configured.")
        self.table.set_rows(sorted(reading.value or (), key=lambda one: one.key))
