"""A small HTTP server in the loop of a test: each request is a value, each answer is the test's."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Asked:
    """One request."""

    method: str
    target: str
    headers: Mapping[str, str]  # names in lower case
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer; parts come in chunks, and may come late."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)
    parts: AsyncIterator[bytes] | None = None
    cut: bool = False
    """The connection ends where the last chunk would be."""


def in_json(value: Any, status: int = 200, **headers: str) -> Reply:
    head = {"Content-Type": "application/json", **{name.replace("_", "-"): v for name, v in headers.items()}}
    return Reply(status, json.dumps(value).encode(), head)


def refusal(code: int, message: str = "", reason: str = "", **headers: str) -> Reply:
    """An error answer of an API server."""
    status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "code": code}
    return in_json({**status, "message": message, "reason": reason}, code, **headers)


def plain(status: int, text: str) -> Reply:
    return Reply(status, text.encode(), {"Content-Type": "text/plain; charset=utf-8"})


Answers = Callable[[Asked], Reply | Awaitable[Reply]]


class SmallServer:
    """What was asked, and what is answered from now on."""

    def __init__(self, answers: Answers) -> None:
        self.answers = answers
        self.asked: list[Asked] = []
        self.port = 0

    @property
    def targets(self) -> list[str]:
        return [one.target for one in self.asked]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while await self._one(reader, writer):
                pass
        writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, target, _version = head[0].split(" ")
        pairs = (line.split(":", 1) for line in head[1:] if line)
        headers = {name.lower(): value.strip() for name, value in pairs}
        if "chunked" in headers.get("transfer-encoding", ""):
            body = b""
            while size := int(await reader.readline(), 16):
                body += (await reader.readexactly(size + 2))[:-2]
            await reader.readline()
        else:
            body = await reader.readexactly(int(headers.get("content-length", "0")))
        asked = Asked(method, target, headers, body)
        self.asked.append(asked)
        reply = self.answers(asked)
        return await self._answer(writer, reply if isinstance(reply, Reply) else await reply)

    async def _answer(self, writer: asyncio.StreamWriter, reply: Reply) -> bool:
        length = {} if reply.parts is not None else {"Content-Length": str(len(reply.body))}
        chunked = {"Transfer-Encoding": "chunked"} if reply.parts is not None else {}
        lines = [f"{name}: {value}" for name, value in {**reply.headers, **length, **chunked}.items()]
        writer.write("\r\n".join([f"HTTP/1.1 {reply.status} X", *lines, "", ""]).encode())
        if reply.parts is None:
            writer.write(reply.body)
        else:
            async for part in reply.parts:
                writer.write(b"%x\r\n%s\r\n" % (len(part), part))
                await writer.drain()
            if reply.cut:
                return False
            writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True


@asynccontextmanager
async def serving(answers: Answers) -> AsyncIterator[SmallServer]:
    """A server on a free port of loopback."""
    small = SmallServer(answers)
    server = await asyncio.start_server(small.serve, "127.0.0.1", 0)
    small.port = server.sockets[0].getsockname()[1]
    try:
        yield small
    finally:
        server.close()
