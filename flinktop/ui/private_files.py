"""Files that the monitor writes: readable only by the user who runs it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def private(path: str, flags: int) -> int:
    """An opener for `open`: a file that it creates is readable only by its owner."""
    return os.open(path, flags, 0o600)


def put_text(path: Path, text: str) -> None:
    """Replace a file, and create its directory where there is none.

    Raises:
        OSError: it can't be written; the old file is left as it is.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    waiting = path.with_name(f"{path.name}.new")
    # A leftover file may be readable by others.
    waiting.unlink(missing_ok=True)
    with open(waiting, "x", encoding="utf-8", opener=private) as file:
        file.write(text)
    waiting.replace(path)
