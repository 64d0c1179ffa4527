"""Which flinktop an entry of a shared file belongs to, and whether it still runs."""

import os
import socket

from msgspec import Struct


class Owner(Struct, frozen=True):
    """One running flinktop."""

    machine: str
    pid: int
    token: str  # distinguishes it from an earlier process with the same pid

    @classmethod
    def here(cls) -> "Owner":
        return cls(socket.gethostname(), os.getpid(), os.urandom(4).hex())

    def __str__(self) -> str:
        return f"{self.machine}:{self.pid}:{self.token}"


def process_lives(pid: int) -> bool:
    """Whether a process with this pid runs on this machine."""
    try:
        os.kill(pid, 0)
    except OSError as error:
        return not isinstance(error, ProcessLookupError)
    return True
