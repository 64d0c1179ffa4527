"""Files that the monitor writes: for the eyes of whoever runs it alone."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def private(path: str, flags: int) -> int:
    """Open a file for `open`; one that is made by that is its owner's alone."""
    return os.open(path, flags, 0o600)


def put_text(path: Path, text: str) -> None:
    """Write a file anew, and its directory where there is none; what stood there before is gone.

    Raises:
        OSError: it can't be written; what stood there before is left as it is.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    waiting = path.with_name(f"{path.name}.new")
    # One that was left over may be readable for others.
    waiting.unlink(missing_ok=True)
    with open(waiting, "x", encoding="utf-8", opener=private) as file:
        file.write(text)
    waiting.replace(path)
