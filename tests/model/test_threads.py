"""Thread dumps: states, order, and the threads of one task."""

from __future__ import annotations

import pytest

from flinktop.flink.decode import decode
from flinktop.flink.logs import ThreadDump, ThreadInfo
from flinktop.model import threads
from tests.fixture_cluster import FixtureCluster


def info(name: str, rest: str = " Id=1 WAITING on x") -> ThreadInfo:
    return ThreadInfo(name, f'"{name}"{rest}\n\tat a.B.c(B.java:1)\n\n')


def test_threads_stand_by_name_with_their_states() -> None:
    found = threads.threads(
        ThreadDump(
            (info("main"), info("BLOCKED one", " Id=2 RUNNABLE"), info("Aqua", ' prio=5 tid=0x1 "BLOCKED'))
        )
    )
    assert [(one.name, one.state) for one in found] == [
        ("Aqua", "BLOCKED"),
        ("BLOCKED one", "RUNNABLE"),
        ("main", "WAITING"),
    ]
    assert found[2].lines == ('"main" Id=1 WAITING on x', "\tat a.B.c(B.java:1)")


def test_a_thread_without_a_stack_has_its_name() -> None:
    [one] = threads.threads(ThreadDump((ThreadInfo("idle", ""),)))
    assert (one.name, one.state) == ("idle", "")


@pytest.mark.parametrize("release", ["1.14.6", "1.20.5", "2.3.0"])
def test_every_recorded_thread_has_a_state(release: str) -> None:
    cluster = FixtureCluster(release)
    one = cluster.document("taskmanagers")["taskmanagers"][0]["id"]
    dump = decode(cluster.answer(f"taskmanagers/{one}/thread-dump")[1], ThreadDump).value
    found = threads.threads(dump)
    assert len(found) == len(dump.threads) > 5
    # 1.14 and later leave out threads of the JVM that have no Java stack, but name them.
    assert sum(bool(thread.state) for thread in found) >= len(found) - 2
    assert sum(threads.counted(found).values()) == len(found)


def test_a_state_and_a_text_leave_whole_threads() -> None:
    known = threads.threads(
        ThreadDump((info("Map (1/2)#0"), info("Map (2/2)#0", " Id=3 RUNNABLE"), info("other")))
    )
    assert [one.name for one in threads.chosen(known, "", "map (")] == ["Map (1/2)#0", "Map (2/2)#0"]
    assert [one.name for one in threads.chosen(known, "RUNNABLE", "")] == ["Map (2/2)#0"]
    assert len(threads.chosen(known, "", "B.java")) == 3


def test_the_threads_of_a_task_have_its_number_from_one_on() -> None:
    name = threads.of_task("Map [x]", 1)
    assert name in "Map [x] (2/4)#7"
    assert name in "Legacy Source Thread - Map [x] (2/4)#7"
    assert name not in "Map [x] (12/40)#0"


def test_the_threads_of_a_task_stand_first() -> None:
    names = ("A pool", "Legacy Source Thread - Map (1/2)#0", "Map (1/2)#0", "OutputFlusher for Map (1/2)#0")
    dump = ThreadDump(tuple(info(name) for name in names))
    found = [thread.name for thread in threads.threads(dump, threads.of_task("Map", 0))]
    assert found == [names[1], names[2], names[0], names[3]]
    assert [thread.name for thread in threads.threads(dump)] == list(names)


def test_states_are_stepped_through() -> None:
    state, seen = "", []
    for _ in threads.STATES:
        state = threads.next_state(state)
        seen.append(state)
    assert seen == ["RUNNABLE", "BLOCKED", "WAITING", "TIMED_WAITING", ""]
