"""Duration and size of a job's checkpoints over time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

from flinktop.engine.series import job_series
from flinktop.flink.checkpoints import CHECKPOINTS
from flinktop.flink.jobs import JOB
from flinktop.model import checkpoints as judge
from flinktop.model import format as fmt
from flinktop.model import states
from flinktop.ui.live import Panel
from flinktop.ui.panels import chart_window
from flinktop.ui.panels.checkpoint_lines import why_empty
from flinktop.ui.panels.frame import zone_offset
from flinktop.ui.widgets.chart import Chart, Line

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult

    from flinktop.engine.host import Port
    from flinktop.engine.store import Reading
    from flinktop.flink.checkpoints import Checkpoint
    from flinktop.ui.widgets.axes import Scale

LEAST_WINDOW = 120.0
MARGIN = 1.03
"""The window is longer than what it shows by more than a column, as charts move by whole columns."""
TO_THE_SECOND = 600.0
"""Windows up to this (s) have their times to the second."""
DAY = 86400.0
SAME = 0.5
"""Seconds within which a point of the series and a checkpoint are the same one."""

Points = list[tuple[float, float]]
"""(seconds since 1970 by the cluster's clock, value), oldest first."""


def completed_points(port: Port, job: str, measure: str, value: Callable[[Checkpoint], int | None]) -> Points:
    """The completed ones that are kept, and before them what the series still has.

    Savepoints are no part of it: they are whole, and come when somebody asks for one.
    """
    points: Points = []
    for seen in port.checkpoints(job):
        at, known = judge.ended_at(seen.checkpoint), value(seen.checkpoint)
        good = seen.checkpoint.status == judge.COMPLETED and not seen.checkpoint.is_savepoint
        if good and at is not None and known is not None:
            points.append((at / 1000.0, float(known)))
    points.sort()
    oldest = points[0][0] if points else math.inf
    ahead = port.cluster_time() - port.now()
    earlier = [(at + ahead, known) for at, known in port.points(job_series(job, measure))]
    return [point for point in earlier if point[0] < oldest - SAME] + points


def failed_points(port: Port, job: str) -> Points:
    """The failed ones, each as a line of its own from 0 up to how long it had taken (ms)."""
    points: Points = []
    for seen in reversed(port.checkpoints(job)):
        at, took = judge.ended_at(seen.checkpoint), seen.checkpoint.duration
        if seen.checkpoint.status == judge.FAILED and at is not None:
            points += [(at / 1000.0, 0.0), (at / 1000.0, float(took or 0)), (at / 1000.0, math.nan)]
    return points


def ends(port: Port, job: str) -> tuple[float | None, float | None]:
    """When the oldest and the newest checkpoint that is kept ended (s since 1970)."""
    points = completed_points(port, job, "checkpoint-duration", lambda one: one.duration)
    points = sorted([*points, *failed_points(port, job)], key=lambda point: point[0])
    return (points[0][0], points[-1][0]) if points else (None, None)


def time_words(at: float, offset: float | None, seconds: float) -> str:
    """A tick of an axis over so many seconds: with its date, to the minute or to the second."""
    if seconds >= DAY:
        return fmt.moment(at, offset)[5:16]
    return fmt.clock(at, offset)[: 8 if seconds <= TO_THE_SECOND else 5]


class CheckpointTrend(Panel):
    """One chart of a job's checkpoints, of everything that is kept of them.

    Subclasses say what is drawn: `BOX`, `lines`, `label`; times are the cluster's own.
    """

    SCALE: ClassVar[Scale] = "decimal"
    """Which steps of the values are round."""
    DEFAULT_CSS = """
    CheckpointTrend { height: 1fr; width: 1fr; }
    CheckpointTrend Chart { height: 1fr; }
    """

    def __init__(self, job: str) -> None:
        super().__init__()
        self.job = job

    def lines(self) -> list[Line]:
        """What is drawn."""
        raise NotImplementedError

    def label(self, value: float) -> str:
        """How a value is written, on the axis and in the legend."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        """One chart."""
        chart = Chart(ascii=self.app.settings.ascii)
        chart.can_focus = True  # so that tab comes here and z gives it the whole screen
        yield chart

    def on_mount(self) -> None:
        """Watch the history."""
        self.watch_query("checkpoints", CHECKPOINTS(job=self.job), self._news)
        self.watch_query("job", JOB(job=self.job), self._news)
        super().on_mount()

    def _news(self, _reading: Reading[Any]) -> None:
        self.wants_tick = True

    def tick(self) -> None:
        """Hand the chart what is known; it redraws when that moves it by a column."""
        offset = zone_offset(self)
        since, until = self._span(*ends(self.port, self.job))
        lines = self.lines()
        if not any(since <= at <= until for line in lines for at, _ in line.points):
            lines = []
        chart = self.query_one(Chart)
        words = ("" if self.boxed else self.BOX, f"last {fmt.duration(until - since)}")
        chart.set_title(", ".join(filter(None, words)))
        known = bool(self.port.checkpoints(self.job))
        nothing = why_empty(
            self.port,
            self.job,
            "loading checkpoints…",
            "no checkpoint has completed in this time" if known else "no checkpoint has completed yet",
        )
        chart.set_empty(nothing)
        chart.set_lines(
            lines,
            since=since,
            until=until,
            label=self.label,
            scale=self.SCALE,
            clock=lambda at: time_words(at, offset, until - since),
        )

    def _span(self, oldest: float | None, newest: float | None) -> tuple[float, float]:
        """From when to when: up to now, or the last checkpoint of a job that has ended.

        Everything that is kept is shown while nobody has chosen a window: checkpoints are few.
        """
        job = self.port.reading(JOB(job=self.job))
        ended = job is not None and job.value is not None and states.is_terminal(job.value.state)
        until = newest if ended and newest is not None else float(round(self.port.cluster_time()))
        chosen = self.app.chart_window
        if chosen is None or chosen == chart_window.EVERYTHING:
            age = until - oldest if oldest is not None else 0.0
            return until - max(LEAST_WINDOW, math.ceil(age * MARGIN)), until
        return until - chosen, until


class CheckpointDurations(CheckpointTrend):
    """End-to-end durations, and the failures."""

    BOX = "Duration"
    SCALE = "milliseconds"

    def lines(self) -> list[Line]:
        """Completed ones as a line, failed ones as strokes up to when they failed."""
        points = completed_points(self.port, self.job, "checkpoint-duration", lambda one: one.duration)
        lines = [Line("end to end", tuple(points), "first")]
        if failed := failed_points(self.port, self.job):
            lines.append(Line("failed", tuple(failed), "bad"))
        return lines

    def label(self, value: float) -> str:
        """Given in ms."""
        return fmt.milliseconds(value)


class CheckpointSizes(CheckpointTrend):
    """Bytes written."""

    BOX = "Size"
    SCALE = "bytes"

    def lines(self) -> list[Line]:
        """What completed ones wrote."""
        points = completed_points(self.port, self.job, "checkpoint-size", lambda one: one.written)
        return [Line("written", tuple(points), "first")]

    def label(self, value: float) -> str:
        """Bytes."""
        return fmt.size(value)


class CheckpointTrends(Panel):
    """Durations and sizes over the same time."""

    DEFAULT_CSS = "CheckpointTrends { height: 1fr; layout: horizontal; }"

    def __init__(self, job: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._job = job

    def compose(self) -> ComposeResult:
        """Two charts."""
        yield CheckpointDurations(self._job)
        yield CheckpointSizes(self._job)
