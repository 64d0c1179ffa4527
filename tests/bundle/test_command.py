"""The command `flinktop bundle` as a person runs it: what it prints where, its file, its exit codes."""

from __future__ import annotations

import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from flinktop.cli import main
from flinktop.engine.clock import Clock
from flinktop.engine.journal.event import KnownJob
from flinktop.engine.journal.journal import Journal
from tests.bundle.made import read_back
from tests.fixture_cluster import FixtureCluster
from tests.fixture_server import FixtureServer
from tests.headless.watch_process import SIGNALS_AS_USUAL
from tests.house.test_startup import importers

AT_ONCE = ("--wait", "0")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own, and a directory in it to be in."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "FLINKTOP_TARGET", "FLINKTOP_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    return tmp_path


@pytest.fixture
def server() -> Iterator[FixtureServer]:
    # Of a release without flame graphs, for which Flink would take seconds.
    with FixtureServer(FixtureCluster("1.9.3")) as server:
        yield server


def bundle(server: FixtureServer, *words: str) -> int:
    return main(["bundle", *words, "--target", server.url, *AT_ONCE])


def test_the_path_goes_to_stdout_and_progress_to_stderr(
    server: FixtureServer, capsys: pytest.CaptureFixture[str]
) -> None:
    job = server.cluster.job("steady")
    assert bundle(server, job) == 0
    out, err = capsys.readouterr()
    path = Path(out.removesuffix("\n"))
    assert path.parent == Path.cwd()
    assert re.fullmatch(r"flinktop-[A-Za-z0-9._-]+-\d{8}-\d{6}\.zip", path.name)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in Path.cwd().iterdir()] == [path.name]
    lines = err.splitlines()
    assert all(line.startswith("flinktop: ") for line in lines)
    assert any(re.fullmatch(r"flinktop: exceptions: [\d.]+ k?B", line) for line in lines)
    assert "flinktop: flame graph: missing: needs Flink 1.13 or later (this cluster runs 1.9.3)" in lines
    assert re.fullmatch(r"flinktop: wrote [\d.]+ k?B; \d parts are missing, README.txt says why", lines[-1])
    assert job in read_back(path)["README.txt"].decode()


def test_a_job_is_meant_by_name_and_by_the_beginning_of_its_id(server: FixtureServer) -> None:
    assert bundle(server, server.cluster.job("batch")[:8], "-o", "x.zip") == 0
    assert bundle(server, "no such job", "-o", "y.zip") == 2
    assert sorted(one.name for one in Path.cwd().iterdir()) == ["x.zip"]


def test_an_existing_file_is_kept_and_nothing_is_collected(
    server: FixtureServer, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("x.zip").write_text("mine")
    assert bundle(server, server.cluster.job("steady"), "-o", "x.zip") == 1
    assert "x.zip exists already: choose another name, or --overwrite" in capsys.readouterr().err
    assert Path("x.zip").read_text() == "mine"
    assert [one.target for one in server.asked] == ["/jobs/overview"]
    assert bundle(server, server.cluster.job("steady"), "-o", "x.zip", "--overwrite") == 0
    assert "README.txt" in read_back(Path("x.zip"))


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("no/such/x.zip", "there is no directory"),
        (".", "is a directory: give the name of a file"),
        ("/dev/null/x.zip", "there is no directory /dev/null"),
    ],
)
def test_a_place_that_takes_no_file_is_a_sentence(
    server: FixtureServer, where: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bundle(server, server.cluster.job("steady"), "-o", where, *["--overwrite"][: where == "."]) == 1
    out, err = capsys.readouterr()
    assert (out, words in err) == ("", True)
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "the following arguments are required: JOB"),
        (["a", "b"], "only one JOB is allowed"),
        (["a", "--size", "0"], "'0' must be a whole number of MB from 1 to 1024"),
        (["a", "--size", "much"], "'much' must be a whole number"),
        (["a", "--largest-log", "9999"], "'9999' must be"),
        (["a", "--wait", "-1"], "must be a number of seconds"),
        (["a", "--overwrite"], "--overwrite goes with -o FILE"),
        (["a", "-o", " "], "-o must be the name of a file"),
        (["a", "--yes"], "--yes is for"),
        (["a", "--password", "x"], "secrets are not allowed on the command line"),
        (["a", "--target", "no-such-cluster"], "unknown command or cluster"),
    ],
)
def test_what_is_wrong_on_the_command_line_is_2(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bundle", *words]) == 2
    out, err = capsys.readouterr()
    assert (out, said in err) == ("", True), err


def test_a_cluster_that_is_not_there_is_3(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bundle", "orders", "--target", "127.0.0.1:1", *AT_ONCE]) == 3
    assert "nothing is listening" in capsys.readouterr().err
    assert not [*Path.cwd().iterdir()]


def test_of_a_cluster_that_is_not_there_the_journal_knows_something(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = "http://127.0.0.1:1"
    state = home / ".local" / "state" / "flinktop"
    state.mkdir(parents=True)
    journal = Journal(state / "journal.db", Clock(), inline=True)
    journal.keep_jobs([KnownJob(cluster=url, job="a" * 32, name="orders", state="RUNNING", seen=1.0)])
    journal.close(1.0)
    assert main(["bundle", "orders", "--target", url, "-o", "x.zip", *AT_ONCE]) == 0
    assert "the journal remembers the job" in capsys.readouterr().err
    assert "journal.json" in read_back(Path("x.zip"))


def test_the_help_names_it(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["bundle", "--help"])
    out = capsys.readouterr().out
    assert "README.txt" in out
    assert "--largest-log MB" in out


@pytest.mark.deep
def test_it_loads_no_terminal(server: FixtureServer, home: Path) -> None:
    words = [
        "bundle",
        server.cluster.job("batch"),
        "--target",
        server.url,
        "-o",
        str(home / "x.zip"),
        *AT_ONCE,
    ]
    left, asked = importers(words, home)
    assert left == 0
    assert not [
        name for name in asked if name in ("textual", "rich", "plotext") or name.startswith("flinktop.ui")
    ]


@pytest.mark.deep
def test_interrupted_it_leaves_nothing(server: FixtureServer, home: Path) -> None:
    with server.holding():
        words = ["bundle", server.cluster.job("steady"), "--target", server.url, "-o", "x.zip", *AT_ONCE]
        with subprocess.Popen(
            [*SIGNALS_AS_USUAL, sys.executable, "-m", "flinktop", *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={"HOME": str(home), "PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)},
        ) as process:
            server.wait_until(lambda asked: len(asked) >= 1, 30)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "")
    assert "interrupted; nothing was written" in err
    assert not [*Path.cwd().iterdir()]
