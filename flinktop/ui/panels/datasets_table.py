"""Intermediate results that batch programs share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.flink.cluster import DATASETS
from flinktop.ui.panels.columns import text
from flinktop.ui.panels.table_panel import TablePanel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flinktop.flink.cluster import DataSet, DataSets


class DatasetsTable(TablePanel["DataSet"]):
    """Cluster data sets (`/datasets`, 1.11+): kept on TaskManagers until they are deleted."""

    ENDPOINT = DATASETS
    KEY = "id"
    BOX = "Datasets"
    TABLE = "datasets"
    LOADING = "loading datasets…"
    NOTHING = "No program keeps an intermediate result on the cluster (Table.cache in batch programs)."
    MISSING = "datasets"
    EVERY = 10.0
    COLUMNS = (
        text("dataset", "DATASET", 32, lambda row: row.id, tone="strong", sort=True, flex=True),
        text(
            "complete",
            "COMPLETE",
            8,
            lambda row: "yes" if row.is_complete else "no",
            tone=lambda row: "good" if row.is_complete else "warn",
            sort=lambda row: row.is_complete,
        ),
    )

    def rows_of(self, answer: DataSets) -> Sequence[DataSet]:
        return answer.data_sets
