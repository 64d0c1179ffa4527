"""The ledger's SQLite file: created when missing, renamed and replaced when it is damaged.

SQLite's own locks make it safe for several flinktops. A file that is no database, is damaged, or is another
program's is renamed, so that nothing is lost, and a new one is created. A file that is locked, can't be
read, or was written by a newer flinktop is left as it is.
"""

import logging
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from flinktop.engine.clock import Clock
from flinktop.engine.ledger_rows import COLUMNS

log = logging.getLogger(__name__)
T = TypeVar("T")

VERSION = 1  # of the tables; kept in the file's user_version
BUSY_SECONDS = 3.0  # how long a call waits for another flinktop's write
_TABLES = """
CREATE TABLE operations (
    id TEXT PRIMARY KEY, cluster TEXT NOT NULL, cluster_name TEXT NOT NULL, kind TEXT NOT NULL,
    act TEXT NOT NULL, subject TEXT NOT NULL, job TEXT, by TEXT NOT NULL, state TEXT NOT NULL,
    planned REAL NOT NULL, sent REAL, ended REAL, trigger_id TEXT, notes TEXT NOT NULL, result TEXT NOT NULL,
    reason TEXT NOT NULL, owner TEXT, beat REAL NOT NULL
);
CREATE INDEX operations_planned ON operations (planned);
CREATE INDEX operations_job ON operations (job);
"""
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_COMPANIONS = ("-journal", "-wal", "-shm")
"""Suffixes of SQLite's files next to the ledger; if left there, they would be used with a new ledger."""
_SMALLEST = 512  # bytes: no SQLite database is smaller
_TRIES = 3


class LedgerError(Exception):
    """The ledger can't be read or written; the message is the end of a sentence."""


class _Damaged(Exception):  # noqa: N818 - the name says what happened
    """The file is no ledger; the text says why."""


