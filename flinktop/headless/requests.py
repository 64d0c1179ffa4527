"""Requests of a command that looks once: four at a time, none waited for longer than it may take."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Final, TypeVar

from flinktop.engine.link import foreign
from flinktop.flink.decode import read
from flinktop.flink.errors import FlinkError, TimedOut
from flinktop.flink.http import Http

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable

    import httpx

    from flinktop.engine.clock import Clock
    from flinktop.flink.connection import Connection
    from flinktop.flink.endpoint import Query
    from flinktop.flink.local_end import LocalEnd
    from flinktop.flink.login import Login

log = logging.getLogger(__name__)

LANES: Final = 4
"""Requests in flight: a JobManager answers everybody with four REST threads."""
PATIENCE: Final = 10.0
"""Seconds for an answer without which nothing can be said."""
SHORT_PATIENCE: Final = 4.0
"""The same for any other: four that hang must not keep the rest from being asked."""
LEAST: Final = 0.05
"""Seconds without which it can't be said that there was no answer."""
CLOSES_WITHIN: Final = 1.0

T = TypeVar("T")


class Requests:
    """Sends the queries of one look, and hands over answers and errors as they come."""

    def __init__(
        self,
        connection: Connection,
        clock: Clock,
        *,
        taken: Callable[[Query[Any], Any], None],
        failed: Callable[[Query[Any], FlinkError], None],
        transport: httpx.AsyncBaseTransport | None = None,
        login: Login | None = None,
        tunnel: LocalEnd | None = None,
        lanes: asyncio.Semaphore | None = None,
    ) -> None:
        """`lanes` limits the requests in flight together with those of others."""
        self.sent = 0
        self._http = Http(connection, transport=transport, login=login, tunnel=tunnel)
        self._clock = clock
        self._taken = taken
        self._failed = failed
        self._lanes = lanes or asyncio.Semaphore(LANES)

    async def ask(
        self, queries: Iterable[Query[Any]], until: float, *, patience: float = SHORT_PATIENCE
    ) -> None:
        """Send queries and wait for their answers, at most until `until` (the clock's time, s).

        What is not answered by then is given up: its connection is closed.
        """
        began = self._clock.now()
        tasks = {}
        for query in queries:
            task = asyncio.create_task(self._send(query, patience))
            tasks[task] = query
        if not tasks:
            return
        try:
            await within(self._clock, asyncio.wait(tasks), until - self._clock.now())
        except TimeoutError:
            log.info("%d requests were not answered in time", sum(not task.done() for task in tasks))
        finally:
            for task, query in tasks.items():
                if not task.done():
                    task.cancel()
                    self._failed(query, self._timed_out(query, min(patience, until - began)))
        for task in tasks:
            if task.done() and not task.cancelled() and (error := task.exception()) is not None:
                raise error

    async def _send(self, query: Query[Any], patience: float) -> None:
        async with self._lanes:
            self.sent += 1
            try:
                decoded = await within(self._clock, read(self._http, query), patience)
            except FlinkError as error:
                log.info("%s", error)
                self._failed(query, foreign(query, error))
            except TimeoutError:
                self._failed(query, self._timed_out(query, patience))
            else:
                self._taken(query, decoded.value)

    def _timed_out(self, query: Query[Any], seconds: float) -> TimedOut:
        url = f"{self._http.url}/{query.target.partition('?')[0]}"
        within = f"no answer within {round(seconds, 1):g} s"
        return TimedOut("GET", url, within if seconds > LEAST else "there was no time left to ask")

    async def close(self) -> None:
        """Close all connections; one that hangs is left to the end of the process."""
        try:
            await within(self._clock, self._http.close(), CLOSES_WITHIN)
        except Exception as error:  # noqa: BLE001 -- the answers are there
            log.info("closing connections: %s", error)


async def within(clock: Clock, work: Coroutine[Any, Any, T], seconds: float) -> T:
    """The result of `work`. Raises TimeoutError after so many seconds; `work` is cancelled, not awaited."""
    task = asyncio.ensure_future(work)
    limit = asyncio.ensure_future(clock.sleep(max(0.0, seconds)))
    try:
        await asyncio.wait({task, limit}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise TimeoutError
    finally:
        limit.cancel()
        task.cancel()
