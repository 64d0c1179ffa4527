"""The journal is bounded: by day, by bytes, by age; and what is first of a failure outlives the noise."""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from flinktop.engine.journal.event import MOST_STACK, Event, EventKind, Question
from flinktop.engine.journal.journal import Journal
from flinktop.engine.journal.pruning import account
from flinktop.engine.journal.tables import prepare
from flinktop.judgement.finding import Severity
from tests.depth import in_depth
from tests.engine.journal.given import (
    CLUSTER,
    JOB,
    MINUTE,
    NOW,
    count,
    event,
    failure,
    is_whole,
    jump,
    known,
    later,
    opened,
    raw,
)
from tests.manual_clock import ManualClock

ALL = Question(most=1_000_000)
DAY = 86_400.0
SECOND = 1000.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


def noise(number: int, **given: Any) -> Event:
    """A failure that is like no other, with a stack that no compression makes small."""
    letters = random.Random(number).choices(range(0x4E00, 0x9E00), k=700)  # noqa: S311 - repeatable on purpose
    stack = "".join(map(chr, letters))
    words = {"key": f"noise {number}", "group": f"noise {number}", "job": "f" * 32, "job_name": "noisy"}
    return failure(number, **words | {"stack": f"java.lang.X: {stack}"} | given)


# -- a day ---------------------------------------------------------------------------------------------


def seconds(number: int, **given: Any) -> Event:
    return event(number, at=NOW + number * SECOND, **given)


def test_at_most_two_hundred_events_of_a_job_and_day(path: Path) -> None:
    journal = opened(path)
    kinds = (EventKind.RESTARTED, EventKind.CHECKPOINT_FAILED)
    journal.add([seconds(number, kind=kinds[number % 2]) for number in range(500)])
    journal.add([seconds(number, kind=kinds[number % 2]) for number in range(400, 520)])
    journal.add([event(0, at=NOW + DAY * SECOND, key="the next day")])
    newest, *others = journal.read(ALL)
    assert newest.key == "the next day"
    assert len(others) == 201
    (summary,) = (one for one in others if one.kind is EventKind.SUMMARY)
    assert (summary.count, summary.job, summary.job_name) == (320, JOB, "orders")
    assert (summary.at, summary.last) == (NOW + 200 * SECOND, NOW + 519 * SECOND)
    assert summary.details == "checkpoint-failed: 160\nrestarted: 160"
    assert "2023-11-14" in summary.words


def test_a_summary_is_as_severe_as_the_worst_of_its_events(path: Path) -> None:
    journal = opened(path)
    severities = {250: Severity.CRITICAL, 260: Severity.WARNING}
    journal.add([seconds(number, severity=severities.get(number, Severity.OK)) for number in range(300)])
    (summary,) = journal.read(Question(kinds=(EventKind.SUMMARY,)))
    assert summary.severity is Severity.CRITICAL


def test_the_first_of_a_failure_is_kept_whatever_came_before_it(path: Path) -> None:
    journal = opened(path)
    journal.add([seconds(number) for number in range(300)])
    journal.add([failure(number, at=NOW + (300 + number) * SECOND) for number in range(10)])
    (fails,) = journal.read(Question(kinds=(EventKind.FAILURE,)))
    assert (fails.count, fails.at) == (10, NOW + 300 * SECOND)
    assert "B.java" in journal.read_stack(fails.number)


def test_a_failure_without_a_group_is_counted_with_the_others(path: Path) -> None:
    journal = opened(path)
    journal.add([failure(number, group="", at=NOW + number * SECOND) for number in range(300)])
    assert Counter(one.kind for one in journal.read(ALL)) == {EventKind.FAILURE: 200, EventKind.SUMMARY: 1}


def test_other_jobs_and_the_cluster_have_two_hundred_of_their_own(path: Path) -> None:
    journal = opened(path)
    for job in ("a" * 32, "b" * 32, ""):
        journal.add([seconds(number, job=job, key=f"{job} {number}") for number in range(201)])
    assert len(journal.read(ALL)) == 3 * 201


@pytest.mark.deep
def test_a_restart_loop_of_weeks_takes_little_room(path: Path) -> None:
    journal = opened(path)
    for begin in range(0, 6000, 500):
        journal.add([failure(number) for number in range(begin, begin + 500)])
    (one,) = journal.read(ALL)
    assert (one.count, one.last) == (6000, NOW + 5999 * MINUTE)
    # What Flink still shows is not counted again, not even after a restart of flinktop.
    again = opened(path)
    again.add([failure(number) for number in range(5980, 6001)])
    # Nor is what is older than any mark that is kept.
    again.add([failure(3)])
    assert again.read(ALL)[0].count == 6001
    assert count(path, "marks") <= 600


