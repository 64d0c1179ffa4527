"""What was asked of the journal and is known of it, so that a screen gets an answer at once."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from flinktop.engine.journal.event import Question
from flinktop.engine.journal.reading import Answered

if TYPE_CHECKING:
    from flinktop.engine.journal.event import KnownJob

MOST: Final = 64
"""Answers that are kept."""
FORGOTTEN_SECONDS: Final = 30.0
"""An answer that nobody has wanted for so long is not read again."""

StackOf = int
"""The number of an event."""
JobsOf = str
"""The address of a cluster."""
Asked = Question | StackOf | JobsOf


class _Entry(Struct):
    answer: Answered | str | tuple[KnownJob, ...] | None = None
    version: int = -1  # of the journal, when it was read
    wanted: float = 0.0  # monotonic s


class Answers:
    """Answers by question, those wanted last. Used under a lock of its owner."""

    def __init__(self) -> None:
        self._entries: OrderedDict[Asked, _Entry] = OrderedDict()

    def get(self, asked: Asked, version: int, now: float) -> tuple[object, bool]:
        """What is known of the answer, and whether it is to be read (anew)."""
        entry = self._entries.setdefault(asked, _Entry())
        entry.wanted = now
        self._entries.move_to_end(asked)
        while len(self._entries) > MOST:
            self._entries.popitem(last=False)
        return entry.answer, _is_old(asked, entry, version)

    def put(self, asked: Asked, answer: Answered | str | tuple[KnownJob, ...], version: int) -> bool:
        """Keep an answer; returns whether it is another one than before."""
        entry = self._entries.get(asked)
        if entry is None:
            return False
        changed = _content(entry.answer) != _content(answer)
        entry.answer, entry.version = answer, version
        return changed

    def due(self, version: int, now: float) -> tuple[Asked, ...]:
        """What is to be read (anew) because somebody has wanted it lately."""
        return tuple(
            asked
            for asked, entry in self._entries.items()
            if _is_old(asked, entry, version) and now - entry.wanted < FORGOTTEN_SECONDS
        )

    def watched(self, now: float) -> bool:
        """Whether somebody has wanted an answer lately."""
        return any(now - entry.wanted < FORGOTTEN_SECONDS for entry in self._entries.values())


def _is_old(asked: Asked, entry: _Entry, version: int) -> bool:
    # A stack never changes.
    return entry.version < 0 or (entry.version != version and not isinstance(asked, int))


def _content(answer: object) -> object:
    return (answer.events, answer.more) if isinstance(answer, Answered) else answer
