"""Ledgers of tests are closed."""

import contextlib
import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def _ledgers_are_closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Close at a test's end the ledgers that it has left open, as the end of a flinktop does.

    From Python 3.13 on one that is dropped open is a warning, in whatever test it is collected. Other tests
    make none by hand: there that warning says that flinktop has left one open.
    """
    opened: list[sqlite3.Connection] = []
    connect = sqlite3.connect

    def noted(*given: Any, **named: Any) -> sqlite3.Connection:
        opened.append(connect(*given, **named))
        return opened[-1]

    monkeypatch.setattr(sqlite3, "connect", noted)
    yield
    for connection in opened:
        # Another thread's is that thread's to close.
        with contextlib.suppress(sqlite3.ProgrammingError):
            connection.close()
