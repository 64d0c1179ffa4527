"""Alerts in a real terminal: it rings, the desktop is told, the title says it and is given back."""

import contextlib
import json
import re
import shlex
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fixture_cluster import FixtureCluster
from tests.fixture_server import FixtureServer
from tests.terminal.monitor import (
    LIVE,
    QUESTION,
    STARTS,
    command,
    drag,
    environment,
    monitor,
    session_of,
    wait_until,
)
from tests.terminal.pty import Pty

STEADY = "6e83feab083b346bc584515bf24d03c6"
"""A job that runs."""
KEEP, RESTORE = b"\x1b[22;0t", b"\x1b]2;\x07\x1b[23;0t"
TITLED = re.compile(
    rb"\x1b\]2;flinktop: \d critical - steady \[test\] <b>\xe4\xbd\x9c\xe4\xb8\x9a</b>: failed\x07"
)
NOTIFIED = re.compile(
    rb"\x07\x1b\]777;notify;flinktop 127.0.0.1:\d+: critical;steady [^\x07]*failed[^\x07]*\x07"
)


class IllCluster(FixtureCluster):
    """A recorded cluster whose clock goes on, and on which a job fails when the test says so."""

    def __init__(self) -> None:
        super().__init__("1.20.5")
        self.changed["jobs/overview"] = self._listed
        self.changed[f"jobs/{STEADY}"] = self._details
        self._began = time.monotonic()
        self._then: int = self.document(f"jobs/{STEADY}")["now"]
        self.failed: int | None = None

    @property
    def now(self) -> int:
        return self._then + int(1000 * (time.monotonic() - self._began))

    def fail(self) -> None:
        self.failed = self.now

    def _details(self, job: dict[str, Any]) -> dict[str, Any]:
        if self.failed is not None:
            # The clock of a job that runs is set by the server.
            job |= {"state": "FAILED", "end-time": self.failed, "now": self.now}
        return job

    def _listed(self, listed: dict[str, Any]) -> dict[str, Any]:
        for job in listed["jobs"]:
            if job["jid"] == STEADY and self.failed is not None:
                job |= {"state": "FAILED", "end-time": self.failed}
        return listed


@pytest.fixture
def cluster() -> IllCluster:
    return IllCluster()


@pytest.fixture
def server(cluster: IllCluster) -> Iterator[FixtureServer]:
    with FixtureServer(cluster, moves=True) as server:
        yield server


def configured(home: Path, desktop: str = "auto") -> Path:
    """Write a config with a command; returns the file to which it appends what it gets."""
    config, got = home / "config" / "flinktop" / "config.toml", home / "got"
    config.parent.mkdir(parents=True)
    command = json.dumps(["sh", "-c", 'cat >> "$1"', "sh", str(got)])
    config.write_text(f'[notify]\ncommand = {command}\ndesktop = "{desktop}"\n')
    return got


def documents(got: Path) -> list[Any]:
    return [json.loads(line) for line in got.read_text().splitlines()] if got.exists() else []


@contextlib.contextmanager
def called(home: Path, cluster: IllCluster, server: FixtureServer, **environ: str) -> Iterator[Pty]:
    """Flinktop when a job has failed while it looked on, and it has called."""
    with monitor(home, server.url, environ=environ) as pty:
        pty.wait_for(LIVE, STARTS)
        server.wait_until(lambda asked: sum(one.target == "/jobs/overview" for one in asked) > 1, 20.0)
        cluster.fail()
        wait_until("the title says it", lambda: TITLED.search(pty.written) is not None, 20.0)
        yield pty


