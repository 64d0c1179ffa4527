"""The wire: the only file of the client that imports httpx."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from flinktop.flink.answers import check_document, check_status
from flinktop.flink.connection import Connection, Secret, SecretError
from flinktop.flink.endpoint import MOST_BYTES, REQUEST_LINE, ROOM, Query, target
from flinktop.flink.errors import (
    BadReply,
    FlinkError,
    LoginRefused,
    Refused,
    TimedOut,
    Unauthorized,
    Unreachable,
)
from flinktop.flink.guard import acts
from flinktop.flink.login import Held, Login
from flinktop.flink.missing_package import install_command
from flinktop.flink.proxy import proxy_for, without_credentials
from flinktop.flink.said import shorten
from flinktop.flink.text import clean
from flinktop.flink.tls import tls
from flinktop.flink.trouble import reason

__all__ = ["Connection", "Http", "Reply", "Secret", "SecretError"]

PLAIN = ("", "identity")
"""Encodings of a body that are taken: no other is asked for, and 300 bytes of one can make 100 MB."""
PATIENCE = 3.0
"""An answer may take this many times as long as the server may be silent, and longer if it is large."""
SLOWEST = 8 * 1024
"""Bytes a second of an answer that is still worth waiting for."""
_DIGITS = 20
"""Of a size that a file can have."""
_SOCKS = "httpx[socks]>=0.28.1,<0.29"
"""As the extra `socks` of pyproject.toml has it."""
MOST_COOKIE = 4096
"""Bytes of one, as browsers take them: Python's reader of cookies fails on dates of thousands of digits."""
MOST_COOKIES = 50
"""That are kept for one server."""
POOL = httpx.Limits(max_connections=4, max_keepalive_connections=4, keepalive_expiry=120)
"""Idle connections outlive the slowest poll; httpx's own 5 s would reconnect on each."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server answered with success."""

    body: bytes
    status: int
    seconds: float
    """From the first byte sent to the last one read."""