# -- texts ---------------------------------------------------------------------------------------------


def test_a_stack_is_kept_once(path: Path) -> None:
    journal = opened(path)
    journal.add([failure(number, job=f"{number:032x}", group=f"{number}") for number in range(20)])
    assert count(path, "events") == 20
    assert count(path, "stacks") == 1


@pytest.mark.parametrize("letter", ["x", "é", "注"])
def test_a_stack_has_at_most_its_bytes_and_keeps_both_ends(path: Path, letter: str) -> None:
    journal = opened(path)
    journal.add([failure(stack=f"java.lang.First: a\n{letter * 200_000}\nCaused by: java.lang.Last: b")])
    stack = journal.read_stack(journal.read(ALL)[0].number)
    assert len(stack.encode()) <= MOST_STACK
    assert len(stack.encode()) > MOST_STACK * 0.9
    assert stack.startswith("java.lang.First: a\n")
    assert stack.endswith("Caused by: java.lang.Last: b")


def test_long_texts_are_cut(path: Path) -> None:
    journal = opened(path)
    long = "x" * 1_000_000
    names = ("words", "details", "job_name", "cluster_name", "vertex", "vertex_name", "taskmanager", "key")
    journal.add([event(1, **dict.fromkeys(names, long)), event(2, job=long)])
    for one in journal.read(ALL):
        assert sum(len(str(getattr(one, name))) for name in names) < 40_000


def test_secrets_and_control_sequences_are_not_kept(path: Path) -> None:
    journal = opened(path)
    given = "java.lang.X: jdbc:mysql://h/db?password=hunter2 \x1b[2J"
    journal.add([failure(words=given, details=given, stack=given, vertex_name="a\x1b]0;x\x07b")])
    journal.keep_jobs([known(checkpoint="s3://AKIAKEY:hunter2@bucket/chk-1", words="a\x1b[2Jb")])
    (one,) = journal.read(ALL)
    (job,) = journal.read_jobs(CLUSTER)
    for text in (one.words, one.details, journal.read_stack(one.number), one.vertex_name, str(job)):
        assert "hunter2" not in text
        assert "\x1b" not in text
    journal.close(1.0)
    assert b"hunter2" not in path.read_bytes()


# -- bytes ---------------------------------------------------------------------------------------------


