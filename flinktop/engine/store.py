"""What the server said: one reading per query, with its age and its error kept apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

if TYPE_CHECKING:
    from flinktop.flink.endpoint import Query
    from flinktop.flink.errors import FlinkError

T = TypeVar("T")

KEEP_SECONDS = 600.0
"""How long a reading that nobody watches is kept: long enough to come back to a screen."""


@dataclass(frozen=True, slots=True)
class Reading(Generic[T]):
    """What is known of one query.

    `value` stays when later requests fail, so that "empty", "not yet", "stale" and "failed" never look
    alike: not yet is value and error None, failed is an error without a value, stale is both.
    """

    value: T | None = None
    at: float | None = None
    """When `value` was last confirmed by the server, on the engine's clock (s)."""
    error: FlinkError | None = None
    """Why the newest request failed; None when it did not."""
    failures: int = 0
    """Requests failed in a row."""
    latency: float = 0.0
    """Seconds the newest answer took."""


class Store:
    """Readings by query. Written by the engine's thread alone; reading is safe from any thread."""

    def __init__(self) -> None:
        self._readings: dict[Query[Any], Reading[Any]] = {}
        self._left: dict[Query[Any], float] = {}

    def get(self, query: Query[T]) -> Reading[T] | None:
        """The reading of a query, or None when it was never asked or has been dropped."""
        return cast("Reading[T] | None", self._readings.get(query))

    def put(self, query: Query[T], reading: Reading[T]) -> None:
        """Keep the newest reading of a query."""
        self._readings[query] = reading

    def left(self, query: Query[Any], now: float) -> None:
        """Say that nobody watches the query any more."""
        self._left[query] = now

    def wanted(self, query: Query[Any]) -> None:
        """Say that the query is watched again."""
        self._left.pop(query, None)

    def forget_old(self, now: float) -> None:
        """Drop the readings that nobody has watched for `KEEP_SECONDS`."""
        for query in [query for query, since in self._left.items() if now - since > KEEP_SECONDS]:
            del self._left[query]
            self._readings.pop(query, None)

    def __len__(self) -> int:
        return len(self._readings)
