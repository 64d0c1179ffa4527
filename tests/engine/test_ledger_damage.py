"""A ledger with odd rows or of damaged bytes: nothing of it is lost, and nothing ends because of it."""

# ruff: noqa: S608 -- columns are put into statements by name on purpose

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from flinktop.engine import kept_file
from flinktop.engine.acts.job_acts import Savepoint
from flinktop.engine.acts.verdict import Result
from flinktop.engine.ledger import Ledger, LedgerError
from flinktop.engine.ledger_rows import COLUMNS
from flinktop.engine.operation import Operation, State
from flinktop.facts import restore
from flinktop.facts.operations import outcome, state_words, took
from flinktop.headless.output import as_object, print_operations, table
from flinktop.ui.panels.operations import facts_of
from tests.depth import in_depth
from tests.engine.acting import JOB, URL, JobManager, desk, process
from tests.engine.test_ledger import NOW, add_at_once, operation
from tests.facts.given import Given
from tests.manual_clock import ManualClock
from tests.ui.day import monitor

pytestmark = pytest.mark.deep

ODD: tuple[Any, ...] = (
    None,
    b"\xff\x00",
    "",
    "abc",
    "[]",
    "{",
    '{"a": 1}',
    0,
    -1,
    2**63 - 1,
    1e308,
    float("inf"),
)
ID = "1" * 32


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "state").mkdir()
    return tmp_path / "state" / "operations.db"


@contextmanager
def raw(path: Path) -> Iterator[sqlite3.Connection]:
    """The file without the ledger."""
    with closing(sqlite3.connect(path)) as file:
        file.text_factory = bytes
        yield file
        file.commit()


def loose(path: Path) -> None:
    """A ledger with one good row, whose columns take anything."""
    Ledger(path, process(1)).add(operation(1, State.SENT, result=Result(facts=("a",))), NOW)
    with raw(path) as file:
        rows = file.execute("SELECT * FROM operations").fetchall()
        file.execute("DROP TABLE operations")
        file.execute(f"CREATE TABLE operations ({', '.join(COLUMNS)})")
        for row in rows:
            told = [one.decode() if isinstance(one, bytes) else one for one in row]
            file.execute(f"INSERT INTO operations VALUES ({', '.join('?' * len(row))})", told)


def add_odd(path: Path, column: str, value: Any) -> None:
    """A second row, newer than the first, with something odd in one column."""
    with raw(path) as file:
        names = ", ".join(COLUMNS)
        file.execute(f"INSERT INTO operations ({names}) SELECT {names} FROM operations")
        file.execute(f"UPDATE operations SET id = '{'9' * 32}', planned = {NOW + 9} WHERE rowid = 2")
        file.execute(f"UPDATE operations SET {column} = ? WHERE rowid = 2", (value,))


def shown(operations: tuple[Operation, ...]) -> None:
    """Show operations in every way there is: nothing may raise."""
    assert len(table(operations)) > len(operations)
    assert msgspec.json.encode([as_object(one) for one in operations])
    restore.restore_points(Given(ledger=operations))
    for one in operations:
        assert state_words(one)
        outcome(one)
        took(one, NOW)
        assert facts_of(one, NOW, 0.0, "")


@pytest.mark.parametrize("column", in_depth(COLUMNS, fast=["state", "notes", "result"]))
def test_a_malformed_row_does_not_hide_others(path: Path, column: str) -> None:
    for number, value in enumerate(ODD):
        each = path.with_name(f"{number}.db")
        loose(each)
        add_odd(each, column, value)
        with raw(each) as file:
            before = file.execute("SELECT * FROM operations ORDER BY rowid").fetchall()
        book = Ledger(each, process(2), lambda _pid: False)
        operations = book.operations()
        assert len({one.id for one in operations}) == 2, value
        shown(operations)
        assert book.claimed("j", "x") == frozenset()
        taken = book.take_over(URL, NOW + 99)
        assert operation(1).id in {one.id for one in taken}, value
        for one in taken:
            assert one.state in {State.SENT, State.PLANNED}
            assert one.act == Savepoint("j", "orders")
        book.heartbeat(NOW + 100)
        book.save(operation(1, State.DONE), NOW + 101)
        book.close()
        with raw(each) as file:
            after = file.execute("SELECT * FROM operations ORDER BY rowid").fetchall()
        # But for owner and sign of life.
        assert [row[:-2] for row in after[1:]] == [row[:-2] for row in before[1:]], value
        assert book.take_notices() == ()


