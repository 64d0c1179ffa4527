"""The demo's cluster in the place of the network: requests in, Flink's answers out, faults on demand."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit

import httpx
import msgspec

from flinktop.demo.numbers import fraction
from flinktop.demo.replies.asked import Refusal
from flinktop.demo.routes import answer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from flinktop.demo.world import World

NO_ORDERS = "The demo cluster is read-only."
METHOD_NOT_ALLOWED = 405
"""Not 403: that would have the person look at users and passwords."""
UNAVAILABLE = 503


@dataclass(frozen=True, slots=True)
class Faults:
    """What goes wrong on the way: shares of requests, 0 to 1."""

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


class DemoTransport(httpx.AsyncBaseTransport):
    """Answers as the world is at the time that `now` gives, in seconds of the demo's clock."""

    def __init__(
        self,
        world: World,
        now: Callable[[], float],
        faults: Faults | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Prepare.

        Args:
            world: The cluster.
            now: The time.
            faults: What goes wrong; nothing by itself.
            sleep: Waits for slow answers.
        """
        self.world = world
        self.faults = faults or Faults()
        self._now = now
        self._sleep = sleep
        self._requests = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        self._requests += 1
        faults = self.faults
        if faults.slow:
            await self._sleep(faults.slow)
        if self._goes_wrong(faults.drop, 1):
            raise httpx.RemoteProtocolError(
                "Server disconnected without sending a response.", request=request
            )
        if self._goes_wrong(faults.unavailable, 2):
            told = "Service temporarily unavailable due to an ongoing leader election. Please refresh."
            return _response(request, UNAVAILABLE, _errors(told))
        status, body, kind = self.answer(request.method, request.url.raw_path.decode("ascii"))
        if self._goes_wrong(faults.cut, 3):
            body = body[: len(body) // 2]
        if self._goes_wrong(faults.nan, 4) and kind == "application/json":
            body = msgspec.json.encode(_without_numbers(msgspec.json.decode(body)))
        return _response(request, status, body, kind)

    def answer(self, method: str, target: str) -> tuple[int, bytes, str]:
        """Status, body and content type for a target such as `/jobs/overview?x=y`."""
        if method != "GET":
            return METHOD_NOT_ALLOWED, _errors(NO_ORDERS), "application/json"
        moment = self.world.at(self._now())
        parts = urlsplit(target)
        path = unquote(parts.path).strip("/")
        try:
            document = answer(moment, path, dict(parse_qsl(parts.query)))
        except Refusal as refusal:
            return refusal.status, _errors(refusal.told(moment.release)), "application/json"
        if isinstance(document, str):
            return 200, document.encode(), "text/plain"
        return 200, msgspec.json.encode(document), "application/json"

    def _goes_wrong(self, share: float, which: int) -> bool:
        return share > 0 and fraction(self.world.seed, self._requests, which) < share


def _errors(sentence: str) -> bytes:
    return msgspec.json.encode({"errors": [sentence]})


def _response(
    request: httpx.Request, status: int, body: bytes, kind: str = "application/json"
) -> httpx.Response:
    return httpx.Response(status, content=body, headers={"content-type": kind}, request=request)


def _without_numbers(document: object) -> object:
    if isinstance(document, dict):
        return {name: _without_numbers(value) for name, value in document.items()}
    if isinstance(document, list):
        return [_without_numbers(value) for value in document]
    return "NaN" if isinstance(document, float) else document
