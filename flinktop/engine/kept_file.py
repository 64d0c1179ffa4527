"""A small SQLite file of flinktop's state: created when missing, renamed and replaced when it is damaged.

SQLite's own locks make it safe for several flinktops. A file that is no database, is damaged, or is another
program's is renamed, so that nothing is lost, and a new one is created. A file that is locked or can't be
read is left as it is; what is done with one of a newer flinktop depends on its kind.
"""

import logging
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from msgspec import Struct

from flinktop.engine.clock import Clock

log = logging.getLogger(__name__)
T = TypeVar("T")

BUSY_SECONDS = 3.0  # how long a call waits for another flinktop's write
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_COMPANIONS = ("-journal", "-wal", "-shm")
"""Suffixes of SQLite's files next to the file; if left there, they would be used with a new file."""
_REOPEN = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN)
"""After these the file is opened anew: a connection to a read-only file stays read-only."""
_OF_VALUES = (
    sqlite3.ProgrammingError,
    sqlite3.InterfaceError,
    sqlite3.IntegrityError,
    sqlite3.DataError,
    ValueError,
    TypeError,
    OverflowError,
)
_SMALLEST = 512  # bytes: no SQLite database is smaller
_TRIES = 3


class KeptFileError(Exception):
    """The file can't be read or written; the message is the end of a sentence."""

    @property
    def is_full(self) -> bool:
        """Whether the disk, or the file by its own bound, is full."""
        return self._code == sqlite3.SQLITE_FULL

    @property
    def is_locked(self) -> bool:
        """Whether somebody else uses the file."""
        return self._code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)

    @property
    def is_of_values(self) -> bool:
        """Whether it is because of what was to be written, and not of the file."""
        return isinstance(self.__cause__, _OF_VALUES)

    @property
    def _code(self) -> int | None:
        code = getattr(self.__cause__, "sqlite_errorcode", None)
        return None if code is None else code & 0xFF


class _Damaged(Exception):  # noqa: N818 - the name says what happened
    """The file is not what it should be; the text says why."""


class _Newer(_Damaged):
    """The file is of a newer flinktop."""


class FileKind(Struct, frozen=True):
    """What is kept in a file, and how it is called in messages."""

    what: str  # "ledger"
    error: type[KeptFileError]  # what is raised
    version: int  # of the tables; kept in the file's user_version
    tables: str  # the statements that create them
    columns: Mapping[str, frozenset[str]]  # by table: what it must have
    settings: tuple[str, ...] = ()  # statements for an empty file before it gets its tables
    replaces_newer: bool = False  # whether a newer flinktop's file is renamed when this one wants to write
    most_renamed: int | None = None  # so many renamed files are kept, the newest; None: all


