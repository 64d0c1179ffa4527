"""The jobs of a cluster with the verdict on each, the most urgent first."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from flinktop.engine.series import job_series
from flinktop.engine.sweep import SECONDS, figures_of
from flinktop.facts.freshness import blank_mark
from flinktop.facts.jobs import JobFacts, job_facts, latest_rate
from flinktop.facts.verdicts import order
from flinktop.flink.checkpoints import CHECKPOINT_CONFIG, CHECKPOINTS
from flinktop.flink.errors import NotFlink, NoTunnel, Unreachable
from flinktop.flink.jobs import JOB, JOBS_OVERVIEW
from flinktop.model import busy, states
from flinktop.model import format as fmt
from flinktop.ui.live import RARELY, Asks
from flinktop.ui.panels.columns import figure, job_state, lag, near, number, text, trend
from flinktop.ui.panels.table_panel import TablePanel
from flinktop.ui.panels.verdicts import verdict_cell, verdict_stripes
from flinktop.ui.widgets.columns import Column
from flinktop.ui.widgets.guarded_rows import GuardedRows, make_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flinktop.engine.host import Port
    from flinktop.flink.endpoint import Query
    from flinktop.flink.jobs import JobOverview, JobsOverview
    from flinktop.judgement.verdict import Verdict
    from flinktop.model.tasks import Tasks
    from flinktop.ui.widgets.columns import Cell

NO_ARCHIVE = (
    "No job is archived yet. A job appears here once it has ended, if the cluster writes archives "
    "(jobmanager.archive.fs.dir) to where this HistoryServer reads them (historyserver.archive.fs.dir)."
)
"""The text of a HistoryServer without jobs."""
NEXT_STEPS = (
    "Open a cluster at another address: flinktop http://host:port",
    "Start a Flink on this machine: flinktop local",
    "Open a simulated cluster: flinktop demo",
)
"""What to do when no cluster answers."""
KUBERNETES_STEPS = (
    "Press i to see what kubectl describes of its deployment, J to see its JobManager.",
    "It is asked again until it answers; press r to ask now.",
)
"""What to do when a cluster found in Kubernetes does not answer."""
TUNNEL_STEPS = (
    "Run its command in a terminal to see what is wrong (flinktop clusters prints it).",
    "It is started again and again; press r to do so now.",
)
"""What to do when its tunnel does not open."""
NAME, LONG_NAME = 20, 28  # cells of a job's name at least, and where there is room for them
VERDICT, LONG_VERDICT = 16, 32  # cells of a verdict, likewise
ROOM, MORE_ROOM, MUCH_ROOM = 50, 66, 88
"""Cells that name and verdict keep together next to the first figures, the next ones, and the last ones."""
DROPS = {
    "ended": 12,
    "started": 11,
    "uptime": 10,
    "trend": 9,
    "backpressured": 8,
    "busy": 7,
    "out": 6,
    "lag": 5,
    "tasks": 4,
    "in": 3,
    "restarts": 2,
    "checkpoint": 1,
}
"""The order in which columns are dropped where there is little room."""
FIRST_FIGURES, LAST_FIGURES = ("restarts", "in", "tasks", "lag"), ("trend", "uptime", "started", "ended")
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
"""The order in which columns are dropped on a HistoryServer: those of running jobs first."""
ARCHIVE_WIDTHS = {"job": 14, "verdict": 14}
"""Least cells there of columns that are wider elsewhere: on 80 columns there is room for the times."""


class JobRow:
    """A job of the list, with its place; everything else is computed on first use."""

    def __init__(self, job: JobOverview, port: Port) -> None:
        self.job = job
        self.jid, self.name, self.state = job.jid, job.name, job.state
        self.ended = states.is_terminal(job.state)
        self.verdict: Verdict | None = port.verdict(job.jid)
        self.order = order(job, self.verdict)
        self._port = port

    @cached_property
    def facts(self) -> JobFacts:
        return job_facts(self.job, self._port)

    @property
    def tasks(self) -> Tasks | None:
        return self.facts.tasks

    @property
    def old(self) -> bool:
        return self.facts.old


def checkpoint_words(row: JobFacts) -> Cell:
    """Age of the last completed checkpoint against the job's interval."""
    if row.checkpoints == "off":
        return fmt.ABSENT, "muted"
    if row.checkpoints in ("unknown", "failed"):
        words, tone = blank_mark(failed=row.checkpoints == "failed")
        return f"{words} error" if tone == "bad" else words, tone
    interval = f" / {fmt.span(row.interval)}" if row.interval is not None else ""
    if row.checkpoints == "none":
        return f"none{interval}", "muted"
    if row.checkpoints_stale and not row.ended:
        return f"{fmt.FAILED} {fmt.span(row.age)}{interval}", "stale"
    return f"{'▲ ' if row.overdue else ''}{fmt.span(row.age)}{interval}", "bad" if row.overdue else ""


