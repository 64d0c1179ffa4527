"""The lane for acts: connections of their own, so that no act holds up polling and no poll an act."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING

from flinktop.flink.http import Http

if TYPE_CHECKING:
    import httpx

    from flinktop.flink.connection import Connection

READ_SECONDS = 30.0
"""How long an act's answer may take where the act itself sets no limit: a busy JobManager gets more time
than a poll would give it, as a lost answer costs more than a late one."""


class Lane:
    """Two clients of one cluster beside the one that polls: one for acts, one for files."""

    def __init__(self, connection: Connection, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        """Nothing is opened before the first request. Arguments as Http's."""
        patient = replace(connection, read_seconds=max(READ_SECONDS, connection.read_seconds))
        self.acts = Http(patient, transport=transport)
        self.transfers = Http(patient, transport=transport)
        self.one_transfer = asyncio.Lock()
        """Files go one at a time."""

    async def fresh(self) -> None:
        """Have the next act go over a new connection.

        A kept one may be closed by a proxy in the instant in which it is used: an answer lost for nothing.
        """
        await self.acts.renew()
        await self.transfers.renew()

    async def close(self) -> None:
        """Close all connections, busy or not."""
        for http in (self.acts, self.transfers):
            with contextlib.suppress(Exception):
                await http.close()
