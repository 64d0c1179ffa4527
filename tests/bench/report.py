"""Medians of runs, and their ratios, as tables."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.bench.stopwatch import Figures

COLUMNS = (
    "first paint s",
    "ready s",
    "CPU s/min",
    "kB/min",
    "RSS MB",
    "PSS MB",
    "key p50 ms",
    "key p95 ms",
    "missed",
    "load",
)
NO_RATIO = ("missed", "load")


@dataclass(frozen=True, slots=True)
class Summary:
    """The medians of a program's runs, in the order of `COLUMNS`; None where there is nothing to say."""

    name: str
    values: tuple[float | None, ...]


def summary(name: str, runs: Sequence[Figures]) -> Summary:
    """Medians over the runs; key delays are those of all runs together, missed keys are added up."""
    delays = sorted(delay for run in runs for delay in run.delays)
    missed = sum(run.missed for run in runs)
    return Summary(
        name,
        (
            *(
                statistics.median(getattr(run, figure) for run in runs)
                for figure in ("first_paint", "ready", "cpu_per_minute", "written_per_minute", "rss", "pss")
            ),
            quantile(delays, 0.5),
            quantile(delays, 0.95),
            float(missed) if delays or missed else None,
            statistics.median(run.load for run in runs),
        ),
    )


def quantile(ordered: Sequence[float], share: float) -> float | None:
    """The value below which that share of the ordered values lies; None of none."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else None


def ratios(summaries: Sequence[Summary], base: Summary) -> list[Summary]:
    """Each summary by `base`, for what can be compared."""
    return [
        Summary(
            one.name,
            tuple(
                value / other if value is not None and other and column not in NO_RATIO else None
                for column, value, other in zip(COLUMNS, one.values, base.values, strict=True)
            ),
        )
        for one in summaries
    ]


def table(title: str, summaries: Sequence[Summary]) -> str:
    """A Markdown table; columns of which nothing is known are left out."""
    shown = [at for at in range(len(COLUMNS)) if any(one.values[at] is not None for one in summaries)]
    lines = [
        f"| {title} | " + " | ".join(COLUMNS[at] for at in shown) + " |",
        "|---|" + "---:|" * len(shown),
        *(
            f"| {one.name} | " + " | ".join(number(one.values[at]) for at in shown) + " |"
            for one in summaries
        ),
    ]
    return "\n".join(lines)


def number(value: float | None) -> str:
    """Three digits."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def engine_table(costs: Mapping[str, Sequence[Mapping[str, float]]]) -> str:
    """The engine's cost a request, medians."""
    lines = ["| engine alone | requests/s | CPU ms/request |", "|---|---:|---:|"]
    for name, runs in costs.items():
        rate = statistics.median(run["requests"] / run["seconds"] for run in runs)
        lines.append(f"| {name} | {number(rate)} | {number(statistics.median(run['ms'] for run in runs))} |")
    return "\n".join(lines)
