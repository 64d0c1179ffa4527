"""One checkpoint by vertex, and one vertex in it by subtask with its phases as bars on one scale."""

from __future__ import annotations

from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING

from flinktop.facts.checkpoints import (
    SubtaskShare,
    VertexShare,
    checkpoint_facts,
    details_asks,
    is_off,
    statistics_of,
    subtask_share,
    subtasks_asks,
    vertex_names,
    vertex_share,
)
from flinktop.facts.freshness import error_of
from flinktop.flink.checkpoints import CHECKPOINT, CHECKPOINT_SUBTASKS, CHECKPOINTS
from flinktop.flink.errors import NotFound
from flinktop.flink.jobs import JOB
from flinktop.model import checkpoints as judge
from flinktop.model import format as fmt
from flinktop.model import subtask_names
from flinktop.ui.panels.checkpoint_lines import (
    DROPPED,
    OFF,
    acknowledged_column,
    acknowledged_tone,
    size_columns,
)
from flinktop.ui.panels.columns import MUTED, number, text
from flinktop.ui.panels.table_panel import TablePanel
from flinktop.ui.widgets.columns import Column, Stripes
from flinktop.ui.widgets.fixed_rows import FixedRows
from flinktop.ui.widgets.guarded_rows import GuardedRows, make_rows
from flinktop.ui.widgets.spark import bar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from flinktop.engine.host import Port
    from flinktop.engine.store import Reading
    from flinktop.flink.checkpoints import CheckpointSubtasks
    from flinktop.ui.live import Asks
    from flinktop.ui.panels.parts import Part
    from flinktop.ui.widgets.columns import Cell


NAMED = 2  # partly late vertices whose late subtasks are requested: one request each
BAR = 12
LEAST_LINES = 5
TALL = 32  # rows of a screen that has room for percentiles
SHAPES = (
    ("░", ":", "first"),
    ("▒", "=", "second"),
    ("▓", "#", "third"),
    ("█", "@", ""),
    ("·", ".", "muted"),
)
"""Shape, its ASCII, and tone of each phase, and of the time outside them."""
STATES = {
    "COMPLETED": ("●", "good"),
    "ABORTED": ("▲", "warn"),
    "PENDING": ("◐", "info"),
    "MISSING": ("✕", "bad"),
}
"""The shape and the tone of each state; a statistic has none."""


def vertex_shares(port: Port, job: str, number: int) -> GuardedRows[VertexShare]:
    """A row for each vertex: late ones first, then the slowest."""
    facts, names = checkpoint_facts(port, job, number), vertex_names(port, job)

    def name(vertex: str) -> str:
        return names.get(vertex, vertex)

    rows = make_rows(
        facts.tasks, lambda vertex: vertex_share(port, job, facts, vertex, name(vertex)), key=name
    )
    rows.sort(key=lambda row: (not row.missing, -(row.share.duration or 0)))
    return rows


def _missing(row: VertexShare) -> Cell:
    if row.missing == 0:
        return "", ""
    if row.missing is None and not row.late:
        return fmt.ABSENT, "muted"
    of = row.share.num_subtasks
    words = subtask_names.ranges(row.late, of) if row.late else f"{row.missing} of {fmt.number(of)}"
    return words, acknowledged_tone(1, under_way=row.under_way)


