"""What another user of this machine gets out of TCP ports and files: a program of its own, for root to start.

Its input is a JSON object: "ports"; "paths" of files and directories; "cert" and "key", a certificate that
nobody trusts. As root it first becomes the user `nobody`. Its output is a list of [where, how, what it got],
one for each attempt that got anything.
"""

import contextlib
import json
import os
import socket
import ssl
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

NOBODY = 65534
SILENT = 2.0
"""Seconds after which a port that says nothing has said nothing."""
ALERT = b"\x15\x03"
"""A record of TLS that refuses, as one begins."""

Finding = tuple[str, str, str]
Attempt = tuple[str, str, Callable[[], bytes]]


def protobuf(number: int, content: bytes) -> bytes:
    """A field of a protocol buffer that holds bytes, not many."""
    return bytes((number << 3 | 2, len(content))) + content


def association() -> bytes:
    """How one actor system greets another, from where serialized Java objects follow."""
    address = protobuf(1, b"flink") + protobuf(2, b"127.0.0.1") + b"\x18\x01" + protobuf(4, b"pekko.tcp")
    handshake = protobuf(1, address) + b"\x11" + bytes(8)
    message = protobuf(2, b"\x08\x01" + protobuf(2, handshake))
    return len(message).to_bytes(4, "big") + message


def http(line: str, kind: str = "text/plain", body: bytes = b"") -> bytes:
    head = f"{line} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: {kind}\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


PART = b'--b\r\nContent-Disposition: form-data; name="jarfile"; filename="a.jar"\r\n\r\nPK\r\n--b--\r\n'
SENT = {
    "GET /overview": http("GET /overview"),
    "GET /jars": http("GET /jars"),
    "POST /jars/upload": http("POST /jars/upload", "multipart/form-data; boundary=b", PART),
    # A temporary blob of no job: two bytes, and the end of it.
    "blob": b"\x00\x00\x01" + (2).to_bytes(4, "little") + b"PK" + b"\xff\xff\xff\xff",
    "RPC": association(),
    "Java object": b"\xac\xed\x00\x05sr\x00\x11java.util.HashSet",
    "zeros": bytes(64),
}


def read(connection: socket.socket) -> bytes:
    """What comes until the other side closes or is silent."""
    connection.settimeout(SILENT)
    got = b""
    try:
        while len(got) < 2000 and (more := connection.recv(2000)):
            got += more
    except OSError:
        pass
    return got


def connected(port: int) -> socket.socket:
    # Not create_connection: it looks for a codec, among files that may not be readable any more.
    connection = socket.socket()
    connection.settimeout(SILENT)
    connection.connect(("127.0.0.1", port))
    return connection


def plain(port: int, words: bytes) -> bytes:
    with connected(port) as connection:
        connection.sendall(words)
        got = read(connection)
    return b"" if got.startswith(ALERT) else got


def encrypted(port: int, words: bytes, context: ssl.SSLContext) -> bytes:
    with connected(port) as connection:
        try:
            with context.wrap_socket(connection) as secure:
                secure.sendall(words)
                return read(secure)
        except OSError:
            return b""


def contexts(cert: str, key: str) -> dict[str, ssl.SSLContext]:
    found = {}
    for name in ("without a certificate", "with a certificate of its own"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        found[name] = context
    found["with a certificate of its own"].load_cert_chain(cert, key)
    return found


def attempts(ports: list[int], secure: dict[str, ssl.SSLContext]) -> Iterator[Attempt]:
    for port in ports:
        for name, words in SENT.items():
            yield str(port), name, partial(plain, port, words)
            for how, context in secure.items():
                yield str(port), f"{name} in TLS {how}", partial(encrypted, port, words, context)


def found_at(attempt: Attempt) -> Finding:
    where, how, ask = attempt
    try:
        got = ask()
    except OSError:
        got = b""
    return where, how, repr(got) if got else ""


def content(path: Path) -> bytes:
    return repr(list(path.iterdir())).encode() if path.is_dir() else path.read_bytes()


def main() -> None:
    told = json.load(sys.stdin)
    secure = contexts(told["cert"], told["key"])
    if os.getuid() == 0:
        # Where root is root of a namespace of one user only, there is nobody to become.
        with contextlib.suppress(OSError):
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
    tried = list(attempts(told["ports"], secure))
    if os.getuid() == NOBODY:
        tried += [(path, "read", partial(content, Path(path))) for path in told["paths"]]
    with ThreadPoolExecutor(32) as pool:
        found = list(pool.map(found_at, tried))
    json.dump([one for one in found if one[2]], sys.stdout)


if __name__ == "__main__":
    main()
