"""Files that come from the cluster: logs and profiles, one at a time, each over a connection of its own.

Flink sends a log whole, however little of it is wanted. So the size is looked at before, only the end is
kept, and a file that nobody waits for any more is given up by closing its connection.
"""

import asyncio
import contextlib
import logging
import os
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any, BinaryIO, Literal

from msgspec import Struct, field
from msgspec.structs import replace

from flinktop.engine.clock import Clock
from flinktop.flink.endpoint import Query
from flinktop.flink.errors import FlinkError
from flinktop.flink.http import Http
from flinktop.flink.run_in_thread import run_in_thread
from flinktop.model import format as fmt
from flinktop.model import loglines
from flinktop.model.loglines import LogLine

log = logging.getLogger(__name__)

KEPT = 2 * 1024 * 1024  # bytes of the end of a log that are kept
LARGE = 16 * 1024 * 1024  # bytes from which on a person is asked before a file is sent
LARGE_TO_SAVE = 64 * 1024 * 1024  # the same for a file that is saved
MOST = 1 << 40
SPARE = 256 * 1024 * 1024  # bytes that stay free where a file is saved: others need room too
LOOK_EVERY = 16 * 1024 * 1024  # bytes between two looks at whether there is room for more
SILENCE_SECONDS = 300.0
"""How long the server may take for the first byte: a TaskManager's file comes to the JobManager first."""
NEWS_SECONDS = 0.5  # between two looks at how far a file has come

State = Literal["waiting", "running", "large", "done", "failed"]


class Transfer(Struct, frozen=True):
    """How far a file has come. What was read before stays until the file has been read again."""

    state: State = "waiting"  # "large": it was not read, for it is larger than was allowed
    received: int = 0  # bytes so far
    size: int | None = None  # bytes of the whole, as far as the server has announced it
    lines: tuple[LogLine, ...] = ()
    """The last lines of the file as it was read last, `KEPT` bytes at the most."""
    begins: int = 0  # where in the file they begin
    read: int = 0  # bytes that the file had when it was read last
    at: float | None = None  # when it was read last (engine's clock, s)
    file: Path | None = None  # where it was saved
    reason: str = ""  # why it failed


class _Stopped(Exception):  # noqa: N818 -- it says what happened
    """The file is larger than is wanted, or has no room where it is to be saved; the text is the reason."""

    def __init__(self, state: State, reason: str = "") -> None:
        super().__init__(reason)
        self.state = state


