"""A journal whose file is damaged, newer, locked, full or read-only: said once, nothing lost or raised."""

from __future__ import annotations

import logging
import os
import random
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from flinktop.engine import kept_file
from flinktop.engine.clock import Clock
from flinktop.engine.journal.event import EventKind, Question
from flinktop.engine.journal.journal import Journal
from flinktop.engine.journal.tables import prepare
from tests.engine.journal.given import (
    CLUSTER,
    JOB,
    NOW,
    count,
    event,
    failure,
    is_whole,
    known,
    later,
    opened,
    raw,
)
from tests.engine.test_ledger_damage import DAMAGE
from tests.manual_clock import ManualClock

ALL = Question()
RETRY = 61.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "state").mkdir()
    return tmp_path / "state" / "journal.db"


def keys(journal: Journal) -> list[str]:
    return [one.key for one in journal.read(ALL)]


def asides(path: Path, mark: str) -> list[Path]:
    return sorted(path.parent.glob(f"journal.{mark}-*.db"))


# -- damaged, newer ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["text", "one byte", "zeros", "another program's"])
def test_a_damaged_file_is_kept_aside_and_a_new_one_begun(path: Path, kind: str) -> None:
    DAMAGE[kind](path)
    before = path.read_bytes()
    journal = opened(path)
    journal.add([event(1)])
    journal.add([event(2)])
    assert keys(journal) == ["state 2", "state 1"]
    (aside,) = asides(path, "damaged")
    assert aside.read_bytes() == before
    (notice,) = journal.notices
    assert f"The journal {path} is damaged" in notice
    assert f"It is kept as {aside.name}; a new one is begun." in notice


@pytest.mark.deep
def test_damage_that_shows_later_is_found_too(path: Path) -> None:
    first = opened(path)
    first.add([failure(number, group=str(number), stack=str(number) * 5000) for number in range(100)])
    first.close(1.0)
    with path.open("r+b") as file:
        file.seek(8192)
        file.write(os.urandom(path.stat().st_size - 8192))
    journal = opened(path)
    journal.add([event(number) for number in range(5)])
    assert len(keys(journal)) == 5
    assert len(asides(path, "damaged")) == 1
    # What Flink still has may be added again.
    journal.add([event(number) for number in range(5)])
    assert len(keys(journal)) == 5


def test_what_was_in_a_file_that_broke_may_be_added_again(path: Path) -> None:
    journal = opened(path)
    journal.add([event(1), event(2)])
    path.write_bytes(b"no database at all, but a text of some length" * 200)
    journal.add([event(3)])
    journal.add([event(1), event(2)])
    assert sorted(keys(journal)) == ["state 1", "state 2", "state 3"]


def newer(path: Path) -> None:
    with raw(path) as file:
        file.execute("CREATE TABLE something (else_ TEXT)")
        file.execute("PRAGMA user_version = 9")


def test_a_newer_file_is_kept_aside_by_the_first_write(path: Path) -> None:
    newer(path)
    journal = opened(path)
    assert journal.read(ALL) == ()
    assert "was written by a newer flinktop" in journal.problem
    assert asides(path, "newer") == []
    later_one = opened(path)
    later_one.add([event(1)])
    assert keys(later_one) == ["state 1"]
    (aside,) = asides(path, "newer")
    (notice,) = later_one.notices
    assert notice == (
        f"The journal {path} was written by a newer flinktop. It is kept as {aside.name}; a new one is begun."
    )
    assert later_one.problem == ""


def test_an_older_and_a_newer_flinktop_do_not_replace_each_others_file_for_ever(path: Path) -> None:
    clock = ManualClock()
    journal = opened(path, clock)
    for number in range(3):
        path.unlink(missing_ok=True)
        newer(path)
        journal.add([event(number)])
        later(clock, RETRY)
    assert len(asides(path, "newer")) == 1
    # What happens is still known, in memory.
    assert "state 2" in keys(journal)


