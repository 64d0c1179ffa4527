"""A program in a pty: started, seen, typed at, resized, left unread, and looked at when it is gone."""

import contextlib
import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tests.terminal.screen import TerminalScreen

# A session of its own is made by subprocess; this makes the pty its terminal, and then is the program.
_TAKE_TERMINAL: Final = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execvp(sys.argv[1], sys.argv[1:])
"""
_ARROWS: Final = {"up": "A", "down": "B", "right": "C", "left": "D", "home": "H", "end": "F"}
_KEYS: Final = {
    "enter": "\r",
    "escape": "\x1b",
    "tab": "\t",
    "shift+tab": "\x1b[Z",
    "space": " ",
    "backspace": "\x7f",
    "delete": "\x1b[3~",
    "pageup": "\x1b[5~",
    "pagedown": "\x1b[6~",
    "f1": "\x1bOP",
}
_FLAGS: Final = ("iflag", "oflag", "cflag", "lflag")


@dataclass(frozen=True, slots=True)
class Left:
    """How a program ended: its exit code (-15: killed by signal 15) and what it left of the terminal."""

    code: int
    modes: tuple[str, ...]
    termios: tuple[str, ...]

    @property
    def clean(self) -> bool:
        """Whether the terminal is as it was."""
        return not self.modes and not self.termios


class Pty:
    """A program with a terminal of its own; a thread reads what it writes.

    Use as a context manager: what still runs at its end is killed. Every wait ends at what it waits for, or
    raises AssertionError with the screen when `seconds` are over.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        columns: int = 120,
        rows: int = 40,
        environ: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> None:
        self._screen = TerminalScreen(columns, rows)
        self._news = threading.Condition()
        self._master, slave = os.openpty()
        self._wake_read, self._wake_write = os.pipe()
        self._reading = True
        self._ending = False
        self._hung_up = False
        self.written = bytearray()
        """Everything that the program wrote and that was read."""
        self._set_size(columns, rows)
        self._before = termios.tcgetattr(self._master)
        self.process = subprocess.Popen(
            [sys.executable, "-ISc", _TAKE_TERMINAL, *command],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            cwd=cwd,
            env={
                "PATH": os.environ["PATH"],
                "HOME": os.environ.get("HOME", "/"),
                "LANG": "C.UTF-8",
                "TERM": "xterm-256color",
                "COLORTERM": "truecolor",
                **(environ or {}),
            },
        )
        # The program alone holds it now, so that the reader comes to an end with the program.
        os.close(slave)
        self._reader = threading.Thread(target=self._read, name="pty reader", daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self._stop_reader()
        if not self._hung_up:
            os.close(self._master)
        os.close(self._wake_read)
        os.close(self._wake_write)

    # What is seen

    @property
    def text(self) -> str:
        """The screen as it is now."""
        with self._news:
            return self._screen.text

    @property
    def bytes_read(self) -> int:
        """How much the program wrote that was read."""
        return len(self.written)

    @property
    def changed(self) -> tuple[str, ...]:
        """What of the terminal's modes and settings is not as at the start, now."""
        with self._news:
            return (*self._screen.changed_modes, *_changed(self._before, termios.tcgetattr(self._master)))

    @property
    def modes_ever_on(self) -> frozenset[str]:
        """Names of the terminal modes that the program has switched on at some time."""
        with self._news:
            return frozenset(self._screen.ever_on)

    def wait_for(self, what: str | re.Pattern[str] | Callable[[str], bool], seconds: float = 10.0) -> str:
        """Wait until the screen holds a text, matches a pattern or satisfies a function; gives the screen."""
        shows = _shows(what)
        with self._news:
            self._news.wait_for(lambda: shows(self._screen.text) or self._ending, seconds)
            text = self._screen.text
        if not shows(text):
            when = "the program has ended, and" if self._ending else f"after {seconds:g} s"
            raise AssertionError(f"{when} the screen does not show {what!r}:\n{text}")
        return text

    def wait_until_gone(self, what: str | re.Pattern[str], seconds: float = 10.0) -> str:
        """Wait until the screen does not show something any more."""
        shows = _shows(what)
        return self.wait_for(lambda text: not shows(text), seconds)

    def wait_until_ready(self, button: str, seconds: float = 10.0) -> None:
        """Wait until a button has the focus and takes an enter: that of an act does so a moment later."""
        with self._news:
            self._news.wait_for(lambda: self._screen.is_reverse(f"[ {button} ]") or self._ending, seconds)
            if not self._screen.is_reverse(f"[ {button} ]"):
                raise AssertionError(f"the button {button!r} takes no enter:\n{self._screen.text}")

    # What is done to it

    def press(self, *keys: str) -> None:
        """Send keys by name ("enter", "down", "ctrl+c", "escape", or the character itself)."""
        self.write("".join(self._key(key) for key in keys))

    def write(self, text: str | bytes) -> None:
        """Send text as if it were typed; bytes are sent as they are."""
        data = text.encode() if isinstance(text, str) else text
        while data:
            data = data[os.write(self._master, data) :]

    def resize(self, columns: int, rows: int) -> None:
        """Change the terminal's size; the program gets SIGWINCH from the kernel."""
        with self._news:
            self._screen.resize(columns, rows)
            self._set_size(columns, rows)

    @contextlib.contextmanager
    def unread(self) -> Iterator[None]:
        """Nobody reads the terminal: the program can write until the kernel's buffer is full."""
        self._reading = False
        self._wake()
        try:
            yield
        finally:
            self._reading = True
            self._wake()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the program alone."""
        self.process.send_signal(number)

    def hang_up(self) -> None:
        """Close the terminal under the program, as a lost connection does; nothing is seen afterwards."""
        self._stop_reader()
        os.close(self._master)
        self._hung_up = True

    def left(self, seconds: float = 10.0) -> Left:
        """Wait until the program has ended by itself, and look at what it left."""
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"after {seconds:g} s the program still runs:\n{self.text}") from None
        if self._hung_up:
            return Left(code, (), ())
        self._reader.join(seconds)
        if self._reader.is_alive():
            raise AssertionError("the program has ended, but a child of it still holds the terminal")
        # On Linux either side of a pty has the settings of both.
        return Left(code, self._screen.changed_modes, _changed(self._before, termios.tcgetattr(self._master)))

    # Inside

    def _key(self, key: str) -> str:
        if key in _ARROWS:
            return f"\x1b{'O' if self._screen.cursor_keys_of_applications else '['}{_ARROWS[key]}"
        if key in _KEYS:
            return _KEYS[key]
        if found := re.fullmatch(r"ctrl\+([a-z])", key):
            return chr(ord(found[1]) & 0x1F)
        if len(key) == 1:
            return key
        raise ValueError(f"no key is called {key!r}")

    def _set_size(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def _read(self) -> None:
        """The reader thread: until the last writer has closed the terminal, or the harness wants to end."""
        while not self._ending:
            ready, _, _ = select.select([self._wake_read, *([self._master] if self._reading else [])], [], [])
            if self._wake_read in ready:
                os.read(self._wake_read, 1)
                continue
            try:
                data = os.read(self._master, 65_536)
            except OSError:
                data = b""  # Linux says EIO when nobody has the other side open
            if not data:
                break
            with self._news:
                self.written += data
                answers = self._screen.feed(data)
                self._news.notify_all()
            if answers:
                with contextlib.suppress(OSError):
                    os.write(self._master, answers)
        with self._news:
            self._ending = True
            self._news.notify_all()

    def _wake(self) -> None:
        os.write(self._wake_write, b".")

    def _stop_reader(self) -> None:
        self._ending = True
        if self._reader.is_alive():
            self._wake()
            self._reader.join()


def _shows(what: str | re.Pattern[str] | Callable[[str], bool]) -> Callable[[str], bool]:
    if isinstance(what, str):
        return lambda text: what in text
    if isinstance(what, re.Pattern):
        return lambda text: what.search(text) is not None
    return what


def _changed(before: Sequence[object], after: Sequence[object]) -> tuple[str, ...]:
    """Names of the terminal's settings that differ."""
    flags = [name for name, old, new in zip(_FLAGS, before, after, strict=False) if old != new]
    return (*flags, *(["control characters"] if before[6] != after[6] else []))
