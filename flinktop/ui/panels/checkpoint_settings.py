"""How a job's checkpoints are configured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flinktop.facts.checkpoints import is_off
from flinktop.facts.freshness import error_of
from flinktop.flink.checkpoints import CHECKPOINT_CONFIG, CHECKPOINTS
from flinktop.flink.errors import NotFound
from flinktop.flink.jobs import JOB
from flinktop.model import format as fmt
from flinktop.model.checkpoint_configuration import Item, items
from flinktop.ui.live import RARELY, Panel
from flinktop.ui.panels.checkpoint_lines import OFF
from flinktop.ui.widgets.table import Cell, Column, LiveTable

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from flinktop.engine.host import Port
    from flinktop.engine.store import Reading


def value_cell(item: Item, port: Port) -> Cell:
    """What an item is set to, in words; that a release does not tell it is said."""
    if item.words is not None:
        return item.words, ""
    if port.features.has(*item.since):
        return fmt.ABSENT, "muted"
    major, minor = item.since
    return f"{fmt.ABSENT} Flink {major}.{minor}+", "muted"


class CheckpointSettings(Panel):
    """Every item of the configuration, those that the release does not tell too."""

    BOX = "Configuration"
    DEFAULT_CSS = "CheckpointSettings { height: 1fr; } CheckpointSettings LiveTable { height: 1fr; }"

    def __init__(self, job: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._job = job

    def compose(self) -> ComposeResult:
        """One table."""
        ascii_only = self.app.settings.ascii
        found: list[Column[Item]] = [
            Column("setting", "SETTING", 28, lambda item: (item.name, "strong"), sort=lambda item: item.name),
            Column("value", "VALUE", 43, lambda item: value_cell(item, self.port), flex=True),
            Column("field", "FIELD IN REST API", 43, lambda item: (item.field, "muted"), drop=1),
        ]
        yield LiveTable(
            found,
            row_key=lambda item: item.field,
            empty="loading configuration…",
            ascii=ascii_only,
        )

    def on_mount(self) -> None:
        """It hardly ever changes."""
        self.watch_query("configuration", CHECKPOINT_CONFIG(job=self._job), self._show_items, every=RARELY)
        self.watch_query("checkpoints", CHECKPOINTS(job=self._job), self._show_items)
        self.watch_query("job", JOB(job=self._job), self._show_items)
        super().on_mount()

    def _show_items(self, _reading: Reading[Any]) -> None:
        reading = self.port.reading(CHECKPOINT_CONFIG(job=self._job))
        table: LiveTable[Item] = self.query_one(LiveTable)
        if reading is not None and reading.value is not None:
            table.set_rows(items(reading.value))
        elif (error := error_of(reading, self.port.lost)) is not None:
            off = isinstance(error, NotFound) and is_off(self.port, self._job)
            words = OFF if off else error.reason
            table.set_empty(words)
