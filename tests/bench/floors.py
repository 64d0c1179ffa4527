"""Bare Textual apps to measure against: one word, a DataTable, flinktop's own table.

    python -m tests.bench.floors blank | datatable ROWS | livetable ROWS

The tables show rows like those of flinktop's jobs; every three seconds the numbers of all rows change.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import App
from textual.widgets import DataTable, Static

from flinktop.ui.widgets.table import Column, LiveTable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from textual.app import ComposeResult

REFRESH = 3.0
TITLES = ("STATE", "JOB", "IN/s", "OUT/s", "IN/s, 30 m", "LAST CKPT", "RST", "UP")
WIDTHS = (12, 40, 6, 6, 10, 14, 4, 7)
MOVING = (2, 3, 4, 5, 7)
"""The columns whose cells change."""
BLOCKS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table."""

    key: str
    cells: tuple[str, ...]


def rows(count: int, turn: int) -> Iterator[Row]:
    """The rows as they are after so many refreshes."""
    for number in range(count):
        seed = number * 7919 + turn * 104_729
        trend = "".join(BLOCKS[(seed >> place) % 8] for place in range(10))
        numbers = (f"{seed % 997}k", f"{seed % 991}", trend, f"{seed % 59} s / 1 m", "0", f"{turn} m")
        yield Row(str(number), ("● RUNNING", f"job {number:04} -> sink", *numbers))


class Blank(App[None]):
    """One word."""

    def compose(self) -> ComposeResult:
        yield Static("blank")


class Datatable(App[None]):
    """A DataTable, of which the cells on the screen are updated."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self._count = count
        self._turn = 0

    def compose(self) -> ComposeResult:
        yield DataTable(cursor_type="row")

    def on_mount(self) -> None:
        table = self.query_one(DataTable)
        for title, width in zip(TITLES, WIDTHS, strict=True):
            table.add_column(title, key=title, width=width)
        for row in rows(self._count, 0):
            table.add_row(*row.cells, key=row.key)
        self.set_interval(REFRESH, self._move)

    def _move(self) -> None:
        self._turn += 1
        table = self.query_one(DataTable)
        top = int(table.scroll_y)
        for number, row in enumerate(rows(self._count, self._turn)):
            if top <= number < top + table.size.height:
                for column in MOVING:
                    table.update_cell(row.key, TITLES[column], row.cells[column])


def _cell(at: int, row: Row) -> tuple[str, str]:
    return row.cells[at], ""


class Livetable(App[None]):
    """flinktop's table, which is given all rows and repaints what differs on the screen."""

    CSS: ClassVar[str] = "LiveTable { height: 1fr; }"

    def __init__(self, count: int) -> None:
        super().__init__()
        self._count = count
        self._turn = 0

    def compose(self) -> ComposeResult:
        columns = [
            Column[Row](title, title, width, partial(_cell, at))
            for at, (title, width) in enumerate(zip(TITLES, WIDTHS, strict=True))
        ]
        yield LiveTable(columns, row_key=lambda row: row.key)

    def on_mount(self) -> None:
        self.query_one(LiveTable).set_rows(tuple(rows(self._count, 0)))
        self.set_interval(REFRESH, self._move)

    def _move(self) -> None:
        self._turn += 1
        self.query_one(LiveTable).set_rows(tuple(rows(self._count, self._turn)))


def main() -> None:
    """Run the app of that name."""
    parser = argparse.ArgumentParser()
    parser.add_argument("app", choices=("blank", "datatable", "livetable"))
    parser.add_argument("rows", type=int, nargs="?", default=0)
    arguments = parser.parse_args()
    if arguments.app == "blank":
        Blank().run(mouse=False)
    elif arguments.app == "datatable":
        Datatable(arguments.rows).run(mouse=False)
    else:
        Livetable(arguments.rows).run(mouse=False)


if __name__ == "__main__":
    main()
