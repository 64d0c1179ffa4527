"""Writes lines to a file descriptor on a thread of its own: whoever reads slowly or not at all delays nobody.

What waits to be written is bounded: of more the oldest lines are dropped, counted, and replaced by one line
that says how many.
"""

from __future__ import annotations

import errno
import os
import select
import threading
from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_LINES: Final = 10_000
"""Lines that wait."""
MOST_BYTES: Final = 4 * 1024 * 1024
"""Bytes of them."""
RETRY_SECONDS: Final = 5.0
"""Between two tries while the disk is full."""
READY_SECONDS: Final = 1.0
"""How long to wait for a reader of a descriptor that does not block, before it is looked whether to end."""
_FOR_GOOD: Final = frozenset({errno.EPIPE, errno.EBADF, errno.EIO, errno.ENXIO, errno.ECONNRESET})
"""Errors after which nobody will read: a closed pipe, a closed descriptor, a terminal that is gone."""


def occupy_closed() -> frozenset[int]:
    """The standard descriptors that are closed; they lead to the null device now.

    Otherwise the next file or connection that is opened would get the number of one, and the lines.
    """
    closed = set()
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            # The lowest free number is taken.
            os.open(os.devnull, os.O_RDWR)
            closed.add(descriptor)
    return frozenset(closed)


class LineOutput:
    """Lines for one descriptor. `add` is safe from any thread and returns at once."""

    def __init__(
        self,
        descriptor: int,
        *,
        dropped: Callable[[int], str],
        failed: Callable[[str], None] = lambda _why: None,
        most_lines: int = MOST_LINES,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        """Write to `descriptor`.

        `dropped` makes the line that stands for so many that were dropped. `failed` is called on the
        writer's thread with why nothing can be written, once for each reason in a row.
        """
        self._descriptor = descriptor
        self._dropped_line = dropped
        self._failed = failed
        self._most_lines, self._most_bytes = most_lines, most_bytes
        self._waiting: deque[bytes] = deque()
        self._size = 0  # bytes that wait
        self._dropped = 0  # lines since the last one that was written
        self._changed = threading.Condition()
        self._closing = False
        self._gone = False  # nobody will ever read
        self._trouble: int | None = None  # error number of the last write that failed; None after a good one
        self._within_a_line = False
        self._thread = threading.Thread(target=self._run, name="flinktop-output", daemon=True)

    def start(self) -> None:
        """Start the thread; lines may be added before."""
        self._thread.start()

    def add(self, line: str) -> None:
        """Write a line (without its line break) as soon as the reader takes it."""
        data = _as_bytes(line)
        with self._changed:
            if self._gone:
                return
            self._waiting.append(data)
            self._size += len(data)
            while len(self._waiting) > self._most_lines or self._size > self._most_bytes:
                self._size -= len(self._waiting.popleft())
                self._dropped += 1
            self._changed.notify()

    @property
    def dropped(self) -> int:
        """Lines that were dropped, of which no line has told yet."""
        with self._changed:
            return self._dropped

    def close(self, seconds: float) -> bool:
        """Write what waits and end the thread, within so many seconds; whether all was written."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join(seconds)
        with self._changed:
            return not self._waiting and not self._dropped and not self._thread.is_alive()

    # -- the writer's thread ---------------------------------------------------------------------------

    def _run(self) -> None:
        while (taken := self._next()) is not None:
            data, lines = taken
            try:
                self._write(data)
            except OSError as error:
                self._has_failed(error, lines)
                if self._gone or self._closing:
                    return
                self._pause()
            else:
                self._trouble = None

    def _next(self) -> tuple[bytes, int] | None:
        """What is written next, and for how many lines it stands; None when the thread is to end."""
        with self._changed:
            while not self._waiting and not self._dropped:
                if self._closing:
                    return None
                self._changed.wait()
            if self._dropped:
                lines, self._dropped = self._dropped, 0
                return _as_bytes(self._dropped_line(lines)), lines
            data = self._waiting.popleft()
            self._size -= len(data)
            return data, 1

    def _write(self, data: bytes) -> None:
        """Write all of it. Raises OSError if it can't be, or not in full."""
        left = memoryview(b"\n" + data if self._within_a_line else data)
        while left:
            try:
                written = os.write(self._descriptor, left)
            except BlockingIOError:
                # Somebody who shares the descriptor has made it so.
                if self._closing:
                    raise
                select.select([], [self._descriptor], [], READY_SECONDS)
                continue
            left = left[written:]
            self._within_a_line = bool(left)

    def _has_failed(self, error: OSError, lines: int) -> None:
        with self._changed:
            self._dropped += lines
            self._gone = error.errno in _FOR_GOOD
            if self._gone:
                self._dropped += len(self._waiting)
                self._waiting.clear()
                self._size = 0
        if error.errno != self._trouble:
            self._trouble = error.errno
            self._failed(error.strerror or str(error))

    def _pause(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._closing, RETRY_SECONDS)


def _as_bytes(line: str) -> bytes:
    return f"{line}\n".encode("utf-8", "replace")
