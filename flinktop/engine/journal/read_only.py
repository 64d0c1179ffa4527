"""Reads what is kept in a journal's file without writing to it: for commands that look once and end."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Final

from flinktop.engine.journal.reading import read_kept
from flinktop.engine.journal.tables import JOURNAL, JournalError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

BUSY_SECONDS: Final = 0.5
"""How long a flinktop that writes is waited for."""


def read_kept_only(path: Path, name: str, clusters: Iterable[str]) -> dict[str, dict[str, bytes]]:
    """The small values that are kept under a name, by cluster; {} if there is no file.

    Blocks, for BUSY_SECONDS and the time that the disk takes. Raises JournalError with the end of a sentence.
    """
    if not path.exists() or not path.stat().st_size:
        return {}
    try:
        with closing(
            sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_SECONDS)
        ) as file:
            version = file.execute("PRAGMA user_version").fetchone()[0]
            if version != JOURNAL.version:
                raise JournalError("it is of another version of flinktop")
            return {cluster: read_kept(file, name, cluster) for cluster in clusters}
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise JournalError(str(error)) from error
