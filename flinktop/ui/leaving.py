"""Exit in time: whatever hangs, the process ends soon after it was asked to, with the terminal restored.

A missing answer, a screen that does not close or a terminal that nobody reads must not keep flinktop from
exiting: once a key or a signal has asked for it, a thread makes sure of it. SIGTERM and SIGHUP would end a
Textual app without clean-up, and a handler on the loop never runs while the terminal stalls, so Python's
own handlers take them.

A terminal that goes away sends SIGHUP only to the leader of its session, often a shell or `su`, which may
ignore it. Textual notices nothing: one thread reads the end of the input again and again, another fails to
write, and the app blocks once the queue to that one is full. So a thread waits for the hang-up itself.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import select
import signal
import sys
import termios
import threading
import time
from typing import TYPE_CHECKING, Any, Protocol

from textual.drivers._writer_thread import WriterThread
from textual.drivers.linux_driver import LinuxDriver

from flinktop.internal_error import words_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from textual.app import App


log = logging.getLogger(__name__)

HUNG_UP = 128 + signal.SIGHUP
"""The exit code when the terminal is gone, with or without the signal."""
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


class Stoppable(Protocol):
    """An engine, or several."""

    def now(self) -> float: ...  # s
    def begin_to_stop(self) -> None: ...  # returns at once
    def stop(self, seconds: float = ..., /) -> None: ...


class Leaving:
    """Makes sure that a process that was asked to exit does: by itself, or else forced."""

    def __init__(self, port: Stoppable, close: Callable[[float], None] = lambda _seconds: None) -> None:
        """`port` is the engine, or all of them; `close` is called with its seconds once they have ended."""
        self._port = port
        self._close = close
        self._terminal = _terminal()
        self._before = termios.tcgetattr(self._terminal) if self._terminal is not None else None
        # Each is taken once: by a signal handler or one of two threads, whoever is first.
        self._begun = threading.Lock()
        self._hung_up = threading.Lock()
        self._requested_at: float | None = None
        self._unwritable: str | None = None
        self._left = threading.Event()
        # Whoever holds it ends the process. The app is unblocked while the terminal is being restored: it
        # must not run to its end before that is done.
        self._end = threading.Lock()
        self.end_commands: Callable[[], None] = lambda: None
        """Ends the commands of one's own that still run."""
        self.terminal_reset: Callable[[], str] = lambda: ""
        """What restores the terminal beyond `RESET`."""

    @property
    def has_begun(self) -> bool:
        """Whether it was asked to exit; for any thread."""
        return self._begun.locked()

    def begin(self, code: int) -> None:
        """Start to exit, with this code at the latest when the patience is over; only once."""
        if not self._begun.acquire(blocking=False):
            return
        self._requested_at = self._port.now()
        threading.Thread(target=self._ensure_exit, args=(code,), daemon=True).start()
        # Runs while the app closes its screens.
        self._port.begin_to_stop()

    def hang_up(self) -> None:
        """Start to exit because the terminal is gone; what is still written to it is discarded."""
        if self._hung_up.acquire(blocking=False):
            log.info("leaving: the terminal is gone")
            _discard_output()
            self.begin(HUNG_UP)

    def output_failed(self, error: BaseException) -> None:
        """Start to exit because the terminal, which is there, can't be written to."""
        self._unwritable = f"flinktop has ended: it could not write to the terminal ({words_of(error)})."
        self.begin(1)

    def code(self, usual: int) -> int:
        """The exit code of the process; `usual` unless the terminal is gone or unwritable."""
        if self._hung_up.locked():
            return HUNG_UP
        return usual if self._unwritable is None else 1

    @property
    def seconds_left(self) -> float:
        """Seconds that the engine has once the app has ended."""
        if self._requested_at is None:
            return ENGINE_SECONDS
        return max(ENGINE_SECONDS, self._requested_at + PATIENCE - self._port.now())

    def stop_engine(self) -> None:
        """End the engine once the app has ended, then what it has written to."""
        self.end_commands()
        self._port.stop(self.seconds_left)
        self._close(self.seconds_left)

    def done(self) -> None:
        """The app has ended; everything that remains has a time limit."""
        # An impatient ctrl+c must not interrupt what remains.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        self._left.set()
        self._end.acquire()
        if self._terminal is None:
            return
        if not os.isatty(self._terminal):
            _discard_output()
        elif self._unwritable is not None:
            # The app's own reset was lost as well.
            self._restore_terminal()

    def _restore_terminal(self) -> None:
        words = f"{self._unwritable}\n" if self._unwritable is not None else ""
        if self._terminal is not None and self._before is not None:
            _restore(self._terminal, self._before, f"{self.terminal_reset()}{words}")

    def _ensure_exit(self, code: int) -> None:
        if self._left.wait(PATIENCE) or not self._end.acquire(blocking=False):
            return
        try:
            log.warning("the app does not end by itself: leaving without it")
            self.end_commands()
            self._port.stop(ENGINE_SECONDS)
            self._close(ENGINE_SECONDS)
            logging.shutdown()
            self._restore_terminal()
        finally:
            os._exit(self.code(code))


