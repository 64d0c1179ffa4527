"""The distribution of a vertex's numbers over its subtasks: min, mean, max, sum, and Flink's quantiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from flinktop.facts.freshness import ABSENT, Figure
from flinktop.facts.subtasks import METERS, aggregated, of_rows
from flinktop.model import busy, first_minute, rates, states
from flinktop.model import format as fmt
from flinktop.model import lag as lags
from flinktop.ui.panels.columns import figure_cell
from flinktop.ui.widgets.columns import Column

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from flinktop.facts.subtasks import SubtaskFacts, VertexContext
    from flinktop.flink.metrics import AggregatedMetric
    from flinktop.flink.vertices import AggregatedTasks, Attempt
    from flinktop.ui.widgets.columns import Cell

_TOTALS: tuple[tuple[str, str, str, Callable[[float | None], str]], ...] = (
    ("total_in", "records_in", "read-records", fmt.count),
    ("total_out", "records_out", "write-records", fmt.count),
    ("bytes_in", "bytes_in", "read-bytes", fmt.size),
    ("bytes_out", "bytes_out", "write-bytes", fmt.size),
)
_UNKNOWN = Figure()
_COLUMNS = {"taken": "in", "sent": "out"}
"""The columns of measures that are named otherwise."""
LABELS = ("min", "avg", "max")
QUANTILES = (("p25", "p25"), ("med", "median"), ("p75", "p75"), ("p95", "p95"))
"""Our name and Flink's."""
SUM = "sum"
FEW, SOME = LABELS, (*LABELS, "med", "p95")
ALL = (*LABELS, *(label for label, _ in QUANTILES), SUM)
"""The lines where there is little room, some, and plenty."""


class SummaryRow(Struct, frozen=True):
    """One line below the table: its name, and a cell for each column that it has a value for."""

    label: str
    cells: Mapping[str, Cell]


def summary_columns(columns: Sequence[Column[SubtaskFacts]]) -> list[Column[SummaryRow]]:
    """The same columns as those of the table, for the lines below; the first one has a line's name.

    That is the subtask's, if it is shown.
    """
    keys = [one.key for one in columns]
    names = "subtask" if "subtask" in keys else next(iter(keys), "")

    def cell_of(key: str) -> Callable[[SummaryRow], Cell]:
        if key == names:
            return lambda row: (row.label, "info")
        return lambda row: row.cells.get(key, ("", ""))

    return [
        Column(one.key, one.title, one.width, cell_of(one.key), align=one.align, drop=one.drop, flex=one.flex)
        for one in columns
    ]


def summary_rows(
    attempts: Sequence[Attempt],
    quantiles: AggregatedTasks | None,
    found: Mapping[str, AggregatedMetric],
    context: VertexContext,
    cluster_now: float,
    *,
    failed: bool = False,
    rows: Sequence[SubtaskFacts] = (),
    counted: Mapping[str, Sequence[float | None]] | None = None,
) -> list[SummaryRow]:
    """The lines below the table, as many of `ALL` as the release reports; [] for fewer than two subtasks.

    Rates and times come from `rows`, the running subtasks, while all of them are on the screen, so that the
    lines match the rows above; else from `…/subtasks/metrics`. Totals come from the subtasks themselves,
    their quantiles from the same answer (1.16+). `failed`: rates and times are not available. `counted`:
    in the first minute, the input and output of each subtask from its totals ("taken", "sent").
    """
    if len(attempts) < 2:  # noqa: PLR2004 -- one alone is its own least and most
        return []
    cells: dict[str, dict[str, Cell]] = {label: {} for label in ALL}

    def put(
        key: str,
        values: Mapping[str, float | None],
        write: Callable[[float | None], str],
        tone: Callable[[float], str] | None = None,
        unknown: Figure = _UNKNOWN,
    ) -> None:
        for label, value in values.items():
            known = Figure(value) if value is not None else unknown
            cells[label][key] = figure_cell(known, write, tone)

    flows = any(not states.is_terminal(one.status) for one in attempts)
    for key, metric in METERS if flows else ():
        counts = key in first_minute.RATES
        if key not in context.ids.measures or (context.source and context.sink and counts):
            continue
        known, answered = _spread(key, metric, rows, found, counted)
        values = _extremes(known) | ({SUM: known.sum if known is not None else None} if counts else {})
        hot = busy.tone if key in ("busy", "backpressured") else None
        unknown = Figure(absent=answered, failed=failed)
        put(_COLUMNS.get(key, key), values, fmt.count if counts else fmt.per_mille, hot, unknown)
    for key, attribute, name, write in _TOTALS:
        if (context.source and key.endswith("_in")) or (context.sink and key.endswith("_out")):
            continue
        whole = aggregated(name, [getattr(one.metrics, attribute) for one in attempts])
        put(key, _extremes(whole) | {SUM: whole.sum if whole is not None else None}, write)
        if (of_flink := quantiles.metrics.get(name) if quantiles is not None else None) is not None:
            put(key, {label: getattr(of_flink, its) for label, its in QUANTILES}, write, unknown=ABSENT)
    if flows:
        lag = of_rows(rows, "lag")
        known_lag = _extremes(lag) if lag is not None else _lags(found.get(rates.WATERMARK_ID), cluster_now)
        put("lag", known_lag, lags.text)
    lines = (*LABELS, SUM) if quantiles is None else ALL
    return [SummaryRow(label, cells[label]) for label in lines]


def _spread(
    key: str,
    metric: str,
    rows: Sequence[SubtaskFacts],
    found: Mapping[str, AggregatedMetric],
    counted: Mapping[str, Sequence[float | None]] | None,
) -> tuple[AggregatedMetric | None, bool]:
    """The distribution of a rate or a time, and whether it is not measured if it is not known."""
    shown = of_rows(rows, key)
    if shown is not None or counted is None:
        return shown or found.get(metric), bool(found)
    if key in counted:
        return aggregated(metric, counted[key]), False
    return None if first_minute.has_unmeasured(found, rates.TIME_IDS) else found.get(metric), False


def _extremes(known: AggregatedMetric | None) -> dict[str, float | None]:
    values = (known.min, known.avg, known.max) if known is not None else (None, None, None)
    return dict(zip(LABELS, values, strict=True))


def _lags(marks: AggregatedMetric | None, cluster_now: float) -> dict[str, float | None]:
    """The lag of the highest, the mean and the lowest of all watermarks, if there is one."""
    if marks is None or rates.watermark_lag(marks.min, cluster_now) is None:
        return {}
    values = (rates.watermark_lag(mark, cluster_now) for mark in (marks.max, marks.avg, marks.min))
    return {label: lag for label, lag in zip(LABELS, values, strict=True) if lag is not None}


def ages(summed: float, shown: float, count: int) -> dict[str, Cell]:
    """By line: the age (s) of the sums, and of the rows on the screen, if that differs."""
    if abs(summed - shown) < 1:
        return {}
    return {
        LABELS[0]: (f"all {count}: {fmt.duration(summed)} ago", "muted"),
        LABELS[1]: (f"rows: {fmt.duration(shown)} ago", "muted"),
    }
