"""HTTP through a tunnel: only the TCP connections go to its local end, all else is as without it.

The Host header, the name for TLS (SNI) and the name that the server's certificate is checked for stay those
of the cluster's address.
"""

import ssl

import httpx

from flinktop.flink.connect_errors import causes
from flinktop.flink.local_end import LocalEnd, NoLocalEnd

LOOPBACK = "127.0.0.1"


class TunnelClosed(httpx.ConnectError):
    """The tunnel is not open: nothing was sent. The text is a sentence."""


class TunnelFailed(httpx.RemoteProtocolError):
    """The connection through the tunnel ended without an answer; the text is what the tunnel printed."""


def no_tunnel(error: httpx.RequestError) -> str:
    """What is wrong with the tunnel, one sentence; "" if this error is not about it."""
    match error:
        case TunnelClosed():
            return str(error)
        case TunnelFailed():
            return f"the tunnel is open, but does not lead to the cluster: {error}"
        case _:
            return ""


class Tunnelled(httpx.AsyncBaseTransport):
    """Sends requests through a tunnel."""

    def __init__(self, inner: httpx.AsyncBaseTransport, end: LocalEnd) -> None:
        self._inner = inner
        self._end = end

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            port = await self._end.port()
        except NoLocalEnd as error:
            raise TunnelClosed(str(error), request=request) from None
        # A request of its own: by the address of the original one cookies are kept.
        sent = httpx.Request(
            request.method,
            request.url.copy_with(host=LOOPBACK, port=port),
            headers=request.headers,
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": request.url.raw_host.decode("ascii")},
        )
        sent_at = self._end.now()
        try:
            response = await self._inner.handle_async_request(sent)
        except httpx.TransportError as error:
            await self._explain(error, request, port, sent_at)
            raise
        self._end.answered()
        return response

    async def _explain(
        self, error: httpx.TransportError, request: httpx.Request, port: int, sent_at: float
    ) -> None:
        """Raise a better error, if the tunnel says why there is no answer."""
        if isinstance(error, httpx.PoolTimeout) or any(map(_is_answer, causes(error))):
            return
        refused = any(isinstance(cause, ConnectionRefusedError) for cause in causes(error))
        words = await self._end.unanswered(sent_at)
        if refused:
            closed = f"the tunnel takes no connections at {LOOPBACK}:{port}"
            raise TunnelClosed(f"{closed}: {words}" if words else closed, request=request) from None
        if words and not isinstance(error, httpx.TimeoutException):
            raise TunnelFailed(words, request=request) from None

    async def aclose(self) -> None:
        await self._inner.aclose()


def _is_answer(cause: BaseException) -> bool:
    """Whether the far end has answered, but TLS failed."""
    return isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLEOFError | ssl.SSLZeroReturnError)
