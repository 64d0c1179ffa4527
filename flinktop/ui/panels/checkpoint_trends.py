"""Duration and size of a job's checkpoints over time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from flinktop.engine.series import job_series
from flinktop.facts.jobs import job_state
from flinktop.flink.checkpoints import CHECKPOINTS
from flinktop.flink.jobs import JOB
from flinktop.model import checkpoints as judge
from flinktop.model import states
from flinktop.ui.live import Asks, Panel
from flinktop.ui.panels.checkpoint_lines import why_empty
from flinktop.ui.panels.time_chart import BYTES, EVERYTHING, MILLISECONDS, TimeChart
from flinktop.ui.widgets.chart import Line

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult

    from flinktop.engine.host import Port
    from flinktop.flink.checkpoints import Checkpoint
    from flinktop.ui.panels.time_chart import Unit

LEAST_WINDOW = 120.0
MARGIN = 1.03
"""The window is longer than what it shows by more than a column, as charts move by whole columns."""
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


def durations(port: Port, job: str) -> Points:
    """End to end, in ms."""
    return completed_points(port, job, "checkpoint-duration", lambda one: one.duration)


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
    points = sorted([*durations(port, job), *failed_points(port, job)], key=lambda point: point[0])
    return (points[0][0], points[-1][0]) if points else (None, None)


class CheckpointTrend(TimeChart):
    """One chart of a job's checkpoints, of everything that is kept of them."""

    DEFAULT_CSS = "CheckpointTrend { height: 1fr; width: 1fr; }"
    TO_THE_SECOND = 600.0

    def __init__(self, job: str, box: str, lines: Callable[[Port, str], list[Line]], unit: Unit) -> None:
        super().__init__(box, tuple, self._why_none, unit, job=job)
        self._made = lines

    def asks(self) -> Asks:
        return {CHECKPOINTS(job=self.job): 0.0, JOB(job=self.job): 0.0}

    def picture(self) -> tuple[list[Line], float, float]:
        lines = self._made(self.port, self.job)
        since, until = self._span(*ends(self.port, self.job))
        seen = any(since <= at <= until for line in lines for at, _ in line.points)
        return lines if seen else [], since, until

    def heading(self, window: str) -> tuple[str, str]:
        return ", ".join(filter(None, ("" if self.boxed else self.BOX, window))), ""

    def _why_none(self) -> str:
        known = bool(self.port.checkpoints(self.job))
        nothing = "no checkpoint has completed in this time" if known else "no checkpoint has completed yet"
        return why_empty(self.port, self.job, "loading checkpoints…", nothing)

    def _span(self, oldest: float | None, newest: float | None) -> tuple[float, float]:
        """From when to when: up to now, or the last checkpoint of a job that has ended.

        Everything that is kept is shown while nobody has chosen a window: checkpoints are few.
        """
        ended = states.is_terminal(job_state(self.port, self.job))
        until = newest if ended and newest is not None else float(round(self.port.cluster_time()))
        chosen = self.app.chart_window
        if chosen is None or chosen == EVERYTHING:
            age = until - oldest if oldest is not None else 0.0
            return until - max(LEAST_WINDOW, math.ceil(age * MARGIN)), until
        return until - chosen, until


def duration_lines(port: Port, job: str) -> list[Line]:
    """Completed ones as a line, failed ones as strokes up to when they failed (ms)."""
    lines = [Line("end to end", tuple(durations(port, job)), "first")]
    if failed := failed_points(port, job):
        lines.append(Line("failed", tuple(failed), "bad"))
    return lines


def size_lines(port: Port, job: str) -> list[Line]:
    """What completed ones wrote (bytes)."""
    points = completed_points(port, job, "checkpoint-size", lambda one: one.written)
    return [Line("written", tuple(points), "first")]


class CheckpointTrends(Panel):
    """Durations and sizes over the same time."""

    DEFAULT_CSS = "CheckpointTrends { height: 1fr; layout: horizontal; }"

    def compose(self) -> ComposeResult:
        yield CheckpointTrend(self.job, "Duration", duration_lines, MILLISECONDS)
        yield CheckpointTrend(self.job, "Size", size_lines, BYTES)
