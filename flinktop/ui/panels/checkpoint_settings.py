"""How a job's checkpoints are configured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.facts.checkpoints import is_off
from flinktop.flink.checkpoints import CHECKPOINT_CONFIG, CHECKPOINTS
from flinktop.flink.errors import NotFound
from flinktop.flink.jobs import JOB
from flinktop.model import format as fmt
from flinktop.model.checkpoints import Item, items
from flinktop.ui.live import RARELY, Asks
from flinktop.ui.panels.checkpoint_lines import OFF
from flinktop.ui.panels.columns import text
from flinktop.ui.panels.table_panel import TablePanel
from flinktop.ui.widgets.columns import Column

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flinktop.engine.host import Port
    from flinktop.flink.checkpoints import CheckpointConfig
    from flinktop.flink.endpoint import Query
    from flinktop.ui.widgets.columns import Cell


def value_cell(item: Item, port: Port) -> Cell:
    """What an item is set to, in words; that a release does not tell it is said."""
    if item.words is not None:
        return item.words, ""
    if port.features.has(*item.since):
        return fmt.ABSENT, "muted"
    major, minor = item.since
    return f"{fmt.ABSENT} Flink {major}.{minor}+", "muted"


class CheckpointSettings(TablePanel[Item]):
    """Every item of the configuration, those that the release does not tell too."""

    BOX = "Configuration"
    LOADING = "loading configuration…"
    EVERY = RARELY
    FADES = False

    def columns(self) -> Sequence[Column[Item]]:
        return (
            text(
                "setting", "SETTING", 28, lambda item: item.name, tone="strong", sort=lambda item: item.name
            ),
            Column("value", "VALUE", 43, lambda item: value_cell(item, self.port), flex=True),
            text("field", "FIELD IN REST API", 43, lambda item: item.field, tone="muted", drop=1),
        )

    def source(self) -> Query[CheckpointConfig]:
        return CHECKPOINT_CONFIG(job=self.job)

    def asks(self) -> Asks:
        return super().asks() | {CHECKPOINTS(job=self.job): 0.0, JOB(job=self.job): 0.0}

    def key(self, row: Item) -> str:
        return row.field

    def rows_of(self, answer: CheckpointConfig) -> Sequence[Item]:
        return items(answer)

    def empty(self) -> str:
        error = self.reading.error if self.reading is not None else None
        off = isinstance(error, NotFound) and is_off(self.port, self.job)
        return OFF if off else super().empty()
