"""A transport that answers as the demo's cluster instead of the network."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

import httpx
import msgspec

from flinktop.demo.request import NOT_FOUND, Refusal, Request

if TYPE_CHECKING:
    from collections.abc import Callable

    from flinktop.demo.request import Handler
    from flinktop.demo.world import Moment, World
    from flinktop.flink.endpoint import Endpoint

METHOD_NOT_ALLOWED = 405  # not 403: the user would be told to check user and password


class DemoTransport(httpx.AsyncBaseTransport):
    """Answers with the state of the world at the time `now()`, in seconds of the demo's clock."""

    def __init__(self, world: World, now: Callable[[], float]) -> None:
        self.world = world
        self._now = now

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return response(request, *self.answer(request.method, request.url.raw_path.decode("ascii")))

    def answer(self, method: str, target: str) -> tuple[int, bytes, str]:
        if method != "GET":
            return METHOD_NOT_ALLOWED, errors("The demo cluster is read-only."), "application/json"
        moment = self.world.at(self._now())
        parts = urlsplit(target)
        try:
            document = _document(moment, unquote(parts.path).strip("/"), dict(parse_qsl(parts.query)))
        except Refusal as refusal:
            return refusal.status, errors(refusal.text(moment.release)), "application/json"
        if isinstance(document, str):
            return 200, document.encode(), "text/plain"
        return 200, msgspec.json.encode(document), "application/json"


def errors(sentence: str) -> bytes:
    """Flink's error document."""
    return msgspec.json.encode({"errors": [sentence]})


def response(
    request: httpx.Request, status: int, body: bytes, kind: str = "application/json"
) -> httpx.Response:
    """An answer as httpx's type."""
    return httpx.Response(status, content=body, headers={"content-type": kind}, request=request)


@cache
def _routes() -> dict[int, list[tuple[list[str], Endpoint[Any], Handler]]]:
    """Paths in parts, by length, with their handlers; ids after literals, as /jobs/overview is not a job."""
    from flinktop.demo.replies import REPLIES  # noqa: PLC0415 -- not needed for the first paint

    found: dict[int, list[tuple[list[str], Endpoint[Any], Handler]]] = {}
    routes = [(endpoint.path.split("/"), endpoint, handler) for endpoint, handler in REPLIES.items()]
    for route in sorted(routes, key=lambda route: [part.startswith("{") for part in route[0]]):
        found.setdefault(len(route[0]), []).append(route)
    return found


def _document(moment: Moment, path: str, params: dict[str, str]) -> Any:
    for endpoint, handler, ids in _fitting(path):
        if moment.release.since(*endpoint.since):
            return moment.release.keep(handler(Request(moment, dict(ids), params)))
    raise Refusal(NOT_FOUND, f"Unable to load requested file /{path}.", "")


@lru_cache(1000)
def _fitting(path: str) -> tuple[tuple[Endpoint[Any], Handler, tuple[tuple[str, str], ...]], ...]:
    """The endpoints that a path may be one of, each with its handler and the ids in the path."""
    parts, found = path.removeprefix("v1/").split("/"), []
    for own, endpoint, handler in _routes().get(len(parts), ()):
        pairs = list(zip(own, parts, strict=True))
        if all(part == given or part.startswith("{") for part, given in pairs):
            ids = [given for part, given in pairs if part.startswith("{")]
            found.append((endpoint, handler, tuple(zip(endpoint.names, ids, strict=True))))
    return tuple(found)
