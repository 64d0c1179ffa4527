"""Downloads of files from the cluster: logs and profiles, one at a time, each over its own connection.

Flink can only send whole files. So the size is checked first, only the end is kept, and the download of a
file that is no longer wanted is ended by closing its connection.
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
from flinktop.known.recognise import Known, of_text
from flinktop.model import format as fmt
from flinktop.model import loglines
from flinktop.model.loglines import LogLine

log = logging.getLogger(__name__)

KEPT = 2 * 1024 * 1024  # bytes kept of the end of a log
LARGE = 16 * 1024 * 1024  # bytes above which the user must confirm a download
LARGE_TO_SAVE = 64 * 1024 * 1024  # the same for a file that is saved to disk
MOST = 1 << 40
SPARE = 256 * 1024 * 1024  # bytes that must stay free on the disk where a file is saved
LOOK_EVERY = 16 * 1024 * 1024  # bytes between two checks of the free space
SILENCE_SECONDS = 300.0
"""Timeout for the first byte: a TaskManager's file is first copied to the JobManager."""
NEWS_SECONDS = 0.5  # between two notifications of progress

State = Literal["waiting", "running", "large", "done", "failed"]


class Transfer(Struct, frozen=True):
    """State and content of a download. The content stays until the file has been read again."""

    state: State = "waiting"  # "large": not read, as it is larger than allowed
    received: int = 0  # bytes so far
    size: int | None = None  # bytes of the whole file, if the server sent a length
    lines: tuple[LogLine, ...] = ()
    """The last lines of the file at its last read, at most `KEPT` bytes."""
    known: tuple[Known, ...] = ()
    """The well-known failures in these lines, in their order; line 1 is the first of them."""
    begins: int = 0  # their offset in the file (bytes)
    read: int = 0  # size (bytes) of the file at its last read
    at: float | None = None  # when it was last read (engine's clock, s)
    file: Path | None = None  # where it was saved
    reason: str = ""  # why it failed


class _Stopped(Exception):  # noqa: N818 -- the name says what happened
    """The file is larger than allowed, or there is no space to save it; the text is the reason."""

    def __init__(self, state: State, reason: str = "") -> None:
        super().__init__(reason)
        self.state = state


class Transfers(Struct):
    """Downloads in progress, and finished ones that are still shown. Lives on the engine's loop."""

    http: Http
    clock: Clock
    changed: Callable[[Query[Any]], None]  # called with the file's query when its transfer has changed
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)  # held during a transfer
    _known: dict[Query[Any], Transfer] = field(default_factory=dict)
    _tasks: dict[Query[Any], asyncio.Task[None]] = field(default_factory=dict)
    """Downloads that are still wanted."""
    _alive: set[asyncio.Task[None]] = field(default_factory=set)

    def get(self, query: Query[Any]) -> Transfer | None:
        return self._known.get(query)

    def begin(self, query: Query[Any], *, most: int | None = None, file: Path | None = None) -> None:
        """Download a file, after those requested before; nothing happens if it is in progress already.

        It is saved in `file`, or its end is kept in memory. A file of more than `most` bytes is not read;
        None means LARGE, or LARGE_TO_SAVE if it is saved.
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
        """Cancel the download, closing its connection, and forget the content."""
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
            # The first line is incomplete.
            cut = kept.find(b"\n") + 1
            del kept[:cut]
            begins += cut
        body = bytes(kept)
        lines, known = await run_in_thread(lambda: read_log(body, begins))
        read = {"lines": lines, "known": known, "begins": begins, "read": whole}
        self._put(query, state="done", **read, at=self.clock.now())

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
        """Yield the bytes of the file, and notify progress."""

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


def read_log(body: bytes, begins: int) -> tuple[tuple[LogLine, ...], tuple[Known, ...]]:
    """The lines of a log that begin at an offset, and the well-known failures in them; takes up to 1 s."""
    lines = loglines.read(body, begins)
    try:
        return lines, tuple(of_text("\n".join(line.text for line in lines)))
    except Exception:
        # The log itself is worth more than what is known of it.
        log.exception("the failures in a log could not be looked up")
        return lines, ()


def _look_for_room(directory: Path, needed: int) -> None:
    """Raise _Stopped if fewer than `needed` + SPARE bytes are free."""
    free = shutil.disk_usage(directory).free
    if free < needed + SPARE:
        raise _Stopped(
            "failed",
            f"{fmt.size(free)} are free in {directory}; the file needs {fmt.size(needed)}, and "
            f"{fmt.size(SPARE)} are left to others",
        )


def _private(path: Path) -> BinaryIO:
    """Open a file for writing that only its owner can read."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")
