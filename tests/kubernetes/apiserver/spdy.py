"""SPDY/3.1 as far as `kubectl port-forward` speaks it: streams over one connection, without flow control."""

import asyncio
import contextlib
import struct
import zlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, Protocol

SYN_STREAM, SYN_REPLY, RST_STREAM, SETTINGS, PING, GOAWAY = 1, 2, 3, 4, 6, 7
FIN: Final = 1
_CONTROL: Final = 0x80030000
_WORDS: Final = (
    "options head post put delete trace accept accept-charset accept-encoding accept-language "
    "accept-ranges age allow authorization cache-control connection content-base content-encoding "
    "content-language content-length content-location content-md5 content-range content-type date etag "
    "expect expires from host if-match if-modified-since if-none-match if-range if-unmodified-since "
    "last-modified location max-forwards pragma proxy-authenticate proxy-authorization range referer "
    "retry-after server te trailer transfer-encoding upgrade user-agent vary via warning "
    "www-authenticate method get status 200_OK version HTTP/1.1 url public set-cookie keep-alive origin"
)
_REST: Final = (
    "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505203 "
    "Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403"
    " Forbidden404 Not Found500 Internal Server Error501 Not Implemented503 Service UnavailableJan Feb "
    "Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMTchunked,te"
    "xt/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,text/javasc"
    "ript,publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0."
)
DICTIONARY: Final = (
    b"".join(
        struct.pack(">I", len(word)) + word.encode()
        for word in (each.replace("_", " ") for each in _WORDS.split())
    )
    + _REST.encode()
)
"""What the compression of headers starts with, as the protocol has it."""


class Connected(Protocol):
    """A two-way stream of bytes: a socket, or messages of a WebSocket."""

    async def readexactly(self, count: int) -> bytes: ...
    def write(self, data: bytes) -> None: ...
    async def drain(self) -> None: ...
    def close(self) -> None: ...


class Stream:
    """One stream that the other side has opened."""

    def __init__(self, spdy: "Spdy", number: int, headers: Mapping[str, str]) -> None:
        self.headers = headers
        self._spdy = spdy
        self._number = number
        self._came: asyncio.Queue[bytes] = asyncio.Queue()
        self._ended = False

    async def read(self) -> bytes:
        """Some bytes, or b"" when the other side sends no more on it."""
        return await self._came.get()

    async def write(self, data: bytes) -> None:
        await self._spdy.send_data(self._number, data)

    async def end(self) -> None:
        """Send no more on it."""
        if not self._ended:
            self._ended = True
            await self._spdy.send_data(self._number, b"", flags=FIN)

    def came(self, data: bytes) -> None:
        self._came.put_nowait(data)


class Spdy:
    """The server's side of a connection; `opened` is called with every stream of the other side."""

    def __init__(self, connected: Connected, opened: Callable[[Stream], Awaitable[None]]) -> None:
        self._connected = connected
        self._opened = opened
        self._inflate = zlib.decompressobj(zdict=DICTIONARY)
        self._deflate = zlib.compressobj(zdict=DICTIONARY)
        self._streams: dict[int, Stream] = {}

    async def serve(self) -> None:
        """Read frames until the connection ends or the other side goes away."""
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            while await self._frame():
                pass

    async def _frame(self) -> bool:
        first, second = struct.unpack(">II", await self._connected.readexactly(8))
        flags, length = second >> 24, second & 0xFFFFFF
        body = await self._connected.readexactly(length)
        if not first >> 31:
            self._data(first, body, flags)
            return True
        kind = first & 0xFFFF
        if kind == SYN_STREAM:
            await self._open(body, flags)
        elif kind == PING:
            await self._send_control(PING, body)
        elif kind == RST_STREAM:
            self._data(struct.unpack(">I", body[:4])[0], b"", FIN)
        return bool(kind != GOAWAY)

    def _data(self, number: int, body: bytes, flags: int) -> None:
        stream = self._streams.get(number)
        if stream is not None:
            if body:
                stream.came(body)
            if flags & FIN:
                stream.came(b"")

    async def _open(self, body: bytes, flags: int) -> None:
        number = struct.unpack(">I", body[:4])[0]
        stream = self._streams[number] = Stream(self, number, self._headers(body[10:]))
        if flags & FIN:
            stream.came(b"")
        await self._send_control(SYN_REPLY, struct.pack(">I", number) + self._block({}))
        await self._opened(stream)

    def _headers(self, block: bytes) -> dict[str, str]:
        plain = self._inflate.decompress(block)
        (count,), at = struct.unpack(">I", plain[:4]), 4
        words = []
        for _ in range(2 * count):
            (length,) = struct.unpack(">I", plain[at : at + 4])
            words.append(plain[at + 4 : at + 4 + length].decode())
            at += 4 + length
        return dict(zip(words[::2], words[1::2], strict=True))

    def _block(self, headers: Mapping[str, str]) -> bytes:
        parts = [struct.pack(">I", len(headers))]
        parts += [
            struct.pack(">I", len(word.encode())) + word.encode() for pair in headers.items() for word in pair
        ]
        return self._deflate.compress(b"".join(parts)) + self._deflate.flush(zlib.Z_SYNC_FLUSH)

    async def _send_control(self, kind: int, body: bytes) -> None:
        self._connected.write(struct.pack(">II", _CONTROL | kind, len(body)) + body)
        await self._connected.drain()

    async def send_data(self, number: int, data: bytes, *, flags: int = 0) -> None:
        self._connected.write(struct.pack(">II", number, flags << 24 | len(data)) + data)
        await self._connected.drain()
