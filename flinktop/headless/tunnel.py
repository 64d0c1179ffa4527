"""The tunnel of a command that looks once: open before the command's own time begins, ended with it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from flinktop.engine.clock import Clock
    from flinktop.engine.tunnel_end import TunnelEnd
    from flinktop.settings import Profile


def tunnel_of(profile: Profile, clock: Clock) -> TunnelEnd | None:
    """The tunnel of a cluster, which opens with the first request; None if it has none."""
    if not profile.connection.tunnel:
        return None
    # Few clusters have one.
    from flinktop.engine.tunnel_end import tunnel_end  # noqa: PLC0415

    return tunnel_end(profile.connection, profile.name, clock)


@asynccontextmanager
async def opened_tunnel(profile: Profile, clock: Clock) -> AsyncIterator[TunnelEnd | None]:
    """The tunnel of a cluster, opened; None if it has none. Raises NoLocalEnd if it does not open."""
    tunnel = tunnel_of(profile, clock)
    if tunnel is None:
        yield None
        return
    try:
        await tunnel.port()
        yield tunnel
    finally:
        await tunnel.close()
