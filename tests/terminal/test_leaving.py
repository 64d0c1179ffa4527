"""Ways to leave: keys, signals, nobody reading, no terminal any more; the terminal is given back."""

import itertools
import json
import os
import re
import shlex
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.depth import in_depth
from tests.fixture_server import Asked, FixtureServer
from tests.terminal.monitor import (
    LIVE,
    QUESTION,
    STARTS,
    children_cpu_seconds,
    command,
    cpu_seconds,
    drag,
    environment,
    log_of,
    monitor,
    session_of,
    wait_until,
)
from tests.terminal.pty import Pty

POLLED = "/jobs/overview"
SHELL = """
import json, os, signal, sys
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
job = os.fork()
if not job:
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpid())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
    words = json.loads(sys.argv[1])
    os.execvp(words[0], words)
os.waitpid(job, os.WUNTRACED)
os.tcsetpgrp(0, os.getpgrp())
print("stopped", flush=True)
input()
code = os.waitstatus_to_exitcode(os.waitpid(job, 0)[1])
print("ended", code if code >= 0 else 128 - code)
"""
"""What a shell does with a job that is stopped, in words of its own: those of shells differ."""
USUAL = 3.0
"""Seconds between its polls: the recorded cluster's refresh interval."""


def gaps(asked: list[Asked]) -> list[float]:
    """Seconds between one poll of the overview and the next."""
    times = [one.at for one in asked if one.target == POLLED]
    return [after - before for before, after in itertools.pairwise(times)]


def continued(process: int) -> bool:
    """Let a stopped process go on; whether there is one (that is more than its parent's memory of it)."""
    try:
        os.kill(process, signal.SIGCONT)
        state = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except (ProcessLookupError, FileNotFoundError):
        return False
    return state != "Z"


def stalled(server: FixtureServer, home: Path, seconds: float) -> tuple[list[Asked], list[Asked]]:
    """Nobody reads for so long, then SIGTERM comes; what was asked before, and while it was stalled.

    It must end within 5 s, with the terminal as it was and nothing left behind.
    """
    with monitor(home, server.url, columns=200, rows=60) as pty:
        pty.wait_for(LIVE, STARTS)
        opened = time.monotonic()
        server.wait_until_polled_at(opened + seconds / 2, seconds + 20.0)
        with pty.unread():
            unread = time.monotonic()
            drag(pty)
            server.wait_until_polled_at(unread + seconds, seconds + 20.0)
            pty.signal(signal.SIGTERM)
            assert pty.process.wait(5.0) == 128 + signal.SIGTERM
        left = pty.left()
        assert left.clean, left
        assert not session_of(pty)
    assert "the app does not end by itself" in log_of(home), "it was not stalled at all"
    return server.asked_between(opened, unread), server.asked_between(unread, unread + seconds)


@pytest.mark.long
def test_nobody_reads_the_terminal(server: FixtureServer, tmp_path: Path) -> None:
    _, during = stalled(server, tmp_path, 8.0)
    assert max(gaps(during)) < 1.5 * USUAL


@pytest.mark.long
def test_nobody_reads_the_terminal_for_a_minute(server: FixtureServer, tmp_path: Path) -> None:
    before, during = stalled(server, tmp_path, 60.0)
    usual = len(before) / (before[-1].at - before[0].at)
    assert len(during) / 60.0 == pytest.approx(usual, rel=0.2)
    assert max(gaps(during)) < 1.5 * USUAL


@pytest.mark.deep
@pytest.mark.parametrize("number", in_depth([signal.SIGTERM, signal.SIGHUP], [signal.SIGTERM]))
def test_a_signal_leaves(server: FixtureServer, tmp_path: Path, number: signal.Signals) -> None:
    with monitor(tmp_path, server.url) as pty:
        pty.wait_for(LIVE, STARTS)
        assert "alternate screen" in pty.changed
        pty.signal(number)
        left = pty.left(5.0)
        assert (left.code, left.modes, left.termios) == (128 + number, (), ())
        assert not session_of(pty)
    assert "Traceback" not in pty.text


