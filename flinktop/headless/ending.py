"""Ends a watcher in time: whatever hangs, the process has ended soon after a signal asked for it."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import threading
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

log = logging.getLogger(__name__)

SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
PATIENCE: Final = 2.2
"""Seconds after a signal in which the process may end by itself."""
LAST_SECONDS: Final = 0.3
"""Seconds after them for what must be written in any case."""


class Ending:
    """Takes signals, and makes sure that the process ends with exit code 0 after the first of them."""

    def __init__(self) -> None:
        self.last: Callable[[float], None] = lambda _seconds: None
        """What is done, within so many seconds, before a process that hangs is ended by force."""
        self._asked: str | None = None  # name of the first signal
        self._ask: Callable[[], object] = lambda: None

    @property
    def asked(self) -> str | None:
        """The signal that asked for the end, such as SIGTERM; None before it."""
        return self._asked

    def on_signal(self, ask: Callable[[], object]) -> None:
        """Call `ask` in the main thread at the first signal; at once if it has come already."""
        self._ask = ask
        if self._asked is not None:
            ask()

    @contextlib.contextmanager
    def signals(self) -> Iterator[None]:
        """Take the signals. One that is ignored, as by nohup, stays so; at the end none has an effect."""
        ours = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
        kept: list[tuple[signal.Signals, Any]] = [(one, signal.signal(one, self._take)) for one in ours]
        try:
            yield
        finally:
            for number, handler in kept:
                # What remains takes a moment: an impatient ctrl+c must not interrupt it.
                signal.signal(number, handler if self._asked is None else signal.SIG_IGN)

    def _take(self, number: int, _frame: FrameType | None) -> None:
        if self._asked is not None:
            return
        self._asked = signal.Signals(number).name
        threading.Thread(target=self._ensure, name="flinktop-ending", daemon=True).start()
        self._ask()

    def _ensure(self) -> None:
        # This thread lives until the process has ended, and runs also while the interpreter waits for others.
        threading.Event().wait(PATIENCE)
        last = threading.Thread(target=self._at_last, name="flinktop-last", daemon=True)
        try:
            last.start()
            last.join(LAST_SECONDS)
        finally:
            os._exit(0)

    def _at_last(self) -> None:
        self.last(LAST_SECONDS)
        log.warning("the watcher did not end by itself in %.1f s: it was ended by force", PATIENCE)
