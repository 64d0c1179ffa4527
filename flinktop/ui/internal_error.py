"""What is said and logged when flinktop fails because of an error of its own."""

from __future__ import annotations

import logging
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from textual.worker import WorkerFailed

from flinktop.flink.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

log = logging.getLogger(__name__)

MOST_LETTERS = 200
"""Letters of an error's own words that are said; the log has them all."""


def report(error: BaseException, log_path: Path) -> str:
    """Write an error that nobody caught to the log, with its trace; the sentence that a person reads."""
    if isinstance(error, WorkerFailed):
        error = error.error
    log.critical("an error that nothing caught ends flinktop", exc_info=error)
    words = clean(f"{type(error).__name__}: {error}".removesuffix(": "))
    words = words if len(words) <= MOST_LETTERS else f"{words[:MOST_LETTERS]}…"
    where = f"The details are in {log_path}" if log_path.exists() else f"There is no log at {log_path}"
    return f"flinktop has ended because of an internal error ({' '.join(words.split())}). {where}."


@contextmanager
def threads_logged() -> Iterator[None]:
    """What a thread raises is logged and not written over the screen."""

    def logged(what: threading.ExceptHookArgs) -> None:
        name = what.thread.name if what.thread is not None else "?"
        log.critical("the thread %s ended by an error", name, exc_info=what.exc_value)

    before = threading.excepthook
    threading.excepthook = logged
    try:
        yield
    finally:
        threading.excepthook = before
