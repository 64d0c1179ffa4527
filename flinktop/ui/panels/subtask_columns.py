"""The columns of the subtasks table, and of the lines below it that sum them up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flinktop.model import format as fmt
from flinktop.model import lag as lags
from flinktop.model.busy import HOT, WARM
from flinktop.ui.panels.shared_columns import state_column
from flinktop.ui.widgets.columns import Cell, Column

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flinktop.facts.figure import Figure
    from flinktop.facts.subtasks import SubtaskFacts


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """One line below the table: its name, and a cell for each column that it has something to say of."""

    label: str
    cells: Mapping[str, Cell] = field(default_factory=dict)


def said(figure: Figure, write: Callable[[float | None], str], tone: str = "") -> Cell:
    """A figure as a cell: what is absent and what is not known never look alike."""
    if figure.absent or figure.value is None:
        return figure.blank
    return write(figure.value), tone


def shown(figure: Figure) -> bool:
    """Whether a figure is written as a number, which may have a unit."""
    return not figure.absent and figure.value is not None


def hot(figure: Figure) -> str:
    """The tone of busy or backpressured time."""
    value = figure.value or 0.0
    return "bad" if value >= HOT else "warn" if value >= WARM else ""


def columns() -> list[Column[SubtaskFacts]]:
    """The columns; index, state and rates are the last to give way."""

    def number(
        key: str,
        title: str,
        width: int,
        drop: int,
        write: Callable[[float | None], str] = fmt.count,
        *,
        tone: Callable[[Figure], str] = lambda _figure: "",
        told: bool = False,
    ) -> Column[SubtaskFacts]:
        def cell(row: SubtaskFacts) -> Cell:
            figure: Figure = getattr(row, key)
            text, style = said(figure, write, tone(figure))
            return text, "stale" if told and row.stale and figure.value is not None else style

        return Column(
            key,
            title,
            width,
            cell,
            sort=lambda row: getattr(row, key).value,
            align="right",
            descending=True,
            drop=drop,
        )

    state: Column[SubtaskFacts] = state_column()
    found: list[Column[SubtaskFacts]] = [
        Column("index", "#", 4, lambda row: (row.key, "strong"), sort=lambda row: row.index, align="right"),
        state,
        Column(
            "attempt",
            "ATTEMPT",
            7,
            lambda row: (fmt.number(row.attempt), "warn" if row.attempt else "muted"),
            sort=lambda row: row.attempt,
            align="right",
            descending=True,
            drop=6,
        ),
        Column(
            "host",
            "HOST",
            16,
            lambda row: (row.host or fmt.ABSENT, "muted" if not row.host else ""),
            sort=lambda row: row.host,
            drop=3,
            flex=True,
        ),
        number("taken", "IN/s", 6, 0, told=True),
        number("sent", "OUT/s", 6, 0, told=True),
        number("total_taken", "IN", 6, 5),
        number("total_sent", "OUT", 6, 5),
        number("bytes_taken", "BYTES IN", 9, 11, fmt.size),
        number("bytes_sent", "BYTES OUT", 9, 11, fmt.size),
        number("busy", "BUSY%", 5, 1, fmt.per_mille, tone=hot, told=True),
        number("backpressured", "BKPR%", 5, 1, fmt.per_mille, tone=hot, told=True),
        number("idle", "IDLE%", 5, 8, fmt.per_mille, told=True),
        Column(
            "watermark",
            "WATERMARK",
            11,
            lambda row: (row.watermark, "stale" if row.stale else "" if row.mark is not None else "muted"),
            sort=lambda row: row.mark,
            align="right",
            drop=9,
        ),
        number("lag", "WM LAG", 6, 2, lags.text, tone=lambda figure: figure.tone, told=True),
        Column(
            "seconds",
            "IN STATE",
            8,
            lambda row: (fmt.span(row.seconds) if row.seconds is not None else fmt.ABSENT, "muted"),
            sort=lambda row: row.seconds,
            align="right",
            descending=True,
            drop=7,
        ),
    ]
    return found


def summary_columns() -> list[Column[SummaryRow]]:
    """The same places, for the lines below."""

    def cell_of(key: str) -> Callable[[SummaryRow], Cell]:
        if key == "index":
            return lambda row: (row.label, "info")
        return lambda row: row.cells.get(key, ("", ""))

    found: list[Column[SummaryRow]] = [
        Column(
            column.key,
            column.title,
            column.width,
            cell_of(column.key),
            align=column.align,
            drop=column.drop,
            flex=column.flex,
        )
        for column in columns()
    ]
    return found