class Http:
    """Sends requests to one cluster over at most four kept connections."""

    def __init__(
        self,
        connection: Connection,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        login: Login | None = None,
    ) -> None:
        """Nothing is opened and no secret read before the first request.

        Args:
            connection: where and how.
            transport: takes the network's place (tests, recordings, the demo).
            login: that of the cluster's other clients, which share what is known of it.
        """
        self.connection = connection
        self.url = connection.url
        self.requests = 0
        """Sent so far."""
        self._transport = transport
        self._client: httpx.AsyncClient | None = None
        self._login = login or Login(connection, perf_counter)
        self._retired: list[httpx.AsyncClient] = []
        self._flying = 0
        self._answered = False
        self._base = len(quote(urlsplit(self.url).path, safe="/%")) + 1
        self._room = min(ROOM, REQUEST_LINE - len("GET  HTTP/1.1") - self._base)

    async def get(self, query: Query[Any]) -> Reply:
        """The answer to a query, put together when it takes several requests.

        Raises:
            FlinkError: no answer, or none that is a success.
        """
        parts = query.parts(self._room)
        if not parts:
            return Reply(b"[]", 200, 0.0)
        replies = [await self.send("GET", part.target, most=part.endpoint.most) for part in parts]
        if query.endpoint.reply is not str:
            for reply in replies:
                check_document(reply.body, self._shown(query.target), reply.status)
        if len(replies) == 1:
            return replies[0]
        lists = (reply.body.strip().removeprefix(b"[").removesuffix(b"]").strip() for reply in replies)
        seconds = sum(reply.seconds for reply in replies)
        return Reply(b"[" + b",".join(filter(None, lists)) + b"]", 200, seconds)

    async def send(
        self,
        method: str,
        path: str,
        *,
        params: Sequence[tuple[str, str]] = (),
        json: Any = None,
        files: Sequence[tuple[str, Any]] | None = None,
        seconds: float | None = None,
        most: int = MOST_BYTES,
    ) -> Reply:
        """Send one request.

        Args:
            method: the verb.
            path: percent-encoded, without a leading slash.
            params: query parameters.
            json: the body.
            files: parts of a multipart body, as httpx takes them.
            seconds: how long the server may be silent instead of the connection's own limit.
            most: bytes of the answer at the most.

        Raises:
            FlinkError: no answer, or none that is a success; Refused when nothing was sent.
        """
        line = target(path, params)
        self._check(method, line)
        used = await self._credentials(method, line)
        for attempt in range(3):
            try:
                return await self._send(
                    method, line, headers=used, json=json, files=files, seconds=seconds, most=most
                )
            except httpx.PoolTimeout as error:
                if attempt:
                    raise _unreachable(
                        error, method, self._shown(line), self.connection, self._answered
                    ) from None
                await self.renew()
            except httpx.RequestError as error:
                # A kept connection that the server closed in the same instant: harmless for a GET.
                if attempt or method != "GET" or not _dropped(error):
                    raise _unreachable(
                        error, method, self._shown(line), self.connection, self._answered
                    ) from None
            except Unauthorized as error:
                # A proxy may answer so after Flink has acted: an act is never sent twice.
                if not await self._differs(used, error) or attempt or acts(method, line):
                    raise
                used = await self._credentials(method, line)
        raise Unreachable(method, self._shown(line), "the connection was dropped again and again")

    async def stream(
        self,
        path: str,
        *,
        most: int,
        seconds: float | None = None,
        begun: Callable[[int | None], None] = lambda _size: None,
    ) -> AsyncIterator[bytes]:
        """The bytes of a file as they come, over a connection of their own, `most` bytes at the most.

        Args:
            path: percent-encoded, without a leading slash.
            most: bytes at the most; the connection is closed behind them.
            seconds: how long the server may be silent instead of the connection's own limit.
            begun: called with the size that the server announces before the first byte, None when it
                announces none; what it raises ends the transfer.

        Raises:
            FlinkError: no answer, or none that is a success.
        """
        self._check("GET", path)
        shown = self._shown(path)
        left = most
        used = await self._credentials("GET", path)
        client = self._new_client("GET", shown)
        try:
            async with client, self._exchange(client, "GET", path, headers=used, seconds=seconds) as response:
                pace = _Pace(self._patience(seconds))
                if not response.is_success:
                    body = await _read(response, MOST_BYTES, pace, "GET", shown)
                    self._check_answer(response, body, "GET", shown)
                self._login.accepted(used)
                _refuse_encoded(response, "GET", shown)
                begun(_announced(response))
                async for chunk in _chunks(response, pace):
                    yield chunk[:left]
                    left -= len(chunk)
                    if left <= 0:
                        return
        except httpx.RequestError as error:
            raise _unreachable(error, "GET", shown, self.connection, self._answered) from None
        except Unauthorized as error:
            await self._differs(used, error)
            raise

    async def renew(self) -> None:
        """Begin again with a fresh pool: a cancelled request can leave a slot taken for ever.

        Requests under way are left to end in the old one.
        """
        if self._client is not None:
            self._retired.append(self._client)
            self._client = None
        await self._bury()

    async def close(self) -> None:
        """Close all connections, busy or not. The next request opens new ones."""
        await self.renew()
        self._flying = 0
        await self._bury()

    async def _bury(self) -> None:
        """Close retired clients once nothing is under way."""
        while self._retired and not self._flying:
            await self._retired.pop().aclose()

    # -- one request ---------------------------------------------------------------------------------

    async def _send(
        self,
        method: str,
        line: str,
        *,
        headers: Mapping[str, str],
        json: Any,
        files: Any,
        seconds: float | None,
        most: int,
    ) -> Reply:
        shown = self._shown(line)
        client = self._client = self._client or self._new_client(method, shown)
        began = perf_counter()
        async with self._exchange(
            client, method, line, headers=headers, json=json, files=files, seconds=seconds
        ) as response:
            body = await _read(response, most, _Pace(self._patience(seconds)), method, shown)
        self._answered = True
        try:
            self._check_answer(response, body, method, shown)
        except FlinkError as error:
            if error.by_flink:
                self._login.accepted(headers)
            raise
        self._login.accepted(headers)
        return Reply(body, response.status_code, perf_counter() - began)

    @asynccontextmanager
    async def _exchange(
        self,
        client: httpx.AsyncClient,
        method: str,
        line: str,
        *,
        headers: Mapping[str, str],
        json: Any = None,
        files: Any = None,
        seconds: float | None = None,
    ) -> AsyncIterator[httpx.Response]:
        limits = self.connection
        timeout = httpx.Timeout(
            connect=limits.connect_seconds,
            read=limits.read_seconds if seconds is None else seconds,
            write=limits.read_seconds,
            pool=5.0,
        )
        self.requests += 1
        self._flying += 1
        begun = False
        request: httpx.Request | None = None
        response: httpx.Response | None = None
        try:
            async with asyncio.timeout(None) as overall:
                request = client.build_request(
                    method,
                    httpx.URL(f"{self.url}/{line}"),
                    json=json,
                    files=files,
                    headers=headers,
                    timeout=timeout,
                    extensions={"trace": _answer_within(self._patience(seconds), overall)},
                )
                response = await client.send(request, stream=True)
            begun = True
            if len(client.cookies.jar) > MOST_COOKIES:
                client.cookies.clear()
            yield response
        except TimeoutError:
            if begun:
                raise
            # What was cancelled may leave its place in the pool taken for ever.
            if client is self._client:
                await self.renew()
            raise _TooSlow(f"{self._patience(seconds):g} s", request=request) from None
        except httpx.TransportError as error:
            if begun and not isinstance(error, _TooSlow):
                raise _broken_off(error) from error
            raise
        except httpx.InvalidURL as error:
            raise Refused(method, self._shown(line), f"not an address: {error}") from None
        finally:
            if response is not None:
                await response.aclose()
            self._flying = max(0, self._flying - 1)
            await self._bury()

    def _patience(self, seconds: float | None) -> float:
        """How long the answer to a request may take after the request has been sent."""
        return PATIENCE * (self.connection.read_seconds if seconds is None else seconds)

    def _new_client(self, method: str, shown: str) -> httpx.AsyncClient:
        try:
            inner = self._transport or _network(self.connection)
        except ValueError as error:
            raise Unreachable(method, shown, str(error)) from None
        guarded = _Guarded(inner, self.connection, ours=self._transport is None)
        return httpx.AsyncClient(transport=guarded, trust_env=False)

    async def _credentials(self, method: str, line: str) -> Mapping[str, str]:
        try:
            return await self._login.headers()
        except Held as held:
            raise LoginRefused(
                method, self._shown(line), str(held), status=httpx.codes.UNAUTHORIZED, sent=False
            ) from None
        except (SecretError, ValueError) as error:
            raise Unreachable(method, self._shown(line), str(error)) from None

    async def _differs(self, used: Mapping[str, str], error: Unauthorized) -> bool:
        """After a 401: whether the login is another by now than the one `used` (rotated tokens).

        Raises:
            LoginRefused: it is the same.
        """
        if error.status != httpx.codes.UNAUTHORIZED or not self.connection.has_login:
            return False
        if await self._login.refused(used, error.detail):
            return True
        told = LoginRefused(error.method, error.url, error.detail, status=error.status, sent=error.sent)
        told.by_flink = error.by_flink
        raise told from None

    def _check(self, method: str, line: str) -> None:
        if self.connection.read_only and acts(method, line):
            raise Refused(method, self._shown(line), "this connection is read-only; nothing was sent")
        length = len(method) + self._base + len(line) + len("  HTTP/1.1")
        if length > REQUEST_LINE:
            raise Refused(
                method, self._shown(line), f"a request line of {length} bytes, Flink reads {REQUEST_LINE}"
            )

    def _check_answer(self, response: httpx.Response, body: bytes, method: str, shown: str) -> None:
        if not response.is_success:
            body = self._login.hide(body)
        location = self._login.hide(response.headers.get("location", "").encode()).decode("utf-8", "replace")
        check_status(response.status_code, body, method, shown, location)

    def _shown(self, line: str) -> str:
        return f"{self.url}/{line.partition('?')[0]}"


