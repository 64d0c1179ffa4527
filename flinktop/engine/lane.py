"""The lane for acts: connections of their own, so that no act holds up polling and no poll an act."""

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
    from flinktop.flink.login import Login

READ_SECONDS = 30.0
"""How long an act's answer may take where the act itself sets no limit: a busy JobManager gets more time
than a poll would give it, as a lost answer costs more than a late one."""


class _Following(Http):
    """Asks after acts: what a proxy answers in Flink's place says nothing of them."""

    async def get(self, query: Query[Any]) -> Reply:
        """The answer to a query; raises FlinkError, which is ForeignAnswer for what is not Flink's."""
        try:
            return await super().get(query)
        except (Unreachable, Refused):
            raise
        except FlinkError as error:
            if error.by_flink:
                raise
            raise ForeignAnswer(error.method, error.url, error.reason, status=error.status) from None


class Lane:
    """Three clients of one cluster beside the one that polls: for acts, for files, and to ask after acts."""

    def __init__(
        self,
        connection: Connection,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        login: Login | None = None,
    ) -> None:
        """Nothing is opened before the first request. Arguments as Http's."""
        patient = replace(connection, read_seconds=max(READ_SECONDS, connection.read_seconds))
        self.acts = Http(patient, transport=transport, login=login)
        self.transfers = Http(patient, transport=transport, login=login)
        # No more patient than a poll: a question that hangs would delay the next by half a minute.
        self.following = _Following(connection, transport=transport, login=login)
        self.one_transfer = asyncio.Lock()  # files go one at a time

    @property
    def sent(self) -> int:
        return self.acts.requests + self.transfers.requests

    async def fresh(self) -> None:
        """Have the next act go over a new connection.

        A kept one may be closed by a proxy in the instant in which it is used: an answer lost for nothing.
        """
        await self.acts.renew()
        await self.transfers.renew()

    async def close(self) -> None:
        for http in (self.acts, self.transfers, self.following):
            with contextlib.suppress(Exception):
                await http.close()
