"""What a screen gets at once, and when it is read anew."""

from __future__ import annotations

from flinktop.engine.journal.answers import FORGOTTEN_SECONDS, MOST, Answers
from flinktop.engine.journal.event import Question
from flinktop.engine.journal.reading import Answered
from tests.engine.journal.given import event

ALL = Question()


def answered(*numbers: int) -> Answered:
    return Answered(tuple(event(number, number=number) for number in numbers), more=False, version=0)


def test_what_is_new_is_read_at_once_and_what_has_changed_too() -> None:
    answers = Answers()
    assert answers.get(ALL, 1, 10.0) == (None, True)
    assert answers.due(1, 10.0) == (ALL,)
    assert answers.put(ALL, answered(1), 1, 10.0)
    assert answers.get(ALL, 1, 11.0) == (answered(1), False)
    assert answers.due(1, 11.0) == ()
    assert answers.due(2, 11.0) == (ALL,)
    assert not answers.put(ALL, answered(1), 2, 11.0)
    assert answers.put(ALL, answered(2, 1), 3, 11.0)


def test_what_took_long_to_read_is_left_alone_for_a_while() -> None:
    answers = Answers()
    answers.get(ALL, 1, 10.0)
    answers.put(ALL, answered(1), 1, 17.0)
    assert answers.get(ALL, 2, 12.0) == (answered(1), False)
    assert answers.due(2, 16.9) == ()
    assert answers.next_due(2, 12.0) == 17.0
    assert answers.due(2, 17.0) == (ALL,)


def test_what_nobody_wants_is_not_read() -> None:
    answers = Answers()
    answers.get(ALL, 1, 10.0)
    answers.put(ALL, answered(1), 1, 10.0)
    assert answers.due(2, 10.0 + FORGOTTEN_SECONDS) == ()
    assert not answers.watched(10.0 + FORGOTTEN_SECONDS)
    assert answers.get(ALL, 2, 100.0) == (answered(1), True)


def test_a_stack_is_read_once() -> None:
    answers = Answers()
    answers.get(7, 1, 10.0)
    answers.put(7, "at a.B", 1, 10.0)
    assert answers.get(7, 2, 11.0) == ("at a.B", False)


def test_a_part_of_an_answer_is_added_to_what_is_known_and_completed_later() -> None:
    answers = Answers()
    answers.get(ALL, 1, 10.0)
    answers.put(ALL, answered(2, 1), 1, 10.0)
    assert answers.put_part(ALL, answered(3), 2, 15.0)
    assert answers.get(ALL, 2, 11.0)[0] == answered(3, 2, 1)
    assert answers.next_due(2, 11.0) == 15.0
    assert answers.due(3, 11.0) == (ALL,)


def test_the_answers_wanted_last_are_kept() -> None:
    answers = Answers()
    for number in range(MOST + 1):
        answers.get(number, 1, 10.0)
    assert not answers.put(0, "", 1, 10.0)
    assert answers.put(1, "at a.B", 1, 10.0)
