"""Pages of events: without limit, each event once, whatever happens in between."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from flinktop.engine.journal.event import Event, EventKind, Question
from flinktop.engine.journal.journal import Answered, Journal
from flinktop.facts.events import newest
from flinktop.ui.panels.event_pages import EventPages
from tests.manual_clock import ManualClock

CLUSTER = "http://c:8081"
ASKED = Question(cluster=CLUSTER)


def event(number: int, **rest: Any) -> Event:
    """The n-th event: n s after 1970, of a job of its own, so that no day of a job is full."""
    usual: dict[str, Any] = {
        "at": number * 1000.0,
        "kind": EventKind.JOB_STATE,
        "job": f"job {number % 1000}",
    }
    return Event(cluster=CLUSTER, words=f"event {number}", key=str(number), **(usual | rest))


class Counting(Journal):
    """A journal that counts what is asked of it, and may answer late."""

    def __init__(self) -> None:
        super().__init__(None, ManualClock(), inline=True)
        self.asked: list[Question] = []
        self.late = False
        self._answered: dict[Question, Answered] = {}

    def seen(self, question: Question) -> Answered | None:
        self.asked.append(question)
        if not self.late:
            answered = super().seen(question)
            assert answered is not None
            self._answered[question] = answered
        return self._answered.get(question)


def numbers(pages: EventPages) -> list[int]:
    return [int(one.words.split()[1]) for one in pages.events]


@pytest.fixture
def kept() -> Counting:
    return Counting()


def read_all(pages: EventPages, kept: Journal, most: int = 500) -> None:
    for _ in range(most):
        pages.read(kept, older=True)
        if not pages.more:
            return
    raise AssertionError("there is no end")


def test_the_newest_page_first_and_older_ones_when_they_are_wanted(kept: Counting) -> None:
    kept.add(map(event, range(1, 26)))
    pages = EventPages(page=10)
    pages.ask(ASKED)
    assert pages.unread
    pages.read(kept)
    assert numbers(pages) == list(range(25, 15, -1))
    assert pages.more
    pages.read(kept)
    assert len(pages.events) == 10
    pages.read(kept, older=True)
    assert numbers(pages) == list(range(25, 5, -1))
    read_all(pages, kept)
    assert numbers(pages) == list(range(25, 0, -1))
    assert not pages.more


def test_events_that_come_while_one_pages_leave_no_hole(kept: Counting) -> None:
    kept.add(map(event, range(1, 31)))
    pages = EventPages(page=10)
    pages.ask(ASKED)
    pages.read(kept, older=True)
    for first in range(31, 131, 7):
        kept.add(map(event, range(first, first + 7)))
        pages.read(kept)
        assert numbers(pages) == list(range(first + 6, numbers(pages)[-1] - 1, -1))
    read_all(pages, kept)
    assert numbers(pages) == list(range(135, 0, -1))


def test_more_events_of_one_time_than_a_page_holds(kept: Counting) -> None:
    kept.add(event(number, at=5000.0) for number in range(1, 36))
    kept.add([event(100), *map(event, range(1, 4))])
    pages = EventPages(page=10)
    pages.ask(ASKED)
    read_all(pages, kept)
    assert len(pages.events) == len({one.number for one in pages.events})
    times = list(map(newest, pages.events))
    assert times == sorted(times, reverse=True)
    assert len(times) == 36


def test_repeats_that_began_long_ago_are_shown_once_and_end_no_paging(kept: Counting) -> None:
    loops = [
        event(number, kind=EventKind.FAILURE, group="g", job=f"loop {number}", at=number * 1.0)
        for number in range(1, 31)
    ]
    again = [replace(one, key=f"again {one.key}", at=one.at + 1e6) for one in loops]
    kept.add([*loops, *again, *map(event, range(100, 140))])
    pages = EventPages(page=10)
    pages.ask(ASKED)
    read_all(pages, kept)
    assert len(pages.events) == 70
    assert len({one.number for one in pages.events}) == 70


def test_a_repeat_comes_to_the_top(kept: Counting) -> None:
    failure = event(1, kind=EventKind.FAILURE, group="g", job="loop")
    kept.add([failure, *map(event, range(2, 26))])
    pages = EventPages(page=10)
    pages.ask(ASKED)
    read_all(pages, kept)
    kept.add([replace(failure, key="again", at=99_000.0)])
    pages.read(kept)
    assert pages.events[0].count == 2
    assert len(pages.events) == 25


def test_what_is_not_on_the_screen_is_not_read_again(kept: Counting) -> None:
    kept.add(map(event, range(1, 101)))
    pages = EventPages(page=10)
    pages.ask(ASKED)
    read_all(pages, kept)
    kept.asked.clear()
    kept.add([event(101)])
    pages.read(kept, on_screen={pages.events[50].number})
    assert len(kept.asked) == 2
    assert numbers(pages)[0] == 101


def test_a_journal_that_answers_late(kept: Counting) -> None:
    kept.add(map(event, range(1, 31)))
    pages = EventPages(page=10)
    kept.late = True
    pages.ask(ASKED)
    pages.read(kept, older=True)
    assert pages.unread
    assert pages.loading
    assert not pages.has_news(kept)
    kept.late = False
    assert pages.has_news(kept)
    pages.read(kept, older=True)
    kept.late = True
    pages.read(kept, older=True)
    assert len(pages.events) == 20
    # What is shown stays while another question is not answered.
    pages.ask(replace(ASKED, text="event 3"))
    pages.read(kept)
    assert len(pages.events) == 20
    kept.late = False
    pages.read(kept)
    assert numbers(pages) == [30, 3]


def test_no_events_at_all(kept: Counting) -> None:
    pages = EventPages(page=10)
    pages.ask(ASKED)
    pages.read(kept, older=True)
    assert pages.events == ()
    assert not pages.more
    assert not pages.loading
