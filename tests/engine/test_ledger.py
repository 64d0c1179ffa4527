"""The ledger on disk: private, bounded, shared by several flinktops, and never a reason to end."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from msgspec.structs import replace

from flinktop.engine import ledger
from flinktop.engine.acts.act import Act
from flinktop.engine.acts.cluster_acts import Dispose
from flinktop.engine.acts.job_acts import Savepoint
from flinktop.engine.acts.kinds import KINDS, from_json
from flinktop.engine.acts.run_jar import RunJar
from flinktop.engine.acts.verdict import Result
from flinktop.engine.fleet import OneLedger
from flinktop.engine.ledger import Ledger, LedgerError, process_lives
from flinktop.engine.operation import Operation, State
from flinktop.flink.jars import RunOptions
from flinktop.model import redaction
from tests.engine.acting import URL, process

NOW = 1_700_000_000.0


def operation(number: int, state: State = State.PLANNED, **changes: object) -> Operation:
    made = Operation(
        id=f"{number:032x}",
        cluster=URL,
        cluster_name="prod",
        kind="savepoint",
        act=Savepoint("j", "orders"),
        subject="orders",
        job="j",
        by="me@here",
        state=state,
        planned=NOW + number,
    )
    return replace(made, **changes)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "operations.db"


def test_nothing_is_made_before_there_is_something_to_write(path: Path) -> None:
    book = Ledger(path)
    assert book.operations() == ()
    assert book.take_over(URL, NOW) == ()
    assert book.claimed("j", "x") == frozenset()
    assert not book.changed()
    book.heartbeat(NOW)
    book.release()
    assert not path.parent.exists()


def test_what_is_written_is_read_again(path: Path) -> None:
    book = Ledger(path, process(1))
    first = operation(1, notes={"now": 5, "savepoints": [[1, 2]]})
    book.add(first, NOW)
    done = replace(
        first,
        state=State.DONE,
        sent=NOW,
        ended=NOW + 9,
        trigger="t",
        result=Result(savepoint="s3://a", job_state="FINISHED", facts=("one", "two")),
        reason="why",
    )
    assert book.save(done, NOW)
    book.add(operation(2), NOW)
    book.close()
    newest, oldest = Ledger(path, process(1)).operations()
    assert replace(oldest, ours=False) == done
    assert (newest.id, newest.ours) == (operation(2).id, True)


def test_every_kind_of_act_is_read_again() -> None:
    assert set(KINDS) == {
        "stop", "savepoint", "savepoint-cancel", "checkpoint", "rescale", "cancel", "upload", "run-jar",
        "delete-jar", "submit-graph", "dispose", "cancel-application", "shutdown", "profile",
        "delete-dataset",
    }  # fmt: skip
    assert from_json("of-tomorrow", "{}") is None
    assert from_json("savepoint", '{"no": "job"}') is None


def test_nobody_else_may_read_it(path: Path) -> None:
    before = os.umask(0)
    try:
        Ledger(path).add(operation(1), NOW)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_it_is_on_the_disk_when_the_call_returns(path: Path) -> None:
    book = Ledger(path)
    book.add(operation(1), NOW)
    with sqlite3.connect(path) as file:
        assert file.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        assert file.execute("SELECT state FROM operations").fetchall() == [("planned",)]
    assert book._file.connection is not None
    assert book._file.connection.execute("PRAGMA synchronous").fetchone() == (2,)
    file.close()


IN_CLEAR_ONCE = (
    ("--url", "jdbc:mysql://h/db?user=u&password=hush"),
    ("--db", "user=a,password=hush"),
    ('{"password":"hush"}',),
    ("password:hush",),
    ("--basic-auth", "me:hush"),
    ("-p", "hush"),
    ("--key", "hush"),
    ("Server=h;Pwd=hush",),
    ("jdbc:oracle:thin:u/hush@//h:1521/s",),
    ("s3://KEY:a/hush@bucket/path",),
    ("--db.password", "--hush"),
    ("--token=hush",),
)


@pytest.mark.parametrize("arguments", IN_CLEAR_ONCE, ids="  ".join)
def test_no_secret_among_arguments_is_written(path: Path, arguments: tuple[str, ...]) -> None:
    options = RunOptions(arguments=("--in", "kafka://host/x", *arguments, "--out", "y"))
    run = RunJar("1_a.jar", "a.jar", options)
    Ledger(path).add(operation(1, kind="run-jar", act=run), NOW)
    assert b"hush" not in path.read_bytes()
    (kept,) = Ledger(path).operations()
    assert isinstance(kept.act, RunJar)
    assert kept.act.options.arguments[:2] == ("--in", "kafka://host/x")
    assert kept.act.options.arguments[-2:] == ("--out", "y")


def test_no_secret_of_a_run_s_settings_or_savepoint_is_written(path: Path) -> None:
    options = RunOptions(
        savepoint="s3://KEY:hush@bucket/savepoint-1",
        configuration={"s3.secret-key": "hush", "env.java.opts": "-Dtoken=hush", "parallelism.default": "2"},
    )
    Ledger(path).add(operation(1, kind="run-jar", act=RunJar("1_a.jar", "a.jar", options)), NOW)
    assert b"hush" not in path.read_bytes()
    (kept,) = Ledger(path).operations()
    assert isinstance(kept.act, RunJar)
    assert kept.act.options.savepoint == "s3://******@bucket/savepoint-1"
    assert kept.act.options.configuration["parallelism.default"] == "2"


@pytest.mark.parametrize(
    "act", [Savepoint("j", "orders", "s3://KEY:hush@bucket/x"), Dispose("s3://KEY:hush@b/x")]
)
def test_no_secret_of_a_path_is_written(path: Path, act: Act) -> None:
    Ledger(path).add(operation(1, kind=act.kind, act=act, subject=act.subject), NOW)
    assert b"hush" not in path.read_bytes()


@pytest.mark.deep
def test_searching_for_secrets_is_fast() -> None:
    # Quadratic, this would be many minutes.
    words = ("x" * 400_000, "a://" * 100_000)
    assert redaction.words(words) == words
    assert redaction.settings({"a": words[0]}) == {"a": words[0]}


def test_its_size_is_limited(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "KEPT", 3)
    book = Ledger(path, process(1))
    book.add(operation(0), NOW)
    for number in range(1, 7):
        book.add(operation(number), NOW)
        book.save(operation(number, State.DONE), NOW)
    assert [int(one.id, 16) for one in book.operations()] == [6, 5, 4, 0]


def test_an_empty_file_is_used(path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    book = Ledger(path)
    book.add(operation(1), NOW)
    assert book.take_notices() == ()
    assert len(book.operations()) == 1


def test_a_newer_ledger_is_left_alone(path: Path) -> None:
    Ledger(path).add(operation(1), NOW)
    with sqlite3.connect(path) as file:
        file.execute("PRAGMA user_version = 2")
    file.close()
    with pytest.raises(LedgerError, match="newer flinktop"):
        Ledger(path).operations()


def test_a_directory_that_cannot_be_made_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LedgerError, match=r"can't be used: (File exists|Not a directory)"):
        Ledger(tmp_path / "file" / "operations.db").add(operation(1), NOW)


def test_a_full_disk_is_reported_until_it_has_space(path: Path) -> None:
    book = Ledger(path, process(1))
    book.add(operation(1), NOW)
    assert book._file.connection is not None
    pages = book._file.connection.execute("PRAGMA page_count").fetchone()[0]
    book._file.connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(LedgerError, match="full"):
        book.add(operation(2, reason="x" * 100_000), NOW)
    book._file.connection.execute("PRAGMA max_page_count = 100000")
    book.add(operation(2), NOW)
    assert len(book.operations()) == 2


# -- several flinktops ---------------------------------------------------------------------------------


def test_only_the_owner_writes(path: Path) -> None:
    mine, other = Ledger(path, process(1)), Ledger(path, process(2))
    mine.add(operation(1), NOW)
    assert not other.save(operation(1, State.DONE), NOW)
    assert mine.save(operation(1, State.SENT), NOW)
    assert [one.state for one in other.operations()] == [State.SENT]
    assert [one.ours for one in other.operations()] == [False]


def test_a_lease_expires(path: Path) -> None:
    mine, other = Ledger(path, process(1)), Ledger(path, process(2), lambda _pid: True)
    mine.add(operation(1, State.SENT), NOW)
    assert other.take_over(URL, NOW + 30) == ()
    mine.heartbeat(NOW + 25)
    assert other.take_over(URL, NOW + 50) == ()
    assert [one.ours for one in other.take_over(URL, NOW + 56)] == [True]
    assert mine.take_over(URL, NOW + 57) == ()
    assert not mine.save(operation(1, State.RUNNING), NOW + 57)
    assert other.save(operation(1, State.RUNNING), NOW + 57)


def test_a_clock_that_was_set_back_expires_leases(path: Path) -> None:
    Ledger(path, process(1)).add(operation(1, State.SENT), NOW)
    assert Ledger(path, process(2), lambda _pid: True).take_over(URL, NOW - 3600)


def test_operations_of_a_dead_process_are_free_at_once(path: Path) -> None:
    Ledger(path, process(1)).add(operation(1, State.SENT), NOW)
    elsewhere = Ledger(path, replace(process(2), machine="there"), lambda _pid: False)
    assert elsewhere.take_over(URL, NOW + 1) == ()
    assert Ledger(path, process(2), lambda _pid: False).take_over("http://other", NOW + 1) == ()
    assert Ledger(path, process(2), lambda _pid: False).take_over(URL, NOW + 1)


def test_a_cluster_is_the_same_by_each_of_its_addresses(path: Path) -> None:
    Ledger(path, process(1)).add(replace(operation(1, State.SENT), cluster="http://localhost:8081"), NOW)
    other = Ledger(path, process(2), lambda _pid: False)
    assert other.take_over("http://localhost:8082", NOW + 1) == ()
    assert [one.cluster for one in other.take_over("http://127.0.0.1:8081/", NOW + 1)] == [
        "http://localhost:8081"
    ]


def test_an_ended_operation_has_no_owner(path: Path) -> None:
    mine = Ledger(path, process(1))
    for number, state in enumerate((State.DONE, State.FAILED, State.LOST)):
        mine.add(operation(number), NOW)
        mine.save(operation(number, state), NOW)
    assert Ledger(path, process(2), lambda _pid: False).take_over(URL, NOW + 99) == ()


def test_a_server_answer_overrides_a_new_owner_without_one(path: Path) -> None:
    mine, other = Ledger(path, process(1)), Ledger(path, process(2), lambda _pid: False)
    mine.add(operation(1, State.SENT), NOW)
    other.take_over(URL, NOW + 1)
    other.save(operation(1, State.LOST), NOW + 2)
    assert not mine.save(operation(1, State.ACCEPTED, trigger="t"), NOW + 3)
    assert mine.save(operation(1, State.ACCEPTED, trigger="t"), NOW + 3, known=True)
    assert [(one.state, one.ours) for one in mine.operations()] == [(State.ACCEPTED, True)]


def test_a_newer_flinktops_act_is_shown_and_left_to_it(path: Path) -> None:
    mine = Ledger(path, process(1))
    mine.add(operation(1, State.SENT, kind="teleport", act=None), NOW)
    other = Ledger(path, process(2), lambda _pid: False)
    assert other.take_over(URL, NOW + 99) == ()
    assert [(one.act, one.label) for one in other.operations()] == [(None, "teleport")]


def test_changes_by_others_are_noticed(path: Path) -> None:
    mine, other = Ledger(path, process(1)), Ledger(path, process(2))
    mine.add(operation(1), NOW)
    assert other.changed()
    assert not other.changed()
    mine.save(operation(1, State.SENT), NOW)
    assert other.changed()
    other.add(operation(2), NOW)
    assert not other.changed()


def add_at_once(path: Path, each: int) -> None:
    """Four processes add so many operations each, all at the same time."""
    # None may be refused; how long one waits for another is for the machine to say, and what else it does.
    program = (
        "import sys; from pathlib import Path\n"
        "from flinktop.engine import kept_file; from tests.engine.test_ledger import *\n"
        "kept_file.BUSY_SECONDS = 100.0\n"
        "book = Ledger(Path(sys.argv[1]))\n"
        f"for number in range({each}): book.add(operation(1000 * int(sys.argv[2]) + number), NOW)\n"
        "book.close()"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", program, str(path), str(one)], cwd=Path(__file__).parents[2])
        for one in range(4)
    ]
    assert [one.wait(120) for one in started] == [0, 0, 0, 0]


@pytest.mark.deep
def test_several_may_create_the_file_at_once(path: Path) -> None:
    add_at_once(path, 20)
    assert len(Ledger(path).operations()) == 80


def test_running_and_ended_processes_are_distinguished() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    assert process_lives(os.getpid())
    ended.wait(30)
    assert not process_lives(ended.pid)


def test_a_ledger_on_a_vanishing_disk_raises_no_other_error(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = Ledger(path)
    book.add(operation(1), NOW)
    broken = SimpleNamespace(execute=_io_error)
    monkeypatch.setattr(book._file, "connection", broken)
    with pytest.raises(LedgerError, match="disk I/O error"):
        book.operations()


def _io_error(*_words: object) -> None:
    raise sqlite3.OperationalError("disk I/O error")


def test_engines_that_share_it_see_what_each_writes_and_read_it_once(path: Path) -> None:
    ledgers = OneLedger(path)
    first, second = ledgers(), ledgers()
    assert first is second
    first.add(operation(1), NOW)
    assert [first.changed(name) for name in "abab"] == [True, True, False, False]
    assert second.operations() is first.operations()
    first.add(operation(2), NOW)
    assert second.changed("b")
    assert [one.planned - NOW for one in second.operations()] == [2.0, 1.0]


def test_what_another_flinktop_writes_is_seen_by_all_that_share_it(path: Path) -> None:
    ledgers = OneLedger(path)
    book, _ = ledgers(), ledgers()
    book.add(operation(1), NOW)
    assert len(book.operations()) == 1
    assert book.changed("a")
    other = Ledger(path, process(2))
    other.add(operation(2), NOW)
    assert book.changed("a")
    assert len(book.operations()) == 2
    other.close()


def test_the_last_that_shares_it_gives_its_operations_up(path: Path) -> None:
    ledgers = OneLedger(path)
    book, _ = ledgers(), ledgers()
    book.add(operation(1), NOW)
    other = Ledger(path, process(2), lambda _pid: True)
    book.release()
    book.close("a")
    assert other.take_over(URL, NOW) == ()
    book.release()
    book.close("b")
    assert len(other.take_over(URL, NOW)) == 1
    other.close()
