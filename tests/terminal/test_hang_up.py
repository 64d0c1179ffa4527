"""The terminal is gone and no signal says so, as when a tmux server is killed under `su`."""

import os
import signal
import sys
from pathlib import Path

import pytest

from tests.depth import in_depth, named_in_depth
from tests.fixture_server import FixtureServer
from tests.local.conftest import SleepingJava, script
from tests.terminal.monitor import LIVE, STARTS, command, drag, environment, log_of, session_of
from tests.terminal.pty import Pty

IN_TIME = 10.0
"""Seconds: more than the two that it may take, on a machine that is busy with other things."""
HUNG_UP = 128 + signal.SIGHUP
STARTED_BY_ANOTHER = """
import os, signal, sys
# Only this process, which leads the session, gets a SIGHUP from the terminal.
signal.signal(signal.SIGHUP, signal.SIG_IGN)
child = os.fork()
if not child:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    {}
    os.execvp(sys.argv[1], sys.argv[1:])
code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
os._exit(code if code >= 0 else 128 - code)
"""
AS_SU_DOES = STARTED_BY_ANOTHER.format("pass")
SESSION_OF_ITS_OWN = STARTED_BY_ANOTHER.format("os.setsid()")
SIGNAL_BLOCKED = """
import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])
os.execvp(sys.argv[1], sys.argv[1:])
"""
SILENT = """
import sys
from textual.drivers.linux_driver import LinuxDriver
from flinktop import cli

LinuxDriver.write = lambda *_: None
sys.exit(cli.main(sys.argv[1:]))
"""
LOCAL = """
import sys
from pathlib import Path
from flinktop import cli
from flinktop.local import session
from flinktop.local.processes import FlinkHome

lib, java = map(Path, sys.argv[1:])
session.find_home = lambda: FlinkHome((2, 3, 0), lib, java)
sys.exit(cli.main(["local", "--no-tls"]))
"""
PRETENDED = Path(__file__).parents[1] / "local" / "pretended_flink.py"
NOT_BLOCKING = """
import fcntl, os, sys
if not os.fork():
    # Until it is opened and closed.
    open(sys.argv[1]).read()
    fcntl.fcntl(0, fcntl.F_SETFL, fcntl.fcntl(0, fcntl.F_GETFL) | os.O_NONBLOCK)
    os._exit(0)
os.execvp(sys.argv[2], sys.argv[2:])
"""
"""Another program that has the terminal makes writing to it fail where it would wait."""


def started_by(program: str, server: FixtureServer, home: Path) -> Pty:
    """Flinktop, started by this program in a terminal of its own."""
    words = [sys.executable, "-c", program, *command(server.url)]
    return Pty(words, columns=200, rows=60, environ=environment(home))


def ends(pty: Pty) -> None:
    """It ends soon, with the code of a hang-up, and leaves nothing behind."""
    assert pty.left(IN_TIME).code == HUNG_UP
    assert not session_of(pty)


@pytest.mark.deep
@pytest.mark.parametrize(
    "program",
    named_in_depth(
        {"su": AS_SU_DOES, "session": SESSION_OF_ITS_OWN, "blocked": SIGNAL_BLOCKED},
        ["su"],
    ),
)
@pytest.mark.parametrize("paints", in_depth([0, 1, 2, 3, 5, 8, 13], [3], [0, 13]))
def test_no_signal_comes(server: FixtureServer, tmp_path: Path, program: str, paints: int) -> None:
    with started_by(program, server, tmp_path) as pty:
        pty.wait_for(LIVE, STARTS)
        drag(pty, paints)
        pty.hang_up()
        ends(pty)
    log = log_of(tmp_path)
    assert log.count("leaving: the terminal is gone") == 1
    assert "Traceback" not in log


@pytest.mark.deep
def test_nobody_reads_before_it_is_gone(server: FixtureServer, tmp_path: Path) -> None:
    """The app waits for room in the queue to its writer, and that one for a reader."""
    with started_by(AS_SU_DOES, server, tmp_path) as pty:
        pty.wait_for(LIVE, STARTS)
        with pty.unread():
            drag(pty)
            pty.hang_up()
            ends(pty)


@pytest.mark.deep
def test_nothing_is_written_when_it_goes(server: FixtureServer, tmp_path: Path) -> None:
    words = [sys.executable, "-c", AS_SU_DOES, sys.executable, "-c", SILENT, server.url]
    with Pty(words, environ=environment(tmp_path)) as pty:
        server.wait_until(lambda asked: len(asked) > 0, STARTS)
        pty.hang_up()
        ends(pty)


@pytest.mark.deep
def test_a_local_flink_ends(tmp_path: Path) -> None:
    java = SleepingJava(tmp_path)
    ready = java.sleeps.partition("exec sleep")[0]
    script(java.home.java, f"{ready}exec '{sys.executable}' '{PRETENDED}' run \"$@\"")
    local = [sys.executable, "-c", LOCAL, str(java.home.lib), str(java.home.java)]
    around = {**environment(tmp_path), "TMPDIR": str(java.temporary)}
    with Pty([sys.executable, "-c", AS_SU_DOES, *local], environ=around) as pty:
        pty.wait_for(LIVE, STARTS)
        assert len(java.started()) == 2
        assert len(java.directories()) == 1
        drag(pty, 3)
        pty.hang_up()
        ends(pty)
    java.wait_until_all_ended()
    os.close(java.reader)
    assert java.directories() == []


@pytest.mark.deep
def test_it_cannot_be_written_to(server: FixtureServer, tmp_path: Path) -> None:
    switch = tmp_path / "switch"
    os.mkfifo(switch)
    words = [sys.executable, "-c", NOT_BLOCKING, str(switch), *command(server.url)]
    with Pty(words, columns=200, rows=60, environ=environment(tmp_path)) as pty:
        pty.wait_for(LIVE, STARTS)
        switch.write_text("", encoding="utf-8")
        with pty.unread():
            drag(pty, 20)
            assert pty.process.wait(IN_TIME) == 1
        assert pty.left().clean
        assert "flinktop has ended: it could not write to the terminal (BlockingIOError" in pty.text
    assert "leaving: the terminal can't be written to" in log_of(tmp_path)


@pytest.mark.deep
def test_output_that_goes_elsewhere_is_no_hang_up(server: FixtureServer, tmp_path: Path) -> None:
    words = ["sh", "-c", 'exec "$@" 2>/dev/null', "sh", *command(server.url)]
    with Pty(words, environ=environment(tmp_path)) as pty:
        server.wait_until(lambda asked: len(asked) > 0, STARTS)
        first = server.asked_between(0.0, float("inf"))[0].at
        server.wait_until_polled_at(first + 5.0, STARTS)
        pty.signal(signal.SIGTERM)
        assert pty.left(IN_TIME).code == 128 + signal.SIGTERM
    assert "the terminal is gone" not in log_of(tmp_path)
