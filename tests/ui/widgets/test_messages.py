"""What a table tells reaches the screen, whoever gave it its rows."""

from __future__ import annotations

from dataclasses import dataclass

from textual.app import App, ComposeResult
from textual.containers import Container

from flinktop.ui.widgets.messages import Moved
from flinktop.ui.widgets.table import Column, LiveTable


@dataclass(frozen=True)
class Row:
    key: str


class Parent(Container):
    def compose(self) -> ComposeResult:
        yield LiveTable([Column[Row]("key", "ID", 4, lambda row: (row.key, ""))], row_key=lambda row: row.key)

    def on_mount(self) -> None:
        # The parent's own handler is what runs when the table gets its first rows.
        self.call_after_refresh(self.query_one(LiveTable).set_rows, [Row("a"), Row("b")])


class Bench(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.heard: list[str | None] = []

    def compose(self) -> ComposeResult:
        yield Parent()

    def on_live_table_moved(self, message: Moved) -> None:
        self.heard.append(message.key)


async def test_news_of_rows_that_the_parent_sets_reach_the_screen() -> None:
    app = Bench()
    async with app.run_test(size=(20, 6)) as pilot:
        for _ in range(100):
            await pilot.pause(0.05)
            if app.heard:
                break
        assert app.heard == ["a"]
