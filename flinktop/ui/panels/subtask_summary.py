"""How a vertex's numbers spread over its subtasks: least, mean, most, sum, and Flink's quantiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flinktop.facts.figure import Figure
from flinktop.flink.metrics import AggregatedMetric
from flinktop.model import first_minute, rates, states, subtasks
from flinktop.model import format as fmt
from flinktop.model import lag as lags
from flinktop.ui.panels.subtask_columns import SummaryRow, hot

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from flinktop.facts.subtasks import SubtaskFacts, VertexContext
    from flinktop.flink.vertices import AggregatedTasks, Attempt
    from flinktop.ui.widgets.columns import Cell

_METERS: tuple[tuple[str, str, Callable[[float | None], str]], ...] = (
    ("taken", rates.RATE_IDS[0], fmt.count),
    ("sent", rates.RATE_IDS[1], fmt.count),
    ("busy", rates.TIME_IDS[0], fmt.per_mille),
    ("backpressured", rates.TIME_IDS[1], fmt.per_mille),
    ("idle", rates.TIME_IDS[2], fmt.per_mille),
)
_TOTALS: tuple[tuple[str, str, str, Callable[[float | None], str]], ...] = (
    ("total_taken", "records_in", "read-records", fmt.count),
    ("total_sent", "records_out", "write-records", fmt.count),
    ("bytes_taken", "bytes_in", "read-bytes", fmt.size),
    ("bytes_sent", "bytes_out", "write-bytes", fmt.size),
)
LABELS = ("min", "avg", "max")
QUANTILES = (("p25", "p25"), ("med", "median"), ("p75", "p75"), ("p95", "p95"))
"""What we call them, and what Flink does."""
SUM = "sum"
FEW, SOME = LABELS, (*LABELS, "med", "p95")
ALL = (*LABELS, *(label for label, _ in QUANTILES), SUM)
"""The lines where there is little room, some, and plenty."""


def summary_rows(
    attempts: Sequence[Attempt],
    aggregated: AggregatedTasks | None,
    found: Mapping[str, AggregatedMetric],
    context: VertexContext,
    cluster_now: float,
    *,
    failed: bool = False,
    rows: Sequence[SubtaskFacts] = (),
    counted: Mapping[str, Sequence[float | None]] | None = None,
) -> list[SummaryRow]:
    """The lines below the table, as many of `ALL` as the release tells; [] for fewer than two subtasks.

    Rates and times are those of `rows`, the subtasks that run, where all of them are on the screen: what
    stands below them is of the same answer. Else they are those of `…/subtasks/metrics`. Totals come from the
    subtasks themselves, and their quantiles from the same answer (1.16+). `failed`: rates and times could not
    be had. `counted`: in the first minute, what each subtask takes in and sends by its totals ("taken",
    "sent").
    """
    if len(attempts) < 2:  # noqa: PLR2004 -- one alone is its own least and most
        return []
    flows = any(not states.is_terminal(one.status) for one in attempts)
    cells: dict[str, dict[str, Cell]] = {label: {} for label in ALL}
    for key, metric, write in _METERS:
        chained = context.source and context.sink and key in ("taken", "sent")
        if chained or not flows or key not in context.ids.measures:
            continue
        known, answered = _spread(key, metric, rows, found, counted)
        for label, value in zip(LABELS, _extremes(known), strict=True):
            tone = hot(Figure(value)) if key in ("busy", "backpressured") else ""
            cells[label][key] = _cell(value, write, tone, answered=answered, failed=failed)
        if key in ("taken", "sent"):
            whole = known.sum if known is not None else None
            cells[SUM][key] = _cell(whole, write, "", answered=answered, failed=failed)
    _put_totals(cells, attempts, aggregated, context)
    if flows:
        _put_lag(cells, of_rows(rows, "lag"), found.get(rates.WATERMARK_ID), cluster_now)
    lines = (*LABELS, SUM) if aggregated is None else ALL
    return [SummaryRow(label, cells[label]) for label in lines]


def _spread(
    key: str,
    metric: str,
    rows: Sequence[SubtaskFacts],
    found: Mapping[str, AggregatedMetric],
    counted: Mapping[str, Sequence[float | None]] | None,
) -> tuple[AggregatedMetric | None, bool]:
    """How a rate or a time spreads, and whether it is not measured where it is not known."""
    shown = of_rows(rows, key)
    if shown is not None or counted is None:
        return shown or found.get(metric), bool(found)
    return _in_first_minute(key, found, counted), False


def _in_first_minute(
    key: str, found: Mapping[str, AggregatedMetric], counted: Mapping[str, Sequence[float | None]]
) -> AggregatedMetric | None:
    """Rates by totals, and times unless they are not measured yet; None is not known."""
    metric = next(metric for one, metric, _ in _METERS if one == key)
    if key not in counted:
        return None if first_minute.has_unmeasured(found, rates.TIME_IDS) else found.get(metric)
    spread = subtasks.summary(counted[key])
    if spread is None:
        return None
    return AggregatedMetric(metric, spread.least, spread.most, spread.mean, spread.mean * len(counted[key]))


def _put_totals(
    cells: dict[str, dict[str, Cell]],
    attempts: Sequence[Attempt],
    aggregated: AggregatedTasks | None,
    context: VertexContext,
) -> None:
    """Records and bytes since the subtasks began."""
    for key, attribute, name, write in _TOTALS:
        if (context.source and "taken" in key) or (context.sink and "sent" in key):
            continue
        told = [getattr(one.metrics, attribute) for one in attempts]
        spread = subtasks.summary(told)
        values = (spread.least, spread.mean, spread.most) if spread is not None else (None, None, None)
        for label, value in zip(LABELS, values, strict=True):
            cells[label][key] = _cell(value, write, "", answered=False)
        cells[SUM][key] = _cell(sum(told) if spread is not None else None, write, "", answered=False)
        if (quantiles := aggregated.metrics.get(name) if aggregated is not None else None) is not None:
            for label, field in QUANTILES:
                cells[label][key] = _cell(getattr(quantiles, field), write, "", answered=True)


def found_in(rows: Sequence[SubtaskFacts]) -> dict[str, AggregatedMetric]:
    """What the rows of all subtasks sum up to, by the ids of `…/subtasks/metrics`.

    What one of them lacks is left out.
    """
    known = ((metric, of_rows(rows, key)) for key, metric, _ in _METERS)
    return {metric: spread for metric, spread in known if spread is not None}


def slowest(rows: Sequence[SubtaskFacts]) -> SubtaskFacts | None:
    """The row with the lowest watermark; None where one of them has none."""
    if any(row.mark is None for row in rows):
        return None
    return min(rows, key=lambda row: row.mark or 0.0, default=None)


def of_rows(rows: Sequence[SubtaskFacts], measure: str) -> AggregatedMetric | None:
    """How a figure spreads over rows; None where not all of them have it."""
    values = [
        figure.value if not figure.absent else None for figure in (getattr(row, measure) for row in rows)
    ]
    spread = subtasks.summary(values)
    if spread is None:
        return None
    return AggregatedMetric(measure, spread.least, spread.most, spread.mean, spread.mean * len(values))


def ages(summed: float, shown: float, count: int) -> dict[str, Cell]:
    """By line: of which time the sums over so many subtasks are, and of which the rows, where those differ.

    Args:
        summed: Seconds since the answer that sums them up.
        shown: Seconds since that of the rows on the screen.
        count: Subtasks.
    """
    if abs(summed - shown) < 1:
        return {}
    return {
        LABELS[0]: (f"all {count}: {fmt.duration(summed)} ago", "muted"),
        LABELS[1]: (f"rows: {fmt.duration(shown)} ago", "muted"),
    }


def _extremes(known: AggregatedMetric | None) -> tuple[float | None, float | None, float | None]:
    return (known.min, known.avg, known.max) if known is not None else (None, None, None)


def _put_lag(
    cells: dict[str, dict[str, Cell]],
    shown: AggregatedMetric | None,
    known: AggregatedMetric | None,
    cluster_now: float,
) -> None:
    """The lag of the foremost, the mean and the last watermark: of the rows, or of all watermarks."""
    if shown is not None:
        for label, value in zip(LABELS, _extremes(shown), strict=True):
            cells[label]["lag"] = (lags.text(value), "")
        return
    if known is None or rates.watermark_lag(known.min, cluster_now) is None:
        return
    for label, value in zip(LABELS, (known.max, known.avg, known.min), strict=True):
        lag = rates.watermark_lag(value, cluster_now)
        if lag is not None:
            cells[label]["lag"] = (lags.text(lag), "")


def _cell(
    value: float | None,
    write: Callable[[float | None], str],
    tone: str,
    *,
    answered: bool,
    failed: bool = False,
) -> Cell:
    if value is None:
        return Figure(absent=answered, failed=failed).blank
    return write(value), tone