class _Guarded(httpx.AsyncBaseTransport):
    """The read-only guard on the wire itself: whatever was built above it, this is what would be sent.

    What comes back has no cookie that is too long to be one.
    """

    def __init__(self, inner: httpx.AsyncBaseTransport, connection: Connection, *, ours: bool) -> None:
        self._inner = inner
        self._connection = connection
        self._ours = ours

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        line = request.url.raw_path.decode("ascii")
        if self._connection.read_only and acts(request.method, line):
            shown = self._connection.url + line.partition("?")[0]
            raise Refused(request.method, shown, "this connection is read-only; nothing was sent")
        response = await self._inner.handle_async_request(request)
        if any(len(cookie) > MOST_COOKIE for cookie in response.headers.get_list("set-cookie")):
            del response.headers["set-cookie"]
        return response

    async def aclose(self) -> None:
        """Close what we opened; a transport that was given outlives its clients."""
        if self._ours:
            await self._inner.aclose()


def _network(connection: Connection) -> httpx.AsyncHTTPTransport:
    """The transport that reaches the network.

    Nothing is left to httpx's trust_env: it would send loopback addresses to a proxy and take
    credentials from .netrc.

    Raises:
        ValueError: a proxy or TLS setting is unusable; one sentence.
    """
    proxy = proxy_for(connection.url)
    # A TLS context costs 20 to 50 ms, so plain addresses do without.
    context = tls(connection, _usual_trust) if connection.url.startswith("https://") else False
    try:
        return httpx.AsyncHTTPTransport(verify=context, trust_env=False, limits=POOL, proxy=proxy)
    except ImportError:
        raise ValueError(
            f"the environment asks for the SOCKS proxy {without_credentials(proxy)}, which needs one more "
            f"package: {install_command(_SOCKS)}"
        ) from None
    except (ValueError, httpx.InvalidURL):
        raise ValueError(
            f"the environment's proxy {without_credentials(proxy)} is not an address flinktop can use"
        ) from None


