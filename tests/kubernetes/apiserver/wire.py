"""HTTP/1.1 on asyncio's streams: requests, answers, and what takes a connection over after a 101."""

import asyncio
import http
import json
import urllib.parse
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

LARGEST = 1 << 20
"""Bytes of a line, or of all headers."""
CHUNK = 1 << 16

Upgraded = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Broken(Exception):  # noqa: N818 -- it says what happened
    """The other side sent something that is not HTTP, or went away in the middle of it."""


@dataclass(frozen=True, slots=True)
class Head:
    """A start line and its headers: names in lower case, the last one of a name."""

    start: str
    headers: Mapping[str, str]
    raw: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Request:
    """One request; its body is read by whoever wants it."""

    method: str
    target: str
    headers: Mapping[str, str]
    raw_headers: tuple[tuple[str, str], ...]
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    user: str = ""
    groups: tuple[str, ...] = ()
    _read: bool = field(default=False)

    @property
    def path(self) -> str:
        """The path as it was sent: nothing is decoded."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> dict[str, str]:
        pairs = urllib.parse.parse_qsl(self.target.partition("?")[2], keep_blank_values=True)
        return dict(pairs)

    @property
    def gone(self) -> bool:
        """Whether nobody waits for the answer any more."""
        return self.reader.at_eof() or self.writer.is_closing()

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it comes in."""
        self._read = True
        if "100-continue" in self.headers.get("expect", "").lower():
            self.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        async for chunk in read_body(self.reader, self.headers, to_end=False):
            yield chunk

    async def body(self) -> bytes:
        return b"".join([chunk async for chunk in self.chunks()])

    async def drop_body(self) -> None:
        """Read what nobody read, so that the next request begins where it begins."""
        if not self._read:
            async for _ in self.chunks():
                pass


@dataclass(slots=True)
class Answer:
    """What is sent back: bytes at once, or chunks as they come, or the connection itself after a 101."""

    status: int = 200
    body: bytes | AsyncIterator[bytes] = b""
    headers: list[tuple[str, str]] = field(default_factory=list)
    upgraded: Upgraded | None = None


def in_json(document: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """A JSON answer as an API server writes it."""
    body = json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
    return Answer(status, body, [("Content-Type", "application/json"), *(headers or {}).items()])


def in_text(text: str, status: int = 200) -> Answer:
    return Answer(status, text.encode(), [("Content-Type", "text/plain; charset=utf-8")])


async def read_head(reader: asyncio.StreamReader) -> Head | None:
    """Start line and headers; None if the connection ended before.

    Raises:
        Broken: It ended in the middle, or is not HTTP.
    """
    try:
        text = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise Broken("ended in the middle of the headers") from error
        return None
    except asyncio.LimitOverrunError as error:
        raise Broken("headers too long") from error
    start, *lines = text.decode("latin-1").rstrip("\r\n").split("\r\n")
    pairs = [line.partition(":")[::2] for line in lines]
    raw = tuple((name.strip(), value.strip()) for name, value in pairs)
    return Head(start, {name.lower(): value for name, value in raw}, raw)


async def read_body(
    reader: asyncio.StreamReader, headers: Mapping[str, str], *, to_end: bool
) -> AsyncIterator[bytes]:
    """The body that the headers announce; without any, the rest of the connection if `to_end`.

    Raises:
        Broken: It is shorter than announced.
    """
    if headers.get("transfer-encoding", "").lower() == "chunked":
        async for chunk in _chunked(reader):
            yield chunk
        return
    left = int(headers["content-length"]) if "content-length" in headers else None
    if left is None and not to_end:
        return
    while left is None or left:
        chunk = await reader.read(CHUNK if left is None else min(CHUNK, left))
        if not chunk:
            if left:
                raise Broken("ended in the middle of the body")
            return
        left = None if left is None else left - len(chunk)
        yield chunk


async def _chunked(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    try:
        while size := int((await reader.readline()).split(b";")[0], 16):
            yield await reader.readexactly(size)
            await reader.readline()
        while (await reader.readline()).strip():
            pass  # trailers
    except (ValueError, asyncio.IncompleteReadError) as error:
        raise Broken("ended in the middle of the body") from error


async def write_answer(writer: asyncio.StreamWriter, answer: Answer, *, head_only: bool = False) -> None:
    """Send it; the connection stays usable behind it."""
    phrase = http.HTTPStatus(answer.status).phrase if answer.status in _KNOWN else "Unknown"
    lines = [f"HTTP/1.1 {answer.status} {phrase}", *(f"{name}: {value}" for name, value in answer.headers)]
    if isinstance(answer.body, bytes):
        if answer.status not in {101, 204, 304} and not _has(answer, "content-length"):
            lines.append(f"Content-Length: {len(answer.body)}")
    elif not _has(answer, "content-length"):
        lines.append("Transfer-Encoding: chunked")
    writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
    if isinstance(answer.body, bytes):
        if not head_only:
            writer.write(answer.body)
    elif not head_only:
        framed = not _has(answer, "content-length")
        async for chunk in answer.body:
            if chunk:
                writer.write(b"%x\r\n%b\r\n" % (len(chunk), chunk) if framed else chunk)
                await writer.drain()
        if framed:
            writer.write(b"0\r\n\r\n")
    await writer.drain()


_KNOWN = {status.value for status in http.HTTPStatus}


def _has(answer: Answer, name: str) -> bool:
    return any(given.lower() == name for given, _ in answer.headers)
