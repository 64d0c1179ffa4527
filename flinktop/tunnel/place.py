"""Where a command takes connections: a port of this machine, or a unix socket that is its owner's alone."""

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from flinktop.tunnel import listener

PORT: Final = "{port}"
SOCKET: Final = "{socket}"
MOST_PATH: Final = 103
"""Bytes of a unix socket's path on macOS; Linux takes four more."""
_NAME: Final = "s"


class Place(NamedTuple):
    """A port of 127.0.0.1, or the path of a unix socket."""

    port: int = 0
    socket: str = ""

    def filled(self, word: str) -> str:
        """A word of the command with its place in it."""
        return word.replace(SOCKET, self.socket) if self.socket else word.replace(PORT, str(self.port))

    def takes_connections(self) -> bool:
        """Whether a connection to it succeeds."""
        if not self.socket:
            return listener.takes_connections(self.port)
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(listener.CONNECT_SECONDS)
            return probe.connect_ex(self.socket) == 0

    def whose(self, session: int) -> listener.Whose:
        """Who listens there: nobody else can create a socket in a directory of the owner's alone."""
        return "child" if self.socket else listener.whose(self.port, session)

    def remove_socket(self) -> None:
        """Remove what a command has left that was killed."""
        if self.socket:
            with contextlib.suppress(OSError):
                Path(self.socket).unlink()

    def remove(self) -> None:
        """Remove the socket and its directory."""
        if self.socket:
            self.remove_socket()
            with contextlib.suppress(OSError):
                Path(self.socket).parent.rmdir()

    @contextlib.contextmanager
    def cleared(self) -> Iterator[None]:
        """Remove the socket and its directory at the end."""
        try:
            yield
        finally:
            self.remove()


def private_socket() -> str:
    """The path for a unix socket, in a new directory that is the owner's alone. Raises OSError."""
    import tempfile  # noqa: PLC0415 -- the keeper, which starts quickly, needs none of it

    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    error: OSError | None = None
    for parent in filter(None, (runtime, tempfile.gettempdir(), "/tmp")):  # noqa: S108 -- mkdtemp is safe there
        try:
            directory = tempfile.mkdtemp(prefix="flinktop-", dir=parent)
        except OSError as failed:
            error = failed
            continue
        path = str(Path(directory, _NAME))
        if len(os.fsencode(path)) <= MOST_PATH:
            return path
        Path(directory).rmdir()
    raise error or OSError(f"the directory for a socket has a path of more than {MOST_PATH} bytes")
