"""Metric ids of one subtask, and their values: rates, times, watermark."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from flinktop.flink.metrics import watermark
from flinktop.flink.numbers import LONG_MAX, subtask_index
from flinktop.model import rates

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flinktop.flink.jobs import JobVertex
    from flinktop.flink.metrics import Metric

OUTPUT_WATERMARK = "currentOutputWatermark"
LONGEST_ID = 120  # bytes (UTF-8) of an operator's watermark id that is requested by subtask

MEASURES = {  # the measure of each metric, by the last part of its id
    "numRecordsInPerSecond": "taken",
    "numRecordsOutPerSecond": "sent",
    "busyTimeMsPerSecond": "busy",
    "backPressuredTimeMsPerSecond": "backpressured",
    "idleTimeMsPerSecond": "idle",
    rates.WATERMARK_ID: "watermark",
    OUTPUT_WATERMARK: "watermark",
}

NO_WATERMARK, ENDED = -math.inf, math.inf  # none yet (Long.MIN); end of the input (Long.MAX)

Figures = dict[str, float | None]  # by measure: records/s, ms/s, ms since 1970; None: not measured


# No slots: cached properties are needed, as thousands of rows use them.
@dataclass(frozen=True)
class SubtaskIds:
    """The metrics of one subtask, without its index."""

    ids: tuple[str, ...]

    @cached_property
    def measures(self) -> frozenset[str]:
        return frozenset(MEASURES[last_part(metric)] for metric in self.ids)

    def of(self, subtasks: Iterable[int]) -> tuple[str, ...]:
        """The ids to request from a vertex (`…/vertices/:vertexid/metrics?get=`)."""
        return tuple(f"{subtask}.{metric}" for subtask in subtasks for metric in self.ids)


def last_part(metric: str) -> str:
    """The id without subtask and operator."""
    return metric.rpartition(".")[2]


def subtask_ids(
    vertex: JobVertex, *, source: bool, sink: bool, times: bool, listed: Sequence[str]
) -> SubtaskIds:
    """The metrics of a subtask of this vertex.

    A source has no inputs: it counts no input, and only its operators have watermarks; a sink has no
    outputs. `times`: the release measures busy, backpressured and idle time (1.13+). `listed`: the ids that
    the vertex has (`…/subtasks/metrics`); () if unknown.
    """
    ids: list[str] = []
    if source and sink:
        chain = rates.chained_ids(vertex, listed)
        ids += chain.all if chain is not None else ()
    else:
        ids += [rates.RATE_IDS[0]] if not source else []
        ids += [rates.RATE_IDS[1]] if not sink else []
    ids += rates.TIME_IDS if times else ()
    mark = output_watermark(vertex.name, listed) if source else rates.WATERMARK_ID
    if mark is not None and len(mark.encode()) <= LONGEST_ID:
        ids.append(mark)
    return SubtaskIds(tuple(ids))


def output_watermark(vertex: str, listed: Iterable[str]) -> str | None:
    """The output watermark of a vertex without inputs: its last operator's (`<operator>.current…`).

    The operators are searched in the vertex's name, which has them in the order of the chain; Flink writes
    `_` for some characters and cuts names at 80.
    """
    chain = rates.as_in_ids(vertex)
    found = [metric for metric in listed if metric.endswith(f".{OUTPUT_WATERMARK}")]
    return max(
        found,
        key=lambda metric: (chain.rfind(metric.removesuffix(f".{OUTPUT_WATERMARK}")), metric),
        default=None,
    )


def by_subtask(metrics: Iterable[Metric]) -> dict[int, Figures]:
    """Values by subtask in an answer of `…/vertices/:vertexid/metrics?get=`.

    Several ids of one measure are summed, such as the inputs of a chain's last operators. A legacy source
    measures neither busy nor idle time: Flink reports NaN and 0.
    """
    found: dict[int, Figures] = {}
    for metric in metrics:
        first, _, rest = metric.id.partition(".")
        measure, index = MEASURES.get(last_part(rest)), subtask_index(first)
        if measure is None or index is None:
            continue
        figures = found.setdefault(index, {})
        value = watermark_of(metric) if measure == "watermark" else metric.number
        before = figures.get(measure)
        figures[measure] = value if before is None or value is None else before + value
    for figures in found.values():
        if "idle" in figures and figures.get("busy", 0.0) is None:
            figures["idle"] = None
    return found


def watermark_of(metric: Metric) -> float:
    """Milliseconds since 1970, NO_WATERMARK or ENDED."""
    mark = watermark(metric.value)
    if mark is None:
        return NO_WATERMARK
    return ENDED if mark >= LONG_MAX else float(mark)