@pytest.mark.parametrize("column", ["act", "notes", "result"])
def test_truncated_json_is_a_malformed_row(path: Path, column: str) -> None:
    loose(path)
    with raw(path) as file:
        (whole,) = file.execute(f"SELECT {column} FROM operations").fetchone()
        length = len(whole)
    add_odd(path, column, "")
    for cut in range(length):
        with raw(path) as file:
            file.execute(f"UPDATE operations SET {column} = ? WHERE rowid = 2", (whole.decode()[:cut],))
        odd, good = Ledger(path, process(2), lambda _pid: False).operations()
        assert (odd.state, good.state) == (State.UNKNOWN, State.SENT), cut
        assert odd.reason == f"part of its record can't be read: {column}"
        assert (odd.subject, odd.cluster_name, odd.job) == ("orders", "prod", "j")


def test_a_finished_one_keeps_its_end_and_result(path: Path) -> None:
    loose(path)
    add_odd(path, "result", '{"savepoint": "s3://a", "checkpoint": "many", "facts": 5}')
    with raw(path) as file:
        file.execute("UPDATE operations SET state = 'done', reason = 'so' WHERE rowid = 2")
    odd = Ledger(path).operations()[0]
    assert (odd.state, odd.result) == (State.DONE, Result(savepoint="s3://a"))
    assert odd.reason == "so; part of its record can't be read: result checkpoint, result facts"


async def test_an_unknown_state_stops_neither_heartbeat_nor_take_over(path: Path) -> None:
    jobmanager = JobManager(ManualClock())
    first = desk(jobmanager, Ledger(path, process(1)))
    await first.do(Savepoint(JOB), ID)
    await first.operations.cancel_all()
    with raw(path) as file:
        names = ", ".join(COLUMNS)
        file.execute(
            f"INSERT INTO operations ({names}) SELECT 'x', {names.partition(', ')[2]} FROM operations"
        )
        file.execute("UPDATE operations SET state = 'paused' WHERE id = 'x'")
    second = desk(jobmanager, Ledger(path, process(2), lambda pid: pid == 2))
    jobmanager.takes = 100.0
    await second.do(Savepoint("f" * 32), "2" * 32)
    done = await second.until_ended()
    assert done.state is State.DONE
    assert second.operation("x").state is State.UNKNOWN
    assert "state 'paused'" in second.operation("x").reason
    assert second.operations.base(JOB).under_way == ()
    assert second.operations.view.ledger_error is None
    await second.operations.stop()


# -- the file ------------------------------------------------------------------------------------------


def another_program(path: Path) -> None:
    with raw(path) as file:
        file.execute("CREATE TABLE songs (name TEXT)")
        file.execute("INSERT INTO songs VALUES ('one')")


def another_version_1(path: Path) -> None:
    another_program(path)
    with raw(path) as file:
        file.execute("PRAGMA user_version = 1")


def broken_pages(path: Path) -> None:
    book = Ledger(path)
    for number in range(100):
        book.add(operation(number, reason="x" * 500), NOW)
    book.close()
    body = bytearray(path.read_bytes())
    body[100:] = os.urandom(len(body) - 100)
    path.write_bytes(body)


def cut_short(path: Path) -> None:
    broken = Ledger(path)
    for number in range(100):
        broken.add(operation(number, reason="x" * 500), NOW)
    broken.close()
    path.write_bytes(path.read_bytes()[:5000])


DAMAGE: dict[str, Callable[[Path], object]] = {
    "text": lambda path: path.write_bytes(b"no database at all, but a text of some length" * 50),
    "one byte": lambda path: path.write_bytes(b"x"),
    "zeros": lambda path: path.write_bytes(bytes(4096)),
    "another program's": another_program,
    "another program's of the same version": another_version_1,
    "broken pages": broken_pages,
    "cut short": cut_short,
}


