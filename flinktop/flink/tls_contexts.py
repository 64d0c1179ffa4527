"""TLS contexts that clients share: each takes 30 ms of CPU time and 1 MB."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from pathlib import Path

    from flinktop.flink.connection import Connection


class TlsContexts:
    """One context for all clusters with the same authorities and certificate. Used on one event loop only."""

    def __init__(self) -> None:
        self._made: dict[object, tuple[object, ssl.SSLContext]] = {}
        """By the names of files: the times at which they were changed, and the context."""

    def of(self, connection: Connection, make: Callable[[Connection], ssl.SSLContext]) -> ssl.SSLContext:
        """The context for a connection, made with `make` if there is none or one of its files has changed.

        Raises what `make` raises.
        """
        named = connection.ca, connection.cert, connection.key
        changed = tuple(map(_changed, named))
        key = (*named, connection.insecure)
        known = self._made.get(key)
        if known is None or known[0] != changed:
            known = self._made[key] = changed, make(connection)
        return known[1]


def _changed(path: Path | None) -> int:
    """When a file was changed (ns since 1970); 0 if there is none."""
    try:
        return path.stat().st_mtime_ns if path is not None else 0
    except OSError:
        return 0
