"""The events that answer a question, newest first, read page by page as they come near the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from flinktop.facts.events import newest

if TYPE_CHECKING:
    from collections.abc import Container

    from flinktop.engine.journal.event import Event, Question
    from flinktop.engine.journal.journal import Answered, Journal

PAGE: Final = 500  # events


class _Page:
    """The events of a stretch of time, `question.since` to `question.before`."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.answered: Answered | None = None
        self.pending = True
        """Whether its question has not been answered; `answered` may be of an earlier one."""

    def holds(self, numbers: Container[int]) -> bool:
        return self.answered is not None and any(one.number in numbers for one in self.answered.events)


class EventPages:
    """All events of a question that were read so far.

    The newest page and those on the screen are read again when the journal has changed. What is older than
    all pages is read when it is wanted, so there is no limit.
    """

    def __init__(self, page: int = PAGE) -> None:
        self._page = page
        self._question: Question | None = None
        self._pages: list[_Page] = []
        self.events: tuple[Event, ...] = ()
        """Newest first, each once; those of the question before while nothing of this one is read."""

    def ask(self, question: Question) -> None:
        """Ask another question, if it is another."""
        if question != self._question:
            self._question = question
            self._pages = [_Page(replace(question, most=self._page))]

    @property
    def loading(self) -> bool:
        """Whether a page has not been read yet."""
        return any(page.answered is None for page in self._pages)

    @property
    def unread(self) -> bool:
        """Whether nothing of this question has been read yet."""
        return all(page.answered is None for page in self._pages)

    def is_read(self, question: Question) -> bool:
        """Whether this is the question, and something of it has been read."""
        return question == self._question and not self.unread

    @property
    def more(self) -> bool:
        """Whether there are older events that were not read yet."""
        return bool(self._pages) and (self.loading or self._has_more(self._pages[-1]))

    def has_news(self, journal: Journal) -> bool:
        """Whether the newest page has changed, or a page has been read that was not."""
        return any(
            journal.seen(page.question) is not page.answered
            for place, page in enumerate(self._pages)
            if not place or page.pending
        )

    def read(self, journal: Journal, *, on_screen: Container[int] = (), older: bool = False) -> None:
        """Take what the journal has read; `older` whether a page of older events is wanted too."""
        changed = self._take(journal, on_screen)
        while self._grow(older=older):
            older = False
            changed = self._take(journal, ()) or changed
        if changed:
            self._join()

    def _take(self, journal: Journal, on_screen: Container[int]) -> bool:
        """Take the answers of pages; returns whether there are other events than before."""
        changed = False
        for place, page in enumerate(self._pages):
            if not place or page.pending or page.holds(on_screen):
                answered = journal.seen(page.question)
                if answered is None or answered is page.answered:
                    continue
                changed = changed or page.answered is None or page.answered.events != answered.events
                page.answered, page.pending = answered, False
        return changed

    @staticmethod
    def _has_more(page: _Page) -> bool:
        return not page.pending and page.answered is not None and page.answered.more

    def _grow(self, *, older: bool) -> bool:
        """Divide pages that do not hold all of their time; the oldest one only if `older` is wanted."""
        grown = False
        for page in [one for one in self._pages if self._has_more(one)]:
            place, asked = self._pages.index(page), page.question
            if (place == len(self._pages) - 1 and not older) or page.answered is None:
                continue
            page.pending = grown = True
            oldest = min(map(newest, page.answered.events), default=0.0)
            if asked.since < oldest < (asked.before or float("inf")):
                self._pages.insert(place + 1, _Page(replace(asked, before=oldest, most=self._page)))
                asked = replace(asked, since=oldest)
            # There is room for more where they can't be divided: they are of the same time, or began earlier.
            page.question = replace(asked, most=asked.most * 2)
        return grown

    def _join(self) -> None:
        found: dict[int, Event] = {}
        for page in self._pages:
            for event in page.answered.events if page.answered is not None else ():
                # One that has been repeated is in a newer page as well.
                found.setdefault(event.number, event)
        if not self.unread:
            self.events = tuple(found.values())
