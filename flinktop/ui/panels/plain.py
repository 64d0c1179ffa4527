"""Our own shapes in ASCII, for terminals that have no others; foreign text keeps its letters."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from flinktop.model import format as fmt
from flinktop.ui.widgets.empty_words import empty_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flinktop.ui.widgets.table import Cell, Column

R = TypeVar("R")

_ASCII = str.maketrans(
    {
        "●": "*",
        "◐": "~",
        "○": "o",
        "✕": "X",
        "▲": "!",
        "⏸": "=",
        "⟳": "@",
        "▸": ">",
        "±": "+-",
        fmt.UNKNOWN: "~",
        fmt.ABSENT: "-",
    }
)


def plain(text: str) -> str:
    """Text of ours with ASCII letters for its shapes."""
    return empty_words(text, ascii_only=True).translate(_ASCII)


def plain_columns(columns: Sequence[Column[R]]) -> list[Column[R]]:
    """Columns that show our shapes in ASCII; the column called "name" is foreign text."""
    return [column if column.key == "name" else _plain_column(column) for column in columns]


def _plain_column(column: Column[R]) -> Column[R]:
    cell = column.cell

    def plain_cell(row: R) -> Cell:
        text, style = cell(row)
        return plain(text), style

    return replace(column, cell=plain_cell)