class KeptFile:
    """The SQLite file, used by one thread at a time."""

    def __init__(
        self,
        path: Path,
        kind: FileKind,
        opened: Callable[[sqlite3.Connection], None],
        clock: Clock | None = None,
    ) -> None:
        """The file is opened by the first call; `opened` is called with each connection."""
        self.path = path
        self.kind = kind
        self.connection: sqlite3.Connection | None = None
        self.openings = 0  # times a file was opened
        self.notices: tuple[str, ...] = ()  # messages for the user, in sentences
        self._when_opened = opened
        self._clock = clock or Clock()
        self._identity: tuple[int, int] | None = None
        self._replaced_newer = False

    @property
    def absent(self) -> bool:
        self._close_if_replaced()
        return self.connection is None and not self.path.exists()

    def work(self, do: Callable[[sqlite3.Connection], T], *, make: bool = False) -> T:
        """Call `do` with the connection, again with a new file when it is damaged. Raises the kind's error.

        `make`: create the file when it is missing.
        """
        error_of, name = self.kind.error, f"the {self.kind.what} {self.path}"
        for attempt in range(_TRIES):
            try:
                return do(self._opened(make=make or attempt > 0))
            except _Newer as error:
                # Once: a newer flinktop that runs at the same time would do the same to ours.
                if not make or not self.kind.replaces_newer or self._replaced_newer:
                    raise error_of(f"{name} {error}") from None
                self._replaced_newer = True
                self._rename(str(error), "newer")
            except _Damaged as error:
                self._rename(f"is damaged ({error})", "damaged")
            except UnicodeDecodeError:
                # Rows are decoded leniently: these bytes are in the schema.
                self._rename("is damaged (its tables have odd names)", "damaged")
            except sqlite3.Error as error:
                if not self._is_damage(error):
                    raise error_of(f"{name} can't be used: {error}") from error
                self._rename(f"is damaged ({error})", "damaged")
            except OSError as error:
                raise error_of(f"{name} can't be used: {error.strerror}") from error
            except (ValueError, TypeError, OverflowError) as error:
                log.exception("the %s can't be written", self.kind.what)
                raise error_of(f"{name} can't be written: {error}") from error
        raise error_of(f"{name} can't be used: it is damaged again and again")

    def _is_damage(self, error: sqlite3.Error) -> bool:
        """Whether an error says that the file is damaged; closes the file if it is to be opened anew."""
        code = getattr(error, "sqlite_errorcode", None)
        if code is None:
            return False
        if code & 0xFF in _REOPEN:
            self.close()
        return code & 0xFF in _DAMAGE

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
            file = sqlite3.connect(
                address,
                uri=True,
                timeout=BUSY_SECONDS,
                isolation_level="IMMEDIATE",
                check_same_thread=False,
            )
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
        """Check that it is a file of this kind; initialize an empty file. Raises _Damaged."""
        kind = self.kind
        if _version(file) == 0:
            _make_tables(file, kind)
        version = _version(file)
        if version > kind.version:
            raise _Newer("was written by a newer flinktop")
        if version != kind.version or any(
            not columns.issubset(row[1] for row in file.execute(f"PRAGMA table_info({table})"))
            for table, columns in kind.columns.items()
        ):
            raise _Damaged(f"it is not a {kind.what} of flinktop")

    # -- damage ----------------------------------------------------------------------------------------

    def _rename(self, why: str, mark: str) -> None:
        """Rename the file, unless another flinktop has already done so; `mark` becomes part of its name."""
        self.close()
        try:
            with self._rename_lock():
                if self._identity is None or self._identity_now() != self._identity:
                    return
                moved = self._other_name(mark)
                # Companion files first: a remaining journal would be replayed into the new file.
                for end in _COMPANIONS:
                    with suppress(FileNotFoundError):
                        Path(f"{self.path}{end}").rename(f"{moved}{end}")
                self.path.rename(moved)
                self._remove_renamed()
        except (OSError, sqlite3.Error) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise self.kind.error(
                f"the {self.kind.what} {self.path} {why} and can't be renamed: {reason}"
            ) from error
        notice = f"The {self.kind.what} {self.path} {why}. It is kept as {moved.name}; a new one is begun."
        self.notices = (*self.notices, notice)

    def _other_name(self, mark: str) -> Path:
        when = datetime.fromtimestamp(self._clock.wall(), UTC).strftime("%Y%m%d-%H%M%S")
        name = f"{self.path.stem}.{mark}-{when}"
        number, moved = 1, self.path.with_name(f"{name}{self.path.suffix}")
        while moved.exists():
            number += 1
            moved = self.path.with_name(f"{name}-{number}{self.path.suffix}")
        return moved

    def _remove_renamed(self) -> None:
        """Remove the oldest renamed files: a disk that damages every file must not be filled by them."""
        if self.kind.most_renamed is None:
            return
        pattern = f"{self.path.stem}.*-*{self.path.suffix}"
        renamed = sorted(self.path.parent.glob(pattern), key=lambda one: one.stat().st_mtime)
        for old in renamed[: -self.kind.most_renamed]:
            for end in ("", *_COMPANIONS):
                Path(f"{old}{end}").unlink(missing_ok=True)

    @contextmanager
    def _rename_lock(self) -> Iterator[None]:
        """Keep others from renaming at the same time: the lock on a permanent empty file."""
        lock_path = self.path.with_name(f"{self.path.name}.lock")
        os.close(os.open(lock_path, os.O_CREAT | os.O_RDWR, 0o600))
        with closing(sqlite3.connect(lock_path, timeout=BUSY_SECONDS, isolation_level=None)) as lock:
            lock.execute("BEGIN EXCLUSIVE")
            yield
            lock.execute("ROLLBACK")


def require_whole(file: sqlite3.Connection) -> None:
    """Look through the whole file; to be called by `KeptFile.work`, which replaces a damaged one."""
    (found,) = file.execute("PRAGMA integrity_check(1)").fetchone()
    if found != "ok":
        raise _Damaged(str(found).splitlines()[-1])


def _version(file: sqlite3.Connection) -> int:
    return int(file.execute("PRAGMA user_version").fetchone()[0])


def _make_tables(file: sqlite3.Connection, kind: FileKind) -> None:
    """Create the tables of a new file. Raises _Damaged if it has another program's."""
    for setting in kind.settings:
        file.execute(setting)
    try:
        file.execute("BEGIN EXCLUSIVE")
        # Another flinktop may have been faster.
        if _version(file) == 0:
            if file.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                raise _Damaged("it is another program's database")
            for statement in kind.tables.split(";"):
                file.execute(statement)
            file.execute(f"PRAGMA user_version = {kind.version}")
        file.execute("COMMIT")
    finally:
        if file.in_transaction:
            file.execute("ROLLBACK")
