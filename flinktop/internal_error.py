"""Messages and logging for internal errors of flinktop."""

import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from flinktop.flink.text import clean
from flinktop.model import redaction

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

log = logging.getLogger(__name__)

MOST_LETTERS: Final = 200  # maximum characters of an error's text in a message; the log has all


def words_of(error: BaseException) -> str:
    """Type and text of an error, on one shortened line."""
    try:
        words = clean(redaction.text(f"{type(error).__name__}: {error}".removesuffix(": ")))
    except Exception:  # noqa: BLE001 -- str() of an error may fail
        words = type(error).__name__
    words = words if len(words) <= MOST_LETTERS else f"{words[:MOST_LETTERS]}…"
    return " ".join(words.split())


def report(error: BaseException, log_path: Path) -> str:
    """Log an uncaught error with its traceback; returns the sentence for the user."""
    log.critical("an error that nothing caught ends flinktop", exc_info=error)
    where = f"The details are in {log_path}" if log_path.exists() else f"There is no log at {log_path}"
    return f"flinktop has ended because of an internal error ({words_of(error)}). {where}."


@contextmanager
def strays_logged() -> Iterator[None]:
    """Log exceptions of threads and destructors instead of writing them over the screen."""

    def of_a_thread(what: threading.ExceptHookArgs) -> None:
        name = what.thread.name if what.thread is not None else "?"
        log.critical("the thread %s ended by an error", name, exc_info=what.exc_value)

    def of_nobody(what: "UnraisableHookArgs") -> None:
        log.error("%s", what.err_msg or "an error was ignored", exc_info=what.exc_value)

    before = threading.excepthook, sys.unraisablehook
    threading.excepthook, sys.unraisablehook = of_a_thread, of_nobody
    try:
        yield
    finally:
        threading.excepthook, sys.unraisablehook = before
