"""What was reckoned once and is asked for again: a bounded number of pure results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

T = TypeVar("T")

REMEMBERED = 8192
"""Results that are kept before all are forgotten."""


class Memory:
    """Results by key. Forgetting changes no answer, only how long it takes."""

    def __init__(self) -> None:
        self._results: dict[Hashable, Any] = {}

    def recall(self, key: Hashable, make: Callable[[], T]) -> T:
        """The result for a key, made when it is not there."""
        try:
            found: T = self._results[key]
        except KeyError:
            if len(self._results) >= REMEMBERED:
                self._results.clear()
            found = self._results[key] = make()
        return found
