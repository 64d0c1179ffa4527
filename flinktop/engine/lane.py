"""Separate connections for acts, so that acts and polls do not block each other."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from flinktop.flink.errors import FlinkError, ForeignAnswer, Refused, Unreachable
from flinktop.flink.http import Http, Reply

if TYPE_CHECKING:
    import httpx

    from flinktop.flink.connection import Connection
    from flinktop.flink.endpoint import Query
    from flinktop.flink.local_end import LocalEnd
    from flinktop.flink.login import Login
    from flinktop.flink.tls_contexts import TlsContexts

READ_SECONDS = 30.0
"""Read timeout of acts that set none themselves: longer than that of a poll, as a lost answer costs more
than a late one."""


class _Following(Http):
    """Requests the outcome of acts: an answer of a proxy in Flink's place says nothing about them."""

    async def get(self, query: Query[Any]) -> Reply:
        """The answer to a query. Raises FlinkError; ForeignAnswer for an answer that is not Flink's."""
        try:
            return await super().get(query)
        except (Unreachable, Refused):
            raise
        except FlinkError as error:
            if error.by_flink:
                raise
            raise ForeignAnswer(error.method, error.url, error.reason, status=error.status) from None


class Lane:
    """Three HTTP clients of one cluster besides the poller's: for acts, for files, for outcomes of acts."""

    def __init__(
        self,
        connection: Connection,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        login: Login | None = None,
        tunnel: LocalEnd | None = None,
        contexts: TlsContexts | None = None,
    ) -> None:
        """Nothing is opened before the first request. Arguments as Http's."""
        patient = replace(connection, read_seconds=max(READ_SECONDS, connection.read_seconds))
        shared: Any = {"transport": transport, "login": login, "tunnel": tunnel, "contexts": contexts}
        self.acts = Http(patient, **shared)
        self.transfers = Http(patient, **shared)
        # Same timeout as a poll: a request that hangs would delay the next by half a minute.
        self.following = _Following(connection, **shared)
        self.one_transfer = asyncio.Lock()  # files go one at a time

    @property
    def sent(self) -> int:
        return self.acts.requests + self.transfers.requests

    async def renew(self) -> None:
        """Make the next act use a new connection.

        A proxy may close a kept one at the moment it is used, and the answer would be lost.
        """
        await self.acts.renew()
        await self.transfers.renew()

    async def close(self) -> None:
        for http in (self.acts, self.transfers, self.following):
            with contextlib.suppress(Exception):
                await http.close()
