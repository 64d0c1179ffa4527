"""What subtasks on a screen do over time, recorded from the answers that their rows are made of."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from flinktop.engine.series import SeriesStore, subtask_series
from flinktop.flink.metrics import VERTEX_METRICS
from flinktop.model import first_minute, rates
from flinktop.model.subtask_figures import ENDED, by_subtask

if TYPE_CHECKING:
    from collections.abc import Callable

    from flinktop.flink.endpoint import Query


def record(
    series: SeriesStore,
    query: Query[Any],
    value: Any,
    at: float,
    cluster_now: float,
    *,
    is_young: Callable[[str, str, float], bool] = lambda *_: False,
) -> None:
    """Take in an answer, if it is one about subtasks.

    Args:
        series: Where points are kept.
        query: What was asked.
        value: The answer.
        at: When it came (engine's clock, s).
        cluster_now: The cluster's own time (s since 1970), which watermarks are behind.
        is_young: Whether an answer of a time is of a vertex's first minute, whose meters are no rates.
    """
    wanted = dict(query.params).get("get")
    if wanted is None or query.endpoint is not VERTEX_METRICS:
        return
    ids = dict(query.ids)
    vertex = ids["job"], ids["vertex"]
    young = is_young(*vertex, at)
    for subtask, figures in by_subtask(value).items():
        known = first_minute.known(figures) if young else figures
        for measure, number in known.items():
            if measure != "watermark":
                series.add(subtask_series(*vertex, subtask, measure), at, number)
            elif number is not None and math.isfinite(number):
                lag = rates.watermark_lag(number, cluster_now)
                series.add(subtask_series(*vertex, subtask, "lag"), at, lag)
            elif number == ENDED:
                series.add(subtask_series(*vertex, subtask, "lag"), at, None)
