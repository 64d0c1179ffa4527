"""What subtasks on a screen do over time, recorded from the answers that their rows are made of."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from flinktop.engine.series import SeriesStore, subtask_series
from flinktop.flink.metrics import VERTEX_METRICS
from flinktop.model import rates
from flinktop.model.subtask_figures import ENDED, by_subtask

if TYPE_CHECKING:
    from flinktop.flink.endpoint import Query
    from flinktop.flink.metrics import Metrics


def record(series: SeriesStore, query: Query[Any], value: Any, at: float, cluster_now: float) -> None:
    """Take in an answer, if it is one about subtasks.

    Args:
        series: Where points are kept.
        query: What was asked.
        value: The answer.
        at: When it came (engine's clock, s).
        cluster_now: The cluster's own time (s since 1970), which watermarks are behind.
    """
    wanted = dict(query.params).get("get")
    if wanted is None:
        return
    ids = dict(query.ids)
    if query.endpoint is VERTEX_METRICS:
        _subtasks(series, (ids["job"], ids["vertex"]), value, at, cluster_now)


def _subtasks(
    series: SeriesStore, vertex: tuple[str, str], metrics: Metrics, at: float, cluster_now: float
) -> None:
    for subtask, figures in by_subtask(metrics).items():
        for measure, value in figures.items():
            if measure != "watermark":
                series.add(subtask_series(*vertex, subtask, measure), at, value)
            elif value is not None and math.isfinite(value):
                lag = rates.watermark_lag(value, cluster_now)
                series.add(subtask_series(*vertex, subtask, "lag"), at, lag)
            elif value == ENDED:
                series.add(subtask_series(*vertex, subtask, "lag"), at, None)