class CheckpointVertices(TablePanel[VertexShare]):
    """The vertices of one checkpoint; late subtasks are named."""

    KEY = "vertex"
    BOX = "Vertices"
    LOADING = "loading vertices…"
    NOTHING = "Flink reports no vertices"
    TABLE = "checkpoint_vertices"
    TABLE_ID = "shares"

    def __init__(self, job: str, checkpoint: int) -> None:
        super().__init__(job)
        self.checkpoint = checkpoint

    def columns(self) -> Sequence[Column[VertexShare]]:
        def latest(row: VertexShare) -> str:
            at = row.share.acknowledged_at
            return self.near(at) if at is not None else ""

        return (
            text("vertex", "VERTEX", 30, lambda row: row.name, tone="strong", sort=True, flex=True),
            acknowledged_column(lambda row: row.share, lambda row: row.under_way),
            text("latest", "LATEST", 11, latest, tone="muted", align="right", drop=4),
            number("duration", "DURATION", 8, lambda row: row.share.duration, fmt.milliseconds),
            Column("bar", "", BAR, lambda row: (bar(row.part, BAR, ascii=self.ascii), "first"), drop=3),
            *size_columns(lambda row: row.share, drops=(1, 5, 6)),
            Column("missing", "NOT ACKNOWLEDGED", 18, _missing, drop=2),
        )

    def asks(self) -> Asks:
        """The details while they may change, and the late subtasks."""
        place = self.port, self.job, self.checkpoint
        queries: Asks = {JOB(job=self.job): 0.0, CHECKPOINTS(job=self.job): 0.0, **details_asks(*place)}
        in_part = (row.vertex for row in self.rows() if row.missing and row.share.num_acknowledged_subtasks)
        for vertex in list(in_part)[:NAMED]:
            queries |= subtasks_asks(*place, vertex)
        return queries

    def rows(self) -> GuardedRows[VertexShare]:
        rows = vertex_shares(self.port, self.job, self.checkpoint)
        self.styles.max_height = max(LEAST_LINES, len(rows) + 2) + self.gutter.height
        return rows

    def empty(self) -> str:
        if is_off(self.port, self.job):
            return OFF
        if checkpoint_facts(self.port, self.job, self.checkpoint).dropped:
            return DROPPED
        return self.why_empty(self.port.reading(CHECKPOINT(job=self.job, checkpoint=self.checkpoint)))


def share_rows(share: CheckpointSubtasks, *, under_way: bool) -> GuardedRows[SubtaskShare]:
    """A row for each subtask: those that have not acknowledged first, then the slowest.

    From `…/checkpoints/details/:checkpointid/subtasks/:vertexid`; times in ms, sizes in bytes.
    """
    times = {subtask.index: judge.phase_times(subtask) for subtask in share.subtasks}
    scale = max((one.length for one in times.values()), default=0.0)
    rows = make_rows(
        share.subtasks,
        lambda subtask: subtask_share(subtask, times[subtask.index], scale, under_way=under_way),
        key=lambda subtask: str(subtask.index),
    )
    rows.sort(key=lambda row: (row.times.total is not None, -(row.times.total or 0.0), row.index))
    return rows


def painted_bar(row: SubtaskShare, width: int, *, ascii: bool) -> Stripes:
    """The phases of one subtask in sequence, each in its shape and colour."""
    times = row.times
    lengths = judge.stacked([*times.parts, times.rest], row.scale, width)
    shapes = ((plain if ascii else shape, tone) for shape, plain, tone in SHAPES)
    return Stripes(
        tuple((shape * cells, tone) for (shape, tone), cells in zip(shapes, lengths, strict=True) if cells)
    )


def legend(*, ascii: bool) -> list[Part]:
    """The meaning of each shape."""
    parts: list[Part] = []
    for (shape, plain, tone), name in zip(SHAPES, (*judge.PHASES, judge.REST), strict=True):
        parts += [((plain if ascii else shape) * 2, tone), (f" {name}   ", "muted")]
    return parts


def _phase(phase: int, row: SubtaskShare) -> Cell:
    value = row.times.parts[phase]
    if value is None:
        return MUTED
    is_longest = row.index >= 0 and judge.longest(row.times)[0] == judge.PHASES[phase] and bool(value)
    return fmt.milliseconds(value), "strong" if is_longest else ""


def _milliseconds_of(phase: int, row: SubtaskShare) -> float | None:
    return row.times.parts[phase]


def _barriers(row: SubtaskShare) -> str:
    if row.state not in ("COMPLETED", "ABORTED"):
        return ""
    return fmt.ABSENT if row.unaligned is None else "unaligned" if row.unaligned else "aligned"


