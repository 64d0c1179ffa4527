"""The whole of a wall: it goes through its pages by itself, and is drawn only when it has changed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from textual.content import Content

from flinktop.engine.series import cluster_series
from flinktop.facts.wall import of_one, sums, wall
from flinktop.flink.cluster import CONFIG
from flinktop.flink.jobs import JOBS_OVERVIEW
from flinktop.model import format as fmt
from flinktop.ui.live import Panel
from flinktop.ui.panels.parts import assemble
from flinktop.ui.panels.wall_rows import HALF_DAY, WallRows, WallView, chart_seconds, wall_rows
from flinktop.ui.theme import cluster_style

if TYPE_CHECKING:
    from flinktop.facts.wall import WallFacts
    from flinktop.ui.live import Asks
    from flinktop.ui.panels.parts import Part

PAGE_SECONDS: Final = 8.0
"""For so long a page is shown."""
SHIFT_SECONDS: Final = 300.0
"""After so long everything moves by a cell: letters that stand for weeks burn in on some screens."""
SHIFTS: Final = ((0, 0), (1, 0), (1, 1), (0, 1))
"""Cells from the left and rows from the top, one after the other."""


class Wall(Panel):
    """The wall of the cluster that is open."""

    DEFAULT_CSS = "Wall { height: 1fr; text-wrap: nowrap; }"

    def __init__(self) -> None:
        super().__init__()
        self._rows = WallRows(())
        self._shift = SHIFTS[0]
        self._began: float | None = None

    def asks(self) -> Asks:
        """The list of jobs; what is wrong with them is judged without being watched."""
        return {JOBS_OVERVIEW(): 0.0, CONFIG(): 60.0}

    def show(self) -> None:
        now = self.port.now()
        if self._began is None:
            self._began = now
        shown = now - self._began
        shift = SHIFTS[int(shown // SHIFT_SECONDS) % len(SHIFTS)]
        rows = wall_rows(self._facts(), self._view(int(shown // PAGE_SECONDS)))
        # A page that is over is not to wait for the next update of ages.
        self.wants_tick = rows.pages > 1
        if rows != self._rows or shift != self._shift:
            self._rows, self._shift = rows, shift
            self.refresh()

    def _facts(self) -> WallFacts:
        port, name = self.port, self.app.profile.name
        judged = port.judged
        return wall(of_one(port, name), {name: judged.findings if judged is not None else ()})

    def _view(self, turn: int) -> WallView:
        width, height = self.size
        offset, profile = self.zone_offset(), self.app.profile
        now = self.port.cluster_time()

        def when(at: float) -> str:
            """A time to the minute, with its date where that is another day."""
            return fmt.clock(at, offset)[:5] if abs(now - at) < HALF_DAY else fmt.near(at, offset, now)

        return WallView(
            # One cell and one row are for the shift.
            width=max(width - 1, 1),
            height=max(height - 1, 1),
            turn=turn,
            name=(profile.name, cluster_style(profile.colour)),
            marks=(("DEMO", "info"),) if profile.demo else (),
            now=now,
            clock=lambda at: fmt.clock(at, offset)[:5],
            when=when,
            rates=self._rates,
            ascii=self.ascii,
        )

    def _rates(self, columns: int) -> tuple[list[float | None], float]:
        """Records/s; the columns end at round times, so that the picture moves by whole ones."""
        now, series = self.port.now(), [self.port.points(cluster_series("in"))]
        known = max((now - points[0][0] for points in series if points), default=0.0)
        seconds = chart_seconds(columns, known)
        step = seconds / columns
        until = math.ceil(now / step) * step
        return sums(series, until - seconds, until, columns), seconds

    def render(self) -> Content:
        left, above = self._shift
        margin: Part = (" " * left, "")
        rows = [Content("")] * above + [assemble([margin, *row]) for row in self._rows.rows]
        return Content("\n").join(rows)