def _usual_trust() -> ssl.SSLContext:
    """The authorities that come with httpx, and the system's own (a company's)."""
    context = httpx.create_ssl_context(trust_env=False)
    context.load_default_certs()
    return context


class _BrokenOff(httpx.ReadError):
    """The connection ended in the middle of an answer."""


class _Stalled(httpx.ReadTimeout):
    """An answer that had begun did not go on."""


class _TooSlow(httpx.ReadTimeout):
    """An answer that went on and on; the message says for how long."""


class _Pace:
    """How long an answer may take in all: a limit for each byte alone would let it go on for ever."""

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._began = perf_counter()
        self._received = 0

    @property
    def took(self) -> float:
        """Seconds so far."""
        return perf_counter() - self._began

    @property
    def left(self) -> float:
        """Seconds in which it must go on, for as many bytes as there are."""
        return self._patience + self._received / SLOWEST - self.took

    def more(self, received: int) -> None:
        """Take in that so many bytes have come."""
        self._received += received


def _answer_within(seconds: float, overall: asyncio.Timeout) -> Callable[[str, Any], Awaitable[None]]:
    """What httpcore calls at each step: from when the request is sent, the head of the answer must come."""

    async def trace(event: str, _info: Any) -> None:
        if event.endswith("receive_response_headers.started"):
            overall.reschedule(asyncio.get_running_loop().time() + seconds)

    return trace


def _broken_off(error: httpx.TransportError) -> _BrokenOff | _Stalled:
    """What became of an answer after its first bytes."""
    kind = _Stalled if isinstance(error, httpx.TimeoutException) else _BrokenOff
    return kind(str(error), request=error.request)


def _unreachable(
    error: httpx.RequestError,
    method: str,
    url: str,
    connection: Connection,
    answered: bool,  # noqa: FBT001 -- a fact, not a switch
) -> Unreachable:
    """The error that a failed exchange stands for; one with a server that has answered before, if so."""
    unsent = httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout | httpx.ProxyError
    sent = not isinstance(error, unsent)
    match error:
        case httpx.ConnectTimeout():
            late = f"no connection within {connection.connect_seconds:g} s: wrong address, or a firewall"
            # The handshake is part of connecting, and a plain server waits for the rest of a line.
            late += ", or a port without TLS (http://)?" if connection.url.startswith("https://") else "?"
        case httpx.PoolTimeout():
            late = "all connections are busy"
        case _BrokenOff():
            return Unreachable(method, url, "the connection broke off in the middle of an answer", sent=sent)
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
            told = reason(error, connection.url, proxy=proxy, protocol=protocol, answered=answered)
            return Unreachable(method, url, told, sent=sent)
    return TimedOut(method, url, late, sent=sent)


def _dropped(error: httpx.RequestError) -> bool:
    return isinstance(error, httpx.ReadError | httpx.WriteError | httpx.RemoteProtocolError)


def _announced(response: httpx.Response) -> int | None:
    """The size of the body by its header."""
    told = response.headers.get("content-length", "")
    return int(told) if told.isdecimal() and len(told) < _DIGITS else None


def _refuse_encoded(response: httpx.Response, method: str, shown: str) -> None:
    """Raise for a body that would have to be unpacked."""
    encoding = response.headers.get("content-encoding", "").strip().lower()
    if encoding not in PLAIN:
        detail = f"the answer is compressed ({shorten(clean(encoding), 40)}), which was not asked for"
        raise BadReply(method, shown, detail, status=response.status_code)


async def _chunks(response: httpx.Response, pace: _Pace) -> AsyncIterator[bytes]:
    """The body as it comes.

    Raises:
        _TooSlow: it takes too long, be it that the sizes of its chunks or its trailers come byte by byte.
    """
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


async def _read(response: httpx.Response, most: int, pace: _Pace, method: str, shown: str) -> bytes:
    """The body as it was sent; of an error that is compressed only the status is of use."""
    if response.is_success:
        _refuse_encoded(response, method, shown)
    elif response.headers.get("content-encoding", "").strip().lower() not in PLAIN:
        return b""
    body = bytearray()
    async for chunk in _chunks(response, pace):
        body += chunk
        if len(body) > most:
            raise BadReply(
                method, shown, f"an answer of more than {most // 1_048_576} MiB", status=response.status_code
            )
    return bytes(body)
