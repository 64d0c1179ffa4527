"""The newest answers: one reading per query, with its age and its error separately."""

from collections.abc import Container
from typing import Any, Generic, TypeVar, cast

from msgspec import Struct
from msgspec.structs import replace

from flinktop.flink.endpoint import Query
from flinktop.flink.errors import FlinkError

T = TypeVar("T")

KEEP_SECONDS = 600.0
"""How long a complete reading is kept after it was last on the screen."""
MOST_LEFT = 300
"""Maximum number of complete readings kept that are not on the screen: the last ones."""


class Reading(Struct, Generic[T], frozen=True):
    """The known state of one query.

    `value` stays when later requests fail, so that "empty", "not yet", "stale" and "failed" never look
    alike: not yet is value and error None, failed is an error without a value, stale is both.
    """

    value: T | None = None
    at: float | None = None  # when `value` was last confirmed by the server, on the engine's clock (s)
    error: FlinkError | None = None  # why the newest request failed; None when it did not
    failures: int = 0  # failed requests in a row
    latency: float = 0.0  # seconds the newest answer took
    brief: bool = False  # whether `value` is only the brief part that its endpoint defines


class Store:
    """Readings by query. Written by the engine's thread only; reading is safe from any thread.

    Answers to background queries are kept in brief, if their endpoint defines a brief form: complete answers
    are only those that are on the screen, or were a short time ago.
    """

    def __init__(self) -> None:
        self._readings: dict[Query[Any], Reading[Any]] = {}
        self._left: dict[Query[Any], float] = {}  # since when it is off screen, in that order

    def get(self, query: Query[T]) -> Reading[T] | None:
        """The reading of a query; None when it was never sent or has been dropped.

        One that is kept in brief has no value here, as before its first answer.
        """
        reading = self.brief(query)
        if reading is None or not reading.brief:
            return reading
        return replace(reading, value=None, at=None)

    def brief(self, query: Query[T]) -> Reading[T] | None:
        """The same, but the value may be only the brief part."""
        return cast("Reading[T] | None", self._readings.get(query))

    def put(self, query: Query[T], reading: Reading[T], *, seen: bool = True) -> None:
        """Store the newest reading of a query; complete if it is or recently was on the screen."""
        self._readings[query] = reading
        if not seen and query not in self._left:
            self._shorten(query)

    def fail(self, query: Query[Any], error: FlinkError, latency: float) -> Reading[Any]:
        """Record that a request has failed; the value stays. Returns the new reading.

        The error's traceback is removed: its frames would keep the whole answer in memory.
        """
        error.__traceback__ = error.__cause__ = error.__context__ = None
        known: Reading[Any] = self._readings.get(query) or Reading()
        failed = replace(known, error=error, failures=known.failures + 1, latency=latency)
        self._readings[query] = failed
        return failed

    def mark_left(self, query: Query[Any], now: float) -> None:
        """Note that the query is off screen now: it is kept complete for a while."""
        self._left.pop(query, None)
        self._left[query] = now

    def mark_passed(self, query: Query[Any]) -> None:
        """Note that the query is off screen now, after it was watched in passing."""
        if query not in self._left:
            self._shorten(query)

    def forget(self, query: Query[Any]) -> None:
        """Drop a reading that was wanted a single time, unless it was on the screen a short time ago."""
        if query not in self._left:
            self._readings.pop(query, None)

    def forget_old(
        self, now: float, wanted: Container[Query[Any]] = (), seen: Container[Query[Any]] = ()
    ) -> None:
        """Drop what was off screen for `KEEP_SECONDS`, and all but the last `MOST_LEFT`.

        Queries that are still `wanted` are kept in brief; those of them on the screen, `seen`, complete.
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