@contextlib.contextmanager
def leave_on_signals(app: App[int], leaving: Leaving) -> Iterator[None]:
    """Make SIGTERM and SIGHUP exit the app."""

    def leave(number: int, _frame: FrameType | None) -> None:
        code = 128 + number
        log.info("leaving on signal %s", number)
        _ignore_stops()
        leaving.begin(code)
        _on_loop(app, app.exit, code)

    kept: list[tuple[signal.Signals, Any]] = [(number, signal.signal(number, leave)) for number in _SIGNALS]
    try:
        yield
    finally:
        leaving.done()
        for number, handler in kept:
            signal.signal(number, handler)


@contextlib.contextmanager
def leave_on_hang_up(app: App[int], leaving: Leaving) -> Iterator[None]:
    """Make a terminal that is gone or can't be written to exit the app, whether a signal comes or not."""
    watch = _TerminalWatch(app, leaving)
    others = threading.excepthook

    def thread_failed(what: threading.ExceptHookArgs) -> None:
        if isinstance(what.thread, WriterThread) and what.exc_value is not None:
            watch.writer_failed(what.thread, what.exc_value)
        else:
            others(what)

    threading.Thread(target=watch.wait_for_hang_up, name="flinktop-hang-up", daemon=True).start()
    threading.excepthook = thread_failed
    try:
        yield
    finally:
        threading.excepthook = others
        watch.end_input()


class _TerminalWatch:
    """Makes the app exit when its terminal is gone or can't be written to."""

    def __init__(self, app: App[int], leaving: Leaving) -> None:
        self._app = app
        self._leaving = leaving

    def wait_for_hang_up(self) -> None:
        """Wait until the terminal is gone, on a thread of its own, and exit."""
        if _hangs_up(None):
            self._hung_up()

    def writer_failed(self, writer: WriterThread, error: BaseException) -> None:
        """Exit because of an error of Textual's writer; on its thread, at its end."""
        if _hangs_up(0):
            self._hung_up()
        else:
            log.critical("leaving: the terminal can't be written to", exc_info=error)
            self._leaving.output_failed(error)
            _on_loop(self._app, self._exit)
        # The app blocks when nobody empties its queue; None is the end.
        while writer._queue.get() is not None:  # noqa: SLF001
            pass

    def end_input(self) -> None:
        """End Textual's input thread, and any that a SIGCONT would start: the process can't end before."""
        if (ended := getattr(self._app._driver, "exit_event", None)) is not None:  # noqa: SLF001
            ended.set()

    def _hung_up(self) -> None:
        self._leaving.hang_up()
        self.end_input()
        _on_loop(self._app, self._exit)

    def _exit(self) -> None:
        _ignore_stops()
        self._app.exit(self._leaving.code(HUNG_UP))


class RestartingDriver(LinuxDriver):
    """Textual's driver, with one thread that reads keys whatever SIGCONT comes.

    Textual takes each for the end of a ctrl+z, also one after a SIGSTOP or without any stop, and starts a
    thread. Of two, one would wait for ever for keys that the other has read, and the process could not end.
    """

    def resume_application_mode(self) -> None:
        if self._reads:
            # Not now: this may be a signal in the middle of a write, which would wait for itself.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._restart)
        else:
            super().resume_application_mode()

    @property
    def _reads(self) -> bool:
        return self._key_thread is not None and self._key_thread.is_alive()

    def _restart(self) -> None:
        """Take the terminal again as it is now, unless the app has been suspended or is exiting."""
        if self._reads:
            self.suspend_application_mode()
            super().resume_application_mode()


def flush_output(app: App[int]) -> None:
    """Flush what restores the terminal, when an error kept Textual from waiting for that."""
    writer = getattr(app._driver, "_writer_thread", None)  # noqa: SLF001 -- a thread that dies with the process
    if writer is not None:
        with contextlib.suppress(queue.Full):
            writer._queue.put_nowait(None)  # noqa: SLF001 -- its own end, without a limit to the waiting
        writer.join(PATIENCE)


def _on_loop(app: App[int], what: Callable[..., object], *args: object) -> None:
    """Have the app's loop call this, from any thread; nothing if it has ended."""
    if (loop := getattr(app, "_loop", None)) is not None:
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(what, *args)


def _ignore_stops() -> None:
    """Ignore what stops and continues flinktop; on the main thread.

    `kill` also continues a suspended flinktop, and a hang-up any: Textual would stop it again, or start anew.
    """
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    for stop in (signal.SIGTSTP, signal.SIGCONT):
        # Python complains of one that came already when there is no function for it any more.
        signal.signal(stop, lambda *_: None)


def _hangs_up(milliseconds: float | None) -> bool:
    """Whether Textual's input or output hangs up within this time, with None at any time.

    False at once where the system can't tell. A terminal that nobody reads has not hung up.
    """
    ends = select.poll()
    for stream in (sys.__stdin__, sys.__stderr__):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            if stream is not None:
                # Hang-ups and errors are reported unasked.
                ends.register(stream.fileno(), 0)
    return any(event & (select.POLLHUP | select.POLLERR) for _, event in ends.poll(milliseconds))


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


def _restore(terminal: int, before: list[Any], words: str) -> None:
    """Restore the terminal, and write these words to it, without waiting for anybody to read from it.

    Textual's writer hangs in a write, and the kernel lets nobody else write before that has ended: unread
    output is discarded, and output stopped and started to wake the writer, until the reset goes through.
    """
    with contextlib.suppress(OSError, termios.error):
        termios.tcsetattr(terminal, termios.TCSANOW, before)
    with contextlib.suppress(OSError, termios.error):
        door = os.open(os.ttyname(terminal), os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
        _discard_output()
        reset = f"{RESET}{words}".encode()
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