class Transfers(Struct):
    """The files under way and those that are still shown. Lives on the engine's loop."""

    http: Http
    clock: Clock
    changed: Callable[[Query[Any]], None]  # called with the file's query whenever there is news of it
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)  # held while a file is sent
    _known: dict[Query[Any], Transfer] = field(default_factory=dict)
    _tasks: dict[Query[Any], asyncio.Task[None]] = field(default_factory=dict)
    """Those that somebody waits for."""
    _alive: set[asyncio.Task[None]] = field(default_factory=set)

    def get(self, query: Query[Any]) -> Transfer | None:
        return self._known.get(query)

    def begin(self, query: Query[Any], *, most: int | None = None, file: Path | None = None) -> None:
        """Read a file, after those that were asked for before; one that is under way goes on.

        It is saved whole in `file`, or its end is kept in memory. One of more than `most` bytes is not sent;
        None is LARGE, or LARGE_TO_SAVE where it is saved.
        """
        if query in self._tasks:
            return
        if most is None:
            most = LARGE if file is None else LARGE_TO_SAVE
        self._put(query, state="waiting", received=0, size=None, reason="")
        task = asyncio.get_running_loop().create_task(self._run(query, most, file))
        self._tasks[query] = task
        self._alive.add(task)
        task.add_done_callback(lambda done: self._ended(query, done))

    def end(self, query: Query[Any]) -> None:
        """Nobody waits for this file any more: close its connection and forget what came."""
        self._known.pop(query, None)
        if (task := self._tasks.pop(query, None)) is not None:
            task.cancel()

    async def close(self) -> None:
        tasks = tuple(self._alive)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def idle(self) -> bool:
        return not self._alive

    def _ended(self, query: Query[Any], task: asyncio.Task[None]) -> None:
        self._alive.discard(task)
        if self._tasks.get(query) is task:
            del self._tasks[query]

    async def _run(self, query: Query[Any], most: int, file: Path | None) -> None:
        try:
            async with self.turn:
                self._put(query, state="running")
                if file is None:
                    await self._keep_end(query, most)
                else:
                    await self._save(query, most, file)
        except _Stopped as stopped:
            self._put(query, state=stopped.state, reason=str(stopped))
        except FlinkError as error:
            self._put(query, state="failed", reason=error.reason)
        except OSError as error:
            self._put(
                query, state="failed", reason=f"it could not be written to {file}: {error.strerror or error}"
            )
        except Exception as error:
            log.exception("%s: the file could not be read", query.target)
            self._put(query, state="failed", reason=repr(error))

    async def _keep_end(self, query: Query[Any], most: int) -> None:
        kept = bytearray()
        async for chunk in self._chunks(query, most):
            kept += chunk
            if len(kept) > 2 * KEPT:
                del kept[: len(kept) - KEPT]
        del kept[: max(0, len(kept) - KEPT)]
        whole = self._present(query).received
        begins = whole - len(kept)
        if begins:
            # The first line is only the end of one.
            cut = kept.find(b"\n") + 1
            del kept[:cut]
            begins += cut
        body = bytes(kept)
        lines = await run_in_thread(lambda: loglines.read(body, begins))
        self._put(query, state="done", lines=lines, begins=begins, read=whole, at=self.clock.now())

    async def _save(self, query: Query[Any], most: int, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = file.with_name(f"{file.name}.part")
        left = 0
        try:
            with _private(part) as opened:
                async for chunk in self._chunks(query, most):
                    if left <= 0:
                        known = self._present(query)
                        rest = known.size - known.received if known.size is not None else 0
                        _look_for_room(file.parent, max(0, rest) + len(chunk))
                        left = LOOK_EVERY
                    opened.write(chunk)
                    left -= len(chunk)
            part.replace(file)
        finally:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
        self._put(query, state="done", file=file, at=self.clock.now())

    async def _chunks(self, query: Query[Any], most: int) -> AsyncIterator[bytes]:
        """The bytes, and news of them now and then."""

        def on_start(size: int | None) -> None:
            self._known[query] = replace(self._present(query), size=size)
            if size is not None and size > most:
                raise _Stopped("large")

        notified_at = self.clock.now()
        received = 0
        stream = self.http.stream(query.target, most=MOST, seconds=SILENCE_SECONDS, on_start=on_start)
        async with aclosing(stream) as chunks:  # type: ignore[type-var]  # an async generator
            async for chunk in chunks:
                received += len(chunk)
                self._known[query] = replace(self._present(query), received=received)
                if received > most:
                    raise _Stopped("large")
                yield chunk
                if self.clock.now() - notified_at >= NEWS_SECONDS:
                    notified_at = self.clock.now()
                    self.changed(query)

    def _present(self, query: Query[Any]) -> Transfer:
        return self._known.get(query) or Transfer()

    def _put(self, query: Query[Any], **changed: Any) -> None:
        self._known[query] = replace(self._present(query), **changed)
        self.changed(query)


def _look_for_room(directory: Path, needed: int) -> None:
    """Raise _Stopped where so many bytes more are not free, or would leave too little to others."""
    free = shutil.disk_usage(directory).free
    if free < needed + SPARE:
        raise _Stopped(
            "failed",
            f"{fmt.size(free)} are free in {directory}; the file needs {fmt.size(needed)}, and "
            f"{fmt.size(SPARE)} are left to others",
        )


def _private(path: Path) -> BinaryIO:
    """A file of its owner's alone, to be written."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")
