"""Columns that tables of jobs and of vertices share."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, TypeVar

from flinktop.model import lag as lags
from flinktop.model import states
from flinktop.model.tasks import state_tone
from flinktop.ui.widgets.spark import spark
from flinktop.ui.widgets.table import Column

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from flinktop.engine.host import Port
    from flinktop.engine.series import SeriesName
    from flinktop.facts.figure import Figure
    from flinktop.model.tasks import Tasks
    from flinktop.ui.widgets.table import Cell

SPARK_SECONDS = 1800.0
SPARK_CELLS = 10
HEADROOM = 7.6 / 7
"""Of the scale above the greatest value."""


class Stated(Protocol):
    """A row with a state and a name."""

    @property
    def state(self) -> str:
        """In upper case."""
        ...

    @property
    def name(self) -> str:
        """Foreign text."""
        ...


class JobStated(Stated, Protocol):
    """A row of a job."""

    @property
    def tasks(self) -> Tasks | None:
        """Its tasks; None where that is not known."""
        ...


J = TypeVar("J", bound=JobStated)
R = TypeVar("R", bound=Stated)


def state_column(*, drop: int = 0) -> Column[R]:
    """The state, by a shape, a word and a colour."""
    return Column(
        "state",
        "STATE",
        12,
        lambda row: (states.words(row.state), states.tone(row.state)),
        sort=lambda row: (-states.severity(row.state), row.state),
        drop=drop,
    )


def job_state_column() -> Column[J]:
    """The state of a job; one that is RUNNING without a running task looks like what it is."""

    def cell(row: J) -> Cell:
        tone = state_tone(row.state, row.tasks)
        return states.words(row.state, tone), tone

    return replace(state_column(), cell=cell)


def name_column(title: str) -> Column[R]:
    """The name, which is never dropped and takes what the others leave."""
    return Column(
        "name", title, 16, lambda row: (row.name, "strong"), sort=lambda row: row.name.casefold(), flex=True
    )


def trend_column(
    port: Port, series: Callable[[R], SeriesName], *, title: str, ascii_only: bool, drop: int
) -> Column[R]:
    """The last half hour of a row's series."""
    return Column(
        "trend",
        title,
        SPARK_CELLS,
        lambda row: (trend(port, series(row), ascii_only=ascii_only), "trend"),
        drop=drop,
    )


def trend(port: Port, series: SeriesName, *, ascii_only: bool) -> str:
    """A series over the last half hour, one cell for each tenth of it."""
    now = port.now()
    cells = by_cell(port.points(series, now - SPARK_SECONDS), now - SPARK_SECONDS, now, SPARK_CELLS)
    # The greatest leaves a little of its cell free: else steady rows grow together to one block.
    most = HEADROOM * max((value for value in cells if value is not None), default=0.0)
    return spark(cells, SPARK_CELLS, ascii=ascii_only, top=most or None)


def by_cell(
    points: Iterable[tuple[float, float]], since: float, until: float, cells: int
) -> list[float | None]:
    """The mean of the points in each of `cells` equal stretches of time; None where there is none."""
    found: list[list[float]] = [[] for _ in range(cells)]
    for at, value in points:
        if value == value and since <= at <= until:  # noqa: PLR0124 -- NaN is a gap
            found[min(cells - 1, int((at - since) / (until - since) * cells))].append(value)
    return [sum(values) / len(values) if values else None for values in found]


def lag_cell(figure: Figure) -> Cell:
    """A watermark lag in a table."""
    if figure.absent or figure.value is None:
        return figure.blank
    return lags.text(figure.value), figure.tone