@pytest.mark.deep
def test_a_second_signal_is_no_trouble(server: FixtureServer, tmp_path: Path) -> None:
    with monitor(tmp_path, server.url) as pty:
        pty.wait_for(LIVE, STARTS)
        for _ in range(3):
            pty.signal(signal.SIGTERM)
        assert pty.left(5.0).clean
    assert "Traceback" not in pty.text


@pytest.mark.deep
def test_ctrl_c_asks_and_a_second_one_leaves(server: FixtureServer, tmp_path: Path) -> None:
    with monitor(tmp_path, server.url) as pty:
        pty.wait_for(LIVE, STARTS)
        pty.press("ctrl+q", "ctrl+c")
        pty.wait_for(QUESTION)
        pty.press("escape")
        pty.wait_until_gone(QUESTION)
        pty.press("ctrl+c")
        pty.wait_for(QUESTION)
        pty.press("ctrl+c")
        left = pty.left()
        assert (left.code, left.clean) == (0, True)


@pytest.mark.deep
def test_the_terminal_is_gone(server: FixtureServer, tmp_path: Path) -> None:
    with monitor(tmp_path, server.url) as pty:
        pty.wait_for(LIVE, STARTS)
        used = children_cpu_seconds()
        until_now = cpu_seconds(pty)
        pty.hang_up()
        assert pty.left(5.0).code == 128 + signal.SIGHUP
        assert children_cpu_seconds() - used - until_now < 1.5, "it spun instead of leaving"
        assert not session_of(pty)


@pytest.mark.deep
def test_suspended_and_back(server: FixtureServer, tmp_path: Path) -> None:
    """ctrl+z gives the terminal to the shell as it was, `fg` brings the monitor back."""
    flinktop = shlex.join(command(server.url))
    script = f'set -m; {flinktop}; echo "stopped $?"; read -r; fg; echo "ended $?"'
    with Pty(["bash", "-c", script], environ=environment(tmp_path)) as pty:
        pty.wait_for(LIVE, STARTS)
        pty.press("ctrl+z")
        pty.wait_for("stopped 147")
        assert pty.changed == ()
        stopped = time.monotonic()
        pty.press("enter")
        pty.wait_for(LIVE)
        pty.wait_for("steady [test]")
        server.wait_until_polled_at(stopped, 10.0)
        assert "alternate screen" in pty.changed
        pty.press("ctrl+c")
        pty.wait_for(QUESTION)
        pty.press("ctrl+c")
        assert re.search(r"^ended 0", pty.wait_for("ended"), re.MULTILINE)
        assert pty.left().clean


@pytest.mark.deep
def test_continued_though_it_was_not_suspended(server: FixtureServer, tmp_path: Path) -> None:
    """As after `kill -STOP`, which is not ctrl+z."""
    with monitor(tmp_path, server.url) as pty:
        pty.wait_for(LIVE, STARTS)
        for times in (2, 3, 4):

            def drawn_again(times: int = times) -> bool:
                return pty.written.count(b"\x1b[?1049h") == times

            pty.signal(signal.SIGCONT)
            wait_until("it has the terminal again", drawn_again)
            pty.wait_for(LIVE)
        pty.press("ctrl+c")
        pty.wait_for(QUESTION)
        pty.press("ctrl+c")
        left = pty.left()
        assert (left.code, left.modes, left.termios) == (0, (), ())


@pytest.mark.deep
def test_killed_while_suspended(server: FixtureServer, tmp_path: Path) -> None:
    shell = [sys.executable, "-c", SHELL, json.dumps(command(server.url))]
    with Pty(shell, environ=environment(tmp_path)) as pty:
        pty.wait_for(LIVE, STARTS)
        (flinktop,) = session_of(pty, "flinktop")
        pty.press("ctrl+z")
        pty.wait_for("stopped")
        # What a shell's `kill %1` does. Now and then the second one is seen first, and Textual stops again.
        os.kill(flinktop, signal.SIGTERM)
        wait_until("flinktop is gone", lambda: not continued(flinktop), 10.0)
        pty.press("enter")
        pty.wait_for(f"ended {128 + signal.SIGTERM}")
        assert pty.left().clean
