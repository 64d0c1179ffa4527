"""One vertex's share of a checkpoint by subtask, with its phases drawn as bars on one scale."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from flinktop.facts.checkpoint_subtasks import SubtaskShare, statistics_of, subtask_share
from flinktop.facts.checkpoints import checkpoint_facts, details_asks, subtasks_asks
from flinktop.facts.freshness import error_of
from flinktop.flink.checkpoints import CHECKPOINT_SUBTASKS
from flinktop.flink.errors import NotFound
from flinktop.model import checkpoints as judge
from flinktop.model import format as fmt
from flinktop.ui.panels.checkpoint_lines import DROPPED, size_columns
from flinktop.ui.panels.columns import MUTED, number, text
from flinktop.ui.panels.table_panel import TablePanel
from flinktop.ui.widgets.columns import Column, Stripes
from flinktop.ui.widgets.fixed_rows import FixedRows
from flinktop.ui.widgets.one_by_one import MadeRows, one_by_one

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.app import ComposeResult

    from flinktop.engine.host import Port
    from flinktop.engine.store import Reading
    from flinktop.flink.checkpoints import CheckpointSubtasks
    from flinktop.ui.live import Asks
    from flinktop.ui.panels.parts import Part
    from flinktop.ui.widgets.columns import Cell

TALL = 32
"""Rows of a screen that has room for percentiles."""
SHAPES = (
    ("░", ":", "first"),
    ("▒", "=", "second"),
    ("▓", "#", "third"),
    ("█", "@", ""),
    ("·", ".", "muted"),
)
"""Shape, its ASCII, and tone of each phase, and of what is in none of them."""
STATES = {
    "COMPLETED": ("●", "good"),
    "ABORTED": ("▲", "warn"),
    "PENDING": ("◐", "info"),
    "MISSING": ("✕", "bad"),
}
"""The shape and the tone of each state; a statistic has none."""


def share_rows(share: CheckpointSubtasks, *, under_way: bool) -> MadeRows[SubtaskShare]:
    """A row for each subtask: those that have not acknowledged first, then the slowest.

    Rests on `…/checkpoints/details/:checkpointid/subtasks/:vertexid`; times in ms, sizes in bytes.
    """
    times = {subtask.index: judge.phase_times(subtask) for subtask in share.subtasks}
    scale = max((one.length for one in times.values()), default=0.0)
    rows = one_by_one(
        share.subtasks,
        lambda subtask: subtask_share(subtask, times[subtask.index], scale, under_way=under_way),
        key=lambda subtask: str(subtask.index),
    )
    rows.sort(key=lambda row: (row.times.total is not None, -(row.times.total or 0.0), row.index))
    return rows


def painted_bar(row: SubtaskShare, width: int, *, ascii: bool) -> Stripes:
    """The phases of one subtask one after the other, each in its shape and colour."""
    times = row.times
    lengths = judge.stacked([*times.parts, times.rest], row.scale, width)
    shapes = ((plain if ascii else shape, tone) for shape, plain, tone in SHAPES)
    return Stripes(
        tuple((shape * cells, tone) for (shape, tone), cells in zip(shapes, lengths, strict=True) if cells)
    )


def legend(*, ascii: bool) -> list[Part]:
    """What each shape stands for."""
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


def columns(
    port: Port, offset: Callable[[], float | None], *, ascii: bool
) -> tuple[Column[SubtaskShare], ...]:
    """The columns of subtasks and of the statistics under them."""

    def tone(row: SubtaskShare) -> str:
        return STATES[row.state][1] if row.state else ""

    def acknowledged(row: SubtaskShare) -> Cell:
        at = row.acknowledged_at
        if at is None:
            return MUTED if row.index >= 0 else ("", "")
        return fmt.near(at / 1000.0, offset(), port.known_time()), "muted"

    phases: list[Column[SubtaskShare]] = [
        Column(
            *(key, title, 7, partial(_phase, phase)),
            sort=partial(_milliseconds_of, phase),
            align="right",
            descending=True,
            drop=1,
        )
        for phase, (key, title) in enumerate(
            (("start", "START"), ("alignment", "ALIGN"), ("sync", "SYNC"), ("async", "ASYNC"))
        )
    ]
    return (
        text("shape", "", 1, lambda row: STATES[row.state][0] if row.state else "", tone=tone, blank=""),
        text(
            *("subtask", "SUBTASK", 7, lambda row: row.name),
            tone="strong",
            sort=lambda row: row.index,
            align="right",
        ),
        text("state", "STATE", 9, lambda row: row.state, tone=tone, blank="", sort=True, drop=4),
        Column(
            *("phases", "PHASES", 22),
            lambda _row: ("", ""),
            flex=True,
            stripes=partial(painted_bar, ascii=ascii),
        ),
        *phases,
        number("total", "TOTAL", 7, lambda row: row.times.total, fmt.milliseconds),
        Column("acknowledged", "ACKED", 11, acknowledged, align="right", drop=5),
        *size_columns(lambda row: row, drops=(3, 6, 7)),
        text("kind", "BARRIERS", 9, _barriers, blank="", sort=True, drop=8),
    )


class CheckpointShares(TablePanel[SubtaskShare]):
    """The subtasks of one vertex in one checkpoint, and statistics that stay while they scroll."""

    BOX = "Subtasks"
    DEFAULT_CSS = "CheckpointShares { layout: vertical; }"
    TABLE_ID = "subtasks"
    FADES = False

    def __init__(self, job: str, checkpoint: int, vertex: str = "", *, id: str | None = None) -> None:
        """Show this vertex, or none yet."""
        super().__init__(job, vertex, id=id)
        self.checkpoint = checkpoint
        self._made_of: tuple[object, ...] = ()
        """What the rows on the screen were made of."""

    def columns(self) -> Sequence[Column[SubtaskShare]]:
        return columns(self.port, self.zone_offset, ascii=self.ascii)

    def key(self, row: SubtaskShare) -> str:
        return row.name

    def compose(self) -> ComposeResult:
        yield from super().compose()
        yield FixedRows(self.columns(), ascii=self.ascii)

    def show_vertex(self, vertex: str) -> None:
        """Show another vertex."""
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

    def rows(self) -> MadeRows[SubtaskShare] | None:
        share: CheckpointSubtasks | None = self.answer
        told = checkpoint_facts(self.port, self.job, self.checkpoint).checkpoint
        under_way = told is None or judge.is_under_way(told)
        tall = self.screen.size.height >= TALL
        # Thousands of rows are made of one answer: not at every look.
        made_of = (self.vertex, id(share), under_way, tall)
        if made_of == self._made_of:
            return None
        self._made_of = made_of
        rows = share_rows(share, under_way=under_way) if share else MadeRows[SubtaskShare]()
        statistics: FixedRows[SubtaskShare] = self.query_one(FixedRows)
        statistics.set_rows(statistics_of(share, rows, percentiles=tall) if share else [])
        return rows

    def empty(self) -> str:
        if (error := error_of(self.reading, self.port.lost)) is not None:
            return DROPPED if isinstance(error, NotFound) else error.reason
        return "loading subtasks…" if self.vertex else ""

    def words(self) -> Sequence[list[Part]]:
        return () if self.screen.has_class("-tiny") else [legend(ascii=self.ascii)]
