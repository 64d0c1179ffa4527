"""The journal's tables, and a journal that is in memory only."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from typing import TYPE_CHECKING, Final, TypeVar

from flinktop.engine.kept_file import FileKind, KeptFileError
from flinktop.judgement.patterns import matches

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class JournalError(KeptFileError):
    """The journal can't be read or written; the message is the end of a sentence."""


# What is asked for by column is a column; the rest of an event is in its body, as JSON.
JOURNAL: Final = FileKind(
    what="journal",
    error=JournalError,
    version=1,
    # Else a file never shrinks, unless it is written anew as a whole.
    settings=("PRAGMA page_size = 4096", "PRAGMA auto_vacuum = INCREMENTAL"),
    tables="""
CREATE TABLE clusters (
    number INTEGER PRIMARY KEY, address TEXT NOT NULL UNIQUE, name TEXT NOT NULL, looked REAL
);
CREATE TABLE jobs (
    number INTEGER PRIMARY KEY, cluster INTEGER NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL,
    UNIQUE (cluster, id)
);
CREATE TABLE events (
    number INTEGER PRIMARY KEY AUTOINCREMENT, cluster INTEGER NOT NULL, job INTEGER NOT NULL,
    kind TEXT NOT NULL, at REAL NOT NULL, last REAL NOT NULL, count INTEGER NOT NULL, repeats INTEGER,
    floor REAL, words TEXT NOT NULL, vertex_name TEXT NOT NULL, details TEXT NOT NULL, body BLOB NOT NULL,
    stack INTEGER, size INTEGER NOT NULL
);
CREATE INDEX events_last ON events (last);
CREATE INDEX events_cluster ON events (cluster, last);
CREATE INDEX events_job ON events (job, at);
CREATE INDEX events_repeats ON events (repeats) WHERE repeats IS NOT NULL;
CREATE INDEX events_stack ON events (stack) WHERE stack IS NOT NULL;
CREATE TABLE marks (mark INTEGER PRIMARY KEY, event INTEGER NOT NULL, at REAL NOT NULL);
CREATE INDEX marks_event ON marks (event, at);
CREATE TABLE stacks (number INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, text BLOB NOT NULL);
CREATE TABLE known (job INTEGER PRIMARY KEY, seen REAL NOT NULL, body BLOB NOT NULL);
CREATE TABLE kept (
    name TEXT NOT NULL, cluster INTEGER NOT NULL, key TEXT NOT NULL, at REAL NOT NULL, value BLOB NOT NULL,
    PRIMARY KEY (name, cluster, key)
);
CREATE TABLE leases (name TEXT PRIMARY KEY, owner TEXT NOT NULL, beat INTEGER NOT NULL);
CREATE TABLE changes (number INTEGER NOT NULL);
INSERT INTO changes VALUES (0);
""",
    columns={
        "clusters": frozenset({"number", "address", "name", "looked"}),
        "jobs": frozenset({"number", "cluster", "id", "name"}),
        "events": frozenset(
            {"number", "cluster", "job", "kind", "at", "last", "count", "repeats", "floor", "words"}
            | {"vertex_name", "details", "body", "stack", "size"}
        ),
        "marks": frozenset({"mark", "event", "at"}),
        "stacks": frozenset({"number", "hash", "text"}),
        "known": frozenset({"job", "seen", "body"}),
        "kept": frozenset({"name", "cluster", "key", "at", "value"}),
        "leases": frozenset({"name", "owner", "beat"}),
        "changes": frozenset({"number"}),
    },
    replaces_newer=True,
    most_renamed=3,
)
SYNCED: Final = "FULL"
"""SQLite's `synchronous` of what must survive a power cut."""
FIRST_IN_MEMORY: Final = 1 << 40
"""Numbers of events that are in memory only begin here: none of a file is that high."""


def prepare(file: sqlite3.Connection, most_pages: int) -> None:
    """Prepare a connection to the journal's tables: its functions, and the most pages it may have."""
    file.create_function("matches", 2, _matches, deterministic=True)
    file.create_function("holds", -1, _holds, deterministic=True)
    file.execute(f"PRAGMA max_page_count = {most_pages:d}")
    synced(file)


def synced(file: sqlite3.Connection) -> None:
    """Let each transaction be on the disk when it ends."""
    file.execute(f"PRAGMA synchronous = {SYNCED}")


class InMemory:
    """The journal's tables in memory: what KeptFile is for a file."""

    openings = 1
    notices = ()
    absent = False

    def __init__(self, opened: Callable[[sqlite3.Connection], None]) -> None:
        self.connection = sqlite3.connect(":memory:", isolation_level="IMMEDIATE", check_same_thread=False)
        for statement in JOURNAL.settings:
            self.connection.execute(statement)
        self.connection.executescript(JOURNAL.tables)
        self.connection.execute("INSERT INTO sqlite_sequence VALUES ('events', ?)", (FIRST_IN_MEMORY,))
        self.connection.commit()
        opened(self.connection)

    def work(self, do: Callable[[sqlite3.Connection], T], *, make: bool = False) -> T:  # noqa: ARG002 - as KeptFile's
        """Call `do` with the connection. Raises JournalError."""
        try:
            return do(self.connection)
        except (sqlite3.Error, ValueError, TypeError, OverflowError) as error:
            raise JournalError(f"the journal in memory can't be used: {error}") from error

    def close(self) -> None:
        with suppress(sqlite3.Error):
            self.connection.close()


def _matches(name: object, pattern: object) -> bool:
    return matches(str(name), (str(pattern),))


def _holds(text: object, *cells: object) -> bool:
    """Whether one of the cells contains the text, which is in small letters."""
    return any(str(text) in str(cell).casefold() for cell in cells)
