"""Rows of a timeline: what it is, its states as a bar over time, when it began and how long it took."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.facts.timeline import TimelineRow, Window
from flinktop.model import format as fmt
from flinktop.model import states
from flinktop.ui.widgets import gantt
from flinktop.ui.widgets.columns import Stripes
from flinktop.ui.widgets.gantt import Stretch
from flinktop.ui.widgets.table import Cell, Column

if TYPE_CHECKING:
    from collections.abc import Callable

    from flinktop.model.timeline import Interval

SHAPES = {
    "CREATED": ("·", ".", "muted"),
    "SCHEDULED": ("░", ":", "muted"),
    "DEPLOYING": ("▒", "=", "info"),
    "INITIALIZING": ("▓", "%", "info"),
    "RESTARTING": ("▒", "=", "warn"),
    "RECONCILING": ("▒", "=", "warn"),
    "FINISHED": ("█", "#", "muted"),
    "CANCELED": ("█", "#", "muted"),
}
"""How states are drawn; all others are full, in their tone."""
LEGEND = ("CREATED", "SCHEDULED", "DEPLOYING", "INITIALIZING", "RUNNING")
NAME = 30
"""Cells of a name: the bar takes what is left."""
FULL, ASCII_FULL = "█", "#"


def stretch(one: Interval, until: float, *, ascii_only: bool) -> Stretch:
    """An interval as it is drawn."""
    shape, plain, tone = SHAPES.get(one.state, (FULL, ASCII_FULL, states.tone(one.state)))
    end = one.end / 1000.0 if one.end is not None else until
    return Stretch(one.start / 1000.0, end, plain if ascii_only else shape, tone)


def painted(row: TimelineRow, window: Window, width: int, *, ascii_only: bool) -> Stripes:
    """The bar of a row, or the words in its place."""
    if row.words:
        return Stripes(((row.words, "muted"),))
    return gantt.bar(
        (stretch(one, window.until, ascii_only=ascii_only) for one in row.intervals),
        window.since,
        window.until,
        width,
        ascii=ascii_only,
    )


def columns(title: str, window: Callable[[], Window], *, ascii_only: bool) -> list[Column[TimelineRow]]:
    """The columns; name and bar are the last to give way.

    Args:
        title: What the rows are.
        window: The stretch of time that is drawn now: rows stay the same while it moves.
        ascii_only: Whether our own shapes are ASCII.
    """

    def started(row: TimelineRow) -> Cell:
        if row.start is None:
            return ("" if row.words else fmt.ABSENT), "muted"
        return fmt.near(row.start, window().offset, window().until), ""

    def spent(row: TimelineRow) -> Cell:
        seconds = row.seconds(window().until)
        return (fmt.duration(seconds), "") if seconds is not None else ("", "")

    return [
        Column("name", title, NAME, lambda row: (row.label, ""), sort=lambda row: row.label.casefold()),
        Column("state", "STATE", 14, lambda row: (row.state, row.tone), sort=lambda row: row.state, drop=2),
        Column("started", "STARTED", 11, started, sort=lambda row: row.start, align="right", drop=1),
        Column(
            "spent",
            "DURATION",
            8,
            spent,
            sort=lambda row: row.seconds(window().until),
            align="right",
            descending=True,
            drop=3,
        ),
        Column(
            "bar",
            "OVER TIME",
            24,
            lambda _row: ("", ""),
            flex=True,
            stripes=lambda row, width: painted(row, window(), width, ascii_only=ascii_only),
        ),
    ]


def _no_window() -> Window:
    return Window(0.0, 1.0, 0.0)


def axis_columns(title: str, *, ascii_only: bool) -> list[Column[Window]]:
    """The columns of the line below the rows, as wide as theirs: only the last one says something."""
    return [
        Column(
            one.key,
            "",
            one.width,
            lambda _window: ("", ""),
            drop=one.drop,
            flex=one.flex,
            stripes=_axis if one.key == "bar" else None,
        )
        for one in columns(title, _no_window, ascii_only=ascii_only)
    ]


def _axis(window: Window, width: int) -> Stripes:
    return gantt.axis(window.since, window.until, width, window.clock)


def legend(*, ascii_only: bool) -> list[Cell]:
    """What each shape stands for."""
    parts: list[Cell] = []
    for state in LEGEND:
        shape, plain, tone = SHAPES.get(state, (FULL, ASCII_FULL, states.tone(state)))
        parts += [((plain if ascii_only else shape) * 2, tone), (f" {state.lower()}   ", "muted")]
    return parts
