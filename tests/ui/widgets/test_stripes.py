"""Cells in several styles."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len
from textual.app import App, ComposeResult

from flinktop.ui.widgets.columns import Stripes
from flinktop.ui.widgets.table import Column, LiveTable


@dataclass(frozen=True)
class Row:
    key: str
    runs: tuple[tuple[str, str], ...]


class Bench(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.table = LiveTable(
            [
                Column[Row](
                    "bar", "BAR", 10, lambda row: (row.key, ""), stripes=lambda row, _width: Stripes(row.runs)
                ),
                Column[Row]("key", "ID", 4, lambda row: (row.key, "")),
            ],
            row_key=lambda row: row.key,
        )

    def compose(self) -> ComposeResult:
        yield self.table


async def test_a_cell_in_several_styles_fills_its_column_and_no_more() -> None:
    app = Bench()
    async with app.run_test(size=(30, 6)) as pilot:
        app.table.set_rows(
            [
                Row("a", (("xxx", "good"), ("yy", "bad"))),
                Row("b", (("作业作业", "good"), ("much too long", "bad"))),
                Row("c", ()),
            ]
        )
        await pilot.pause(0.05)
        lines = [app.table.render_line(y) for y in range(1, 4)]
        assert [line.text.split() for line in lines] == [["xxxyy", "a"], ["作业作业m…", "b"], ["c"]]
        # The second column begins at the same cell in every line.
        assert len({cell_len(line.text.rstrip()) for line in lines}) == 1
        assert all(cell_len(line.text) == lines[0].cell_length for line in lines)
        [first] = [segment for segment in lines[0] if "xxx" in segment.text]
        [second] = [segment for segment in lines[0] if "yy" in segment.text]
        assert first.style != second.style


async def test_runs_of_the_same_texts_in_other_styles_are_repainted() -> None:
    app = Bench()
    async with app.run_test(size=(30, 6)) as pilot:
        app.table.set_rows([Row("z", ()), Row("a", (("xxx", "good"),))])
        await pilot.pause(0.05)
        before = app.table.render_line(2)
        app.table.set_rows([Row("z", ()), Row("a", (("xxx", "bad"),))])
        await pilot.pause(0.05)
        assert app.table._painted[2][0][0] == Stripes((("xxx", "bad"),))
        assert before.text == app.table.render_line(2).text
        assert list(before) != list(app.table.render_line(2))


async def test_the_filter_searches_the_text_of_the_cell() -> None:
    app = Bench()
    async with app.run_test(size=(30, 6)) as pilot:
        app.table.set_rows([Row("alpha", (("xxx", "good"),)), Row("beta", (("alpha", "bad"),))])
        await pilot.pause(0.05)
        app.table.filter = "alpha"
        assert app.table.shown_keys() == ("alpha",)