class Sizes:
    """The largest that the file was, and the file with SQLite's own beside it: looked at in transactions."""

    def __init__(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.file = self.both = 0
        self._path = path

        def prepared(file: sqlite3.Connection, pages: int) -> None:
            prepare(file, pages)
            file.set_trace_callback(self._look)

        monkeypatch.setattr("flinktop.engine.journal.storage.prepare", prepared)

    def _look(self, statement: str) -> None:
        if statement.startswith(("COMMIT", "PRAGMA")) and self._path.exists():
            companion = Path(f"{self._path}-journal")
            beside = companion.stat().st_size if companion.exists() else 0
            size = self._path.stat().st_size
            self.file, self.both = max(self.file, size), max(self.both, size + beside)


@pytest.fixture
def sizes(path: Path, monkeypatch: pytest.MonkeyPatch) -> Sizes:
    return Sizes(path, monkeypatch)


MOST = 1 << 20


@pytest.mark.deep
def test_the_file_stays_within_its_bound_and_quiet_jobs_keep_what_they_have(path: Path, sizes: Sizes) -> None:
    journal = opened(path, most_bytes=MOST)
    quiet = [failure(0, job=f"{number:032x}", job_name=f"quiet {number}") for number in range(20)]
    journal.add([*quiet, event(1, job="")])
    for begin in range(0, 800, 50):
        journal.add([noise(number) for number in range(begin, begin + 50)])
    journal.add([event(1, key="the end")])
    read = journal.read(ALL)
    by_job = Counter(one.job for one in read)
    assert {one.job: by_job[one.job] for one in quiet} == {one.job: 1 for one in quiet}
    assert by_job[""] == 1
    assert any(one.key == "the end" for one in read)
    # Of the noise the newest is there, without a hole.
    numbers = [int(one.key.split()[1]) for one in read if one.job == "f" * 32]
    assert 50 < len(numbers) < 700
    assert numbers == list(range(799, 799 - len(numbers), -1))
    assert journal.read_stack(read[0].number)
    assert sizes.file > 0.6 * MOST
    assert sizes.both <= MOST
    assert is_whole(path)
    assert (journal.notices, journal.problem) == ((), "")


@pytest.mark.deep
def test_what_is_removed_leaves_nothing_behind(path: Path) -> None:
    journal = opened(path, most_bytes=MOST)
    for begin in range(0, 600, 50):
        journal.add([noise(number, job=f"{number:032x}") for number in range(begin, begin + 50)])
    kept = count(path, "events")
    assert kept < 500
    assert count(path, "marks") == count(path, "stacks") == count(path, "jobs") == kept


@pytest.mark.deep
def test_a_shared_stack_stays_while_somebody_has_it(path: Path) -> None:
    journal = opened(path, most_bytes=MOST)
    journal.add([failure(0)])
    journal.add([noise(0, stack=failure(0).stack)])
    for begin in range(1, 500, 50):
        journal.add([noise(number) for number in range(begin, begin + 50)])
    (quiet,) = journal.read(Question(job=JOB))
    assert "B.java" in journal.read_stack(quiet.number)
    assert not any(one.key == "noise 0" for one in journal.read(ALL))


@pytest.mark.deep
def test_jobs_that_are_submitted_every_minute_are_one_noisy_job(path: Path) -> None:
    journal = opened(path, most_bytes=MOST)
    quiet = [noise(number, job="c" * 32, job_name="quiet", key=f"q{number}") for number in range(10)]
    journal.add(quiet)
    for begin in range(0, 600, 50):
        journal.add(
            [
                noise(
                    number,
                    job=f"{number:032x}",
                    job_name=f"etl-2026-11-28T{number // 60:02}:{number % 60:02}",
                )
                for number in range(begin, begin + 50)
            ]
        )
    assert len(journal.read(Question(name="quiet"))) == 10


def test_names_of_one_account() -> None:
    assert account("etl-2026-11-28T02:00") == account("etl-2026-11-28T02:01")
    assert account("run 4711") == account("run 4712")
    assert account("j-6f9619ff8b86d011b42d00c04fc964ff") == account("j-0f9619ff8b86d011b42d00c04fc964fa")
    assert account("billing-1") != account("billing-2")
    assert account("orders") != account("payments")


@pytest.mark.deep
def test_a_file_that_is_larger_than_a_new_bound_shrinks(path: Path) -> None:
    journal = opened(path, most_bytes=MOST)
    for begin in range(0, 400, 50):
        journal.add([noise(number) for number in range(begin, begin + 50)])
    journal.close(1.0)
    assert path.stat().st_size > MOST * 0.6
    smaller = opened(path, most_bytes=MOST // 2)
    smaller.add([event(1)])
    smaller.close(1.0)
    assert path.stat().st_size <= MOST // 2
    assert is_whole(path)


@pytest.mark.deep
def test_one_event_larger_than_what_is_left_is_taken(path: Path) -> None:
    journal = opened(path, most_bytes=MOST)
    for number in range(50):
        stack = random.Random(number).randbytes(MOST_STACK // 4).hex()  # noqa: S311
        journal.add([noise(number, stack=stack)])
    assert journal.read(ALL)[0].key == "noise 49"
    assert (journal.notices, path.stat().st_size <= MOST) == ((), True)


@pytest.mark.deep
def test_known_jobs_take_a_share_at_most(path: Path) -> None:
    journal = opened(path, most_bytes=MOST)
    journal.keep_jobs([known("e" * 32, cluster="http://other:8081", seen=NOW - 9)])
    for begin in range(0, 800, 100):
        journal.keep_jobs(
            known(f"{number:032x}", seen=NOW + number, configuration={"a": noise(number).stack[:500]})
            for number in range(begin, begin + 100)
        )
    left = journal.read_jobs(CLUSTER)
    assert left[0].seen == NOW + 799
    assert 50 < len(left) < 800
    assert path.stat().st_size <= MOST
    assert len(journal.read_jobs("http://other:8081")) == 1


def test_small_values_take_a_share_at_most(path: Path) -> None:
    clock = ManualClock()
    journal = opened(path, clock, most_bytes=MOST)
    for number in range(200):
        later(clock, 1.0)
        journal.keep("alert", CLUSTER, str(number), random.Random(number).randbytes(8000))  # noqa: S311
    kept = journal.kept("alert", CLUSTER)
    assert "199" in kept
    assert "0" not in kept
    assert path.stat().st_size <= MOST


def test_a_value_that_is_too_large_is_not_kept(path: Path) -> None:
    journal = opened(path)
    journal.keep("judge", CLUSTER, "a", b"1")
    journal.keep("judge", CLUSTER, "a", bytes(1 << 20))
    assert journal.kept("judge", CLUSTER) == {}


@pytest.mark.deep
@pytest.mark.parametrize("each", in_depth([1800.0, 240.0, 60.0], [1800.0], [240.0]))
def test_a_week_with_a_restart_loop(path: Path, sizes: Sizes, each: float) -> None:
    clock = ManualClock()
    journal = opened(path, clock, most_bytes=MOST)
    quiet = [failure(0, job=f"{number:032x}", job_name=f"quiet {number}") for number in range(10)]
    journal.add(quiet)
    waiting: list[Event] = []
    for number in range(int(7 * DAY / each)):
        later(clock, each)
        at = clock.wall() * 1000.0
        loop = {"job": "f" * 32, "job_name": "noisy", "at": at}
        waiting += [
            failure(number, **loop, group=f"{number % 7}"),
            noise(number, **loop),
            event(number, **loop, key=f"restart {number}", kind=EventKind.RESTARTED),
        ]
        journal.looked(CLUSTER, at)
        if len(waiting) > 100:
            journal.add(waiting)
            waiting.clear()
    left = journal.read(ALL)
    assert {one.job for one in left} >= {one.job for one in quiet}
    assert sizes.both <= MOST
    assert is_whole(path)
    assert journal.notices == ()


# -- age -----------------------------------------------------------------------------------------------


def hours(journal: Journal, clock: ManualClock, number: int) -> None:
    """Let hours pass in which only a look is noted."""
    for _ in range(number):
        later(clock, 3600.0)
        journal.looked(CLUSTER, clock.wall() * 1000.0)


def at_days(days: int) -> Event:
    return event(0, at=NOW + days * DAY * SECOND, key=f"day {days}")


def test_what_is_too_old_goes(path: Path) -> None:
    clock = ManualClock()
    journal = opened(path, clock, days=30)
    journal.add([at_days(day) for day in range(-60, 1)])
    journal.keep_jobs([known("b" * 32, seen=NOW - 40 * DAY * SECOND), known(seen=NOW)])
    # A day's worth an hour.
    hours(journal, clock, 40)
    assert [one.key for one in journal.read(ALL)][-1] in {"day -30", "day -29", "day -28"}
    assert [job.job for job in journal.read_jobs(CLUSTER)] == [JOB]


def test_repeats_that_go_on_are_not_old(path: Path) -> None:
    clock = ManualClock()
    journal = opened(path, clock, days=30)
    journal.add([failure(0, at=NOW - 60 * DAY * SECOND), failure(1)])
    hours(journal, clock, 5)
    assert journal.read(ALL)[0].count == 2


@pytest.mark.parametrize("far", [400 * DAY, 20_000 * DAY])
def test_a_clock_that_is_ahead_for_some_hours_costs_some_days(path: Path, far: float) -> None:
    clock = ManualClock()
    journal = opened(path, clock, days=90)
    journal.add([at_days(day) for day in range(-89, 1)])
    jump(clock, far)
    hours(journal, clock, 3)
    jump(clock, -far)
    hours(journal, clock, 1)
    assert len(journal.read(ALL)) >= 86


@pytest.mark.parametrize("at", [NOW * 3, 1e300, float("inf"), float("nan"), -5.0])
def test_an_event_at_an_impossible_time_removes_nothing(path: Path, at: float) -> None:
    clock = ManualClock()
    journal = opened(path, clock, days=90)
    journal.add([at_days(day) for day in range(-89, 1)])
    journal.add([event(1, at=at)])
    hours(journal, clock, 3)
    assert len(journal.read(ALL)) >= 90


def test_a_clock_that_was_set_back_keeps_everything(path: Path) -> None:
    clock = ManualClock()
    journal = opened(path, clock)
    journal.add([at_days(day) for day in range(-80, 1)])
    jump(clock, -20_000 * DAY)
    hours(journal, clock, 3)
    journal.add([event(1)])
    assert len(journal.read(ALL)) == 82


def test_clusters_that_nobody_looks_at_any_more_are_forgotten(path: Path) -> None:
    clock = ManualClock()
    journal = opened(path, clock, days=30)
    gone = "http://gone:8081"
    journal.add([replace(event(1), cluster=gone)])
    journal.looked(gone, NOW)
    journal.keep("alert", gone, "a", b"1")
    journal.keep("alert", CLUSTER, "a", b"1")
    later(clock, 40 * DAY)
    hours(journal, clock, 3)
    assert journal.kept("alert", gone) == {}
    assert journal.kept("alert", CLUSTER) == {"a": b"1"}
    with raw(path) as file:
        assert [row[0] for row in file.execute("SELECT address FROM clusters")] == [CLUSTER]
