"""The jobs of a cluster, worst first."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from textual import on

from flinktop.engine.series import job_series
from flinktop.engine.sweep import SECONDS, figures_of, job_query
from flinktop.facts.jobs import JobFacts, job_facts, latest_rate
from flinktop.facts.unanswered import blank_mark, why_empty
from flinktop.flink.checkpoints import CHECKPOINT_CONFIG, CHECKPOINTS
from flinktop.flink.jobs import JOBS_OVERVIEW
from flinktop.model import busy, states
from flinktop.model import format as fmt
from flinktop.ui.live import RARELY, Panel
from flinktop.ui.panels.frame import zone_offset
from flinktop.ui.panels.no_cluster import no_cluster
from flinktop.ui.panels.shared_columns import job_state_column, lag_cell, name_column, trend_column
from flinktop.ui.widgets.one_by_one import MadeRows, one_by_one
from flinktop.ui.widgets.table import Cell, Column, LiveTable
from flinktop.ui.widgets.table_messages import VisibleChanged

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from flinktop.engine.host import Port
    from flinktop.engine.store import Reading
    from flinktop.facts.figure import Figure
    from flinktop.flink.endpoint import Query
    from flinktop.flink.jobs import JobsOverview

NO_ARCHIVE = (
    "No job is archived yet. A job appears here once it has ended, if the cluster writes archives "
    "(jobmanager.archive.fs.dir) to where this HistoryServer reads them (historyserver.archive.fs.dir)."
)
"""What a HistoryServer without jobs says."""
NAME = 24
"""Cells of a name before columns are set further apart."""
TIME = 11
"""Cells of a time."""
ROOM_FOR_NAMES = 28
"""Cells that names keep before times are shown beside them."""
ARCHIVE_DROPS = {
    "trend": 9,
    "backpressured": 8,
    "busy": 7,
    "out": 6,
    "checkpoint": 5,
    "restarts": 4,
    "in": 3,
    "started": 2,
    "uptime": 1,
}
"""In which order columns give way on a HistoryServer: what only a job that runs has goes first."""


def checkpoint_words(row: JobFacts, *, ascii_only: bool = False) -> Cell:
    """Age of the last completed checkpoint against the job's interval."""
    if row.checkpoints == "off":
        return fmt.ABSENT, "muted"
    if row.checkpoints in ("unknown", "failed"):
        text, tone = blank_mark(failed=row.checkpoints == "failed")
        return f"{text} error" if tone == "bad" else text, tone
    interval = f" / {fmt.span(row.interval)}" if row.interval is not None else ""
    if row.checkpoints == "none":
        return f"none{interval}", "muted"
    if row.checkpoints_stale and not row.ended:
        return f"{fmt.FAILED} {fmt.span(row.age)}{interval}", "stale"
    late = ("! " if ascii_only else "▲ ") if row.overdue else ""
    return f"{late}{fmt.span(row.age)}{interval}", "bad" if row.overdue else ""


def tasks_words(row: JobFacts, *, past: str = "") -> Cell:
    """Running tasks of all; `past` for a job that has ended."""
    if row.tasks is None:
        return past if row.ended else fmt.ABSENT, "muted"
    return row.tasks.words, row.tasks_tone


def _lag(row: JobFacts, past: str) -> Cell:
    return (past, "muted") if row.ended else lag_cell(row.lag)


