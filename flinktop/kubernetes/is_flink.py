"""Whether what a service leads to is Flink: its /config says so."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from flinktop.flink.cluster import CONFIG
from flinktop.flink.decode import read
from flinktop.flink.errors import BadReply, FlinkError, NotFlink, NotFound
from flinktop.flink.http import Http

if TYPE_CHECKING:
    import httpx

    from flinktop.flink.connection import Connection

SECONDS: Final = 10.0


async def is_flink(connection: Connection, way: httpx.AsyncBaseTransport) -> bool | None:
    """Whether a Flink answers at the end of a way; None: nothing answers there now."""
    http = Http(connection, transport=way)
    try:
        async with asyncio.timeout(SECONDS):
            config = (await read(http, CONFIG())).value
    except (NotFlink, NotFound, BadReply):
        return False
    except (FlinkError, TimeoutError):
        return None
    finally:
        await http.close()
    return bool(config.flink_version) or None
