"""The whole of a wall: it goes through its pages by itself, and is drawn only when it has changed."""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from textual.content import Content

from flinktop.engine.series import cluster_series
from flinktop.facts.fleet import cluster_facts, cluster_jobs, fleet_facts
from flinktop.facts.wall import sums, wall
from flinktop.flink.cluster import CONFIG
from flinktop.flink.jobs import JOBS_OVERVIEW
from flinktop.model import format as fmt
from flinktop.ui.live import Panel
from flinktop.ui.panels.parts import assemble
from flinktop.ui.panels.wall_rows import HALF_DAY, WallRows, WallView, chart_seconds, wall_rows
from flinktop.ui.theme import cluster_style

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flinktop.engine.host import Port
    from flinktop.facts.fleet import FleetFacts
    from flinktop.facts.wall import WallFacts
    from flinktop.flink.endpoint import Query
    from flinktop.ui.live import Asks
    from flinktop.ui.panels.parts import Part

PAGE_SECONDS: Final = 8.0
"""For so long a page is shown."""
SHIFT_SECONDS: Final = 300.0
"""After so long everything moves by a cell: letters that stand for weeks burn in on some screens."""
SHIFTS: Final = ((0, 0), (1, 0), (1, 1), (0, 1))
"""Cells from the left and rows from the top, one after the other."""
RATES_SECONDS: Final = 9.0
"""Between two looks at the series of a chart, which have a point every ten seconds."""


class Wall(Panel):
    """The wall of the cluster that is open; if there are several and none is open, of all of them."""

    DEFAULT_CSS = "Wall { height: 1fr; text-wrap: nowrap; }"

    def __init__(self) -> None:
        super().__init__()
        self._rows = WallRows(())
        self._shift = SHIFTS[0]
        self._began: float | None = None
        self._rates: tuple[tuple[int, int], list[float | None], float] = (0, 0), [], 0.0

    @cached_property
    def of_all(self) -> bool:
        """Whether it shows several clusters."""
        return not self.app.is_open

    @property
    def ports(self) -> Mapping[str, Port]:
        """The engines of the clusters on it, by name."""
        fleet = self.app.fleet
        if self.of_all and fleet is not None:
            return {one.name: one.port for one in fleet.members}
        return {self.profile.name: self.port}

    def asks(self) -> Asks:
        """Of a single cluster its list of jobs; what is wrong with them is judged without being watched."""
        return {} if self.of_all else {JOBS_OVERVIEW(): 0.0, CONFIG(): 60.0}

    def show(self) -> None:
        now = self.app.clock.now()
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

    def facts_changed(self, changes: frozenset[Query[Any]]) -> None:
        """With many clusters there is news all the time: it waits for the next second."""
        if self.of_all:
            self.wants_tick = True
        else:
            super().facts_changed(changes)

    def refresh_lost(self) -> None:
        """Ask the clusters that don't answer again now."""
        for port in self.ports.values():
            if port.lost is not None:
                port.refresh()

    def _facts(self) -> WallFacts:
        findings = {
            name: port.judged.findings for name, port in self.ports.items() if port.judged is not None
        }
        return wall(self._clusters(), findings, self._time)

    def _clusters(self) -> FleetFacts:
        if self.of_all:
            return self.app.fleet_facts()
        name = self.profile.name
        return fleet_facts([(cluster_facts(self.port, name), cluster_jobs(self.port, name))])

    @property
    def _time(self) -> float:
        """The time (s since 1970) by the clock of the cluster, of several by that of this machine."""
        return self.app.clock.wall() if self.of_all else self.port.cluster_time()

    def _offset(self) -> float | None:
        """Offset of the shown times from UTC in seconds; None is this machine's own zone."""
        if not self.of_all:
            return self.zone_offset()
        return 0.0 if self.app.zone == "UTC" else None

    def _view(self, turn: int) -> WallView:
        width, height = self.size
        offset, now = self._offset(), self._time

        def when(at: float) -> str:
            """A time to the minute, with its date where that is another day."""
            return fmt.clock(at, offset)[:5] if abs(now - at) < HALF_DAY else fmt.near(at, offset, now)

        number = len(self.ports)
        name: Part = (f"{number} cluster{'' if number == 1 else 's'}", "strong")
        marks: tuple[Part, ...] = ()
        if not self.of_all:
            name = self.profile.name, cluster_style(self.profile.colour)
            marks = (("DEMO", "info"),) if self.profile.demo else ()
        return WallView(
            # One cell and one row are for the shift.
            width=max(width - 1, 1),
            height=max(height - 1, 1),
            turn=turn,
            name=name,
            marks=marks,
            now=now,
            clock=lambda at: fmt.clock(at, offset)[:5],
            when=when,
            rates=self._chart,
            ascii=self.ascii,
        )

    def _chart(self, columns: int) -> tuple[Sequence[float | None], float]:
        """Records/s, in columns that end at round times, so that the picture moves by whole ones."""
        now = self.app.clock.now()
        of = columns, int(now // RATES_SECONDS)
        if of != self._rates[0]:
            series = [port.points(cluster_series("in")) for port in self.ports.values()]
            known = max((now - points[0][0] for points in series if points), default=0.0)
            seconds = chart_seconds(columns, known)
            step = seconds / columns
            until = math.ceil(now / step) * step
            self._rates = of, sums(series, until - seconds, until, columns), seconds
        return self._rates[1:]

    def render(self) -> Content:
        left, above = self._shift
        margin: Part = (" " * left, "")
        rows = [Content("")] * above + [assemble([margin, *row]) for row in self._rows.rows]
        return Content("\n").join(rows)
