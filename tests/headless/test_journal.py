"""`flinktop journal`: what happened, for people and scripts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flinktop.cli import main
from flinktop.engine.journal.event import EventKind
from flinktop.headless.journal_args import KINDS
from tests.engine.journal.given import CLUSTER, JOB, NOW, event, failure, opened, raw

OTHER = "b" * 32
MINUTE = 60_000.0


@pytest.fixture(autouse=True)
def _somewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Half an hour east of most zones, so that no test passes by UTC alone."""
    with monkeypatch.context() as here:
        here.setenv("TZ", "Asia/Kolkata")
        time.tzset()
        yield
    time.tzset()


@pytest.fixture(autouse=True)
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "FLINKTOP_TARGET", "FLINKTOP_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / ".local/state/flinktop/journal.db"


@pytest.fixture
def filled(path: Path) -> Path:
    """A journal of two clusters, from 22:13 UTC on, which is 03:43 here."""
    journal = opened(path)
    journal.add(
        [
            event(0, words="The job started.", kind=EventKind.JOB_STARTED),
            *(failure(number) for number in range(1, 215)),
            event(20, key="gone", job="", job_name="", words="TaskManager tm-7 is lost.", taskmanager="tm-7",
                  kind=EventKind.TASKMANAGER_GONE),
            event(30, key="changed", job=OTHER, job_name="billing-eu", cluster="http://localhost:8081",
                  cluster_name="test [x]", words="Restarted with another configuration.",
                  details="parallelism: 2 -> 4\nstate.backend: unset -> rocksdb", kind=EventKind.JOB_CHANGED),
        ]
    )  # fmt: skip
    journal.close(1.0)
    return path


class Said:
    """What the command printed, and its exit code."""

    def __init__(self, capsys: pytest.CaptureFixture[str], *words: str) -> None:
        self.code = main(["journal", *words])
        self.out, self.err = capsys.readouterr()

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()

    @property
    def documents(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines]

    @property
    def words(self) -> list[str]:
        return [one["words"] for one in self.documents]


