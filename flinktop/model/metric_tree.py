"""Metrics grouped by owner: the task's own, and those of each chained operator."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_GROUPS = frozenset({"Shuffle", "buffers", "Network", "Status", "System", "latency", "fileMerging"})
"""First parts of ids that are no operators: Flink's own groups."""


def operator_of(metric: str) -> str:
    """The operator of a task's metric (an id without the subtask); "" for the task's own."""
    first, dot, _ = metric.partition(".")
    return first if dot and first not in _GROUPS else ""


def name_in(operator: str, metric: str) -> str:
    """A metric's id without its operator, for display below the operator."""
    return metric.removeprefix(f"{operator}.") if operator else metric


def by_operator(metrics: Iterable[str]) -> dict[str, list[str]]:
    """Metrics by operator in order of their names; the task's own ("") first."""
    found: dict[str, list[str]] = {"": []}
    for metric in sorted(metrics, key=str.casefold):
        found.setdefault(operator_of(metric), []).append(metric)
    return found
