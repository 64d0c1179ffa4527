"""Leases: of several flinktops with one journal, which one does what only one should do.

A lease is a row with its owner and a number that the owner counts up. It is taken over when the number has
stood still for LEASE_SECONDS, or at once when the owner's process has ended. No time of day is compared, so
a clock that jumps changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from flinktop.engine.owner import Owner, process_lives

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

BEAT_SECONDS: Final = 2.0
"""How often the owner counts up, and others look."""
LEASE_SECONDS: Final = 10.0
"""How long a lease lasts whose owner does nothing."""
_SURE_SECONDS: Final = LEASE_SECONDS - BEAT_SECONDS
"""How long an owner that could not count up believes that it has the lease."""


class _Lease(Struct):
    """What is known of one lease here."""

    renewed: float | None = None  # when this process counted up last, monotonic s
    owner: str = ""
    beat: int = -1
    since: float = 0.0  # since when owner and beat are these, monotonic s


class Leases:
    """The leases that this process wants. `lives` tells whether a pid runs on this machine."""

    def __init__(self, owner: Owner | None = None, lives: Callable[[int], bool] = process_lives) -> None:
        self._owner = owner or Owner.here()
        self._lives = lives
        self._wanted: dict[str, _Lease] = {}

    def __bool__(self) -> bool:
        return bool(self._wanted)

    def want(self, name: str) -> bool:
        """Ask for a lease from now on; whether it was not asked for before."""
        new = name not in self._wanted
        if new:
            self._wanted[name] = _Lease()
        return new

    def held(self, name: str, now: float) -> bool:
        """Whether this process holds a lease. `now` in monotonic s."""
        lease = self._wanted.get(name)
        return lease is not None and lease.renewed is not None and now - lease.renewed < _SURE_SECONDS

    def beat(self, file: sqlite3.Connection, now: float) -> None:
        """Renew the leases of this process, and take those that nobody holds, in a transaction."""
        for name, lease in list(self._wanted.items()):
            row = file.execute("SELECT owner, beat FROM leases WHERE name = ?", (name,)).fetchone()
            if row is not None and row[0] != str(self._owner) and not self._is_abandoned(lease, row, now):
                lease.renewed = None
                continue
            file.execute(
                "INSERT INTO leases VALUES (?, ?, 1) "
                "ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, beat = beat + 1",
                (name, str(self._owner)),
            )
            lease.owner, lease.renewed = str(self._owner), now

    def hold_without_file(self, now: float) -> None:
        """Decide who holds the leases while the file can't be written.

        It is this process, unless another's that held the lease still runs: nobody may miss a call.
        """
        for lease in list(self._wanted.values()):
            theirs = lease.owner not in ("", str(self._owner))
            lease.renewed = None if theirs and self._runs_here(lease.owner) else now

    def release(self, file: sqlite3.Connection) -> None:
        """Give up all leases of this process, in a transaction."""
        file.execute("DELETE FROM leases WHERE owner = ?", (str(self._owner),))
        self._wanted.clear()

    def _is_abandoned(self, lease: _Lease, row: tuple[object, object], now: float) -> bool:
        owner, beat = row
        if not isinstance(owner, str) or not isinstance(beat, int):
            return True
        if (owner, beat) != (lease.owner, lease.beat):
            lease.owner, lease.beat, lease.since = owner, beat, now
        return self._has_ended(owner) or now - lease.since >= LEASE_SECONDS

    def _has_ended(self, owner: str) -> bool:
        pid = self._pid_here(owner)
        return pid is not None and not self._lives(pid)

    def _runs_here(self, owner: str) -> bool:
        pid = self._pid_here(owner)
        return pid is not None and self._lives(pid)

    def _pid_here(self, owner: str) -> int | None:
        """The pid of an owner on this machine; None of another machine."""
        machine, _, rest = owner.rpartition(":")[0].rpartition(":")
        return int(rest) if machine == self._owner.machine and rest.isdigit() else None
