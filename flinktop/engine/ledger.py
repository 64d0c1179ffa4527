"""The ledger: every operation, on disk before its request is sent, shared by all flinktops of this user.

One SQLite file, readable by its owner alone. It keeps SQLite's default rollback journal and full syncs: an
entry is on the disk when a call returns, also on a network file system, where WAL's shared memory does not
work; and an operation takes only a handful of writes.

An unfinished operation belongs to the flinktop that follows it: its row has the owner and the time of the
owner's last heartbeat (`beat`). Another flinktop takes it over when the heartbeat is LEASE_SECONDS old, or at
once when the owner's process has ended. Every write checks the owner, so a flinktop that has lost an
operation can't write to it.

It contains no credentials: addresses are stored without user and password, and acts without what looks like
a secret (model/redaction.py). Program arguments that do not look like secrets are stored unchanged.
"""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from flinktop.engine.kept_file import FileKind, KeptFile, KeptFileError
from flinktop.engine.ledger_rows import COLUMNS, operation_of, result_of, values
from flinktop.engine.operation import FINAL, Operation, State
from flinktop.engine.owner import Owner, process_lives
from flinktop.flink.connection import cluster_key

__all__ = ["Ledger", "LedgerError", "Owner", "process_lives"]

T = TypeVar("T")

KEPT = 10_000  # finished operations kept
LEASE_SECONDS = 30.0  # maximum age of an owner's last heartbeat
_FINAL = ", ".join(f"'{state}'" for state in sorted(FINAL - {State.UNKNOWN}))
# Only names of ours are formatted into these statements; every value is a parameter.
_CLUSTER = COLUMNS.index("cluster")
_SELECT = f"SELECT {', '.join(COLUMNS)}, rowid FROM operations"  # noqa: S608 - see above
_INSERT = f"INSERT INTO operations ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"  # noqa: S608
_INSERT_IF_NONE = _INSERT.replace("INSERT", "INSERT OR IGNORE", 1)
_UPDATE = f"UPDATE operations SET {', '.join(f'{name} = ?' for name in COLUMNS[1:])} WHERE id = ?"  # noqa: S608
_WAITING = f"state IN ('{State.SENT}', '{State.LOST}')"
_DROP_OLD = (
    f"DELETE FROM operations WHERE state IN ({_FINAL}) AND rowid NOT IN "  # noqa: S608
    f"(SELECT rowid FROM operations WHERE state IN ({_FINAL}) ORDER BY planned DESC LIMIT ?)"
)


class LedgerError(KeptFileError):
    """The ledger can't be read or written; the message is the end of a sentence."""


LEDGER = FileKind(
    what="ledger",
    error=LedgerError,
    version=1,
    tables="""
CREATE TABLE operations (
    id TEXT PRIMARY KEY, cluster TEXT NOT NULL, cluster_name TEXT NOT NULL, kind TEXT NOT NULL,
    act TEXT NOT NULL, subject TEXT NOT NULL, job TEXT, by TEXT NOT NULL, state TEXT NOT NULL,
    planned REAL NOT NULL, sent REAL, ended REAL, trigger_id TEXT, notes TEXT NOT NULL, result TEXT NOT NULL,
    reason TEXT NOT NULL, owner TEXT, beat REAL NOT NULL
);
CREATE INDEX operations_planned ON operations (planned);
CREATE INDEX operations_job ON operations (job);
""",
    columns={"operations": frozenset(COLUMNS)},
)