def asides(path: Path) -> list[Path]:
    return sorted(path.parent.glob("operations.damaged-*.db"))


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_file_is_renamed_and_a_new_one_created(path: Path, kind: str) -> None:
    DAMAGE[kind](path)
    before = path.read_bytes()
    book = Ledger(path, process(1))
    book.add(operation(1), NOW)
    assert [one.id for one in book.operations()] == [operation(1).id]
    (aside,) = asides(path)
    assert aside.read_bytes() == before
    assert aside.stat().st_mode & 0o700 == 0o600
    (notice,) = book.take_notices()
    assert str(path) in notice
    assert aside.name in notice
    assert book.take_notices() == ()


@pytest.mark.parametrize("call", ["operations", "changed", "claimed", "take_over"])
def test_every_call_works_after_a_damaged_file(path: Path, call: str) -> None:
    DAMAGE["text"](path)
    book = Ledger(path, process(1))
    given: tuple[Any, ...] = {"claimed": ("j", "x"), "take_over": (URL, NOW)}.get(call, ())
    assert getattr(book, call)(*given) in {(), True, frozenset()}
    assert len(asides(path)) == 1


@pytest.mark.deep(cases=12)
@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.deep) for seed in range(1, 12))])
def test_any_byte_may_be_corrupted(path: Path, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - repeatable on purpose
    whole = Ledger(path.with_name("whole.db"))
    for number in range(20):
        whole.add(operation(number, State.SENT, reason="x" * 300), NOW)
    whole.close()
    body = path.with_name("whole.db").read_bytes()
    for number in range(12):
        each = path.with_name(f"operations{number}.db")
        odd = bytearray(body)
        for _ in range(chance.choice([1, 5, 200])):
            odd[chance.randrange(100, len(odd))] = chance.randrange(256)
        each.write_bytes(odd)
        book = Ledger(each, process(2), lambda _pid: False)
        shown(book.operations())
        book.take_over(URL, NOW + 99)
        book.add(operation(1000), NOW)
        assert operation(1000).id in {one.id for one in book.operations()}
        book.close()


def test_what_is_followed_is_in_the_new_file_too(path: Path) -> None:
    book = Ledger(path, process(1))
    book.add(operation(1, State.SENT), NOW)
    book.add(operation(2, State.DONE), NOW)
    assert book._file.connection is not None
    path.write_bytes(b"no database " * 1000)
    assert book.save(operation(1, State.ACCEPTED, trigger="t"), NOW + 1)
    other = Ledger(path, process(2))
    assert [(one.id, one.state) for one in other.operations()] == [(operation(1).id, State.ACCEPTED)]
    assert len(asides(path)) == 1


def test_a_file_that_was_deleted_is_made_again(path: Path) -> None:
    book = Ledger(path, process(1))
    book.add(operation(1, State.SENT), NOW)
    path.unlink()
    assert book.changed()
    assert book.save(operation(1, State.DONE), NOW + 1)
    assert [one.state for one in Ledger(path).operations()] == [State.DONE]
    path.unlink()
    assert book.operations() == ()
    assert not path.exists()


def test_companion_files_are_renamed_too(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    DAMAGE["text"](path)
    book = Ledger(path)
    alone = book._file._rename_lock

    @contextmanager
    def later() -> Iterator[None]:
        with alone():
            Path(f"{path}-journal").write_bytes(b"what was under way")
            yield

    monkeypatch.setattr(book._file, "_rename_lock", later)
    book.add(operation(1), NOW)
    (aside,) = asides(path)
    assert Path(f"{aside}-journal").read_bytes() == b"what was under way"
    assert not Path(f"{path}-journal").exists()


def test_damaged_files_of_the_same_second_have_names_of_their_own(path: Path) -> None:
    for number in range(3):
        book = Ledger(path, process(1))
        book._file._clock = ManualClock(NOW)
        path.write_bytes(b"%d" % number * 1000)
        assert book.operations() == ()
    assert [one.name for one in asides(path)] == [
        "operations.damaged-20231114-221320-2.db",
        "operations.damaged-20231114-221320-3.db",
        "operations.damaged-20231114-221320.db",
    ]


def test_another_flinktops_new_file_is_not_renamed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    DAMAGE["text"](path)
    mine, other = Ledger(path, process(1)), Ledger(path, process(2))
    alone = mine._file._rename_lock

    @contextmanager
    def later() -> Iterator[None]:
        other.add(operation(2), NOW)
        with alone():
            yield

    monkeypatch.setattr(mine._file, "_rename_lock", later)
    mine.add(operation(1), NOW)
    assert {one.id for one in other.operations()} == {operation(1).id, operation(2).id}
    assert len(asides(path)) == 1
    assert (len(mine.take_notices()), len(other.take_notices())) == (0, 1)


def test_several_flinktops_finding_damage_at_once_lose_nothing(path: Path) -> None:
    DAMAGE["text"](path)
    add_at_once(path, 10)
    assert len(Ledger(path).operations()) == 40
    assert len(asides(path)) == 1


@pytest.mark.parametrize("why", ["locked", "newer", "directory", "no room to rename"])
def test_what_is_not_damaged_is_left_as_it_is(path: Path, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_file, "BUSY_SECONDS", 0.0)
    with closing(sqlite3.connect(":memory:" if why == "directory" else path)) as holder:
        if why == "directory":
            path.mkdir()
        elif why == "locked":
            Ledger(path).add(operation(1), NOW)
            holder.execute("BEGIN EXCLUSIVE")
        elif why == "newer":
            holder.execute("CREATE TABLE something (else_ TEXT)")
            holder.execute("PRAGMA user_version = 2")
            holder.commit()
        else:
            DAMAGE["text"](path)
            monkeypatch.setattr(Path, "rename", no_room)
        book = Ledger(path)
        for _ in range(2):
            with pytest.raises(LedgerError):
                book.add(operation(2), NOW)
            with pytest.raises(LedgerError):
                book.operations()
        assert asides(path) == []
        assert book.take_notices() == ()


def no_room(*_words: object) -> None:
    raise OSError(30, "Read-only file system")


# -- said ----------------------------------------------------------------------------------------------


def test_the_command_reports_it_once_and_continues(path: Path) -> None:
    file = path.parent / "flinktop" / "operations.db"
    file.parent.mkdir()
    DAMAGE["text"](file)
    for lines in (1, 0):
        run = subprocess.run(
            [sys.executable, "-m", "flinktop", "operations"],
            env={**os.environ, "XDG_STATE_HOME": str(path.parent)},
            cwd=Path(__file__).parents[2],
            capture_output=True,
            check=True,
            text=True,
        )
        assert run.stdout == "No operations from this flinktop yet.\n"
        assert run.stderr.count("\n") == run.stderr.count("flinktop: The ledger") == lines


def test_the_sentence_names_both_files(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    DAMAGE["text"](path)
    assert print_operations(path, json=False) == 0
    said = capsys.readouterr()
    assert said.out == "No operations from this flinktop yet.\n"
    assert said.err.startswith(
        f"flinktop: The ledger {path} is damaged (file is not a database). It is kept as"
    )
    assert print_operations(path, json=True) == 0
    assert capsys.readouterr() == ("[]\n", "")


def test_the_command_shows_what_can_be_read_of_an_odd_row(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    loose(path)
    add_odd(path, "state", "paused")
    assert print_operations(path, json=False) == 0
    said = capsys.readouterr()
    assert "unknown  savepoint  orders" in said.out
    assert "part of its record can't be read: state 'paused'" in said.out
    assert said.err == ""


async def test_an_act_goes_on_with_a_new_file(path: Path) -> None:
    DAMAGE["text"](path)
    jobmanager = JobManager(ManualClock())
    at = desk(jobmanager, Ledger(path, process(1)))
    await at.do(Savepoint(JOB), ID)
    assert (await at.until_ended()).state is State.DONE
    assert len(at.operations.view.notices) == 1
    await at.operations.stop()
    assert [one.state for one in Ledger(path).operations()] == [State.DONE]


async def test_the_monitor_reports_it(tmp_path: Path) -> None:
    DAMAGE["text"](tmp_path / "operations.db")
    async with monitor(acts=True, state=tmp_path) as day:
        await day.settled()
        # On the screen it may be broken between any two words.
        (said,) = day.app._notifications
        assert "It is kept as" in said.message
        assert "The ledger" in day.text
        await day.press("r")
        assert len(day.app._notifications) == 1
