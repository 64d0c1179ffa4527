"""The command `flinktop watch` as a process: signals, files, ports, and readers of its output."""

from __future__ import annotations

import fcntl
import json
import os
import re
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from flinktop.cli import main
from flinktop.engine.clock import Clock
from flinktop.engine.journal.event import EventKind, Question
from flinktop.engine.journal.journal import Journal
from tests.demo_cluster import DemoCluster
from tests.fixture_server import FixtureServer
from tests.headless.exposition import parsed, sample
from tests.headless.watch_process import WatchProcess, documents, fetch
from tests.house.test_startup import importers

LIMIT = 3.0
"""Seconds from the signal to the end, whatever hangs."""


@pytest.fixture(scope="module")
def server() -> Iterator[FixtureServer]:
    with FixtureServer(DemoCluster("mixed", "1.20.5", Clock())) as server:
        yield server


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "FLINKTOP_TARGET", "FLINKTOP_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def configure(home: Path, text: str) -> None:
    path = home / ".config" / "flinktop" / "config.toml"
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")


@pytest.mark.deep
def test_from_start_to_sigterm(server: FixtureServer, home: Path) -> None:
    ready = home / "ready"
    ready.write_text("flinktop watch 1\n")
    configure(home, f'[clusters.prod]\nurl = "{server.url}"\n[clusters.away]\nurl = "http://127.0.0.1:1"\n')
    with WatchProcess(home, "--all", "--ready-file", str(ready), "--prometheus", "0", TZ="UTC") as watch:
        address = watch.listens_at()
        watch.wait_for("watching prod, away")
        lost = watch.wait_for("  lost  ")
        assert "  away  lost  it can't be asked: connection refused" in lost
        watch.wait_for("ready; 1 of 2 clusters can't be asked")
        assert ready.read_text() == f"flinktop watch {watch.process.pid}\n"
        assert fetch(f"{address}/-/healthy") == (200, "ok\n")
        assert fetch(f"{address}/-/ready") == (200, "ok\n")
        status, text = fetch(f"{address}/metrics")
        assert status == 200
        up = {labels["cluster"]: value for name, labels, value in parsed(text) if name == "flinktop_up"}
        assert up == {"prod": 1.0, "away": 0.0}
        assert sample(parsed(text), "flinktop_success")[2] == 0.0
        assert fetch(f"{address}/nothing")[0] == 404
        assert watch.end() == 0
        assert watch.rest()[-1].endswith("+00:00  flinktop  ended by SIGTERM\n")
        assert watch.errors() == ""
    assert not ready.exists()


@pytest.mark.deep
def test_json_is_a_document_a_line(server: FixtureServer, home: Path) -> None:
    with WatchProcess(home, server.url, "--json") as watch:
        watch.wait_for('"event":"raised"')
        assert watch.end() == 0
        lines = [*watch.read, *watch.rest()]
    found = documents(lines)
    assert [one["event"] for one in found if one["target"] is None] == ["started", "ready", "ended"]
    raised = [one for one in found if one["event"] == "raised"]
    assert all(one["job"]["name"] and one["finding"]["kind"] for one in raised)
    assert len({tuple(one) for one in found}) == 1


@pytest.mark.deep
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_other_signals_end_it_too(server: FixtureServer, home: Path, number: signal.Signals) -> None:
    with WatchProcess(home, server.url) as watch:
        watch.wait_for("ready")
        assert watch.end(number) == 0
        assert f"ended by {number.name}" in watch.rest()[-1]


@pytest.mark.deep
def test_a_hangup_that_nohup_ignores_stays_ignored(server: FixtureServer, home: Path) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with WatchProcess(home, server.url, signals_as_here=True) as watch:
            watch.wait_for("ready")
            watch.process.send_signal(signal.SIGHUP)
            assert watch.end() == 0
            assert "ended by SIGTERM" in watch.rest()[-1]
    finally:
        signal.signal(signal.SIGHUP, before)


def ended_in_time(watch: WatchProcess) -> bool:
    began = time.monotonic()
    return watch.end() == 0 and time.monotonic() - began < LIMIT


