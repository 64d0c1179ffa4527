"""Skew of work over subtasks: Flink's own figure, and the subtask with the most work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WORTH_A_WORD = 20.0  # per cent from which a skew is mentioned
UNEVEN = 50.0  # per cent from which it is marked


def skew(values: Sequence[float]) -> float:
    """Per cent by which values differ from their mean: 0 is even, 100 the maximum.

    Flink's formula (DoubleAccumulator.DoubleDataSkew, 1.20+): the mean absolute deviation over the mean,
    limited to 100. Without values, or with a mean of 0, it is 0.
    """
    if not values:
        return 0.0
    mean = sum(values) / len(values)
    if mean == 0:
        return 0.0
    deviation = sum(abs(value - mean) for value in values) / len(values)
    return min(deviation / mean * 100.0, 100.0)


class Spread(Struct, frozen=True):
    """Distribution of records over subtasks."""

    percent: float  # Flink's skew, 0 to 100
    top: int  # the subtask with the most records; the lowest index of several
    share: float  # its share of all records, 0 to 1
    over_mean: float  # its records over the mean: not limited, unlike Flink's figure


def spread(counts: Mapping[int, float]) -> Spread | None:
    """Distribution of records by subtask; None with fewer than two subtasks, or without records."""
    total = sum(counts.values())
    if len(counts) < 2 or total <= 0:  # noqa: PLR2004 -- a single one can't be uneven
        return None
    top = min(counts, key=lambda subtask: (-counts[subtask], subtask))
    return Spread(
        percent=skew(list(counts.values())),
        top=top,
        share=counts[top] / total,
        over_mean=counts[top] * len(counts) / total,
    )
