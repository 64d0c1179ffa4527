"""Leaving when the system says so: the terminal is given back whatever state it is in.

SIGTERM and SIGHUP would end a Textual app with no clean-up. A handler on the loop never runs while the
terminal stalls, so Python's own signal handlers ask the app to leave, and a thread makes sure of it.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import termios
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from textual.app import App

    from flinktop.engine.host import Port

log = logging.getLogger(__name__)

PATIENCE = 2.0
"""Seconds the app has to leave by itself."""
RESET = (
    "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1015l"  # mouse
    "\x1b[?1004l\x1b[?2004l\x1b[?2048l"  # focus reports, bracketed paste, in-band resize
    "\x1b[<u\x1b[?7h\x1b[?1049l\x1b[?25h\x1b[0m"  # kitty keys, line wrap, main screen, cursor, colours
)
_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def leave_on_signals(app: App[int], port: Port) -> Iterator[None]:
    """Make SIGTERM and SIGHUP leave the app, and the process within a few seconds, terminal restored."""
    terminal = _terminal()
    before = termios.tcgetattr(terminal) if terminal is not None else None
    leaving = threading.Event()

    def make_sure(code: int) -> None:
        if leaving.wait(PATIENCE):
            return
        log.warning("the terminal does not let the app go: leaving without it")
        port.stop(1.0)
        logging.shutdown()
        if terminal is not None and before is not None:
            _restore(terminal, before)
        os._exit(code)

    def leave(number: int, _frame: FrameType | None) -> None:
        code = 128 + number
        log.info("leaving on signal %s", number)
        threading.Thread(target=make_sure, args=(code,), daemon=True).start()
        loop = getattr(app, "_loop", None)
        if loop is not None:
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(app.exit, code)

    kept: list[tuple[signal.Signals, Any]] = [(number, signal.signal(number, leave)) for number in _SIGNALS]
    try:
        yield
    finally:
        leaving.set()
        for number, handler in kept:
            signal.signal(number, handler)


def _terminal() -> int | None:
    for stream in (sys.__stdin__, sys.__stderr__, sys.__stdout__):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            if stream is not None and os.isatty(stream.fileno()):
                return stream.fileno()
    return None


def _restore(terminal: int, before: list[Any]) -> None:
    """Give the terminal back without waiting for anybody to read from it."""
    with contextlib.suppress(OSError, termios.error):
        termios.tcflush(terminal, termios.TCOFLUSH)
        termios.tcsetattr(terminal, termios.TCSANOW, before)
    with contextlib.suppress(OSError):
        os.set_blocking(terminal, False)
        os.write(terminal, RESET.encode())
        os.set_blocking(terminal, True)
