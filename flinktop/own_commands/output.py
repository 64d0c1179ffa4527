"""The output of a program, as far as it is kept: the end of it."""

from __future__ import annotations

import threading
from collections import deque
from typing import Final

from flinktop.flink.text import clean, cut

MOST_BYTES: Final = 4 << 20
"""Bytes of the output that are kept."""
LONGEST_LINE: Final = 64 * 1024


class Output:
    """Keeps the last bytes of an output; for any thread."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._chunks: deque[bytes] = deque()
        self._kept = 0
        self.seen = 0
        """Bytes so far."""

    def add(self, data: bytes) -> None:
        """Take more; what is too much is dropped at the beginning."""
        with self._lock:
            self._chunks.append(data)
            self._kept += len(data)
            self.seen += len(data)
            while self._kept > self._most:
                first = self._chunks.popleft()
                over = self._kept - self._most
                self._kept -= min(len(first), over)
                if len(first) > over:
                    self._chunks.appendleft(first[over:])

    @property
    def dropped(self) -> int:
        """Bytes that are not kept."""
        return self.seen - self._kept

    def lines(self) -> list[str]:
        """What is kept, line by line, without what controls a terminal; a line that was cut is left out."""
        with self._lock:
            data, dropped = b"".join(self._chunks), self.dropped
        if dropped:
            begin = data.find(b"\n") + 1
            data = data[begin:]
        text = data.decode(errors="replace")
        lines = text.split("\n")
        if lines and not lines[-1]:
            lines.pop()
        return [_shown(line) for line in lines]

    @property
    def last_line(self) -> str:
        """The last line that is not empty; "" without one."""
        with self._lock:
            end = b"".join(self._chunks)[-LONGEST_LINE:]
        lines = end.decode(errors="replace").split("\n")
        return next((shown for line in reversed(lines) if (shown := _shown(line).strip())), "")


def _shown(line: str) -> str:
    """A line as a terminal would have left it: a progress bar returns to its beginning again and again."""
    return clean(cut(line.rstrip("\r").rpartition("\r")[2], LONGEST_LINE))
