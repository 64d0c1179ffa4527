"""The kinds of table columns, one line each: text, number, figure, state, name, trend."""

from __future__ import annotations

from dataclasses import replace
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypedDict, TypeVar, Unpack

from flinktop.model import format as fmt
from flinktop.model import lag as lags
from flinktop.model import states
from flinktop.model.tasks import state_tone
from flinktop.ui.widgets.columns import Column
from flinktop.ui.widgets.spark import spark

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from flinktop.engine.host import Port
    from flinktop.engine.series import SeriesName
    from flinktop.facts.freshness import Figure
    from flinktop.model.tasks import Tasks
    from flinktop.ui.widgets.columns import Cell

MUTED: Cell = (fmt.ABSENT, "muted")  # shown where there is nothing
STATE, NAME, TREND, MOMENT, TIME = 12, 16, 10, 19, 11
"""Cells of a state, of a name at least, of a trend, of a date with its time, of a time near now."""
TREND_SECONDS = 1800.0
HEADROOM = 7.6 / 7  # of a trend's scale above its greatest value: else steady rows merge into one block
R = TypeVar("R")


class Named(Protocol):
    """A row with a name."""

    @property
    def name(self) -> str: ...


N = TypeVar("N", bound=Named)


class Rest(TypedDict, total=False):
    """The options that every kind of column has: see Column."""

    align: Literal["left", "right"]
    drop: int
    flex: bool
    comfort: int
    leaves: int
    descending: bool
    middle: bool
    usual: bool


def text(
    key: str,
    title: str,
    width: int,
    of: Callable[[R], str],
    *,
    tone: str | Callable[[R], str] = "",
    blank: str = fmt.ABSENT,
    sort: bool | Callable[[R], Any] = False,
    **rest: Unpack[Rest],
) -> Column[R]:
    """A text; `blank` where it is empty. `sort` is True for its own order, regardless of case."""

    def cell(row: R) -> Cell:
        shown = of(row)
        if blank and not shown:
            return blank, "muted"
        return shown, tone(row) if callable(tone) else tone

    by = (lambda row: of(row).casefold()) if sort is True else sort or None
    return Column(key, title, width, cell, sort=by, **rest)


def number(
    key: str,
    title: str,
    width: int,
    of: Callable[[R], float | None],
    write: Callable[[float], str] = fmt.count,
    *,
    tone: str | Callable[[float], str] = "",
    blank: Cell | Callable[[R], Cell] = MUTED,
    sorts: bool = True,
    **rest: Unpack[Rest],
) -> Column[R]:
    """A number as `write` writes it, sorted greatest first; `blank` where it is None."""

    def cell(row: R) -> Cell:
        value = of(row)
        if value is None:
            return blank(row) if callable(blank) else blank
        return write(value), tone(value) if callable(tone) else tone

    rest = {"align": "right", "descending": sorts, **rest}
    return Column(key, title, width, cell, sort=of if sorts else None, **rest)


def figure(
    key: str,
    title: str,
    width: int,
    of: Callable[[R], Figure],
    write: Callable[[float], str] = fmt.count,
    *,
    tone: Callable[[float], str] | None = None,
    **rest: Unpack[Rest],
) -> Column[R]:
    """A figure, or its replacement; in the tone of its value, or its own."""

    def cell(row: R) -> Cell:
        return figure_cell(of(row), write, tone)

    rest = {"align": "right", "descending": True, **rest}
    return Column(key, title, width, cell, sort=lambda row: of(row).value, **rest)


def figure_cell(
    found: Figure, write: Callable[[float], str] = fmt.count, tone: Callable[[float], str] | None = None
) -> Cell:
    """A figure in a cell, or its replacement."""
    if found.absent or found.value is None:
        return found.blank
    return write(found.value), tone(found.value) if tone is not None else found.tone


def lag(key: str, title: str, width: int, of: Callable[[R], Figure], **rest: Unpack[Rest]) -> Column[R]:
    """A watermark lag."""
    return figure(key, title, width, of, lags.text, **rest)


def when(
    key: str,
    title: str,
    of: Callable[[R], float | None],
    offset: Callable[[], float | None],
    *,
    blank: str = fmt.ABSENT,
    **rest: Unpack[Rest],
) -> Column[R]:
    """A date with its time (ms since 1970), the newest first, shown `offset` seconds from UTC."""

    def moment(row: R) -> str:
        at = of(row)
        return fmt.moment(at / 1000.0, offset()) if at is not None and at > 0 else ""

    rest = {"align": "right", "descending": True, **rest}
    return text(key, title, MOMENT, moment, blank=blank, sort=of, **rest)


def near(
    key: str,
    title: str,
    of: Callable[[R], float | None],
    write: Callable[[float], str],
    *,
    tone: str = "",
    blank: str = fmt.ABSENT,
    **rest: Unpack[Rest],
) -> Column[R]:
    """A time as `write` writes it in at most eleven cells: see fmt.near."""

    def written(row: R) -> str:
        return "" if (at := of(row)) is None else write(at)

    rest = {"align": "right", **rest}
    return text(key, title, TIME, written, tone=tone, blank=blank, sort=of, **rest)


def name(title: str, **rest: Unpack[Rest]) -> Column[N]:
    """The name, which is never dropped and takes the width that the others leave; its key is the title."""
    rest = {"flex": True, **rest}
    return text(title.lower(), title, NAME, lambda row: row.name, tone="strong", sort=True, **rest)


def state(of: Callable[[R], str] = attrgetter("state"), **rest: Unpack[Rest]) -> Column[R]:
    """The state (in upper case), as a shape, a word and a colour."""
    return Column(
        "state",
        "STATE",
        STATE,
        lambda row: (states.words(of(row)), states.tone(of(row))),
        sort=lambda row: (-states.severity(of(row)), of(row)),
        **rest,
    )


def job_state(of: Callable[[R], Tasks | None] = attrgetter("tasks")) -> Column[R]:
    """The state of a job; one that is RUNNING without a running task is marked as such."""

    def cell(row: Any) -> Cell:
        tone = state_tone(row.state, of(row))
        return states.words(row.state, tone), tone

    by_state: Column[R] = state()
    return replace(by_state, cell=cell)


def trend(
    port: Port, series: Callable[[R], SeriesName], *, title: str, ascii: bool, **rest: Unpack[Rest]
) -> Column[R]:
    """The last half hour of a row's series."""
    return Column(
        "trend", title, TREND, lambda row: (trend_text(port, series(row), ascii=ascii), "trend"), **rest
    )


def trend_text(port: Port, series: SeriesName, *, ascii: bool) -> str:
    """A series over the last half hour, one cell for each tenth of it."""
    now = port.now()
    cells = by_cell(port.points(series, now - TREND_SECONDS), now - TREND_SECONDS, now, TREND)
    most = HEADROOM * max((value for value in cells if value is not None), default=0.0)
    return spark(cells, TREND, ascii=ascii, top=most or None)


def by_cell(
    points: Iterable[tuple[float, float]], since: float, until: float, cells: int
) -> list[float | None]:
    """The mean of the points in each of `cells` equal intervals; None where there is none."""
    found: list[list[float]] = [[] for _ in range(cells)]
    for at, value in points:
        if value == value and since <= at <= until:  # noqa: PLR0124 -- NaN is a gap
            found[min(cells - 1, int((at - since) / (until - since) * cells))].append(value)
    return [sum(values) / len(values) if values else None for values in found]
