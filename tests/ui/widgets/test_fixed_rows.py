"""Rows under a table that stay while it scrolls."""

from __future__ import annotations

from dataclasses import dataclass

from textual.app import App, ComposeResult

from flinktop.ui.widgets.fixed_rows import FixedRows
from flinktop.ui.widgets.table import Column, LiveTable


@dataclass(frozen=True)
class Row:
    name: str
    count: int


COLUMNS = [
    Column[Row]("name", "NAME", 6, lambda row: (row.name, ""), flex=True),
    Column[Row]("count", "COUNT", 6, lambda row: (str(row.count), "warn"), align="right"),
    Column[Row]("more", "MORE", 30, lambda row: (row.name[:1], ""), drop=1),
]


class Two(App[None]):
    def __init__(self, *, ascii_only: bool) -> None:
        super().__init__()
        self._ascii = ascii_only

    def compose(self) -> ComposeResult:
        table = LiveTable(COLUMNS, row_key=lambda row: row.name, ascii=self._ascii)
        table.styles.height = 3
        yield table
        yield FixedRows(COLUMNS, ascii=self._ascii)

    def on_mount(self) -> None:
        self.query_one(LiveTable).set_rows([Row(f"row {number}", number) for number in range(9)])
        self.query_one(FixedRows).set_rows([Row("sum", 36), Row("[b]x[/]", 8)])

    @property
    def lines(self) -> list[str]:
        return [
            "".join(segment.text for segment in strip) for strip in self.screen._compositor.render_strips()
        ]


async def test_their_cells_are_below_the_tables_columns() -> None:
    for ascii_only in (False, True):
        for width in (30, 60):
            app = Two(ascii_only=ascii_only)
            async with app.run_test(size=(width, 8)):
                head, first, _, total, markup = app.lines[:5]
                assert head.index("COUNT") + 4 == first.rindex("0") == total.rindex("6")
                assert head.index("NAME") == first.index("row") == total.index("sum")
                assert "[b]x[/]" in markup
                assert ("MORE" in head) is (width == 60)


async def test_they_stay_while_the_table_scrolls() -> None:
    app = Two(ascii_only=False)
    async with app.run_test(size=(30, 8)) as pilot:
        app.query_one(LiveTable).focus()
        await pilot.press("end")
        assert "row 8" in app.lines[2]
        assert "sum" in app.lines[3]


async def test_they_take_as_many_lines_as_there_are_rows() -> None:
    app = Two(ascii_only=False)
    async with app.run_test(size=(30, 8)) as pilot:
        rows = app.query_one(FixedRows)
        assert rows.size.height == 2
        rows.set_rows([])
        await pilot.pause(0)
        assert rows.size.height == 0