class LedgerFile:
    """The SQLite file, used by one thread."""

    def __init__(
        self, path: Path, opened: Callable[[sqlite3.Connection], None], clock: Clock | None = None
    ) -> None:
        """The file is opened by the first call; `opened` is called with each connection."""
        self.path = path
        self.connection: sqlite3.Connection | None = None
        self.openings = 0  # times a file was opened
        self.notices: tuple[str, ...] = ()  # messages for the user, in sentences
        self._when_opened = opened
        self._clock = clock or Clock()
        self._identity: tuple[int, int] | None = None

    @property
    def absent(self) -> bool:
        self._close_if_replaced()
        return self.connection is None and not self.path.exists()

    def work(self, do: Callable[[sqlite3.Connection], T], *, make: bool = False) -> T:
        """Call `do` with the connection, again with a new file when it is damaged. Raises LedgerError."""
        for attempt in range(_TRIES):
            try:
                return do(self._opened(make=make or attempt > 0))
            except _Damaged as error:
                self._rename_damaged(str(error))
            except UnicodeDecodeError:
                # Rows are decoded leniently: these bytes are in the schema.
                self._rename_damaged("its tables have odd names")
            except sqlite3.Error as error:
                code = getattr(error, "sqlite_errorcode", None)
                if code is None or code & 0xFF not in _DAMAGE:
                    raise LedgerError(f"the ledger {self.path} can't be used: {error}") from error
                self._rename_damaged(str(error))
            except OSError as error:
                raise LedgerError(f"the ledger {self.path} can't be used: {error.strerror}") from error
            except (ValueError, TypeError, OverflowError) as error:
                log.exception("the ledger can't be written")
                raise LedgerError(f"the ledger {self.path} can't be written: {error}") from error
        raise LedgerError(f"the ledger {self.path} can't be used: it is damaged again and again")

    def close(self) -> None:
        if self.connection is not None:
            with suppress(sqlite3.Error):
                self.connection.close()
            self.connection = None

    # -- opening ---------------------------------------------------------------------------------------

    def _opened(self, *, make: bool) -> sqlite3.Connection:
        self._close_if_replaced()
        if self.connection is None:
            if make:
                self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                # Not left to SQLite, which would apply the umask; its journal copies the file's mode.
                os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
            self._identity = self._identity_now()
            if 0 < self.path.stat().st_size < _SMALLEST:
                # SQLite would treat it as empty and overwrite it.
                raise _Damaged("file is not a database")
            address = f"{self.path.absolute().as_uri()}?mode=rw"
            # Immediate: else a write that begins by reading fails at once instead of waiting for another's.
            file = sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS, isolation_level="IMMEDIATE")
            # One malformed character must not make all rows unreadable.
            file.text_factory = lambda raw: raw.decode("utf-8", "replace")
            try:
                self._check(file)
                self._when_opened(file)
            except BaseException:
                file.close()
                raise
            self.connection = file
            self.openings += 1
        return self.connection

    def _identity_now(self) -> tuple[int, int] | None:
        with suppress(FileNotFoundError):
            there = self.path.stat()
            return there.st_dev, there.st_ino
        return None

    def _close_if_replaced(self) -> None:
        """Close the file if another flinktop has renamed it or somebody has deleted it."""
        if self.connection is not None and self._identity_now() != self._identity:
            self.close()

    def _check(self, file: sqlite3.Connection) -> None:
        """Check that it is a ledger; initialize an empty file. Raises _Damaged, or LedgerError if newer."""
        if _version(file) == 0:
            _make_tables(file)
        version = _version(file)
        if version > VERSION:
            raise LedgerError(f"the ledger {self.path} was written by a newer flinktop")
        columns = {row[1] for row in file.execute("PRAGMA table_info(operations)")}
        if version != VERSION or not columns.issuperset(COLUMNS):
            raise _Damaged("it is not a ledger of flinktop")

    # -- damage ----------------------------------------------------------------------------------------

    def _rename_damaged(self, why: str) -> None:
        """Rename the damaged file, unless another flinktop has already done so."""
        self.close()
        try:
            with self._rename_lock():
                if self._identity is None or self._identity_now() != self._identity:
                    return
                moved = self._damaged_name()
                # Companion files first: a remaining journal would be replayed into the new file.
                for end in _COMPANIONS:
                    with suppress(FileNotFoundError):
                        Path(f"{self.path}{end}").rename(f"{moved}{end}")
                self.path.rename(moved)
        except (OSError, sqlite3.Error) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise LedgerError(
                f"the ledger {self.path} is damaged ({why}) and can't be renamed: {reason}"
            ) from error
        notice = f"The ledger {self.path} is damaged ({why}). It is kept as {moved.name}; a new one is begun."
        self.notices = (*self.notices, notice)

    def _damaged_name(self) -> Path:
        when = datetime.fromtimestamp(self._clock.wall(), UTC).strftime("%Y%m%d-%H%M%S")
        name = f"{self.path.stem}.damaged-{when}"
        number, moved = 1, self.path.with_name(f"{name}{self.path.suffix}")
        while moved.exists():
            number += 1
            moved = self.path.with_name(f"{name}-{number}{self.path.suffix}")
        return moved

    @contextmanager
    def _rename_lock(self) -> Iterator[None]:
        """Keep others from renaming at the same time: the lock on a permanent empty file."""
        lock_path = self.path.with_name(f"{self.path.name}.lock")
        os.close(os.open(lock_path, os.O_CREAT | os.O_RDWR, 0o600))
        with closing(sqlite3.connect(lock_path, timeout=BUSY_SECONDS, isolation_level=None)) as lock:
            lock.execute("BEGIN EXCLUSIVE")
            yield
            lock.execute("ROLLBACK")


def _version(file: sqlite3.Connection) -> int:
    return int(file.execute("PRAGMA user_version").fetchone()[0])


def _make_tables(file: sqlite3.Connection) -> None:
    """Create the tables of a new file. Raises _Damaged if it has another program's."""
    try:
        file.execute("BEGIN EXCLUSIVE")
        # Another flinktop may have been faster.
        if _version(file) == 0:
            if file.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                raise _Damaged("it is another program's database")
            for statement in _TABLES.split(";"):
                file.execute(statement)
            file.execute(f"PRAGMA user_version = {VERSION}")
        file.execute("COMMIT")
    finally:
        if file.in_transaction:
            file.execute("ROLLBACK")
