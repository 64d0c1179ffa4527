"""Foreign text that the terminal's encoding lacks: written as `?`, one for each cell that it takes."""

from __future__ import annotations

import codecs
import contextlib
import sys
from io import TextIOWrapper
from typing import TYPE_CHECKING

from rich.cells import cell_len

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAME = "flinktop.cells"


def question_marks(error: UnicodeError) -> tuple[str, int]:
    """What stands for characters that can't be written, for `codecs`."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "?" * cell_len(error.object[error.start : error.end]), error.end


@contextlib.contextmanager
def keep_the_cells() -> Iterator[None]:
    """Have what Textual writes keep its place; Python's own escapes of six letters would move the rest."""
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
