"""Which cases of a test are run each time, which only in depth, and which only where there is no hurry."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

CASES = 1
"""Of the cases of a test that are marked deep so many are run in depth, or `pytest.mark.deep(cases=…)`."""


def leave_out(items: Iterable[pytest.Item]) -> None:
    """Of each test with many cases in depth choose some, spread evenly; the others are long."""
    tests: dict[tuple[str, str], list[pytest.Item]] = defaultdict(list)
    for item in items:
        if isinstance(item, pytest.Function) and item.get_closest_marker("deep"):
            tests[item.nodeid.partition("[")[0], item.originalname].append(item)
    for cases in tests.values():
        most = min(len(cases), max(mark.kwargs.get("cases", CASES) for mark in cases[0].iter_markers("deep")))
        chosen = {index * len(cases) // most for index in range(most)}
        for index, item in enumerate(cases):
            if index not in chosen:
                item.add_marker(pytest.mark.long)


def in_depth(values: Iterable[Any], fast: Iterable[Any], deep: Iterable[Any] | None = None) -> list[Any]:
    """The cases of a test with one argument; all but the fast ones are marked deep.

    Where some are named as deep, the others are long.
    """
    marks = _Marks(fast, deep)
    return [pytest.param(value, marks=marks.of(value)) for value in values]


def named_in_depth(
    cases: Mapping[str, Any], fast: Iterable[str], deep: Iterable[str] | None = None
) -> list[Any]:
    """The same for named cases; one that is a tuple has several arguments."""
    marks = _Marks(fast, deep)
    return [
        pytest.param(*(case if isinstance(case, tuple) else (case,)), id=name, marks=marks.of(name))
        for name, case in cases.items()
    ]


class _Marks:
    def __init__(self, fast: Iterable[Any], deep: Iterable[Any] | None) -> None:
        self._fast = tuple(fast)
        self._deep = None if deep is None else tuple(deep)

    def of(self, value: Any) -> tuple[pytest.MarkDecorator, ...]:
        if value in self._fast:
            return ()
        return (pytest.mark.deep if self._deep is None or value in self._deep else pytest.mark.long,)