def test_the_newest_is_last_and_repeats_are_one_line(
    filled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert filled.exists()
    said = Said(capsys)
    assert (said.code, said.err) == (0, "")
    assert (
        said.out
        == """\
2023-11-15 03:43:20 +05:30  prod      orders      The job started.
2023-11-15 03:44:20 +05:30  prod      orders      java.lang.IllegalStateException: no  x 214 until 07:17:20
2023-11-15 04:03:20 +05:30  prod      (cluster)   TaskManager tm-7 is lost.
2023-11-15 04:13:20 +05:30  test [x]  billing-eu  Restarted with another configuration.
"""
    )
    assert (
        Said(capsys, "--details", "--kind", "job-changed").out
        == """\
2023-11-15 04:13:20 +05:30  test [x]  billing-eu  Restarted with another configuration.
                           parallelism: 2 -> 4
                           state.backend: unset -> rocksdb
"""
    )


@pytest.mark.usefixtures("filled")
def test_a_repeat_of_another_day_has_its_day(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    journal = opened(path)
    journal.add([failure(3000)])
    journal.close(1.0)
    (line,) = Said(capsys, "--kind", "failure").lines
    assert line.endswith("x 215 until 2023-11-17 05:43:20")


@pytest.mark.usefixtures("filled")
def test_stacks_are_printed_where_they_are_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    first, *stack = Said(capsys, "--stack", "--kind", "failure").lines
    assert "x 214" in first
    assert [line.strip() for line in stack] == [
        "java.lang.IllegalStateException: no",
        "at a.B.c(B.java:1)",
    ]
    (document,) = Said(capsys, "--stack", "--kind", "failure", "--json").documents
    assert document["stack"] == "java.lang.IllegalStateException: no\n\tat a.B.c(B.java:1)\n"
    (document,) = Said(capsys, "--kind", "failure", "--json").documents
    assert document["stack"] is None


@pytest.mark.usefixtures("filled")
def test_json_is_a_document_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    first, fails, gone, changed = Said(capsys, "--json").documents
    assert fails == {
        "at": "2023-11-14T22:14:20Z",
        "last": "2023-11-15T01:47:20Z",
        "count": 214,
        "kind": "failure",
        "severity": "ok",
        "target": "prod",
        "url": CLUSTER,
        "job": {"id": JOB, "name": "orders"},
        "words": "java.lang.IllegalStateException: no",
        "details": None,
        "vertex": None,
        "subtask": None,
        "taskmanager": None,
        "checkpoint": None,
        "finding": None,
        "stack": None,
    }
    assert (first["kind"], first["count"], first["last"]) == ("job-started", 1, first["at"])
    assert (gone["job"], gone["taskmanager"]) == (None, "tm-7")
    assert changed["details"] == "parallelism: 2 -> 4\nstate.backend: unset -> rocksdb"
    assert list(first) == list(fails) == list(gone)


@pytest.mark.parametrize(
    ("words", "kinds"),
    [
        (["prod"], ["job-started", "failure", "taskmanager-gone"]),
        (["test [x]"], ["job-changed"]),
        (["127.0.0.1:8081"], ["job-changed"]),
        (["http://prod:8081/"], ["job-started", "failure", "taskmanager-gone"]),
        (["http://elsewhere:8081"], []),
        (["--job", "orders"], ["job-started", "failure"]),
        (["--job", "bill*"], ["job-changed"]),
        (["--job", OTHER], ["job-changed"]),
        (["--job", "c" * 32], []),
        (["--job", "AAAA"], ["job-started", "failure"]),
        (["--kind", "job-started", "--kind", "job-changed"], ["job-started", "job-changed"]),
        (["--grep", "TM-7"], ["taskmanager-gone"]),
        (["--grep", "rocksdb"], ["job-changed"]),
        (["--grep", "billing"], ["job-changed"]),
        # The failures go on until 01:47 UTC.
        (["--since", "2023-11-14T22:34Z"], ["failure", "job-changed"]),
        (["--since", "2023-11-15T04:04"], ["failure", "job-changed"]),
        (["--since", "2023-11-15T04:04:00+05:30"], ["failure", "job-changed"]),
        (["--since", "2023-11-16"], []),
        (["--until", "2023-11-15T03:50"], ["job-started", "failure"]),
        (["--since", "2h"], []),
        (["--since", "9999w"], ["job-started", "failure", "taskmanager-gone", "job-changed"]),
        (["-n", "2"], ["failure", "job-changed"]),
        (["--all"], ["job-started", "failure", "taskmanager-gone", "job-changed"]),
    ],
    ids=lambda words: " ".join(words) if words and words[0][0] not in "jft" else "",
)
@pytest.mark.usefixtures("filled")
def test_what_is_asked_for(words: list[str], kinds: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    said = Said(capsys, *words, "--json")
    assert [one["kind"] for one in said.documents] == kinds
    assert (said.code, said.err) == (0, "")


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (
            ["prd"],
            "no cluster 'prd' in the config or in the journal; did you mean 'prod'?; the journal has prod",
        ),
        (["--job", "ordres"], "the journal has no job 'ordres'; did you mean 'orders'?"),
        (["--job", "aaa"], "the journal has no job 'aaa'"),
        (["test [x]", "--job", "orders"], "the journal has no job 'orders'"),
    ],
)
@pytest.mark.usefixtures("filled")
def test_what_there_is_not(words: list[str], error: str, capsys: pytest.CaptureFixture[str]) -> None:
    said = Said(capsys, *words)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(f"flinktop: {error}")


@pytest.mark.usefixtures("filled")
def test_a_cluster_of_the_config(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "my.toml"
    config.write_text("[clusters.mine]\nurl = 'http://127.0.0.1:8081'\nuser = 'no-password-is-asked-for'\n")
    assert len(Said(capsys, "mine", "--config", str(config)).lines) == 1


def test_a_cluster_with_the_name_of_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "my.toml"
    config.write_text("[clusters.journal]\nurl = 'http://h:1'\n")
    said = Said(capsys, "--config", str(config))
    assert said.err == (
        "flinktop: the cluster 'journal' has the name of a command: `flinktop open journal` opens it\n"
    )


def test_without_a_journal(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = Said(capsys)
    assert (said.code, said.out, said.err) == (0, "No events.\n", "")
    assert Said(capsys, "--json").out == ""
    assert Said(capsys, "prod").err.endswith("in the config or in the journal; the journal is empty\n")
    assert not path.exists()


def test_more_than_is_printed_is_said(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    journal = opened(path)
    journal.add(
        [event(number, key=f"{number}", job=f"{number % 7:032x}", at=NOW + number) for number in range(1100)]
    )
    journal.close(1.0)
    said = Said(capsys)
    assert len(said.lines) == 1000
    assert "older events are left out: -n N prints the last N, --all all" in said.err
    assert said.lines[-1].endswith("time number 1099")
    assert Said(capsys, "-n", "10").err == ""
    assert (len(Said(capsys, "--all").lines), len(Said(capsys, "-n", "1050").lines)) == (1100, 1050)


@pytest.mark.usefixtures("filled")
def test_one_that_cannot_be_read_is_left_as_it_is(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with raw(path) as file:
        file.execute("PRAGMA user_version = 7")
    before = path.read_bytes()
    said = Said(capsys)
    assert (said.code, said.out) == (1, "")
    assert said.err == f"flinktop: the journal {path} was written by a newer flinktop\n"
    assert path.read_bytes() == before


@pytest.mark.usefixtures("filled")
def test_a_damaged_one_is_said(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path.write_bytes(b"no database at all, but a text of some length" * 50)
    said = Said(capsys)
    assert said.out == "No events.\n"
    assert "is damaged" in said.err


@pytest.mark.usefixtures("filled")
def test_nothing_controls_the_terminal(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with raw(path) as file:
        file.execute("UPDATE events SET words = ?, details = ?", ("a\x1b[2Jb", "c\x1b]0;d\x07\ne"))
        file.execute("UPDATE jobs SET name = ? WHERE name != ''", ("\x1b[31mred\u202e",))
    assert "\x1b" not in Said(capsys, "--details").out
    assert "\\u001b" not in Said(capsys, "--json").out


def test_kinds_are_those_of_events() -> None:
    assert tuple(map(str, EventKind)) == KINDS


@pytest.mark.usefixtures("filled")
def test_it_asks_no_cluster_and_loads_no_client(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "flinktop", "journal", "prod"],
        env={"HOME": str(tmp_path), "PATH": os.environ["PATH"]},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert len(done.stdout.splitlines()) == 3
    for name in ("httpx", "textual", "flinktop.engine.engine", "flinktop.flink.http"):
        assert f" {name}\n" not in done.stderr