def columns(port: Port, *, past: str = "", ascii_only: bool) -> list[Column[JobFacts]]:
    """The columns, with the order in which they give way: times and the trend first, the name never.

    `past` stands where a job that has ended has no figure.
    """

    def rate(value: float | None, row: JobFacts) -> Cell:
        if row.ended:
            return past, "muted"
        return (fmt.count(value), "") if value is not None else blank_mark(failed="job" in row.failed)

    def share(figure: Figure, row: JobFacts) -> Cell:
        if row.ended:
            return past, "muted"
        if figure.absent or figure.value is None:
            return figure.blank
        return fmt.per_mille(figure.value), busy.tone(figure.value)

    def restarts(row: JobFacts) -> Cell:
        if row.restarts is None:
            return (past, "muted") if row.ended else blank_mark(failed="restarts" in row.failed)
        return fmt.count(row.restarts), "warn" if row.restarts else "muted"

    def uptime(row: JobFacts) -> Cell:
        if row.uptime is None:
            return (fmt.ABSENT, "muted") if row.ended else blank_mark(failed="job" in row.failed)
        return fmt.duration(row.uptime), "muted"

    found: list[Column[JobFacts]] = [
        job_state_column(),
        replace(name_column("JOB"), comfort=NAME),
        Column(
            "tasks",
            "TASKS",
            7,
            lambda row: tasks_words(row, past=past),
            sort=lambda row: row.tasks.running / row.tasks.total if row.tasks is not None else None,
            align="right",
            drop=6,
        ),
        Column(
            "in",
            "IN/s",
            6,
            lambda row: rate(row.sent, row),
            sort=lambda row: row.sent,
            align="right",
            descending=True,
        ),
        Column(
            "out",
            "OUT/s",
            6,
            lambda row: rate(row.taken, row),
            sort=lambda row: row.taken,
            align="right",
            descending=True,
            drop=3,
        ),
        replace(
            trend_column(
                port, lambda row: job_series(row.jid, "in"), title="IN/s, 30 m", ascii_only=ascii_only, drop=7
            ),
            leaves=ROOM_FOR_NAMES,
        ),
        Column(
            "busy",
            "BUSY%",
            5,
            lambda row: share(row.busy, row),
            sort=lambda row: row.busy.value,
            align="right",
            descending=True,
            drop=4,
        ),
        Column(
            "backpressured",
            "BKPR%",
            5,
            lambda row: share(row.backpressured, row),
            sort=lambda row: row.backpressured.value,
            align="right",
            descending=True,
            drop=5,
        ),
        Column(
            "lag",
            "WM LAG",
            6,
            lambda row: _lag(row, past),
            sort=lambda row: row.lag.value,
            align="right",
            descending=True,
            drop=3,
        ),
        Column(
            "checkpoint",
            "LAST CKPT",
            14,
            lambda row: checkpoint_words(row, ascii_only=ascii_only),
            sort=lambda row: row.age,
            align="right",
            descending=True,
            drop=1,
        ),
        Column(
            "restarts",
            "RST",
            4,
            restarts,
            sort=lambda row: row.restarts,
            align="right",
            descending=True,
            drop=2,
        ),
        Column(
            "uptime",
            "UP",
            8,
            uptime,
            sort=lambda row: row.uptime,
            align="right",
            drop=6,
        ),
        Column(
            "started",
            "STARTED",
            TIME,
            lambda row: (row.started, "muted"),
            sort=lambda row: row.start,
            align="right",
            descending=True,
            drop=8,
            leaves=ROOM_FOR_NAMES,
        ),
        Column(
            "ended",
            "ENDED",
            TIME,
            lambda row: (row.finished, "muted"),
            sort=lambda row: row.end,
            align="right",
            descending=True,
            drop=9,
            leaves=ROOM_FOR_NAMES,
        ),
    ]
    return found


def archive_columns(port: Port, *, ascii_only: bool) -> list[Column[JobFacts]]:
    """Those of a HistoryServer: when jobs ended; it has no running tasks, and no lag of them."""
    found = (
        column
        for column in columns(port, past=fmt.ABSENT, ascii_only=ascii_only)
        if column.key not in ("tasks", "lag")
    )
    return [replace(column, drop=ARCHIVE_DROPS.get(column.key, 0), leaves=0) for column in found]


def matches(row: JobFacts, text: str) -> bool:
    """Whether a row has the text, word by word; `state:failed` looks at the state alone."""
    for word in text.casefold().split():
        if word.startswith("state:"):
            if word.removeprefix("state:") not in row.state.casefold():
                return False
        elif word not in row.name.casefold() and word not in row.jid and word not in row.state.casefold():
            return False
    return True


