"""Clusters of one job each behind real ports, good and bad ones, in one process that costs little.

    python -m tests.bench.fleet_site KIND=COUNT…

serves them until its stdin ends, and prints their kinds and addresses as JSON. Then each line on stdin is
answered by a line of JSON: how many requests each has taken so far.

Kinds: live, slow (each answer takes 2 s), html (a login page), hanging (never answers), refusing (nothing
listens), lost (packets to it are dropped).

All live ones show the same world of the demo at the same second: answers are made once for all of them.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import sys
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from flinktop.demo.scenarios import Cluster, many_jobs
from flinktop.demo.specs import Fate
from flinktop.engine.clock import Clock
from tests.demo_cluster import DemoCluster

if TYPE_CHECKING:
    from collections.abc import Sequence

RELEASE: Final = "1.20.5"
LOOPBACK: Final = "127.0.0.1"
SLOW_SECONDS: Final = 2.0
HTML: Final = b"<!doctype html><html><head><title>Sign in</title></head><body>Sign in</body></html>"
KINDS: Final = ("live", "slow", "html", "hanging", "refusing", "lost")


class World:
    """The demo's world with one healthy job; an answer is made once a second."""

    def __init__(self) -> None:
        healthy = replace(many_jobs(1)[0], name="orders", fate=Fate(started=-86_400.0))
        self._cluster = DemoCluster("wide-job", RELEASE, Clock(), own=Cluster((healthy,), slots_each=4))
        self._made: dict[str, bytes] = {}
        self._second = 0

    def answer(self, target: str) -> bytes:
        """The whole response to a GET."""
        if (second := int(time.monotonic())) != self._second:
            self._second, self._made = second, {}
        if (known := self._made.get(target)) is None:
            status, body = self._cluster.answer(target)
            known = self._made[target] = response(status, body, "application/json")
        return known


def response(status: int, body: bytes, kind: str) -> bytes:
    head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


class Served(asyncio.Protocol):
    """One connection to one cluster."""

    def __init__(self, site: Site, number: int) -> None:
        self._site = site
        self._number = number
        self._transport: asyncio.Transport | None = None
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while b"\r\n\r\n" in self._buffer:
            head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
            self._site.asked[self._number] += 1
            target = head.split(b" ", 2)[1].decode().lstrip("/")
            kind = self._site.kinds[self._number]
            if kind == "html":
                self._send(response(200, HTML, "text/html"))
            elif kind == "slow":
                asyncio.get_running_loop().call_later(SLOW_SECONDS, self._answer, target)
            elif kind == "live":
                self._answer(target)

    def _answer(self, target: str) -> None:
        self._send(self._site.world.answer(target))

    def _send(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)


class Site:
    """All clusters."""

    def __init__(self, kinds: Sequence[str]) -> None:
        self.kinds = tuple(kinds)
        self.asked = [0] * len(kinds)
        self.world = World()
        self._sockets: list[socket.socket] = []

    async def serve(self) -> list[str]:
        """Begin to serve; returns the addresses."""
        loop, found = asyncio.get_running_loop(), []
        for number, kind in enumerate(self.kinds):
            one = socket.socket()
            self._sockets.append(one)
            one.bind((LOOPBACK, 0))
            found.append(f"http://{LOOPBACK}:{one.getsockname()[1]}")
            if kind == "lost":
                self._drop_packets(one)
            elif kind != "refusing":
                await loop.create_server(partial(Served, self, number), sock=one, backlog=16)
        return found

    def _drop_packets(self, one: socket.socket) -> None:
        """Fill the queue of connections that nobody accepts: the next handshake gets no answer."""
        one.listen(0)
        for _ in range(3):
            filling = socket.socket()
            filling.settimeout(0.0)
            with contextlib.suppress(BlockingIOError):
                filling.connect(one.getsockname())
            self._sockets.append(filling)


async def serve(kinds: Sequence[str]) -> None:
    """Serve until stdin ends."""
    site, loop, ended = Site(kinds), asyncio.get_running_loop(), asyncio.Event()
    urls = await site.serve()
    _say(json.dumps(list(zip(kinds, urls, strict=True))))

    def read() -> None:
        for _ in sys.stdin:
            _say(json.dumps(site.asked))
        loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=read, daemon=True).start()
    await ended.wait()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    """Serve what the command line names."""
    kinds: list[str] = []
    for word in sys.argv[1:]:
        kind, _, count = word.partition("=")
        if kind not in KINDS or not count.isdecimal():
            raise SystemExit(f"fleet_site: {word!r} is not of the form KIND=COUNT")
        kinds += [kind] * int(count)
    asyncio.run(serve(kinds))


if __name__ == "__main__":
    main()
