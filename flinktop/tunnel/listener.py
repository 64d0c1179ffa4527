"""Ports of this machine: one that is free, and whose program takes the connections to one.

Between the moment in which a port is chosen and the one in which the command opens it, another program may
take it; what is meant for the cluster, such as a login, must not be sent there.
"""

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal, NamedTuple

LOOPBACK: Final = "127.0.0.1"
CONNECT_SECONDS: Final = 0.25
_LISTEN: Final = "0A"
# As /proc/net/tcp has them on little-endian machines; elsewhere it stays unknown who listens.
_TAKES: Final = (
    "0100007F",
    "00000000",
    "0000000000000000FFFF00000100007F",
    "00000000000000000000000000000000",
)
"""Addresses at which connections to 127.0.0.1 arrive, the one that gets them first."""

Whose = Literal["child", "user", "stranger", "unknown"]


class _Listener(NamedTuple):
    user: int
    inode: str


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on. Raises OSError if there is none."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def takes_connections(port: int) -> bool:
    """Whether a connection to this port of 127.0.0.1 succeeds."""
    try:
        with socket.create_connection((LOOPBACK, port), CONNECT_SECONDS):
            return True
    except OSError:
        return False


def whose(port: int, session: int, proc: Path = Path("/proc")) -> Whose:
    """Who listens on a port of 127.0.0.1.

    A process of this session, another one of this user or of root, or a stranger; unknown where the system
    does not tell it.
    """
    found = _listener(port, proc)
    if found is None:
        return "unknown"
    if any(f"socket:[{found.inode}]" in _open_files(process) for process in _members(session, proc)):
        return "child"
    return "user" if found.user in (os.geteuid(), 0) else "stranger"


def _listener(port: int, proc: Path) -> _Listener | None:
    found: dict[str, _Listener] = {}
    for name in ("tcp", "tcp6"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            for line in (proc / "net" / name).read_text().splitlines()[1:]:
                fields = line.split()
                address, _, number = fields[1].partition(":")
                if fields[3] == _LISTEN and int(number, 16) == port:
                    found[address] = _Listener(int(fields[7]), fields[9])
    return next((found[address] for address in _TAKES if address in found), None)


def _members(session: int, proc: Path) -> Iterator[Path]:
    for process in proc.glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            # The name before them may hold anything.
            fields = (process / "stat").read_text(errors="replace").rpartition(")")[2].split()
            if int(fields[3]) == session:
                yield process


def _open_files(process: Path) -> set[str]:
    found = set()
    with contextlib.suppress(OSError):
        for file in (process / "fd").iterdir():
            with contextlib.suppress(OSError):
                found.add(str(file.readlink()))
    return found