class JobsTable(Panel):
    """All jobs of the cluster; rows on the screen are kept fresh, the others by rotation."""

    DEFAULT_CSS = "JobsTable { height: 1fr; } JobsTable LiveTable { height: 1fr; }"
    BOX = "Jobs"

    def __init__(self) -> None:
        super().__init__()
        self.hide_finished = False
        self._rows: MadeRows[JobFacts] = MadeRows()
        self._kept: dict[str, JobFacts] = {}
        """Rows that are taken as they are."""
        self._visible: tuple[str, ...] = ()
        self._archive = False
        """Whether the columns are those of a HistoryServer."""

    def compose(self) -> ComposeResult:
        """One table."""
        yield LiveTable(
            columns(self.port, ascii_only=self.app.settings.ascii),
            row_key=lambda row: row.jid,
            match=matches,
            dim=lambda row: row.old,
            ascii=self.app.settings.ascii,
            id="jobs",
        )

    def on_mount(self) -> None:
        """Watch the list of jobs."""
        self.watch_query("jobs", JOBS_OVERVIEW(), self._show_jobs)
        super().on_mount()

    @property
    def table(self) -> LiveTable[JobFacts]:
        """The table itself."""
        return self.query_one(LiveTable)

    def toggle_finished(self) -> bool:
        """Hide or show the jobs that have ended; returns whether they are hidden now."""
        self.hide_finished = not self.hide_finished
        self._arrange()
        return self.hide_finished

    def tick(self) -> None:
        """Ages on the screen move on; the other rows are made anew when the list has been read again."""
        reading = self.port.reading(JOBS_OVERVIEW())
        if reading is None:
            self._explain(reading)
        else:
            seen = frozenset(self.table.visible_keys())
            self._kept = {row.jid: row for row in self._rows if row.jid not in seen}
            try:
                self._show_jobs(reading)
            finally:
                self._kept = {}

    def _show_jobs(self, reading: Reading[JobsOverview]) -> None:
        if reading.value is None:
            self._explain(reading)
            return
        if self.port.features.history_server != self._archive:
            self._archive = not self._archive
            found = archive_columns if self._archive else columns
            self.table.set_columns(found(self.port, ascii_only=self.app.settings.ascii))
        offset = zone_offset(self)
        self._rows = one_by_one(
            reading.value.jobs,
            lambda job: self._kept.get(job.jid) or job_facts(job, self.port, offset),
            key=lambda job: job.jid,
            name=lambda job: job.name,
        )
        self._arrange()
        self._follow()

    def _explain(self, reading: Reading[JobsOverview] | None) -> None:
        """Say why there are no rows before the first answer."""
        words = no_cluster(self.port) or why_empty(self.port, reading, "loading jobs…")
        self.table.set_empty(words)

    def _arrange(self) -> None:
        """Show the rows, worst first, with those that have ended or without."""
        rows = self._rows
        shown = MadeRows((row for row in rows if not (self.hide_finished and row.ended)), rows.odd)
        shown.sort(key=lambda row: row.attention)
        if not rows:
            self.table.set_empty(NO_ARCHIVE if self._archive else "no jobs on this cluster yet")
        else:
            self.table.set_empty("all jobs have ended; press f to show them")
        self.table.set_rows(shown)

    @on(VisibleChanged)
    def _scrolled(self, event: VisibleChanged) -> None:
        self._visible = event.keys
        self._follow()

    def _follow(self) -> None:
        """Keep fresh what is on the screen and alive: watch its rows, and no others.

        Of a job that has ended its last checkpoint is asked for, which no longer changes.
        """
        reading = self.port.reading(JOBS_OVERVIEW())
        jobs = reading.value.jobs if reading is not None and reading.value is not None else ()
        live = {job.jid: not states.is_terminal(job.state) for job in jobs}
        wanted: dict[str, tuple[Query[Any], float]] = {}
        for job in self._visible:
            if job not in live:
                continue
            if not live[job]:
                checkpoints = CHECKPOINTS(job=job)
                wanted[checkpoints.target] = (checkpoints, RARELY)
            else:
                # A rate is known when counters have moved twice: look closely until then.
                known = latest_rate(self.port, job, "in") is not None
                wanted |= {query.target: (query, SECONDS) for query in figures_of(job)}
                wanted[job_query(job).target] = (job_query(job), SECONDS if known else 0.0)
                wanted |= {
                    query.target: (query, every) for query, every in self.port.lag_queries(job).items()
                }
                configured = CHECKPOINT_CONFIG(job=job)
                wanted[configured.target] = (configured, RARELY)
        for slot in self.slots():
            if slot != "jobs" and slot not in wanted:
                self.drop_query(slot)
        for slot, (query, every) in wanted.items():
            self.watch_query(slot, query, self._known, every=every, passing=True)

    def _known(self, reading: Reading[Any]) -> None:
        """Rows take answers in when ages are looked at: there are many, and one table. First ones sooner."""
        if reading.failures <= 1 and any(
            row.checkpoints == "unknown" or (not row.ended and None in (row.restarts, row.sent))
            for row in self._rows
            if row.jid in self._visible
        ):
            self.wants_tick = True
