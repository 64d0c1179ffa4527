"""The requests of a bundle: few at a time, each within a time limit, and none to a cluster that is silent."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from msgspec import Struct

from flinktop.engine.transfers import SILENCE_SECONDS
from flinktop.flink.cluster import CONFIG
from flinktop.flink.decode import DecodeError, decode_answer, parse
from flinktop.flink.errors import BadReply, FlinkError, Refused, TimedOut, Unreachable
from flinktop.flink.http import Http
from flinktop.flink.run_in_thread import run_in_thread
from flinktop.headless.requests import within

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from flinktop.engine.clock import Clock
    from flinktop.flink.connection import Connection
    from flinktop.flink.endpoint import Query
    from flinktop.flink.http import Reply
    from flinktop.flink.local_end import LocalEnd
    from flinktop.flink.login import Login

log = logging.getLogger(__name__)

IN_FLIGHT: Final = 2
"""Requests at the same time: a JobManager answers everybody with four REST threads."""
PATIENCE: Final = 15.0
"""Seconds for an answer."""
FILE_SECONDS: Final = 120.0
"""Seconds for a whole file; its first byte may take as long as in the log view."""
SILENT: Final = 4
"""Requests in a row without an answer after which a cluster is asked only whether it is there."""
PROBE_SECONDS: Final = 5.0
MOST_SECONDS: Final = 300.0
"""After so long nothing more is requested."""
_LARGE: Final = 256 * 1024
"""Bytes of an answer that is decoded beside the loop."""

T = TypeVar("T")


class Answered(Struct, Generic[T], frozen=True):
    """An answer, as Flink sent it and as its type."""

    raw: Any
    value: T


class Asking:
    """Asks one cluster, read-only. Use it on one loop."""

    def __init__(
        self,
        connection: Connection,
        clock: Clock,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        login: Login | None = None,
        tunnel: LocalEnd | None = None,
        in_flight: asyncio.Semaphore | None = None,
        one_transfer: asyncio.Lock | None = None,
    ) -> None:
        """Opens nothing before the first request. `one_transfer` is held during the transfer of a file."""
        read_only = replace(connection, read_only=True)
        self.http = Http(read_only, transport=transport, login=login, tunnel=tunnel)
        self._clock = clock
        self._began = clock.now()
        self._in_flight = in_flight or asyncio.Semaphore(IN_FLIGHT)
        self._one_transfer = one_transfer or asyncio.Lock()
        self._asked: dict[Query[Any], asyncio.Task[Answered[Any]]] = {}
        self._silent = 0
        self._gone = ""  # why nothing more is requested
        self._probing = asyncio.Lock()

    async def get(self, query: Query[T]) -> Answered[T]:
        """The answer to a query, which is sent once. Raises FlinkError."""
        if query not in self._asked:
            self._asked[query] = asyncio.create_task(self._send(query))
        answered: Answered[T] = await asyncio.shield(self._asked[query])
        return answered

    async def again(self, query: Query[T]) -> Answered[T]:
        """As `get`, also if the query was sent before."""
        self._asked.pop(query, None)
        return await self.get(query)

    async def file(
        self, query: Query[str], on_start: Callable[[int | None], None], take: Callable[[bytes], bool]
    ) -> None:
        """Read a file, one at a time, until `take` returns False or it ends. Raises FlinkError.

        `on_start` gets its size, if that is announced; what it raises ends the transfer.
        """
        async with self._one_transfer, self._in_flight:
            await self._check()
            try:
                await within(self._clock, self._read(query, on_start, take), FILE_SECONDS)
            except TimeoutError:
                raise self._late(query, FILE_SECONDS) from None
        self._silent = 0

    async def close(self) -> None:
        """Cancel what is in flight, and close all connections."""
        tasks = tuple(self._asked.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with contextlib.suppress(Exception):
            await within(self._clock, self.http.close(), 1.0)

    async def _read(
        self, query: Query[str], on_start: Callable[[int | None], None], take: Callable[[bytes], bool]
    ) -> None:
        seconds = min(SILENCE_SECONDS, FILE_SECONDS)
        stream = self.http.stream(query.target, most=1 << 40, seconds=seconds, on_start=on_start)
        async with aclosing(stream) as chunks:  # type: ignore[type-var]  # an async generator
            async for chunk in chunks:
                if not take(chunk):
                    return

    async def _send(self, query: Query[T]) -> Answered[T]:
        async with self._in_flight:
            await self._check()
            try:
                reply = await within(self._clock, self.http.get(query), PATIENCE)
            except TimeoutError:
                self._silent += 1
                # A cancelled request may block its slot in the pool for ever.
                await self.http.renew()
                raise self._late(query, PATIENCE) from None
            except Unreachable:
                self._silent += 1
                raise
            except FlinkError:
                self._silent = 0
                raise
            self._silent = 0
        if len(reply.body) < _LARGE:
            return self._read_answer(reply, query)
        return await run_in_thread(lambda: self._read_answer(reply, query))

    def _read_answer(self, reply: Reply, query: Query[T]) -> Answered[T]:
        try:
            return Answered(parse(reply.body), decode_answer(reply.body, query).value)
        except DecodeError as error:
            raise BadReply("GET", self._shown(query), str(error), status=reply.status) from None

    async def _check(self) -> None:
        """Raise FlinkError if nothing is requested any more."""
        if self._silent >= SILENT and not self._gone:
            async with self._probing:
                if self._silent >= SILENT and not self._gone:
                    await self._probe()
        if self._clock.now() - self._began > MOST_SECONDS:
            self._gone = f"not requested: the bundle has taken {MOST_SECONDS:.0f} s already"
        if self._gone:
            raise Refused("GET", self.http.url, self._gone)

    async def _probe(self) -> None:
        """Ask whether the cluster is there, after it has not answered for a while."""
        try:
            await within(self._clock, self.http.get(CONFIG()), PROBE_SECONDS)
        except (TimeoutError, FlinkError) as error:
            if isinstance(error, FlinkError) and not isinstance(error, Unreachable):
                self._silent = 0
                return
            self._gone = f"not requested: the cluster has not answered {SILENT} requests in a row"
            log.info("%s: %s", self.http.url, self._gone)
        else:
            self._silent = 0

    def _late(self, query: Query[Any], seconds: float) -> TimedOut:
        return TimedOut("GET", self._shown(query), f"no answer within {seconds:g} s")

    def _shown(self, query: Query[Any]) -> str:
        return f"{self.http.url}/{query.target.partition('?')[0]}"
