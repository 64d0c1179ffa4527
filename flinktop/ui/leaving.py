"""Exit in time: whatever hangs, the process ends soon after it was asked to, with the terminal restored.

A missing answer, a screen that does not close or a terminal that nobody reads must not keep flinktop from
exiting: once a key or a signal has asked for it, a thread makes sure of it. SIGTERM and SIGHUP would end a
Textual app without clean-up, and a handler on the loop never runs while the terminal stalls, so Python's
own handlers take them.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import signal
import sys
import termios
import threading
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from textual.app import App

    from flinktop.engine.host import Port

log = logging.getLogger(__name__)

PATIENCE = 1.0
"""Seconds that the app has to exit by itself."""
ENGINE_SECONDS = 0.5
"""Least seconds that the engine has to write its ledger, and the journal what waits."""
TRIES = 25
"""How often the reset is written to the terminal."""
PAUSE = 0.02
"""Seconds between two tries."""
READ_SECONDS = 0.3
"""Seconds that the terminal has to read the reset: a busy one needs some time."""
RESET = (
    "\x1b\\\x1b[?2026l"  # the string and the frame that were cut short
    "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1015l\x1b[?1016l"  # mouse
    "\x1b[?1004l\x1b[?2004l\x1b[?2048l"  # focus reports, bracketed paste, in-band resize
    "\x1b[<u\x1b[?7h\x1b[?1049l\x1b[?25h\x1b[0m"  # kitty keys, line wrap, main screen, cursor, colours
)
_SIGNALS = (signal.SIGTERM, signal.SIGHUP)
_STOPS = (signal.SIGTSTP, signal.SIGCONT, signal.SIGTTOU)


class Leaving:
    """Makes sure that a process that was asked to exit does: by itself, or else forced."""

    def __init__(self, port: Port, close: Callable[[float], None] = lambda _seconds: None) -> None:
        """`close` is called with its seconds once the engine has ended."""
        self._port = port
        self._close = close
        self._terminal = _terminal()
        self._before = termios.tcgetattr(self._terminal) if self._terminal is not None else None
        self._requested_at: float | None = None
        self._left = threading.Event()
        # Whoever holds it ends the process. The app is unblocked while the terminal is being restored: it
        # must not run to its end before that is done.
        self._end = threading.Lock()
        self.terminal_reset: Callable[[], str] = lambda: ""
        """What restores the terminal beyond `RESET`."""

    def begin(self, code: int) -> None:
        """Start to exit, with this code at the latest when the patience is over; only once."""
        if self._requested_at is not None:
            return
        self._requested_at = self._port.now()
        threading.Thread(target=self._ensure_exit, args=(code,), daemon=True).start()
        # Runs while the app closes its screens.
        self._port.begin_to_stop()

    @property
    def seconds_left(self) -> float:
        """Seconds that the engine has once the app has ended."""
        if self._requested_at is None:
            return ENGINE_SECONDS
        return max(ENGINE_SECONDS, self._requested_at + PATIENCE - self._port.now())

    def stop_engine(self) -> None:
        """End the engine once the app has ended, then what it has written to."""
        self._port.stop(self.seconds_left)
        self._close(self.seconds_left)

    def done(self) -> None:
        """The app has ended; everything that remains has a time limit."""
        # An impatient ctrl+c must not interrupt what remains.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        self._left.set()
        self._end.acquire()
        if self._terminal is not None and not os.isatty(self._terminal):
            _discard_output()

    def _ensure_exit(self, code: int) -> None:
        if self._left.wait(PATIENCE) or not self._end.acquire(blocking=False):
            return
        try:
            log.warning("the app does not end by itself: leaving without it")
            self._port.stop(ENGINE_SECONDS)
            self._close(ENGINE_SECONDS)
            logging.shutdown()
            if self._terminal is not None and self._before is not None:
                _restore(self._terminal, self._before, f"{RESET}{self.terminal_reset()}".encode())
        finally:
            os._exit(code)


@contextlib.contextmanager
def leave_on_signals(app: App[int], leaving: Leaving) -> Iterator[None]:
    """Make SIGTERM and SIGHUP exit the app."""

    def leave(number: int, _frame: FrameType | None) -> None:
        code = 128 + number
        log.info("leaving on signal %s", number)
        for stop in _STOPS:
            # `kill` also continues a suspended flinktop: Textual would stop it again at once.
            signal.signal(stop, signal.SIG_IGN)
        leaving.begin(code)
        if (loop := getattr(app, "_loop", None)) is not None:
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(app.exit, code)

    kept: list[tuple[signal.Signals, Any]] = [(number, signal.signal(number, leave)) for number in _SIGNALS]
    try:
        yield
    finally:
        leaving.done()
        for number, handler in kept:
            signal.signal(number, handler)


def flush_output(app: App[int]) -> None:
    """Flush what restores the terminal, when an error kept Textual from waiting for that."""
    writer = getattr(app._driver, "_writer_thread", None)  # noqa: SLF001 -- a thread that dies with the process
    if writer is not None:
        with contextlib.suppress(queue.Full):
            writer._queue.put_nowait(None)  # noqa: SLF001 -- its own end, without a limit to the waiting
        writer.join(PATIENCE)


def _terminal() -> int | None:
    for stream in (sys.__stdin__, sys.__stderr__, sys.__stdout__):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            if stream is not None and os.isatty(stream.fileno()):
                return stream.fileno()
    return None


def _discard_output() -> None:
    """Discard all further output: nobody is there, or nobody reads."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)


def _restore(terminal: int, before: list[Any], reset: bytes) -> None:
    """Restore the terminal without waiting for anybody to read from it.

    Textual's writer hangs in a write, and the kernel lets nobody else write before that has ended: unread
    output is discarded, and output stopped and started to wake the writer, until the reset goes through.
    """
    with contextlib.suppress(OSError, termios.error):
        termios.tcsetattr(terminal, termios.TCSANOW, before)
    with contextlib.suppress(OSError, termios.error):
        door = os.open(os.ttyname(terminal), os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
        _discard_output()
        for _ in range(TRIES):
            termios.tcflush(door, termios.TCOFLUSH)
            termios.tcflow(door, termios.TCOOFF)
            termios.tcflow(door, termios.TCOON)
            written = 0
            with contextlib.suppress(BlockingIOError):
                written = os.write(door, reset)
            if written == len(reset):
                # The end of a session leader hangs up its terminal: what was not read by then is lost.
                time.sleep(READ_SECONDS)
                break
            time.sleep(PAUSE)
