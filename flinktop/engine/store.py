"""What the server said: one reading per query, with its age and its error kept apart."""

from collections.abc import Container
from typing import Any, Generic, TypeVar, cast

from msgspec import Struct
from msgspec.structs import replace

from flinktop.flink.endpoint import Query
from flinktop.flink.errors import FlinkError

T = TypeVar("T")

KEEP_SECONDS = 600.0
"""How long the whole of a reading that nobody looks at is kept: long enough to come back to a screen."""
MOST_LEFT = 300
"""Readings that are kept whole after nobody looks at them, at the most: those that were left last."""


class Reading(Struct, Generic[T], frozen=True):
    """What is known of one query.

    `value` stays when later requests fail, so that "empty", "not yet", "stale" and "failed" never look
    alike: not yet is value and error None, failed is an error without a value, stale is both.
    """

    value: T | None = None
    at: float | None = None  # when `value` was last confirmed by the server, on the engine's clock (s)
    error: FlinkError | None = None  # why the newest request failed; None when it did not
    failures: int = 0  # requests failed in a row
    latency: float = 0.0  # seconds the newest answer took
    brief: bool = False  # whether `value` is only what the endpoint keeps of an answer that nobody looks at


class Store:
    """Readings by query. Written by the engine's thread alone; reading is safe from any thread.

    What a large cluster's jobs are asked in passing is kept in brief, where its endpoint says how: whole
    answers are those that somebody looks at, or looked at a short time ago.
    """

    def __init__(self) -> None:
        self._readings: dict[Query[Any], Reading[Any]] = {}
        self._left: dict[Query[Any], float] = {}  # since when nobody looks at it, in that order

    def get(self, query: Query[T]) -> Reading[T] | None:
        """The reading of a query, or None when it was never asked or has been dropped.

        One that is kept in brief has no value here, as before its first answer.
        """
        reading = self.brief(query)
        if reading is None or not reading.brief:
            return reading
        return replace(reading, value=None, at=None)

    def brief(self, query: Query[T]) -> Reading[T] | None:
        """The same, where what an endpoint keeps in brief is enough: the value may be no more than that."""
        return cast("Reading[T] | None", self._readings.get(query))

    def put(self, query: Query[T], reading: Reading[T], *, seen: bool = True) -> None:
        """Keep the newest reading of a query; whole if somebody sees it, or has left it lately."""
        self._readings[query] = reading
        if not seen and query not in self._left:
            self._shorten(query)

    def fail(self, query: Query[Any], error: FlinkError, latency: float) -> Reading[Any]:
        """Note that a request has failed; the value stays. Gives what is known now.

        Of the error only its words are kept: where it was raised, the whole answer is still at hand.
        """
        error.__traceback__ = error.__cause__ = error.__context__ = None
        known: Reading[Any] = self._readings.get(query) or Reading()
        failed = replace(known, error=error, failures=known.failures + 1, latency=latency)
        self._readings[query] = failed
        return failed

    def left(self, query: Query[Any], now: float) -> None:
        """Say that nobody looks at the query any more: it is kept whole for a while."""
        self._left.pop(query, None)
        self._left[query] = now

    def passed(self, query: Query[Any]) -> None:
        """Say that the query is no longer on the screen, where it was seen in passing."""
        if query not in self._left:
            self._shorten(query)

    def forget_old(
        self, now: float, wanted: Container[Query[Any]] = (), seen: Container[Query[Any]] = ()
    ) -> None:
        """Let go of what nobody has looked at for `KEEP_SECONDS`, or before the `MOST_LEFT` left last.

        Queries that are still `wanted` are kept in brief; those of them on the screen, `seen`, whole.
        """
        for query, since in list(self._left.items()):
            if len(self._left) <= MOST_LEFT and now - since <= KEEP_SECONDS:
                break
            del self._left[query]
            if query not in wanted:
                self._readings.pop(query, None)
            elif query not in seen:
                self._shorten(query)

    def _shorten(self, query: Query[Any]) -> None:
        shorten = query.endpoint.brief
        known = self._readings.get(query)
        if shorten is not None and known is not None and known.value is not None and not known.brief:
            self._readings[query] = replace(known, value=shorten(known.value), brief=True)

    def __len__(self) -> int:
        return len(self._readings)
