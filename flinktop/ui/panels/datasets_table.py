"""Intermediate results that batch programs share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.facts.unanswered import missing_words
from flinktop.flink.cluster import DATASETS, DataSet
from flinktop.ui.panels.answer_table import AnswerTable
from flinktop.ui.widgets.table import Column

if TYPE_CHECKING:
    from flinktop.engine.store import Reading
    from flinktop.flink.cluster import DataSets

SECONDS = 10.0


class DatasetsTable(AnswerTable[DataSet]):
    """Cluster data sets (`/datasets`, 1.11+): kept on TaskManagers until they are deleted."""

    BOX = "Datasets"
    ASKING = "loading datasets…"

    def columns(self) -> list[Column[DataSet]]:
        """Id, and whether all of it is there."""
        return [
            Column("name", "DATASET", 32, lambda row: (row.id, "strong"), sort=lambda row: row.id, flex=True),
            Column(
                "complete",
                "COMPLETE",
                8,
                lambda row: ("yes", "good") if row.is_complete else ("no", "warn"),
                sort=lambda row: row.is_complete,
            ),
        ]

    def row_key(self, row: DataSet) -> str:
        """The id."""
        return row.id

    def on_mount(self) -> None:
        """Watch the list, where there is one."""
        if absent := missing_words(self.port, DATASETS, "datasets"):
            self.table.set_empty(absent)
        else:
            self.watch_query("datasets", DATASETS(), self._told, every=SECONDS)
        super().on_mount()

    def _told(self, reading: Reading[DataSets]) -> None:
        self.explain(
            reading, "No program keeps an intermediate result on the cluster (Table.cache in batch programs)."
        )
        self.table.set_rows(reading.value.data_sets if reading.value is not None else ())
