"""The log file: bounded, readable by its owner only, without credentials; never on the screen."""

import logging
import os
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from typing import TYPE_CHECKING, Final

from flinktop.model import redaction

if TYPE_CHECKING:
    from flinktop.settings import Paths

MOST_BYTES: Final = 1_000_000
FILES: Final = 2

_CONTROLS: Final = {code: "?" for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\n\t"}


def open_log(paths: "Paths", *, debug: bool) -> str | None:
    """Log flinktop's own lines (with `debug` also every request) and the libraries' warnings to the file.

    Returns a sentence for the user if the file can't be written: flinktop then runs without a log.
    """
    root = logging.getLogger()
    for handler in [h for h in root.handlers if isinstance(h, _LogFile | logging.NullHandler)]:
        root.removeHandler(handler)
        handler.close()
    logging.getLogger("flinktop").setLevel(logging.DEBUG if debug else logging.INFO)
    try:
        paths.log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        root.addHandler(_LogFile(paths.log))
    except OSError as error:
        # Without any handler the logging module would write warnings to stderr, over the screen.
        root.addHandler(logging.NullHandler())
        return f"the log {paths.log} can't be written ({error.strerror}): flinktop runs without one"
    return None


class _LogFile(RotatingFileHandler):
    """The log file and its predecessor, readable by their owner only."""

    def __init__(self, path: os.PathLike[str]) -> None:
        super().__init__(path, maxBytes=MOST_BYTES, backupCount=FILES - 1, encoding="utf-8", errors="replace")
        self.setFormatter(_Line("%(asctime)s %(levelname)s %(name)s: %(message)s"))

    def _open(self) -> TextIOWrapper:
        return open(self.baseFilename, "a", encoding=self.encoding, errors=self.errors, opener=_private)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 -- logging's name
        """Ignore write errors such as a full disk: else a traceback would be written over the screen."""


class _Line(logging.Formatter):
    """Formats a record without secrets and terminal control characters."""

    def format(self, record: logging.LogRecord) -> str:
        # No line should have a secret, but exceptions of libraries or servers may.
        return redaction.text(super().format(record)).translate(_CONTROLS)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
