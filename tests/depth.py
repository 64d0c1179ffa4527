"""Which cases of a test are run each time, and which only in depth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pytest


def in_depth(values: Iterable[Any], fast: Iterable[Any]) -> list[Any]:
    """The cases of a test with one argument; all but the fast ones are marked deep."""
    kept = tuple(fast)
    return [value if value in kept else pytest.param(value, marks=pytest.mark.deep) for value in values]


def named_in_depth(cases: Mapping[str, Any], fast: Iterable[str]) -> list[Any]:
    """The same for named cases; one that is a tuple has several arguments."""
    kept = frozenset(fast)
    return [
        pytest.param(
            *(case if isinstance(case, tuple) else (case,)),
            id=name,
            marks=() if name in kept else pytest.mark.deep,
        )
        for name, case in cases.items()
    ]