@pytest.mark.deep
@pytest.mark.parametrize("login", [(), ("--token-command", "sleep 60")])
def test_a_cluster_that_hangs_does_not_hold_up_the_end(home: Path, login: tuple[str, ...]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with WatchProcess(home, url, *login) as watch:
            watch.wait_for("watching")
            assert ended_in_time(watch)


@pytest.mark.deep
def test_a_stdout_that_nobody_reads_holds_up_nothing(server: FixtureServer, home: Path) -> None:
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    os.write(writer, b"x" * 4096)
    ready = home / "ready"
    with WatchProcess(
        home, server.url, "--prometheus", "0", "--ready-file", str(ready), stdout=writer, stderr=writer
    ) as watch:
        watch.wait_for_file(ready)
        assert ended_in_time(watch)
    os.close(reader)
    os.close(writer)


@pytest.mark.deep
@pytest.mark.parametrize("shell", [">&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_closed_descriptors_do_not_matter(server: FixtureServer, home: Path, shell: str) -> None:
    ready = home / "ready"
    with WatchProcess(home, server.url, "--ready-file", str(ready), shell=shell) as watch:
        watch.wait_for_file(ready)
        assert watch.end() == 0
        said = watch.errors()
    assert said == ("flinktop: stdout is closed: what happens is not printed\n" if shell == ">&-" else "")
    # Nothing of what it prints has come into a file that got the number of a closed descriptor.
    log = home / ".local" / "state" / "flinktop" / "flinktop.log"
    assert all(re.match(r"\d{4}-\d\d-\d\d \d\d:", line) for line in log.read_text().splitlines())


@pytest.mark.deep
def test_a_reader_that_is_gone_is_said_once_and_the_watcher_lives_on(
    server: FixtureServer, home: Path
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    ready = home / "ready"
    with WatchProcess(home, server.url, "--ready-file", str(ready), stdout=writer) as watch:
        os.close(writer)
        watch.wait_for_file(ready)
        assert watch.end() == 0
        assert watch.errors() == "flinktop: stdout can't be written (Broken pipe); flinktop watches on\n"


@pytest.mark.deep
def test_a_full_disk_is_said_once_and_the_watcher_lives_on(server: FixtureServer, home: Path) -> None:
    ready = home / "ready"
    with (
        Path("/dev/full").open("w") as full,
        WatchProcess(home, server.url, "--ready-file", str(ready), stdout=full) as watch,
    ):
        watch.wait_for_file(ready)
        assert watch.end() == 0
        said = watch.errors()
    assert said == "flinktop: stdout can't be written (No space left on device); flinktop watches on\n"


@pytest.mark.deep
def test_a_state_directory_that_cannot_be_written_is_said(server: FixtureServer, home: Path) -> None:
    state = home / "state"
    state.write_text("a file where the directory should be")
    with WatchProcess(home, server.url, XDG_STATE_HOME=str(state)) as watch:
        assert "flinktop runs without one" in watch.complaint("the log ")
        watch.wait_for("raised")
        assert watch.end() == 0


@pytest.mark.deep
def test_it_loads_no_terminal(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, asked = importers(["watch", "http://127.0.0.1:1", "--prometheus", port], home)
    assert code == 2
    assert "flinktop.headless.watch" in asked
    heavy = ("textual", "rich", "plotext", "flinktop.ui", "flinktop.local.session")
    assert not [name for name in asked if name in heavy or name.startswith("flinktop.ui.")]


# -- hooks and journal ---------------------------------------------------------------------------------


def journal_of(home: Path) -> Journal:
    return Journal(home / ".local" / "state" / "flinktop" / "journal.db", Clock(), inline=True)


@pytest.mark.deep
def test_what_was_raised_before_a_restart_is_still_open_and_not_raised_again(
    server: FixtureServer, home: Path
) -> None:
    with WatchProcess(home, server.url, "--json") as watch:
        watch.wait_for('"event":"raised"')
        assert watch.end() == 0
        first = documents([*watch.read, *watch.rest()])
    raised = {(one["job"]["id"], one["finding"]["kind"]) for one in first if one["event"] == "raised"}
    with WatchProcess(home, server.url, "--json") as watch:
        for _ in raised:
            watch.wait_for('"event":"open"')
        watch.end()
        again = documents(watch.read)
    assert {(one["job"]["id"], one["finding"]["kind"]) for one in again if one["event"] == "open"} == raised


@pytest.mark.long
def test_a_command_that_hangs_ends_with_the_watcher(home: Path) -> None:
    began = home / "began"
    words = ", ".join(
        map(json.dumps, ("sh", "-c", 'echo $$ >"$0.new"; mv "$0.new" "$0"; exec sleep 100', str(began)))
    )
    with FixtureServer(DemoCluster("restart-loop", "1.20.5", Clock())) as server:
        configure(home, f'[notify]\ncommand = [{words}]\n[clusters.prod]\nurl = "{server.url}"\n')
        with WatchProcess(home, "prod") as watch:
            # What stands at the start is called about once all is known.
            watch.wait_for_file(began)
            assert ended_in_time(watch)
    pid = began.read_text()
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid), 0)


@pytest.mark.deep
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_another_flinktop_knows_what_the_watcher_remembers(
    server: FixtureServer, home: Path, number: signal.Signals
) -> None:
    with WatchProcess(home, server.url, "--json") as watch:
        watch.wait_for('"event":"raised"')
        journal = journal_of(home)
        watch.wait_until(
            lambda: bool(journal.read(Question(kinds=(EventKind.RAISED,))) and journal.read_jobs(server.url))
        )
        watch.end(number)
    events = journal_of(home).read(Question(kinds=(EventKind.RAISED,)))
    assert {event.cluster for event in events} == {server.url}
    known = {job.name for job in journal_of(home).read_jobs(server.url)}
    assert known >= {event.job_name for event in events if event.job}


# -- what is refused -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--all"], "--all: the config names no clusters"),
        (["no-such-cluster"], "unknown command or cluster 'no-such-cluster'"),
        (["http://h:1", "http://h:2", "--token-file", "t"], "--token-file goes with one TARGET"),
        (["http://h:1", "--ready-file", "/no/such/directory/ready"], "--ready-file: "),
        (["http://h:1", "--prometheus", "192.0.2.1:1"], "--prometheus: can't listen on 192.0.2.1:1"),
    ],
    ids=lambda value: " ".join(value)[-30:] if isinstance(value, list) else "",
)
@pytest.mark.usefixtures("home")
def test_what_cannot_be_is_one_sentence_and_2(
    words: list[str], said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["watch", *words]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith(f"flinktop: {said}")
    assert err.count("\n") == 1


@pytest.mark.usefixtures("home")
def test_a_port_that_is_taken_is_2(capfd: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["watch", "http://127.0.0.1:1", "--prometheus", str(port)]) == 2
    assert capfd.readouterr().err == (
        f"flinktop: --prometheus: can't listen on 127.0.0.1:{port} (another program listens there: choose "
        "another port)\n"
    )