class CheckpointShares(TablePanel[SubtaskShare]):
    """The subtasks of one vertex in one checkpoint, and statistics that do not scroll."""

    KEY = "name"
    BOX = "Subtasks"
    DEFAULT_CSS = "CheckpointShares { layout: vertical; }"
    TABLE = "checkpoint_subtasks"
    TABLE_ID = "subtasks"
    FADES = False

    def __init__(self, job: str, checkpoint: int, vertex: str = "", *, id: str | None = None) -> None:
        super().__init__(job, vertex, id=id)
        self.checkpoint = checkpoint
        self._made_of: tuple[object, ...] = ()  # what the rows on the screen were made of

    def columns(self) -> Sequence[Column[SubtaskShare]]:
        def tone(row: SubtaskShare) -> str:
            return STATES[row.state][1] if row.state else ""

        def acknowledged(row: SubtaskShare) -> Cell:
            if row.acknowledged_at is None:
                return MUTED if row.index >= 0 else ("", "")
            return self.near(row.acknowledged_at), "muted"

        phases: list[Column[SubtaskShare]] = [
            Column(
                key,
                title,
                7,
                partial(_phase, phase),
                sort=partial(_milliseconds_of, phase),
                align="right",
                descending=True,
                drop=1,
            )
            for phase, (key, title) in enumerate(
                (("start", "START"), ("alignment", "ALIGN"), ("sync", "SYNC"), ("async", "ASYNC"))
            )
        ]
        bar = partial(painted_bar, ascii=self.ascii)
        by_index = attrgetter("index")
        return (
            text("shape", "", 1, lambda row: STATES[row.state][0] if row.state else "", tone=tone, blank=""),
            text("subtask", "SUBTASK", 7, attrgetter("name"), tone="strong", sort=by_index, align="right"),
            text("state", "STATE", 9, lambda row: row.state, tone=tone, blank="", sort=True, drop=4),
            Column("phases", "PHASES", 22, lambda _row: ("", ""), flex=True, stripes=bar),
            *phases,
            number("total", "TOTAL", 7, lambda row: row.times.total, fmt.milliseconds),
            Column("acknowledged", "ACKED", 11, acknowledged, align="right", drop=5),
            *size_columns(lambda row: row, drops=(3, 6, 7)),
            text("barriers", "BARRIERS", 9, _barriers, blank="", sort=True, drop=8),
        )

    def compose(self) -> ComposeResult:
        yield from super().compose()
        yield FixedRows(self.shown_columns(), ascii=self.ascii)

    def show_vertex(self, vertex: str) -> None:
        if vertex != self.vertex:
            self.vertex = vertex
            self.update()

    @property
    def reading(self) -> Reading[CheckpointSubtasks] | None:
        if not self.vertex:
            return None
        query = CHECKPOINT_SUBTASKS(job=self.job, checkpoint=self.checkpoint, vertex=self.vertex)
        return self.port.reading(query)

    def asks(self) -> Asks:
        """The details and the subtasks while they may change."""
        place = self.port, self.job, self.checkpoint
        return details_asks(*place) | (subtasks_asks(*place, self.vertex) if self.vertex else {})

    def rows(self) -> GuardedRows[SubtaskShare] | None:
        share: CheckpointSubtasks | None = self.answer
        whole = checkpoint_facts(self.port, self.job, self.checkpoint).checkpoint
        under_way = whole is None or judge.is_under_way(whole)
        tall = self.screen.size.height >= TALL
        # Thousands of rows are made of one answer: not at every update.
        made_of = (self.vertex, id(share), under_way, tall)
        if made_of == self._made_of:
            return None
        self._made_of = made_of
        rows = share_rows(share, under_way=under_way) if share else GuardedRows[SubtaskShare]()
        statistics: FixedRows[SubtaskShare] = self.query_one(FixedRows)
        statistics.set_rows(statistics_of(share, rows, percentiles=tall) if share else [])
        return rows

    def empty(self) -> str:
        if (error := error_of(self.reading, self.port.lost)) is not None:
            return DROPPED if isinstance(error, NotFound) else error.reason
        return "loading subtasks…" if self.vertex else ""

    def words(self) -> Sequence[list[Part]]:
        return () if self.screen.has_class("-tiny") else [legend(ascii=self.ascii)]
