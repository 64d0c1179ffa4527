"""What was asked of the journal and is known of it, so that a screen gets an answer at once."""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from flinktop.engine.journal.event import KnownJob, Question
from flinktop.engine.journal.reading import Answered

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST: Final = 64
"""Answers that are kept."""
FORGOTTEN_SECONDS: Final = 30.0
"""An answer that nobody has wanted for so long is not read again."""

REST: Final = 10.0
"""An answer is read again after so many times of the time that it took: a search through all takes long."""

StackOf = int
"""The number of an event."""
JobsOf = str
"""The address of a cluster."""
Asked = Question | StackOf | JobsOf
Answer = Answered | str | tuple[KnownJob, ...]


class _Entry(Struct):
    answer: Answer | None = None
    version: int = -1  # of the journal, when it was read
    wanted: float = 0.0  # monotonic s
    next: float = 0.0  # not to be read again before, monotonic s
    again: float = math.inf  # to be read again then even if nothing has changed, monotonic s

    def due_at(self, asked: Asked, version: int) -> float:
        """When it is to be read (anew), monotonic s; infinity if it is not."""
        # A stack never changes.
        is_old = self.version < 0 or (self.version != version and not isinstance(asked, int))
        return self.next if is_old else self.again


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
        return entry.answer, entry.due_at(asked, version) <= now

    def put(self, asked: Asked, answer: Answer, version: int, not_before: float) -> bool:
        """Keep an answer; returns whether it is another one than before.

        It is not read again before `not_before` (monotonic s).
        """
        return self._put(asked, answer, version, not_before, math.inf)

    def put_part(self, asked: Asked, answer: Answer, version: int, again: float) -> bool:
        """The same for an answer without what is in the file, which is to be read `again` (monotonic s)."""
        entry = self._entries.get(asked)
        known = entry.answer if entry is not None else None
        return self._put(
            asked, answer if known is None else _merged(asked, known, answer), version, 0.0, again
        )

    def _put(self, asked: Asked, answer: Answer, version: int, not_before: float, again: float) -> bool:
        entry = self._entries.get(asked)
        if entry is None:
            return False
        changed = _content(entry.answer) != _content(answer)
        entry.answer, entry.version, entry.next, entry.again = answer, version, not_before, again
        return changed

    def due(self, version: int, now: float) -> tuple[Asked, ...]:
        """What is to be read (anew) because somebody has wanted it lately."""
        return tuple(asked for asked, due in self._wanted(version, now) if due <= now)

    def next_due(self, version: int, now: float) -> float:
        """When something is to be read (anew), monotonic s; infinity if nothing is."""
        return min((due for _, due in self._wanted(version, now)), default=math.inf)

    def _wanted(self, version: int, now: float) -> Iterator[tuple[Asked, float]]:
        for asked, entry in self._entries.items():
            if now - entry.wanted < FORGOTTEN_SECONDS:
                yield asked, entry.due_at(asked, version)

    def watched(self, now: float) -> bool:
        """Whether somebody has wanted an answer lately."""
        return any(now - entry.wanted < FORGOTTEN_SECONDS for entry in self._entries.values())


def _content(answer: object) -> object:
    return (answer.events, answer.more) if isinstance(answer, Answered) else answer


def _merged(asked: Asked, known: Answer, new: Answer) -> Answer:
    """What was known, with what is new."""
    if isinstance(asked, Question) and isinstance(known, Answered) and isinstance(new, Answered):
        events = {event.number: event for event in (*known.events, *new.events)}
        newest = sorted(events.values(), key=lambda one: (one.last, one.number), reverse=True)
        return Answered(tuple(newest[: asked.most]), known.more or len(newest) > asked.most, new.version)
    if isinstance(known, tuple) and isinstance(new, tuple):
        jobs = {job.place: job for job in (*known, *new)}
        return tuple(sorted(jobs.values(), key=lambda job: -job.seen))
    return new or known
