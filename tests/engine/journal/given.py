"""Events and journals for tests."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from flinktop.engine.journal.event import Event, EventKind, KnownJob
from flinktop.engine.journal.journal import Journal
from tests.manual_clock import ManualClock

CLUSTER = "http://prod:8081"
JOB = "a" * 32
NOW = 1_700_000_000_000.0
"""What the manual clock says, ms."""
MINUTE = 60_000.0


def event(number: int = 1, **given: Any) -> Event:
    """An event: the number tells it from others, and is the minutes after NOW at which it happened."""
    usual: dict[str, Any] = {
        "at": NOW + number * MINUTE,
        "cluster": CLUSTER,
        "cluster_name": "prod",
        "kind": EventKind.JOB_STATE,
        "words": f"RUNNING for the time number {number}",
        "key": f"state {number}",
        "job": JOB,
        "job_name": "orders",
    }
    return Event(**usual | given)


def failure(number: int = 1, **given: Any) -> Event:
    """A failure with a stack; all are repeats of each other."""
    usual: dict[str, Any] = {
        "kind": EventKind.FAILURE,
        "words": "java.lang.IllegalStateException: no",
        "key": f"failure {given.get('job', JOB)} {number}",
        "group": "IllegalStateException",
        "stack": "java.lang.IllegalStateException: no\n\tat a.B.c(B.java:1)\n",
    }
    return event(number, **usual | given)


def known(job: str = JOB, **given: Any) -> KnownJob:
    usual: dict[str, Any] = {
        "cluster": CLUSTER,
        "job": job,
        "name": "orders",
        "state": "RUNNING",
        "seen": NOW,
    }
    return KnownJob(**usual | given)


def opened(path: Path | None, clock: ManualClock | None = None, **given: Any) -> Journal:
    """A journal without a thread."""
    return Journal(path, clock or ManualClock(), inline=True, **given)


def later(clock: ManualClock, seconds: float) -> None:
    """Let time pass at which nothing is done."""
    clock._now += seconds


def jump(clock: ManualClock, seconds: float) -> None:
    """Set the time of day forward, or back."""
    clock._ahead += seconds


@contextmanager
def raw(path: Path) -> Iterator[sqlite3.Connection]:
    """The file without the journal."""
    with closing(sqlite3.connect(path)) as file:
        yield file
        file.commit()


def count(path: Path, table: str) -> int:
    """Rows of a table."""
    with raw(path) as file:
        return int(file.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608


def is_whole(path: Path) -> bool:
    """Whether SQLite finds nothing wrong with the file."""
    with raw(path) as file:
        return [row[0] for row in file.execute("PRAGMA integrity_check")] == ["ok"]
