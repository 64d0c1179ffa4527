"""The client of one cluster: permission, login, requests, and errors of answers."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from http import HTTPStatus
from time import perf_counter
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import msgspec

from flinktop.flink.answers import Answer, Request, check_document, check_status
from flinktop.flink.connection import Connection, SecretError, acts
from flinktop.flink.endpoint import MOST_BYTES, REQUEST_LINE, ROOM, Query, target
from flinktop.flink.errors import FlinkError, LoginRefused, Refused, Unauthorized, Unreachable
from flinktop.flink.login import Login, LoginHeld

if TYPE_CHECKING:
    import httpx

    from flinktop.flink.local_end import LocalEnd
    from flinktop.flink.tls_contexts import TlsContexts
    from flinktop.flink.wire import Wire


class Reply(msgspec.Struct, frozen=True):
    """A successful answer."""

    body: bytes
    status: int
    seconds: float  # from the first byte sent to the last byte read


class Http:
    """Sends requests to one cluster over at most four persistent connections."""

    def __init__(
        self,
        connection: Connection,
        *,
        transport: "httpx.AsyncBaseTransport | None" = None,
        login: Login | None = None,
        tunnel: "LocalEnd | None" = None,
        contexts: "TlsContexts | None" = None,
    ) -> None:
        """Opens nothing and reads no secret before the first request.

        `transport` replaces the network (tests, recordings, the demo); `login` is shared with the cluster's
        other clients, so that they know of refusals, and so is `tunnel`, through which requests are sent;
        `contexts` with those of other clusters.
        """
        self._contexts = contexts
        self.connection = connection
        self.url = connection.url
        self._transport = transport
        self._tunnel = tunnel
        self._opened: Wire | None = None
        self._login = login or Login(connection, perf_counter)
        self._base = len(quote(urlsplit(self.url).path, safe="/%")) + 1
        self._room = min(ROOM, REQUEST_LINE - len("GET  HTTP/1.1") - self._base)

    @property
    def requests(self) -> int:
        return self._opened.requests if self._opened is not None else 0

    async def get(self, query: Query[Any]) -> Reply:
        """The answer to a query, joined if it takes several requests. Raises as `send`."""
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
        """Send one request to a percent-encoded path without a leading slash.

        `files` are parts of a multipart body, as httpx takes them; `seconds` is how long the server may be
        silent instead of the connection's own limit; `most` is the maximal size of the answer in bytes.
        Raises FlinkError for no answer or an error answer, Refused if nothing was sent.
        """
        line = target(path, params)
        request = await self._request(method, line, json=json, files=files, seconds=seconds)
        try:
            return await self._send(request, most)
        except Unauthorized as error:
            # A proxy may answer 401 after Flink has acted: an action is never sent twice.
            if not await self._login_changed(request.headers, error) or acts(method, line):
                raise
        again = await self._request(method, line, json=json, files=files, seconds=seconds)
        return await self._send(again, most)

    async def stream(
        self,
        path: str,
        *,
        most: int,
        seconds: float | None = None,
        on_start: Callable[[int | None], None] = lambda _size: None,
    ) -> AsyncIterator[bytes]:
        """The bytes of a file as they come, over its own connection, which is closed after `most` bytes.

        `on_start` gets the size that the server announces, if any, before the first byte; an exception ends
        the transfer. Raises as `send`.
        """
        request = await self._request("GET", path, seconds=seconds)
        left = most
        try:
            async with self._wire.file(request) as file:
                if (refusal := await file.refusal(MOST_BYTES)) is not None:
                    self._check_answer(refusal, request)
                self._login.accepted(request.headers)
                on_start(file.announced())
                async for chunk in file.chunks():
                    yield chunk[:left]
                    left -= len(chunk)
                    if left <= 0:
                        return
        except Unauthorized as error:
            await self._login_changed(request.headers, error)
            raise

    async def renew(self) -> None:
        """Switch to a new connection pool; running requests finish in the old one."""
        if self._opened is not None:
            await self._opened.renew()

    async def close(self) -> None:
        """Close all connections, busy or not. The next request opens new ones."""
        if self._opened is not None:
            await self._opened.close()

    # -- one request ---------------------------------------------------------------------------------

    @property
    def _wire(self) -> "Wire":
        if self._opened is None:
            # httpx takes 25 ms to import and is not needed for the first paint.
            from flinktop.flink.wire import Wire  # noqa: PLC0415

            self._opened = Wire(self.connection, self._transport, self._tunnel, self._contexts)
        return self._opened

    async def _request(
        self,
        method: str,
        line: str,
        *,
        json: Any = None,
        files: Sequence[tuple[str, Any]] | None = None,
        seconds: float | None = None,
    ) -> Request:
        """A request with its login; raises FlinkError if it may not be sent."""
        self._check(method, line)
        headers = await self._credentials(method, line)
        return Request(method, line, self._shown(line), headers, json, files, seconds)

    async def _send(self, request: Request, most: int) -> Reply:
        answer = await self._wire.answer(request, most)
        try:
            self._check_answer(answer, request)
        except FlinkError as error:
            if error.by_flink:
                self._login.accepted(request.headers)
            raise
        self._login.accepted(request.headers)
        return Reply(answer.body, answer.status, answer.seconds)

    async def _credentials(self, method: str, line: str) -> Mapping[str, str]:
        try:
            return await self._login.headers()
        except LoginHeld as error:
            raise LoginRefused(
                method, self._shown(line), str(error), status=HTTPStatus.UNAUTHORIZED, sent=False
            ) from None
        except (SecretError, ValueError) as error:
            raise Unreachable(method, self._shown(line), str(error)) from None

    async def _login_changed(self, used: Mapping[str, str], error: Unauthorized) -> bool:
        """After a 401: whether the login has changed since `used` (rotated); else raises LoginRefused."""
        if error.status != HTTPStatus.UNAUTHORIZED or not self.connection.has_login:
            return False
        if await self._login.refused(used, error.detail):
            return True
        refusal = LoginRefused(error.method, error.url, error.detail, status=error.status, sent=error.sent)
        refusal.by_flink = error.by_flink
        raise refusal from None

    def _check(self, method: str, line: str) -> None:
        if self.connection.read_only and acts(method, line):
            raise Refused(method, self._shown(line), "this connection is read-only; nothing was sent")
        length = len(method) + self._base + len(line) + len("  HTTP/1.1")
        if length > REQUEST_LINE:
            raise Refused(
                method, self._shown(line), f"a request line of {length} bytes, Flink reads {REQUEST_LINE}"
            )

    def _check_answer(self, answer: Answer, request: Request) -> None:
        """Raise the error for a failed answer, with our secrets removed from its text."""
        success = HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES
        body = answer.body if success else self._login.hide(answer.body)
        location = self._login.hide(answer.location.encode()).decode("utf-8", "replace")
        check_status(answer.status, body, request.method, request.shown, location)

    def _shown(self, line: str) -> str:
        return f"{self.url}/{line.partition('?')[0]}"
