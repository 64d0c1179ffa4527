"""A small HTTP server for metrics and probes: GET and HEAD of a few paths, one request a connection.

Whoever asks is bounded: connections, the size of a request, and the time for each. Nothing of a request is
ever sent back.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import socket
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from flinktop.headless.cluster_args import Address

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

log = logging.getLogger(__name__)

MOST_CONNECTIONS: Final = 16
MOST_HEAD: Final = 8192
"""Bytes of a request line with its headers."""
READ_SECONDS: Final = 5.0
"""For the whole head of a request."""
WRITE_SECONDS: Final = 10.0
"""For the whole answer."""
EXPOSITION: Final = "text/plain; version=0.0.4; charset=utf-8"
"""The content type of Prometheus' text format."""
PLAIN: Final = "text/plain; charset=utf-8"
_METHODS: Final = ("GET", "HEAD")
_VERSIONS: Final = ("HTTP/1.1", "HTTP/1.0")
_PORT_TAKEN: Final[Mapping[int | None, str]] = {
    errno.EADDRINUSE: "another program listens there: choose another port",
    errno.EADDRNOTAVAIL: "this machine does not have that address",
    errno.EACCES: "only root may listen on that port: choose one from 1024 on",
}


class ListenError(Exception):
    """The server can't listen; the text is a sentence."""


class Page(Struct, frozen=True):
    """What is answered on a path."""

    body: str
    status: HTTPStatus = HTTPStatus.OK
    kind: str = PLAIN


class _Refusal(Exception):  # noqa: N818 -- the name says what happened
    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.status = status


class MetricsServer:
    """Serves pages on one address. Lives on the running loop."""

    def __init__(
        self,
        pages: Mapping[str, Callable[[], Page]],
        *,
        read_seconds: float = READ_SECONDS,
        write_seconds: float = WRITE_SECONDS,
    ) -> None:
        """Serve `pages`, by path; a request may take `read_seconds` to come, its answer `write_seconds`."""
        self._pages = pages
        self._read_seconds, self._write_seconds = read_seconds, write_seconds
        self._server: asyncio.Server | None = None
        self._open: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def listen(self, address: Address) -> Address:
        """Start to serve; returns the address with the port that was chosen. Raises ListenError."""
        try:
            # Of a name with several addresses a free port is chosen on the first alone.
            found = await asyncio.get_running_loop().getaddrinfo(
                address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )
            hosts = list(dict.fromkeys(str(one[4][0]) for one in found))
            self._server = await asyncio.start_server(
                self._connected,
                hosts if address.port else hosts[:1],
                address.port,
                limit=MOST_HEAD,
                backlog=MOST_CONNECTIONS,
            )
        except OSError as error:
            why = _PORT_TAKEN.get(error.errno) or error.strerror or str(error)
            raise ListenError(f"can't listen on {address} ({why})") from None
        return Address(address.host, self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Stop listening, and drop every connection."""
        if self._server is not None:
            self._server.close()
        open_ones = tuple(self._open.items())
        for task, writer in open_ones:
            writer.transport.abort()
            task.cancel()
        await asyncio.gather(*(task for task, _ in open_ones), return_exceptions=True)

    # -- one connection --------------------------------------------------------------------------------

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._open) >= MOST_CONNECTIONS:
            # Not answered: whoever opens so many reads no answers.
            writer.transport.abort()
            return
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._open[task] = writer
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        writer = self._open.pop(task)
        writer.transport.abort()
        if not task.cancelled() and (failure := task.exception()) is not None:
            log.error("a request for metrics failed", exc_info=failure)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(self._read_seconds):
                method, path = await _request(reader)
        except _Refusal as refusal:
            method, page = "GET", _short(refusal.status)
        except (TimeoutError, OSError, EOFError):
            return
        else:
            page = self._page(path)
        # A reader that does not read gets what fits into the buffers of its connection.
        with contextlib.suppress(TimeoutError, OSError):
            async with asyncio.timeout(self._write_seconds):
                writer.write(_answer(page, head_only=method == "HEAD"))
                writer.close()
                await writer.wait_closed()

    def _page(self, path: str) -> Page:
        make = self._pages.get(path)
        if make is None:
            there = ", ".join(self._pages)
            return Page(f"not found; there is {there}\n", HTTPStatus.NOT_FOUND)
        try:
            return make()
        except Exception:
            log.exception("the page %s could not be made", path)
            return _short(HTTPStatus.INTERNAL_SERVER_ERROR)


async def _request(reader: asyncio.StreamReader) -> tuple[str, str]:
    """Method and path of a request. Raises _Refusal, or EOFError when the connection was closed."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError:
        raise _Refusal(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE) from None
    line = head.partition(b"\r\n")[0].decode("latin-1")
    method, _, rest = line.partition(" ")
    target, _, version = rest.partition(" ")
    if version not in _VERSIONS or not target:
        raise _Refusal(HTTPStatus.BAD_REQUEST)
    if method not in _METHODS:
        raise _Refusal(HTTPStatus.METHOD_NOT_ALLOWED)
    if not target.startswith("/"):
        # Also http://host/path, which only a proxy is sent.
        raise _Refusal(HTTPStatus.BAD_REQUEST)
    return method, target.partition("?")[0]


def _short(status: HTTPStatus) -> Page:
    return Page(f"{status.phrase}\n", status)


def _answer(page: Page, *, head_only: bool) -> bytes:
    body = page.body.encode()
    lines = [
        f"HTTP/1.1 {page.status.value} {page.status.phrase}",
        f"Content-Type: {page.kind}",
        f"Content-Length: {len(body)}",
        "Connection: close",
        "Cache-Control: no-store",
        "X-Content-Type-Options: nosniff",
    ]
    if page.status is HTTPStatus.METHOD_NOT_ALLOWED:
        lines.append(f"Allow: {', '.join(_METHODS)}")
    head = "\r\n".join((*lines, "", "")).encode("ascii")
    return head if head_only else head + body
