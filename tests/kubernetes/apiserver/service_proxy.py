"""The service proxy of an API server: a request goes on to what the service leads to, and its answer back."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Mapping

from tests.kubernetes.apiserver.network import Network
from tests.kubernetes.apiserver.routes import Target
from tests.kubernetes.apiserver.statuses import Refused
from tests.kubernetes.apiserver.wire import Answer, Broken, Head, Request, read_body, read_head

_HOP = {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}
_NO_BODY = {204, 304}


async def proxied(network: Network, target: Target, request: Request) -> Answer:
    """The answer of the server behind `…/services/NAME/proxy/REST`.

    Raises:
        Refused: 404 or 503, there is no server to ask, or it cannot be reached.
    """
    if not target.rest and request.method in {"GET", "HEAD"}:
        _, mark, query = request.target.partition("?")
        return Answer(301, b"", [("Location", f"{request.path}/{mark}{query}")])
    address, by_tls = network.service(target.namespace, target.name)
    try:
        # As an API server does, which does not know whose certificate it is.
        tls = ssl._create_unverified_context() if by_tls else None  # noqa: S323
        reader, writer = await asyncio.open_connection(*address, ssl=tls, limit=1 << 20)
    except OSError as error:
        raise _unreachable(f"dial tcp {address[0]}:{address[1]}: connect: {_words(error)}") from error
    sending = asyncio.ensure_future(_send(writer, address, target, request))
    try:
        head = await _final_head(reader)
    except BaseException:
        sending.cancel()
        writer.close()
        raise
    status = int(head.start.split()[1])
    headers = [(name, value) for name, value in head.raw if name.lower() not in _HOP]
    headers = [(name, _relocated(name, value, address, request)) for name, value in headers]
    if request.method == "HEAD" or status in _NO_BODY:
        writer.close()
        return Answer(status, b"", headers)
    return Answer(status, _received(reader, writer, head.headers, sending), headers)


async def _final_head(reader: asyncio.StreamReader) -> Head:
    """The head of the answer itself, not of a 100 Continue.

    Raises:
        Refused: 503, there is none.
    """
    try:
        while (head := await read_head(reader)) is not None and head.start.split()[1] == "100":
            pass
    except (Broken, OSError) as error:
        raise _unreachable(str(error)) from error
    if head is None:
        raise _unreachable("EOF")
    return head


async def _send(
    writer: asyncio.StreamWriter, address: tuple[str, int], target: Target, request: Request
) -> None:
    query = request.target.partition("?")[2]
    way = (target.rest or "/") + (f"?{query}" if query else "")
    # The login was for the API server, and nobody behind it shall see it.
    kept = [
        pair
        for pair in request.raw_headers
        if pair[0].lower() not in _HOP | {"authorization", "host", "expect"}
    ]
    lines = [f"{request.method} {way} HTTP/1.1", f"Host: {address[0]}:{address[1]}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in kept]
    lines += ["X-Forwarded-For: 127.0.0.1", f"X-Forwarded-Uri: {request.path}"]
    chunked = request.headers.get("transfer-encoding", "").lower() == "chunked"
    if chunked:
        lines.append("Transfer-Encoding: chunked")
    writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
    # A server may have answered and gone before all was sent: its answer is what counts.
    with contextlib.suppress(OSError):
        async for chunk in request.chunks():
            writer.write(b"%x\r\n%b\r\n" % (len(chunk), chunk) if chunked else chunk)
            await writer.drain()
        if chunked:
            writer.write(b"0\r\n\r\n")
        await writer.drain()


async def _received(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    headers: Mapping[str, str],
    sending: "asyncio.Task[None]",
) -> AsyncIterator[bytes]:
    try:
        async for chunk in read_body(reader, headers, to_end=True):
            yield chunk
        await sending
    finally:
        sending.cancel()
        writer.close()


def _relocated(name: str, value: str, address: tuple[str, int], request: Request) -> str:
    """A Location on the server behind is one below the proxy to those in front."""
    if name.lower() != "location":
        return value
    before = request.path.partition("/proxy")[0] + "/proxy"
    value = value.removeprefix(f"http://{address[0]}:{address[1]}")
    return before + value if value.startswith("/") else value


def _unreachable(why: str) -> Refused:
    return Refused(503, f"error trying to reach service: {why}")


def _words(error: OSError) -> str:
    return "connection refused" if isinstance(error, ConnectionRefusedError) else str(error)