def test_of_the_files_kept_aside_the_newest_stay(path: Path) -> None:
    for number in range(6):
        path.write_bytes(b"no database at all, but a text of some length" * (50 + number))
        journal = opened(path)
        journal.add([event(1)])
        journal.close(1.0)
    assert len(asides(path, "damaged")) == 3


@pytest.mark.deep
@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.deep) for seed in range(1, 12))])
def test_any_byte_may_be_corrupted(path: Path, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - repeatable on purpose
    whole = opened(path.with_name("whole.db"))
    whole.add([failure(number, group=str(number), stack=str(number) * 200) for number in range(20)])
    whole.keep_jobs([known()])
    whole.close(1.0)
    body = path.with_name("whole.db").read_bytes()
    for number in range(25):
        each = path.with_name(f"{number}.db")
        broken = bytearray(body)
        for _ in range(chance.choice((1, 3, 50))):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        each.write_bytes(broken)
        clock = ManualClock()
        journal = opened(each, clock)
        for one in journal.read(ALL):
            journal.read_stack(one.number)
        journal.read_jobs(CLUSTER)
        journal.kept("alert", CLUSTER)
        journal.add([event(2), failure(1000)])
        journal.keep("alert", CLUSTER, "a", b"1")
        assert journal.lease("hooks", CLUSTER)
        # After a minute it is looked through as a whole.
        later(clock, RETRY)
        journal.add([event(2), event(1)])
        assert is_whole(each)
        assert "state 1" in [one.key for one in journal.read(Question(most=1000))]
        journal.close(1.0)


def test_a_malformed_row_does_not_hide_others(path: Path) -> None:
    journal = opened(path)
    journal.add([event(1), event(2), failure(3)])
    journal.keep_jobs([known(), known("b" * 32)])
    journal.close(1.0)
    with raw(path) as file:
        file.execute(
            "UPDATE events SET body = x'ff00', words = x'ff' WHERE kind = 'job-state' AND at > ?",
            (NOW + 90_000,),
        )
        file.execute("UPDATE stacks SET text = x'00'")
        file.execute("UPDATE known SET body = 'x' WHERE job = 1")
        file.execute(
            "INSERT INTO events SELECT 99, cluster, job, 'of-tomorrow', at, last, count, NULL, floor, "
            "words, vertex_name, details, body, stack, size FROM events LIMIT 1"
        )
        file.execute("DELETE FROM changes")
    again = opened(path)
    read = again.read(ALL)
    assert [one.kind for one in read] == [EventKind.FAILURE, EventKind.JOB_STATE, EventKind.JOB_STATE]
    assert again.read_stack(read[0].number) == ""
    assert len(again.read_jobs(CLUSTER)) == 1
    assert again.notices == ()


# -- full, read-only, locked ---------------------------------------------------------------------------


@contextmanager
def full_disk(journal: Journal) -> Iterator[None]:
    """A disk with no room for another page."""
    file = journal._storage._file.connection
    assert file is not None
    file.execute("CREATE TABLE filling (bytes BLOB)")
    file.execute("PRAGMA max_page_count = 1")
    with pytest.raises(sqlite3.OperationalError, match="full"):
        file.executemany("INSERT INTO filling VALUES (zeroblob(?))", [(1000,)] * 1000)
    file.rollback()

    def prepared(file: sqlite3.Connection, pages: int) -> None:
        (_, _, name) = file.execute("PRAGMA database_list").fetchone()
        prepare(file, 1 if name else pages)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("flinktop.engine.journal.storage.prepare", prepared)
        yield
    journal._storage._file.close()


@contextmanager
def read_only(journal: Journal) -> Iterator[None]:
    """A disk that nothing can be written to."""
    journal._storage._file.close()
    connect = sqlite3.connect

    def connected(address: str, **given: Any) -> Any:
        return connect(address.replace("?mode=rw", "?mode=ro"), **given)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("flinktop.engine.kept_file.sqlite3.connect", connected)
        yield


@contextmanager
def locked(journal: Journal) -> Iterator[None]:
    assert journal.path is not None
    with closing(sqlite3.connect(journal.path)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        yield


REASONS = {
    "full": (full_disk, "database or disk is full"),
    "read-only": (read_only, "attempt to write a readonly database"),
    "locked": (locked, "database is locked"),
}


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_file, "BUSY_SECONDS", 0.0)


@pytest.mark.parametrize("why", REASONS)
def test_it_goes_on_in_memory_and_writes_everything_afterwards(path: Path, why: str) -> None:
    cause, said = REASONS[why]
    clock = ManualClock()
    journal = opened(path, clock)
    journal.add([event(1), failure(1)])
    journal.keep("alert", CLUSTER, "a", b"1")
    journal.keep("alert", CLUSTER, "b", b"1")
    with cause(journal):
        for number in range(2, 30):
            later(clock, 2.0)
            # More than the pages that are there have room for.
            journal.add([event(number, details="x" * 3000), failure(number)])
        journal.keep("alert", CLUSTER, "a", None)
        journal.keep("alert", CLUSTER, "c", b"2")
        journal.keep_jobs([known()])
        journal.looked(CLUSTER, NOW)
        seen = journal.seen(ALL)
        assert seen is not None
        assert {one.key for one in seen.events} >= {f"state {number}" for number in range(2, 30)}
        assert "B.java" in journal.read_stack(next(one.number for one in seen.events if one.group))
        assert "a" not in journal.kept("alert", CLUSTER)
        assert journal.kept("alert", CLUSTER)["c"] == b"2"
        assert journal.read_jobs(CLUSTER) == (known(),)
        assert journal.last_seen(CLUSTER) == NOW
        assert "can't be used" in journal.problem
        (notice,) = journal.notices
        assert said in notice
        assert notice.startswith(f"The journal {path} can't be used")
        assert notice.endswith("What happens is kept in memory until it can be written.")
    later(clock, RETRY)
    journal.add([event(30)])
    assert journal.problem == ""
    journal.close(1.0)
    again = opened(path)
    assert {one.key for one in again.read(ALL)} >= {f"state {number}" for number in range(1, 31)}
    (fails,) = again.read(Question(kinds=(EventKind.FAILURE,)))
    assert fails.count == 29
    assert again.kept("alert", CLUSTER) == {"b": b"1", "c": b"2"}
    assert again.read_jobs(CLUSTER) == (known(),)
    assert again.last_seen(CLUSTER) == NOW
    assert is_whole(path)


def test_what_was_there_before_is_still_read_while_the_disk_is_full(path: Path) -> None:
    journal = opened(path)
    journal.add([event(1)])
    with full_disk(journal):
        journal.add([event(number, details="x" * 3000) for number in range(2, 5)])
        assert keys(journal) == ["state 4", "state 3", "state 2", "state 1"]
        assert [one.key for one in journal.read(Question(most=1))] == ["state 4"]


def test_an_outage_is_said_once_whatever_its_reasons(path: Path) -> None:
    clock = ManualClock()
    journal = opened(path, clock)
    journal.add([event(1)])
    with full_disk(journal):
        journal.add([event(number, details="x" * 3000) for number in range(2, 5)])
        assert "full" in journal.problem
        with locked(journal):
            later(clock, RETRY)
            journal.add([event(5)])
            assert "locked" in journal.problem
    assert len(journal.notices) == 1


def test_a_short_lock_is_not_worth_a_notice(path: Path) -> None:
    clock = ManualClock()
    journal = opened(path, clock)
    journal.add([event(1)])
    with locked(journal):
        journal.add([event(2)])
    later(clock, 6.0)
    journal.add([event(3)])
    assert journal.notices == ()
    assert count(path, "events") == 3


def test_what_is_known_stays_while_the_file_is_locked(path: Path) -> None:
    clock = ManualClock()
    journal = opened(path, clock)
    journal.add([event(1), event(2)])
    journal.keep_jobs([known()])
    first = journal.seen(ALL)
    assert first is not None
    assert journal.known_jobs(CLUSTER) == (known(),)
    journal.stack(first.events[0].number)
    with locked(journal):
        for number in range(3, 6):
            later(clock, 7.0)
            journal.add([event(number)])
            journal.keep_jobs([known("b" * 32, seen=NOW + number)])
            seen = journal.seen(ALL)
            assert seen is not None
            assert [one.key for one in seen.events] == [f"state {each}" for each in range(number, 0, -1)]
            assert len(journal.known_jobs(CLUSTER) or ()) == 2
            assert journal.stack(first.events[0].number) == ""
        few = journal.seen(Question(most=2))
        assert few is not None
        assert (len(few.events), few.more) == (2, True)
    later(clock, RETRY)
    seen = journal.seen(ALL)
    assert seen is not None
    assert len(seen.events) == 5


@pytest.mark.parametrize("make", ["state is a file", "no permission"])
def test_a_state_directory_that_cannot_be_used(
    tmp_path: Path, make: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "state" / "journal.db"
    if make == "state is a file":
        (tmp_path / "state").write_text("")
    else:
        monkeypatch.setattr(Path, "mkdir", _read_only)
    clock = ManualClock()
    journal = opened(path, clock)
    for number in range(5):
        journal.add([event(number)])
        later(clock, RETRY)
    journal.keep("alert", CLUSTER, "a", b"1")
    assert len(keys(journal)) == 5
    assert journal.kept("alert", CLUSTER) == {"a": b"1"}
    assert journal.lease("hooks", CLUSTER)
    assert len(journal.notices) == 1
    journal.close(1.0)


def _read_only(*_words: object, **_more: object) -> None:
    raise OSError(30, "Read-only file system")


@pytest.mark.deep
def test_what_waits_is_bounded_and_a_loss_is_said(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flinktop.engine.journal.waiting.MOST_BYTES", 100_000)
    clock = ManualClock()
    journal = opened(path, clock)
    journal.add([event(0)])
    many = 200
    quiet = failure(0, job="e" * 32)
    with read_only(journal):
        journal.add([quiet])
        for number in range(1, many):
            journal.add([event(number, details="x" * 1000)])
    later(clock, RETRY)
    journal.add([event(many)])
    notice = journal.notices[-1]
    lost = int(notice.rpartition(": ")[2].split()[0].replace(",", ""))
    assert 100 < lost < 150
    assert count(path, "events") == many + 2 - lost
    # What is lost is the oldest of the noise.
    assert len(journal.read(Question(job=quiet.job))) == 1
    assert journal.read(Question(job=JOB))[0].key == f"state {many}"


def test_one_event_that_cannot_be_written_does_not_hold_up_others(path: Path) -> None:
    journal = opened(path)
    poison = replace(event(1), count="many", at=NOW)
    journal.add([poison, event(4)])
    journal.add([event(2, words="a \udcff surrogate", job_name="\ud800", vertex="\ud800", key="\ud800")])
    journal.keep("alert", CLUSTER, "\ud800", b"1")
    journal.add([event(3)])
    assert {"state 3", "state 4"} < set(keys(journal))
    assert len(keys(journal)) == 3
    assert journal.problem == ""
    assert journal.read(Question(text="\ud800", name="\udcff")) == ()


def test_a_file_that_somebody_deletes_is_made_again(path: Path) -> None:
    journal = opened(path)
    journal.add([event(1)])
    path.unlink()
    assert keys(journal) == []
    journal.add([event(2)])
    journal.add([event(1)])
    assert sorted(keys(journal)) == ["state 1", "state 2"]


def test_the_thread_outlives_an_error(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("flinktop.engine.journal.journal._PAUSE_SECONDS", 0.0)
    journal = Journal(path, Clock())
    called = threading.Event()

    def fail() -> None:
        called.set()
        raise RuntimeError("a bug")

    journal.on_change(fail)
    journal.start()
    with caplog.at_level(logging.ERROR):
        journal.seen(ALL)
        journal.add([event(1)])
        assert called.wait(10.0)
        journal.add([event(2)])
        journal.close(10.0)
    assert "the journal's thread failed" in caplog.text
    assert len(keys(opened(path))) == 2


def test_the_file_is_its_owners_alone(path: Path) -> None:
    path.parent.rmdir()
    opened(path).add([event(1, job=JOB)])
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