class Ledger:
    """The ledger, used by one thread; reading and writing raise LedgerError when the file can't be used.

    Several engines of one thread may share it: then it is read once for all of them.
    """

    def __init__(
        self, path: Path, owner: Owner | None = None, lives: Callable[[int], bool] = process_lives
    ) -> None:
        """The file is opened by the first call; it and its directory are created for the first entry.

        `owner` is this process by default; `lives` tells whether a pid runs on this machine.
        """
        self.path = path
        self.owner = owner or Owner.here()
        self._lives = lives
        self._file = KeptFile(path, LEDGER, self._copy_followed)
        self._followed: dict[str, tuple[Operation, float]] = {}
        """Our unfinished operations with the time of their last write: a new file gets them too."""
        self._seen: dict[object, object] = {}  # what each reader has seen: openings and versions
        self._users = 0
        self._writes = 0
        self._newest: tuple[object, int, tuple[Operation, ...]] | None = None
        """What `operations` has returned last, of which version and for how many."""

    def begin_to_use(self) -> None:
        """Note that one more engine uses it; without that it has one user."""
        self._users += 1

    @property
    def is_shared(self) -> bool:
        return self._users > 1

    def take_notices(self) -> tuple[str, ...]:
        """Messages about the file for the user, in sentences; each once."""
        notices, self._file.notices = self._file.notices, ()
        return notices

    # -- reading ---------------------------------------------------------------------------------------

    def operations(self, most: int = 1000) -> tuple[Operation, ...]:
        """The newest operations of all clusters, newest first; empty when there is no file yet."""
        if self._is_empty:
            return ()
        version = self._version() if self.is_shared else None
        if version is not None and self._newest is not None and self._newest[:2] == (version, most):
            return self._newest[2]
        newest = f"{_SELECT} ORDER BY planned DESC, rowid DESC LIMIT ?"
        rows = self._work(lambda file: file.execute(newest, (most,)).fetchall())
        found = tuple(operation_of(row[:-1], row[-1], str(self.owner)) for row in rows)
        self._newest = (version, most, found) if version is not None else None
        return found

    def changed(self, reader: object = None) -> bool:
        """Whether another flinktop, or another engine that shares this, has written since the last call.

        `reader` is who asks: each is told once.
        """
        if self._is_empty:
            return False
        version = self._version()
        before, self._seen[reader] = self._seen.get(reader), version
        return before != version

    def _version(self) -> object:
        """A value that changes with what others write; of a shared one also with what is written here."""
        version = self._work(lambda file: file.execute("PRAGMA data_version").fetchone()[0])
        return self._file.openings, version, self._writes if self.is_shared else 0

    def claimed(self, job: str, apart_from: str) -> frozenset[str]:
        """Paths of savepoints of a job that belong to other operations."""
        if self._is_empty:
            return frozenset()
        others = "SELECT result FROM operations WHERE job = ? AND id != ?"
        rows = self._work(lambda file: file.execute(others, (job, apart_from)).fetchall())
        made = (result_of(row[0]).savepoint for row in rows)
        return frozenset(path for path in made if path is not None)

    # -- writing ---------------------------------------------------------------------------------------

    def add(self, operation: Operation, wall: float) -> None:
        """Insert a new operation; it is on the disk when this returns."""
        self._write(_INSERT, *values(operation), str(self.owner), wall, make=True)
        self._writes += 1
        self._update_followed(operation, wall)

    def save(self, operation: Operation, wall: float, *, known: bool = False) -> bool:
        """Update an operation of ours; False when it no longer is ours.

        `known`: the server has answered; then this also overwrites a new owner that still waits for signs.
        """
        owner = None if operation.state.final else str(self.owner)
        whose = f"(owner = ? OR {_WAITING})" if known else "owner = ?"

        def write(file: sqlite3.Connection) -> bool:
            with file:
                written = file.execute(
                    f"{_UPDATE} AND {whose}",
                    (*values(operation)[1:], owner, wall, operation.id, str(self.owner)),
                )
                if operation.state.final:
                    file.execute(_DROP_OLD, (KEPT,))
            return written.rowcount == 1

        self._writes += 1
        if not self._work(write):
            self._followed.pop(operation.id, None)
            return False
        self._update_followed(operation, wall)
        return True

    def heartbeat(self, wall: float) -> None:
        """Renew the lease of all operations of ours."""
        if self._file.connection is not None:
            self._write("UPDATE operations SET beat = ? WHERE owner = ?", wall, str(self.owner))

    def take_over(self, cluster: str, wall: float) -> tuple[Operation, ...]:
        """Take over the unfinished operations of a cluster that nobody follows."""
        if self._is_empty:
            return ()
        taken = self._work(lambda file: self._take(file, cluster, wall))
        for operation in taken:
            self._update_followed(operation, wall)
        return taken

    def _take(self, file: sqlite3.Connection, cluster: str, wall: float) -> tuple[Operation, ...]:
        taken = []
        key = cluster_key(cluster)
        rows = file.execute(f"{_SELECT} WHERE state NOT IN ({_FINAL})")
        for row in rows.fetchall():
            # One cluster has several addresses: localhost and 127.0.0.1, with and without a slash.
            if cluster_key(str(row[_CLUSTER])) != key:
                continue
            owner, beat, number = row[-3:]
            ours = operation_of((*row[:-3], str(self.owner), wall), number, str(self.owner))
            # A row that can't be read completely, or is of a newer flinktop, can't be followed.
            if ours.state.final or ours.act is None:
                continue
            if owner == str(self.owner) or not self._is_abandoned(owner, beat, wall):
                continue
            # Two may see the same expired lease: only one of them finds the row unchanged.
            with file:
                mine = file.execute(
                    "UPDATE operations SET owner = ?, beat = ? WHERE rowid = ? AND owner IS ? AND beat IS ?",
                    (str(self.owner), wall, number, owner, beat),
                )
            if mine.rowcount == 1:
                taken.append(ours)
        return tuple(taken)

    def release(self) -> None:
        """Give up unfinished operations, so that others need not wait for the lease to expire.

        Of a shared one the last user does that.
        """
        if self.is_shared:
            return
        if self._file.connection is not None:
            self._write("UPDATE operations SET owner = NULL WHERE owner = ?", str(self.owner))
        self._followed.clear()

    def close(self, reader: object = None) -> None:
        """Close the file; a shared one is closed when its last user does."""
        self._seen.pop(reader, None)
        self._users = max(0, self._users - 1)
        if self._users == 0:
            self._file.close()

    # -- the file --------------------------------------------------------------------------------------

    @property
    def _is_empty(self) -> bool:
        return self._file.absent and not self._followed

    def _work(self, do: Callable[[sqlite3.Connection], T], *, make: bool = False) -> T:
        return self._file.work(do, make=make or bool(self._followed))

    def _write(self, statement: str, *given: object, make: bool = False) -> None:
        def write(file: sqlite3.Connection) -> None:
            with file:
                file.execute(statement, given)

        self._work(write, make=make)

    def _update_followed(self, operation: Operation, wall: float) -> None:
        if operation.state.final:
            self._followed.pop(operation.id, None)
        else:
            self._followed[operation.id] = (operation, wall)

    def _copy_followed(self, file: sqlite3.Connection) -> None:
        """Copy the operations followed here into a newly opened file: it may have replaced the old one."""
        if self._followed:
            with file:
                for operation, wall in self._followed.values():
                    file.execute(_INSERT_IF_NONE, (*values(operation), str(self.owner), wall))

    def _is_abandoned(self, owner: object, beat: object, wall: float) -> bool:
        # A clock that was set back, or a malformed row, must not make a lease last for ever.
        if not isinstance(owner, str) or not isinstance(beat, int | float):
            return True
        if not 0 <= wall - beat <= LEASE_SECONDS:
            return True
        machine, _, rest = owner.partition(":")
        pid = rest.partition(":")[0]
        return machine == self.owner.machine and pid.isdigit() and not self._lives(int(pid))
