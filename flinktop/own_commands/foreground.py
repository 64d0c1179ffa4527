"""Runs a program in the foreground of the terminal, as a shell does: ctrl+c and ctrl+z are the program's."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import termios
import threading
from typing import TYPE_CHECKING, Any, Final

from flinktop.own_commands.child import Child, NotStarted, start

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

_PAUSE: Final = 0.05
"""Seconds between two looks at the program."""
_GRACE: Final = 0.3
"""Seconds that it has after a hang-up, before it is killed."""


def run_in_foreground(
    words: Sequence[str], environ: Mapping[str, str], is_leaving: Callable[[], bool], reset: str
) -> int:
    """Run a program in the terminal to its end, and return its exit code; below 0: minus the signal.

    On the main thread. When flinktop is leaving, it and its group get a hang-up and are killed a moment
    later. `reset` is written to the terminal at the end: what undoes the modes that the program may have
    left. A program that stops (ctrl+z) stops flinktop as well, and goes on with it.
    Raises NotStarted.
    """
    terminal = 0
    try:
        before = termios.tcgetattr(terminal)
    except termios.error:
        raise NotStarted("The terminal is gone: no command can be run in it.") from None
    with _no_interrupts():
        try:
            child = start(words, environ, foreground=True)
            return _waited_for(child, terminal, before, is_leaving)
        finally:
            _take(terminal)
            with contextlib.suppress(termios.error):
                termios.tcsetattr(terminal, termios.TCSANOW, before)
                # What was typed for the program must not act on flinktop.
                termios.tcflush(terminal, termios.TCIFLUSH)
            _write(terminal, reset)


def wait_for_enter(sentence: str, is_leaving: Callable[[], bool]) -> None:
    """Show a sentence in the terminal until enter is pressed, or flinktop is leaving."""
    terminal = 0
    ready = select.poll()
    ready.register(terminal, select.POLLIN)
    _write(terminal, f"\r\n{sentence} ")
    with _no_interrupts() as interrupted:
        while not is_leaving() and not interrupted.is_set():
            if not ready.poll(_PAUSE * 1000):
                continue
            with contextlib.suppress(OSError):
                if os.read(terminal, 4096):
                    return
            # The terminal is gone, which is for others to notice.
            threading.Event().wait(_PAUSE)


def _waited_for(child: Child, terminal: int, before: list[Any], is_leaving: Callable[[], bool]) -> int:
    pause, hung_up = threading.Event(), 0.0
    while not child.has_ended:
        if is_leaving():
            if not hung_up:
                child.signal(signal.SIGHUP)
                child.signal(signal.SIGCONT)
            elif hung_up > _GRACE:
                child.signal(signal.SIGKILL)
            hung_up += _PAUSE
        elif _is_stopped(child):
            _stop_as_well(child, terminal, before, is_leaving)
        pause.wait(_PAUSE)
    # What it leaves in the background gets the hang-up, as from a shell that ends.
    child.signal(signal.SIGHUP)
    return child.process.wait()


def _is_stopped(child: Child) -> bool:
    try:
        return os.waitid(os.P_PID, child.pid, os.WSTOPPED | os.WNOHANG) is not None
    except ChildProcessError:
        return False


def _stop_as_well(child: Child, terminal: int, before: list[Any], is_leaving: Callable[[], bool]) -> None:
    """Stop flinktop until it is continued; nothing where no shell could continue it."""
    its: list[Any] | None = None
    with contextlib.suppress(termios.error):
        its = termios.tcgetattr(terminal)
    _take(terminal)
    with contextlib.suppress(termios.error):
        termios.tcsetattr(terminal, termios.TCSANOW, before)
    stops = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGTSTP)
    # The kernel ignores it in a group that no shell watches; else flinktop was continued: by `fg`, or by
    # `bg`, which leaves the terminal to others.
    while _is_in_background(terminal) and not is_leaving():
        os.kill(os.getpid(), signal.SIGTSTP)
    signal.signal(signal.SIGTSTP, stops)
    with contextlib.suppress(OSError):
        _give(terminal, child.pid)
    if its is not None:
        with contextlib.suppress(termios.error), _no_stops():
            termios.tcsetattr(terminal, termios.TCSANOW, its)
    child.signal(signal.SIGCONT)


def _is_in_background(terminal: int) -> bool:
    try:
        return os.tcgetpgrp(terminal) != os.getpgrp()
    except OSError:
        return False


def _take(terminal: int) -> None:
    """Make flinktop's group the one in the foreground again."""
    with contextlib.suppress(OSError):
        _give(terminal, os.getpgrp())


def _give(terminal: int, group: int) -> None:
    with _no_stops():
        os.tcsetpgrp(terminal, group)


@contextlib.contextmanager
def _no_stops() -> Iterator[None]:
    """A process in the background that touches the terminal is stopped, unless it blocks the signal."""
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)


@contextlib.contextmanager
def _no_interrupts() -> Iterator[threading.Event]:
    """Take what interrupts and quits for nothing but an event: the terminal is not in its raw mode now."""
    interrupted = threading.Event()
    numbers = (signal.SIGINT, signal.SIGQUIT)
    # A handler, not SIG_IGN, which a program would inherit.
    kept = [(number, signal.signal(number, lambda *_: interrupted.set())) for number in numbers]
    try:
        yield interrupted
    finally:
        for number, handler in kept:
            signal.signal(number, handler)


def _write(terminal: int, text: str) -> None:
    data = text.encode()
    with contextlib.suppress(OSError):
        while data:
            data = data[os.write(terminal, data) :]