@pytest.mark.deep
def test_it_rings_and_gives_the_title_back(
    cluster: IllCluster, server: FixtureServer, tmp_path: Path
) -> None:
    got = configured(tmp_path)
    with called(tmp_path, cluster, server, TERM_PROGRAM="WezTerm") as pty:
        wait_until("the desktop is told", lambda: NOTIFIED.search(pty.written) is not None)
        pty.wait_for("Press ! for alerts.")
        wait_until("the command was run", lambda: bool(documents(got)))
        (document,) = documents(got)
        assert document["event"] == "raised"
        assert document["job"] == {"id": STEADY, "name": "steady [test] <b>作业</b>"}
        assert pty.written.index(KEEP) < pty.written.index(b"\x1b]2;flinktop")
        assert RESTORE not in pty.written
        pty.press("ctrl+c")
        pty.wait_for(QUESTION)
        pty.press("ctrl+c")
        assert pty.left().clean
        assert pty.written.count(RESTORE) == 1
        assert not session_of(pty)
    # It is not called about again.
    assert len(documents(got)) == 1


@pytest.mark.long
def test_a_start_after_that_calls_about_nothing_old(
    cluster: IllCluster, server: FixtureServer, tmp_path: Path
) -> None:
    got = configured(tmp_path)
    with called(tmp_path, cluster, server) as pty:
        wait_until("what stood at the start is said", lambda: len(documents(got)) == 2, 60.0)
        pty.signal(signal.SIGTERM)
        assert pty.left().clean
    assert documents(got)[1]["count"] > 1
    with monitor(tmp_path, server.url) as pty:
        wait_until("the title says it", lambda: b"\x1b]2;flinktop: " in pty.written, STARTS)
        server.wait_until_polled_at(time.monotonic() + 45.0, 90.0)
        assert b"\x07\x1b]777" not in pty.written
        assert "Press !" not in pty.text
    assert len(documents(got)) == 2


@pytest.mark.long
def test_nothing_is_written_that_a_terminal_does_not_know(
    cluster: IllCluster, server: FixtureServer, tmp_path: Path
) -> None:
    configured(tmp_path)
    with called(tmp_path, cluster, server) as pty:
        pty.wait_for("Press ! for alerts.")
        assert not re.search(rb"\x1b\](?:9|99|777);", pty.written)


@pytest.mark.long
def test_a_terminal_that_nobody_reads_stalls_no_command_and_gets_its_title_back(
    cluster: IllCluster, server: FixtureServer, tmp_path: Path
) -> None:
    got = configured(tmp_path, "osc777")
    with called(tmp_path, cluster, server) as pty:
        with pty.unread():
            drag(pty)
            wait_until("what stood at the start is said", lambda: len(documents(got)) == 2, 60.0)
            pty.signal(signal.SIGTERM)
            assert pty.process.wait(5.0) == 128 + signal.SIGTERM
        assert pty.left().clean
        assert RESTORE in pty.written
        assert not session_of(pty)


@pytest.mark.long
def test_the_shell_has_its_title_while_flinktop_is_suspended(
    cluster: IllCluster, server: FixtureServer, tmp_path: Path
) -> None:
    configured(tmp_path)
    script = f'set -m; {shlex.join(command(server.url))}; echo "stopped $?"; read -r; fg; echo "ended $?"'
    with Pty(["bash", "-c", script], environ=environment(tmp_path)) as pty:
        pty.wait_for(LIVE, STARTS)
        server.wait_until(lambda asked: sum(one.target == "/jobs/overview" for one in asked) > 1, 20.0)
        cluster.fail()
        wait_until("the title says it", lambda: TITLED.search(pty.written) is not None, 20.0)
        pty.press("ctrl+z")
        pty.wait_for("stopped 147")
        assert pty.written.count(RESTORE) == pty.written.count(KEEP) == 1
        pty.press("enter")
        pty.wait_for(LIVE)
        wait_until("it has its title again", lambda: pty.written.count(KEEP) == 2)
        pty.press("ctrl+c")
        pty.wait_for(QUESTION)
        pty.press("ctrl+c")
        pty.wait_for("ended 0")
        assert pty.written.count(RESTORE) == 2
