"""The ledger: what was asked of clusters, on disk before the request leaves, for every flinktop of this user.

One SQLite file, readable by its owner alone. It keeps SQLite's default rollback journal and full syncs: an
entry is on the disk when a call returns, also on a network file system, where WAL's shared memory does not
work; and an operation takes only a handful of writes.

An unfinished operation belongs to the flinktop that follows it: its row names the owner and when that last
gave a sign (`beat`). Another flinktop takes it over when the sign is LEASE_SECONDS old, or at once when
the owner's process is gone. Every write names the owner, so whoever has lost an operation can't write to it.

No credential is ever in it: addresses are kept without user and password, and acts without what looks like
a secret (acts/secrets.py); an argument of a program that gives no sign of being one is kept as it is.
"""

import os
import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import msgspec

from flinktop.engine.acts.act import Result
from flinktop.engine.operation import FINAL, Operation, State

VERSION = 1
"""Of the tables; kept in the file's user_version."""
KEPT = 10_000
"""Finished operations kept."""
LEASE_SECONDS = 30.0
"""So old may an owner's last sign be."""
BUSY_SECONDS = 3.0
"""How long a call waits for another flinktop's write."""
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
_COLUMNS = (
    "id", "cluster", "cluster_name", "kind", "act", "subject", "job", "by", "state", "planned", "sent",
    "ended", "trigger_id", "notes", "result", "reason", "owner", "beat",
)  # fmt: skip
_FINAL = ", ".join(f"'{state}'" for state in sorted(FINAL))
# What is put together here is names of ours; every value goes in by a parameter.
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM operations"  # noqa: S608 - see above
_INSERT = f"INSERT INTO operations ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608
_UPDATE = f"UPDATE operations SET {', '.join(f'{name} = ?' for name in _COLUMNS[1:])} WHERE id = ?"  # noqa: S608
_WAITING = f"state IN ('{State.SENT}', '{State.LOST}')"
_DROP_OLD = (
    f"DELETE FROM operations WHERE state IN ({_FINAL}) AND rowid NOT IN "  # noqa: S608
    f"(SELECT rowid FROM operations WHERE state IN ({_FINAL}) ORDER BY planned DESC LIMIT ?)"
)


class LedgerError(Exception):
    """The ledger can't be read or written; the message is the end of a sentence."""


@dataclass(frozen=True, slots=True)
class Owner:
    """One running flinktop."""

    machine: str
    pid: int
    token: str
    """Tells it from an earlier process with the same number."""

    @classmethod
    def here(cls) -> "Owner":
        """This process."""
        return cls(socket.gethostname(), os.getpid(), os.urandom(4).hex())

    def __str__(self) -> str:
        return f"{self.machine}:{self.pid}:{self.token}"


