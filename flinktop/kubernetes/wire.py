"""HTTP through the unix socket of `kubectl proxy`."""

from __future__ import annotations

import contextlib
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import httpx

from flinktop.flink.connect_errors import causes
from flinktop.flink.text import clean
from flinktop.kubernetes.errors import KubectlError, KubernetesError, Status, api_error, status_of
from flinktop.kubernetes.kubectl_text import explained

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from flinktop.kubernetes.proxy import Proxy

HOST: Final = "localhost"
"""kubectl's proxy refuses other names."""
MOST_REFUSAL: Final = 64 * 1024
"""Bytes of an error answer in which the API server's own is looked for."""
LIMITS: Final = httpx.Limits(max_connections=None, max_keepalive_connections=16, keepalive_expiry=60)
"""No limit: watches are open all the time, and a request that was cancelled may block its place for ever."""
_NOT_PASSED: Final = frozenset({b"host", b"authorization"})
"""Authorization would replace kubectl's own login, and show the cluster's to the API server."""
_NOT_PASSED_BEGINNINGS: Final = (b"impersonate-", b"x-remote-")
"""Headers that the API server may take for its own."""
_TRYING: Final = "error trying to reach service"


class Wire:
    """Requests to one API server. Used on one event loop at a time."""

    def __init__(self, proxy: Proxy, where: str) -> None:
        """`where` names the context in sentences."""
        self._proxy = proxy
        self._where = where
        self._socket = ""
        self._transport: httpx.AsyncHTTPTransport | None = None

    async def send(self, request: httpx.Request) -> httpx.Response:
        """Send a request; the answer's body is read by whoever takes it.

        Raises KubectlError if it can't be sent, and httpx.TransportError without an answer.
        """
        transport = await self._current()
        sent = httpx.Request(
            request.method,
            request.url.copy_with(scheme="http", host=HOST, port=None),
            headers=[(b"Host", HOST.encode()), *_passed(request.headers.raw)],
            stream=request.stream,
            extensions=request.extensions,
        )
        try:
            response = await transport.handle_async_request(sent)
        except httpx.ConnectError as error:
            self._proxy.unanswered()
            reasons = (one.strerror for one in causes(error) if isinstance(one, OSError) and one.strerror)
            reason = clean(next(reasons, str(error)))
            sentence = f"kubectl proxy takes no connections ({self._where}): {reason}"
            raise KubectlError("failed", sentence) from None
        except httpx.TransportError:
            self._proxy.unanswered()
            raise
        self._proxy.answered()
        response.request = request
        return response

    async def close(self) -> None:
        """Close all connections."""
        transport, self._transport = self._transport, None
        if transport is not None:
            await transport.aclose()

    async def _current(self) -> httpx.AsyncHTTPTransport:
        socket = await self._proxy.socket()
        if socket != self._socket or self._transport is None:
            await self.close()
            self._socket = socket
            self._transport = httpx.AsyncHTTPTransport(
                uds=socket, trust_env=False, verify=False, limits=LIMITS
            )
        return self._transport


def request(method: str, target: str, *, seconds: float, silent: float) -> httpx.Request:
    """A request of our own for JSON.

    It takes `seconds` at most to connect and to send; `silent` is the time between two parts of its answer.
    """
    return httpx.Request(
        method,
        f"http://{HOST}{target}",
        headers={"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "flinktop"},
        extensions={"timeout": {"connect": seconds, "read": silent, "write": seconds, "pool": seconds}},
    )


@contextlib.contextmanager
def explaining(where: str) -> Iterator[None]:
    """Turn errors of requests without a whole answer into KubectlError."""
    try:
        yield
    except (TimeoutError, httpx.TimeoutException):
        raise KubectlError("late", f"the API server of {where} gave no answer in time") from None
    except httpx.TransportError as broken:
        reason = clean(str(broken)) or "the connection broke off"
        raise KubectlError("unreachable", f"no answer of the API server of {where}: {reason}") from None


async def refusal(response: httpx.Response, where: str, *, ours: bool) -> KubernetesError | None:
    """The API server's or kubectl's own refusal in an error answer, which is closed then; None for others.

    `ours`: the request was for the API server itself, so every error answer is its own. Of an answer that is
    not theirs, but a cluster's, all can still be read.
    """
    if response.status_code < HTTPStatus.BAD_REQUEST:
        return None
    parts = aiter(response.stream)  # type: ignore[arg-type] # an answer's is an asynchronous one
    begin = await _beginning(parts, MOST_REFUSAL)
    found = _read(response, begin, where, ours=ours)
    if found is None:
        response.stream = _Rest(begin, parts, response.stream)  # type: ignore[arg-type]
    else:
        await response.aclose()
    return found


def _read(response: httpx.Response, body: bytes, where: str, *, ours: bool) -> KubernetesError | None:
    code = response.status_code
    retry_after = response.headers.get("retry-after", "")
    if (status := status_of(body)) is not None:
        return api_error(code, status, where, retry_after)
    is_plain = response.headers.get("content-type", "").startswith("text/plain")
    text = body[:2000].decode(errors="replace")
    if is_plain and code in (HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.BAD_GATEWAY):
        # What kubectl's proxy says, whose client got no answer.
        said = explained(text.partition("\n")[0], where)
        if said.kind not in ("failed", "absent") or ours:
            return said
    if ours or (code == HTTPStatus.SERVICE_UNAVAILABLE and text.lower().startswith(_TRYING)):
        message = "" if text.lstrip().startswith("<") else text
        return api_error(code, Status("Status", message), where, retry_after)
    return None


def _passed(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    return [
        (name, value)
        for name, value in headers
        if (lower := name.lower()) not in _NOT_PASSED and not lower.startswith(_NOT_PASSED_BEGINNINGS)
    ]


async def _beginning(parts: AsyncIterator[bytes], most: int) -> bytes:
    begin = b""
    async for part in parts:
        begin += part
        if len(begin) >= most:
            break
    return begin


class _Rest(httpx.AsyncByteStream):
    """A body of which the beginning was read."""

    def __init__(self, begin: bytes, parts: AsyncIterator[bytes], whole: httpx.AsyncByteStream) -> None:
        self._begin = begin
        self._parts = parts
        self._whole = whole

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._begin
        async for part in self._parts:
            yield part

    async def aclose(self) -> None:
        await self._whole.aclose()
