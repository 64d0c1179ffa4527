"""TaskManagers that come and go as events."""

from __future__ import annotations

import pytest

from flinktop.engine.journal import taskmanagers
from flinktop.engine.journal.event import EventKind
from flinktop.engine.journal.taskmanagers import GONE_MS, MOST_AT_ONCE, TaskManagers
from flinktop.flink.taskmanagers import TASKMANAGERS, TaskManager
from flinktop.judgement.finding import Severity
from tests.engine.journal.recorded import RELEASES, answer

NOW = 1_700_000_000_000.0


def tm(number: int, used: int = 0) -> TaskManager:
    host = f"10.0.0.{number}:6122"
    return TaskManager(
        f"{host}-abc{number:03}",
        path=f"pekko.tcp://flink@{host}/user/rpc",
        slots_number=4,
        free_slots=4 - used,
    )


def after(*answers: list[TaskManager]) -> TaskManagers:
    known = TaskManagers()
    for number, one in enumerate(answers):
        known, _ = taskmanagers.answered(known, one, NOW + 15_000 * number)
    return known


@pytest.mark.parametrize("release", RELEASES)
def test_since_when_those_of_the_first_answer_are_there_is_not_known(release: str) -> None:
    recorded = answer(release, TASKMANAGERS()).taskmanagers
    known, events = taskmanagers.answered(TaskManagers(), recorded, NOW)
    assert events == ()
    assert taskmanagers.answered(known, recorded, NOW + 1)[1] == ()


def test_one_that_comes() -> None:
    _, [event] = taskmanagers.answered(after([tm(1)]), [tm(1), tm(2)], NOW)
    assert (event.kind, event.taskmanager, event.at) == (
        EventKind.TASKMANAGER_CAME, "10.0.0.2:6122-abc002", NOW,
    )  # fmt: skip
    assert event.words == "TaskManager 10.0.0.2:6122-abc002 came with 4 slots"


def test_one_that_goes_is_gone_after_a_while() -> None:
    known, events = taskmanagers.answered(after([tm(1), tm(2, used=3)]), [tm(1)], NOW)
    assert events == ()
    assert taskmanagers.gone(known, NOW + GONE_MS - 1) == (known, ())
    known, [event] = taskmanagers.gone(known, NOW + GONE_MS)
    assert (event.at, event.severity) == (NOW, Severity.WARNING)
    assert event.words == "TaskManager 10.0.0.2:6122-abc002 is gone with 3 slots in use"
    assert taskmanagers.gone(known, NOW + 2 * GONE_MS)[1] == ()


def test_one_without_a_task_is_missed_by_nobody() -> None:
    known = after([tm(1), tm(2)], [tm(1)])
    _, [event] = taskmanagers.gone(known, NOW + 2 * GONE_MS)
    assert (event.severity, event.words) == (Severity.INFO, "TaskManager 10.0.0.2:6122-abc002 is gone")


def test_those_that_register_with_another_jobmanager_were_never_gone() -> None:
    known = after([tm(1), tm(2)], [])
    known, events = taskmanagers.answered(known, [tm(1), tm(2)], NOW + 45_000)
    assert events == ()
    assert taskmanagers.gone(known, NOW + 10 * GONE_MS)[1] == ()


def test_one_that_comes_back_after_it_was_gone_has_another_key() -> None:
    known, first = taskmanagers.answered(after([]), [tm(1)], NOW)
    known, _ = taskmanagers.answered(known, [], NOW + 1)
    known, _ = taskmanagers.gone(known, NOW + 1 + GONE_MS)
    _, second = taskmanagers.answered(known, [tm(1)], NOW + 10 * GONE_MS)
    assert second[0].words == "TaskManager 10.0.0.1:6122-abc001 came back with 4 slots"
    assert first[0].key != second[0].key


def test_of_many_at_once_one_event_tells() -> None:
    many = [tm(number, used=1) for number in range(1, MOST_AT_ONCE + 2)]
    known, [event] = taskmanagers.answered(after([]), many, NOW)
    assert event.words.startswith("21 TaskManagers came: 10.0.0.10:6122-abc010, ")
    assert event.words.endswith(" and 18 more")
    assert len(event.details.splitlines()) == 21
    known, _ = taskmanagers.answered(known, [], NOW)
    _, [event] = taskmanagers.gone(known, NOW + GONE_MS)
    assert event.words.startswith("21 TaskManagers are gone: ")
    assert event.severity is Severity.WARNING


def test_those_that_came_and_went_while_nobody_looked() -> None:
    known = taskmanagers.remembered(taskmanagers.kept(after([tm(1, used=1), tm(2)])))
    later = NOW + 3_600_000
    known, [came] = taskmanagers.answered(known, [tm(2), tm(3)], later)
    assert came.taskmanager == tm(3).id
    _, [gone] = taskmanagers.gone(known, later + GONE_MS)
    assert (gone.taskmanager, gone.at, gone.severity) == (tm(1).id, later, Severity.WARNING)


def test_one_that_was_missing_when_flinktop_ended_is_remembered_as_there() -> None:
    known = taskmanagers.remembered(taskmanagers.kept(after([tm(1), tm(2)], [tm(1)])))
    known, _ = taskmanagers.answered(known, [tm(1)], NOW)
    assert len(taskmanagers.gone(known, NOW + GONE_MS)[1]) == 1


def test_what_can_not_be_read_is_nothing() -> None:
    assert taskmanagers.remembered(b'{"a": 1').listed is None
    assert taskmanagers.remembered(None).listed is None
