"""The part of a log around a time, cut out of the file as it comes: Flink can only send whole files."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from msgspec import Struct

BEFORE: Final = 0.4
"""Share of the kept bytes that stand before the time: what led to it."""
EARLIER: Final = 1.0
"""Seconds before an exception's time at which its own entry may stand."""
MARGIN: Final = 16 * 1024
"""Bytes before the kept ones that are searched for secrets, too: a key may begin there."""
AROUND: Final = "around"
"""The kept part is around the time."""
LATER: Final = "later"
"""The file begins after the time: its beginning is kept."""
END: Final = "end"
"""No time was wanted, or no entry is that late: the end of the file is kept."""
_STAMP: Final = re.compile(
    rb"^[^\d\n]{0,40}?(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:[.,]\d{1,9})?(Z?)", re.MULTILINE
)


class Window(Struct, frozen=True):
    """A part of a log."""

    body: bytes
    lead: int  # how many bytes of `body` are the margin before the kept part
    begins: int  # the offset of the kept part in the file (bytes)
    received: int  # bytes of the file that came
    place: str  # AROUND, LATER or END

    @property
    def ends(self) -> int:
        """The offset of its end in the file."""
        return self.begins + len(self.body) - self.lead


class LogWindow:
    """Keeps at most `most` bytes: around the first entry since a time, or the end."""

    def __init__(self, most: int, at: float | None, offset: float) -> None:
        """`at` is in s since 1970; `offset` is that of the process's time zone from UTC (s)."""
        self._most = most
        self._before = int(most * BEFORE)
        self._wanted = None if at is None else (_written(at, offset), _written(at, 0.0))
        self._kept = bytearray()
        self._offset = 0  # of the first kept byte in the file
        self._looked = 0  # bytes of the kept ones in which the time was looked for
        self._first: int | None = None  # the offset in the file of the first entry since the time
        self._is_later = False
        self._dated = False  # whether an entry before the time was seen

    @property
    def received(self) -> int:
        return self._offset + len(self._kept)

    def take(self, chunk: bytes) -> bool:
        """Take the next bytes; returns whether more are wanted."""
        self._kept += chunk
        if self._first is None:
            self._look(whole=False)
            self._drop()
        return not self._is_complete

    def close(self) -> Window:
        """What is kept, after the last bytes."""
        if self._first is None:
            self._look(whole=True)
        if self._first is None:
            return self._cut(max(self._offset, self.received - self._most), END)
        begin = max(self._offset, self._first - self._before)
        return self._cut(begin, LATER if self._is_later else AROUND)

    @property
    def _is_complete(self) -> bool:
        if self._first is None:
            return False
        return self.received >= max(0, self._first - self._before) + self._most

    def _look(self, *, whole: bool) -> None:
        """Look for the time in the lines that have come since the last look."""
        if self._wanted is None:
            return
        end = len(self._kept) if whole else self._kept.rfind(b"\n") + 1
        for found in _STAMP.finditer(self._kept, self._looked, max(end, self._looked)):
            here = b"%s %s" % (found[1], found[2])
            if here >= self._wanted[1 if found[3] else 0]:
                self._first, self._is_later = self._offset + found.start(), not self._dated
                return
            self._dated = True
        self._looked = max(end, self._looked)

    def _drop(self) -> None:
        """Forget bytes that are too far before the end of what has come."""
        most = self._most + MARGIN
        if self._first is not None or len(self._kept) <= 2 * most:
            return
        dropped = len(self._kept) - most
        if self._wanted is not None:
            dropped = min(dropped, self._looked)
        del self._kept[:dropped]
        self._offset += dropped
        self._looked = max(0, self._looked - dropped)

    def _cut(self, begin: int, place: str) -> Window:
        """The window from an offset on, from the start of a line."""
        start = begin - self._offset
        if begin > 0:
            line = self._kept.find(b"\n", max(0, start - 1)) + 1
            start = line if 0 < line < len(self._kept) else start
        end = min(len(self._kept), start + self._most)
        if end < len(self._kept):
            line = self._kept.rfind(b"\n", start, end) + 1
            end = line if line > start else end
        lead = min(start, MARGIN)
        if lead:
            line = self._kept.find(b"\n", start - lead, start) + 1
            lead = start - line if line else 0
        body = bytes(self._kept[start - lead : end])
        return Window(body, lead, self._offset + start, self.received, place)


def _written(at: float, offset: float) -> bytes:
    """A time as a log has it, a moment earlier."""
    try:
        return datetime.fromtimestamp(at - EARLIER + offset, tz=UTC).strftime("%Y-%m-%d %H:%M:%S").encode()
    except (ValueError, OverflowError, OSError):
        return b"9"
