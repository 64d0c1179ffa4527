"""Sending requests: persistent connections, time limits of answers, and errors."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from time import perf_counter
from typing import TYPE_CHECKING, Any

import httpx

from flinktop.flink.answers import Answer, Request
from flinktop.flink.connect_errors import reason
from flinktop.flink.connection import Connection
from flinktop.flink.error_text import shorten
from flinktop.flink.errors import BadReply, NoTunnel, Refused, TimedOut, Unreachable
from flinktop.flink.network import Guarded, network
from flinktop.flink.text import clean
from flinktop.flink.tls_contexts import TlsContexts

if TYPE_CHECKING:
    from flinktop.flink.local_end import LocalEnd

PLAIN = ("", "identity")  # accepted content encodings: no other is requested, and one may be a bomb
PATIENCE = 3.0  # an answer may take this many times the read timeout, and longer if it is large
SLOWEST = 8 * 1024  # bytes per second: a slower answer is given up
MOST_COOKIES = 50  # kept for one server
_DROPPED = (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError)
_DIGITS = 20  # of the size of a file at most


class Wire:
    """Sends requests to one cluster over at most four persistent connections."""

    def __init__(
        self,
        connection: Connection,
        transport: httpx.AsyncBaseTransport | None,
        tunnel: "LocalEnd | None" = None,
        contexts: TlsContexts | None = None,
    ) -> None:
        """Opens nothing before the first request; `transport` replaces the network and the tunnel."""
        self._contexts = contexts
        self.requests = 0  # sent so far
        self._connection = connection
        self._tunnel = tunnel
        self._transport = transport
        self._client: httpx.AsyncClient | None = None
        self._retired: list[httpx.AsyncClient] = []
        self._flying = 0
        self._answered = False
        self._closings = 0

    async def answer(self, request: Request, most: int) -> Answer:
        """Send a request and read its answer, up to `most` bytes. Raises FlinkError if there is none."""
        closings = self._closings
        try:
            return await self._answer(request, most)
        except httpx.PoolTimeout:
            await self.renew()
        except httpx.RequestError as error:
            # The server closed an idle connection just now: a GET can be repeated safely.
            ours = closings != self._closings  # or we did, because nobody waits for it any more
            if request.method != "GET" or not isinstance(error, _DROPPED) or ours:
                raise self._unreachable(error, request) from None
        try:
            return await self._answer(request, most)
        except httpx.RequestError as error:
            raise self._unreachable(error, request) from None

    @asynccontextmanager
    async def file(self, request: Request) -> AsyncIterator["File"]:
        """A file of the cluster, over its own connection. Raises FlinkError if there is no answer."""
        client = self._new_client(request)
        try:
            async with client, self._exchange(client, request) as response:
                yield File(response, _Pace(self._patience(request)), request)
        except httpx.RequestError as error:
            raise self._unreachable(error, request) from None

    async def renew(self) -> None:
        """Switch to a new connection pool: a cancelled request can block a slot for ever.

        Running requests finish in the old pool.
        """
        if self._client is not None:
            self._retired.append(self._client)
            self._client = None
        await self._close_retired()

    async def close(self) -> None:
        self._closings += 1
        await self.renew()
        self._flying = 0
        await self._close_retired()

    async def _close_retired(self) -> None:
        while self._retired and not self._flying:
            await self._retired.pop().aclose()

    # -- one request ---------------------------------------------------------------------------------

    async def _answer(self, request: Request, most: int) -> Answer:
        client = self._client = self._client or self._new_client(request)
        began = perf_counter()
        async with self._exchange(client, request) as response:
            body = await _read(response, most, _Pace(self._patience(request)), request)
        self._answered = True
        location = response.headers.get("location", "")
        # A transport may have waited for its turn before it sent anything.
        seconds = perf_counter() - began - response.extensions.get("waited", 0.0)
        return Answer(response.status_code, location, body, seconds)

    @asynccontextmanager
    async def _exchange(self, client: httpx.AsyncClient, request: Request) -> AsyncIterator[httpx.Response]:
        limits = self._connection
        timeout = httpx.Timeout(
            connect=limits.connect_seconds,
            read=limits.read_seconds if request.seconds is None else request.seconds,
            write=limits.read_seconds,
            pool=5.0,
        )
        patience = self._patience(request)
        self.requests += 1
        self._flying += 1
        begun = False
        built: httpx.Request | None = None
        response: httpx.Response | None = None
        try:
            async with asyncio.timeout(None) as overall:
                built = client.build_request(
                    request.method,
                    httpx.URL(f"{self._connection.url}/{request.line}"),
                    json=request.json,
                    files=request.files,
                    headers=request.headers,
                    timeout=timeout,
                    extensions={"trace": _answer_within(patience, overall)},
                )
                response = await client.send(built, stream=True)
            begun = True
            if len(client.cookies.jar) > MOST_COOKIES:
                client.cookies.clear()
            yield response
        except TimeoutError:
            if begun:
                raise
            # A cancelled request may block its slot in the pool for ever.
            if client is self._client:
                await self.renew()
            raise _TooSlow(f"{patience:g} s", request=built) from None
        except httpx.TransportError as error:
            if begun and not isinstance(error, _TooSlow):
                raise _broken_off(error) from error
            raise
        except httpx.InvalidURL as error:
            raise Refused(request.method, request.shown, f"not an address: {error}") from None
        finally:
            if response is not None:
                await response.aclose()
            self._flying = max(0, self._flying - 1)
            await self._close_retired()

    def _patience(self, request: Request) -> float:
        silent = self._connection.read_seconds if request.seconds is None else request.seconds
        return PATIENCE * silent

    def _new_client(self, request: Request) -> httpx.AsyncClient:
        try:
            inner = self._transport or network(self._connection, self._contexts, self._tunnel)
        except ValueError as error:
            raise Unreachable(request.method, request.shown, str(error)) from None
        guarded = Guarded(inner, self._connection, ours=self._transport is None)
        return httpx.AsyncClient(transport=guarded, trust_env=False)

    def _unreachable(self, error: httpx.RequestError, request: Request) -> Unreachable:
        connection, method, shown = self._connection, request.method, request.shown
        if self._tunnel is not None:
            from flinktop.flink.tunnelled import no_tunnel  # noqa: PLC0415 -- few clusters have one

            if sentence := no_tunnel(error):
                return NoTunnel(method, shown, sentence, sent=not isinstance(error, httpx.ConnectError))
        unsent = httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout | httpx.ProxyError
        sent = not isinstance(error, unsent)
        match error:
            case httpx.ConnectTimeout():
                late = f"no connection within {connection.connect_seconds:g} s"
                # The handshake is part of connecting, and a plain server waits for the rest of a line.
                no_tls = "a port without TLS (http://)" if connection.url.startswith("https://") else ""
                if self._tunnel is None:
                    late += f": wrong address, or a firewall{f', or {no_tls}' if no_tls else ''}?"
                else:
                    late += f" through the tunnel{f': {no_tls}?' if no_tls else ''}"
            case httpx.PoolTimeout():
                late = "all connections are busy"
            case _BrokenOff():
                broken = "the connection broke off in the middle of an answer"
                return Unreachable(method, shown, broken, sent=sent)
            case _TooSlow():
                late = f"the answer came too slowly: not whole after {error}"
            case httpx.TimeoutException():
                limits = error.request.extensions.get("timeout", {})
                seconds = f"{limits.get('read', connection.read_seconds):g} s"
                late = f"no answer within {seconds}"
                if isinstance(error, _Stalled):
                    late = f"the answer stopped in the middle: nothing more came within {seconds}"
            case _:
                proxy, protocol = isinstance(error, httpx.ProxyError), isinstance(error, httpx.ProtocolError)
                answered = self._answered
                text = reason(error, connection.url, proxy=proxy, protocol=protocol, answered=answered)
                return Unreachable(method, shown, text, sent=sent)
        return TimedOut(method, shown, late, sent=sent)


class File:
    """A file that is being transferred."""

    def __init__(self, response: httpx.Response, pace: "_Pace", request: Request) -> None:
        self._response = response
        self._pace = pace
        self._request = request

    async def refusal(self, most: int) -> Answer | None:
        """The error answer sent instead of the file, up to `most` bytes; None for a success."""
        response = self._response
        if response.is_success:
            return None
        body = await _read(response, most, self._pace, self._request)
        return Answer(response.status_code, response.headers.get("location", ""), body, self._pace.took)

    def announced(self) -> int | None:
        """The size in its header; BadReply if its body is compressed."""
        _refuse_encoded(self._response, self._request)
        text = self._response.headers.get("content-length", "")
        return int(text) if text.isdecimal() and len(text) < _DIGITS else None

    def chunks(self) -> AsyncIterator[bytes]:
        return _chunks(self._response, self._pace)


class _BrokenOff(httpx.ReadError):
    """The connection ended in the middle of an answer."""


class _Stalled(httpx.ReadTimeout):
    """An answer stopped after its first bytes."""


class _TooSlow(httpx.ReadTimeout):
    """An answer took too long in all; the message says how long."""


class _Pace:
    """The time limit of a whole answer: a limit for each byte alone would let it go on for ever."""

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._began = perf_counter()
        self._received = 0

    @property
    def took(self) -> float:
        return perf_counter() - self._began

    @property
    def left(self) -> float:
        """Seconds left, given the bytes received so far."""
        return self._patience + self._received / SLOWEST - self.took

    def more(self, received: int) -> None:
        self._received += received


def _answer_within(seconds: float, overall: asyncio.Timeout) -> Callable[[str, Any], Awaitable[None]]:
    """The callback for httpcore's steps: the answer's head must come in time after the request was sent."""

    async def trace(event: str, _info: Any) -> None:
        if event.endswith("receive_response_headers.started"):
            overall.reschedule(asyncio.get_running_loop().time() + seconds)

    return trace


def _broken_off(error: httpx.TransportError) -> _BrokenOff | _Stalled:
    """The error for an answer that ended after its first bytes."""
    kind = _Stalled if isinstance(error, httpx.TimeoutException) else _BrokenOff
    return kind(str(error), request=error.request)


def _refuse_encoded(response: httpx.Response, request: Request) -> None:
    encoding = response.headers.get("content-encoding", "").strip().lower()
    if encoding not in PLAIN:
        detail = f"the answer is compressed ({shorten(clean(encoding), 40)}), which was not asked for"
        raise BadReply(request.method, request.shown, detail, status=response.status_code)


async def _chunks(response: httpx.Response, pace: _Pace) -> AsyncIterator[bytes]:
    """The body as it comes; _TooSlow even if only chunk sizes or trailers come byte by byte."""
    chunks = response.aiter_bytes()
    while pace.left > 0:
        try:
            async with asyncio.timeout(pace.left):
                chunk = await anext(chunks, None)
        except TimeoutError:
            break
        if chunk is None:
            return
        pace.more(len(chunk))
        yield chunk
    raise _TooSlow(f"{pace.took:.0f} s", request=response.request)


async def _read(response: httpx.Response, most: int, pace: _Pace, request: Request) -> bytes:
    """The body as sent; a compressed error answer gives b"", as only its status is needed."""
    if response.is_success:
        _refuse_encoded(response, request)
    elif response.headers.get("content-encoding", "").strip().lower() not in PLAIN:
        return b""
    body = bytearray()
    async for chunk in _chunks(response, pace):
        body += chunk
        if len(body) > most:
            large = f"an answer of more than {most // 1_048_576} MiB"
            raise BadReply(request.method, request.shown, large, status=response.status_code)
    return bytes(body)
