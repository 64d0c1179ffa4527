"""The jobs of a cluster, worst first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from textual import on

from flinktop.engine.series import job_series
from flinktop.engine.sweep import SECONDS, figures_of, job_query, restarts_query
from flinktop.flink.checkpoints import CHECKPOINT_CONFIG, CHECKPOINTS
from flinktop.flink.errors import NotFound
from flinktop.flink.jobs import JOBS_OVERVIEW
from flinktop.model import format as fmt
from flinktop.model import health, states
from flinktop.ui.live import Panel
from flinktop.ui.panels.plain import plain_columns
from flinktop.ui.widgets.spark import spark
from flinktop.ui.widgets.table import Cell, Column, LiveTable
from flinktop.ui.widgets.table_messages import VisibleChanged

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.app import ComposeResult

    from flinktop.engine.host import Port
    from flinktop.engine.series import SeriesName
    from flinktop.engine.store import Reading
    from flinktop.flink.endpoint import Query
    from flinktop.flink.jobs import Job, JobOverview, JobsOverview

OLD_SECONDS = 30.0
"""A figure older than this is dimmed."""
SPARK_SECONDS = 1800.0
SPARK_CELLS = 10
RARELY = 600.0


@dataclass(frozen=True, slots=True)
class JobRow:
    """What one line of the table says of a job."""

    jid: str
    name: str
    state: str
    attention: tuple[Any, ...]
    sent: float | None = None
    """IN/s: records/s that its sources send."""
    taken: float | None = None
    """OUT/s: records/s that its sinks take in."""
    newest: float | None = None
    """When `sent` was last seen: the trend is drawn anew when it moves (engine's clock, s)."""
    age: float | None = None
    """Seconds since the last good checkpoint."""
    interval: float | None = None
    """Seconds between checkpoints; None where they are not periodic or not yet known."""
    checkpoints: str = "unknown"
    """unknown, off (the job has none), none (not one completed yet), some."""
    overdue: bool = False
    restarts: int | None = None
    uptime: float | None = None
    """Seconds: in its present state, or how long it ran."""
    ended: bool = False
    old: bool = False
    """Whether its figures are too old to be taken at their word."""


def job_row(job: JobOverview, port: Port) -> JobRow:
    """One row, from what the engine knows of the job."""
    now, cluster_now = port.now(), port.known_time()
    detail = port.reading(job_query(job.jid))
    ended = states.is_terminal(job.state)
    age, interval, kind = _checkpoint(port, job.jid, cluster_now)
    restarts = restarts_of(port, job.jid)
    is_overdue = not ended and health.overdue(age, interval)
    condition = health.Condition(job.state, None if ended else restarts, is_overdue)
    # How long it ran; how long it has been in its state, for a job that lives.
    up = job.duration / 1000.0 if ended else None
    known = detail.value if detail is not None else None
    # The list is newer than the details: what has changed since they were told has no known beginning.
    current = known is not None and known.state == job.state and known.now >= job.last_modification
    entered = known.timestamps.get(job.state, 0) if known is not None and current else 0
    if entered > 0 and not ended:
        up = max(0.0, cluster_now - entered / 1000.0)
    newest = port.latest(job_series(job.jid, "in"))
    return JobRow(
        jid=job.jid,
        name=job.name,
        state=job.state,
        attention=(*health.attention(condition), job.name, job.jid),
        sent=None if ended else _latest(port, job.jid, "in"),
        taken=None if ended else _latest(port, job.jid, "out"),
        newest=newest[0] if newest is not None else None,
        age=age,
        interval=interval,
        checkpoints=kind,
        overdue=is_overdue,
        restarts=restarts,
        uptime=up,
        ended=ended,
        old=port.link.error is not None or (not ended and _is_old(detail, now)),
    )


def _is_old(reading: Reading[Job] | None, now: float) -> bool:
    return reading is None or reading.at is None or now - reading.at > OLD_SECONDS


def _latest(port: Port, job: str, measure: str) -> float | None:
    newest = port.latest(job_series(job, measure))
    return newest[1] if newest is not None and newest[1] == newest[1] else None


def trend(port: Port, series: SeriesName, *, ascii_only: bool) -> str:
    """A series over the last half hour, one cell for each tenth of it."""
    now = port.now()
    points = port.points(series, now - SPARK_SECONDS)
    return spark(by_cell(points, now - SPARK_SECONDS, now, SPARK_CELLS), SPARK_CELLS, ascii=ascii_only)


def by_cell(
    points: Iterable[tuple[float, float]], since: float, until: float, cells: int
) -> list[float | None]:
    """The mean of the points in each of `cells` equal stretches of time; None where there is none."""
    found: list[list[float]] = [[] for _ in range(cells)]
    for at, value in points:
        if value == value and since <= at <= until:  # noqa: PLR0124 -- NaN is a gap
            found[min(cells - 1, int((at - since) / (until - since) * cells))].append(value)
    return [sum(values) / len(values) if values else None for values in found]


def _checkpoint(port: Port, job: str, cluster_now: float) -> tuple[float | None, float | None, str]:
    reading = port.reading(CHECKPOINTS(job=job))
    configured = port.reading(CHECKPOINT_CONFIG(job=job))
    interval = None
    if configured is not None and configured.value is not None and configured.value.interval is not None:
        interval = configured.value.interval / 1000.0
    if reading is None:
        return None, interval, "unknown"
    if isinstance(reading.error, NotFound):
        # 404 "Checkpointing has not been enabled": a batch job's normal answer in every release.
        return None, interval, "off"
    if reading.value is None:
        return None, interval, "unknown"
    completed = reading.value.latest.completed
    if completed is None or completed.acknowledged_at is None:
        periodic = configured is None or configured.value is None or interval is not None
        return None, interval, "none" if periodic else "off"
    return max(0.0, cluster_now - completed.acknowledged_at / 1000.0), interval, "some"


def restarts_of(port: Port, job: str) -> int | None:
    """How often a job has restarted, by the metric that its release has; None while not known."""
    reading = port.reading(restarts_query(job))
    if reading is None or reading.value is None:
        return None
    numbers = [metric.number for metric in reading.value if metric.number is not None]
    return int(max(numbers)) if numbers else None


def checkpoint_words(row: JobRow, *, ascii_only: bool = False) -> Cell:
    """Age of the last good checkpoint against the job's interval."""
    if row.checkpoints == "off":
        return fmt.ABSENT, "muted"
    if row.checkpoints == "unknown":
        return ("" if row.ended else fmt.UNKNOWN), "muted"
    interval = f" / {fmt.duration(row.interval)}" if row.interval is not None else ""
    if row.checkpoints == "none":
        return f"none{interval}", "muted"
    late = ("! " if ascii_only else "▲ ") if row.overdue else ""
    return f"{late}{fmt.duration(row.age)}{interval}", "bad" if row.overdue else ""


def columns(port: Port, *, ascii_only: bool) -> list[Column[JobRow]]:
    """The columns, with the order in which they give way: the trend first, the name never."""

    def rate(value: float | None, row: JobRow) -> Cell:
        if row.ended:
            return "", "muted"
        return fmt.count(value), "" if value is not None else "muted"

    def restarts(row: JobRow) -> Cell:
        if row.restarts is None:
            return ("" if row.ended else fmt.UNKNOWN), "muted"
        return fmt.count(row.restarts), "warn" if row.restarts else "muted"

    def uptime(row: JobRow) -> Cell:
        if row.uptime is None:
            return fmt.ABSENT if row.ended else fmt.UNKNOWN, "muted"
        return fmt.duration(row.uptime), "muted"

    found = [
        Column(
            "state",
            "STATE",
            12,
            lambda row: (
                f"{states.mark(row.state, ascii_only=ascii_only)} {row.state}",
                states.tone(row.state),
            ),
            sort=lambda row: (-states.severity(row.state), row.state),
        ),
        Column(
            "name",
            "JOB",
            16,
            lambda row: (row.name, "strong"),
            sort=lambda row: row.name.casefold(),
            flex=True,
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
            drop=1,
        ),
        Column(
            "trend",
            "30 min",
            SPARK_CELLS,
            lambda row: (trend(port, job_series(row.jid, "in"), ascii_only=ascii_only), "info"),
            drop=5,
        ),
        Column(
            "checkpoint",
            "LAST CKPT",
            17,
            lambda row: checkpoint_words(row, ascii_only=ascii_only),
            sort=lambda row: row.age,
            align="right",
            descending=True,
            drop=2,
        ),
        Column(
            "restarts",
            "RST",
            4,
            restarts,
            sort=lambda row: row.restarts,
            align="right",
            descending=True,
            drop=3,
        ),
        Column(
            "uptime",
            "UP",
            8,
            uptime,
            sort=lambda row: row.uptime,
            align="right",
            drop=4,
        ),
    ]
    return plain_columns(found) if ascii_only else found


def matches(row: JobRow, text: str) -> bool:
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

    def __init__(self) -> None:
        super().__init__()
        self.hide_finished = False
        self._rows: list[JobRow] = []
        self._kept: dict[str, JobRow] = {}
        """Rows that are taken as they are."""
        self._visible: tuple[str, ...] = ()

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
    def table(self) -> LiveTable[JobRow]:
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
        if reading is not None:
            seen = frozenset(self.table.visible_keys())
            self._kept = {row.jid: row for row in self._rows if row.jid not in seen}
            try:
                self._show_jobs(reading)
            finally:
                self._kept = {}

    def _show_jobs(self, reading: Reading[JobsOverview]) -> None:
        if reading.value is None:
            self.table.set_empty("" if reading.error is not None else "asking for the jobs")
            return
        rows = [self._kept.get(job.jid) or job_row(job, self.port) for job in reading.value.jobs]
        self._rows = rows
        self._arrange()
        self._follow()

    def _arrange(self) -> None:
        """Show the rows, worst first, with those that have ended or without."""
        rows = self._rows
        shown = [row for row in rows if not (self.hide_finished and row.ended)]
        if not rows:
            self.table.set_empty("no jobs on this cluster yet")
        else:
            self.table.set_empty("every job has ended: f shows them")
        self.table.set_rows(sorted(shown, key=lambda row: row.attention))

    @on(VisibleChanged)
    def _scrolled(self, event: VisibleChanged) -> None:
        self._visible = event.keys
        self._follow()

    def _follow(self) -> None:
        """Keep fresh what is on the screen and alive: watch its rows, and no others."""
        reading = self.port.reading(JOBS_OVERVIEW())
        jobs = reading.value.jobs if reading is not None and reading.value is not None else ()
        live = {job.jid for job in jobs if not states.is_terminal(job.state)}
        wanted: dict[str, tuple[Query[Any], float]] = {}
        for job in self._visible:
            if job in live:
                # A rate is known when counters have moved twice: look closely until then.
                known = _latest(self.port, job, "in") is not None
                wanted |= {query.target: (query, SECONDS) for query in figures_of(job)}
                wanted[job_query(job).target] = (job_query(job), SECONDS if known else 0.0)
                configured = CHECKPOINT_CONFIG(job=job)
                wanted[configured.target] = (configured, RARELY)
        for slot in self.slots():
            if slot != "jobs" and slot not in wanted:
                self.drop_query(slot)
        for slot, (query, every) in wanted.items():
            self.watch_query(slot, query, self._known, every=every)

    def _known(self, reading: Reading[Any]) -> None:
        """Rows take answers in when ages are looked at: there are many, and one table. First ones sooner."""
        if reading.failures <= 1 and any(
            row.checkpoints == "unknown" or row.restarts is None or row.sent is None
            for row in self._rows
            if row.jid in self._visible and not row.ended
        ):
            self.wants_tick = True
