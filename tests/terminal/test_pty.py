"""The harness itself, on small programs: what it says of a terminal is true."""

import os
import select
import signal
import sys
from pathlib import Path

import pytest

from tests.terminal.pty import Pty
from tests.terminal.screen import TerminalScreen

# Raw mode; says what it reads and how large it is; `q` leaves, `d` leaves without tidying up.
TOY = r"""
import os, shutil, signal, sys, termios, tty
before = termios.tcgetattr(0)
tty.setraw(0)
def say(text):
    os.write(1, text.encode())
def size(*_):
    say("\x1b[3;1H\x1b[Ksize %dx%d" % os.get_terminal_size(0))
signal.signal(signal.SIGWINCH, size)
say("\x1b[?1049h\x1b[?25l\x1b[?1000;1006h\x1b[>1u\x1b[?2026$p\x1bPq text\x1b\\\x1b]0;title\x07\x1b[1;1Hready")
size()
while True:
    keys = os.read(0, 99)
    say("\x1b[2;1H\x1b[Kgot %r" % keys)
    if keys == b"d":
        sys.exit(3)
    if keys == b"q":
        break
say("\x1b[<u\x1b[?1000;1006l\x1b[?25h\x1b[?1049l")
termios.tcsetattr(0, termios.TCSADRAIN, before)
"""


def toy(code: str = TOY, columns: int = 60, rows: int = 10) -> Pty:
    return Pty([sys.executable, "-c", code], columns=columns, rows=rows)


def test_a_program_is_seen_typed_at_and_leaves_clean() -> None:
    with toy() as pty:
        pty.wait_for("got b'\\x1b[?2026;2$y'")
        screen = pty.wait_for("ready")
        assert screen.splitlines()[0] == "ready", "nothing of the sequences is printed"
        assert "title" not in screen
        pty.press("down", "ctrl+a", "x", "enter")
        pty.wait_for(r"got b'\x1b[B\x01x\r'")
        assert {"alternate screen", "mouse", "mouse as SGR"} <= pty.modes_ever_on
        pty.press("q")
        left = pty.left()
        assert (left.code, left.modes, left.termios, left.clean) == (0, (), (), True)


def test_what_a_program_leaves_behind_is_named() -> None:
    with toy() as pty:
        pty.wait_for("got")
        pty.press("d")
        left = pty.left()
    assert left.code == 3
    assert left.modes == ("alternate screen", "cursor", "kitty keyboard", "mouse", "mouse as SGR")
    assert "lflag" in left.termios
    assert not left.clean


def test_the_program_is_told_of_a_new_size() -> None:
    with toy() as pty:
        pty.wait_for("size 60x10")
        # Longer than 20 columns: written after the change it would wrap over the row that is looked at.
        pty.wait_for("got b'\\x1b[?2026;2$y'")
        pty.resize(20, 5)
        pty.wait_for("size 20x5")
        assert len(pty.text.split("\n")) == 5


def test_a_signal_ends_it() -> None:
    with toy() as pty:
        pty.wait_for("size")
        pty.signal(signal.SIGTERM)
        assert pty.left().code == -signal.SIGTERM


def test_a_lost_terminal_sends_hangup() -> None:
    with toy() as pty:
        pty.wait_for("size")
        pty.hang_up()
        assert pty.left().code == -signal.SIGHUP


def test_nobody_reads(tmp_path: Path) -> None:
    """The program fills the terminal's buffer, says so elsewhere, and goes on when it is read again."""
    os.mkfifo(tmp_path / "full")
    code = f"""
import os, sys
sys.stdin.readline()
os.set_blocking(1, False)
try:
    while True:
        os.write(1, b"." * 60)
except BlockingIOError:
    pass
with open({str(tmp_path / "full")!r}, "w") as fifo:
    fifo.write("full")
os.set_blocking(1, True)
os.write(1, b"\\x1b[2J\\x1b[Hread again")
sys.stdin.readline()
"""
    fifo = os.open(tmp_path / "full", os.O_RDONLY | os.O_NONBLOCK)
    with toy(code) as pty:
        with pty.unread():
            pty.press("enter")
            assert select.select([fifo], [], [], 10.0)[0], "the terminal's buffer is not full"
            assert pty.bytes_read < 60
        pty.wait_for("read again")
        assert pty.bytes_read > 1000
        pty.press("enter")
        assert pty.left().code == 0
    os.close(fifo)


def test_what_does_not_come_is_told_with_the_screen() -> None:
    with toy() as pty:
        pty.wait_for("ready")
        with pytest.raises(AssertionError, match=r"(?s)does not show 'never'.*ready"):
            pty.wait_for("never", seconds=0.05)
        with pytest.raises(AssertionError, match="still runs"):
            pty.left(seconds=0.05)


def test_a_program_that_ends_is_not_waited_for() -> None:
    with toy("print('short')") as pty:
        pty.wait_for("short")
        with pytest.raises(AssertionError, match="has ended, and the screen does not show 'more'"):
            pty.wait_for("more", seconds=60.0)


def test_what_runs_is_killed_at_the_end() -> None:
    with toy() as pty:
        pty.wait_for("ready")
    assert pty.process.returncode == -signal.SIGKILL


def test_sequences_cut_in_two_are_put_together() -> None:
    whole = "a\x1b[>1ub\x1b[?2026$pc\x1bPtext\x1b\\d\x1b]2;t\x1b\\e\x1b[31mf\u30abg\x1b[?25l".encode()
    for cut in range(len(whole)):
        screen = TerminalScreen(20, 2)
        answers = screen.feed(whole[:cut]) + screen.feed(whole[cut:])
        assert screen.text == "abcdef\u30abg\n"
        assert screen.changed_modes == ("cursor", "kitty keyboard")
        assert answers == b"\x1b[?2026;2$y"


@pytest.mark.parametrize("short", ["\x1b", "\x1b[", "\x1b[38;2;1", "\x1b[?20", "\x1b]0;title", "\x1bP1;2"])
@pytest.mark.parametrize("after", ["\x1b[?25h", "\x1b\\\x1b[?25h", "\0\x1b\\\x1b[?25h"])
def test_a_sequence_that_is_cut_short_swallows_nothing(short: str, after: str) -> None:
    screen = TerminalScreen(20, 2)
    screen.feed(f"a\x1b[?25l{short}".encode())
    assert "cursor" in screen.changed_modes
    screen.feed(f"{after}b".encode())
    assert (screen.text, screen.changed_modes) == ("ab\n", ())
