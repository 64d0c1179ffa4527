"""A WebSocket as a stream of bytes: what `kubectl port-forward` sends its SPDY frames in since 1.31."""

import asyncio
import base64
import hashlib
import struct
from typing import Final

_MAGIC: Final = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
BINARY, CLOSE, PING, PONG = 2, 8, 9, 10


def accept(key: str) -> str:
    """The answer to a client's `Sec-WebSocket-Key`."""
    return base64.b64encode(hashlib.sha1(f"{key}{_MAGIC}".encode(), usedforsecurity=False).digest()).decode()


class WebSocket:
    """The server's side of a connection; the borders of messages mean nothing."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._left = bytearray()

    async def readexactly(self, count: int) -> bytes:
        """So many bytes of the messages that come.

        Raises:
            asyncio.IncompleteReadError: The connection was closed before.
        """
        while len(self._left) < count:
            await self._message()
        taken = bytes(self._left[:count])
        del self._left[:count]
        return taken

    async def _message(self) -> None:
        first, second = await self._reader.readexactly(2)
        length = second & 0x7F
        if length == 126:
            (length,) = struct.unpack(">H", await self._reader.readexactly(2))
        elif length == 127:
            (length,) = struct.unpack(">Q", await self._reader.readexactly(8))
        mask = await self._reader.readexactly(4) if second & 0x80 else b"\0\0\0\0"
        body = _masked(await self._reader.readexactly(length), mask)
        kind = first & 0x0F
        if kind == CLOSE:
            self._send(CLOSE, body)
            raise asyncio.IncompleteReadError(b"", None)
        if kind == PING:
            self._send(PONG, body)
        elif kind != PONG:
            self._left += body

    def write(self, data: bytes) -> None:
        self._send(BINARY, data)

    async def drain(self) -> None:
        await self._writer.drain()

    def close(self) -> None:
        self._writer.close()

    def _send(self, kind: int, body: bytes) -> None:
        length = len(body)
        if length < 126:
            size = bytes([length])
        elif length < 1 << 16:
            size = b"\x7e" + struct.pack(">H", length)
        else:
            size = b"\x7f" + struct.pack(">Q", length)
        self._writer.write(bytes([0x80 | kind]) + size + body)


def _masked(body: bytes, mask: bytes) -> bytes:
    if not any(mask):
        return body
    whole = mask * (len(body) // 4) + mask[: len(body) % 4]
    return (int.from_bytes(body, "big") ^ int.from_bytes(whole, "big")).to_bytes(len(body), "big")
