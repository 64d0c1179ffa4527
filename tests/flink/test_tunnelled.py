"""HTTP through a tunnel: the address stays the cluster's, the connections go elsewhere."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from flinktop.flink.cluster import CONFIG
from flinktop.flink.connection import Connection, Secret
from flinktop.flink.errors import NoTunnel, TimedOut, Unreachable
from flinktop.flink.http import Http
from flinktop.flink.local_end import NoLocalEnd
from tests.flink.sites import http, listening, make_certificate, serving, tls_server

TUNNEL = ("ssh", "-L", "{port}:jobmanager:8081", "bastion")
CONFIGURATION = b'{"refresh-interval":3000}'


class End:
    """The end of a tunnel that is open at a port, or is not."""

    def __init__(self, port: int = 0, closed: str = "", words: str = "") -> None:
        self.at = port
        self.closed = closed
        self.words = words
        self.answers = self.vain = 0

    async def port(self) -> int:
        if self.closed:
            raise NoLocalEnd(self.closed)
        return self.at

    def answered(self) -> None:
        self.answers += 1

    async def unanswered(self, sent_at: float) -> str:
        assert sent_at <= self.now()
        self.vain += 1
        return self.words

    def now(self) -> float:
        return time.monotonic()


@asynccontextmanager
async def client(
    end: End, url: str = "http://jobmanager.example:8081/base", **given: object
) -> AsyncIterator[Http]:
    connection = Connection(url, tunnel=TUNNEL, **given)  # type: ignore[arg-type]
    opened = Http(connection, tunnel=end)
    try:
        yield opened
    finally:
        await opened.close()


async def test_only_the_connection_goes_through_it(monkeypatch: pytest.MonkeyPatch) -> None:
    # A proxy leads to addresses of the network, and there is none to be reached.
    monkeypatch.setenv("http_proxy", "http://proxy.example:3128")
    heads: list[bytes] = []

    def answer(head: bytes) -> bytes:
        heads.append(head.lower())
        return http(CONFIGURATION, "200 OK", "Set-Cookie: route=1")

    async with serving(answer) as port:
        end = End(port)
        async with client(end, user="me", password=Secret("value", "pw")) as opened:
            for _ in range(2):
                assert (await opened.get(CONFIG())).body == CONFIGURATION
    assert heads[0].startswith(b"get /base/config http/1.1\r\nhost: jobmanager.example:8081\r\n")
    assert b"authorization: basic" in heads[0]
    assert b"cookie" not in heads[0]
    assert b"cookie: route=1" in heads[1]
    assert (end.answers, end.vain) == (2, 0)


async def test_tls_is_that_of_the_cluster(tmp_path: Path) -> None:
    cert, key = make_certificate(tmp_path, "flink", "DNS:flink.example")
    asked: list[str] = []
    context = tls_server(cert, key)
    context.sni_callback = lambda _socket, name, _context: asked.append(name)
    async with serving(lambda _head: http(CONFIGURATION), context) as port:
        end = End(port)
        async with client(end, "https://flink.example", ca=cert) as opened:
            assert (await opened.get(CONFIG())).body == CONFIGURATION
        assert asked == ["flink.example"]
        async with client(end, "https://other.example", ca=cert) as opened:
            with pytest.raises(Unreachable, match="certificate is for another name") as raised:
                await opened.get(CONFIG())
            assert not isinstance(raised.value, NoTunnel)
        assert end.vain == 0
        async with client(end, "https://flink.example") as opened:
            with pytest.raises(Unreachable, match="certificate is not trusted"):
                await opened.get(CONFIG())


async def test_another_port_after_it_was_started_again() -> None:
    async with serving(lambda _head: http(b"1")) as first, serving(lambda _head: http(b"2")) as second:
        end = End(first)
        async with client(end) as opened:
            assert (await opened.send("GET", "a")).body == b"1"
            end.at = second
            assert (await opened.send("GET", "a")).body == b"2"


async def test_it_is_closed() -> None:
    sentence = "the tunnel to prod ended (255): Permission denied"
    async with client(End(closed=sentence)) as opened:
        with pytest.raises(NoTunnel) as raised:
            await opened.send("POST", "jobs/1/savepoints")
    assert (raised.value.reason, raised.value.sent) == (sentence, False)
    assert str(raised.value).startswith("POST http://jobmanager.example:8081/base/jobs/1/savepoints: ")


@pytest.mark.parametrize("words", ["", "cannot listen"])
async def test_nothing_listens_at_its_port(words: str) -> None:
    end = End(1, words=words)
    async with client(end) as opened:
        with pytest.raises(NoTunnel) as raised:
            await opened.get(CONFIG())
    more = f": {words}" if words else ""
    assert raised.value.reason == f"the tunnel takes no connections at 127.0.0.1:1{more}"
    assert not raised.value.sent
    assert end.vain == 1


async def test_it_leads_nowhere() -> None:
    async with serving(lambda _head: b"") as port:
        end = End(port, words="channel 2: open failed: connect failed: Connection refused")
        async with client(end) as opened:
            with pytest.raises(NoTunnel) as raised:
                await opened.get(CONFIG())
            assert raised.value.reason == f"the tunnel is open, but does not lead to the cluster: {end.words}"
            assert raised.value.sent
            end.words = ""
            with pytest.raises(Unreachable, match="closed the connection without an answer"):
                await opened.get(CONFIG())
    assert end.answers == 0


async def test_nothing_comes_through_it() -> None:
    async def silent(reader: object, _writer: object) -> None:
        await reader.read()  # type: ignore[attr-defined]

    async with listening(silent) as port:
        end = End(port, words="some words")
        async with client(end, read_seconds=0.1) as opened:
            with pytest.raises(TimedOut, match=r"no answer within 0\.1 s"):
                await opened.get(CONFIG())
        assert end.vain == 1
        async with client(end, "https://flink.example", connect_seconds=0.1) as opened:
            with pytest.raises(
                TimedOut, match=r"no connection within 0\.1 s through the tunnel: a port without"
            ):
                await opened.get(CONFIG())


def test_a_login_through_a_tunnel_is_no_warning() -> None:
    direct = Connection("http://jobmanager:8081", user="me", password=Secret("value", "pw"))
    assert direct.login_unencrypted
    assert not Connection(direct.url, user="me", password=direct.password, tunnel=TUNNEL).login_unencrypted