def process_lives(pid: int) -> bool:
    """Whether a process of this machine is there."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


class Ledger:
    """The file. A ledger is used by one thread, the one that first reads or writes it."""

    def __init__(
        self, path: Path, owner: Owner | None = None, lives: Callable[[int], bool] = process_lives
    ) -> None:
        """Nothing is opened before the first call.

        Args:
            path: the file; it and its directory are made for the first entry.
            owner: who writes; this process.
            lives: whether a process of this machine is there.
        """
        self.path = path
        self.owner = owner or Owner.here()
        self._lives = lives
        self._open: sqlite3.Connection | None = None
        self._seen: tuple[int, int] | None = None

    # -- reading ---------------------------------------------------------------------------------------

    def operations(self, most: int = 1000) -> tuple[Operation, ...]:
        """The newest operations of all clusters, newest first; none when there is no file yet.

        Raises:
            LedgerError: the file can't be read.
        """
        if self._nothing:
            return ()
        with self._at_work() as file:
            rows = file.execute(f"{_SELECT} ORDER BY planned DESC, rowid DESC LIMIT ?", (most,))
            return tuple(self._operation(row) for row in rows)

    def changed(self) -> bool:
        """Whether another flinktop has written since the last call.

        Raises:
            LedgerError: the file can't be read.
        """
        if self._nothing:
            return False
        with self._at_work() as file:
            (version,) = file.execute("PRAGMA data_version").fetchone()
        before, self._seen = self._seen, (id(self._open), version)
        return before != self._seen

    def claimed(self, job: str, apart_from: str) -> frozenset[str]:
        """Paths of savepoints of a job that other operations have made.

        Raises:
            LedgerError: the file can't be read.
        """
        if self._nothing:
            return frozenset()
        with self._at_work() as file:
            rows = file.execute("SELECT result FROM operations WHERE job = ? AND id != ?", (job, apart_from))
            paths = [_result(row[0]).savepoint for row in rows]
        return frozenset(path for path in paths if path is not None)

    # -- writing ---------------------------------------------------------------------------------------

    def add(self, operation: Operation, wall: float) -> None:
        """Write a new operation down; it is on the disk when this returns.

        Raises:
            LedgerError: it can't be written.
        """
        with self._at_work(make=True) as file, file:
            file.execute(_INSERT, (*_values(operation), str(self.owner), wall))

    def save(self, operation: Operation, wall: float, *, known: bool = False) -> bool:
        """Write how far an operation of ours has come; False when it is ours no more.

        Args:
            operation: as it is now.
            wall: this machine's time (s since 1970).
            known: the server has told how it is; whoever took it over meanwhile has but looked for signs.

        Raises:
            LedgerError: it can't be written.
        """
        owner = None if operation.state.final else str(self.owner)
        whose = f"(owner = ? OR {_WAITING})" if known else "owner = ?"
        with self._at_work() as file, file:
            written = file.execute(
                f"{_UPDATE} AND {whose}",
                (*_values(operation)[1:], owner, wall, operation.id, str(self.owner)),
            )
            if operation.state.final:
                file.execute(_DROP_OLD, (KEPT,))
            return written.rowcount == 1

    def beat(self, wall: float) -> None:
        """Give a sign of life for all operations of ours.

        Raises:
            LedgerError: it can't be written.
        """
        if self._open is not None:
            with self._at_work() as file, file:
                file.execute("UPDATE operations SET beat = ? WHERE owner = ?", (wall, str(self.owner)))

    def take_over(self, cluster: str, wall: float) -> tuple[Operation, ...]:
        """Unfinished operations of a cluster that nobody follows, ours from now on.

        Raises:
            LedgerError: the file can't be read or written.
        """
        if self._nothing:
            return ()
        taken = []
        with self._at_work() as file:
            rows = file.execute(
                f"{_SELECT} WHERE cluster = ? AND state NOT IN ({_FINAL})", (cluster,)
            ).fetchall()
            for row in rows:
                owner, beat = row[-2], row[-1]
                ours = self._operation((*row[:-2], str(self.owner), wall))
                if ours.act is None or owner == str(self.owner) or not self._free(owner, beat, wall):
                    continue
                # Two may see the same lapsed lease: only one finds the row as both have read it.
                with file:
                    mine = file.execute(
                        "UPDATE operations SET owner = ?, beat = ? WHERE id = ? AND owner IS ? AND beat = ?",
                        (str(self.owner), wall, row[0], owner, beat),
                    )
                if mine.rowcount == 1:
                    taken.append(ours)
        return tuple(taken)

    def let_go(self) -> None:
        """Leave what is unfinished to others, who need not wait for the lease to lapse.

        Raises:
            LedgerError: it can't be written.
        """
        if self._open is not None:
            with self._at_work() as file, file:
                file.execute("UPDATE operations SET owner = NULL WHERE owner = ?", (str(self.owner),))

    def close(self) -> None:
        """Close the file."""
        if self._open is not None:
            self._open.close()
            self._open = None

    @property
    def _nothing(self) -> bool:
        """Nobody has written anything yet."""
        return self._open is None and not self.path.exists()

    # -- the file --------------------------------------------------------------------------------------

    @contextmanager
    def _at_work(self, *, make: bool = False) -> Iterator[sqlite3.Connection]:
        """The open file; what goes wrong with it becomes a LedgerError."""
        try:
            if self._open is None:
                self._open = self._opened(make=make)
            yield self._open
        except sqlite3.Error as error:
            raise LedgerError(f"the ledger {self.path} can't be used: {error}") from error
        except OSError as error:
            raise LedgerError(f"the ledger {self.path} can't be used: {error.strerror}") from error

    def _opened(self, *, make: bool) -> sqlite3.Connection:
        if make:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # Before SQLite makes it: it would ask the umask, and its journal copies the file's mode.
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
        address = f"{self.path.absolute().as_uri()}?mode=rw"
        # Immediate: a write that begins by reading is refused at once, instead of waiting for another's.
        file = sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS, isolation_level="IMMEDIATE")
        try:
            made = self._version(file) == VERSION or self._make_tables(file)
        except BaseException:
            file.close()
            raise
        if not made:
            file.close()
            raise LedgerError(f"the ledger {self.path} was written by a newer flinktop")
        return file

    def _make_tables(self, file: sqlite3.Connection) -> bool:
        """Make the tables of a new file; False when it is a newer flinktop's."""
        try:
            file.execute("BEGIN EXCLUSIVE")
            # Another flinktop may have been faster.
            if self._version(file) == 0:
                for statement in _TABLES.split(";"):
                    file.execute(statement)
                file.execute(f"PRAGMA user_version = {VERSION}")
            file.execute("COMMIT")
        finally:
            if file.in_transaction:
                file.execute("ROLLBACK")
        return self._version(file) == VERSION

    @staticmethod
    def _version(file: sqlite3.Connection) -> int:
        return int(file.execute("PRAGMA user_version").fetchone()[0])

    def _free(self, owner: str | None, beat: float, wall: float) -> bool:
        # A clock that was set back must not make a lease last for ever.
        if owner is None or not 0 <= wall - beat <= LEASE_SECONDS:
            return True
        machine, _, rest = owner.partition(":")
        pid = rest.partition(":")[0]
        return machine == self.owner.machine and pid.isdigit() and not self._lives(int(pid))

    def _operation(self, row: tuple[Any, ...]) -> Operation:
        # All acts: whoever only watches does not wait for them at the start.
        from flinktop.engine.acts.kinds import from_json  # noqa: PLC0415 - see above

        told = dict(zip(_COLUMNS, row, strict=True))
        return Operation(
            id=told["id"],
            cluster=told["cluster"],
            cluster_name=told["cluster_name"],
            kind=told["kind"],
            act=from_json(told["kind"], told["act"]),
            subject=told["subject"],
            job=told["job"],
            by=told["by"],
            state=State(told["state"]),
            planned=told["planned"],
            sent=told["sent"],
            ended=told["ended"],
            trigger=told["trigger_id"],
            notes=msgspec.json.decode(told["notes"]),
            result=_result(told["result"]),
            reason=told["reason"],
            ours=told["owner"] == str(self.owner),
        )


def _values(operation: Operation) -> tuple[Any, ...]:
    """The columns of an operation but for owner and sign of life."""
    from flinktop.engine.acts.kinds import as_json  # noqa: PLC0415 - as in `_operation`

    return (
        operation.id,
        operation.cluster,
        operation.cluster_name,
        operation.kind,
        as_json(operation.act) if operation.act is not None else "{}",
        operation.subject,
        operation.job,
        operation.by,
        str(operation.state),
        operation.planned,
        operation.sent,
        operation.ended,
        operation.trigger,
        msgspec.json.encode(operation.notes).decode(),
        msgspec.json.encode(asdict(operation.result)).decode(),
        operation.reason,
    )


def _result(text: str) -> Result:
    return msgspec.json.decode(text, type=Result)
