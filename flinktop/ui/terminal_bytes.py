"""What the terminal's encoding lacks: bytes that it sends, and foreign letters to be written."""

from __future__ import annotations

import codecs
import contextlib
import sys
from io import TextIOWrapper
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.drivers import linux_driver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_NAME = "flinktop.cells"


def accept_any_bytes() -> None:
    """Decode bytes that are not UTF-8 as replacement characters.

    They would end the thread that reads Textual's keys: no key would work then, not even ctrl+c.
    """

    def tolerant(encoding: str) -> Callable[[], codecs.IncrementalDecoder]:
        return lambda: codecs.getincrementaldecoder(encoding)("replace")

    # The driver makes its decoder itself, by this name.
    setattr(linux_driver, "getincrementaldecoder", tolerant)  # noqa: B010 -- not exported by that module


def question_marks(error: UnicodeError) -> tuple[str, int]:
    """Replaces characters that can't be encoded, for `codecs`."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "?" * cell_len(error.object[error.start : error.end]), error.end


@contextlib.contextmanager
def keep_columns() -> Iterator[None]:
    """Keep the columns of what Textual writes; Python's own escapes of six letters would move the rest."""
    written = sys.__stderr__
    if not isinstance(written, TextIOWrapper):
        yield
        return
    codecs.register_error(_NAME, question_marks)
    before = written.errors or "strict"
    written.reconfigure(errors=_NAME)
    try:
        yield
    finally:
        written.reconfigure(errors=before)