def _room(column: str) -> int:
    """Cells that name and verdict keep together while this column is shown."""
    if column == "checkpoint":
        return 0
    if column in FIRST_FIGURES:
        return ROOM
    return MUCH_ROOM if column in LAST_FIGURES else MORE_ROOM


class JobsTable(TablePanel[JobRow]):
    """All jobs of the cluster; rows on the screen are kept fresh, the others in rotation."""

    ENDPOINT = JOBS_OVERVIEW
    KEY = "jid"
    BOX = "Jobs"
    LOADING = "loading jobs…"
    TABLE = "jobs"
    TABLE_ID = "jobs"
    passing = True

    def __init__(self) -> None:
        super().__init__()
        self.hide_finished = False
        self._rows: GuardedRows[JobRow] = GuardedRows()
        self._made_of: JobsOverview | None = None
        self._archive = False  # whether the columns are those of a HistoryServer

    def columns(self) -> Sequence[Column[JobRow]]:
        """Those of a HistoryServer show when jobs ended: it has no running tasks, and no lag."""
        # Shown where a job that has ended has no figure.
        past = fmt.ABSENT if self._archive else ""

        def if_running(column: Column[JobRow]) -> Column[JobRow]:
            """A column that only a running job has."""
            return replace(column, cell=lambda row: (past, "muted") if row.ended else column.cell(row))

        def unknown(query: str, past: str = past) -> Callable[[JobRow], Cell]:
            return lambda row: (past, "muted") if row.ended else blank_mark(failed=query in row.facts.failed)

        def time(at: float) -> str:
            return self.near(at * 1000.0)

        def share(row: JobRow) -> float | None:
            return row.tasks.running / row.tasks.total if row.tasks is not None else None

        found: list[Column[JobRow]] = [
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
                lambda row: verdict_cell(row.facts.verdict),
                sort=lambda row: row.order,
                flex=True,
                comfort=LONG_VERDICT,
                weight=4,
                stripes=lambda row, width: verdict_stripes(row.facts.verdict, width),
            ),
            if_running(
                text(
                    "tasks",
                    "TASKS",
                    7,
                    lambda row: row.tasks.words if row.tasks is not None else "",
                    tone=lambda row: row.facts.tasks_tone,
                    sort=share,
                    align="right",
                )
            ),
            if_running(number("in", "IN/s", 6, lambda row: row.facts.sent, blank=unknown("job"))),
            if_running(number("out", "OUT/s", 6, lambda row: row.facts.taken, blank=unknown("job"))),
            trend(self.port, lambda row: job_series(row.jid, "in"), title="IN/s, 30 m", ascii=self.ascii),
            *(
                if_running(figure(key, title, 5, attrgetter(f"facts.{key}"), fmt.per_mille, tone=busy.tone))
                for key, title in (("busy", "BUSY%"), ("backpressured", "BKPR%"))
            ),
            if_running(lag("lag", "WM LAG", 6, lambda row: row.facts.lag)),
            Column(
                "checkpoint",
                "LAST CKPT",
                14,
                lambda row: checkpoint_words(row.facts),
                sort=lambda row: row.facts.age,
                align="right",
                descending=True,
            ),
            number(
                "restarts",
                "RST",
                4,
                lambda row: row.facts.restarts,
                tone=lambda value: "warn" if value else "muted",
                blank=unknown("restarts"),
            ),
            number(
                "uptime",
                "UP",
                8,
                lambda row: row.facts.uptime,
                fmt.duration,
                tone="muted",
                blank=unknown("job", fmt.ABSENT),
                descending=False,
            ),
            *(
                near(key, title, attrgetter(f"facts.{of}"), time, tone="muted", blank=blank, descending=True)
                for key, title, of, blank in (
                    ("started", "STARTED", "start", fmt.ABSENT),
                    ("ended", "ENDED", "end", ""),
                )
            ),
            text("id", "ID", 32, lambda row: row.jid, tone="muted", sort=True, usual=False),
            number("parallelism", "PAR", 5, lambda row: row.facts.parallelism, str, usual=False),
            number("interval", "INTERVAL", 8, lambda row: row.facts.interval, fmt.span, usual=False),
            text("type", "TYPE", 9, lambda row: (row.job.job_type or "").lower(), sort=True, usual=False),
        ]
        if self._archive:
            return [
                replace(
                    column,
                    drop=ARCHIVE_DROPS.get(column.key, 0),
                    width=ARCHIVE_WIDTHS.get(column.key, column.width),
                    usual=column.usual and column.key not in ("tasks", "lag"),
                )
                for column in found
            ]
        return [
            replace(column, drop=drop, leaves=_room(column.key))
            if (drop := DROPS.get(column.key))
            else column
            for column in found
        ]

    def toggle_finished(self) -> None:
        self.hide_finished = not self.hide_finished
        self.shielded(self.show)

    def matches(self, row: JobRow, text: str) -> bool:
        """Whether a row contains the text, word by word.

        `state:failed` searches the state alone, `verdict:skew` kind and severity of the verdict.
        """
        state = row.state.casefold()
        found = row.verdict
        verdict = f"{found.kind} {found.severity}" if found is not None else ""
        for word in text.casefold().split():
            if word.startswith("state:"):
                if word.removeprefix("state:") not in state:
                    return False
            elif word.startswith("verdict:"):
                if word.removeprefix("verdict:") not in verdict:
                    return False
            elif word not in row.name.casefold() and word not in row.jid and word not in state:
                return False
        return True

    def asks(self) -> Asks:
        """The list, and the queries for the jobs on the screen.

        For a job that has ended that is its last checkpoint, which no longer changes.
        """
        asks = super().asks()
        listed = self.answer.jobs if self.answer is not None else ()
        live = {job.jid: not states.is_terminal(job.state) for job in listed}
        for job in self.visible_keys:
            if live.get(job):
                # A rate is known when counters have moved twice: poll often until then.
                known = latest_rate(self.port, job, "in") is not None
                asks |= dict.fromkeys(figures_of(job), SECONDS)
                asks |= {JOB(job=job): SECONDS if known else 0.0, CHECKPOINT_CONFIG(job=job): RARELY}
                asks |= self.port.lag_queries(job)
            elif job in live:
                asks[CHECKPOINTS(job=job)] = RARELY
        return asks

    def facts_changed(self, changes: frozenset[Query[Any]]) -> None:
        """Rows take new answers when ages are updated: there are many, and one table. First ones sooner."""
        if JOBS_OVERVIEW() in changes:
            self.update()
            return
        visible = frozenset(self.visible_keys)
        unknown = (
            row.facts.checkpoints == "unknown"
            or (not row.ended and None in (row.facts.restarts, row.facts.sent))
            for row in self._rows
            if row.jid in visible
        )
        readings = map(self.port.reading, changes.intersection(self._kept_fresh))
        if any(one is not None and one.failures <= 1 for one in readings) and any(unknown):
            self.wants_tick = True

    def show(self) -> None:
        if self.port.features.history_server != self._archive:
            self._archive = not self._archive
            self.table.set_columns(self.shown_columns())
        super().show()

    def rows_of(self, answer: JobsOverview) -> Sequence[JobRow]:
        """Rows on the screen are made again, the others when the list or their verdict is new."""
        port = self.port
        kept = {
            row.jid: row
            for row in self._rows
            if row.jid not in self.visible_keys and row.verdict is port.verdict(row.jid)
        }
        if answer is not self._made_of:
            self._made_of, kept = answer, {}
        self._rows = make_rows(
            answer.jobs,
            lambda job: kept.get(job.jid) or JobRow(job, self.port),
            key=lambda job: job.jid,
            name=lambda job: job.name,
        )
        shown = GuardedRows(
            (row for row in self._rows if not (self.hide_finished and row.ended)), self._rows.failed
        )
        shown.sort(key=lambda row: row.order)
        return shown

    def empty(self) -> str:
        if self.answer is None:
            return self._no_cluster() or super().empty()
        if self.answer.jobs:
            return "all jobs have ended; press f to show them"
        return NO_ARCHIVE if self._archive else "no jobs on this cluster yet"

    def _no_cluster(self) -> str:
        """That no cluster has ever answered, and what to do; "" if one has, or access is refused."""
        port = self.port
        if port.link().answered is not None or not isinstance(port.lost, Unreachable | NotFlink):
            return ""
        if (known := port.kubernetes) is not None:
            name = self.profile.name.rpartition("/")[2]
            where = f"in namespace {known.namespace} (context {known.context})"
            return "\n".join((f"The Flink cluster {name} {where} does not answer.", *KUBERNETES_STEPS))
        if isinstance(port.lost, NoTunnel):
            return "\n".join((f"No tunnel to {port.connection.url}.", *TUNNEL_STEPS))
        return "\n".join((f"No Flink cluster answers at {port.connection.url}.", *NEXT_STEPS))
