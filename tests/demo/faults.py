"""What goes wrong on the way to the demo's cluster: shares of requests that fail, the same each time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import httpx
import msgspec

from flinktop.demo.numbers import fraction
from flinktop.demo.transport import DemoTransport, errors, response
from flinktop.demo.world import World

UNAVAILABLE = 503


@dataclass(frozen=True, slots=True)
class Faults:
    """Shares of requests, 0 to 1."""

    unavailable: float = 0.0
    """Answered 503, as during the election of a leader."""
    drop: float = 0.0
    """The connection is closed without an answer."""
    cut: float = 0.0
    """The document ends in its middle."""
    nan: float = 0.0
    """Every number with a fraction is NaN."""
    slow: float = 0.0
    """Seconds before every answer."""


class FaultyTransport(DemoTransport):
    def __init__(
        self,
        world: World,
        now: Callable[[], float],
        faults: Faults,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        super().__init__(world, now)
        self._faults = faults
        self._sleep = sleep
        self._requests = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._requests += 1
        faults = self._faults
        if faults.slow:
            await self._sleep(faults.slow)
        if self._goes_wrong(faults.drop, 1):
            raise httpx.RemoteProtocolError(
                "Server disconnected without sending a response.", request=request
            )
        if self._goes_wrong(faults.unavailable, 2):
            told = "Service temporarily unavailable due to an ongoing leader election. Please refresh."
            return response(request, UNAVAILABLE, errors(told))
        status, body, kind = self.answer(request.method, request.url.raw_path.decode("ascii"))
        if self._goes_wrong(faults.cut, 3):
            body = body[: len(body) // 2]
        if self._goes_wrong(faults.nan, 4) and kind == "application/json":
            body = msgspec.json.encode(_without_numbers(msgspec.json.decode(body)))
        return response(request, status, body, kind)

    def _goes_wrong(self, share: float, which: int) -> bool:
        return share > 0 and fraction(self.world.seed, self._requests, which) < share


def _without_numbers(document: object) -> object:
    if isinstance(document, dict):
        return {name: _without_numbers(value) for name, value in document.items()}
    if isinstance(document, list):
        return [_without_numbers(value) for value in document]
    return "NaN" if isinstance(document, float) else document
