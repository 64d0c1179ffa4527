"""What only a real socket shows: TLS, names, ports, time, kept connections."""

import asyncio
import socket
import ssl
from itertools import chain, repeat
from pathlib import Path

import pytest

from flinktop.flink.connection import Connection
from flinktop.flink.errors import TimedOut, Unreachable
from flinktop.flink.http import Http
from flinktop.flink.jobs import JOBS
from tests.flink.shapes import steers
from tests.flink.sites import http as answer
from tests.flink.sites import listening, serving, tls_server

pytestmark = pytest.mark.deep

Pair = tuple[Path, Path]
EMPTY = answer(b'{"jobs":[]}')


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


async def refuse_to_understand(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A plain server that is spoken to in TLS."""
    await reader.read(5)
    writer.write(answer(b"", "400 Bad Request", "Connection: close"))
    await writer.drain()
    writer.close()


async def status(connection: Connection) -> int:
    http = Http(connection)
    try:
        return (await http.get(JOBS())).status
    finally:
        await http.close()


async def trouble(connection: Connection) -> str:
    """The sentence about a connection that gives no answer."""
    with pytest.raises(Unreachable) as caught:
        await status(connection)
    told = str(caught.value)
    assert told.startswith(f"GET {connection.url}/jobs: ")
    assert not steers(told)
    assert "Error" not in told
    return told


def refused_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
    return port


async def test_connections_are_kept() -> None:
    ports = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ports.add(writer.get_extra_info("peername")[1])
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(EMPTY)

    async with listening(talk) as port:
        http = Http(Connection(f"http://127.0.0.1:{port}"))
        for _ in range(5):
            await http.get(JOBS())
        await http.close()
    assert len(ports) == 1


async def test_a_server_that_closes_after_each_answer_is_no_trouble() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(EMPTY)
        writer.close()

    async with listening(talk) as port:
        http = Http(Connection(f"http://127.0.0.1:{port}"))
        for _ in range(5):
            assert (await http.get(JOBS())).status == 200
        await http.close()


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
A_HEADER = b"HTTP/1.1 200 OK\r\nX: "
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
BEGINNINGS = {
    "the head": b"",
    "a header": A_HEADER,
    "the body": HEAD,
    "the rest of the body": HEAD + b'{"jobs":',
    "what stands behind the size of a chunk": CHUNKED + b"9;",
    "a trailer": CHUNKED + b"2\r\n{}\r\n0\r\nX: ",
}
"""What is sent at once of an answer, by what comes byte by byte."""


@pytest.mark.parametrize("at_once", BEGINNINGS.values(), ids=BEGINNINGS)
async def test_an_answer_that_comes_byte_by_byte_has_an_end(
    at_once: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    # No byte comes too late, on a busy machine either: all of them together do.
    monkeypatch.setattr("flinktop.flink.wire.PATIENCE", 0.1)

    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(at_once)
        for letter in chain(b"" if at_once else A_HEADER, repeat(ord("a"))):
            writer.write(bytes((letter,)))
            await writer.drain()
            await asyncio.sleep(0.02)

    async with listening(trickle) as port:
        http = Http(Connection(f"http://127.0.0.1:{port}", read_seconds=3.0))
        for _ in range(2):
            with pytest.raises(TimedOut, match="came too slowly: not whole after"):
                await http.get(JOBS())
        with pytest.raises(TimedOut, match="came too slowly"):
            _ = [chunk async for chunk in http.stream("jobmanager/log", most=100_000, seconds=3.0)]
        await http.close()


async def test_after_answers_that_were_given_up_others_come_as_ever() -> None:
    asked = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        while await reader.readuntil(b"\r\n\r\n"):
            asked += 1
            if asked > 6:
                writer.write(EMPTY)
            else:
                for letter in HEAD * 10:
                    writer.write(bytes((letter,)))
                    await writer.drain()
                    await asyncio.sleep(0.02)

    async with listening(talk) as port:
        http = Http(Connection(f"http://127.0.0.1:{port}", read_seconds=0.1))
        for _ in range(3):
            slow = await asyncio.gather(http.get(JOBS()), http.get(JOBS()), return_exceptions=True)
            assert all(isinstance(one, TimedOut) for one in slow)
        assert (await http.get(JOBS())).status == 200
        await http.close()


async def test_nothing_is_listening() -> None:
    assert "nothing is listening on that port" in await trouble(
        Connection(f"http://127.0.0.1:{refused_port()}")
    )
    assert "nothing is listening on that port" in await trouble(
        Connection(f"https://127.0.0.1:{refused_port()}")
    )


async def test_an_unknown_name() -> None:
    assert "no such host" in await trouble(Connection("http://no-such-host.invalid:8081"))


async def test_no_answer_in_time() -> None:
    async with listening(silent) as port:
        url = f"http://127.0.0.1:{port}"
        with pytest.raises(TimedOut, match=r"no answer within 0\.2 s") as caught:
            await status(Connection(url, read_seconds=0.2))
        assert caught.value.sent
        http = Http(Connection(url))
        with pytest.raises(TimedOut, match=r"no answer within 0\.1 s"):
            await http.send("POST", "jobs/a/stop", json={}, seconds=0.1)
        await http.close()
        told = await trouble(Connection(f"https://127.0.0.1:{port}", connect_seconds=0.2))
        assert "no connection within 0.2 s" in told
        assert "without TLS" in told


@pytest.mark.parametrize("said", [b"", b"SSH-2.0-OpenSSH_9.2\r\n", b"\x15\x03\x03\x00\x02\x02\x46"])
async def test_a_port_that_does_not_speak_http(said: bytes) -> None:
    async with serving(lambda _: said + b"\r\n" if said else b"") as port:
        told = await trouble(Connection(f"http://127.0.0.1:{port}", read_seconds=0.5))
    assert "https://" in told or "not HTTP" in told


TYPED = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CUT = {
    "a length that does not come": TYPED + b'Content-Length: 4000\r\n\r\n{"jobs":[{"jid":"77',
    "no last chunk": TYPED + b'Transfer-Encoding: chunked\r\n\r\n13\r\n{"jobs":[{"jid":"77\r\n',
    "in the middle of a chunk": TYPED + b'Transfer-Encoding: chunked\r\n\r\nff\r\n{"jobs":[{"jid":"77',
}
"""Beginnings of answers behind which the connection ends."""
BROKE_OFF = "the connection broke off in the middle of an answer"


@pytest.mark.parametrize("begins", CUT.values(), ids=CUT)
async def test_an_answer_that_is_cut_short(begins: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(begins)
        await writer.drain()
        writer.close()

    async with listening(talk) as port:
        connection = Connection(f"http://127.0.0.1:{port}")
        assert BROKE_OFF in await trouble(connection)
        http = Http(connection)
        with pytest.raises(Unreachable, match=BROKE_OFF) as caught:
            await http.send("POST", "jobs/a/stop", json={})
        assert caught.value.sent
        with pytest.raises(Unreachable, match=BROKE_OFF):
            _ = [chunk async for chunk in http.stream("jobmanager/log", most=100_000)]
        await http.close()


async def test_an_answer_that_stops_in_its_middle() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(CUT["a length that does not come"])
        await reader.read()

    async with listening(talk) as port:
        told = await trouble(Connection(f"http://127.0.0.1:{port}", read_seconds=0.2))
    assert told.endswith("the answer stopped in the middle: nothing more came within 0.2 s")


async def test_trusted_tls(certificate: Pair) -> None:
    async with serving(lambda _: EMPTY, tls_server(*certificate)) as port:
        assert await status(Connection(f"https://127.0.0.1:{port}", ca=certificate[0])) == 200
        assert await status(Connection(f"https://localhost:{port}", ca=certificate[0])) == 200
        assert await status(Connection(f"https://127.0.0.1:{port}", insecure=True)) == 200


async def test_a_directory_of_authorities(certificate: Pair, tmp_path: Path) -> None:
    async with serving(lambda _: EMPTY, tls_server(*certificate)) as port:
        told = await trouble(Connection(f"https://127.0.0.1:{port}", ca=tmp_path))
    assert "not trusted" in told


async def test_an_unknown_authority(certificate: Pair) -> None:
    async with serving(lambda _: EMPTY, tls_server(*certificate)) as port:
        told = await trouble(Connection(f"https://127.0.0.1:{port}"))
    assert "not trusted" in told
    assert "--ca" in told


async def test_a_certificate_for_another_name(other_certificate: Pair) -> None:
    async with serving(lambda _: EMPTY, tls_server(*other_certificate)) as port:
        told = await trouble(Connection(f"https://127.0.0.1:{port}", ca=other_certificate[0]))
    assert "for another name" in told


async def test_a_client_certificate(certificate: Pair, other_certificate: Pair) -> None:
    async with serving(lambda _: EMPTY, tls_server(*certificate, client_ca=other_certificate[0])) as port:
        url, (cert, key) = f"https://127.0.0.1:{port}", other_certificate
        assert await status(Connection(url, ca=certificate[0], cert=cert, key=key)) == 200
        told = await trouble(Connection(url, ca=certificate[0]))
    assert "client certificate" in told or "dropped" in told or "closed" in told


async def test_tls_to_a_plain_port_and_plain_to_a_tls_port(certificate: Pair) -> None:
    async with listening(refuse_to_understand) as port:
        assert "use http://" in await trouble(Connection(f"https://127.0.0.1:{port}"))
    async with serving(lambda _: EMPTY, tls_server(*certificate)) as port:
        assert "https://" in await trouble(Connection(f"http://127.0.0.1:{port}"))


async def test_certificate_files_that_are_missing_or_invalid(
    certificate: Pair, other_certificate: Pair, tmp_path: Path
) -> None:
    junk = tmp_path / "junk.pem"
    junk.write_text("no certificate")
    url = "https://127.0.0.1:1"
    assert "no certificates in PEM form" in await trouble(Connection(url, ca=junk))
    assert "nothing.pem: No such file" in await trouble(Connection(url, ca=tmp_path / "nothing.pem"))
    mixed = Connection(url, cert=certificate[0], key=other_certificate[1])
    assert "belongs together" in await trouble(mixed)
    assert "cannot read the certificate" in await trouble(Connection(url, cert=tmp_path / "nothing.crt"))


async def test_an_encrypted_key_is_an_error_without_a_prompt(certificate: Pair, tmp_path: Path) -> None:
    encrypted = tmp_path / "encrypted.key"
    words = (
        "openssl",
        "ec",
        "-in",
        str(certificate[1]),
        "-aes256",
        "-passout",
        "pass:x",
        "-out",
        str(encrypted),
    )
    process = await asyncio.create_subprocess_exec(*words, stderr=asyncio.subprocess.DEVNULL)
    assert await process.wait() == 0
    told = await trouble(Connection("https://127.0.0.1:1", cert=certificate[0], key=encrypted))
    assert "is encrypted" in told


async def test_a_plain_address_builds_no_tls_context(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("certificates are read for http://")

    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", never)
    monkeypatch.setattr(ssl.SSLContext, "load_default_certs", never)
    async with serving(lambda _: EMPTY) as port:
        assert await status(Connection(f"http://127.0.0.1:{port}")) == 200


async def test_loopback_requests_ignore_the_proxy_environment(
    no_proxies: pytest.MonkeyPatch,
) -> None:
    no_proxies.setenv("http_proxy", f"http://127.0.0.1:{refused_port()}")
    no_proxies.setenv("all_proxy", "socks5://127.0.0.1:1")
    async with serving(lambda _: EMPTY) as port:
        assert await status(Connection(f"http://localhost:{port}")) == 200


async def test_other_hosts_use_the_environments_proxy(no_proxies: pytest.MonkeyPatch) -> None:
    heads: list[bytes] = []

    def proxy(head: bytes) -> bytes:
        heads.append(head)
        return EMPTY

    async with serving(proxy) as port:
        no_proxies.setenv("http_proxy", f"http://ann:pw@127.0.0.1:{port}")
        assert await status(Connection("http://flink.invalid:8081/base")) == 200
    assert heads[0].startswith(b"GET http://flink.invalid:8081/base/jobs HTTP/1.1")
    assert b"Proxy-Authorization: Basic YW5uOnB3" in heads[0]


async def test_a_socks_proxy_without_its_package_is_one_sentence(no_proxies: pytest.MonkeyPatch) -> None:
    no_proxies.setenv("all_proxy", "socks5://ann:pw@proxy.invalid:1080")
    no_proxies.setitem(__import__("sys").modules, "socksio", None)
    told = await trouble(Connection("http://flink.invalid:8081"))
    assert told.rstrip("'").endswith("'httpx[socks]>=0.28.1,<0.29")
    assert "pw" not in told


@pytest.mark.parametrize("proxy", ["gopher://proxy:70", "http://[::1", "http://proxy:port"])
async def test_a_proxy_that_is_no_address_is_one_sentence(no_proxies: pytest.MonkeyPatch, proxy: str) -> None:
    no_proxies.setenv("http_proxy", proxy)
    assert "the environment's proxy" in await trouble(Connection("http://flink.invalid:8081"))
