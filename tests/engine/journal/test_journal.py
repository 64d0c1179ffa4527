"""The journal: what is added comes back, once, and to who asks at once."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator
from functools import partial
from pathlib import Path

import pytest
from msgspec.structs import replace

from flinktop.engine.clock import Clock
from flinktop.engine.journal.event import Event, EventKind, Question
from flinktop.engine.journal.journal import Journal
from flinktop.judgement.finding import Severity
from tests.engine.journal.given import CLUSTER, JOB, MINUTE, NOW, event, failure, known, opened
from tests.manual_clock import ManualClock

ALL = Question()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journal.db"


@pytest.fixture(params=["file", "memory"])
def journal(request: pytest.FixtureRequest, path: Path) -> Iterator[Journal]:
    made = opened(path if request.param == "file" else None)
    yield made
    made.close(1.0)


def words(events: tuple[Event, ...]) -> list[str]:
    return [one.words.rpartition(" ")[2] for one in events]


def test_an_event_comes_back_as_it_was(journal: Journal) -> None:
    whole = event(
        severity=Severity.CRITICAL,
        vertex="v" * 32,
        vertex_name="Source: orders",
        subtask=3,
        taskmanager="tm-1",
        checkpoint=17,
        finding="failed",
        details="a: 1 -> 2\nb: gone",
    )
    journal.add([whole])
    (read,) = journal.read(ALL)
    assert read.number > 0
    assert read == _stored(whole, read.number)


def _stored(one: Event, number: int) -> Event:
    return replace(one, number=number, last=one.at)


def test_the_newest_is_first(journal: Journal) -> None:
    journal.add([event(2), event(1), event(3)])
    assert words(journal.read(ALL)) == ["3", "2", "1"]


def test_the_same_happening_is_stored_once(path: Path) -> None:
    for _ in range(2):
        one = opened(path)
        one.add([event(1), event(1), failure(2)])
        one.add([event(1), failure(2)])
        one.close(1.0)
    state, fails = sorted(opened(path).read(ALL), key=lambda each: each.at)
    assert (state.count, fails.count) == (1, 1)


def test_the_same_key_of_another_cluster_is_another_happening(journal: Journal) -> None:
    journal.add([event(1), event(1, cluster="http://test:8081")])
    assert len(journal.read(ALL)) == 2
    assert len(journal.read(Question(cluster=CLUSTER))) == 1


def test_repeats_are_counted_with_the_first_and_the_last_time(journal: Journal) -> None:
    journal.add([failure(number) for number in (3, 1, 2)])
    journal.add([failure(4), failure(2)])
    (one,) = journal.read(ALL)
    assert (one.count, one.at, one.last) == (4, NOW + MINUTE, NOW + 4 * MINUTE)


def test_a_stack_is_asked_for_by_number(journal: Journal) -> None:
    journal.add([failure(1), failure(2, job="b" * 32), event(3)])
    for one in journal.read(ALL):
        stack = journal.read_stack(one.number)
        assert ("IllegalStateException" in stack) == (one.kind is EventKind.FAILURE)
        assert one.stack == ""


def test_a_known_job_is_kept_as_it_was_seen_last(journal: Journal) -> None:
    last = known(seen=NOW + 1, state="FAILED", configuration={"a": "1"}, vertices=("Source",), restarts=4)
    journal.keep_jobs([known(), known("b" * 32)])
    journal.keep_jobs([last])
    assert journal.read_jobs(CLUSTER) == (last, known("b" * 32))
    assert journal.read_jobs("http://other:8081") == ()


def test_small_values_are_kept_by_name_and_cluster(journal: Journal) -> None:
    journal.keep("alert", CLUSTER, "a", b"1")
    journal.keep("alert", CLUSTER, "b", b"2")
    journal.keep("judge", CLUSTER, "a", b"3")
    journal.keep("alert", CLUSTER, "a", b"4")
    journal.keep("alert", CLUSTER, "b", None)
    assert journal.kept("alert", CLUSTER) == {"a": b"4"}
    assert journal.kept("alert", "http://other:8081") == {}


def test_when_a_cluster_was_looked_at_last(journal: Journal) -> None:
    assert journal.last_seen(CLUSTER) is None
    journal.looked(CLUSTER, NOW)
    journal.looked(CLUSTER, NOW + 5)
    assert journal.last_seen(CLUSTER) == NOW + 5


def test_an_answer_is_read_again_when_something_was_added(journal: Journal) -> None:
    question = Question(job=JOB)
    before = journal.seen(question)
    assert before is not None
    assert before.events == ()
    journal.add([event(1)])
    after = journal.seen(question)
    assert after is not None
    assert words(after.events) == ["1"]
    assert after.version != before.version


def test_nothing_is_made_by_reading(path: Path) -> None:
    one = opened(path)
    assert one.read(ALL) == ()
    assert one.read_jobs(CLUSTER) == ()
    one.close(1.0)
    assert not path.exists()
    assert one.notices == ()


def test_the_thread_writes_and_calls(path: Path) -> None:
    journal = Journal(path, Clock())
    called = threading.Event()
    journal.on_change(called.set)
    journal.start()
    assert journal.seen(ALL) is None
    journal.add([event(1)])
    for _ in range(100):
        called.wait(5.0)
        called.clear()
        if (answered := journal.seen(ALL)) is not None and answered.events:
            break
    else:
        pytest.fail("the answer never came")
    journal.add([event(2)])
    journal.close(5.0)
    assert words(opened(path).read(ALL)) == ["2", "1"]


def test_many_threads_may_use_it(path: Path) -> None:
    journal = Journal(path, Clock())
    journal.start()
    failed: list[BaseException] = []

    def use(own: int) -> None:
        try:
            for number in range(50):
                journal.add([event(number, key=f"{own} {number}", job=f"{own:032x}"), failure(number)])
                journal.keep("alert", CLUSTER, f"{own}", b"%d" % number)
                journal.keep_jobs([known(f"{own:032x}", restarts=number)])
                journal.seen(Question(job=f"{own:032x}"))
                journal.lease(f"{own}", CLUSTER)
                assert journal.kept("alert", CLUSTER)[f"{own}"] == b"%d" % number
        except BaseException as error:  # noqa: BLE001 -- shown by the test
            failed.append(error)

    users = [threading.Thread(target=use, args=(own,)) for own in range(4)]
    for one in users:
        one.start()
    for one in users:
        one.join(60.0)
    journal.close(10.0)
    assert failed == []
    again = opened(path)
    assert len(again.read(Question(name="orders", most=1000))) == 201
    assert again.read(Question(kinds=(EventKind.FAILURE,)))[0].count == 50
    assert {job.restarts for job in again.read_jobs(CLUSTER)} == {49}


def test_what_was_added_before_the_start_is_written_at_the_end(path: Path) -> None:
    journal = Journal(path, Clock())
    journal.add([event(1)])
    journal.close(1.0)
    assert words(opened(path).read(ALL)) == ["1"]


def test_one_of_two_holds_a_lease(path: Path) -> None:
    clock = ManualClock()
    first, second = opened(path, clock), opened(path, clock)
    assert first.lease("hooks", CLUSTER)
    assert not second.lease("hooks", CLUSTER)
    first.close(1.0)
    clock._now += 2.0
    assert second.lease("hooks", CLUSTER)


def test_values_of_several_clusters_are_read_at_once_and_as_they_were_kept_last(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, read, all_read = Journal(path, Clock()), dict[str, dict[str, bytes]](), threading.Event()
    reads: list[tuple[str, ...]] = []
    own = made._storage.kept_of

    def counted(name: str, clusters: Collection[str]) -> dict[str, dict[str, bytes]]:
        reads.append(tuple(clusters))
        return own(name, clusters)

    monkeypatch.setattr(made._storage, "kept_of", counted)

    def take(cluster: str, values: dict[str, bytes]) -> None:
        read[cluster] = values
        if len(read) == 3:
            all_read.set()

    for cluster in ("a", "b"):
        made.keep("alerts", cluster, "key", b"old")
        made.keep("alerts", cluster, "key", cluster.encode())
    for cluster in ("a", "b", "c"):
        made.read_soon("alerts", cluster, partial(take, cluster))
    made.start()
    assert all_read.wait(5.0)
    made.close(2.0)
    assert read == {"a": {"key": b"a"}, "b": {"key": b"b"}, "c": {}}
    assert reads == [("a", "b", "c")]


def test_who_takes_values_and_fails_keeps_no_other_from_them(path: Path) -> None:
    made, taken = Journal(path, Clock()), threading.Event()

    def fails(_values: dict[str, bytes]) -> None:
        raise KeyError("odd")

    made.read_soon("alerts", "a", fails)
    made.read_soon("alerts", "b", lambda _values: taken.set())
    made.start()
    assert taken.wait(5.0)
    made.close(2.0)
