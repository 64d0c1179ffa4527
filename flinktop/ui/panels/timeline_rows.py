"""Rows of a timeline: what it is, its states as a bar over time, when it began and how long it took."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flinktop.model import format as fmt
from flinktop.model import states
from flinktop.ui.panels.plain import plain_columns
from flinktop.ui.widgets import gantt
from flinktop.ui.widgets.columns import Stripes
from flinktop.ui.widgets.gantt import Stretch
from flinktop.ui.widgets.table import Cell, Column

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

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
DAY = 86_400.0
FULL, ASCII_FULL = "█", "#"


@dataclass(frozen=True, slots=True)
class Window:
    """The stretch of time that is drawn (s since 1970), and whose time is written."""

    since: float
    until: float
    offset: float | None

    def clock(self, at: float) -> str:
        """A time on the axis: to the second, or with its date where the window is long."""
        if self.until - self.since >= DAY:
            return fmt.moment(at, self.offset)[5:16]
        return fmt.clock(at, self.offset)


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """One thing over time."""

    key: str
    label: str
    """Foreign text, with the mark and the indentation that show where it belongs."""
    state: str
    tone: str
    intervals: tuple[Interval, ...]
    words: str = ""
    """What is said in place of a bar."""
    old: bool = False

    @property
    def name(self) -> str:
        """What it is."""
        return self.label

    @property
    def start(self) -> float | None:
        """Seconds since 1970."""
        return self.intervals[0].start / 1000.0 if self.intervals else None

    def seconds(self, until: float) -> float | None:
        """From its start to its end, or to `until` (s since 1970) while it lasts."""
        if not self.intervals:
            return None
        end = self.intervals[-1].end
        return (end / 1000.0 if end is not None else until) - self.intervals[0].start / 1000.0


def state_words(state: str, *, ascii_only: bool) -> str:
    """A state with its shape."""
    return f"{states.mark(state, ascii_only=ascii_only)} {state}"


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

    found = [
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
    return plain_columns(found) if ascii_only else found


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


def window_of(
    bounds: Sequence[float], now: float, chosen: float | None, offset: float | None, *, ended: float | None
) -> Window:
    """What is drawn: everything, or as much as a person wants to see of the end.

    Args:
        bounds: When the things that are shown began and ended (s since 1970).
        now: The cluster's time.
        chosen: Seconds that the person wants to see; None and infinity are everything.
        offset: Whose time is written.
        ended: When all was over; None while something lasts.
    """
    # A cluster's clock is known from its answers: what has come since may be a little ahead of it.
    until = max(ended if ended is not None else now, max(bounds, default=0.0))
    since = min(bounds, default=until - 1.0)
    if chosen is not None:
        since = max(since, until - chosen)
    return Window(since, max(until, since + 1.0), offset)
