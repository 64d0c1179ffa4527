"""The HTTP server of metrics, over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Callable
from http import HTTPStatus

import pytest

from flinktop.headless.cluster_args import Address
from flinktop.headless.metrics_server import (
    EXPOSITION,
    MOST_CONNECTIONS,
    ListenError,
    MetricsServer,
    Page,
)

HOST = "127.0.0.1"
PATIENCE = 20.0
LARGE = 20_000_000


@contextlib.asynccontextmanager
async def connected(port: int, host: str = HOST) -> AsyncIterator[tuple[StreamReader, StreamWriter]]:
    """A connection that is closed in any case."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def until(reached: Callable[[], bool]) -> None:
    """Let the loop run until something is so."""
    async with asyncio.timeout(PATIENCE):
        while not reached():  # noqa: ASYNC110 -- what the server does has no event
            await asyncio.sleep(0)


class Site:
    """A server under test, and its client."""

    def __init__(self, server: MetricsServer, port: int) -> None:
        self.server = server
        self.port = port

    @property
    def connections(self) -> int:
        return len(self.server._open)

    async def ask(self, request: bytes) -> bytes:
        """Send bytes; all that is answered until the server closes."""
        async with connected(self.port) as (reader, writer):
            writer.write(request)
            return await reader.read()

    async def get(self, path: str, method: str = "GET") -> tuple[int, dict[str, str], str]:
        answer = await self.ask(f"{method} {path} HTTP/1.1\r\nHost: h\r\n\r\n".encode())
        head, _, body = answer.decode().partition("\r\n\r\n")
        line, *headers = head.split("\r\n")
        pairs = (header.partition(": ") for header in headers)
        return int(line.split(" ")[1]), {name: value for name, _, value in pairs}, body


def fails() -> Page:
    raise ZeroDivisionError


def large() -> Page:
    return Page("x" * LARGE)


PAGES = {
    "/metrics": lambda: Page("up 1\n", kind=EXPOSITION),
    "/-/healthy": lambda: Page("ok\n"),
    "/-/ready": lambda: Page("not ready\n", HTTPStatus.SERVICE_UNAVAILABLE),
    "/fails": fails,
    "/large": large,
}


@contextlib.asynccontextmanager
async def serving(**seconds: float) -> AsyncIterator[Site]:
    server = MetricsServer(PAGES, **seconds)
    address = await server.listen(Address(HOST, 0))
    try:
        yield Site(server, address.port)
    finally:
        await server.close()


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with serving() as one:
        yield one


async def test_metrics_have_the_content_type_of_the_text_format(site: Site) -> None:
    status, headers, body = await site.get("/metrics")
    assert (status, body) == (200, "up 1\n")
    assert headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert headers["Content-Length"] == "5"
    assert headers["Connection"] == "close"


async def test_a_query_string_makes_no_difference(site: Site) -> None:
    assert (await site.get("/metrics?x=1"))[0] == 200


async def test_head_has_the_same_head_and_no_body(site: Site) -> None:
    status, headers, body = await site.get("/metrics", "HEAD")
    assert (status, headers["Content-Length"], body) == (200, "5", "")


async def test_probes(site: Site) -> None:
    assert (await site.get("/-/healthy"))[::2] == (200, "ok\n")
    assert (await site.get("/-/ready"))[::2] == (503, "not ready\n")


async def test_another_path_names_those_there_are_and_not_itself(site: Site) -> None:
    status, _, body = await site.get("/<script>")
    assert status == 404
    assert "/metrics" in body
    assert "script" not in body


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "get"])
async def test_other_methods_are_refused(site: Site, method: str) -> None:
    status, headers, _ = await site.get("/metrics", method)
    assert (status, headers["Allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"GET",
        b"GET /metrics",
        b"GET /metrics HTTP/2.0",
        b"GET  HTTP/1.1",
        b"GET http://h/ HTTP/1.1",
        b"GET /metrics HTTP/1.1 x",
        b"\xff\xfe\x00",
        b"GET /metrics HTTP/1.1\nX: y",
    ],
)
async def test_what_is_no_request_is_400_and_nothing_of_it_comes_back(site: Site, line: bytes) -> None:
    answer = await site.ask(line + b"\r\nX-Evil: yes\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"Evil" not in answer


async def test_a_request_is_bounded(site: Site) -> None:
    async with connected(site.port) as (reader, writer):
        writer.write(b"GET /metrics HTTP/1.1\r\n" + b"X: " + b"y" * 100_000)
        try:
            answer = await reader.read()
        except ConnectionError:
            # The rest of what was sent is not read: the answer may be lost with it.
            answer = b""
    assert answer == b"" or answer.startswith(b"HTTP/1.1 431 ")
    assert (await site.get("/metrics"))[0] == 200


async def test_who_sends_nothing_is_left() -> None:
    async with serving(read_seconds=0.05) as site:
        assert await site.ask(b"") == b""
        assert await site.ask(b"GET /metrics HTTP/1.1\r\n") == b""


async def test_who_does_not_read_is_left() -> None:
    async with serving(write_seconds=0.05) as site, connected(site.port) as (reader, writer):
        writer.write(b"GET /large HTTP/1.1\r\n\r\n")
        await until(lambda: site.connections == 1)
        await until(lambda: site.connections == 0)
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await reader.readexactly(LARGE)


async def test_connections_are_bounded(site: Site) -> None:
    async with contextlib.AsyncExitStack() as idle:
        for _ in range(MOST_CONNECTIONS):
            await idle.enter_async_context(connected(site.port))
        await until(lambda: site.connections == MOST_CONNECTIONS)
        try:
            answer = await site.ask(b"GET /metrics HTTP/1.1\r\n\r\n")
        except ConnectionError:
            answer = b""
        assert answer == b""
    await until(lambda: site.connections == 0)
    assert (await site.get("/metrics"))[0] == 200


async def test_an_error_of_a_page_is_500_and_the_server_lives_on(site: Site) -> None:
    status, _, body = await site.get("/fails")
    assert status == 500
    assert "Zero" not in body
    assert (await site.get("/metrics"))[0] == 200


async def test_a_port_that_is_taken_is_a_sentence(site: Site) -> None:
    with pytest.raises(ListenError, match="another program listens there"):
        await MetricsServer({}).listen(Address(HOST, site.port))


@pytest.mark.parametrize(
    ("host", "why"),
    [("192.0.2.1", "does not have that address"), ("no.such.host.invalid", "can't listen on")],
)
async def test_an_address_that_is_not_here_is_a_sentence(host: str, why: str) -> None:
    with pytest.raises(ListenError, match=why):
        await MetricsServer({}).listen(Address(host, 0))


async def test_after_close_nobody_is_served(site: Site) -> None:
    async with connected(site.port) as (reader, _writer):
        await until(lambda: site.connections == 1)
        await site.server.close()
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""
    with pytest.raises(OSError, match="Connect call failed"):
        await asyncio.open_connection(HOST, site.port)


async def test_ipv6_is_written_in_brackets() -> None:
    server = MetricsServer(PAGES)
    try:
        address = await server.listen(Address("::1", 0))
    except ListenError:
        pytest.skip("this machine has no IPv6")
    assert str(address) == f"[::1]:{address.port}"
    async with connected(address.port, "::1") as (reader, writer):
        writer.write(b"GET /-/healthy HTTP/1.0\r\n\r\n")
        assert (await reader.read()).endswith(b"ok\n")
    await server.close()
